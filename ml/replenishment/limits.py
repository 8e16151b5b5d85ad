"""Orders within a budget and the suppliers' capacities: those worth least give way."""

import numpy as np
import pandas as pd

from ml.replenishment.allocation import Limits, Offers, allocate
from ml.replenishment.marginal import DemandCdf
from ml.replenishment.protection import DemandCurves


def within_limits(
    rows: pd.DataFrame, curves: DemandCurves, policy
) -> tuple[np.ndarray, np.ndarray]:
    """Units that stay of `rows["order_qty"]`, and what cut each row: "" for nothing.

    `policy.budget_amount` yuan for all orders together, `policy.supplier_capacity_qty` units per
    supplier_id. A unit is worth its cost times the service level if it sells and costs
    (1 - service level) times its cost if not: that is the trade the service level states. Rows
    without a known cost take the median cost as their worth and nothing of the budget; suppliers
    that are not named have no limit.
    """
    wish = rows["order_qty"].to_numpy(float)
    if policy.budget_amount is None and not policy.supplier_capacity_qty:
        return wish.astype(np.int64), np.full(len(rows), "", dtype=object)
    cost = rows["unit_cost_amount"].to_numpy(float)
    median = np.nanmedian(cost) if np.isfinite(cost).any() else 1.0
    worth = np.where(np.isnan(cost), median, np.maximum(cost, 0.01))
    service = rows["service_level"].to_numpy()
    days = rows["protection_days"].to_numpy()
    mean = curves.demand(days)
    levels = np.array(list(curves.spreads))
    spread = [curves.spread(curves.spreads[p], days) for p in levels]
    quantiles = np.stack([np.maximum(mean + s, 0.0) for s in spread], axis=1)
    supplier, names = pd.factorize(rows["supplier_id"].fillna(""))
    capacity = policy.supplier_capacity_qty or {}
    offers = Offers(
        position=rows["inventory_position"].to_numpy(float),
        cdf=DemandCdf.from_quantiles(quantiles, levels),
        gain=worth * service,
        loss=worth * (1 - service),
        pack_size=rows["pack_size"].to_numpy(float),
        moq=rows["moq"].to_numpy(float),
        unit_cost=np.nan_to_num(cost, nan=0.0),
        supplier=supplier,
        warehouse=np.zeros(len(rows), dtype=int),
        unit_room=np.zeros(len(rows)),
        most=wish,
    )
    limits = Limits(
        budget=np.inf if policy.budget_amount is None else policy.budget_amount,
        supplier_units=np.array([capacity.get(name, np.inf) for name in names], dtype=float),
    )
    found = allocate(offers, limits, wish=wish / offers.pack_size)
    return np.rint(found.qty).astype(np.int64), found.bound_by
