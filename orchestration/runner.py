"""One process from landing files to the plan: what `stork run` does."""

import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import dagster as dg
import pandas as pd
from filelock import FileLock, Timeout

from orchestration.failures import cause, is_red_check
from orchestration.files import write_atomically
from orchestration.landing.lake import landed_days
from orchestration.settings import Settings

OURS = "# kept as Stork wants it; without this line it stays as you make it"
DAGSTER_YAML = """\
{ours}
telemetry: {{enabled: false}}
nux: {{enabled: false}}
concurrency:
  pools: {{default_limit: 1, granularity: op}}
  runs: {{max_concurrent_runs: 2}}
run_monitoring: {{enabled: true, free_slots_after_run_end_seconds: 60}}
event_log_storage:
  module: orchestration.event_log
  class: OpenEventLog
  config: {{base_dir: {events}}}
"""

# states of a run that some process has to be behind
OPEN = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

Progress = Callable[[str, str], None]
"""Called with a step's name and "start", "done" or "failed"."""


@dataclass(frozen=True)
class RunReport:
    """What a run left behind: `failures` maps a failed step to its message."""

    as_of: date
    settings: Settings
    failures: dict[str, str]
    failed_checks: dict[str, str]


def lock(settings: Settings) -> FileLock:
    """The lock that a run holds on its state folder."""
    return FileLock(settings.folder() / "run.lock", timeout=0)


def settle(settings: Settings) -> Settings:
    """The settings with as-of day and first partition filled in from landing and state.

    Daily partitions start on the first as-of day this state has seen, since that day's partition
    brings in whatever landed before it. Raises ValueError when nothing landed by the as-of day.
    """
    first, last = landed_days(settings.landing_folder, tenant=settings.tenant)
    as_of = settings.as_of or last
    if as_of < first:
        raise ValueError(
            f"{settings.landing_folder}: nothing landed on or before {as_of}; the first landed "
            f"day is {first}. Choose a later --as-of"
        )
    mark = settings.folder() / "first_day"
    try:
        known = date.fromisoformat(mark.read_text())
    except (FileNotFoundError, ValueError):  # a power cut may leave an empty one
        write_atomically(mark, lambda fresh: fresh.write_text(as_of.isoformat()))
        known = as_of
    first_day = min(known, as_of)
    return settings.model_copy(update={"as_of": as_of, "first_day": first_day})


def instance(settings: Settings) -> dg.DagsterInstance:
    """The Dagster instance of this state, the one that `stork dev` shows."""
    home = settings.folder("dagster")
    config = home / "dagster.yaml"
    events = json.dumps(str(home.absolute() / "history" / "runs"), ensure_ascii=False)
    text = DAGSTER_YAML.format(ours=OURS, events=events)
    found = config.read_text(encoding="utf-8") if config.exists() else OURS
    # a state that was moved finds its events where it lies now
    if found != text and found.startswith(OURS):
        write_atomically(config, lambda fresh: fresh.write_text(text, encoding="utf-8"))
    return dg.DagsterInstance.from_config(str(home))


def run(defs: dg.Definitions, settings: Settings, progress: Progress) -> RunReport:
    """Materialize the whole graph; `settings` must be settled and `defs` built from them.

    A failed step or blocking check of the extracts stops what derives from them. Raises
    RuntimeError when another run holds the state's lock.
    """
    try:
        with lock(settings), instance(settings) as home:
            close_killed_runs(home)
            return _run(defs, settings, home, progress)
    except Timeout:
        raise RuntimeError(
            f"another run is working on {settings.state.absolute()}: wait for it to end, or give "
            "this one another --state. `stork doctor` shows who holds the lock"
        ) from None


def close_killed_runs(home: dg.DagsterInstance) -> int:
    """End what processes that are gone left open; returns how many runs that were.

    A killed run stays "started" for ever: it keeps the one slot of dbt's pool, on which every
    later run waits without a word, and a place among the runs that the daemon may have going.
    Only for who holds the state's lock: `stork run`s that are open then were all killed. Of the
    daemon's runs those are closed whose process is gone.
    """
    killed = [
        run
        for run in home.get_runs(filters=dg.RunsFilter(statuses=OPEN))
        if run.remote_job_origin is None or _is_gone(home, run)
    ]
    for run in killed:
        home.report_run_failed(run, "its process was killed; the next run takes up what it left")
    log = home.event_log_storage
    open_now = {run.run_id for run in home.get_runs(filters=dg.RunsFilter(statuses=OPEN))}
    for run_id in log.get_concurrency_run_ids() - open_now:
        log.free_concurrency_slots_for_run(run_id)
    return len(killed)


def _is_gone(home: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether the process that said it executes the run does not run any more."""
    said = home.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    told = [entry.dagster_event.engine_event_data.metadata.get("pid") for entry in said]
    pids = [int(pid.value) for pid in told if pid is not None]
    return bool(pids) and not any(map(_exists, pids))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # asks, and signals nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def steps(defs: dg.Definitions) -> int:
    """How many steps a run has, for a progress bar."""
    return sum(len(defs.resolve_job_def(name).graph.node_defs) for name in ("extract", "derive"))


def _run(
    defs: dg.Definitions, settings: Settings, home: dg.DagsterInstance, progress: Progress
) -> RunReport:
    failures: dict[str, str] = {}
    failed_checks: dict[str, str] = {}

    def listen(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        if event.is_step_start:
            progress(event.step_key, "start")
        elif event.is_step_success:
            progress(event.step_key, "done")
        elif event.is_step_failure:
            progress(event.step_key, "failed")
            if not is_red_check(event):
                failures[event.step_key] = cause(event)
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            found = event.asset_check_evaluation_data
            if not found.passed:
                name = f"{found.asset_key.to_user_string()}: {found.check_name}"
                (failures if found.blocking else failed_checks)[name] = found.description or ""

    span = {
        "dagster/asset_partition_range_start": _first_missing(defs, settings, home),
        "dagster/asset_partition_range_end": settings.as_of.isoformat(),
    }
    for job, tags in (("extract", span), ("derive", {})):
        if failures:
            break
        run_id = str(uuid.uuid4())
        home.add_event_listener(run_id, listen)
        defs.resolve_job_def(job).execute_in_process(
            instance=home,
            run_id=run_id,
            tags=tags,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    return RunReport(settings.as_of, settings, failures, failed_checks)


def _first_missing(defs: dg.Definitions, settings: Settings, home: dg.DagsterInstance) -> str:
    """The earliest day up to as-of that some extract has not been materialized for."""
    keys = defs.resolve_job_def("extract").asset_layer.executable_asset_keys
    done = set.intersection(*(home.get_materialized_partitions(key) for key in keys))
    days = pd.date_range(settings.first_day, settings.as_of).strftime("%Y-%m-%d")
    return next((day for day in days if day not in done), settings.as_of.isoformat())
