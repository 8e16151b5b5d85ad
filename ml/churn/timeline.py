"""Finds each customer's purchase days on either side of a day."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.columns import FEAT_CUSTOMER_EVENTS

KEYS = ["customer_id", "as_of"]
_SPAN = 1_000_000  # more days than any calendar date counts from 1970


def day_number(dates: pd.Series) -> np.ndarray:
    """Whole days since 1970-01-01 of a date column, (n,) int64; a time of day is dropped."""
    return dates.to_numpy("datetime64[D]").astype(np.int64)


def days_visible(events: pd.DataFrame, last_day: pd.Timestamp) -> pd.DataFrame:
    """The purchase days known at the end of `last_day`; raises ValueError for another frame."""
    FEAT_CUSTOMER_EVENTS.check(events)
    return events[events["ds"] <= last_day]


@dataclass(frozen=True)
class Timeline:
    """Purchase days ordered by customer and day, one entry per row of `events`.

    `events` keeps the columns of feat_customer_events in that order; `day` (n_events,) counts days
    since 1970.
    """

    events: pd.DataFrame
    day: np.ndarray
    _customers: pd.Index
    _place: np.ndarray

    @classmethod
    def of(cls, events: pd.DataFrame) -> "Timeline":
        """Order `events` (feat_customer_events); raises ValueError when the frame is not one."""
        FEAT_CUSTOMER_EVENTS.check(events)
        if _is_ordered(events):
            ordered = events.reset_index(drop=True)
        else:
            ordered = events.sort_values(["customer_id", "ds"], ignore_index=True)
        customers = pd.Index(ordered["customer_id"].unique())
        day = day_number(ordered["ds"])
        place = customers.get_indexer(ordered["customer_id"]) * _SPAN + day
        return cls(ordered, day, customers, place)

    def visible(self, slices: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Bounds [first, end) of the entries each row (customer_id, as_of) may see: ds <= as_of."""
        customer = self._customers.get_indexer(slices["customer_id"])
        start = customer.astype(np.int64) * _SPAN
        first = np.searchsorted(self._place, start, side="left")
        end = np.searchsorted(self._place, start + day_number(slices["as_of"]), side="right")
        return first, np.where(customer < 0, first, end)

    def days_until_next(self, slices: pd.DataFrame) -> np.ndarray:
        """Days from as_of to the first purchase day after it, (n,) float; inf without one."""
        if not len(self.day):
            return np.full(len(slices), np.inf)
        customer = self._customers.get_indexer(slices["customer_id"])
        _, end = self.visible(slices)
        found = np.minimum(end, len(self.day) - 1)
        same = (end < len(self.day)) & (self._place[found] // _SPAN == customer)
        return np.where(same, self.day[found] - day_number(slices["as_of"]), np.inf)


def _is_ordered(events: pd.DataFrame) -> bool:
    customer, day = events["customer_id"].to_numpy(object), events["ds"].to_numpy()
    is_same = customer[1:] == customer[:-1]
    rises = np.where(is_same, day[1:] >= day[:-1], customer[1:] > customer[:-1])
    return bool(rises.all())
