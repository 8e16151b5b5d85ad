"""Demand training: tune, backtest beside baseline and champion, fit, register, promote."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from ml.backtest import backtest_members, cutoffs, score, windows_that_fit
from ml.columns import TooLittleData
from ml.demand.forecaster import DemandForecaster
from ml.demand.objective import demand_objective, tuned_defaults
from ml.promotion import PlanCost, Promotion, decide
from ml.registry import Registry, Version
from ml.training import (
    Budget,
    Proposal,
    Recipe,
    Training,
    champion_recipe,
    fingerprint,
    in_charge,
    recorded,
    settle,
    tune_families,
)

NAME = "demand"
BASELINE = {"model": "seasonal_naive"}
FAMILIES = ("xgboost", "lstm")
SLICES = ("brand_id", "category", "warehouse_id")  # none of their values may collapse
_NOTHING = pd.DataFrame(
    {
        "unique_id": pd.Series(dtype=str),
        "ds": pd.Series(dtype="datetime64[ns]"),
        "cutoff": pd.Series(dtype="datetime64[ns]"),
        "step": pd.Series(dtype=int),
        "is_stockout": pd.Series(dtype=bool),
        **{name: pd.Series(dtype=float) for name in ("y", "volume", "y_hat", "p05", "p95")},
    }
)


@dataclass(frozen=True)
class DemandForecast:
    """`weekly`: one row per series and step; `cumulative`: the SUM over the next k weeks;
    `reasons`: why, up to five a row of `weekly` (see `DemandForecaster.explain`);
    `level_shifts`: see `DemandForecaster.level_shifts`."""

    version: Version
    weekly: pd.DataFrame
    cumulative: pd.DataFrame
    reasons: pd.DataFrame
    level_shifts: pd.DataFrame


def train_demand(
    panel: pd.DataFrame,
    static: pd.DataFrame,
    known_future: pd.DataFrame,
    *,
    registry: Registry,
    budget: Budget,
    plan_cost: PlanCost | None = None,
    say: Callable[[str], None] = print,
) -> Training:
    """Train a challenger on everything in `panel` and let it compete for the champion's place.

    Contenders and the seasonal naive baseline are backtested as recipes: trained anew at each
    cutoff on what was known then, on the same cutoffs; the challenger is tuned on what lies
    before the first of them. `plan_cost` lets the gate weigh what the plan would have cost. A
    history too short for one window gets the baseline, and the
    promotion says so. When data and recipe are those of the present champion nothing is trained
    and the recorded result is returned. Raises TooLittleData when nothing was ever sold.
    """
    if panel.empty:
        raise TooLittleData(
            "no complete week of demand is visible: land order lines with paid_at on or before "
            "the as-of day"
        )
    data = fingerprint(panel, static, known_future)
    weeks = panel["ds"].nunique()
    shape = {"horizon": budget.horizon, "step_size": budget.step_size}
    n_windows = windows_that_fit(weeks, n_windows=budget.n_windows, **shape)
    recipe, trials = {"model": "ensemble", "params": {}}, pd.DataFrame()
    if n_windows:
        first = cutoffs(panel, n_windows=n_windows, **shape)[0]
        before = panel[panel["ds"] <= first]
        recipe["params"], trials = _tune(before, static, known_future, data, budget, say)
    proposal = Proposal(NAME, recipe, data, str(panel["ds"].max().date()), budget.code)
    known = recorded(registry, proposal, trials)
    if known is not None:
        say(known.promotion.reason)
        return known

    def play(what: Recipe, members: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
        say(f"backtesting {what['model']}: {n_windows} windows of {budget.horizon} weeks")
        return backtest_members(
            lambda: forecaster(what, budget),
            panel,
            members=members,
            static=static,
            known_future=known_future,
            n_windows=n_windows,
            **shape,
        )

    champion = registry.champion(NAME)
    present = champion_recipe(champion)
    played: dict[str, pd.DataFrame] = {}
    if n_windows:
        played["seasonal_naive"] = play(BASELINE)["all"]
        parts = play(recipe, FAMILIES)
        played |= {family: parts[family] for family in FAMILIES} | {"ensemble": parts["all"]}
        if present is not None:
            played["champion"] = parts["all"] if present == recipe else play(present)["all"]
        promotion = decide(
            played["ensemble"],
            played.get("champion"),
            played["seasonal_naive"],
            is_newer_data=proposal.is_newer_than(champion),
            is_same_recipe=present == recipe,
            abc_class=static.set_index("unique_id")["abc_class"],
            attributes=static[["unique_id", *(c for c in SLICES if c in static)]],
            plan_cost=plan_cost,
        )
        promotion = _with_untaught(promotion, played["ensemble"], weeks)
    else:
        promotion = _too_short(weeks, budget)
    say(promotion.reason)
    winner = BASELINE if promotion.winner == "baseline" else recipe
    evidence = played.get(winner["model"], _NOTHING)
    say(f"fitting {winner['model']} on all {weeks} weeks")
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
        shadow_nights=budget.shadow_nights,
    )


def forecast_demand(
    panel: pd.DataFrame, static: pd.DataFrame, known_future: pd.DataFrame, *, registry: Registry
) -> DemandForecast:
    """The champion's forecast from the end of `panel`, see `in_charge`.

    Raises LookupError when no champion is registered, or none that has not seen later weeks.
    """
    champion = in_charge(registry, NAME, panel["ds"].max().date())
    model = _loaded(registry, champion, panel, static, known_future)
    weekly = model.predict()
    return DemandForecast(
        champion,
        weekly.assign(model_version=champion.version),
        model.predict_cumulative(tuple(range(1, model.horizon + 1))),
        model.explain(weekly),
        model.level_shifts,
    )


def shadow_forecast(
    panel: pd.DataFrame, static: pd.DataFrame, known_future: pd.DataFrame, *, registry: Registry
) -> pd.DataFrame | None:
    """`weekly` of `forecast_demand` by the model in the champion's shadow, None without one.

    None too where it has learnt from weeks after the panel's last.
    """
    shadow = registry.shadow(NAME)
    if shadow is None or shadow.tags["last_day"] > str(panel["ds"].max().date()):
        return None
    model = _loaded(registry, shadow, panel, static, known_future)
    return model.predict().assign(model_version=shadow.version)


def _loaded(registry: Registry, version: Version, panel, static, known_future) -> DemandForecaster:
    """The version's model at the end of the panel; it forecasts with these plans."""
    return DemandForecaster.load(registry.fetch(version)).update(panel, static, known_future)


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
) -> tuple[dict[str, dict[str, Any]], pd.DataFrame]:
    """Tuned parameters by family, none where the history is too short to tune on."""
    try:
        return tune_families(
            NAME,
            lambda family: demand_objective(
                panel,
                static,
                known_future,
                family=family,
                horizon=budget.horizon,
                seed=budget.seed,
                threads=budget.threads,
            ),
            data=data,
            last_day=panel["ds"].max().date(),
            budget=budget,
            say=say,
            defaults=tuned_defaults,
        )
    except TooLittleData as problem:
        say(f"not tuned, default parameters are used: {problem}")
        return {}, pd.DataFrame()


def _with_untaught(promotion: Promotion, challenger: pd.DataFrame, weeks: int) -> Promotion:
    """The promotion, with a word of the windows in which the challenger had too little to learn
    from: it forecasts them by the baseline itself, so they tell the two apart in nothing."""
    is_naive = challenger["model"].eq(BASELINE["model"])
    untaught = is_naive.groupby(challenger["cutoff"]).all()
    if not untaught.any():
        return promotion
    reason = (
        f"{promotion.reason}; in {untaught.sum()} of {len(untaught)} windows too few weeks lay "
        "before to learn from, and the challenger is the seasonal naive there"
    )
    if untaught.all():
        reason = (
            f"{weeks} weeks of history are too few to learn from: in every window the challenger "
            f"forecasts by the seasonal naive itself: all models are equal; {promotion.reason}"
        )
    return replace(promotion, reason=reason)


def _too_short(weeks: int, budget: Budget) -> Promotion:
    """Without one window nothing can be compared: the baseline is the safe choice."""
    return Promotion(
        True,
        f"{weeks} weeks of history leave no room for a backtest of {budget.horizon} weeks: the "
        "seasonal naive takes charge until there is more",
        winner="baseline",
        numbers={"n_weeks": float(weeks)},
    )
