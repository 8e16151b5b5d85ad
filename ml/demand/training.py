"""Demand training: tune, backtest beside baseline and champion, fit, register, promote."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from ml.backtest import backtest, score
from ml.demand.forecaster import DemandForecaster
from ml.demand.objective import demand_objective
from ml.promotion import decide
from ml.registry import Registry, Version
from ml.training import (
    Budget,
    Proposal,
    Recipe,
    Training,
    champion_recipe,
    fingerprint,
    recorded,
    settle,
)
from ml.tuning import tune

NAME = "demand"
BASELINE = {"model": "seasonal_naive"}
FAMILIES = ("xgboost", "lstm")


@dataclass(frozen=True)
class DemandForecast:
    """`weekly`: one row per series and step; `cumulative`: the SUM over the next k weeks."""

    version: Version
    weekly: pd.DataFrame
    cumulative: pd.DataFrame


def train_demand(
    panel: pd.DataFrame,
    static: pd.DataFrame,
    known_future: pd.DataFrame,
    *,
    registry: Registry,
    budget: Budget,
    say: Callable[[str], None] = print,
) -> Training:
    """Train a challenger on everything in `panel` and let it compete for the champion's place.

    Both contenders and the seasonal naive baseline are backtested as recipes: trained anew at
    each cutoff on what was known then, on the same cutoffs. When data and recipe are those of
    the present champion nothing is trained and the recorded result is returned.
    """
    data = fingerprint(panel, static, known_future)
    recipe, trials = _tune(panel, static, known_future, data, budget, say)
    proposal = Proposal(NAME, recipe, data, str(panel["ds"].max().date()))
    known = recorded(registry, proposal, trials)
    if known is not None:
        say(known.promotion.reason)
        return known

    def play(what: Recipe) -> pd.DataFrame:
        say(f"backtesting {what['model']}: {budget.n_windows} windows")
        return backtest(
            lambda: forecaster(what, budget),
            panel,
            static=static,
            known_future=known_future,
            horizon=budget.horizon,
            n_windows=budget.n_windows,
            step_size=budget.step_size,
        )

    played = {"seasonal_naive": play(BASELINE)}
    played |= {family: play(recipe | {"model": family}) for family in FAMILIES}
    played["ensemble"] = play(recipe)
    champion = registry.champion(NAME)
    present = champion_recipe(champion)
    if present is not None:
        played["champion"] = played["ensemble"] if present == recipe else play(present)
    promotion = decide(
        played["ensemble"],
        played.get("champion"),
        played["seasonal_naive"],
        is_newer_data=proposal.is_newer_than(champion),
        is_same_recipe=present == recipe,
        abc_class=static.set_index("unique_id")["abc_class"],
    )
    say(promotion.reason)
    winner = BASELINE if promotion.winner == "baseline" else recipe
    evidence = played[winner["model"]]
    say(f"fitting {winner['model']} on all {panel['ds'].nunique()} weeks")
    return settle(
        registry,
        proposal,
        promotion,
        recipe=winner,
        save=forecaster(winner, budget).fit(panel, static, known_future).save,
        metrics=score(evidence),
        table=pd.DataFrame([{"model": name, **score(rows)} for name, rows in played.items()]),
        backtest=evidence,
        trials=trials,
    )


def forecast_demand(
    panel: pd.DataFrame, static: pd.DataFrame, known_future: pd.DataFrame, *, registry: Registry
) -> DemandForecast:
    """The champion's forecast from the end of `panel`.

    Raises LookupError when no champion is registered.
    """
    champion = registry.champion(NAME)
    if champion is None:
        raise LookupError("no demand model is champion yet: materialize asset 'demand_model'")
    model = DemandForecaster.load(registry.fetch(champion)).update(panel, static, known_future)
    return DemandForecast(
        champion,
        model.predict(known_future).assign(model_version=champion.version),
        model.predict_cumulative(tuple(range(1, model.horizon + 1)), known_future),
    )


def forecaster(recipe: Recipe, budget: Budget) -> DemandForecaster:
    """An unfitted forecaster as the recipe says."""
    return DemandForecaster(
        horizon=budget.horizon,
        model=recipe["model"],
        seed=budget.seed,
        params=recipe.get("params"),
        threads=budget.threads,
    )


def _tune(
    panel: pd.DataFrame,
    static: pd.DataFrame,
    known_future: pd.DataFrame,
    data: str,
    budget: Budget,
    say: Callable[[str], None],
) -> tuple[Recipe, pd.DataFrame]:
    """The challenger's recipe: the best trial of each family's study on this data."""
    params, trials = {}, []
    for family in FAMILIES:
        # the LSTM costs several times a boosted trial
        n_trials = budget.n_trials if family == "xgboost" else (budget.n_trials + 1) // 3
        say(f"tuning {family}: {n_trials} trials")
        result = tune(
            demand_objective(
                panel,
                static,
                known_future,
                family=family,
                horizon=budget.horizon,
                seed=budget.seed,
                threads=budget.threads,
            ),
            study_name=f"{NAME}-{family}-{data}",
            storage_url=budget.studies_url,
            n_trials=n_trials,
            seed=budget.seed,
        )
        params[family] = result.params
        trials.append(result.trials.assign(family=family))
    return {"model": "ensemble", "params": params}, pd.concat(trials, ignore_index=True)
