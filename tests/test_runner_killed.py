"""A run that is killed half-way: the next one does its work and waits for nobody."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from orchestration import runner
from orchestration.settings import Settings

DAY = date(2026, 6, 28)
WORKS = """
import sys
from pathlib import Path
from test_runner_killed import a_state, small
from orchestration import runner
report = runner.run(small(dies=sys.argv[2] == "dies"), a_state(Path(sys.argv[1])), print)
sys.exit(len(report.failures))
"""


def a_state(folder: Path) -> Settings:
    return Settings(environment="test", state=folder, as_of=DAY, first_day=DAY)


def small(*, dies: bool) -> dg.Definitions:
    """The shape of the graph: an extract, and below it a step that alone may write the tables."""

    @dg.asset(partitions_def=dg.DailyPartitionsDefinition(DAY.isoformat(), end_offset=1))
    def landed() -> None: ...

    @dg.asset(deps=[landed], pool="duckdb_writer")
    def tables() -> None:
        if dies:
            os._exit(9)

    return dg.Definitions(
        assets=[landed, tables],
        jobs=[
            dg.define_asset_job("extract", dg.AssetSelection.assets(landed)),
            dg.define_asset_job("derive", dg.AssetSelection.assets(tables)),
        ],
        executor=dg.in_process_executor,
    )


def work(state: Path, how: str) -> int:
    here = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, "-c", WORKS, str(state), how]
    return subprocess.run(
        command, env=os.environ | here, check=False, timeout=90, capture_output=True
    ).returncode


@pytest.fixture
def killed(tmp_path):
    """A state whose last run was killed while it held the pool's one slot."""
    assert work(tmp_path, "dies") == 9
    return tmp_path


def test_the_next_run_works_and_nothing_of_the_killed_one_is_left_open(killed):
    assert work(killed, "lives") == 0
    with runner.instance(a_state(killed)) as home:
        ends = [run.status for run in home.get_runs() if run.job_name == "derive"]
        assert ends == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
        assert not home.event_log_storage.get_concurrency_run_ids()


def test_what_runs_under_the_daemon_is_left_alone_while_its_process_is_there(killed, monkeypatch):
    monkeypatch.setattr(dg.DagsterRun, "remote_job_origin", "the daemon's")
    with runner.instance(a_state(killed)) as home:
        with monkeypatch.context() as alive:
            alive.setattr(runner, "_exists", lambda _: True)
            assert runner.close_killed_runs(home) == 0
            assert home.event_log_storage.get_concurrency_run_ids()
        assert runner.close_killed_runs(home) == 1
        assert not home.event_log_storage.get_concurrency_run_ids()


def test_a_process_is_there_or_not():
    assert runner._exists(os.getpid())
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert not runner._exists(done.pid)
