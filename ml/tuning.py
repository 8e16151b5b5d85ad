"""Hyper-parameter studies: seeded, pruned, resumable; knows neither demand nor churn."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

FINISHED = ("COMPLETE", "PRUNED")
_ENDED = "ended"


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


@dataclass(frozen=True)
class Found:
    """A study that came to its end: its best parameters, the last day of its data, how many
    trials it was asked for, and those it made."""

    study_name: str
    params: dict[str, Any]
    last_day: date
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
    last_day: date | None = None,
) -> TuningResult:
    """Run the study until it has `n_trials` finished trials, or for `timeout` seconds.

    The objective takes an Optuna trial, reports each backtest window with
    `trial.report(value so far, window)`, raises TrialPruned when `trial.should_prune()`, and
    returns the value. `storage_url` is an RDB URL such as "sqlite:///study.db": running a
    finished study again runs nothing and returns the same best. Without it the study lives in
    memory. A new study tries `start_from` first, the parameters a study before it found best;
    `last_day` of its data lets later ones find it (see `last_study`). Raises ValueError if no
    trial completed.
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
    if last_day is not None:  # one that was cut off before is not found by later trainings
        study.set_user_attr(_ENDED, {"last_day": last_day.isoformat(), "n_trials": n_trials})
    return TuningResult(
        params=dict(study.best_params),
        value=float(study.best_value),
        n_trials=_finished(study),
        trials=_trials(study),
    )


def last_study(storage_url: str | None, prefix: str, *, until: date, own: str) -> Found | None:
    """The study `own`, or else that on the latest data up to `until` of those named `prefix`...

    Only studies that `tune` brought to an end with a `last_day` count; None without a storage or
    such a study. What was learnt from data after `until` stays unknown, so training for an earlier
    day is not led by a later one.
    """
    import optuna

    if storage_url is None:
        return None
    found = [
        (study.study_name == own, ended["last_day"], study.datetime_start, study.study_name)
        for study in optuna.get_all_study_summaries(storage=storage_url)
        if study.study_name.startswith(prefix)
        and (ended := study.user_attrs.get(_ENDED))
        and ended["last_day"] <= until.isoformat()
    ]
    if not found:
        return None
    study = optuna.load_study(study_name=max(found)[-1], storage=storage_url)
    ended = study.user_attrs[_ENDED]
    return Found(
        study_name=study.study_name,
        params=dict(study.best_params),
        last_day=date.fromisoformat(ended["last_day"]),
        n_trials=ended["n_trials"],
        trials=_trials(study),
    )


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
