"""What neighbours sell: demand over normal of every group a series belongs to."""

import numpy as np

from ml.demand.panel import History
from ml.demand.windows import window_sum

MANY_GROUPS = 1 / 3  # more groups than this share of the series are no groups
AT_MOST = 8


def group_codes(history: History) -> dict[str, np.ndarray]:
    """Group number per series for "all" and each attribute that several series share.

    Attributes are coded text and whole-numbered static columns.
    """
    found = {"all": np.zeros(len(history.ids), int)}
    for name, values in history.static.items():
        whole = name in history.attributes or np.all(np.mod(np.nan_to_num(values), 1) == 0)
        levels, code = np.unique(np.nan_to_num(values, nan=-1.0), return_inverse=True)
        if whole and 1 < len(levels) <= MANY_GROUPS * len(values) and len(found) <= AT_MOST:
            found[name] = code
    return found


class GroupSum:
    """Sums over the series of each group."""

    def __init__(self, code: np.ndarray) -> None:
        """`code` N: whole numbers from 0, each of them used."""
        self._order = np.argsort(code, kind="stable")
        self._starts = np.searchsorted(code[self._order], np.arange(code.max() + 1))

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Groups x ... of numbers N x ..."""
        return np.add.reduceat(values[self._order], self._starts, axis=0)


class GroupDemand:
    """Demand of a group over the sum of its series' scales, by period and smoothed."""

    def __init__(
        self, code: np.ndarray, filled: np.ndarray, seen: np.ndarray, scale: np.ndarray, width: int
    ) -> None:
        """`code` N, the others N x T; `width` periods are taken together."""
        self.code, self.width = code, width
        of_group = GroupSum(code)
        got, normal = of_group(filled), of_group(seen * scale)
        above, below = window_sum(got, width), window_sum(normal, width)
        self.table = np.where(below > 1e-9, above / np.maximum(below, 1e-9), np.nan).astype("f4")

    def now(self, series: np.ndarray, origin: np.ndarray) -> np.ndarray:
        """The group's last `width` periods up to the origin."""
        return self.table[self.code[series], origin]

    def around(self, series: np.ndarray, period: np.ndarray, origin: np.ndarray) -> np.ndarray:
        """The `width` periods around an earlier one, as far as they were over at the origin."""
        at = np.minimum(period + self.width // 2, origin)
        return np.where(at >= 0, self.table[self.code[series], np.maximum(at, 0)], np.nan)
