"""Judges churn models on slices they could not have seen, and offers that judgement to tuning."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pandas as pd

from ml.churn import boosted, recurrent
from ml.churn.features import Inputs
from ml.churn.labels import churn_labels
from ml.churn.metrics import brier, classification_scores
from ml.churn.model import COMPARED, MEMBERS, ChurnModel, Lessons, tried
from ml.churn.splits import origins
from ml.churn.timeline import KEYS, days_visible


def population(features: pd.DataFrame, *, reachable_only: bool = True) -> pd.DataFrame:
    """The rows a churn model is for: those still within reach, or all of them.

    Customers long gone are easy to name and useless to contact; with them in, every score flatters.
    """
    is_asked_for = features["is_reachable"].astype(bool)
    if not reachable_only or is_asked_for.all():
        return features  # no copy: of millions of rows it takes gigabytes
    return features[is_asked_for]


def evaluate(
    make_model: Callable[[str], ChurnModel],
    features: pd.DataFrame,
    events: pd.DataFrame,
    *,
    outcome_days: int,
    last_day: pd.Timestamp,
    reachable_only: bool = True,
    models: Sequence[str] = tuple(COMPARED),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score each model on the newest slice with a complete outcome.

    `make_model(name)` gives an unfitted model. It learns from the slices whose outcome window ends
    on or before the test's as_of and sees no event after it.

    A stack's members are scored as it trained them.

    Returns (table, predictions). `table`, one row per model: model, as_of, outcome_days,
    n_train, n_train_slices and the scores of `classification_scores`. `predictions`: model,
    customer_id, as_of, churn_score, is_churned. Raises ValueError when no slice can be tested.
    """
    rows = population(features, reachable_only=reachable_only)
    labels = churn_labels(rows, events, outcome_days=outcome_days, last_day=last_day)
    ((train, test),) = origins(labels, 1)
    table, predictions = [], []
    scored_by: dict[str, pd.DataFrame] = {}
    for name in sorted(models, key=lambda name: -len(MEMBERS[name])):
        if name not in scored_by:  # a stack's members were trained with it
            made = _scored(make_model(name), rows, events, train, test)
            scored_by |= {member: made for member in MEMBERS[name]} | {name: made}
    for name in models:
        scored = scored_by[name].assign(churn_score=scored_by[name][name])
        table.append(
            {
                "model": name,
                "as_of": test["as_of"].iloc[0],
                "outcome_days": outcome_days,
                "n_train": len(train),
                "n_train_slices": train["as_of"].nunique(),
                **classification_scores(scored["is_churned"], scored["churn_score"]),
            }
        )
        predictions.append(scored.assign(model=name))
    columns = ["model", *KEYS, "churn_score", "is_churned"]
    return pd.DataFrame(table), pd.concat(predictions, ignore_index=True)[columns]


def churn_objective(
    features: pd.DataFrame,
    events: pd.DataFrame,
    *,
    outcome_days: int,
    last_day: pd.Timestamp,
    family: str = "xgboost",
    extras: Sequence[str] = (),
    n_windows: int = 3,
    reachable_only: bool = True,
    seed: int = 7,
    threads: int = 2,
) -> Callable[[Any], float]:
    """A function of an Optuna trial that returns the mean Brier score over windows, to minimise.

    `family` is "xgboost" or "lstm", `extras` as in `ChurnModel`. The slice `evaluate` tests
    on, and every outcome not known by its as_of, stays out of sight, so tuned figures can still be
    judged there. After each window the running mean is reported, and the trial ends when its
    pruner says so.
    Raises ValueError for another family or when no window can be formed.
    """
    spaces = {"xgboost": boosted.search_space, "lstm": recurrent.search_space}
    if family not in spaces:
        raise ValueError(f"family '{family}' is not one of {sorted(spaces)}")
    rows = population(features, reachable_only=reachable_only)
    labels = churn_labels(rows, events, outcome_days=outcome_days, last_day=last_day)
    ((before_test, _),) = origins(labels, 1)
    windows = origins(before_test, n_windows)

    @cache
    def window(step: int) -> tuple[Lessons, Inputs, pd.Series]:
        train, test = windows[step - 1]
        visible = days_visible(events, test["as_of"].iloc[0])
        lessons = Lessons.of(rows, visible, train, extras)
        tested = test.merge(rows, on=KEYS, validate="one_to_one")
        return lessons, lessons.read(tested, visible), tested["is_churned"]

    def objective(trial: Any) -> float:
        from optuna import TrialPruned

        params = spaces[family](trial)
        total = 0.0
        for step in range(1, len(windows) + 1):
            lessons, tested, is_churned = window(step)
            score = tried(family, params, lessons, tested, seed=seed, threads=threads)
            total += brier(is_churned, score)
            trial.report(total / step, step)
            if step < len(windows) and trial.should_prune():
                raise TrialPruned
        return total / len(windows)

    return objective


def _scored(
    model: ChurnModel,
    features: pd.DataFrame,
    events: pd.DataFrame,
    train: pd.DataFrame,
    test: pd.DataFrame,
) -> pd.DataFrame:
    visible = days_visible(events, test["as_of"].iloc[0])
    tested = features.merge(test[KEYS], on=KEYS)
    scored = model.fit(features, visible, train).member_scores(tested, visible)
    return scored.merge(test[[*KEYS, "is_churned"]], on=KEYS, validate="one_to_one")
