"""The tables a contest prints: every accuracy with its level, class and horizon."""

import sys

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.contest import Outcome
from benchmarks.task import Setting

FILE_WIDTH = 200


def table_console() -> Console:
    """As wide as the terminal, or FILE_WIDTH where nobody could widen it: no figure is cut off."""
    return Console(width=None if sys.stdout.isatty() else FILE_WIDTH)


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Accuracy and cost of each model, WAPE by level and class beside the floor, and sums."""
    task, setting = outcome.task, outcome.task.setting
    first, last = task.cutoffs[0].date(), task.cutoffs[-1].date()
    console.print(
        f"\n[bold]{task.name}[/]: {task.panel['unique_id'].nunique():,} series, "
        f"{task.panel['ds'].nunique():,} periods ({setting.freq}), {setting.horizon} ahead, "
        f"{len(task.cutoffs)} cutoffs {first} to {last}; in-stock periods only; "
        f"one process a model, {setting.threads} threads",
        highlight=False,
    )
    _whole(console, outcome, setting)
    _by_level(console, outcome)
    if not outcome.sums.empty:
        _sums(console, outcome)
    for model, cells in outcome.filled.items():
        console.print(
            f"{model} left {cells:,} cells without a forecast; scored there as the seasonal naive"
        )
    for model, reason in outcome.not_run.items():
        console.print(f"[yellow]did not run[/] {model}: {reason}", highlight=False)


def _whole(console: Console, outcome: Outcome, setting: Setting) -> None:
    rows = outcome.accuracy.query("level == 'series' and segment == 'all' and horizon == 'all'")
    table = Table(
        title=f"Level: series, all classes, 1 to {setting.horizon} ahead", title_justify="left"
    )
    scores = ["wape", "bias", "rmsse", "mase", "scaled_pinball"]
    covers = [f"coverage_{name}" for name in (50, 80, 90, 95)]
    titles = ["model", *scores[:-1], "s.pinball", "cov50", "cov80", "cov90", "cov95"]
    for title in [*titles, "fit s", "predict s", "peak MiB"]:
        table.add_column(title, no_wrap=True, justify="left" if title == "model" else "right")
    for _, row in rows.sort_values("scaled_pinball").iterrows():
        cost = outcome.figures[row["model"]]
        table.add_row(
            _bold(row["model"]),
            *(_three(row[name]) for name in [*scores, *covers]),
            f"{cost['fit_seconds']:.1f}",
            f"{cost['predict_seconds']:.1f}",
            f"{cost['peak_mib']:,.0f}",
        )
    for model in outcome.not_run:
        table.add_row(model, "did not run", *[""] * 11)
    console.print(table)


def _by_level(console: Console, outcome: Outcome) -> None:
    found = outcome.accuracy[outcome.accuracy["horizon"] == "all"]
    segments = [s for s in found["segment"].unique() if s != "all"]
    levels = [level for level in found["level"].unique() if level != "series"]
    columns = [("series", "all"), *(("series", s) for s in segments), *((n, "all") for n in levels)]
    table = Table(title="WAPE by level x class, all horizons", title_justify="left")
    table.add_column("model", no_wrap=True)
    for level, segment in columns:
        table.add_column(f"{level}\n{segment}", justify="right")
    wide = found.set_index(["model", "level", "segment"])
    for model in outcome.frames:
        table.add_row(
            _bold(model), *(_three(_cell(wide, model, *column, "wape")) for column in columns)
        )
    anyone = next(iter(outcome.frames))
    table.add_section()
    for name, title in (("poisson", "floor, Poisson"), ("negbin", "floor, neg. binomial")):
        cells = (_cell(wide, anyone, *column, f"floor_{name}") for column in columns)
        table.add_row(title, *(_three(cell) for cell in cells))
    if "stork" in outcome.frames:
        cells = (_cell(wide, "stork", *column, "over_negbin") for column in columns)
        table.add_row("stork over neg. b. floor", *(_three(cell) for cell in cells))
    console.print(table)


def _sums(console: Console, outcome: Outcome) -> None:
    table = Table(title="Sums over the next periods, level: series", title_justify="left")
    names = ["periods", "n", "wape", "bias", "scaled_pinball", "coverage_80", "coverage_95"]
    for title in ["model", *names]:
        table.add_column(title, justify="left" if title == "model" else "right")
    for _, row in outcome.sums.iterrows():
        table.add_row(
            row["model"], f"{row['periods']}", f"{row['n']:,}", *(_three(row[n]) for n in names[2:])
        )
    console.print(table)


def _cell(wide: pd.DataFrame, model: str, level: str, segment: str, score: str) -> float:
    key = (model, level, segment)
    return float(wide.loc[key, score]) if key in wide.index else float("nan")


def _three(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.3f}"


def _bold(model: str) -> str:
    return f"[bold]{model}[/]" if model == "stork" else model
