"""On which days a supplier takes orders: the first one, the one after it, the last that serves."""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

_EVERY_DAY = frozenset(range(7))
Closed = Mapping[str, Sequence[tuple[dt.date, dt.date]]]


class OrderCalendar:
    """Order days of n rows, counted from the first morning after `as_of` (offset 0).

    `suppliers` (n,) ids, None where unknown; those that `weekdays` (Monday 0) does not name take
    orders on any day. `closed`: by supplier the (first, last) dates on which it takes none.
    """

    def __init__(
        self,
        as_of: pd.Timestamp,
        suppliers: pd.Series,
        weekdays: Mapping[str, frozenset[int]],
        closed: Closed | None = None,
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
        self._closed = _offsets(as_of, names, closed or {})[codes]

    def take(self, rows: np.ndarray) -> "OrderCalendar":
        """The calendars of `rows` (m,) whole numbers, in that order."""
        return self._with(self._next[rows], self._last[rows], self._closed[rows])

    def never_closed(self) -> "OrderCalendar":
        """The same order days without any closed ones."""
        return self._with(self._next, self._last, self._closed[:, :0])

    def first(self) -> np.ndarray:
        """Offset (n,) of the first order day; 0 is the morning after as_of."""
        return self.on_or_after(np.zeros(len(self._next)))

    def on_or_after(self, offset: np.ndarray) -> np.ndarray:
        """Offset (n,) of the first order day not before `offset` (n,)."""
        found = self._on_weekday(np.asarray(offset, dtype=float), self._next)
        for window in range(self._closed.shape[1]):
            begin, end = self._closed[:, window].T
            is_shut = (begin <= found) & (found <= end)
            found = self._on_weekday(np.where(is_shut, end + 1, found), self._next)
        return found

    def on_or_before(self, offset: np.ndarray) -> np.ndarray:
        """Offset (n,) of the last order day not after `offset` (n,), at least the first one."""
        found = self._on_weekday(np.asarray(offset, dtype=float), -self._last)
        for window in reversed(range(self._closed.shape[1])):
            begin, end = self._closed[:, window].T
            is_shut = (begin <= found) & (found <= end)
            found = self._on_weekday(np.where(is_shut, begin - 1, found), -self._last)
        return np.maximum(found, self.first())

    def _on_weekday(self, offset: np.ndarray, steps: np.ndarray) -> np.ndarray:
        return offset + steps[np.arange(len(offset)), offset.astype(int) % 7]

    def _with(self, following, last, closed) -> "OrderCalendar":
        made = object.__new__(OrderCalendar)
        made._next, made._last, made._closed = following, last, closed
        return made


def _offsets(as_of: pd.Timestamp, names, closed: Closed) -> np.ndarray:
    """Closed days (suppliers, windows, 2) as offsets, ascending; (nan, nan) where there is none."""
    windows = [
        sorted(tuple(pd.Timestamp(day) for day in pair) for pair in closed.get(name, ()))
        for name in names
    ]
    most = max((len(own) for own in windows), default=0)
    table = np.full((len(windows), most, 2), np.nan)
    for row, own in enumerate(windows):
        for at, (begin, end) in enumerate(own):
            table[row, at] = (begin - as_of).days - 1, (end - as_of).days - 1
    return table
