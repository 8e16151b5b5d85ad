"""Transfers between warehouses before anything is bought, where that is cheaper."""

import numpy as np
import pandas as pd

from ml.replenishment.targets import Targets
from ml.replenishment.transfers import Moves, transfers
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
    rows: pd.DataFrame,
    targets: Targets,
    start: np.ndarray,
    arrivals: list,
    policy,
    as_of,
    *,
    own_need: np.ndarray,
    kept: np.ndarray,
) -> pd.DataFrame:
    """MOVE_COLUMNS, the rows `source`, `target`, and `saves_qty`, the units that save sales; empty
    where no transfer is allowed or pays.

    A warehouse can spare what lies in it beyond its own level for the whole protection interval.
    One that lacks something gets first the sales that a move can still save before a purchase could
    land, where a unit of them saves more than its freight; then its need, where the two together
    still save. `own_need` (n,): the need without what is pre-built; of the need nothing is served
    from a row that pre-builds, nor from the `kept` (n,) units of any other. Rows without a count,
    ending or repeated take no part.
    What a warehouse has no room for stays, the moves that save most go first.
    """
    terms = policy.transfer
    nothing = pd.DataFrame(columns=["source", "target", "saves_qty", *MOVE_COLUMNS])
    is_open = (~rows["is_repeated"] & rows["on_hand"].notna()).to_numpy()
    several = rows["sku_id"].duplicated(keep=False).to_numpy()
    if terms is None or not (is_open & several).any():
        return nothing
    wait = np.minimum(float(terms.days), targets.lead)
    before = targets.lost_before(wait, start, arrivals)
    takes = is_open & ~rows["is_barred"].to_numpy()
    saved = np.maximum(rows["lost_before_qty"].to_numpy() - np.ceil(before), 0.0)
    saved = np.where(takes, saved, 0.0)
    need = np.where(takes, np.maximum(rows["need_qty"].to_numpy(), 0.0), 0.0)
    spare = np.where(own_need <= 0, start - targets.level(targets.days), 0.0)
    spare = np.where(rows["is_ending"], start - np.ceil(targets.mean), spare)
    spare = np.where(is_open & (own_need <= 0) & (saved == 0), np.maximum(spare, 0.0), 0.0)
    covered = targets.curves.days_covered(start, most=999.0)
    freed, margin = worth_of_moving(rows, policy, np.maximum(covered - targets.days, 0.0))
    sku = pd.factorize(rows["sku_id"])[0]

    first = transfers(sku, spare, saved)
    urgent = freed[first.source] + margin[first.target]
    first, urgent = first.take(urgent > terms.cost_amount), urgent[urgent > terms.cost_amount]
    spare = np.where(rows["need_qty"] > 0, 0.0, spare + np.minimum(first.net(len(rows)), 0.0))
    second = transfers(sku, spare - kept, need)
    later = freed[second.source]
    gained = pd.Series((urgent - terms.cost_amount) * first.qty).groupby(_pairs(first)).sum()
    gained = gained.reindex(_pairs(second), fill_value=0.0).to_numpy()
    pays = gained + (later - terms.cost_amount) * second.qty > 0
    second, later = second.take(pays), later[pays]

    source, target, qty = (
        np.concatenate([getattr(part, name) for part in (first, second)])
        for name in ("source", "target", "qty")
    )
    saving = np.concatenate([urgent, later])
    lying = targets.at(wait, start, arrivals)
    qty = _within_room(rows, target, qty, saving, lying, policy)
    found = pd.DataFrame({"source": source, "target": target, "qty": qty})
    found["saves_qty"] = np.where(np.arange(len(qty)) < len(urgent), qty, 0.0)
    found["saving_amount"] = qty * (saving - terms.cost_amount)
    found = found.groupby(["source", "target"], as_index=False).sum()
    found = found[found["qty"] >= max(terms.least_qty, 1.0)]
    if found.empty:
        return nothing
    giver, taker = rows.iloc[found["source"]], rows.iloc[found["target"]]
    qty = found["qty"].to_numpy()
    return pd.DataFrame(
        {
            "source": found["source"].to_numpy(),
            "target": found["target"].to_numpy(),
            "saves_qty": found["saves_qty"].to_numpy(),
            "as_of": as_of,
            "sku_id": giver["sku_id"].to_numpy(),
            "sku_name": giver["sku_name"].to_numpy(),
            "from_warehouse_id": giver["warehouse_id"].to_numpy(),
            "to_warehouse_id": taker["warehouse_id"].to_numpy(),
            "transfer_qty": qty.astype(np.int64),
            "ready_on": as_of + pd.Timedelta(days=1 + terms.days),
            "transfer_amount": np.round(qty * terms.cost_amount, 2),
            "saving_amount": np.round(found["saving_amount"].to_numpy(), 2),
        }
    )


def _pairs(moves: Moves) -> np.ndarray:
    """A whole number (m,) per source and target."""
    return (moves.source.astype(np.int64) << 32) + moves.target


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
