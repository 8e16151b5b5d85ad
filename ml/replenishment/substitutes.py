"""Buyers who take another SKU instead: how many, and counted where they will come.

A planner's list says which share of a SKU's buyers takes which substitute. Demand moves
  - while the shelf is dry before an order can land (lost sales only; no order at all can land for
    a SKU that ends first): that share of the sales expected to be lost;
  - after a SKU's last day: that share of its daily rate of the last 26 weeks. Once the day is past
    the substitute's own sales begin to show it, so this part fades to nothing over FADE_DAYS.
Units go to the substitute's row in the same warehouse and are added to its expected demand; its
spread stays what it was. One step only: what the substitute lacks in turn goes nowhere.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.replenishment.protection import DAYS_PER_WEEK, DemandCurves
from ml.replenishment.targets import Targets
from ml.replenishment.wording import JOINT, quantities, words_of

SUBSTITUTE_COLUMNS = ("sku_id", "substitute_sku_id", "share")
FADE_DAYS = 56
# Fewer units than this are not worth a word.
SMALLEST_MOVE_QTY = 0.5
_WORDS = {
    "zh": {"comes": "{0}停售或断货，约{1}件转来", "goes": "约{1}件预计转去{0}"},
    "en": {
        "comes": "about {1} units expected from {0}, which ends or runs dry",
        "goes": "about {1} units expected to move to {0}",
    },
}


@dataclass(frozen=True)
class MovedDemand:
    """`source`, `target` (m,): rows between which demand moves; `by_knot` (m, k + 1): units moved
    up to each knot of the curves; `is_unmet` (n,): rows whose substitute has no row beside them."""

    source: np.ndarray
    target: np.ndarray
    by_knot: np.ndarray
    is_unmet: np.ndarray

    def added_to(self, curves: DemandCurves) -> DemandCurves:
        """`curves` with what moves added to the mean of the rows it moves to."""
        extra = np.zeros_like(curves.mean)
        np.add.at(extra, self.target, self.by_knot)
        return DemandCurves(curves.knots, curves.mean + extra, curves.spreads, curves.elapsed)

    def units(self, curves: DemandCurves, days: np.ndarray) -> np.ndarray:
        """Units (m,) that move within the `days` (n,) days of each target's row."""
        alone = DemandCurves(curves.knots, self.by_knot, {}, curves.elapsed)
        return alone.demand(np.asarray(days, dtype=float)[self.target])

    def words(self, units: np.ndarray, sku_id: pd.Series, language: str) -> np.ndarray:
        """What comes to and goes from each row (n,), in words; "" for nothing."""
        words, names = words_of(_WORDS, language), sku_id.to_numpy(object)
        text = np.full(len(names), "", dtype=object)
        told = np.flatnonzero(units >= SMALLEST_MOVE_QTY)
        for k, qty in zip(told, quantities(np.rint(units[told])), strict=True):
            source, target = self.source[k], self.target[k]
            for row, key, other in ((target, "comes", source), (source, "goes", target)):
                joint = JOINT[language] if text[row] else ""
                text[row] += joint + words[key].format(names[other], qty)
        return text


def moved_demand(
    rows: pd.DataFrame,
    targets: Targets,
    start: np.ndarray,
    arrivals: list,
    substitutes: pd.DataFrame | None,
    as_of: pd.Timestamp,
) -> MovedDemand:
    """What moves between `rows` by SUBSTITUTE_COLUMNS; nothing without such a list.

    Lines about SKUs the plan does not have count for nothing, and a dormant substitute takes
    nothing. Shares of one SKU that add up to more than 1 are scaled down to it.
    Raises ValueError for a share outside 0 to 1.
    """
    source, target, share, is_unmet = _pairs(rows, substitutes)
    knot_days = targets.curves.knots * DAYS_PER_WEEK - targets.curves.elapsed
    if not len(source):
        return MovedDemand(source, target, np.zeros((0, len(knot_days))), is_unmet)
    last = (rows["discontinued_on"] - as_of).dt.days.fillna(np.inf).to_numpy(float)
    dry_until = np.where(rows["is_ending"], np.inf, targets.lead)
    fade = np.clip(1 + np.minimum(last, 0.0) / FADE_DAYS, 0.0, 1.0)
    rate = rows["daily_rate"].to_numpy(float) * np.where(np.isinf(last), 0.0, fade)
    ended = np.minimum(np.maximum(last, 0.0), 1e9)
    moved = np.zeros((len(rows), len(knot_days)))
    for k, day in enumerate(knot_days):
        days = np.full(len(rows), max(day, 0.0))
        lost = targets.lost_before(np.minimum(days, dry_until), start, arrivals)
        moved[:, k] = lost + rate * np.maximum(days - ended, 0.0)
    # days before as_of go on at the first days' rate: only differences are ever read
    first = int(np.argmax(knot_days > 0))
    slope = moved[:, first] / knot_days[first] if knot_days[first] > 0 else np.zeros(len(rows))
    moved = np.where(knot_days < 0, slope[:, None] * knot_days, moved)
    return MovedDemand(source, target, share[:, None] * moved[source], is_unmet)


def _pairs(rows: pd.DataFrame, substitutes: pd.DataFrame | None):
    nothing = np.zeros(0, dtype=np.int64)
    if substitutes is None or substitutes.empty:
        return nothing, nothing, np.zeros(0), np.zeros(len(rows), dtype=bool)
    table = substitutes[list(SUBSTITUTE_COLUMNS)].assign(share=substitutes["share"].astype(float))
    if not table["share"].between(0, 1).all():
        raise ValueError("shares of a substitute list must lie in 0 to 1")
    total = table.groupby("sku_id")["share"].transform("sum")
    table["share"] /= np.maximum(total, 1.0)
    table = table[table["sku_id"] != table["substitute_sku_id"]]
    own = rows.loc[~rows["is_repeated"], ["sku_id", "warehouse_id", "is_dormant"]]
    own = own.assign(row=own.index.to_numpy())
    there = own[~own["is_dormant"]].drop(columns="is_dormant")
    there = there.rename(columns={"sku_id": "substitute_sku_id", "row": "target"})
    found = table.merge(own, on="sku_id").merge(
        there, on=["substitute_sku_id", "warehouse_id"], how="left"
    )
    is_unmet = np.zeros(len(rows), dtype=bool)
    is_unmet[found.loc[found["target"].isna(), "row"].to_numpy()] = True
    found = found.dropna(subset=["target"])
    source, target = (found[name].to_numpy(np.int64) for name in ("row", "target"))
    return source, target, found["share"].to_numpy(float), is_unmet
