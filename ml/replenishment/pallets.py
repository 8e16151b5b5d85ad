"""Whole pallets: where they are demanded, every order is in them; elsewhere where filling one pays.

Demanded  by the supplier or by the warehouse (`Policy.pallets_of`, `pallets_to`): the pallet takes
          the pack's place in every rounding, MOQ included.
Pays      a pallet begun costs `Policy.part_pallet_amount` yuan of handling. It is filled up where
          the units that fill it cost less to hold: their cost at `holding_rate` from the day the
          goods land to the day the last of them is expected to sell. Never beyond shelf life,
          `excess_cover_days`, or a SKU's last day.
A pallet that is no whole number of packs can't be ordered in packs: it is doubted and left aside.
"""

import numpy as np
import pandas as pd

from ml.replenishment.exceptions import LONGEST_COVER_DAYS
from ml.replenishment.parameters import DAYS_PER_YEAR
from ml.replenishment.protection import DemandCurves
from ml.replenishment.terms import Doubts
from ml.replenishment.worth import unit_worth


def set_pallets(rows: pd.DataFrame, doubts: Doubts, policy) -> None:
    """Set pallet_qty (units, null where unknown or unusable) and order_step_qty, what orders are
    multiples of: the pallet where one is demanded, else the pack."""
    pack = rows["pack_size"].to_numpy(float)
    told = rows["sku_id"].map(policy.pallet_qty).to_numpy(float, na_value=np.nan)
    is_whole = (told >= pack) & (np.abs(np.remainder(told, pack)) < 1e-9)
    is_asked = rows["supplier_id"].isin(policy.pallets_of) | rows["warehouse_id"].isin(
        policy.pallets_to
    )
    doubts.add("odd_pallet", ~np.isnan(told) & ~is_whole)
    doubts.add("no_pallet", is_asked & np.isnan(told))
    rows["pallet_qty"] = np.where(is_whole, told, np.nan)
    rows["order_step_qty"] = np.where(is_asked & is_whole, told, pack)


def filled_pallets(
    rows: pd.DataFrame, curves: DemandCurves, policy, *, wish: np.ndarray, most: np.ndarray
) -> np.ndarray:
    """`wish` (n,) units, lifted to whole pallets where that pays; `most` (n,) units at most.

    More stock never lifts further: it makes the last unit sell later, and the filling dearer.
    """
    pallet = rows["pallet_qty"].to_numpy(float)
    has = (wish > 0) & ~np.isnan(pallet) & ~rows["is_shortened"].to_numpy()
    if not policy.part_pallet_amount or not has.any():
        return wish
    full = np.where(has, np.ceil(wish / np.where(has, pallet, 1.0) - 1e-9) * pallet, wish)
    held = rows["inventory_position"].to_numpy(float) + rows["lost_before_qty"].to_numpy(float)
    lasts = curves.days_covered(held + full, most=LONGEST_COVER_DAYS)
    years = np.maximum(lasts - rows["lead_days"].to_numpy(float), 0.0) / DAYS_PER_YEAR
    holding = (full - wish) * unit_worth(rows) * policy.holding_rate * years
    pays = has & (holding < policy.part_pallet_amount)
    pays &= (full <= most) & (lasts <= policy.excess_cover_days)
    return np.where(pays, full, wish)
