"""One more day of extracts, built incrementally, against a full rebuild: time and equality.

python -m benchmarks.nightly [--scale large]

The limit is on the marts: one more day, loaded and built, against a full build from the lake. What
that is of loading and building all days is printed beside it. The features for training look
at every customer anew on every slice day, and the slice days move with as_of: they are timed apart.
"""

import argparse
import json
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.memory import PeakMemory
from benchmarks.pipeline import FEATURES, MARTS, Place, build, load_all, sandbox, seen_by_now, timed
from orchestration.landing.layout import landed_days

LIMIT = 0.1
# of intermediate tables some are the working set of one build
LASTING = ("stg_", "fct_", "dim_", "mart_", "feat_")


def main() -> int:
    """Measure, print, and return 1 if a limit does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="large", choices=("tiny", "small", "medium", "large"))
    parser.add_argument("--days", type=int, help="days to simulate; default: the scale's")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--defects", default="realistic", choices=("none", "realistic", "heavy"))
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    options = parser.parse_args()
    world = sandbox(
        options.folder,
        scale=options.scale,
        seed=options.seed,
        days=options.days,
        defects=options.defects,
    )
    figures = measure(world / "landing", Place(options.folder / "nightly"))
    target = options.folder / f"nightly-{options.scale}.json"
    target.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(f"all days: load {figures['load_all_s']:.1f} s, dbt {figures['full_s']:.1f} s")
    print(f"one more day: load {figures['load_s']:.1f} s, dbt {figures['incremental_s']:.1f} s")
    print(f"features, full: {figures['features_full_s']:.1f} s")
    print(f"features, one more day: {figures['features_s']:.1f} s")
    print(f"peak_gib: {figures['peak_gib']:.2f}")
    for name, rows in figures["differing"].items():
        print(f"differs: {name}, {rows} rows")
    print(f"differences: {len(figures['differing'])}")
    print(f"of loading and building all days: {figures['of_all_days']:.3f}")
    print(f"ratio: {figures['ratio']:.3f} (limit {LIMIT})")
    return 0 if figures["ratio"] <= LIMIT and not figures["differing"] else 1


def measure(landing: Path, place: Place) -> dict:
    """Seconds of each step, their ratio, and the tables that differ with their rows."""
    again = {"warehouse": place.folder / "again.duckdb", "exports": place.folder / "again"}
    shutil.rmtree(place.folder, ignore_errors=True)
    with PeakMemory() as memory:
        seconds = _played(landing, place, again)
    one_more = seconds["load_s"] + seconds["incremental_s"]
    everything = seconds["load_all_s"] + seconds["load_s"] + seconds["full_s"]
    return seconds | {
        "of_all_days": one_more / everything,
        "ratio": one_more / seconds["full_s"],
        "peak_gib": round(memory.gib, 2),
        "differing": differing(place.warehouse, again["warehouse"], prefixes=LASTING),
    }


def _played(landing: Path, place: Place, again: dict) -> dict[str, float]:
    """All days but one, one more day, and everything anew into the places of `again`."""
    last = landed_days(landing)[1]
    before = last - timedelta(days=1)
    with timed() as load_all_s:
        load_all(landing, place.lake, last=before)
    for select in (MARTS, FEATURES):
        build(place, as_of=before, select=select)
    seen = seen_by_now(place, before)
    with timed() as load_s:
        load_all(landing, place.lake, first=last, last=last)
    since = seen_by_now(place, last).since(seen)
    with timed() as incremental_s:
        build(place, as_of=last, since=since, select=MARTS)
    with timed() as features_s:
        build(place, as_of=last, since=since, select=FEATURES)
    with timed() as full_s:
        build(place, as_of=last, select=MARTS, **again)
    with timed() as features_full_s:
        build(place, as_of=last, select=FEATURES, **again)
    return {
        "load_all_s": load_all_s(),
        "load_s": load_s(),
        "incremental_s": incremental_s(),
        "full_s": full_s(),
        "features_s": features_s(),
        "features_full_s": features_full_s(),
    }


def differing(one: Path, other: Path, *, prefixes: tuple[str, ...] = ("",)) -> dict[str, int]:
    """Tables and views that do not hold the same in both warehouses, with the rows only one has.

    Only those whose name begins with one of `prefixes` are compared, row by row by 64-bit hashes,
    which need little memory for millions of rows. What only one warehouse has differs by all of
    its rows.
    """
    with (
        duckdb.connect(str(one), read_only=True) as left,
        duckdb.connect(str(other), read_only=True) as right,
    ):
        held = [set(_names(side)) for side in (left, right)]
        found = {}
        for name in sorted(held[0] | held[1]):
            if not name.split(".")[1].startswith(prefixes):
                continue
            rows = [
                _hashes(side, name) if name in names else np.array([], np.uint64)
                for side, names in zip((left, right), held, strict=True)
            ]
            if len(rows[0]) != len(rows[1]) or (rows[0] != rows[1]).any():
                found[name] = _only_in_one(*rows)
    return found


def _names(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    found = warehouse.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where not internal union "
        "select schema_name || '.' || view_name from duckdb_views() where not internal"
    )
    return [name for (name,) in found.fetchall()]


def _hashes(warehouse: duckdb.DuckDBPyConnection, name: str) -> np.ndarray:
    """The hash of every row, in order."""
    found = warehouse.execute(f"select hash(side) as row_hash from {name} as side")
    return np.sort(found.fetchnumpy()["row_hash"])


def _only_in_one(left: np.ndarray, right: np.ndarray) -> int:
    values = np.unique(np.concatenate([left, right]))
    counts = [
        np.searchsorted(side, values, side="right") - np.searchsorted(side, values, side="left")
        for side in (left, right)
    ]
    return int(np.abs(counts[0] - counts[1]).sum())


if __name__ == "__main__":
    raise SystemExit(main())
