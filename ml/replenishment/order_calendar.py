"""On which days a supplier takes orders: the first one, the one after it, the last that serves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

_EVERY_DAY = frozenset(range(7))


class OrderCalendar:
    """Order days of n rows, counted from the first morning after `as_of` (offset 0).

    `suppliers` (n,) ids, None where unknown; those that `weekdays` (Monday 0) does not name take
    orders on any day.
    """

    def __init__(
        self, as_of: pd.Timestamp, suppliers: pd.Series, weekdays: Mapping[str, frozenset[int]]
    ):
        codes, names = pd.factorize(suppliers.astype(object).fillna(""))
        first = (as_of.dayofweek + 1) % 7
        days = [(first + offset) % 7 for offset in range(7)]
        is_open = [[day in weekdays.get(name, _EVERY_DAY) for day in days] for name in names]
        is_open = np.array(is_open, dtype=bool).reshape(-1, 7)
        week = np.arange(14)
        opened = is_open[:, week % 7]
        ahead = np.where(opened[:, None, :] & (week >= week[:7, None]), week, 99)
        back = np.where(opened[:, None, :] & (week <= week[7:, None]), week, -99)
        # per supplier and offset within a week: the next order day, and the one before, as steps
        self._next = (ahead.min(axis=2) - week[:7])[codes]
        self._last = (week[7:] - back.max(axis=2))[codes]

    def first(self) -> np.ndarray:
        """Offset (n,) of the first order day; 0 is the morning after as_of."""
        return self._next[:, 0].astype(float)

    def on_or_after(self, offset: np.ndarray) -> np.ndarray:
        """Offset (n,) of the first order day not before `offset` (n,)."""
        rows, offset = np.arange(len(offset)), np.asarray(offset, dtype=float)
        return offset + self._next[rows, offset.astype(int) % 7]

    def on_or_before(self, offset: np.ndarray) -> np.ndarray:
        """Offset (n,) of the last order day not after `offset` (n,), at least the first one."""
        rows, offset = np.arange(len(offset)), np.asarray(offset, dtype=float)
        return np.maximum(offset - self._last[rows, offset.astype(int) % 7], self.first())
