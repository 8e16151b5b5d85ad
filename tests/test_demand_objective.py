"""The demand study: windows reported one by one, a better model scores less."""

import optuna
import pytest
from test_demand_forecaster import shop

from ml.demand.baseline import Forecast
from ml.demand.boosted import BoostedDemand
from ml.demand.objective import DEFAULTS, FAMILIES, demand_objective, tuned_defaults

optuna.logging.set_verbosity(optuna.logging.WARNING)
TUNED = {
    "objective": "poisson",
    "eta": 0.12,
    "rounds": 60,
    "max_leaves": 8,
    "min_child_weight": 5.0,
    "wide_child_weight": 15.0,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "half_life_weeks": 50.0,
    "quantile_rounds": 40,
}


def objective(family="xgboost", **kwargs):
    panel, static, known = shop()
    return demand_objective(panel, static, known, family=family, horizon=4, threads=1, **kwargs)


def test_each_window_is_reported_and_the_value_is_their_mean():
    study = optuna.create_study()
    study.enqueue_trial(TUNED)
    study.optimize(objective(n_windows=2), n_trials=1)
    trial = study.trials[0]
    assert sorted(trial.intermediate_values) == [0, 1]
    assert trial.value == trial.intermediate_values[1]
    assert 0.05 < trial.value < 0.4


def test_a_model_that_cannot_learn_scores_worse(monkeypatch):
    blind = TUNED | {"eta": 0.02, "rounds": 5, "quantile_rounds": 1}
    values = []
    for params in (TUNED, blind):
        monkeypatch.setitem(FAMILIES, "xgboost", (BoostedDemand, lambda _, p=params: p))
        values.append(objective(n_windows=2)(optuna.trial.FixedTrial({})))
    assert values[0] < values[1]


@pytest.mark.parametrize(("share", "least", "most"), [(0.75, 0.15, 0.4), (0.93, -0.03, 0.03)])
def test_a_mean_too_low_in_total_costs_what_luck_cannot_explain(monkeypatch, share, least, most):
    class Low(BoostedDemand):
        """Quantiles as learnt, the mean too low."""

        def predict(self, tables, origin):
            made = super().predict(tables, origin)
            return Forecast(made.mean * share, made.quantiles)

    honest = objective(n_windows=1)(optuna.trial.FixedTrial(TUNED))
    _, space = FAMILIES["xgboost"]
    monkeypatch.setitem(FAMILIES, "xgboost", (Low, space))
    low = objective(n_windows=1)(optuna.trial.FixedTrial(TUNED))
    assert least < low - honest < most


def test_the_recurrent_family_has_a_space_of_its_own():
    params = {
        "hidden": 16,
        "learning_rate": 5e-3,
        "dropout": 0.0,
        "epochs": 4,
        "half_life_weeks": 50.0,
    }
    assert 0.05 < objective("lstm", n_windows=1)(optuna.trial.FixedTrial(params)) < 0.5


def test_an_unknown_family_or_too_short_a_panel_is_an_error():
    with pytest.raises(ValueError, match="family must be one of"):
        objective("arima")
    with pytest.raises(ValueError, match="need a longer panel"):
        objective(n_windows=20)


@pytest.mark.parametrize("family", list(FAMILIES))
@pytest.mark.filterwarnings("error")
def test_a_study_can_try_an_untuned_model_first(family):
    study = optuna.create_study()
    study.enqueue_trial(tuned_defaults(family))
    _, space = FAMILIES[family]
    study.optimize(lambda trial: len(space(trial)), n_trials=1)
    tried = study.trials[0].params
    assert tried == {name: DEFAULTS[family][name] for name in tried}
    assert len(tried) == study.best_value
