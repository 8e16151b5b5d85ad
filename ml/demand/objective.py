"""What a demand study minimises: scaled pinball over backtest windows, reported one by one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ml.columns import TooLittleData
from ml.demand import boosted, recurrent
from ml.demand.calibration import tidy
from ml.demand.features import FeatureTables
from ml.demand.panel import (
    StaticCodes,
    build_history,
    check_known_future,
    check_panel,
    check_static,
)
from ml.metrics import bias, scaled_pinball, wape

FAMILIES = {
    "xgboost": (boosted.BoostedDemand, boosted.demand_search_space),
    "lstm": (recurrent.RecurrentDemand, recurrent.demand_search_space),
}
DEFAULTS = {"xgboost": boosted.DEFAULTS, "lstm": recurrent.DEFAULTS}
SMALLER = {
    "xgboost": {"max_rows": 40_000, "max_quantile_rows": 15_000},
    "lstm": {"pairs_per_epoch": 2_500},
}
# By how much untuned boosters miss the total of a window, on average over 13 earlier windows of
# VN2, Dominick's, Online Retail and a generated shop. The windows of a study share most of their
# weeks, so this much says which parameters had luck with them, not which are better.
LUCK = 0.13


def tuned_defaults(family: str) -> dict[str, Any]:
    """What an untuned model of `family` has where a trial could choose."""
    import optuna

    _, space = FAMILIES[family]
    return space(optuna.trial.FixedTrial(DEFAULTS[family]))


def demand_objective(
    panel: pd.DataFrame,
    static: pd.DataFrame | None = None,
    known_future: pd.DataFrame | None = None,
    *,
    family: str,
    freq: str = "W-MON",
    horizon: int = 13,
    quantiles: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99),
    n_windows: int = 2,
    step_size: int = 6,
    seed: int = 7,
    threads: int = 2,
) -> Callable[[Any], float]:
    """Return objective(trial) for `family` "xgboost" or "lstm": mean over windows, less is better.

    A window is one origin: the family alone is fitted on what that origin could see, without
    ensemble and calibration, and scored on in-stock weeks by (scaled pinball + WAPE) / 2, plus what
    |bias| exceeds LUCK by: neither booster goes untuned, and a mean that WAPE alone would draw down
    to the median, with orders too small in total, does not win. Best parameters go to
    DemandForecaster(params={family: ...}).
    Raises ValueError for an unknown family, TooLittleData for a panel too short.
    """
    if family not in FAMILIES:
        raise ValueError(f"family must be one of {sorted(FAMILIES)}, got {family!r}")
    model, space = FAMILIES[family]
    static, known_future = check_static(static), check_known_future(known_future)
    known = () if known_future is None else tuple(known_future.columns.drop(["unique_id", "ds"]))
    tables = FeatureTables(
        build_history(
            check_panel(panel, freq),
            freq=freq,
            horizon=horizon,
            codes=StaticCodes.learn(static),
            static=static,
            known_future=known_future,
            known_columns=known,
        )
    )
    last = tables.n_weeks - 1
    origins = [last - horizon - step_size * k for k in reversed(range(n_windows))]
    if origins[0] < 1 or not tables.can_model(origins[0]).any():
        raise TooLittleData(f"{n_windows} windows of {horizon} weeks need a longer panel")

    def objective(trial: Any) -> float:
        import optuna

        params = SMALLER[family] | space(trial)
        losses: list[float] = []
        for window, origin in enumerate(origins):
            member = model(
                horizon=horizon, quantiles=quantiles, seed=seed, threads=threads, params=params
            )
            made = member.fit(tables, origin).predict(tables, origin)
            y = tables.history.y[:, origin + 1 : origin + 1 + horizon]
            seen = tables.can_model(origin)[:, None] & ~np.isnan(y)
            levels = tidy(made.quantiles)[seen]
            loss = scaled_pinball(y[seen], dict(zip(quantiles, levels.T, strict=True)))
            mean = made.mean[seen]
            too_far = max(abs(bias(y[seen], mean)) - LUCK, 0)
            losses.append((loss + wape(y[seen], mean)) / 2 + too_far)
            trial.report(float(np.mean(losses)), window)
            if trial.should_prune():
                raise optuna.TrialPruned
        return float(np.mean(losses))

    return objective
