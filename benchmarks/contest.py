"""Plays every model on one task, each in a process of its own, and scores all on the same cells."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.peers import MODELS, PEERS, PERMANENT
from benchmarks.play import MARK
from benchmarks.task import Task
from ml.accuracy import accuracy, series_facts, sum_coverage
from ml.backtest import beside_actuals

ROW = (
    "wape",
    "bias",
    "rmsse",
    "mase",
    "scaled_pinball",
    "coverage_80",
    "coverage_95",
)
FIGURES = ("fit_seconds", "predict_seconds", "peak_mib")
REFERENCE = "seasonal_naive"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Who plays, on how many threads, and where the results go."""
    parser.add_argument("--models", default="stork", help="stork, stork-xgboost, stork-lstm")
    parser.add_argument("--peers", default=",".join(PEERS), help="comma separated, may be empty")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="results.json")


@dataclass
class Outcome:
    """What one contest found.

    `accuracy`: `ml.accuracy.accuracy` with a column model; `figures`: model -> seconds and MiB;
    `sums`: coverage of sums for models that forecast them; `not_run`: model -> reason;
    `frames`: model -> forecasts beside actuals; `filled`: model -> cells it did not forecast.
    """

    task: Task
    accuracy: pd.DataFrame
    figures: dict[str, dict[str, float]]
    sums: pd.DataFrame
    not_run: dict[str, str]
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """The rows of results.json: level series, all classes, all horizons, in stock."""
        whole = self.accuracy.query("level == 'series' and segment == 'all' and horizon == 'all'")
        return [
            {
                "model": row["model"],
                **{name: _number(row[name]) for name in ROW},
                **{name: _number(self.figures[row["model"]][name]) for name in FIGURES},
            }
            for _, row in whole.iterrows()
        ]

    def results(self) -> dict[str, Any]:
        """Everything for results.json; `rows` is its contract, the rest is detail."""
        segments = self.accuracy.to_dict("records")
        return {
            "panel": self.task.name,
            "rows": self.rows(),
            "not_run": [{"model": m, "reason": reason} for m, reason in self.not_run.items()],
            "cells_filled_by_seasonal_naive": self.filled,
            "setting": {
                "freq": self.task.setting.freq,
                "horizon": self.task.setting.horizon,
                "cutoffs": [str(cutoff.date()) for cutoff in self.task.cutoffs],
                "quantiles": self.task.setting.quantiles,
                "threads": self.task.setting.threads,
                "series": int(self.task.panel["unique_id"].nunique()),
                "periods": int(self.task.panel["ds"].nunique()),
            },
            "cumulative": [_plain(row) for row in self.sums.to_dict("records")],
            "segments": [_plain(row) for row in segments],
        }


def contest(
    task: Task,
    models: Iterable[str],
    *,
    levels: Iterable[str] = (),
    interpreters: dict[str, str] | None = None,
) -> Outcome:
    """Play the permanent opponents and `models` on `task`; one that fails is reported, not hidden.

    `interpreters` maps a model that cannot live beside the project's packages to the Python of an
    environment where it can. Cells that a model did not forecast are filled with the seasonal
    naive, counted in `filled`. Raises ValueError for a name that is not in `MODELS`.
    """
    interpreters = interpreters or {}
    chosen = list(dict.fromkeys([*PERMANENT, *models]))
    if unknown := [name for name in chosen if name not in MODELS]:
        raise ValueError(f"no model is called {unknown[0]!r}; known: {', '.join(MODELS)}")
    frames, figures, sums, not_run, filled = {}, {}, [], {}, {}
    with tempfile.TemporaryDirectory(prefix="stork-bench-") as name:
        folder = Path(name)
        task.save(folder / "task")
        with _bar() as progress:
            for model in chosen:
                python = interpreters.get(model)
                reason = "" if python else MODELS[model].missing()
                if not reason:
                    reason = _play(model, folder, progress, task, python or sys.executable)
                if reason:
                    not_run[model] = reason
                    continue
                figures[model] = json.loads((folder / model / "figures.json").read_text())
                made = pd.read_parquet(folder / model / "forecasts.parquet")
                frames[model], filled[model] = _beside(made, task, frames.get(REFERENCE))
                if (path := folder / model / "sums.parquet").exists():
                    sums.append(sum_coverage(pd.read_parquet(path)).assign(model=model))
    facts, k = series_facts(task.panel, task.cutoffs, season=task.setting.naive_lag)
    scored = [
        accuracy(frame, facts, static=task.static, levels=levels, events=task.events, k=k).assign(
            model=model
        )
        for model, frame in frames.items()
    ]
    return Outcome(
        task=task,
        accuracy=pd.concat(scored, ignore_index=True) if scored else pd.DataFrame(),
        figures=figures,
        sums=pd.concat(sums, ignore_index=True) if sums else pd.DataFrame(),
        not_run=not_run,
        frames=frames,
        filled={model: cells for model, cells in filled.items() if cells},
    )


def _play(model: str, folder: Path, progress: Progress, task: Task, python: str) -> str:
    """Run one model's process; return why it did not finish, empty if it did."""
    threads = str(task.setting.threads)
    environment = os.environ | {
        "OMP_WAIT_POLICY": "PASSIVE",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "NIXTLA_ID_AS_COL": "1",
        "PYTHONUNBUFFERED": "1",
    }
    bar = progress.add_task(model, total=len(task.cutoffs))
    with (folder / f"{model}.err").open("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [python, "-m", "benchmarks.play", model, str(folder)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
        with process, process.stdout as lines:
            for line in lines:
                if line.startswith(MARK):
                    progress.advance(bar)
        errors.seek(0)
        said = [line.strip() for line in errors if line.strip()]
    progress.stop_task(bar)
    if process.returncode == 0:
        return ""
    if process.returncode < 0:
        return f"ended by {signal.Signals(-process.returncode).name} (out of memory?)"
    wrong = [
        line for line in said if re.match(r"[\w.]+(Error|Exception|Interrupt|Warning)?: ", line)
    ]
    return (wrong or said or ["ended without a message"])[-1][:300]


def _beside(made: pd.DataFrame, task: Task, naive: pd.DataFrame | None) -> tuple[pd.DataFrame, int]:
    """Forecasts beside actuals on the cells of the seasonal naive, which forecasts all series."""
    parts = [
        beside_actuals(part, task.panel, pd.Timestamp(cutoff))
        for cutoff, part in made.groupby("cutoff")
    ]
    frame = pd.concat(parts, ignore_index=True)
    if naive is None:
        return frame, 0
    keys = ["unique_id", "ds", "cutoff"]
    frame = naive[keys].merge(frame, on=keys, how="left")
    lacking = frame["y_hat"].isna()
    if lacking.any():
        given = naive.loc[lacking.to_numpy(), frame.columns]
        frame = pd.concat([frame[~lacking], given]).sort_values(keys, ignore_index=True)
    return frame, int(lacking.sum())


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("windows"),
        TimeElapsedColumn(),
    )


def _number(value: float) -> float | None:
    return None if pd.isna(value) else round(float(value), 6)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: _number(v) if isinstance(v, float) else v for k, v in row.items()}
