"""Hyper-parameter studies: seeded, pruned, resumable; knows neither demand nor churn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

FINISHED = ("COMPLETE", "PRUNED")


@dataclass(frozen=True)
class TuningResult:
    """Best parameters and value of a study; `trials` has one row per trial.

    `n_trials` counts the finished trials of the study, those of earlier runs included.
    `trials`: number, state, value, duration_s, one column per parameter.
    """

    params: dict[str, Any]
    value: float
    n_trials: int
    trials: pd.DataFrame


def tune(
    objective: Callable[[Any], float],
    *,
    study_name: str,
    storage_url: str | None = None,
    n_trials: int,
    seed: int,
    timeout: float | None = None,
    direction: str = "minimize",
    start_from: dict[str, Any] | None = None,
) -> TuningResult:
    """Run the study until it has `n_trials` finished trials, or for `timeout` seconds.

    The objective takes an Optuna trial, reports each backtest window with
    `trial.report(value so far, window)`, raises TrialPruned when `trial.should_prune()`, and
    returns the value. `storage_url` is an RDB URL such as "sqlite:///study.db": running a
    finished study again runs nothing and returns the same best. Without it the study lives in
    memory. A new study tries `start_from` first, the parameters a study before it found best
    (see `last_best`). Raises ValueError if no trial completed.
    """
    import optuna

    if n_trials < 1:
        raise ValueError(f"n_trials must be at least 1, got {n_trials}")
    study = optuna.create_study(
        study_name=study_name,
        storage=storage_url,
        load_if_exists=True,
        direction=direction,
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=0),
    )
    done = _finished(study)
    if done:  # a resumed study must not draw the points of its first trials again
        study.sampler = optuna.samplers.TPESampler(seed=seed + done, n_startup_trials=5)
    elif start_from:
        study.enqueue_trial(start_from, skip_if_exists=True)
    if done < n_trials:
        study.optimize(objective, n_trials=n_trials - done, timeout=timeout)
    if not any(trial.state.name == "COMPLETE" for trial in study.trials):
        raise ValueError(f"study '{study_name}' has no completed trial")
    return TuningResult(
        params=dict(study.best_params),
        value=float(study.best_value),
        n_trials=_finished(study),
        trials=_trials(study),
    )


def last_best(storage_url: str | None, prefix: str, *, but: str) -> dict[str, Any] | None:
    """Best parameters of the latest study whose name begins with `prefix`, other than `but`.

    None without a storage, such a study or a completed trial in it.
    """
    import optuna

    if storage_url is None:
        return None
    found = [
        study
        for study in optuna.get_all_study_summaries(storage=storage_url)
        if study.study_name.startswith(prefix) and study.study_name != but and study.best_trial
    ]
    if not found:
        return None
    latest = max(found, key=lambda study: (study.datetime_start, study.study_name))
    return dict(latest.best_trial.params)


def _finished(study: Any) -> int:
    return sum(trial.state.name in FINISHED for trial in study.trials)


def _trials(study: Any) -> pd.DataFrame:
    rows = [
        {
            "number": trial.number,
            "state": trial.state.name,
            "value": trial.value,
            "duration_s": trial.duration.total_seconds() if trial.duration else None,
            **trial.params,
        }
        for trial in study.trials
    ]
    return pd.DataFrame(rows)
