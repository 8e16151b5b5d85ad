"""The service level per ABC class that the last backtest's windows would have paid for.

Each window is replayed week by week with the plan's own rule (`arrival.ArrivalTarget`), the
forecast made at its cutoff, the suppliers' lead times as they vary, MOQ and packs. One forecast has
to serve a whole window, where the plan gets a newer one every week: the levels err to the safe
side. Only weeks that are over by as_of are read, and the windows are the gate's own: nothing that a
plan is measured on later is in them.

cost  the level at which margin missed and money bound cost least together
fill  the lowest level at which a class reached the fill rate asked for
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from ml.columns import quantile_columns
from ml.replenishment.arrival import ArrivalTarget, PeriodForecast
from ml.replenishment.outcome import Costs
from ml.replenishment.parameters import DAYS_PER_YEAR, Policy
from ml.replenishment.protection import DAYS_PER_WEEK
from ml.replenishment.service import service_by_cost, service_by_fill
from ml.replenishment.simulation import (
    Ledger,
    Terms,
    lead_time_draws,
    lead_time_miss,
    open_shelf,
    replay,
)
from ml.replenishment.terms import read_terms
from ml.replenishment.worth import unit_margin, unit_worth

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)
# Fewer series than this say nothing about a class.
FEWEST_SERIES = 10
# Weeks of a window that must be left to judge once the first own order has landed.
FEWEST_WEEKS = 4
_SEED = 11


@dataclass(frozen=True)
class TunedService:
    """`levels` by class, only of classes with evidence; `windows` the cutoffs and `series` the
    number of series they were found on."""

    levels: dict[str, float]
    windows: tuple[str, ...] = ()
    series: int = 0


def tuned_service(
    backtest: pd.DataFrame,
    position: pd.DataFrame,
    prices: pd.Series,
    *,
    policy: Policy,
    as_of: pd.Timestamp,
    fill_rate: float | None = None,
) -> TunedService:
    """Levels by cost, or by `fill_rate` where one is given.

    `backtest`: unique_id, ds, cutoff, step, y, y_hat, quantiles [, is_stockout]; `position`:
    `fct_inventory_position`; `prices`: yuan by unique_id. Series with an unknown week or a
    stock-out in any window, and those whose lead time leaves too little to judge, take no part.
    """
    as_of = pd.Timestamp(as_of).normalize()
    rows, _ = read_terms(position, policy, as_of)
    rows["price_amount"] = rows["unique_id"].map(prices)
    rows["cost"], rows["margin"] = unit_worth(rows), unit_margin(rows, policy)
    rows = rows[~rows["is_repeated"]].set_index("unique_id")
    frame = backtest[pd.to_datetime(backtest["ds"]) + pd.Timedelta(days=6) <= as_of]
    steps = int(frame["step"].max()) if len(frame) else 0
    lead = np.ceil(rows["lead_time_days"] / DAYS_PER_WEEK)
    review = np.ceil(rows["review_period_days"] / DAYS_PER_WEEK)
    rows = rows.assign(lead=lead.astype(int), review=review.astype(int))
    rows = rows[lead + review + FEWEST_WEEKS <= steps]
    whole, cutoffs = _whole(frame, rows.index, steps)
    if len(whole) < FEWEST_SERIES:
        return TunedService({})
    rows = rows.loc[whole]
    rows["miss"] = lead_time_miss(rows["lead_time_days"], rows["lead_time_sd_days"], rows["lead"])
    windows = [
        partial(_replayed, *_tables(frame, cutoff, whole), rows, _SEED + k)
        for k, cutoff in enumerate(cutoffs)
    ]
    names, codes = np.unique(rows["abc_class"].to_numpy(str), return_inverse=True)
    if fill_rate is not None:
        targets = np.full(len(names), fill_rate)
        found = service_by_fill(windows, codes, targets, levels=LEVELS)
    else:
        weekly = policy.holding_rate * DAYS_PER_WEEK / DAYS_PER_YEAR
        costs = Costs(
            rows["cost"].to_numpy(float)[:, None] * weekly, rows["margin"].to_numpy(float)[:, None]
        )
        found = service_by_cost(windows, costs, codes, levels=LEVELS)
    levels = {
        str(name): float(found[codes == k][0])
        for k, name in enumerate(names)
        if (codes == k).sum() >= FEWEST_SERIES
    }
    return TunedService(levels, tuple(f"{c:%Y-%m-%d}" for c in cutoffs), len(whole))


def _whole(frame: pd.DataFrame, ids: pd.Index, steps: int) -> tuple[list, list]:
    """Series known through every whole window, and these windows' cutoffs."""
    if not steps:
        return [], []
    reach = frame.groupby("cutoff")["step"].max()
    cutoffs = list(reach.index[reach == steps])
    seen = frame[frame["cutoff"].isin(cutoffs) & frame["unique_id"].isin(ids) & frame["y"].notna()]
    if "is_stockout" in seen:
        seen = seen[~seen["is_stockout"].fillna(False).astype(bool)]
    count = seen.groupby("unique_id").size()
    return sorted(count.index[count == steps * len(cutoffs)]), cutoffs


def _tables(frame: pd.DataFrame, cutoff, ids: list) -> tuple[np.ndarray, PeriodForecast]:
    """Demand (n, H) of one window, and what was expected of it."""
    part = frame[frame["cutoff"] == cutoff]
    levels = quantile_columns(part)

    def wide(name: str) -> np.ndarray:
        return part.pivot(index="unique_id", columns="step", values=name).loc[ids].to_numpy(float)

    quantiles = np.stack([wide(name) for name in levels.values()], axis=2)
    return wide("y"), PeriodForecast(wide("y_hat"), quantiles, np.array(list(levels)))


def _replayed(
    demand: np.ndarray, known: PeriodForecast, rows: pd.DataFrame, seed: int, level: float
) -> Ledger:
    lead, review = rows["lead"].to_numpy(), rows["review"].to_numpy()
    reach, periods = int((lead + review).max()), demand.shape[1]
    # behind a window's end its last week goes on; what is ordered for then lands after the end
    index = np.minimum(np.arange(periods + reach), periods - 1)

    def at(t: int) -> PeriodForecast:
        ahead = index[t : t + reach]
        return PeriodForecast(known.mean[:, ahead], known.quantiles[:, ahead], known.levels)

    lead_days, sd_days = (rows[f"lead_time_{name}days"].to_numpy(float) for name in ("", "sd_"))
    draws = lead_time_draws(np.random.default_rng(seed), lead_days, sd_days, periods)
    longest = int(max(draws.max(), lead.max()))
    first = np.arange(longest)[None, :] < lead[:, None]
    under_way = np.where(first, known.mean[:, index[1 : longest + 1]], 0.0)
    ledger, _ = replay(
        ArrivalTarget(at, lead, level, rows["miss"].to_numpy(), review),
        demand,
        open_shelf(np.rint(known.mean[:, 0]), np.rint(under_way), longest_lead=longest + 1),
        lead=draws,
        quoted_lead=lead,
        terms=Terms(rows["moq"].to_numpy(float), rows["pack_size"].to_numpy(float)),
    )
    # what arrives before the first own order is nobody's merit
    return ledger.last(max(periods - int(lead.max()), 1))
