"""How much stock each row should reach, and how much of it is missing when the goods can land.

Time. An order can be placed on the first order day, `wait` mornings after as_of + 1, and is sold
from lead_time_days later: `lead_days` = wait + lead time are sold from what is here and under way.
It must last until the goods of the next order day at least a review period later can be sold:
`protection_days`. A SKU that ends earlier is covered to its last day.

Let M(n) be the expected demand of n days, S its spread over `protection_days` at the service level,
and A the stock expected when the goods land. What is sold before then is uncertain by
L = S sqrt(lead / days), what is sold until the next order's goods land, which may be late, by
W = hypot(S sqrt(1 - lead / days), z * daily mean * lead_time_sd_days): hypot(L, W) is the spread of
the whole interval. Stock can only fall short of A by what it has: the `shortfall` A - A', with A'
what is left if L more sells on the way.

level   M(days) + hypot(shortfall, W), rounded up to whole units; under half a unit is none
lost    sales expected to go elsewhere before the goods land (whole units, 0 where demand is owed)
need    level - inventory position - lost

Where nothing runs dry, the shortfall is L and this is order-up-to on the protection interval; where
the shelf is empty when the goods land, it is the quantile of the days after arrival alone, with
the delay of the next goods in it: an order that covered only its own delay would, on a shelf that
runs dry before each arrival, never build the stock that bridges one.
"""

import numpy as np
import pandas as pd

from ml.replenishment.open_orders import OpenOrders
from ml.replenishment.order_calendar import OrderCalendar
from ml.replenishment.protection import DemandCurves, z_score
from ml.replenishment.quantity import inventory_position, whole_units
from ml.replenishment.stock_path import Arrival, stock_at

# The range a planner is shown.
RANGE = (0.1, 0.9)


def set_intervals(rows: pd.DataFrame, as_of: pd.Timestamp, calendar: OrderCalendar) -> None:
    """Set wait_days, lead_days, next_order_days (from this order to the next), protection_days,
    is_shortened (it ends before), is_ending (it ends before goods could land) and is_barred
    (nothing may be ordered or brought: ending, dormant or repeated)."""
    rows["wait_days"] = calendar.first()
    rows["lead_days"] = rows["wait_days"] + rows["lead_time_days"]
    following = calendar.on_or_after((rows["wait_days"] + rows["review_period_days"]).to_numpy())
    days_to_end = (rows["discontinued_on"] - as_of).dt.days.fillna(np.inf).to_numpy()
    rows["is_ending"] = days_to_end <= rows["lead_days"]
    rows["is_barred"] = rows["is_ending"] | rows["is_dormant"] | rows["is_repeated"]
    wanted = following + rows["lead_time_days"].to_numpy()
    rows["protection_days"] = np.minimum(wanted, np.maximum(days_to_end, 0))
    rows["is_shortened"] = rows["protection_days"] < wanted
    rows["next_order_days"] = following - rows["wait_days"].to_numpy()


class Targets:
    """Levels of n rows on their demand curves; `rows` must hold `set_intervals`' columns."""

    def __init__(self, rows: pd.DataFrame, curves: DemandCurves, *, is_lost: bool):
        self.curves, self.is_lost = curves, is_lost
        self.lead = rows["lead_days"].to_numpy()
        self.days = rows["protection_days"].to_numpy()
        service = rows["service_level"].to_numpy()
        self._curve = curves.spread_curve(service)
        self.mean = curves.demand(self.days)
        z = pd.Series(service).map({p: z_score(p) for p in np.unique(service)}).to_numpy(float)
        rate = np.divide(self.mean, self.days, out=np.zeros_like(self.mean), where=self.days > 0)
        self._lead_spread = z * rate * rows["lead_time_sd_days"].to_numpy()
        whole = np.maximum(curves.spread(self._curve, self.days), 0.0)
        before = np.divide(self.lead, self.days, out=np.ones_like(self.days), where=self.days > 0)
        before = np.clip(before, 0.0, 1.0)
        self._spread_before = whole * np.sqrt(before)
        self._spread_after = np.hypot(whole * np.sqrt(1 - before), self._lead_spread)

    def level(self, days: np.ndarray) -> np.ndarray:
        """Whole units (n,) that last `days` (n,) days at the service level."""
        spread = np.maximum(self.curves.spread(self._curve, days), 0.0)
        return whole_units(self.curves.demand(days) + np.hypot(spread, self._lead_spread))

    def at(self, days: np.ndarray, start: np.ndarray, arrivals: list[Arrival]) -> np.ndarray:
        """Units (n,) expected after `days` (n,); what comes later is not in them."""
        return stock_at(self.curves.demand, start, days, arrivals, is_lost=self.is_lost)

    def at_arrival(self, start: np.ndarray, arrivals: list[Arrival]) -> np.ndarray:
        """Units (n,) expected when the goods land."""
        return self.at(self.lead, start, arrivals)

    def shortfall(self, start: np.ndarray, arrivals: list[Arrival]) -> np.ndarray:
        """Units (n,) by which stock on arrival may fall short at the service level."""

        def more(days: np.ndarray) -> np.ndarray:
            share = np.divide(days, self.lead, out=np.zeros_like(days), where=self.lead > 0)
            return self.curves.demand(days) + self._spread_before * np.sqrt(share)

        low = stock_at(more, start, self.lead, arrivals, is_lost=self.is_lost)
        return np.maximum(self.at_arrival(start, arrivals) - low, 0.0)

    def lost_before(self, days: np.ndarray, start: np.ndarray, arrivals) -> np.ndarray:
        """Units (n,) of the first `days` (n,) days' expected demand that find no stock."""
        if not self.is_lost:
            return np.zeros(len(start))
        left = stock_at(self.curves.demand, start, days, arrivals, is_lost=True)
        owed = stock_at(self.curves.demand, start, days, arrivals, is_lost=False)
        return np.maximum(left - owed, 0.0)

    def order_up_to(self, start: np.ndarray, arrivals) -> np.ndarray:
        """Whole units (n,) to reach, as the module says."""
        return whole_units(
            self.mean + np.hypot(self.shortfall(start, arrivals), self._spread_after)
        )


def set_needs(rows: pd.DataFrame, targets: Targets, orders: OpenOrders, transfer_days: int):
    """Set the demand shown, level, position, lost sales and need; return start and arrivals.

    `rows` holds `transfer_in_qty`, `transfer_out_qty` and `expiring_qty` (0 for none).
    """
    curves, days = targets.curves, targets.days
    rows["demand_mean_qty"] = targets.mean
    for name, p in zip(("demand_low_qty", "demand_high_qty"), RANGE, strict=True):
        curve = curves.spread_curve(np.full(len(rows), p))
        rows[name] = np.maximum(targets.mean + curves.spread(curve, days), 0.0)
    start, arrivals = supply(rows, orders, transfer_days)
    held = start + sum(qty for _, qty in arrivals)
    rows["inventory_position"] = held
    rows["order_up_to_level"] = targets.order_up_to(start, arrivals)
    rows["reorder_point"] = targets.level(targets.lead + 1)
    rows["safety_stock_qty"] = np.maximum(rows["order_up_to_level"] - targets.mean, 0.0)
    lost = targets.lost_before(targets.lead, start, arrivals)
    rows["lost_before_qty"] = np.floor(lost + 1e-6)
    need = rows["order_up_to_level"] - held - rows["lost_before_qty"]
    rows["need_qty"] = np.where(rows["is_barred"], 0.0, need)
    return start, arrivals


def supply(
    rows: pd.DataFrame, orders: OpenOrders, transfer_days: int, *, is_dated: bool = False
) -> tuple[np.ndarray, list[Arrival]]:
    """Units (n,) in the house that can still be sold, and what is under way with its days.

    `is_dated`: see `OpenOrders.arrivals`.
    """
    stock = rows["on_hand"].fillna(0).to_numpy() - rows["expiring_qty"].to_numpy()
    moved_out = rows["transfer_out_qty"].to_numpy()
    start = inventory_position(stock, rows["reserved"].to_numpy() + moved_out, 0.0)
    lead = rows["lead_days"].to_numpy()
    moves = (np.minimum(float(transfer_days), lead), rows["transfer_in_qty"].to_numpy(float))
    return start, [*orders.arrivals(lead, is_dated=is_dated), moves]
