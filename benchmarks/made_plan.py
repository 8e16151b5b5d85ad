"""`make_plan` itself as a policy of the weekly simulation: the shelf becomes a position, the plan's
orders become wishes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.replenishment.parameters import Policy
from ml.replenishment.policy import make_plan
from ml.replenishment.simulation import Shelf

_UNKNOWN = {
    "stock_snapshot_date": pd.NaT,
    "shelf_life_days": np.nan,
    "discontinued_on": pd.NaT,
    "reserved": 0.0,
    "has_stock_snapshot": True,
    "is_stock_guessed": False,
    "last_26w_demand_qty": 0.0,
    "review_period_days": 7.0,
}


@dataclass(frozen=True)
class MadePlan:
    """A plan before every week, and what it orders.

    `terms`: rows of `fct_inventory_position` by unique_id, in the order of the shelf. `lead`,
    `lead_sd_days` (n,): whole weeks, days. `cutoff(t)`: Monday of the last week before week t;
    `sums(t)`: predict_cumulative as known then, `lead` + 1 weeks ahead at least.
    """

    terms: pd.DataFrame
    lead: np.ndarray
    lead_sd_days: np.ndarray
    cutoff: Callable[[int], pd.Timestamp]
    sums: Callable[[int], pd.DataFrame]
    service_level: float

    def __call__(self, t: int, shelf: Shelf) -> np.ndarray:
        cutoff = self.cutoff(t)
        as_of = cutoff + pd.Timedelta(days=6)
        made = make_plan(
            self.position(shelf, as_of),
            self.sums(t),
            as_of=as_of.date(),
            cutoff=cutoff,
            policy=Policy(service_level=dict.fromkeys("ABC", self.service_level)),
            language="en",
            open_orders=self.open_orders(shelf, as_of),
        )
        return made.fitted.qty.astype(float)

    def position(self, shelf: Shelf, as_of: pd.Timestamp) -> pd.DataFrame:
        """What the shop's tables would say of the shelf on the evening of `as_of`."""
        due = self.open_orders(shelf, as_of).groupby("unique_id")["expected_on"].min()
        return self.terms.reset_index().assign(
            **_UNKNOWN,
            on_hand=shelf.on_hand,
            on_order=shelf.on_order,
            next_expected_on=due.reindex(self.terms.index).to_numpy(),
            lead_time_days=7.0 * self.lead,
            lead_time_sd_days=self.lead_sd_days,
        )

    def open_orders(self, shelf: Shelf, as_of: pd.Timestamp) -> pd.DataFrame:
        """What is under way by the day it is promised for, as `fct_open_orders` has it."""
        series, order = np.nonzero(shelf.open_qty > 0)
        ahead = np.maximum(shelf.quoted_in[series, order], 1)
        return pd.DataFrame(
            {
                "unique_id": self.terms.index.to_numpy()[series],
                # what can be sold in the k-th coming week lies there on its Monday
                "expected_on": as_of + pd.to_timedelta(1 + 7 * (ahead - 1), unit="D"),
                "open_qty": shelf.open_qty[series, order],
            }
        )
