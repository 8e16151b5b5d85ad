"""What a person can mend is told in lines, whole, and without what is secret."""

from datetime import date

import pandas as pd
import pytest
from order_lines import land

from orchestration import development, summary


@pytest.mark.parametrize("name", ["[/shop]", "[shop]", "[red]"])
def test_brackets_in_a_message_are_text_and_no_markup(name, answered, tmp_path):
    code, text = answered("run", "--landing", tmp_path / name, "--out", tmp_path / "out")
    assert code == 2
    assert f"{tmp_path / name}: there is no such folder" in text
    assert summary._cell(name) != name, "nor in a table"


def test_settings_that_are_wrong_are_said_by_the_doctor_too(answered, tmp_path, monkeypatch):
    monkeypatch.setenv("STORK_HORIZON", "99")
    code, text = answered("doctor", "--state", tmp_path)
    assert code == 2
    assert "horizon" in text
    assert "less than or equal to 26" in text


def test_a_key_that_is_too_short_is_named_and_not_printed(answered, tmp_path, monkeypatch):
    monkeypatch.setenv("STORK_PSEUDONYM_KEY", "open sesame")
    code, text = answered("doctor", "--state", tmp_path)
    assert code == 2
    assert "pseudonym_key" in text
    assert "open sesame" not in text


def test_the_state_of_a_run_is_opened_with_its_own_landing_folder(answered, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(development, "serve", lambda settings, _: opened.append(settings) or 0)
    words = ("dev", "--state", tmp_path / "out" / "state")
    assert answered(*words)[0] == 0
    assert answered(*words, "--landing", tmp_path / "landing", "--out", tmp_path / "out")[0] == 0
    found = [(settings.landing_folder, settings.out_folder) for settings in opened]
    state = tmp_path / "out" / "state"
    assert found == [(state / "landing", state / "out"), (tmp_path / "landing", tmp_path / "out")]


def test_a_port_that_is_taken_is_named(answered, tmp_path, server, monkeypatch):
    land(tmp_path / "landing", "one", date(2026, 6, 28))
    port = server.http.server_address[1]
    monkeypatch.setenv("STORK_REPORTS_URL", f"http://127.0.0.1:{port}")
    code, text = answered("dev", "--state", tmp_path / "state", "--landing", tmp_path / "landing")
    assert code == 2
    assert f"port {port} of 127.0.0.1" in text


def test_what_has_no_known_cost_is_no_zero_yuan_of_the_plan():
    columns = {"order_qty": [3, 4, 0], "order_amount": [30.0, None, None], "is_exception": False}
    told = summary._plan_line(pd.DataFrame(columns))
    assert "2 to order (7 units, 30 yuan and 1 rows without a known cost)" in told
    assert "without" not in summary._plan_line(pd.DataFrame(columns).head(1))
