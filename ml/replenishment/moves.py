"""Transfers between warehouses before anything is bought, where that is cheaper."""

import numpy as np
import pandas as pd

from ml.replenishment.targets import Targets
from ml.replenishment.transfers import transfers
from ml.replenishment.worth import worth_of_moving

MOVE_COLUMNS = (
    "as_of",
    "sku_id",
    "sku_name",
    "from_warehouse_id",
    "to_warehouse_id",
    "transfer_qty",
    "ready_on",
    "transfer_amount",
    "saving_amount",
)


def plan_moves(
    rows: pd.DataFrame, targets: Targets, start: np.ndarray, arrivals: list, policy, as_of
) -> pd.DataFrame:
    """MOVE_COLUMNS and the rows `source`, `target`; empty where no transfer is allowed or pays.

    A warehouse can spare what lies in it beyond its own level for the whole protection interval;
    one that lacks something gets its need and the sales that a move can still save before a
    purchase could land. Rows without a count, ending or repeated take no part. What a warehouse has
    no room for stays, the moves that save most go first.
    """
    terms = policy.transfer
    nothing = pd.DataFrame(columns=["source", "target", *MOVE_COLUMNS])
    is_open = (~rows["is_repeated"] & rows["on_hand"].notna()).to_numpy()
    several = rows["sku_id"].duplicated(keep=False).to_numpy()
    if terms is None or not (is_open & several).any():
        return nothing
    wait = np.minimum(float(terms.days), targets.lead)
    before = targets.lost_before(wait, start, arrivals)
    saved = np.maximum(rows["lost_before_qty"].to_numpy() - np.ceil(before), 0.0)
    need = np.maximum(rows["need_qty"].to_numpy(), 0.0)
    wanted = np.where(is_open & ~rows["is_barred"], need + saved, 0.0)
    spare = np.where(is_open & (rows["need_qty"] <= 0), start - targets.level(targets.days), 0.0)
    spare = np.where(rows["is_ending"], start - np.ceil(targets.mean), spare)
    spare = np.where(is_open, spare, 0.0)
    sku = pd.factorize(rows["sku_id"])[0]
    least = max(terms.least_qty, 1.0)
    found = transfers(sku, spare, wanted, least=least)
    covered = targets.curves.days_covered(start, most=999.0)
    share = np.divide(saved, wanted, out=np.zeros_like(saved), where=wanted > 0)
    saving = worth_of_moving(
        rows,
        policy,
        source=found.source,
        target=found.target,
        idle_days=np.maximum(covered - targets.days, 0.0),
        saved_share=share,
    )
    pays = np.flatnonzero(saving > terms.cost_amount)
    lying = targets.at(wait, start, arrivals)
    qty = _within_room(rows, found.target[pays], found.qty[pays], saving[pays], lying, policy)
    is_worth = qty >= least
    pays, qty = pays[is_worth], qty[is_worth]
    source, target = found.source[pays], found.target[pays]
    if not len(qty):
        return nothing
    giver, taker = rows.iloc[source], rows.iloc[target]
    return pd.DataFrame(
        {
            "source": source,
            "target": target,
            "as_of": as_of,
            "sku_id": giver["sku_id"].to_numpy(),
            "sku_name": giver["sku_name"].to_numpy(),
            "from_warehouse_id": giver["warehouse_id"].to_numpy(),
            "to_warehouse_id": taker["warehouse_id"].to_numpy(),
            "transfer_qty": qty.astype(np.int64),
            "ready_on": as_of + pd.Timedelta(days=1 + terms.days),
            "transfer_amount": np.round(qty * terms.cost_amount, 2),
            "saving_amount": np.round(qty * (saving[pays] - terms.cost_amount), 2),
        }
    )


def _within_room(rows, target, qty, saving, lying, policy) -> np.ndarray:
    """`qty` (m,) cut to the room that `lying` (n,) units leave in each target's warehouse."""
    place = rows["warehouse_id"].to_numpy(object)
    room = np.array([policy.warehouse_capacity_qty.get(at, np.inf) for at in place[target]])
    if np.isinf(room).all():
        return qty
    lying = np.where(rows["is_repeated"], 0.0, np.maximum(lying, 0.0))
    held = pd.Series(lying).groupby(place).sum()
    left = np.maximum(room - held.reindex(place[target]).to_numpy(), 0.0)
    order = np.lexsort((target, -saving, place[target]))
    moved = pd.Series(qty[order])
    before = moved.groupby(place[target][order]).cumsum() - moved
    out = np.empty(len(qty))
    out[order] = np.clip(np.floor(left[order] - before.to_numpy()), 0.0, qty[order])
    return out
