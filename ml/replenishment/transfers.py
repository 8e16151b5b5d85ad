"""Move before you buy: what one warehouse has too much of and another lacks, unit by unit."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Moves:
    """`qty` whole units from row `source` to row `target`, both of one SKU; (m,) each."""

    source: np.ndarray
    target: np.ndarray
    qty: np.ndarray

    def net(self, n: int) -> np.ndarray:
        """Units (n,) each row gains (or, negative, gives); they sum to zero."""
        gained = np.bincount(self.target, weights=self.qty, minlength=n)
        return gained - np.bincount(self.source, weights=self.qty, minlength=n)

    def take(self, kept: np.ndarray) -> "Moves":
        """Some of the moves, by a mask (m,)."""
        return Moves(self.source[kept], self.target[kept], self.qty[kept])


def transfers(sku: np.ndarray, spare: np.ndarray, need: np.ndarray, *, least: float = 1.0) -> Moves:
    """Serve `need` from `spare` (n,) of the same `sku` (n,) whole numbers, whole units only.

    The warehouse with most to spare gives first, the one that needs most is served first. Moves
    under `least` units are not worth a lorry and are left out. A row that both needs and has to
    spare only needs.
    """
    need = np.floor(np.maximum(need, 0.0))
    spare = np.where(need > 0, 0.0, np.floor(np.maximum(spare, 0.0)))
    givers = _ranked(sku, spare)
    takers = _ranked(sku, need)
    # lay supply and need of each SKU on one line; where the two meet, units move
    size = int(sku.max(initial=-1)) + 1
    supply = np.bincount(sku, weights=spare, minlength=size)
    wanted = np.bincount(sku, weights=need, minlength=size)
    moved = np.minimum(supply, wanted)
    offset = np.r_[0.0, np.cumsum(np.maximum(supply, wanted))]
    give_from, give_to = _intervals(sku, spare, givers, offset, moved)
    take_from, take_to = _intervals(sku, need, takers, offset, moved)
    cuts = np.unique(np.concatenate([give_from, give_to, take_from, take_to]))
    middle = (cuts[1:] + cuts[:-1]) / 2
    source = _owner(middle, give_from, give_to, givers)
    target = _owner(middle, take_from, take_to, takers)
    both = (source >= 0) & (target >= 0)
    qty = np.diff(cuts)
    keep = both & (qty >= least)
    return Moves(source[keep], target[keep], qty[keep])


def _ranked(sku: np.ndarray, units: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero(units > 0)
    return rows[np.lexsort((-units[rows], sku[rows]))]


def _intervals(sku, units, ranked, offset, moved):
    """Where each row's units lie on its SKU's line, cut off at what is moved in all."""
    amount = units[ranked]
    ends = np.cumsum(amount)
    before = np.r_[0.0, ends[:-1]]
    first = np.r_[True, np.diff(sku[ranked]) != 0] if len(ranked) else np.zeros(0, dtype=bool)
    group = np.cumsum(first) - 1
    base = before[first][group] if len(ranked) else before
    own = sku[ranked]
    limit = moved[own]
    start = np.minimum(before[: len(ranked)] - base, limit) + offset[own]
    return start, np.minimum(ends - base, limit) + offset[own]


def _owner(points, starts, ends, rows) -> np.ndarray:
    """Row whose interval holds each point, -1 for none."""
    if not len(rows):
        return np.full(len(points), -1)
    at = np.maximum(np.searchsorted(starts, points, side="right") - 1, 0)
    inside = (points >= starts[at]) & (points < ends[at])
    return np.where(inside, rows[at], -1)
