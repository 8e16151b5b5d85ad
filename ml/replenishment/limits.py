"""Orders within shelf life, supplier minimum, budget and capacities: those worth least give way."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.replenishment.allocation import Allocation, Limits, Offers, allocate
from ml.replenishment.expiry import most_before_too_old
from ml.replenishment.pallets import filled_pallets
from ml.replenishment.protection import DemandCurves
from ml.replenishment.quantity import order_quantity
from ml.replenishment.worth import demand_cdf, unit_worth

# A supplier's minimum value is reached by ordering this much ahead at most.
MOST_DAYS_AHEAD = 60
_ROUNDS = 4


@dataclass(frozen=True)
class Fitted:
    """`qty` (n,) whole units to order, `wish` (n,) what the need asks for, or `qty` where that is
    more, `bound_by` (n,) what cut or lifted each row ("" for nothing); the allocation behind them,
    if there was one.
    """

    qty: np.ndarray
    wish: np.ndarray
    bound_by: np.ndarray
    allocation: Allocation | None = None
    offers: Offers | None = None
    limits: Limits | None = None


def fit(
    rows: pd.DataFrame,
    curves: DemandCurves,
    policy,
    *,
    at_arrival: np.ndarray,
    fixed: np.ndarray,
) -> Fitted:
    """The orders for `rows["need_qty"]`, within every limit of `policy`.

    `at_arrival` (n,): units expected in the house when the order lands. `fixed` (n,): quantities a
    planner has set, nan elsewhere: they are kept as they are and use up money and room first.

    What no supplier could be asked for, since the ERP does not know it, is not ordered. Shelf life
    caps a row; a pallet is filled where that pays; a supplier under its minimum value is
    filled up by ordering ahead, the same number of days for all its rows; then budget, suppliers'
    and warehouses' capacity are handed out by marginal value. A supplier that these cuts push below
    its minimum gets no order, and what that frees goes to the others. The value of a unit is its
    cost times the service level
    if it sells, and (1 - service level) times its cost is lost if not: the trade that the service
    level states. Rows without a known cost take nothing of the budget.
    """
    cost = np.nan_to_num(rows["unit_cost_amount"].to_numpy(float), nan=0.0)
    pack, moq = rows["order_step_qty"].to_numpy(float), rows["moq"].to_numpy(float)
    is_fixed = ~np.isnan(fixed)
    most = most_before_too_old(rows, curves, policy)
    is_unmapped = rows["is_unmapped"].to_numpy()
    most = np.where(rows["is_barred"] | is_unmapped, 0.0, most)
    wanted = order_quantity(rows["need_qty"], moq, pack).astype(float)
    wish = _capped(wanted, most, moq, pack)
    cause = np.where(is_unmapped, "unmapped", "shelf_life")
    bound_by = np.where(wish < wanted, cause, "").astype(object)
    capped = wish
    wish = filled_pallets(rows, curves, policy, wish=wish, most=most)
    lifted_by = np.where(wish > capped, "full_pallet", "").astype(object)
    supplier, names = pd.factorize(rows["supplier_id"].fillna(""))
    least = np.array([policy.supplier_min_amount.get(name, 0.0) for name in names], dtype=float)
    base = np.where(is_fixed, np.nan_to_num(fixed), wish)
    gives = (rows["transfer_out_qty"] > 0).to_numpy()
    ahead = base
    for is_kept in (is_fixed | gives, is_fixed):  # what was just moved away comes last
        ahead = _ahead(rows, curves, ahead, supplier, least, cost, most, is_kept)
    lifted_by = np.where(ahead > wish, "supplier_minimum", lifted_by)
    wish = np.where(is_fixed, 0.0, ahead)
    found, barred = None, np.zeros(len(names), dtype=bool)
    offers = _offers(rows, curves, wish, cost, supplier)
    limits = _limits(rows, policy, names, offers, np.nan_to_num(fixed), at_arrival)
    qty, cut = wish, np.full(len(rows), "", dtype=object)
    for turn in range(_ROUNDS + 1):
        asked = np.where(barred[supplier], 0.0, wish)
        if limits is not None:
            found = allocate(offers, limits, wish=asked / pack)
            qty, cut = found.qty, found.bound_by
        else:
            qty = asked
        placed = qty + np.where(is_fixed, np.nan_to_num(fixed), 0.0)
        amount = np.bincount(supplier, placed * cost, minlength=len(names))
        units = np.bincount(supplier, placed, minlength=len(names))
        costed = np.bincount(supplier, placed * (cost > 0), minlength=len(names))
        # goods without a cost may well reach a minimum: not for the plan to refuse
        below = (units > 0) & (amount < least - 1e-6) & (costed == units)
        if not below.any():
            break
        barred |= below
        if turn == _ROUNDS:
            qty = np.where(barred[supplier], 0.0, qty)
    cut = np.where(barred[supplier] & (wish > 0), "below_minimum", cut)
    # what was only lifted and is cut back lacks nothing
    bound_by = np.where((cut != "") & (qty < capped), cut, bound_by)
    bound_by = np.where(qty > capped, lifted_by, bound_by)
    bound_by = np.where(is_fixed, "", bound_by)
    qty = np.where(is_fixed, np.nan_to_num(fixed), qty)
    wish = np.where(is_fixed, qty, np.maximum(qty, wanted))
    return Fitted(np.rint(qty).astype(np.int64), wish, bound_by, found, offers, limits)


def _capped(wanted, most, moq, pack) -> np.ndarray:
    fits = np.floor((most + 1e-9) / pack) * pack
    return np.where(wanted <= most, wanted, np.where(fits >= moq, fits, 0.0))


def _ahead(rows, curves, base, supplier, least, cost, most, is_kept) -> np.ndarray:
    """`base` (n,), filled up where a supplier's orders do not reach its minimum value; `is_kept`
    (n,) rows stay as they are.

    By bisection per supplier over whole days ahead; the fewest days that reach it, none that need
    more than MOST_DAYS_AHEAD.
    """
    size = len(least)
    amount = np.bincount(supplier, base * cost, minlength=size)
    short = (amount > 0) & (amount < least)
    if not short.any():
        return base
    mine = np.flatnonzero(short[supplier] & ~is_kept & (cost > 0))
    pack, moq = (rows[name].to_numpy(float)[mine] for name in ("order_step_qty", "moq"))
    few = curves.take(mine)
    days = rows["protection_days"].to_numpy()[mine]
    need = rows["need_qty"].to_numpy()[mine]
    now = few.demand(days)

    def filled(ahead: np.ndarray) -> np.ndarray:
        more = need + few.demand(days + ahead[supplier[mine]]) - now
        raised = _capped(order_quantity(more, moq, pack).astype(float), most[mine], moq, pack)
        out = base.copy()
        out[mine] = np.maximum(raised, base[mine])
        return out

    low, high = np.zeros(size), np.full(size, float(MOST_DAYS_AHEAD))
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        enough = np.bincount(supplier, filled(middle) * cost, minlength=size) >= least
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    out = filled(high)
    reached = np.bincount(supplier, out * cost, minlength=size) >= least
    return np.where((short & reached)[supplier], out, base)


def _offers(rows, curves, wish, cost, supplier) -> Offers:
    worth = unit_worth(rows)
    service = rows["service_level"].to_numpy()
    warehouse, _ = pd.factorize(rows["warehouse_id"])
    held = rows["inventory_position"].to_numpy(float) + rows["lost_before_qty"].to_numpy(float)
    return Offers(
        position=held,
        cdf=demand_cdf(curves, rows["protection_days"].to_numpy()),
        gain=worth * service,
        loss=worth * (1 - service),
        pack_size=rows["order_step_qty"].to_numpy(float),
        moq=rows["moq"].to_numpy(float),
        unit_cost=cost,
        supplier=supplier,
        warehouse=warehouse,
        unit_room=np.ones(len(rows)),
        most=wish,
    )


def _limits(rows, policy, names, offers: Offers, fixed, at_arrival) -> Limits | None:
    """What is left of every limit once the planner's own quantities are in; None without any."""
    capacity, room = policy.supplier_capacity_qty, policy.warehouse_capacity_qty
    if policy.budget_amount is None and not capacity and not room:
        return None
    places = rows["warehouse_id"].drop_duplicates().tolist()
    budget = np.inf
    if policy.budget_amount is not None:
        budget = max(policy.budget_amount - float((fixed * offers.unit_cost).sum()), 0.0)
    ordered = np.bincount(offers.supplier, fixed, minlength=len(names))
    lying = np.where(rows["is_repeated"], 0.0, np.maximum(at_arrival, 0.0)) + fixed
    stored = np.bincount(offers.warehouse, lying, minlength=len(places))
    free = [room.get(place, np.inf) for place in places]
    return Limits(
        budget=budget,
        supplier_units=np.maximum([capacity.get(name, np.inf) for name in names] - ordered, 0.0)
        if capacity
        else None,
        warehouse_room=np.maximum(free - stored, 0.0) if room else None,
    )
