"""What a person can mend is told in lines, whole, and without what is secret."""

from datetime import date
from io import StringIO

import pytest
from order_lines import land
from rich.console import Console
from typer.testing import CliRunner

from orchestration import cli, development, summary, terminal


@pytest.fixture
def said(monkeypatch):
    """What a command answers: its exit code and what it prints."""

    def said(*words: object) -> tuple[int, str]:
        printed = Console(file=StringIO(), width=150)
        monkeypatch.setattr(cli, "console", printed)
        monkeypatch.setattr(terminal, "console", printed)
        done = CliRunner().invoke(cli.app, [*map(str, words)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, printed.file.getvalue()

    return said


@pytest.mark.parametrize("name", ["[/shop]", "[shop]", "[red]"])
def test_brackets_in_a_message_are_text_and_no_markup(name, said, tmp_path):
    code, text = said("run", "--landing", tmp_path / name, "--out", tmp_path / "out")
    assert code == 2
    assert f"{tmp_path / name}: there is no such folder" in text
    assert summary._cell(name) != name, "nor in a table"


def test_settings_that_are_wrong_are_said_by_the_doctor_too(said, tmp_path, monkeypatch):
    monkeypatch.setenv("STORK_HORIZON", "99")
    code, text = said("doctor", "--state", tmp_path)
    assert code == 2
    assert "horizon" in text
    assert "less than or equal to 26" in text


def test_a_key_that_is_too_short_is_named_and_not_printed(said, tmp_path, monkeypatch):
    monkeypatch.setenv("STORK_PSEUDONYM_KEY", "open sesame")
    code, text = said("doctor", "--state", tmp_path)
    assert code == 2
    assert "pseudonym_key" in text
    assert "open sesame" not in text


def test_the_state_of_a_run_is_opened_with_its_own_landing_folder(said, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(development, "serve", lambda settings, _: opened.append(settings) or 0)
    words = ("dev", "--state", tmp_path / "out" / "state")
    assert said(*words)[0] == 0
    assert said(*words, "--landing", tmp_path / "landing", "--out", tmp_path / "out")[0] == 0
    found = [(settings.landing_folder, settings.out_folder) for settings in opened]
    state = tmp_path / "out" / "state"
    assert found == [(state / "landing", state / "out"), (tmp_path / "landing", tmp_path / "out")]


def test_a_port_that_is_taken_is_named(said, tmp_path, server, monkeypatch):
    land(tmp_path / "landing", "one", date(2026, 6, 28))
    port = server.http.server_address[1]
    monkeypatch.setenv("STORK_REPORTS_URL", f"http://127.0.0.1:{port}")
    code, text = said("dev", "--state", tmp_path / "state", "--landing", tmp_path / "landing")
    assert code == 2
    assert f"port {port} of 127.0.0.1" in text
