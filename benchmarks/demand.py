"""Stork beside its peers on any long panel: the same cutoffs, one process a model, one run.

python -m benchmarks.demand --panel FILE.parquet --freq W-MON --horizon 13 --windows 3
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import pandas as pd

from benchmarks.contest import contest
from benchmarks.peers import MODELS, NOT_INSTALLED, PEERS, PERMANENT
from benchmarks.tables import print_outcome, table_console
from benchmarks.task import BadTask, Setting, read_task

MAX_LEVELS = 3


def main(arguments: list[str] | None = None) -> int:
    """Run the contest, print its tables, write --out.

    Returns 2 for input no model could run on, and 1 if a model did not run, peers apart that are
    not installed.
    """
    options = parser().parse_args(arguments)
    console = table_console()
    setting = Setting(options.freq, options.horizon, seed=options.seed, threads=options.threads)
    try:
        task = read_task(
            options.panel,
            setting=setting,
            windows=options.windows,
            step=options.step,
            static=options.static,
            known_future=options.known_future,
        )
        for note in task.notes:
            console.print(f"[yellow]note[/] {note}", highlight=False)
        outcome = contest(
            task,
            [*options.models, *options.peers],
            levels=options.levels if options.levels is not None else levels_of(task.static),
            interpreters=dict(options.python),
        )
    except (BadTask, ValueError) as problem:
        print(f"benchmarks.demand: {problem}", file=sys.stderr)
        return 2
    failed = [
        model
        for model, reason in outcome.not_run.items()
        if model in options.models or not reason.startswith(NOT_INSTALLED)
    ]
    if not outcome.frames:
        for model, reason in outcome.not_run.items():
            print(f"benchmarks.demand: {model} did not run: {reason}", file=sys.stderr)
        return 1
    print_outcome(console, outcome)
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(outcome.results(), indent=1), encoding="utf-8")
        console.print(f"results: {options.out}", highlight=False)
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    found = argparse.ArgumentParser(description=__doc__)
    found.add_argument("--panel", type=Path, required=True, help="unique_id, ds, y [, is_stockout]")
    found.add_argument("--freq", required=True, help="W-MON (or another weekday) or D")
    found.add_argument("--horizon", type=int, required=True, help="periods ahead")
    found.add_argument("--windows", type=int, required=True, help="rolling origins")
    found.add_argument("--step", type=int, help="periods between origins; default: the horizon")
    found.add_argument("--static", type=Path, help="unique_id and attributes")
    found.add_argument("--known-future", type=Path, help="unique_id, ds and what a plan knows")
    found.add_argument(
        "--peers",
        type=_names,
        default=PEERS,
        help=f"comma separated; default all: {','.join(PEERS)}. {', '.join(PERMANENT)} always run",
    )
    found.add_argument(
        "--models", type=_names, default=("stork",), help="stork, stork-xgboost, stork-lstm"
    )
    found.add_argument(
        "--levels", type=lambda text: text.split(","), help="static columns to add up to"
    )
    found.add_argument("--out", type=Path, help="results.json")
    found.add_argument("--seed", type=int, default=7)
    found.add_argument("--threads", type=int, default=2)
    found.add_argument(
        "--python",
        action="append",
        default=[],
        type=_interpreter,
        metavar="MODEL=PYTHON",
        help="run a peer in another environment's interpreter",
    )
    return found


def levels_of(static: pd.DataFrame | None) -> list[str]:
    """The first static text columns with at least two values and half as many as series."""
    if static is None:
        return []
    found = [
        name
        for name in static.columns.drop("unique_id")
        if not pd.api.types.is_numeric_dtype(static[name])
        and 1 < static[name].nunique() <= len(static) / 2
    ]
    return found[:MAX_LEVELS]


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name)
    if unknown := [name for name in names if name not in MODELS]:
        raise argparse.ArgumentTypeError(f"no model is called {unknown[0]!r}")
    return names


def _interpreter(text: str) -> tuple[str, str]:
    model, _, python = text.partition("=")
    if not python:
        raise argparse.ArgumentTypeError(f"{text!r} is not MODEL=PYTHON")
    if model not in MODELS:
        raise argparse.ArgumentTypeError(f"no model is called {model!r}")
    if shutil.which(python) is None:
        raise argparse.ArgumentTypeError(f"{python!r} is no program that can be run")
    return model, python


if __name__ == "__main__":
    raise SystemExit(main())
