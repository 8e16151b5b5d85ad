"""What a customer's purchase days tell at a day: counts in windows, gaps, fading memories."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.churn.timeline import Timeline, day_number

WINDOWS = (7, 14, 28, 56, 90, 180, 365)
SPEND_WINDOWS = (28, 90, 180)
LAST_GAPS = 3
LAST_AMOUNTS = 2
MEMORIES = (14, 30, 60, 120, 240)
SPEND_MEMORIES = (30, 120)
CATEGORY_MEMORY = 90
CATEGORIES = 6
_TREND_DAYS = 90
# a rate is (fading count + 0.5) / (fading days + 15): one purchase day a month to begin with
_PRIOR_DAYS, _PRIOR_COUNT = 15.0, 0.5

RHYTHM_NUMBERS = (
    *(f"days_{window}d" for window in WINDOWS),
    *(f"spent_{window}d" for window in SPEND_WINDOWS),
    *(f"gap_{i}_days" for i in range(1, LAST_GAPS + 1)),
    *(f"spent_{i}" for i in range(1, LAST_AMOUNTS + 1)),
    "longest_gap_days",
    "recency_over_longest",
    "recency_over_last_gap",
    "last_of_lifetime",
    "spend_trend",
    "days_per_30d",
    *(f"fading_days_{memory}d" for memory in MEMORIES),
    *(f"fading_rate_{memory}d" for memory in MEMORIES),
    *(f"fading_spend_{memory}d" for memory in SPEND_MEMORIES),
    *(f"fading_qty_{memory}d" for memory in SPEND_MEMORIES),
    *(f"fading_category_{rank}" for rank in range(1, CATEGORIES + 1)),
)
FADING = tuple(i for i, name in enumerate(RHYTHM_NUMBERS) if name.startswith("fading"))


def rhythm(timeline: Timeline, slices: pd.DataFrame, category: np.ndarray) -> np.ndarray:
    """One row per row (customer_id, as_of) of `slices`, one column per RHYTHM_NUMBERS, float32.

    `category` (n_events,): rank of each entry's category from 0, -1 for none. Days, CNY yuan, and
    fading sums, where what lies `memory` days back counts 1/e. nan where it cannot be known (no
    second gap yet). Only purchase days with ds <= as_of are read; a customer without any gets nan
    and zeros.
    """
    first, end = timeline.visible(slices)
    today = day_number(slices["as_of"])
    n = end - first
    past = _Past.of(timeline, first, end, today)
    spending = timeline.events["paid_amount"].to_numpy(float)
    paid = spending[past.entry]
    columns = [past.total((past.age < window).astype(float)) for window in WINDOWS]
    columns += [past.total(np.where(past.age < window, paid, 0)) for window in SPEND_WINDOWS]
    day = _entry(timeline.day.astype(float), first, end)
    gaps = [day(i) - day(i + 1) for i in range(1, LAST_GAPS + 1)]
    amount = _entry(spending, first, end)
    recency, tenure = today - day(1), today - day(n)
    longest = _longest_gap(timeline, first, end)
    columns += [*gaps, *(amount(i) for i in range(1, LAST_AMOUNTS + 1)), longest]
    recent = past.total(np.where(past.age < _TREND_DAYS, paid, 0))
    columns += [
        recency / np.maximum(longest, 1),
        recency / np.maximum(gaps[0], 1),
        1 - recency / np.maximum(tenure, 1),
        recent / _TREND_DAYS - past.total(paid) / np.maximum(tenure + 1, _TREND_DAYS),
        30 * n / np.maximum(tenure + 1, 30),
    ]
    columns += _fading(timeline, past, np.nan_to_num(tenure), category)
    return np.column_stack(columns).astype(np.float32)


@dataclass(frozen=True)
class _Past:
    """The visible entries of every row, laid end to end: whose, which entry, how many days ago."""

    rows: int
    whose: np.ndarray
    entry: np.ndarray
    age: np.ndarray

    @classmethod
    def of(
        cls, timeline: Timeline, first: np.ndarray, end: np.ndarray, today: np.ndarray
    ) -> "_Past":
        n = end - first
        entry = np.arange(n.sum()) + np.repeat(first - (np.cumsum(n) - n), n)
        age = np.repeat(today, n) - timeline.day[entry]
        return cls(len(n), np.repeat(np.arange(len(n)), n), entry, age)

    def total(self, weights: np.ndarray) -> np.ndarray:
        """Sum per row, (rows,)."""
        return np.bincount(self.whose, weights=weights, minlength=self.rows)


def _fading(
    timeline: Timeline, past: _Past, tenure: np.ndarray, category: np.ndarray
) -> list[np.ndarray]:
    faded = {memory: np.exp(-past.age / memory) for memory in {*MEMORIES, CATEGORY_MEMORY}}
    counts = [past.total(faded[memory]) for memory in MEMORIES]
    days = [memory * -np.expm1(-(tenure + 1) / memory) for memory in MEMORIES]
    rates = [
        np.log((count + _PRIOR_COUNT) / (lived + _PRIOR_DAYS))
        for count, lived in zip(counts, days, strict=True)
    ]
    sums = [
        past.total(faded[memory] * timeline.events[column].to_numpy(float)[past.entry])
        for column in ("paid_amount", "qty")
        for memory in SPEND_MEMORIES
    ]
    kinds = category[past.entry]
    by_category = [
        past.total(faded[CATEGORY_MEMORY] * (kinds == rank)) for rank in range(CATEGORIES)
    ]
    return [*counts, *rates, *sums, *by_category]


def _entry(
    values: np.ndarray, first: np.ndarray, end: np.ndarray
) -> Callable[[int | np.ndarray], np.ndarray]:
    """A function of i: the i-th last visible value of each row, nan where there is none."""

    def value(i: int | np.ndarray) -> np.ndarray:
        there = (end - i >= first) & (np.asarray(i) >= 1)
        if not len(values):
            return np.full(len(end), np.nan)
        return np.where(there, values[np.clip(end - i, 0, len(values) - 1)], np.nan)

    return value


def _longest_gap(timeline: Timeline, first: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The longest gap between visible purchase days, nan with fewer than two."""
    if not len(timeline.day):
        return np.full(len(end), np.nan)
    gap = np.diff(timeline.day, prepend=timeline.day[:1]).astype(float)
    same = timeline.events["customer_id"].to_numpy()
    begins = np.concatenate([[True], same[1:] != same[:-1]])
    gap[begins] = 0.0
    # gaps never reach across customers, so a running maximum may restart at each by an offset
    customer = np.cumsum(begins)
    offset = customer * (gap.max() + 1.0)
    running = np.maximum.accumulate(gap + offset) - offset
    known = end - first >= 2
    return np.where(known, running[np.clip(end - 1, 0, len(gap) - 1)], np.nan)
