"""What a replay was worth: cost, stock days, stock-outs and fill, each with its unit."""

from dataclasses import dataclass

import numpy as np

from ml.replenishment.simulation import Ledger


@dataclass(frozen=True)
class Costs:
    """Money per unit: `holding` for a unit left at the end of a period, `shortage` for a unit that
    was missed (lost), or owed at the end of a period; (n, 1) or one for all series."""

    holding: np.ndarray | float = 0.2
    shortage: np.ndarray | float = 1.0

    def of(self, ledger: Ledger, *, backorders: bool = False) -> np.ndarray:
        """Cost of each series and period (n, T)."""
        short = ledger.owed if backorders else ledger.missed
        return self.holding * ledger.closing + self.shortage * short


@dataclass(frozen=True)
class Outcome:
    """The figures of one policy; shares are 0-1, nan where there was nothing to measure.

    `cost` = `holding_cost` + `shortage_cost`. `turnover_days`: mean stock at the end of a period
    over mean units sold per day. `stockout_rate`: share of series-periods in which demand was
    missed, of all series-periods. `fill_rate`: units served at once over units demanded, so volume
    weighted; `a_` the same two on class A, `promotion_fill` in promotion periods.
    """

    cost: float
    holding_cost: float
    shortage_cost: float
    turnover_days: float
    stockout_rate: float
    fill_rate: float
    a_stockout_rate: float
    a_fill_rate: float
    promotion_fill: float

    def regret(self, foresight: "Outcome") -> float:
        """Cost beyond what perfect foresight would have cost."""
        return self.cost - foresight.cost


def outcome(
    ledger: Ledger,
    costs: Costs,
    *,
    backorders: bool = False,
    is_a: np.ndarray | None = None,
    is_promotion: np.ndarray | None = None,
    days_per_period: int = 7,
) -> Outcome:
    """Measure a replay. `is_a` (n,) marks class A, `is_promotion` (n, T) promotion cells."""
    short = ledger.owed if backorders else ledger.missed
    holding = float(np.sum(costs.holding * ledger.closing))
    shortage = float(np.sum(costs.shortage * short))
    a = np.zeros(len(ledger.demand), dtype=bool) if is_a is None else np.asarray(is_a, dtype=bool)
    promotion = np.zeros(ledger.demand.shape, dtype=bool) if is_promotion is None else is_promotion
    missing = ledger.missed > 1e-9
    return Outcome(
        cost=holding + shortage,
        holding_cost=holding,
        shortage_cost=shortage,
        turnover_days=days_per_period * _share(ledger.closing.sum(), ledger.sold.sum()),
        stockout_rate=float(missing.mean()),
        fill_rate=_share(ledger.sold.sum(), ledger.demand.sum()),
        a_stockout_rate=float(missing[a].mean()) if a.any() else float("nan"),
        a_fill_rate=_share(ledger.sold[a].sum(), ledger.demand[a].sum()),
        promotion_fill=_share(ledger.sold[promotion].sum(), ledger.demand[promotion].sum()),
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
