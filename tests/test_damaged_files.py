"""A disk that damaged a file: what can be made again is, and what cannot is named."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from order_lines import land

from monitoring.alerts import Outbox, Problem
from monitoring.verdict import Verdict
from orchestration import runner
from orchestration.assets.warehouse import _known_results
from orchestration.builds import read_build
from orchestration.resources import resources
from orchestration.settings import Settings
from orchestration.verdicts import keep, of_day, read_history

DAY = date(2026, 6, 28)
DAMAGED = pytest.mark.parametrize("content", [b"", bytes(100), b"PAR1junk"])


@pytest.fixture
def settings(tmp_path):
    return Settings(environment="test", state=tmp_path / "state", landing=tmp_path / "landing")


@pytest.fixture
def results(settings):
    return resources(settings)["results"]


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@DAMAGED
def test_an_old_table_that_every_night_reads_is_named(results, content):
    path = put(results.path(DAY - timedelta(days=60), "demand_forecast.parquet"), content)
    with pytest.raises(ValueError, match=f"{path}: damaged"):
        list(results.read_all("demand_forecast"))


@DAMAGED
def test_the_history_is_made_again_of_the_verdicts_and_one_of_these_is_named(results, content):
    days = [DAY - timedelta(days=back) for back in (9, 1, 0)]
    for day in days:
        keep(results, day, "jd/orders", [Verdict("as_usual", True, "as ever")])
    put(results.history(), content)
    assert [day.date() for day in read_history(results, DAY)["as_of"]] == days
    path = put(results.path(DAY, "verdicts/jd.orders__as_usual.json"), content)
    with pytest.raises(ValueError, match=f"{path}: damaged"):
        of_day(results, DAY)


@DAMAGED
def test_what_only_saves_work_is_done_without(settings, content):
    note = put(settings.folder() / "note.json", content)
    assert read_build(note) is None
    assert _known_results(note, "project") is None


@DAMAGED
def test_the_first_day_is_set_anew(settings, content):
    land(settings.landing_folder, "one", DAY)
    mark = put(settings.folder() / "first_day", content)
    assert runner.settle(settings).first_day == DAY
    assert mark.read_text() == DAY.isoformat()


@DAMAGED
def test_alerts_go_on_and_the_damaged_outbox_is_set_aside(tmp_path, content):
    put(tmp_path / "outbox.json", content)
    outbox, told = Outbox(tmp_path), []
    outbox.report(
        [Problem("demand_model: retrain_due", "red", "look")], datetime(2026, 6, 28, 12, tzinfo=UTC)
    )
    outbox.deliver(["one"], lambda *message: told.append(message) or True)
    assert len(told) == 1
    assert (tmp_path / "outbox.damaged").read_bytes() == content
