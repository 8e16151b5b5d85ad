"""What units are worth in yuan: a unit sold, a unit moved, and an order that is not placed."""

import numpy as np
import pandas as pd

from ml.replenishment.marginal import DemandCdf
from ml.replenishment.parameters import DAYS_PER_YEAR
from ml.replenishment.protection import DemandCurves


def unit_worth(rows: pd.DataFrame) -> np.ndarray:
    """Unit cost (n,), the median of the known ones where it is unknown, never under 0.01."""
    cost = rows["unit_cost_amount"].to_numpy(float)
    median = np.nanmedian(cost) if np.isfinite(cost).any() else 1.0
    return np.where(np.isnan(cost), median, np.maximum(cost, 0.01))


def unit_margin(rows: pd.DataFrame, policy) -> np.ndarray:
    """Yuan (n,) that a sold unit earns: price less cost, else the policy's share of the cost."""
    worth = unit_worth(rows)
    margin = rows["price_amount"].to_numpy(float) - worth
    return np.where(margin > 0, margin, worth * policy.margin_rate)


def demand_cdf(curves: DemandCurves, days: np.ndarray) -> DemandCdf:
    """Distribution of the demand of the `days` (n,) days after as_of."""
    mean = curves.demand(days)
    levels = np.array(list(curves.spreads))
    spread = [curves.spread(curves.spreads[p], days) for p in levels]
    quantiles = np.stack([np.maximum(mean + s, 0.0) for s in spread], axis=1)
    return DemandCdf.from_quantiles(quantiles, levels)


def cost_if_not_ordered(
    rows: pd.DataFrame, curves: DemandCurves, policy, at_arrival: np.ndarray
) -> np.ndarray:
    """Yuan (n,) of margin that the order is expected to save; 0 where nothing is ordered.

    Units that would miss stock between this order's arrival and the next one's, with the order
    against without it. The demand of these days is read off the whole interval's distribution.
    """
    order = rows["order_qty"].to_numpy(float)
    days = rows["protection_days"].to_numpy()
    gone = curves.demand(rows["lead_days"].to_numpy())
    stock = np.maximum(at_arrival, 0.0) + gone
    cdf = demand_cdf(curves, days)
    sold = cdf.expected_sold(np.stack([stock, stock + order], axis=1))
    return np.maximum(sold[:, 1] - sold[:, 0], 0.0) * unit_margin(rows, policy)


def worth_of_moving(
    rows: pd.DataFrame, policy, idle_days: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Yuan per unit (n,) that a move frees where it leaves, and earns where it saves a sale.

    A unit that would have lain `idle_days` (n,) more in a row frees its money for that long; one
    that reaches a row in time for a sale that would be lost before a purchase lands earns its
    margin. Freight is not in it.
    """
    years = np.minimum(idle_days, DAYS_PER_YEAR) / DAYS_PER_YEAR
    return unit_worth(rows) * policy.holding_rate * years, unit_margin(rows, policy)
