"""Evaluation and tuning: honest windows, every model beside the naive one, pruning."""

import numpy as np
import optuna
import pandas as pd
import pytest
from churn_shop import make_shop

from ml.churn.evaluation import churn_objective, evaluate, population
from ml.churn.labels import churn_labels
from ml.churn.model import ChurnModel
from ml.churn.timeline import KEYS

QUICK = {"xgboost": {"max_rounds": 40}, "lstm": {"max_epochs": 1, "hidden": 8, "max_rows": 1_000}}
NAMES = ("recency", "recency_frequency", "xgboost", "lstm", "stack")


@pytest.fixture(scope="module")
def shop():
    return make_shop(600)


@pytest.fixture(scope="module", autouse=True)
def _quiet_optuna():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def _quick(name):
    return ChurnModel(name, params=QUICK, threads=1)


@pytest.fixture(scope="module")
def judged(shop):
    return evaluate(_quick, shop.features, shop.events, outcome_days=60, last_day=shop.last_day)


def test_every_model_is_scored_on_the_same_reachable_customers(shop, judged):
    table, predictions = judged
    assert table["model"].tolist() == list(NAMES)
    assert table["n"].nunique() == 1
    assert table["base_rate"].nunique() == 1
    tested = table["as_of"].iloc[0]
    assert tested == shop.last_day - pd.Timedelta(days=84)
    rows = shop.features[(shop.features["as_of"] == tested) & shop.features["is_reachable"]]
    for _, mine in predictions.groupby("model"):
        assert sorted(mine["customer_id"]) == sorted(rows["customer_id"])
    assert (table["n_train_slices"] == 6).all()
    base = table["base_rate"].iloc[0]
    assert table["majority_accuracy"].iloc[0] == max(base, 1 - base)


def test_outcomes_of_the_predictions_are_the_labels(shop, judged):
    _, predictions = judged
    labels = churn_labels(shop.features, shop.events, outcome_days=60, last_day=shop.last_day)
    one = predictions[predictions["model"] == "stack"]
    joined = one.merge(labels, on=KEYS)
    assert len(joined) == len(one)
    assert (joined["is_churned_x"] == joined["is_churned_y"]).all()


def test_models_beat_recency_where_rhythm_and_category_matter(judged):
    auc = judged[0].set_index("model")["roc_auc"]
    assert auc["stack"] > auc["recency"]
    assert auc["xgboost"] > auc["recency"]
    assert auc["recency_frequency"] > 0.6


def test_the_model_is_shown_no_event_and_no_label_after_the_test_day(shop):
    seen = {}

    class Watched(ChurnModel):
        def fit(self, features, events, labels):
            seen["events"], seen["known_on"] = events["ds"].max(), labels["known_on"].max()
            return super().fit(features, events, labels)

    table, _ = evaluate(
        lambda name: Watched(name),
        shop.features,
        shop.events,
        outcome_days=30,
        last_day=shop.last_day,
        models=["recency"],
    )
    assert seen["events"] <= table["as_of"].iloc[0]
    assert seen["known_on"] <= table["as_of"].iloc[0]


def test_customers_out_of_reach_flatter_the_score(shop):
    scores = {
        only: evaluate(
            _quick,
            shop.features,
            shop.events,
            outcome_days=60,
            last_day=shop.last_day,
            reachable_only=only,
            models=["recency"],
        )[0]["roc_auc"].iloc[0]
        for only in (True, False)
    }
    assert scores[False] > scores[True] + 0.1


def test_too_short_a_history_says_what_is_missing(shop):
    recent = shop.features[shop.features["as_of"] > shop.last_day - pd.Timedelta(days=90)]
    with pytest.raises(ValueError, match=r"none of \d+ slices .* has earlier slices"):
        evaluate(_quick, recent, shop.events, outcome_days=60, last_day=shop.last_day)


class _Trial:
    """Answers an objective as a trial would, with the middle of every range."""

    def __init__(self, *, prune_at=None):
        self.reported = {}
        self._prune_at = prune_at

    def suggest_float(self, _name, low, high, **_):
        return (low + high) / 2

    def suggest_int(self, _name, low, high):
        return (low + high) // 2

    def suggest_categorical(self, _name, choices):
        return choices[0]

    def report(self, value, step):
        self.reported[step] = value

    def should_prune(self):
        return self._prune_at is not None and max(self.reported) >= self._prune_at


@pytest.fixture(scope="module")
def objective(shop):
    return churn_objective(
        shop.features, shop.events, outcome_days=30, last_day=shop.last_day, threads=1
    )


def test_the_objective_reports_every_window_and_returns_their_mean(objective):
    trial = _Trial()
    value = objective(trial)
    assert list(trial.reported) == [1, 2, 3]
    assert value == trial.reported[3]
    assert 0.05 < value < 0.3


def test_the_objective_stops_when_the_pruner_says_so(objective):
    trial = _Trial(prune_at=1)
    with pytest.raises(optuna.TrialPruned):
        objective(trial)
    assert list(trial.reported) == [1]


def test_tuning_never_sees_the_slice_that_evaluation_tests(shop):
    table, _ = evaluate(
        _quick,
        shop.features,
        shop.events,
        outcome_days=30,
        last_day=shop.last_day,
        models=["recency"],
    )
    tested = table["as_of"].iloc[0]
    spoiled = shop.events[shop.events["ds"] <= tested]
    values = [
        churn_objective(
            shop.features, events, outcome_days=30, last_day=shop.last_day, n_windows=1, threads=1
        )(_Trial())
        for events in (shop.events, spoiled)
    ]
    assert np.isfinite(values[0])
    assert values[0] == values[1]


def test_a_study_finds_parameters_the_model_accepts(shop, objective):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(objective, n_trials=1)
    ChurnModel("stack", params={"xgboost": study.best_params})
    lstm = churn_objective(
        shop.features,
        shop.events,
        outcome_days=30,
        last_day=shop.last_day,
        family="lstm",
        n_windows=1,
    )
    assert 0.05 < lstm(_Trial()) < 0.3


def test_a_family_without_a_search_space_is_refused(shop):
    with pytest.raises(ValueError, match="family 'recency'"):
        churn_objective(
            shop.features, shop.events, outcome_days=30, last_day=shop.last_day, family="recency"
        )


def test_the_population_is_those_within_reach(shop):
    assert population(shop.features)["is_reachable"].all()
    assert len(population(shop.features, reachable_only=False)) == len(shop.features)
