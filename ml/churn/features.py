"""Turns customer slices into what models read: numbers, codes, and sequences of purchase days."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.churn.lifetime import LIFETIME_NUMBERS, Lifetimes
from ml.churn.rhythm import RHYTHM_NUMBERS, rhythm
from ml.churn.timeline import Timeline, day_number
from ml.columns import CUSTOMER_NUMBERS, FEAT_CUSTOMER

CODED = ("platform", "last_category")
STEP_NUMBERS = ("age_days", "gap_days", "paid_amount", "qty", "discount_rate")
STEPS = 32
_MOST_WORDS = 200
_ROWS_AT_ONCE = 50_000  # the purchase days behind a row take more memory than what they tell


@dataclass(frozen=True)
class Vocabulary:
    """The words met while fitting, per text column; what was not met has no code."""

    words: Mapping[str, tuple[str, ...]]

    @classmethod
    def learn(cls, features: pd.DataFrame, events: pd.DataFrame) -> "Vocabulary":
        """Keep the 200 most frequent words of platform, last_category and event category."""
        columns = {column: features[column] for column in CODED} | {"category": events["category"]}
        return cls({name: _frequent(values) for name, values in columns.items()})

    def codes(self, column: str, values: pd.Series) -> np.ndarray:
        """Position of each value among the known words, (n,) int64; -1 for null or unknown."""
        return pd.Index(self.words[column], dtype=object).get_indexer(values.astype(object))


def _frequent(values: pd.Series) -> tuple[str, ...]:
    counts = values.dropna().astype(str).value_counts()
    ranked = sorted(counts.index, key=lambda word: (-counts[word], word))
    return tuple(ranked[:_MOST_WORDS])


@dataclass(frozen=True)
class Batch:
    """Padded sequences: `numbers` (n, steps, 5), `category` (n, steps) 0 = none, `length` (n,)."""

    numbers: np.ndarray
    category: np.ndarray
    length: np.ndarray


@dataclass(frozen=True)
class Sequences:
    """The last purchase days up to each row's as_of, gathered only when a batch is asked for."""

    day: np.ndarray
    as_of: np.ndarray
    numbers: np.ndarray
    category: np.ndarray
    first: np.ndarray
    end: np.ndarray

    @property
    def length(self) -> np.ndarray:
        """Purchase days visible to each row, at most `STEPS`."""
        return np.minimum(self.end - self.first, STEPS)

    def take(self, rows: np.ndarray | slice) -> "Sequences":
        """The same events seen from some of the rows."""
        return Sequences(
            self.day, self.as_of[rows], self.numbers, self.category, self.first[rows],
            self.end[rows],
        )  # fmt: skip

    def batch(self, rows: np.ndarray) -> Batch:
        """Pad the rows' sequences on the right to the longest of them, oldest day first.

        Channels: log(1 + days before as_of), log(1 + days since the purchase before),
        log(1 + paid_amount), log(1 + qty), discount_rate. Nothing after as_of is gathered.
        """
        length = self.length[rows]
        steps = np.arange(max(1, int(length.max(initial=1))))
        entry = (self.end[rows] - length)[:, None] + steps
        real = steps < length[:, None]
        if not len(self.day):
            shape = (len(rows), len(steps))
            return Batch(
                np.zeros((*shape, len(STEP_NUMBERS)), np.float32), np.zeros(shape, int), length
            )
        entry = np.where(real, entry, 0)
        age = np.log1p(np.maximum(self.as_of[rows][:, None] - self.day[entry], 0))
        numbers = np.concatenate([age[..., None], self.numbers[entry]], axis=2)
        numbers = np.where(real[..., None], numbers, 0).astype(np.float32)
        return Batch(numbers, np.where(real, self.category[entry] + 1, 0), length)


@dataclass(frozen=True)
class Inputs:
    """One row per slice row, float32: `numbers` (n, 18), `codes` (n, 2) nan = unknown, `rhythm`
    (n, RHYTHM_NUMBERS), `lifetime` (n, LIFETIME_NUMBERS), `extras` (n, k) nan = unknown; and
    `sequences`."""

    numbers: np.ndarray
    codes: np.ndarray
    rhythm: np.ndarray
    lifetime: np.ndarray
    extras: np.ndarray
    sequences: Sequences

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def as_of(self) -> np.ndarray:
        """The rows' last visible days, (n,), days since 1970."""
        return self.sequences.as_of

    def number(self, column: str, extras: Sequence[str] = ()) -> np.ndarray:
        """One column by its name, (n,) float64; `extras` names the extra columns in order."""
        blocks = (
            (CUSTOMER_NUMBERS, self.numbers),
            (RHYTHM_NUMBERS, self.rhythm),
            (LIFETIME_NUMBERS, self.lifetime),
            (tuple(extras), self.extras),
        )
        for names, block in blocks:
            if column in names:
                return block[:, names.index(column)].astype(float)
        raise KeyError(column)

    def parts(self) -> Iterator["Inputs"]:
        """All rows in their order, part by part, without a copy."""
        for start in range(0, len(self), _ROWS_AT_ONCE):
            yield self.take(slice(start, start + _ROWS_AT_ONCE))

    def take(self, rows: np.ndarray | slice) -> "Inputs":
        """The rows at these positions; a slice of them is no copy."""
        return Inputs(
            self.numbers[rows], self.codes[rows], self.rhythm[rows], self.lifetime[rows],
            self.extras[rows], self.sequences.take(rows),
        )  # fmt: skip


def model_inputs(
    features: pd.DataFrame,
    events: pd.DataFrame,
    vocabulary: Vocabulary,
    lifetimes: Lifetimes,
    extras: Sequence[str] = (),
    rows: np.ndarray | None = None,
) -> Inputs:
    """Inputs for each row of `features` (feat_customer), in its row order, or for those at `rows`.

    Reads of `events` (feat_customer_events) only days with ds <= the row's as_of; a customer
    without events gets an empty sequence. `extras` are further numeric columns of `features`,
    null where unknown. Raises ValueError when a frame breaks its contract or lacks an extra.
    """
    FEAT_CUSTOMER.check(features)
    lacking = [name for name in extras if name not in features]
    if lacking:
        raise ValueError(f"frame 'feat_customer': the extra columns {lacking} are missing")
    timeline = Timeline.of(events)
    category = vocabulary.codes("category", timeline.events["category"])
    places = np.arange(len(features)) if rows is None else rows
    widths = (len(CUSTOMER_NUMBERS), len(CODED), len(RHYTHM_NUMBERS), len(LIFETIME_NUMBERS))
    blocks = [np.empty((len(places), width), np.float32) for width in (*widths, len(extras))]
    seen = [np.empty(len(places), np.int64) for _ in ("as_of", "first", "end")]
    for start in range(0, len(places), _ROWS_AT_ONCE):
        part = features.iloc[places[start : start + _ROWS_AT_ONCE]]
        here = slice(start, start + len(part))
        codes = np.column_stack([vocabulary.codes(name, part[name]) for name in CODED])
        found = (
            part[list(CUSTOMER_NUMBERS)].to_numpy(np.float32),
            np.where(codes < 0, np.nan, codes),
            rhythm(timeline, part, category),
            lifetimes.numbers(timeline, part),
            part[list(extras)].to_numpy(np.float32),
        )
        for block, values in zip(blocks, found, strict=True):
            block[here] = values
        for kept, values in zip(
            seen, (day_number(part["as_of"]), *timeline.visible(part)), strict=True
        ):
            kept[here] = values
    numbers = blocks[0]
    if not np.isfinite(numbers).all():
        column = CUSTOMER_NUMBERS[int(np.argmax(~np.isfinite(numbers).all(axis=0)))]
        raise ValueError(f"frame 'feat_customer': column '{column}' holds an infinite number")
    as_of, first, end = seen
    sequences = Sequences(timeline.day, as_of, _event_numbers(timeline), category, first, end)
    return Inputs(*blocks, sequences)


def _event_numbers(timeline: Timeline) -> np.ndarray:
    events = timeline.events
    gap = np.diff(timeline.day, prepend=timeline.day[:1])
    new_customer = (events["customer_id"] != events["customer_id"].shift()).to_numpy()
    return np.column_stack(
        [
            np.log1p(np.where(new_customer, 0, gap)),
            np.log1p(events["paid_amount"].to_numpy(float).clip(0)),
            np.log1p(events["qty"].to_numpy(float).clip(0)),
            events["discount_rate"].to_numpy(float),
        ]
    ).astype(np.float32)
