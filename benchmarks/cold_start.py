"""New products and a new category: series cut to few or no weeks of history, then forecast.

python -m benchmarks.cold_start --panel FILE --static FILE --freq W-MON --horizon 8
    --product product --category department

Products: every fifth is held out whole, in all its series, and given 0, 2 or 4 periods of history
before the cutoff; all others keep theirs. Transfer: one category is cut to its last 4 or 8
periods, and forecast by a model that learnt the other categories too, beside one trained on what
is left of that category alone. What is measured is the level borrowed from neighbours; a held-out
product is not at its launch, so no launch curve is tested.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.stork import Stork
from benchmarks.tables import table_console
from benchmarks.task import BadTask, Setting, Task, read_task
from ml.backtest import beside_actuals
from ml.columns import quantile_column
from ml.metrics import bias, coverage, scaled_pinball, wape

NEW_PRODUCT_PERIODS = (0, 2, 4)
TRANSFER_PERIODS = (4, 8)
EVERY = 5
RECENT_PERIODS = 26


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write --out; 1 if the forecaster gave a held-out series no forecast."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--static", type=Path, required=True)
    parser.add_argument("--known-future", type=Path)
    parser.add_argument("--freq", required=True)
    parser.add_argument("--horizon", type=int, default=8)
    parser.add_argument("--product", default="unique_id", help="static column of what is held out")
    parser.add_argument("--category", help="static column for the transfer; none: no transfer")
    parser.add_argument("--model", default="ensemble", help="of DemandForecaster")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="results as JSON")
    options = parser.parse_args(arguments)
    try:
        task = read_task(
            options.panel,
            setting=Setting(options.freq, options.horizon, threads=options.threads),
            windows=1,
            static=options.static,
            known_future=options.known_future,
        )
        for column in filter(None, (options.product, options.category)):
            if column not in task.static:
                raise BadTask(f"frame 'static' has no column '{column}'")
        rows = measure(task, options.product, options.category, options.model)
    except BadTask as problem:
        print(f"benchmarks.cold_start: {problem}", file=sys.stderr)
        return 2
    _print(table_console(), rows, task)
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 1 if any(row["without_forecast"] for row in rows) else 0


def measure(task: Task, product: str, category: str | None, model: str) -> list[dict]:
    """Scores of held-out products and of the transfer, one dict a case and method."""
    held = held_out(task.static, product)
    chosen = largest_category(task, category) if category else None
    rows = []
    with Progress() as progress:
        cases = len(NEW_PRODUCT_PERIODS) + (2 * len(TRANSFER_PERIODS) if category else 0)
        bar = progress.add_task("cold start", total=cases)
        for periods in NEW_PRODUCT_PERIODS:
            panel = shortened(task, held, periods)
            case = {"case": "new product", "periods": periods}
            rows.append(case | _stork(task, panel, held, model))
            rows.append(case | _neighbours(task, panel, held, category))
            progress.advance(bar)
        for periods in TRANSFER_PERIODS if category else ():
            panel = shortened(task, chosen, periods)
            case = {"case": f"new {category} {_name(task, chosen, category)}", "periods": periods}
            rows.append(case | _stork(task, panel, chosen, model))
            progress.advance(bar)
            alone = panel[panel["unique_id"].isin(chosen)]
            rows.append(case | _stork(task, alone, chosen, model, "stork, that category alone"))
            progress.advance(bar)
            rows.append(case | _neighbours(task, panel, chosen, None))
    return rows


def held_out(static: pd.DataFrame, product: str) -> list[str]:
    """The series of every fifth product, products in a random order that is always the same."""
    products = np.sort(static[product].astype(str).unique())
    drawn = np.random.default_rng(7).permutation(products)[::EVERY]
    return static.loc[static[product].astype(str).isin(drawn), "unique_id"].tolist()


def largest_category(task: Task, category: str) -> list[str]:
    """The series of the category with most series, unless it is more than half of them."""
    counts = task.static[category].value_counts()
    counts = counts[counts <= len(task.static) / 2]
    if counts.empty:
        raise BadTask(f"no {category} holds at most half of the series")
    return task.static.loc[task.static[category] == counts.index[0], "unique_id"].tolist()


def shortened(task: Task, series: list[str], periods: int) -> pd.DataFrame:
    """The panel up to the cutoff with only the last `periods` of the given series."""
    panel, _ = task.visible(task.cutoffs[0])
    recent = np.sort(panel["ds"].unique())[::-1][:periods]
    return panel[~panel["unique_id"].isin(series) | panel["ds"].isin(recent)]


def _stork(
    task: Task, panel: pd.DataFrame, series: list[str], model: str, name: str = "stork"
) -> dict:
    _, known = task.visible(task.cutoffs[0])
    static = task.static
    if not set(panel["unique_id"]) - set(series):
        static = static[static["unique_id"].isin(series)]
        known = known if known is None else known[known["unique_id"].isin(series)]
    made = Stork(task.setting, model).fit(panel, static, known).predict()
    return _scores(task, made, series, name)


def _neighbours(task: Task, panel: pd.DataFrame, series: list[str], category: str | None) -> dict:
    """Own mean where there is a history, else the mean of the category's or all series.

    Quantiles are those of what the neighbours sold, scaled to the mean.
    """
    periods = np.sort(panel["ds"].unique())[-RECENT_PERIODS:]
    seen = panel[panel["ds"].isin(periods)]
    if "is_stockout" in seen:
        seen = seen[~seen["is_stockout"]]
    others = seen[~seen["unique_id"].isin(series)]
    static = task.static.set_index("unique_id")
    if category:
        by_group = others.groupby(others["unique_id"].map(static[category]))["y"].mean()
        mean = static.loc[series, category].map(by_group)
    else:
        mean = pd.Series(np.nan, index=series)
    mean = mean.fillna(others["y"].mean())
    own = seen[seen["unique_id"].isin(series)].groupby("unique_id")["y"].mean()
    mean = own.reindex(series).fillna(mean)
    relative = others["y"] / max(others["y"].mean(), 1e-9)
    ahead = task.ahead(task.cutoffs[0])
    grid = pd.MultiIndex.from_product([series, ahead], names=["unique_id", "ds"])
    made = grid.to_frame(index=False)
    made["y_hat"] = made["unique_id"].map(mean)
    for q in task.setting.quantiles:
        made[quantile_column(q)] = made["y_hat"] * relative.quantile(q)
    return _scores(task, made, series, "own mean, else the neighbours'")


def _scores(task: Task, made: pd.DataFrame, series: list[str], name: str) -> dict:
    """Level series, in stock, all steps, over the given series."""
    cutoff = task.cutoffs[0]
    actual = task.panel[task.panel["unique_id"].isin(series) & (task.panel["ds"] > cutoff)]
    started = task.panel.loc[task.panel["ds"] <= cutoff, "unique_id"].unique()
    wanted = actual[actual["unique_id"].isin(started)]["unique_id"].nunique()
    made = made[made["unique_id"].isin(np.intersect1d(series, started))]
    frame = beside_actuals(made.assign(cutoff=cutoff, step=1), task.panel, cutoff)
    frame = frame[~frame["is_stockout"].astype(bool) & frame["y"].notna()]
    got = {q: frame[quantile_column(q)] for q in task.setting.quantiles}
    some = len(frame) > 0
    return {
        "model": name,
        "series": int(wanted),
        "without_forecast": int(wanted - made["unique_id"].nunique()),
        "wape": wape(frame["y"], frame["y_hat"]) if some else None,
        "bias": bias(frame["y"], frame["y_hat"]) if some else None,
        "scaled_pinball": scaled_pinball(frame["y"], got) if some else None,
        "coverage_80": coverage(frame["y"], got[0.1], got[0.9]) if some else None,
    }


def _name(task: Task, series: list[str], category: str) -> str:
    return str(task.static.loc[task.static["unique_id"] == series[0], category].iloc[0])


def _print(console: Console, rows: list[dict], task: Task) -> None:
    table = Table(
        title=f"{task.name}, level: series held out, 1 to {task.setting.horizon} ahead, in stock",
        title_justify="left",
    )
    scores = ["wape", "bias", "scaled_pinball", "coverage_80"]
    for title in ["case", "periods of history", "model", "series", *scores]:
        table.add_column(title, justify="left" if title in ("case", "model") else "right")
    for row in rows:
        cells = ["" if row[name] is None else f"{row[name]:.3f}" for name in scores]
        keys = [row["case"], str(row["periods"]), row["model"], f"{row['series']:,}"]
        table.add_row(*keys, *cells)
    console.print(table)
    for row in rows:
        if row["without_forecast"]:
            console.print(
                f"not supported: {row['model']} gave {row['without_forecast']:,} of "
                f"{row['series']:,} series no forecast ({row['case']}, {row['periods']} periods "
                "of history); the row is over the rest",
                highlight=False,
            )


if __name__ == "__main__":
    raise SystemExit(main())
