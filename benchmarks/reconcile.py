"""The canonical order lines of a sandbox against its truth; fails on any difference.

python -m benchmarks.reconcile [--scale small] [--defects heavy]
"""

import argparse
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks.pipeline import Place, build, load_all, sandbox, timed
from orchestration.landing.layout import landed_days
from orchestration.sandbox.generate import DEFECTS_FILE
from orchestration.sandbox.reconcile import PlatformResult, reconcile

# a log file is wider than the 80 columns that rich assumes for it
console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def main() -> int:
    """Generate, load, build, compare; print; return 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="small", choices=("tiny", "small", "medium", "large"))
    parser.add_argument("--defects", default="heavy", choices=("none", "realistic", "heavy"))
    parser.add_argument("--days", type=int, help="days to simulate; default: the scale's")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    options = parser.parse_args()
    world = sandbox(
        options.folder,
        scale=options.scale,
        seed=options.seed,
        days=options.days,
        defects=options.defects,
    )
    place = Place(options.folder / "reconcile")
    shutil.rmtree(place.folder, ignore_errors=True)
    as_of = landed_days(world / "landing")[1]
    with timed() as load_s:
        reports = load_all(world / "landing", place.lake)
    with timed() as dbt_s:
        build(place, as_of=as_of)
    landed = sum(reports.values(), start=type(next(iter(reports.values())))())
    console.print(
        f"{landed.files:,} files loaded in {load_s():.0f} s ({landed.files_unreadable:,} of them "
        f"unreadable, {landed.rows_quarantined:,} records in quarantine), "
        f"tables built in {dbt_s():.0f} s"
    )
    truth = world / "truth"
    results = reconcile(truth, truth / DEFECTS_FILE, place.lake, place.warehouse, as_of)
    show(results)
    if find_spec("benchmarks.detection"):
        from benchmarks import detection

        with duckdb.connect(place.warehouse, read_only=True) as connection:
            detection.report(connection, truth)
    mismatches = sum(result.mismatches for result in results)
    console.print(f"mismatches: {mismatches}")
    return 1 if mismatches else 0


def show(results: tuple[PlatformResult, ...]) -> None:
    """Print a table of the platforms and the first examples of what differs."""
    table = Table(title="Order lines of the warehouse against the truth")
    table.add_column("platform")
    for name in (
        "orders",
        "lines compared",
        "equal",
        "held in quarantine",
        "gifts of the ERP",
        "mismatches",
    ):
        table.add_column(name, justify="right")
    table.add_column("by kind")
    for result in results:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in result.kinds.items())
        numbers = (result.orders, result.compared, result.equal, result.held, result.erp_gifts)
        numbers += (result.mismatches,)
        table.add_row(result.platform, *(f"{number:,}" for number in numbers), kinds or "-")
    console.print(table)
    for result in results:
        for example in result.examples:
            console.print(f"{result.platform} {example}", soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())
