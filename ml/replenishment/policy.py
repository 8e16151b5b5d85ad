"""The replenishment decision: a position and a cumulative forecast in, a plan with reasons out.

Boundary. The plan is made after as_of has closed. An order placed on the morning of day D can be
sold from the morning of D + lead time. What is ordered now and what is already on its way must last
until the goods of the *next* review arrive: the protection interval is the lead time plus the
review period in days, starting on as_of + 1. A SKU that ends earlier is covered to its last day.

level          max(mean, quantile at the service level) of the demand in the protection interval;
               a lead time that varies adds z(service level) * daily mean * lead_time_sd_days,
               in quadrature to the spread. Rounded up to whole units; under half a unit is none.
reorder point  the same level over lead time + 1 days: a position below it can't wait a day.
order_by_date  the position covers n whole days at the service level; an order placed on
               as_of + 1 + (n - lead time) still lands in time. Never before as_of + 1.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ml.replenishment.limits import within_limits
from ml.replenishment.protection import DAYS_PER_WEEK, DemandCurves, demand_curves, z_score
from ml.replenishment.quantity import inventory_position, order_quantity, whole_units
from ml.replenishment.terms import Doubts, read_terms
from ml.replenishment.wording import doubt_texts, reasons

PLAN_COLUMNS = (
    "as_of",
    "sku_id",
    "sku_name",
    "warehouse_id",
    "supplier_id",
    "supplier_name",
    "order_qty",
    "order_by_date",
    "expected_on",
    "reason",
    "priority",
    "is_exception",
    "exception",
    "abc_class",
    "on_hand",
    "reserved",
    "on_order",
    "inventory_position",
    "demand_mean_qty",
    "demand_low_qty",
    "demand_high_qty",
    "service_level",
    "order_up_to_level",
    "reorder_point",
    "safety_stock_qty",
    "days_of_cover",
    "days_of_cover_after",
    "lead_time_days",
    "review_period_days",
    "moq",
    "pack_size",
    "unit_cost_amount",
    "order_amount",
    "doubts",
    "model",
)
LONGEST_COVER_DAYS = 999.0
FALLBACK_MODEL = "last_26w_rate"
# The range a planner is shown, and the smallest shortage worth an alarm, in units.
RANGE = (0.1, 0.9)
SMALLEST_SHORTAGE_QTY = 0.5


@dataclass(frozen=True)
class Policy:
    """What holds where the masters don't say otherwise.

    `service_level`: probability, by ABC class, that the protection interval passes without a
    stock-out. `excess_cover_days`: an order that lasts longer is doubted (MOQ or pack too large).
    `budget_amount`: yuan for the orders of one plan together; `supplier_capacity_qty`: units by
    supplier_id; what is not set has no limit. Orders worth least give way, and say so.
    Raises ValueError for a value that no plan could be made with.
    """

    service_level: Mapping[str, float] = field(
        default_factory=lambda: {"A": 0.95, "B": 0.90, "C": 0.85}
    )
    fallback_abc_class: str = "C"
    review_period_days: int = 7
    lead_time_days: int = 14
    moq: float = 1
    pack_size: int = 1
    excess_cover_days: float = 180
    budget_amount: float | None = None
    supplier_capacity_qty: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self):
        wrong = {k: v for k, v in self.service_level.items() if not 0.5 <= v < 1}
        if wrong:
            raise ValueError(f"service levels must lie in [0.5, 1): {wrong}")
        if self.fallback_abc_class not in self.service_level:
            raise ValueError(f"no service level for class '{self.fallback_abc_class}'")
        if self.review_period_days < 1 or self.lead_time_days < 0 or self.moq < 0:
            raise ValueError("review_period_days >= 1, lead_time_days >= 0 and moq >= 0 are needed")
        if self.pack_size < 1 or self.pack_size != int(self.pack_size):
            raise ValueError(f"pack_size must be a whole number from 1, not {self.pack_size}")
        limits = [self.budget_amount or 0.0, *self.supplier_capacity_qty.values()]
        if not all(limit >= 0 for limit in limits):
            raise ValueError("a budget_amount or supplier capacity needed must not be negative")


def plan(
    position: pd.DataFrame,
    cumulative: pd.DataFrame,
    *,
    as_of: dt.date,
    cutoff: pd.Timestamp,
    policy: Policy | None = None,
    language: str = "zh",
    model: str = "forecast",
) -> pd.DataFrame:
    """One decision per row of `position`, most urgent first.

    `position`: `fct_inventory_position` as of `as_of`. `cumulative`: predict_cumulative output,
    the distribution of the sum over the next `periods` weeks after the week that starts on
    `cutoff` (a Monday); series that `position` lacks are left alone. `model` names the forecast
    where `cumulative` has no model column. Returns PLAN_COLUMNS; quantities in units, money in
    yuan; order_by_date and expected_on are null where nothing is ordered, unit_cost_amount and
    order_amount where no cost is known, on_hand where there was no count. Cover is by the whole
    inventory position, at most 999 days.

    priority: 1 sales are at risk, 2 a master or a count must be checked first, 3 order tomorrow,
    4 order before the next review, 5 nothing to order. Within a priority the earliest
    order_by_date comes first, then the largest amount, then sku_id and warehouse_id.

    Raises ValueError when a column is missing, the cutoff is no Monday or its week is not over on
    `as_of`, or the forecast was made for another cutoff.
    """
    policy = policy or Policy()
    as_of, cutoff = pd.Timestamp(as_of).normalize(), pd.Timestamp(cutoff).normalize()
    elapsed = (as_of - cutoff).days - (DAYS_PER_WEEK - 1)
    if cutoff.dayofweek != 0:
        raise ValueError(f"cutoff {cutoff.date()} is not a Monday")
    if elapsed < 0:
        raise ValueError(f"the week of cutoff {cutoff.date()} is not over on {as_of.date()}")

    rows, doubts = read_terms(position, policy, as_of)
    curves, covered = demand_curves(
        cumulative,
        rows["unique_id"],
        rows["daily_rate"].to_numpy(),
        cutoff=cutoff,
        elapsed=elapsed,
    )
    doubts.add("no_forecast", ~covered)
    doubts.add("stale_forecast", covered & (elapsed >= DAYS_PER_WEEK))
    rows["model"] = np.where(covered, _model_names(cumulative, rows, model), FALLBACK_MODEL)
    rows["as_of"] = as_of
    _decide(rows, curves, as_of, policy)
    horizon = curves.knots[-1] * DAYS_PER_WEEK - elapsed
    doubts.add("beyond_horizon", covered & (rows["protection_days"] > horizon), horizon)
    excess = (rows["order_qty"] > 0) & (rows["days_of_cover_after"] > policy.excess_cover_days)
    doubts.add("excess_cover", excess, rows["days_of_cover_after"].round())
    _raise_exceptions(rows, doubts, curves, as_of)
    rows["doubts"] = doubt_texts(doubts, policy, len(rows), language)
    rows["reason"] = reasons(rows, language)
    shown = ["demand_mean_qty", "demand_low_qty", "demand_high_qty", "safety_stock_qty"]
    rows[shown] = rows[shown].round(2)
    cover = ["days_of_cover", "days_of_cover_after"]
    rows[cover] = rows[cover].round(1)
    rows["order_amount"] = rows["order_amount"].round(2)
    ranked = rows.sort_values(
        ["priority", "order_by_date", "order_amount", "sku_id", "warehouse_id", "supplier_id"],
        ascending=[True, True, False, True, True, True],
        kind="stable",
        na_position="last",
    )
    return ranked[list(PLAN_COLUMNS)].reset_index(drop=True)


def _decide(rows: pd.DataFrame, curves: DemandCurves, as_of: pd.Timestamp, policy) -> None:
    lead = rows["lead_time_days"].to_numpy()
    days_to_end = (rows["discontinued_on"] - as_of).dt.days.fillna(np.inf).to_numpy()
    rows["is_ending"] = days_to_end <= lead
    days = np.minimum(lead + rows["review_period_days"], np.maximum(days_to_end, 0)).to_numpy()
    rows["protection_days"] = days

    mean = curves.demand(days)
    rows["demand_mean_qty"] = mean
    for name, p in zip(("demand_low_qty", "demand_high_qty"), RANGE, strict=True):
        curve = curves.spread_curve(np.full(len(rows), p))
        rows[name] = np.maximum(mean + curves.spread(curve, days), 0.0)

    service = rows["service_level"].to_numpy()
    curve = curves.spread_curve(service)
    z = pd.Series(service).map({p: z_score(p) for p in np.unique(service)}).to_numpy()
    rate = np.divide(mean, days, out=np.zeros_like(mean), where=days > 0)
    lead_spread = z * rate * rows["lead_time_sd_days"].to_numpy()

    def level(n: np.ndarray) -> np.ndarray:
        spread = np.maximum(curves.spread(curve, n), 0.0)
        return whole_units(curves.demand(n) + np.hypot(spread, lead_spread))

    rows["order_up_to_level"] = level(days)
    rows["reorder_point"] = level(lead + 1)
    rows["safety_stock_qty"] = np.maximum(rows["order_up_to_level"] - mean, 0.0)

    held = inventory_position(
        rows["on_hand"].fillna(0).to_numpy(),
        rows["reserved"].to_numpy(),
        rows["on_order"].to_numpy(),
    )
    rows["inventory_position"] = held
    rows["need_qty"] = np.where(
        rows["is_ending"] | rows["is_repeated"], 0.0, rows["order_up_to_level"] - held
    )
    rows["order_qty"] = order_quantity(rows["need_qty"], rows["moq"], rows["pack_size"])
    rows["wanted_qty"] = rows["order_qty"]
    rows["order_qty"], rows["bound_by"] = within_limits(rows, curves, policy)
    rows["order_amount"] = rows["order_qty"] * rows["unit_cost_amount"]
    rows["days_of_cover"] = curves.days_covered(held, most=LONGEST_COVER_DAYS)
    rows["days_of_cover_after"] = curves.days_covered(
        held + rows["order_qty"].to_numpy(), most=LONGEST_COVER_DAYS
    )
    spare = np.maximum(_days_served(level, held, days) - lead, 0)
    ordered = rows["order_qty"] > 0
    rows["order_by_date"] = (as_of + pd.to_timedelta(1 + spare, unit="D")).where(ordered)
    rows["expected_on"] = rows["order_by_date"] + pd.to_timedelta(lead, unit="D")


def _days_served(level, held: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Largest n in [0, most] with level(n) <= held, by bisection: level never falls with n."""
    low, high = np.zeros_like(most), most.copy()
    while np.any(low < high):
        middle = np.ceil((low + high) / 2)
        enough = level(middle) <= held + 1e-6
        low, high = np.where(enough, middle, low), np.where(enough, high, middle - 1)
    return np.maximum(low, 0.0)


def _raise_exceptions(rows, doubts: Doubts, curves: DemandCurves, as_of: pd.Timestamp) -> None:
    """Set exception, is_exception and priority, and the days the stock in the house will last."""
    lead = rows["lead_time_days"].to_numpy()
    ordered = (rows["order_qty"] > 0).to_numpy()
    held = rows["inventory_position"].to_numpy()
    in_house = held - rows["on_order"].to_numpy()
    late = doubts.any("undated_po", "overdue_po")
    wait = (rows["next_expected_on"] - as_of).dt.days.to_numpy() - 1.0
    wait = np.where(late, lead, np.nan_to_num(wait, nan=0.0))
    wait = np.clip(wait, 0.0, 10 * LONGEST_COVER_DAYS)
    runs_out = curves.demand(lead) - held >= SMALLEST_SHORTAGE_QTY
    dry_before_po = curves.demand(wait) - in_house >= SMALLEST_SHORTAGE_QTY
    rows["days_in_house"] = curves.days_covered(in_house, most=LONGEST_COVER_DAYS)
    no_count = doubts.any("no_stock_count")
    unsure = doubts.any("no_supplier", "no_lead_time", "bad_lead_time")
    active = ~(rows["is_ending"] | rows["is_repeated"]).to_numpy()
    tests = {
        "check_stock": ordered & no_count,
        "expedite": ordered & runs_out,
        "late_po": active & ~no_count & (rows["on_order"] > 0) & dry_before_po,
        "check_master": (ordered & unsure) | rows["is_repeated"].to_numpy(),
    }
    rows["exception"] = np.select(list(tests.values()), list(tests), default="")
    rows["is_exception"] = rows["exception"] != ""
    tomorrow = rows["order_by_date"] == as_of + pd.Timedelta(days=1)
    rows["priority"] = np.select(
        [
            rows["exception"].isin(["expedite", "late_po"]),
            rows["is_exception"],
            ordered & tomorrow,
            ordered,
        ],
        [1, 2, 3, 4],
        default=5,
    )


def _model_names(cumulative: pd.DataFrame, rows: pd.DataFrame, model: str):
    if "model" not in cumulative:
        return model
    names = cumulative.drop_duplicates("unique_id").set_index("unique_id")["model"]
    return rows["unique_id"].map(names).fillna(model)
