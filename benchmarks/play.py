"""One model alone in its own process: every cutoff of a saved task; times, forecasts and memory.

python -m benchmarks.play MODEL FOLDER: `benchmarks.contest` starts it. Progress goes to stdout as
lines that begin with MARK; an error ends the process, and its last line says why.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

import pandas as pd

from benchmarks.memory import PeakMemory
from benchmarks.peers import MODELS
from benchmarks.task import Task
from ml.backtest import beside_actuals, sums_beside
from ml.columns import quantile_column

MARK = "@window "


def main(name: str, folder: Path) -> None:
    """Play all windows and write forecasts, sums (where the model makes them) and figures."""
    task = Task.load(folder / "task")
    setting = task.setting
    made, sums, fit_s, predict_s = [], [], 0.0, 0.0
    quantiles = [quantile_column(q) for q in setting.quantiles]
    out = folder / name
    out.mkdir(parents=True, exist_ok=True)
    with PeakMemory() as memory:
        maker = MODELS[name].make()
        for cutoff in task.cutoffs:
            panel, known = task.visible(cutoff)
            start = time.perf_counter()
            model = maker(setting).fit(panel, task.static, known)
            fitted = time.perf_counter()
            frame = model.predict()
            fit_s, predict_s = fit_s + fitted - start, predict_s + time.perf_counter() - fitted
            frame = frame[["unique_id", "ds", "y_hat", *quantiles]].assign(
                cutoff=cutoff, step=task.ahead(cutoff).get_indexer(frame["ds"]) + 1
            )
            made.append(frame[frame["step"] > 0])
            if hasattr(model, "predict_cumulative"):
                promised = model.predict_cumulative(
                    tuple({min(3, setting.horizon), setting.horizon})
                )
                sums.append(sums_beside(promised, beside_actuals(frame, task.panel, cutoff)))
            print(MARK + str(cutoff.date()), flush=True)
    pd.concat(made, ignore_index=True).to_parquet(out / "forecasts.parquet", index=False)
    if sums:
        pd.concat(sums, ignore_index=True).to_parquet(out / "sums.parquet", index=False)
    # the kernel's own figure sees peaks between two samples, the samples see child processes
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "fit_seconds": fit_s,
        "predict_seconds": predict_s,
        "peak_mib": max(memory.gib * 1024, largest),
        "cores": len(os.sched_getaffinity(0)),
    }
    (out / "figures.json").write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
