"""Dominick's orange juice by the published protocol: rounds, a gap, MAPE on units.

python -m benchmarks.dominicks --data DIR (the folder with yx_to_week_146.parquet)

Round k trains to week 135 + 2k, leaves week 136 + 2k out and forecasts weeks 137 + 2k and
138 + 2k, whose prices and promotions are known. Published over all ten rounds: LightGBM 35.97.
Every model gives its mean, what to order by, and where it has quantiles its median and the point
that makes the percentage error expected least; its best answer counts. (The published LightGBM was
trained on that error itself.)
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks import dominicks_oj
from benchmarks.contest import add_options, contest
from benchmarks.frames import Frames
from benchmarks.tables import print_outcome, table_console
from benchmarks.task import BadTask, Setting, Task
from ml.columns import quantile_columns

FIRST_TEST, ROUNDS, TEST_WEEKS = 137, 10, 2
POINTS = {"y_hat": "mean", "p50": "median", "for_mape": "for MAPE"}
LEAST_UNITS = 0.5  # what no sale counts as where one divides by it
GAP = 1  # weeks between the last of training and the first of the test
PUBLISHED = {"LightGBM": 35.97, "dilated CNN": 37.66, "AR with prices": 48.88, "naive": 109.89}


def main() -> int:
    """Play the rounds that the file permits; 1 if stork is not below LightGBM of the same run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the Dominick's files")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="the first N only")
    add_options(parser)
    options = parser.parse_args()
    console = table_console()
    names = [name for name in f"{options.models},{options.peers}".split(",") if name]
    try:
        task = rounds(dominicks_oj.read(options.data), options.rounds, options.threads)
        outcome = contest(task, names)
    except (BadTask, FileNotFoundError, ValueError) as problem:
        print(f"benchmarks.dominicks: {problem}", file=sys.stderr)
        return 2
    print_outcome(console, outcome)
    frames = {model: with_point_for_mape(frame) for model, frame in outcome.frames.items()}
    errors = {
        model: {name: mape(frame, name) for name in POINTS if name in frame}
        for model, frame in frames.items()
    }
    _print(console, errors, task)
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        results = outcome.results() | {"mape": errors}
        options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
    best = {model: min(points.values()) for model, points in errors.items()}
    boosted = [best[model] for model in best if "lightgbm" in model]
    return 0 if "stork" in best and best["stork"] < min([*boosted, np.inf]) else 1


def rounds(frames: Frames, count: int, threads: int) -> Task:
    """The task whose cutoffs are the last training weeks of the rounds that end in the file."""
    last = frames.panel["ds"].max()
    tests = [FIRST_TEST + TEST_WEEKS * k for k in range(min(count, ROUNDS))]
    ends = dominicks_oj.dates(pd.Series([week + TEST_WEEKS - 1 for week in tests]))
    tests = [week for week, end in zip(tests, ends, strict=True) if end <= last]
    if not tests:
        raise BadTask(f"no round ends by {last:%Y-%m-%d}")
    cut = [pd.Timestamp(day) for day in dominicks_oj.dates(pd.Series(tests) - GAP - 1)]
    return Task(
        "dominicks_oj_rounds",
        Setting("W-THU", GAP + TEST_WEEKS, threads=threads),
        frames.panel,
        cut,
        frames.static,
        frames.known_future,
    )


def mape(frame: pd.DataFrame, point: str) -> float:
    """Mean absolute percentage error of a column in units over the test weeks, the gap left out."""
    test = frame[frame["step"] > GAP]
    return float(100 * np.mean(np.abs(test[point] - test["y"]) / test["y"]))


def with_point_for_mape(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with the column `for_mape`, the point of least expected percentage error, in units.

    That is the median of the forecast distribution with each outcome weighted by its inverse
    (Gneiting 2011, section 2.2). The distribution is read off the quantile columns, straight
    between them and flat beyond the outermost. With fewer than three there is no such column.
    """
    levels = quantile_columns(frame)
    if len(levels) < 3:
        return frame
    known = sorted(levels)
    shares = (np.arange(199) + 0.5) / 199
    right = np.clip(np.searchsorted(known, shares), 1, len(known) - 1)
    left = right - 1
    span = np.take(known, right) - np.take(known, left)
    along = np.clip((shares - np.take(known, left)) / span, 0, 1)
    values = np.sort(frame[[levels[level] for level in known]].to_numpy(float), axis=1)
    outcomes = values[:, left] * (1 - along) + values[:, right] * along
    weights = (1 / np.maximum(outcomes, LEAST_UNITS)).cumsum(axis=1)
    middle = (weights >= weights[:, -1:] / 2).argmax(axis=1)
    return frame.assign(for_mape=outcomes[np.arange(len(frame)), middle])


def _print(console: Console, errors: dict[str, dict[str, float]], task: Task) -> None:
    table = Table(
        title=f"MAPE on units, level store x brand, test weeks of {len(task.cutoffs)} of "
        f"{ROUNDS} published rounds",
        title_justify="left",
    )
    table.add_column("model")
    for title in POINTS.values():
        table.add_column(title, justify="right")
    for model, points in sorted(errors.items(), key=lambda pair: min(pair[1].values())):
        table.add_row(model, *(f"{points[name]:.2f}" if name in points else "" for name in POINTS))
    table.add_section()
    for model, error in PUBLISHED.items():
        table.add_row(f"{model}, published, all ten rounds", f"{error:.2f}", "")
    console.print(table)


if __name__ == "__main__":
    raise SystemExit(main())
