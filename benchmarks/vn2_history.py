"""VN2 history: six origins x four weeks, in-stock weeks only, five levels of one and the same run.

python -m benchmarks.vn2_history --data DIR (the folder with sales.csv, in_stock.csv, master.csv)
"""

import argparse
import json
import sys
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks import vn2_panel
from benchmarks.contest import Outcome, add_options, contest
from benchmarks.tables import print_outcome, table_console
from benchmarks.task import BadTask, Setting, make_task

HORIZON, WINDOWS = 4, 6
# column title -> level, class; limits that stork is measured against, by one and the same forecast
COLUMNS = {
    "SKU x store": ("series", "all"),
    "top decile": ("series", "top_decile"),
    "product": ("product", "all"),
    "store": ("store", "all"),
    "total": ("total", "all"),
}
LIMITS = {"SKU x store": 0.552, "top decile": 0.388, "total": 0.10, "bias": 0.03}


def main() -> int:
    """Play, print, and return 1 if stork misses a limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the VN2 files")
    parser.add_argument("--windows", type=int, default=WINDOWS, help="the last N origins only")
    add_options(parser)
    options = parser.parse_args()
    console = table_console()
    names = [name for name in f"{options.models},{options.peers}".split(",") if name]
    try:
        frames = vn2_panel.read(options.data)
        task = make_task(
            "vn2_history",
            frames.panel,
            setting=Setting("W-MON", HORIZON, threads=options.threads),
            windows=min(options.windows, WINDOWS),
            static=frames.static,
        )
        outcome = contest(task, names, levels=["product", "store"])
    except (BadTask, FileNotFoundError, ValueError) as problem:
        print(f"benchmarks.vn2_history: {problem}", file=sys.stderr)
        return 2
    print_outcome(console, outcome)
    rows = by_protocol(outcome)
    _print(console, rows, task.panel, outcome)
    if options.out is not None:
        results = outcome.results() | {"protocol": rows.reset_index().to_dict("records")}
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
    if "stork" not in rows.index:
        return 1
    missed = {name: rows.loc["stork", name] for name in LIMITS}
    missed = {name: value for name, value in missed.items() if abs(value) > LIMITS[name]}
    for name, value in missed.items():
        console.print(f"stork misses {name}: {value:.3f} (limit {LIMITS[name]:g})", highlight=False)
    return 1 if missed else 0


def by_protocol(outcome: Outcome) -> pd.DataFrame:
    """WAPE at the five levels and the bias, one row a model."""
    found = outcome.accuracy[outcome.accuracy["horizon"] == "all"]
    found = found.set_index(["model", "level", "segment"])
    rows = {
        model: {title: found.loc[(model, *key), "wape"] for title, key in COLUMNS.items()}
        | {"bias": found.loc[(model, "series", "all"), "bias"]}
        for model in outcome.frames
    }
    return pd.DataFrame(rows).T.rename_axis("model")


def _print(console: Console, rows: pd.DataFrame, panel: pd.DataFrame, outcome: Outcome) -> None:
    first = outcome.task.cutoffs[0]
    in_stock = int(((panel["ds"] > first) & ~panel["is_stockout"]).sum())
    scored = outcome.accuracy.query("level == 'series' and segment == 'all' and horizon == 'all'")
    table = Table(
        title=f"WAPE by level, 1 to {HORIZON} weeks ahead, {len(outcome.task.cutoffs)} of "
        f"{WINDOWS} origins, in-stock cells scored: {int(scored['n'].iloc[0]):,} of {in_stock:,}",
        title_justify="left",
    )
    for title in ["model", *rows.columns, "fit + predict s"]:
        table.add_column(title, justify="left" if title == "model" else "right")
    for model, row in rows.sort_values("SKU x store").iterrows():
        cost = outcome.figures[model]
        seconds = cost["fit_seconds"] + cost["predict_seconds"]
        table.add_row(model, *(f"{value:.3f}" for value in row), f"{seconds:.0f}")
    limits = [f"{LIMITS[name]:g}" if name in LIMITS else "" for name in rows.columns]
    table.add_section()
    table.add_row("limit for stork", *limits, "")
    console.print(table)


if __name__ == "__main__":
    raise SystemExit(main())
