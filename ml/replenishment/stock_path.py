"""Where stock will stand in so many days: arrivals in, expected sales out, lost or owed."""

from collections.abc import Callable, Sequence

import numpy as np

Demand = Callable[[np.ndarray], np.ndarray]
Arrival = tuple[np.ndarray, np.ndarray]


def stock_at(
    demand: Demand,
    start: np.ndarray,
    days: np.ndarray,
    arrivals: Sequence[Arrival],
    *,
    is_lost: bool,
) -> np.ndarray:
    """Units (n,) left when `days` (n,) days have been sold, from `start` (n,) units.

    `demand(n)`: units expected in the first n days. `arrivals`: (day, units) pairs, (n,) each; what
    comes on day d can be sold from the day after d days; later than `days` counts for nothing.
    With `is_lost` sales beyond the stock go elsewhere and stock never falls below zero; otherwise
    they are owed. Units owed from the start (negative `start`) stay owed until stock comes.
    """
    n = len(start)
    when = np.stack([day for day, _ in arrivals] or [np.zeros(n)], axis=1)
    units = np.stack([qty for _, qty in arrivals] or [np.zeros(n)], axis=1)
    units = np.where(when <= days[:, None], units, 0.0)
    when = np.clip(when, 0.0, days[:, None])
    order = np.argsort(when, axis=1, kind="stable")
    when, units = (np.take_along_axis(table, order, axis=1) for table in (when, units))
    stock, before = np.maximum(start, 0.0), np.zeros(n)
    for k in range(when.shape[1]):
        used = demand(when[:, k])
        stock = stock - np.maximum(used - before, 0.0)
        stock = np.maximum(stock, 0.0) if is_lost else stock
        stock, before = stock + units[:, k], np.maximum(used, before)
    stock = stock - np.maximum(demand(days) - before, 0.0)
    stock = np.maximum(stock, 0.0) if is_lost else stock
    return stock + np.minimum(start, 0.0)
