"""What watching costs: monitors' share of a night's time and memory, on a state that has run.

python -m benchmarks.overhead [--state var/demo] [--memory]

Time is read from the state's own Dagster event log: the last run's steps without training, which
is no part of a night. The verdicts on extracts are made inside their steps, so they are made once
more and timed. With --memory, monitors on the one hand and forecasts, scores and plan on the other
are materialized once more, each in a process of its own, and the largest resident memory of each
is printed; as the as-of day is the same they write what is there already.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import dagster as dg

from benchmarks.memory import PeakMemory
from orchestration import runner
from orchestration.assets.churn import churn_list, churn_scores
from orchestration.assets.demand import demand_forecast
from orchestration.assets.extract_health import health
from orchestration.assets.monitors import MONITORS, VERDICTS
from orchestration.assets.planning import replenishment_plan
from orchestration.assets.retraining import DUE_CHECKS, RETRAINING
from orchestration.landing import SOURCES
from orchestration.resources import resources
from orchestration.settings import Settings

TRAINING = {"demand_model", "churn_model", "dbt_unit_tests"}
PARTS = {
    "monitors": [*MONITORS, *RETRAINING],
    "outputs": [demand_forecast, churn_scores, churn_list, replenishment_plan],
}
LIMIT = 0.10


def main() -> int:
    """Measure, print, and return 1 when monitors take more than a tenth of a night's time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("var/demo"))
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--part", choices=tuple(PARTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    settings = runner.settle(Settings(state=options.state))
    if options.part:
        print(f"{peak_of(settings, PARTS[options.part]):.3f}")
        return 0
    with runner.instance(settings) as home:
        steps = last_steps(home)
    if not steps:
        parser.error(f"{options.state}: no run is in its event log; run `make demo` first")
    at_the_door = timed_health(settings)
    share, watching, night = share_of_night(steps, at_the_door)
    slowest = sorted(monitor_steps(steps).items(), key=lambda item: -item[1])[:5]
    print(f"verdicts on {sum(map(len, SOURCES.values()))} extracts: {at_the_door:.1f} s")
    for name, seconds in slowest:
        print(f"{name}: {seconds:.1f} s")
    print(f"monitors together: {watching:.1f} s of a night of {night:.1f} s without training")
    if options.memory:
        peaks = {part: _in_a_process(options.state, part) for part in PARTS}
        print(
            f"peak memory: monitors {peaks['monitors']:.2f} GiB, forecasts, scores and plan "
            f"{peaks['outputs']:.2f} GiB"
        )
    print(f"monitors_share_of_night: {share:.3f} (limit {LIMIT})")
    return 0 if share <= LIMIT else 1


def last_steps(home: dg.DagsterInstance) -> dict[str, float]:
    """Seconds of each step of the newest successful extract and derive runs."""
    found: dict[str, float] = {}
    for job in ("extract", "derive"):
        wanted = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS])
        for record in home.get_run_records(wanted, limit=1):
            for step in home.get_run_step_stats(record.dagster_run.run_id):
                if step.start_time and step.end_time:
                    found[step.step_key] = step.end_time - step.start_time
    return found


def monitor_steps(steps: dict[str, float]) -> dict[str, float]:
    """Those of monitors, of the retrain rule and of the checks that read their verdicts."""
    names = {asset.op.name for asset in (*MONITORS, *RETRAINING, *VERDICTS, *DUE_CHECKS)}
    return {name: seconds for name, seconds in steps.items() if name in names}


def share_of_night(steps: dict[str, float], at_the_door: float) -> tuple[float, float, float]:
    """Monitors' share, their seconds, and the night's; `at_the_door` is within the extracts'."""
    night = sum(seconds for name, seconds in steps.items() if name not in TRAINING)
    watching = sum(monitor_steps(steps).values()) + at_the_door
    return watching / max(night, 1e-9), watching, night


def timed_health(settings: Settings) -> float:
    """Seconds that the verdicts on all extracts of the as-of day take."""
    lake, day = settings.folder("lake"), settings.as_of or date.max
    started = time.perf_counter()
    for platform, datasets in SOURCES.items():
        for dataset in datasets:
            health(lake, settings.landing_folder, platform, dataset, day)
    return time.perf_counter() - started


def peak_of(settings: Settings, assets: Iterable[dg.AssetsDefinition]) -> float:
    """Largest resident memory in GiB while these assets are materialized, one after another."""
    with PeakMemory() as memory:
        dg.materialize(
            list(assets),
            instance=dg.DagsterInstance.ephemeral(),
            resources=resources(settings),
            raise_on_error=True,
        )
    return memory.gib


def _in_a_process(state: Path, part: str) -> float:
    command = [sys.executable, "-m", "benchmarks.overhead", "--state", state, "--part", part]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    raise SystemExit(main())
