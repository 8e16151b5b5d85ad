"""Steps that did not come to their end when they were last run, and why."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

LOOK_BACK = timedelta(days=15)  # what is tried again once a week has been by then
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
KILLED = "the process of its run ended before it did"
_CHECKED = "DagsterAssetCheckFailedError"


@dataclass(frozen=True)
class FailedStep:
    """A step, the run it failed in, and the innermost reason."""

    step: str
    run_id: str
    reason: str


def failed_steps(instance: dg.DagsterInstance) -> list[FailedStep]:
    """Of the runs of LOOK_BACK that ended: each step that failed, or was cut off, and has not
    succeeded in a later one. A run that a person ended is none of them."""
    since = datetime.now(UTC) - LOOK_BACK
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=ENDED, created_after=since))[::-1]
    is_bad = [run.status == dg.DagsterRunStatus.FAILURE for run in runs]
    # before the first failure nothing failed: those logs need not be read
    first = is_bad.index(True) if any(is_bad) else len(runs)
    found: dict[str, FailedStep] = {}
    for run in runs[first:]:
        for step, reason in _ends(instance, run.run_id).items():
            found.pop(step, None)
            if reason:
                found[step] = FailedStep(step, run.run_id, reason)
    return sorted(found.values(), key=lambda failed: failed.step)


def is_red_check(event: dg.DagsterEvent) -> bool:
    """Whether a step failed because its blocking check is red: the check tells what was found."""
    error = event.step_failure_data.error
    return error is not None and error.cls_name == _CHECKED


def cause(event: dg.DagsterEvent) -> str:
    """The innermost reason of a step's failure."""
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else "no reason was given"


def _ends(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """Step -> why it failed, empty where it succeeded; in the order in which they began."""
    kinds = dg.DagsterEventType
    wanted = {kinds.STEP_START, kinds.STEP_SUCCESS, kinds.STEP_FAILURE}
    ends: dict[str, str] = {}
    for entry in instance.all_logs(run_id, of_type=wanted):
        event = entry.dagster_event
        if event.event_type == kinds.STEP_START:
            ends[event.step_key] = KILLED
        elif event.event_type == kinds.STEP_SUCCESS:
            ends[event.step_key] = ""
        else:
            ends[event.step_key] = "" if is_red_check(event) else cause(event)
    return ends
