"""What stock and demand do before anything is bought: move between warehouses, and to substitutes.

The two depend on each other: a transfer that saves a sale leaves nothing to a substitute, and what
a substitute will have to serve is not its warehouse's to give away. So transfers are planned first
for every SKU's own demand, then again with the demand that still moves; each time what moves is
what the transfers leave unserved.

A transfer and a festival pre-build of one row would undo each other. Units that save sales no
purchase could still save may leave a warehouse that pre-builds, which orders them anew in time for
the festival; units that only spare a purchase stay where they would have to be ordered again.
"""

import numpy as np
import pandas as pd

from ml.replenishment.moves import plan_moves
from ml.replenishment.open_orders import OpenOrders
from ml.replenishment.order_calendar import OrderCalendar
from ml.replenishment.prebuild import set_prebuild
from ml.replenishment.protection import DemandCurves
from ml.replenishment.substitutes import MovedDemand, moved_demand
from ml.replenishment.targets import Targets, set_needs, supply

_SUBSTITUTE_ROUNDS = 2
# A row that still gives away what it would pre-build after so many rounds keeps everything.
_PREBUILD_ROUNDS = 3


def substituted(
    rows: pd.DataFrame,
    curves: DemandCurves,
    orders: OpenOrders,
    as_of: pd.Timestamp,
    policy,
    table: pd.DataFrame | None,
    calendar: OrderCalendar,
    festivals: pd.DataFrame | None,
) -> tuple[MovedDemand, np.ndarray]:
    """What moves to substitutes, and the units of it within each target's interval.

    Sets moved_demand_qty; transfer_in_qty and transfer_out_qty are zero again afterwards.
    """
    targets = Targets(rows, curves, is_lost=policy.unmet_demand == "lost")
    rows["transfer_in_qty"] = rows["transfer_out_qty"] = 0.0
    moved = moved_demand(rows, targets, *supply(rows, orders, 0), table, as_of)
    if policy.transfer and len(moved.source):
        served = curves
        for _ in range(_SUBSTITUTE_ROUNDS):
            redistribute(rows, served, orders, as_of, policy, calendar, festivals)
            held = supply(rows, orders, policy.transfer.days)
            moved = moved_demand(rows, targets, *held, table, as_of)
            served = moved.added_to(curves)
        rows["transfer_in_qty"] = rows["transfer_out_qty"] = 0.0
    units = moved.units(curves, targets.days)
    total = np.bincount(moved.target, units, minlength=len(rows)).astype(float)
    rows["moved_demand_qty"] = total.round(1)
    return moved, units


def redistribute(
    rows: pd.DataFrame,
    curves: DemandCurves,
    orders: OpenOrders,
    as_of: pd.Timestamp,
    policy,
    calendar: OrderCalendar,
    festivals: pd.DataFrame | None,
) -> tuple[Targets, pd.DataFrame, np.ndarray]:
    """The targets, the transfers (MOVE_COLUMNS and more), and units (n,) expected on arrival.

    Sets `set_needs`' and `set_prebuild`'s columns, transfer_in_qty and transfer_out_qty.
    """
    n = len(rows)
    targets = Targets(rows, curves, is_lost=policy.unmet_demand == "lost")
    days = policy.transfer.days if policy.transfer else 0

    def weigh(brought: np.ndarray, given: np.ndarray):
        rows["transfer_in_qty"], rows["transfer_out_qty"] = brought, given
        held = set_needs(rows, targets, orders, days)
        own_need = rows["need_qty"].to_numpy(float)
        set_prebuild(rows, curves, calendar, festivals, policy, as_of)
        return held, own_need

    kept = np.zeros(n)
    for turn in range(n + _PREBUILD_ROUNDS + 1):
        held, own_need = weigh(np.zeros(n), np.zeros(n))
        moves = plan_moves(rows, targets, *held, policy, as_of, own_need=own_need, kept=kept)
        if not len(moves):
            break
        source, target = (moves[end].to_numpy(np.int64) for end in ("source", "target"))
        units, saves = (moves[name].to_numpy(float) for name in ("transfer_qty", "saves_qty"))
        held, _ = weigh(
            np.bincount(target, units, minlength=n), np.bincount(source, units, minlength=n)
        )
        ahead = rows["prebuild_qty"].to_numpy(float)
        torn = (np.bincount(source, units - saves, minlength=n) > 0) & (ahead > 0)
        if not torn.any():
            break
        kept = np.where(torn, kept + ahead if turn < _PREBUILD_ROUNDS else np.inf, kept)
    return targets, moves, targets.at_arrival(*held)
