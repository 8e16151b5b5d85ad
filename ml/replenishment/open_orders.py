"""When what is under way will come: open orders by their promised days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.columns import OPEN_ORDERS
from ml.replenishment.stock_path import Arrival

OPEN_ORDER_COLUMNS = tuple(OPEN_ORDERS.columns)


@dataclass(frozen=True)
class OpenOrders:
    """Units of each row by the day they are promised for.

    `days` (n, K): whole days sold before an order's units can be, negative where it is overdue, nan
    where nobody promised a day; `qty` (n, K), 0 where a row has fewer than K orders.
    """

    days: np.ndarray
    qty: np.ndarray

    @classmethod
    def read(
        cls, rows: pd.DataFrame, table: pd.DataFrame | None, as_of: pd.Timestamp
    ) -> "OpenOrders":
        """Of `rows` (unique_id, on_order, next_expected_on, is_repeated) by OPEN_ORDER_COLUMNS.

        How much is under way is on_order's to say. What `table` leaves of it is promised for
        next_expected_on; a list that adds up to more than on_order counts for nothing.
        """
        total = rows["on_order"].to_numpy(float)
        first = (rows["next_expected_on"] - as_of).dt.days.to_numpy(float) - 1.0
        if table is None or table.empty:
            return cls(first[:, None], total[:, None])
        place = pd.Series(np.arange(len(rows)), index=rows["unique_id"])
        place = place[~rows["is_repeated"].to_numpy()]
        listed = pd.DataFrame(
            {
                "row": place.reindex(table["unique_id"]).to_numpy(),
                "days": (pd.to_datetime(table["expected_on"]) - as_of).dt.days.to_numpy(float) - 1,
                "qty": pd.to_numeric(table["open_qty"], errors="coerce").to_numpy(float),
            }
        )
        listed = listed[listed["row"].notna() & (listed["qty"] > 0)].astype({"row": np.int64})
        told = np.bincount(listed["row"], listed["qty"], minlength=len(rows))
        is_told = told <= total + 1e-6
        listed = listed[is_told[listed["row"]]]
        listed = listed.groupby(["row", "days"], dropna=False, as_index=False)["qty"].sum()
        row, k = listed["row"].to_numpy(), listed.groupby("row").cumcount().to_numpy() + 1
        shape = (len(rows), int(k.max(initial=0)) + 1)
        days, qty = np.full(shape, np.nan), np.zeros(shape)
        days[:, 0], qty[:, 0] = first, np.maximum(total - np.where(is_told, told, 0.0), 0.0)
        days[row, k], qty[row, k] = listed["days"], listed["qty"]
        return cls(days, qty)

    def take(self, kept: np.ndarray) -> "OpenOrders":
        """The same of some rows."""
        return OpenOrders(self.days[kept], self.qty[kept])

    def arrivals(self, lead: np.ndarray, *, is_dated: bool = False) -> list[Arrival]:
        """(day, units) pairs for `stock_at`, `lead` (n,): days until goods ordered now can be sold.

        What is overdue or has no day is taken to come with those goods. So is what is due later,
        which keeps it from being bought twice; with `is_dated` it keeps its day.
        """
        is_early = (self.days >= 0) & (is_dated | (self.days <= lead[:, None]))
        days = np.where(is_early, self.days, lead[:, None])
        return [(days[:, k], self.qty[:, k]) for k in range(self.qty.shape[1])]
