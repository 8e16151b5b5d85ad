"""Dagster's events, kept open: the same files, fewer openings; and the file that says so."""

import multiprocessing
import shutil

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration import runner
from orchestration.event_log import KEPT_OPEN, OpenEventLog
from orchestration.settings import Settings


@dg.asset(check_specs=[dg.AssetCheckSpec("is_there", asset="thing")])
def thing():
    yield dg.MaterializeResult(
        metadata={"rows": 3}, check_results=[dg.AssetCheckResult(passed=True)]
    )


RUN_SUCCESS = dg.DagsterEventType.RUN_SUCCESS.value


def a_state(folder):
    return Settings(environment="test", state=folder / "state")


def one_run(home):
    dg.materialize([thing], instance=home)


def events_of(log, run_id):
    return [entry.dagster_event.event_type_value for entry in log.get_logs_for_run(run_id)]


def test_what_it_writes_is_read_by_dagsters_own_log_and_the_other_way_round(tmp_path):
    settings = a_state(tmp_path)
    files = settings.folder("dagster") / "history" / "runs"
    with runner.instance(settings) as home:
        assert isinstance(home.event_log_storage, OpenEventLog)
        done = dg.materialize([thing], instance=home)
        ours = events_of(home.event_log_storage, done.run_id)
    plain = SqliteEventLogStorage(str(files))
    assert events_of(plain, done.run_id) == ours
    assert {"ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION", RUN_SUCCESS} <= set(ours)
    with runner.instance(settings) as home:
        home.event_log_storage.dispose()
        assert events_of(home.event_log_storage, done.run_id) == ours, "opened again after a close"


def test_more_runs_than_files_kept_open_lose_nothing(tmp_path):
    with runner.instance(a_state(tmp_path)) as home:
        runs = [dg.materialize([thing], instance=home).run_id for _ in range(KEPT_OPEN + 3)]
        log = home.event_log_storage
        assert len(log._engines) == KEPT_OPEN
        assert all(RUN_SUCCESS in events_of(log, run_id) for run_id in runs)
        kept = home.fetch_materializations(dg.AssetKey("thing"), limit=100).records
        assert {record.run_id for record in kept} == set(runs)


def test_processes_that_write_at_the_same_time_lose_nothing(tmp_path):
    settings = a_state(tmp_path)
    with runner.instance(settings) as home:
        dg.materialize([thing], instance=home)
        # a forked child begins with its parent's log and the files it has open
        context = multiprocessing.get_context("fork")
        children = [context.Process(target=one_run, args=(home,)) for _ in range(3)]
        for child in children:
            child.start()
        dg.materialize([thing], instance=home)
        for child in children:
            child.join(120)
        assert [child.exitcode for child in children] == [0, 0, 0]
        assert len(home.fetch_materializations(dg.AssetKey("thing"), limit=100).records) == 5


def test_a_state_that_was_moved_keeps_its_history(tmp_path):
    settings = a_state(tmp_path)
    with runner.instance(settings) as home:
        run_id = dg.materialize([thing], instance=home).run_id
    shutil.move(settings.state, tmp_path / "elsewhere")
    with runner.instance(Settings(environment="test", state=tmp_path / "elsewhere")) as home:
        assert RUN_SUCCESS in events_of(home.event_log_storage, run_id)


def test_a_dagster_yaml_that_a_person_wrote_stays(tmp_path):
    settings = a_state(tmp_path)
    file = settings.folder("dagster") / "dagster.yaml"
    file.write_text("telemetry: {enabled: false}\n")
    with runner.instance(settings) as home:
        assert not isinstance(home.event_log_storage, OpenEventLog)
    assert file.read_text() == "telemetry: {enabled: false}\n"
