"""The replenishment decision: a position and a cumulative forecast in, a plan with reasons out.

Boundary. The plan is made after as_of has closed. An order placed on the morning of day D can be
sold from the morning of D + lead time. What is ordered now and what is already on its way must last
until the goods of the *next* review arrive: the protection interval is the lead time plus the
review period in days, starting on as_of + 1. A SKU that ends earlier is covered to its last day.

Steps: terms and doubts -> level and need (`targets`), festival pre-build (`prebuild`), transfers
between warehouses (`moves`) and demand that moves to substitutes (`substitutes`), in the order that
`redistribution` gives them -> quantities within every limit (`limits`) -> exceptions, reasons.

reorder point  the level over lead time + 1 days: a position below it can't wait a day.
order_by_date  the position covers n whole days at the service level; an order placed on
               as_of + 1 + (n - lead time) still lands in time. On an order day of the supplier.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.replenishment.contract import PLAN_COLUMNS
from ml.replenishment.drivers import drivers, no_signals
from ml.replenishment.exceptions import (
    EXCEPTIONS,
    LONGEST_COVER_DAYS,
    confidence,
    raise_exceptions,
)
from ml.replenishment.expiry import expiring_units
from ml.replenishment.limits import Fitted, fit
from ml.replenishment.moves import MOVE_COLUMNS
from ml.replenishment.open_orders import OpenOrders
from ml.replenishment.order_calendar import OrderCalendar
from ml.replenishment.overrides import Overrides, no_overrides
from ml.replenishment.pallets import set_pallets
from ml.replenishment.parameters import Policy
from ml.replenishment.projection import project
from ml.replenishment.protection import DAYS_PER_WEEK, DemandCurves, demand_curves
from ml.replenishment.quantity import order_quantity
from ml.replenishment.redistribution import redistribute, substituted
from ml.replenishment.targets import set_intervals
from ml.replenishment.terms import Doubts, read_terms
from ml.replenishment.wording import joined, reasons
from ml.replenishment.wording_doubts import doubt_texts
from ml.replenishment.worth import cost_if_not_ordered

FALLBACK_MODEL = "last_26w_rate"


@dataclass(frozen=True)
class Plan:
    """`orders`: PLAN_COLUMNS, most urgent first. `transfers`: MOVE_COLUMNS. `overrides`: one row
    per override handed in, with its `status`. `projection()`: stock by week with and without the
    order, as `projection.project` returns it. `fitted`: what the limits did, rows as handed in."""

    orders: pd.DataFrame
    transfers: pd.DataFrame
    overrides: pd.DataFrame
    projection: Callable[[], pd.DataFrame]
    fitted: Fitted


def plan(position: pd.DataFrame, cumulative: pd.DataFrame, **options) -> pd.DataFrame:
    """The orders of `make_plan`, which takes the same arguments."""
    return make_plan(position, cumulative, **options).orders


def make_plan(
    position: pd.DataFrame,
    cumulative: pd.DataFrame,
    *,
    as_of: dt.date,
    cutoff: pd.Timestamp,
    policy: Policy | None = None,
    language: str = "zh",
    model: str = "forecast",
    signals: pd.DataFrame | None = None,
    lots: pd.DataFrame | None = None,
    overrides: pd.DataFrame | None = None,
    substitutes: pd.DataFrame | None = None,
    festivals: pd.DataFrame | None = None,
    open_orders: pd.DataFrame | None = None,
) -> Plan:
    """One decision per row of `position`, most urgent first.

    `position`: `fct_inventory_position` as of `as_of`. `cumulative`: predict_cumulative output,
    the distribution of the sum over the next `periods` weeks after the week that starts on
    `cutoff` (a Monday); series that `position` lacks are left alone. `model` names the forecast
    where `cumulative` has no model column. `signals`: what moves demand and what a unit sells for
    (`drivers.signals`). `lots`: `expiry.LOT_COLUMNS`. `overrides`: `overrides.OVERRIDE_COLUMNS`.
    `substitutes`: `substitutes.SUBSTITUTE_COLUMNS`. `festivals`: `prebuild.FESTIVAL_COLUMNS`.
    `open_orders`: `open_orders.OPEN_ORDER_COLUMNS`, the days of what is on order; without it, all
    of a row's comes on next_expected_on.

    Quantities in units, money in yuan; order_by_date and expected_on are null where nothing is
    ordered, unit_cost_amount and order_amount where no cost is known, on_hand where there was no
    count, planned_qty where no override holds. Cover is by the whole inventory position, at most
    999 days.

    priority: 1 sales are at risk, 2 a person must look first, 3 order tomorrow, 4 order before the
    next review, 5 nothing to order. Within a priority the most serious exception comes first, then
    the earliest order_by_date, the largest amount, sku_id and warehouse_id.

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
    asked = no_overrides(len(rows)) if overrides is None else Overrides.read(overrides, rows, as_of)
    rows["planned_qty"] = np.nan
    if asked.is_any:
        own = make_plan(
            position,
            cumulative,
            as_of=as_of,
            cutoff=cutoff,
            policy=policy,
            language=language,
            model=model,
            signals=signals,
            lots=lots,
            substitutes=substitutes,
            festivals=festivals,
            open_orders=open_orders,
        )
        rows["planned_qty"] = np.where(asked.is_overridden, own.fitted.qty, np.nan)
    series, rate = asked.stand_in(rows["unique_id"], rows["daily_rate"].to_numpy())
    curves, covered = demand_curves(cumulative, series, rate, cutoff=cutoff, elapsed=elapsed)
    doubts.add("no_forecast", ~covered)
    doubts.add("stale_forecast", covered & (elapsed >= DAYS_PER_WEEK))
    doubts.add("override_unread", asked.is_unread)
    doubts.add("override_expired", asked.is_expired)
    rows["model"] = np.where(covered, _model_names(cumulative, series, model), FALLBACK_MODEL)
    rows["as_of"] = as_of
    signals = no_signals() if signals is None else signals
    signals = signals.drop_duplicates("unique_id")
    signal = signals.set_index("unique_id").reindex(rows["unique_id"])
    rows["price_amount"] = signal["price_amount"].to_numpy()
    left = signal["sold_while_empty_qty"].to_numpy(float, na_value=np.nan)
    contradicted = (left > 0) & (rows["on_hand"] <= 0).to_numpy()
    doubts.add("sold_while_empty", contradicted, np.where(contradicted, left, 0).astype(int))
    rows["empty_weeks"] = signal["empty_weeks"].to_numpy(float, na_value=0.0)
    rows["is_dormant"] = _is_dormant(rows, policy) & ~asked.is_overridden
    curves = curves.scaled(np.where(rows["is_dormant"], 0.0, asked.factor))
    rows["override"] = asked.words(language)

    set_pallets(rows, doubts, policy)
    calendar = OrderCalendar(
        as_of, rows["supplier_id"], policy.order_weekdays, policy.supplier_closed
    )
    set_intervals(rows, as_of, calendar)
    rows["expiring_qty"] = expiring_units(rows, lots, curves, policy, as_of)
    orders = OpenOrders.read(rows, open_orders, as_of)
    moved, units = substituted(
        rows, curves, orders, as_of, policy, substitutes, calendar, festivals
    )
    doubts.add("no_substitute", moved.is_unmet)
    curves = moved.added_to(curves)
    moves, fitted, at_arrival = _decide(
        rows, curves, orders, as_of, policy, asked, calendar, festivals
    )
    horizon = curves.knots[-1] * DAYS_PER_WEEK - elapsed
    doubts.add("beyond_horizon", covered & (rows["protection_days"] > horizon), horizon)
    _doubt_quantities(rows, doubts, policy)
    raise_exceptions(rows, doubts, curves, orders, as_of, policy)
    hidden = signal["stockout_share"].to_numpy(float, na_value=np.nan)
    rows["confidence"] = confidence(rows, doubts, hidden)
    rows["drivers"] = joined(
        drivers(rows, _believed(signals), as_of, language),
        moved.words(units, rows["sku_id"], language),
        language,
    )
    cost = cost_if_not_ordered(rows, curves, policy, at_arrival)
    rows["cost_if_not_ordered_amount"] = cost.round(2)
    rows["doubts"] = doubt_texts(doubts, policy, len(rows), language)
    rows["reason"] = reasons(rows, language)
    return Plan(
        _ranked(rows),
        moves[list(MOVE_COLUMNS)],
        asked.report,
        lambda: project(rows, curves, orders, as_of, policy),
        fitted,
    )


def _believed(signals: pd.DataFrame) -> pd.DataFrame:
    """`signals` without the stock-outs that sales contradict."""
    share = signals["stockout_share"].where(signals["sold_while_empty_qty"].isna())
    return signals.assign(stockout_share=share)


def _is_dormant(rows: pd.DataFrame, policy: Policy) -> np.ndarray:
    """Nothing in stock, under way or sold for so long that nobody seems to sell it any more."""
    is_owed = (rows["on_hand"] < 0) | (rows["reserved"] > 0)
    is_bare = ~(rows["on_hand"] > 0) & (rows["on_order"] == 0) & ~is_owed
    return (is_bare & (rows["empty_weeks"] >= policy.dormant_weeks)).to_numpy()


def _decide(
    rows,
    curves: DemandCurves,
    orders: OpenOrders,
    as_of,
    policy,
    asked: Overrides,
    calendar,
    festivals,
):
    targets, moves, at_arrival = redistribute(
        rows, curves, orders, as_of, policy, calendar, festivals
    )
    rows["is_set"] = asked.is_forced | ~np.isnan(asked.fixed)
    rows["need_qty"] = asked.forced_need(rows["need_qty"].to_numpy())
    fitted = fit(rows, curves, policy, at_arrival=at_arrival, fixed=asked.fixed)
    refused = asked.is_forced & np.isnan(asked.fixed) & ~rows["is_repeated"] & (fitted.qty == 0)
    if refused.any():  # what a planner insists on goes before every limit, like a quantity he sets
        least = order_quantity(np.ones(len(rows)), rows["moq"], rows["order_step_qty"])
        fixed = np.where(refused, least, asked.fixed)
        fitted = fit(rows, curves, policy, at_arrival=at_arrival, fixed=fixed)
    rows["order_qty"], rows["wanted_qty"] = fitted.qty, fitted.wish
    rows["bound_by"] = fitted.bound_by
    # a planner's own quantity is his, not the festival's
    ahead = np.where(np.isnan(asked.fixed), rows["prebuild_qty"], 0.0)
    today = np.maximum(rows["need_qty"] - ahead, 0.0)
    rows["prebuild_need_qty"] = ahead
    rows["prebuild_qty"] = np.clip(rows["order_qty"] - today, 0.0, ahead)
    rows["order_amount"] = rows["order_qty"] * rows["unit_cost_amount"]
    held = rows["inventory_position"].to_numpy()
    rows["days_of_cover"] = curves.days_covered(held, most=LONGEST_COVER_DAYS)
    ordered = (rows["order_qty"] > 0).to_numpy()
    lost = np.where(ordered, rows["lost_before_qty"].to_numpy(), 0.0)
    rows["held_after_qty"] = held + lost + rows["order_qty"].to_numpy()
    rows["days_of_cover_after"] = curves.days_covered(
        rows["held_after_qty"].to_numpy(), most=LONGEST_COVER_DAYS
    )
    served = _days_served(targets.level, held, targets.days)
    spare = np.maximum(served - rows["lead_time_days"].to_numpy(), 0)
    days_ahead = 1 + calendar.on_or_before(spare)
    rows["order_by_date"] = (as_of + pd.to_timedelta(days_ahead, unit="D")).where(ordered)
    lead = pd.to_timedelta(rows["lead_time_days"], unit="D")
    rows["expected_on"] = rows["order_by_date"] + lead
    return moves, fitted, at_arrival


def _doubt_quantities(rows: pd.DataFrame, doubts: Doubts, policy) -> None:
    ordered = rows["order_qty"] > 0
    excess = ordered & (rows["days_of_cover_after"] > policy.excess_cover_days)
    doubts.add("excess_cover", excess, rows["days_of_cover_after"].round())
    least = np.maximum(rows["moq"], rows["order_step_qty"])
    no_room = rows["supplier_id"].map(policy.supplier_capacity_qty).astype(float) < least
    no_place = rows["warehouse_id"].map(policy.warehouse_capacity_qty).astype(float) < least
    doubts.add("pack_over_capacity", no_room | no_place)
    set_by_hand = rows["planned_qty"].notna() & ordered
    odd = (rows["order_qty"] % rows["pack_size"] > 1e-6) | (rows["order_qty"] < rows["moq"])
    doubts.add("odd_override", set_by_hand & odd)
    again = rows["is_set"] & ordered & (rows["on_order"] >= rows["order_qty"])
    doubts.add("set_again", again, rows["on_order"].round())


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    shown = ["demand_mean_qty", "demand_low_qty", "demand_high_qty", "safety_stock_qty"]
    rows[shown] = rows[shown].round(2)
    cover = ["days_of_cover", "days_of_cover_after"]
    rows[cover] = rows[cover].round(1)
    rows["order_amount"] = rows["order_amount"].round(2)
    severity = {code: k for k, code in enumerate(EXCEPTIONS)}
    rows["severity"] = rows["exception"].map(severity).fillna(len(severity))
    by = ["priority", "severity", "order_by_date", "order_amount"]
    ranked = rows.sort_values(
        [*by, "sku_id", "warehouse_id", "supplier_id"],
        ascending=[name != "order_amount" for name in by] + [True] * 3,
        kind="stable",
        na_position="last",
    )
    return ranked[list(PLAN_COLUMNS)].reset_index(drop=True)


def _days_served(level, held: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Largest n in [0, most] with level(n) <= held, by bisection: level never falls with n."""
    low, high = np.zeros_like(most), most.copy()
    while np.any(low < high):
        middle = np.ceil((low + high) / 2)
        enough = level(middle) <= held + 1e-6
        low, high = np.where(enough, middle, low), np.where(enough, high, middle - 1)
    return np.maximum(low, 0.0)


def _model_names(cumulative: pd.DataFrame, series: pd.Series, model: str):
    if "model" not in cumulative:
        return model
    names = cumulative.drop_duplicates("unique_id").set_index("unique_id")["model"]
    return series.map(names).fillna(model)
