"""Landing to marts without Dagster: load every dataset, build the dbt project."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.landing import SOURCES
from orchestration.landing.lake import LoadReport, ensure_lake, load_range
from orchestration.settings import DBT_PROJECT_DIR

if TYPE_CHECKING:
    from orchestration.builds import Build

KEY = b"nobody real buys in the generated shop"
# what dbt build makes, without tests: all tables, what marts need, and what only features do
TABLES = ("--exclude-resource-type", "unit_test", "test")
MARTS = ("--select", "+path:models/marts", *TABLES)
FEATURES = ("--select", "+path:models/features", "--exclude", "+path:models/marts", *TABLES)


@dataclass(frozen=True)
class Place:
    """Where one run keeps its lake, its warehouse and the tables it exports."""

    folder: Path

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    @property
    def warehouse(self) -> Path:
        return self.folder / "stork.duckdb"


def load_all(
    landing: Path,
    lake: Path,
    *,
    first: date = date.min,
    last: date = date.max,
    processes: int = 2,
    only: Container[str] | None = None,
    progress: Callable[[str, LoadReport], object] | None = None,
) -> dict[str, LoadReport]:
    """Load every dataset's files landed from `first` to `last`, several datasets at a time.

    `only` names the datasets to load, of whatever platform; the others stay empty. Those with
    most to read go first. Returns the reports by "<platform>.<dataset>".
    """
    ensure_lake(lake)
    datasets = [(p, d) for p, found in SOURCES.items() for d in found if only is None or d in only]
    datasets.sort(key=lambda pair: _bytes(landing, *pair), reverse=True)
    reports: dict[str, LoadReport] = {}
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        jobs = {
            pool.submit(_load, landing, lake, platform, dataset, first, last): (platform, dataset)
            for platform, dataset in datasets
        }
        for job in as_completed(jobs):
            name = ".".join(jobs[job])
            reports[name] = job.result()
            if progress is not None:
                progress(name, reports[name])
    return dict(sorted(reports.items()))


def _bytes(landing: Path, platform: str, dataset: str) -> int:
    return sum(path.stat().st_size for path in landing.glob(f"*/{platform}/*/{dataset}/*/*"))


def _load(
    landing: Path, lake: Path, platform: str, dataset: str, first: date, last: date
) -> LoadReport:
    return load_range(
        landing, lake, platform=platform, dataset=dataset, first=first, last=last, key=KEY
    )


def build(
    place: Place,
    *,
    as_of: date,
    since: dict[str, object] | None = None,
    select: Iterable[str] = ("--exclude-resource-type", "unit_test"),
    warehouse: Path | None = None,
    exports: Path | None = None,
) -> None:
    """Run `dbt build` over the place's lake: everything anew, or what changed since a build.

    `select` are dbt's own options. Raises RuntimeError with the end of dbt's output if it fails.
    """
    target = (place.folder / "dbt").absolute()  # dbt takes a relative one from its project
    exports = exports or place.exports
    exports.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).with_name("dbt")), "build"]
    command += ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    command += ["--target-path", str(target), "--log-path", str(target)]
    command += select
    places = {
        "STORK_LAKE": place.lake,
        "STORK_EXPORTS": exports,
        "STORK_WAREHOUSE": warehouse or place.warehouse,
    }
    told = {"STORK_AS_OF": as_of.isoformat(), "STORK_SINCE": json.dumps(since) if since else ""}
    environment = os.environ | told | {name: str(p.absolute()) for name, p in places.items()}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"dbt failed:\n{done.stdout[-6000:]}{done.stderr[-2000:]}")


def seen_by_now(place: Place, as_of: date) -> "Build":
    """What a build of this day has seen; `seen.since(earlier)` is what dbt is told next time."""
    from orchestration.builds import Build

    return Build.of_today(place.lake, as_of)


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Seconds since the start of the context: running inside of it, final after it."""
    start, end = time.perf_counter(), None
    yield lambda: (end or time.perf_counter()) - start
    end = time.perf_counter()


def sandbox(folder: Path, *, scale: str, seed: int, days: int | None, defects: str) -> Path:
    """A folder with `landing` and `truth` of that world, generated when it is not there yet."""
    from orchestration.sandbox.generate import generate

    name = f"{scale}-{seed}-{days or 'all'}-{defects}"
    target, fresh = folder / name, folder / f".{name}.new"
    if not target.exists():
        shutil.rmtree(fresh, ignore_errors=True)
        with timed() as seconds:
            report = generate(
                fresh / "landing",
                fresh / "truth",
                scale=scale,
                seed=seed,
                days=days,
                defects=defects,
            )
        fresh.rename(target)
        print(f"generated in {seconds():.0f} s: {report}", flush=True)
    return target
