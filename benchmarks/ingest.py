"""One million landed order lines to marts on two cores, beside plain DuckDB on the same files.

python -m benchmarks.ingest [--scale medium] [--days 260]
"""

import argparse
import json
import shutil
from pathlib import Path

import duckdb

from benchmarks.memory import PeakMemory
from benchmarks.pipeline import MARTS, Place, build, load_all, sandbox, timed
from orchestration.landing.layout import landed_days

LIMIT_RATIO, LIMIT_GIB = 4.0, 4.0
# orders, and what tells which SKUs they are of
DATASETS = ("orders", "items", "products", "skus", "bundle", "skumap", "shops")


def main() -> int:
    """Measure, print, and return 1 if a limit does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="medium", choices=("tiny", "small", "medium", "large"))
    parser.add_argument("--days", type=int, default=260, help="days to simulate")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    options = parser.parse_args()
    world = sandbox(
        options.folder,
        scale=options.scale,
        seed=options.seed,
        days=options.days,
        defects="none",
    )
    figures = measure(world / "landing", Place(options.folder / "ingest"))
    target = options.folder / f"ingest-{options.scale}.json"
    target.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(f"landed order lines: {figures['lines']:,}, files: {figures['mib']:,.0f} MiB")
    print(f"load: {figures['load_s']:.1f} s, dbt to marts: {figures['dbt_s']:.1f} s")
    print(f"throughput: {figures['lines_per_s']:,.0f} lines/s")
    print(f"plain DuckDB, read_json + copy: {figures['plain_s']:.1f} s")
    print(f"peak_gib: {figures['peak_gib']:.2f} (limit {LIMIT_GIB:g})")
    print(f"ratio: {figures['ratio']:.2f} (limit {LIMIT_RATIO:g})")
    return 0 if figures["ratio"] <= LIMIT_RATIO and figures["peak_gib"] <= LIMIT_GIB else 1


def measure(landing: Path, place: Place) -> dict:
    """Seconds, lines and memory of the pipeline and of plain DuckDB on the same order files."""
    shutil.rmtree(place.folder, ignore_errors=True)
    plain_s = plain_duckdb(landing, place.folder / "plain")
    with PeakMemory() as memory:
        with timed() as load_s:
            reports = load_all(landing, place.lake, only=DATASETS)
        with timed() as dbt_s:
            build(place, as_of=landed_days(landing)[1], select=MARTS)
    lines = sum(r.rows_in for name, r in reports.items() if name.endswith(".orders"))
    seconds = load_s() + dbt_s()
    return {
        "lines": lines,
        "mib": sum(path.stat().st_size for path in _files(landing)) / 2**20,
        "load_s": load_s(),
        "dbt_s": dbt_s(),
        "lines_per_s": lines / seconds,
        "plain_s": plain_s,
        "ratio": seconds / plain_s,
        "peak_gib": memory.gib,
    }


def plain_duckdb(landing: Path, target: Path) -> float:
    """Seconds of DuckDB alone, on two threads, from the same files to Parquet."""
    target.mkdir(parents=True)
    kinds: dict[str, list[str]] = {}
    for path in _files(landing):
        kinds.setdefault(f"{path.parts[-5]}.{path.parts[-3]}", []).append(str(path))
    with duckdb.connect(config={"threads": 2}) as connection, timed() as seconds:
        for kind, files in kinds.items():
            connection.execute(
                "copy (select * from read_json($files, format = 'newline_delimited', "
                f"maximum_object_size = 100000000)) to '{target}/{kind}.parquet' (format parquet)",
                {"files": files},
            )
    return seconds()


def _files(landing: Path) -> list[Path]:
    """The API responses that are loaded; what else lands of these datasets is a few lines."""
    return [path for name in DATASETS for path in landing.glob(f"*/*/*/{name}/*/*.jsonl.gz")]


if __name__ == "__main__":
    raise SystemExit(main())
