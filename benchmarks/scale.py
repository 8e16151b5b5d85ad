"""The same panel at 1, 4 and 16 times its series: time and memory, and how they grow.

python -m benchmarks.scale [--series 30000] [--weeks 150] [--models stork,mlforecast_lightgbm]

Growth exponent: slope of log time (or memory above an empty process) on log rows. At the full
size there are at least 30,000 series x 150 weeks; one cutoff, eight weeks ahead.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.contest import contest
from benchmarks.peers import MODELS
from benchmarks.tables import table_console
from benchmarks.task import Setting, Task

GROWTH = (1, 4, 16)
HORIZON = 8
LIMIT_EXPONENT, LIMIT_GIB = 1.1, 8.0
RIVAL = "mlforecast_lightgbm"


def main() -> int:
    """Measure, print, and return 1 if a limit does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=30_000, help="series at 16 times")
    parser.add_argument("--weeks", type=int, default=150)
    parser.add_argument("--models", default=f"stork,{RIVAL}", help=f"of {','.join(MODELS)}")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("var/bench/scale.json"))
    options = parser.parse_args()
    console = table_console()
    models = options.models.split(",")
    base = math.ceil(options.series / GROWTH[-1])
    whole, static, known = made_panel(base * GROWTH[-1], options.weeks)
    rows = []
    for times in GROWTH:
        ids = static["unique_id"].iloc[: base * times]
        task = Task(
            f"{times}x",
            Setting("W-MON", HORIZON, threads=options.threads),
            whole[whole["unique_id"].isin(ids)].reset_index(drop=True),
            [whole["ds"].max() - pd.Timedelta(weeks=HORIZON)],
            static.head(base * times),
            known[known["unique_id"].isin(ids)].reset_index(drop=True),
        )
        outcome = contest(task, models)
        for model, reason in outcome.not_run.items():
            console.print(f"did not run at {times}x: {model}: {reason}", highlight=False)
        scores = {row["model"]: row for row in outcome.rows()}
        rows += [
            {
                "model": model,
                "times": times,
                "series": base * times,
                "rows": len(task.panel),
                "seconds": scores[model]["fit_seconds"] + scores[model]["predict_seconds"],
                "peak_gib": scores[model]["peak_mib"] / 1024,
                "scaled_pinball": scores[model]["scaled_pinball"],
                "wape": scores[model]["wape"],
            }
            for model in models
            if model in scores
        ]
    growth = {model: exponents([r for r in rows if r["model"] == model]) for model in models}
    _print(console, rows, growth)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"rows": rows, "exponents": growth}, indent=1))
    ours = [row for row in rows if row["model"] == "stork"]
    holds = (
        len(ours) == len(GROWTH)
        and growth["stork"]["seconds"] <= LIMIT_EXPONENT
        and growth["stork"]["peak_gib"] <= LIMIT_EXPONENT
        and max(row["peak_gib"] for row in ours) <= LIMIT_GIB
    )
    return 0 if holds else 1


def made_panel(
    series: int, weeks: int, seed: int = 7
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Panel, static and known_future of generated retail demand.

    Rates are log-normal around one a week and a half; a shared season by category, a level that
    wanders, promotions that double demand, negative binomial noise, 5 % of weeks out of stock.
    Series are in random order, so that the first n are a fair sample of all.
    """
    rng = np.random.default_rng(seed)
    days = pd.date_range("2022-01-03", periods=weeks, freq="W-MON")
    category = rng.integers(0, 12, series)
    phase = rng.uniform(0, 2 * np.pi, 12)[category, None]
    season = 1 + 0.4 * np.sin(2 * np.pi * np.arange(weeks) / 52 + phase)
    wander = np.exp(np.cumsum(rng.normal(0, 0.03, (series, weeks)), 1))
    promo = rng.random((series, weeks)) < 0.06
    rate = np.exp(rng.normal(0.4, 1.3, (series, 1))) * season * wander * (1 + promo)
    y = rng.poisson(rng.gamma(6.0, rate / 6.0))
    out = rng.random((series, weeks)) < 0.05
    ids = np.array([f"s{i:06}" for i in range(series)])
    keys = {"unique_id": np.repeat(ids, weeks), "ds": np.tile(days, series)}
    panel = pd.DataFrame(
        keys | {"y": np.where(out, 0, y).ravel() * 1.0, "is_stockout": out.ravel()}
    )
    static = pd.DataFrame({"unique_id": ids, "category": category.astype(str)})
    return panel, static, pd.DataFrame(keys | {"is_promo": promo.ravel().astype(float)})


def exponents(rows: list[dict]) -> dict[str, float]:
    """Slopes of log seconds and log memory on log rows; NaN with fewer than two sizes."""
    if len(rows) < 2:
        return {"seconds": float("nan"), "peak_gib": float("nan")}
    size = np.log([row["rows"] for row in rows])
    return {
        name: float(np.polyfit(size, np.log([row[name] for row in rows]), 1)[0])
        for name in ("seconds", "peak_gib")
    }


def _print(console: Console, rows: list[dict], growth: dict[str, dict[str, float]]) -> None:
    table = Table(
        title="fit + predict, one cutoff; accuracy at level series, in stock", title_justify="left"
    )
    titles = ["model", "times", "series", "rows", "seconds", "peak GiB", "s.pinball", "wape"]
    for title in titles:
        table.add_column(title, justify="left" if title == "model" else "right")
    for row in sorted(rows, key=lambda row: (row["model"], row["times"])):
        cells = [f"{row['times']}x", f"{row['series']:,}", f"{row['rows']:,}"]
        cells += [f"{row['seconds']:.1f}", f"{row['peak_gib']:.2f}"]
        table.add_row(row["model"], *cells, f"{row['scaled_pinball']:.3f}", f"{row['wape']:.3f}")
    console.print(table)
    for model, found in growth.items():
        console.print(
            f"{model}: growth exponent of time {found['seconds']:.2f}, of memory "
            f"{found['peak_gib']:.2f} (limit {LIMIT_EXPONENT:g}; memory {LIMIT_GIB:g} GiB)",
            highlight=False,
        )


if __name__ == "__main__":
    raise SystemExit(main())
