"""What one more pack is worth: expected units sold out of it against units left over.

A unit at stock x sells with probability P(D > x). It earns `gain` then, and costs `loss` otherwise,
so its value is gain P(D > x) - loss P(D <= x): falling in x, and zero where P(D <= x) is
gain / (gain + loss), the newsvendor's fractile.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DemandCdf:
    """Demand of n rows: P(D <= nodes) = probabilities, straight in between; (n, K), (K,).

    The first node is 0 and may carry probability; the last has probability 1.
    """

    nodes: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def from_quantiles(cls, quantiles: np.ndarray, levels: np.ndarray) -> "DemandCdf":
        """From quantiles (n, Q) at ascending `levels` (Q,), all inside (0, 1).

        Below the lowest level the mass lies evenly down to 0; above the highest one as far again
        as between the last two quantiles, at least half a unit. Crossing quantiles are sorted.
        """
        rising = np.maximum.accumulate(np.maximum(quantiles, 0.0), axis=1)
        step = rising[:, -1] - rising[:, -2] if rising.shape[1] > 1 else rising[:, -1]
        top = rising[:, -1] + np.maximum(step, 0.5)
        zero = np.zeros(len(rising))
        return cls(
            np.column_stack([zero, rising, top]), np.concatenate([[0.0], np.asarray(levels), [1.0]])
        )

    def expected_sold(self, stock: np.ndarray) -> np.ndarray:
        """E[min(D, stock)] for `stock` (n, B), units; negative stock sells nothing and owes."""
        below, width, slope = self._pieces()
        out = np.minimum(stock, 0.0)
        for k in range(width.shape[1]):
            inside = np.clip(stock - self.nodes[:, k, None], 0.0, width[:, k, None])
            out = out + inside * (1 - below[k]) - slope[:, k, None] * np.square(inside) / 2
        return out

    def chance_sold(self, stock: np.ndarray) -> np.ndarray:
        """P(D > stock) for `stock` (n, B)."""
        below, width, slope = self._pieces()
        chance = np.ones_like(stock, dtype=float)
        for k in range(width.shape[1]):
            beyond = stock - self.nodes[:, k, None]
            risen = below[k] + slope[:, k, None] * np.minimum(beyond, width[:, k, None])
            chance = np.where(beyond >= 0, 1 - risen, chance)
        return np.clip(chance, 0.0, 1.0)

    def _pieces(self):
        width = np.diff(self.nodes, axis=1)
        rise = np.diff(self.probabilities)
        slope = np.divide(rise[None, :], width, out=np.zeros_like(width), where=width > 1e-12)
        return self.probabilities[:-1], width, slope


def value_of(cdf: DemandCdf, gain, loss, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Money (n, B) that stock from `start` to `end` (n, B) is expected to bring.

    `gain`, `loss` (n,): money per unit sold, and per unit left over.
    """
    sold = cdf.expected_sold(end) - cdf.expected_sold(start)
    return np.asarray(gain)[:, None] * sold - np.asarray(loss)[:, None] * (end - start - sold)


def packs_worth_buying(cdf: DemandCdf, gain, loss, position, pack_size, most) -> np.ndarray:
    """Whole packs (n,), at most `most` (n,), each of which brings money on top of `position`.

    By bisection: the value of the next pack falls with every pack.
    """
    low, high = np.zeros(len(position)), np.asarray(most, dtype=float).copy()
    while np.any(low < high):
        middle = np.ceil((low + high) / 2)
        end = position + middle * pack_size
        start = end - pack_size
        worth = value_of(cdf, gain, loss, start[:, None], end[:, None])[:, 0] > 1e-9
        low, high = np.where(worth, middle, low), np.where(worth, high, middle - 1)
    return np.maximum(low, 0.0)
