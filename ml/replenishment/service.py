"""Which service level pays: found by replaying earlier windows, class by class.

The textbook fractile shortage / (shortage + holding) is not the optimum where sales are lost and
stock carries over, nor where quantiles are not quite calibrated. Windows must end before the
periods that are scored; nothing here knows a later one.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ml.replenishment.outcome import Costs
from ml.replenishment.simulation import Ledger

LEVELS = tuple(np.round(np.arange(0.50, 0.96, 0.05), 2))


def volume_class(past: np.ndarray, classes: int = 3) -> np.ndarray:
    """Class (n,) by mean seen demand (n, T, nan for unseen), 0 the smallest, equal in number."""
    seen = ~np.isnan(past)
    mean = np.where(seen, past, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    rank = np.argsort(np.argsort(mean, kind="stable"), kind="stable")
    return rank * classes // max(len(mean), 1)


def service_by_cost(
    windows: Sequence[Callable[[float], Ledger]],
    costs: Costs,
    classes: np.ndarray,
    *,
    levels: Sequence[float] = LEVELS,
    pooled: float = 1.0,
) -> np.ndarray:
    """Service level (n,) that would have cost each class least over all `windows` together.

    A window is a function that replays the policy at one service level for all and returns its
    ledger. Series do not compete for anything in a window, so one replay per level serves every
    class. `pooled`: weight of all series' cost, at the class's own size, beside the class's: few
    windows say little about one class. Raises ValueError without windows.
    """
    totals = _by_level(windows, levels, lambda ledger: costs.of(ledger).sum(axis=1))
    everywhere = totals.sum(axis=1)
    best = np.empty(len(classes))
    for one in np.unique(classes):
        rows = classes == one
        own = totals[:, rows].sum(axis=1)
        share = own.sum() / everywhere.sum() if everywhere.sum() > 0 else 0.0
        best[rows] = levels[int(np.argmin(own + pooled * share * everywhere))]
    return best


def service_by_fill(
    windows: Sequence[Callable[[float], Ledger]],
    classes: np.ndarray,
    targets: np.ndarray,
    *,
    levels: Sequence[float] = LEVELS,
) -> np.ndarray:
    """Lowest service level (n,) at which each class reached its fill rate, else the highest.

    `targets` (classes,): fill rate wanted in each class, units served at once over units wanted.
    """
    sold = _by_level(windows, levels, lambda ledger: ledger.sold.sum(axis=1))
    wanted = _by_level(windows, levels[:1], lambda ledger: ledger.demand.sum(axis=1))[0]
    best = np.empty(len(classes))
    for one in np.unique(classes):
        rows = classes == one
        fill = sold[:, rows].sum(axis=1) / max(wanted[rows].sum(), 1e-9)
        reached = np.flatnonzero(fill >= targets[one])
        best[rows] = levels[reached[0] if len(reached) else -1]
    return best


def _by_level(windows, levels, measure) -> np.ndarray:
    if not windows:
        raise ValueError("no earlier window to tune on")
    return np.stack([sum(measure(window(level)) for window in windows) for level in levels])
