"""How likely customers are to stay away at a time of year, from what they did a year before."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ml.churn.timeline import Timeline

_YEAR = 364  # whole weeks, so that a weekday meets itself
_FEWEST_CUSTOMERS = 1_000
_FEWEST_SLICES = 4


@dataclass(frozen=True)
class Season:
    """Log odds to stay away for `days`, for each day whose outcome is known, and their mean.

    Those asked are the customers who bought within the `days` before the day. `levels` begins at
    `first_day` (days since 1970) and is nan on days with fewer than 1,000 of them. Festivals move
    it: before one nearly everybody is about to buy, after one the cupboards are full.
    """

    days: int
    first_day: int
    levels: tuple[float, ...]
    mean: float

    @classmethod
    def unknown(cls) -> "Season":
        """Moves nothing."""
        return cls(0, 0, (), 0.0)

    @classmethod
    def learn(cls, events: pd.DataFrame, as_of: np.ndarray, days: int) -> "Season":
        """Read `events` (feat_customer_events); `mean` is that of the rows' days `as_of` (n,).

        `as_of` counts days since 1970. Unknown everywhere when fewer than four of its days have
        a known level a year before: then nothing tells a season from chance.
        """
        levels, first_day = _levels(Timeline.of(events), days)
        levels = levels.round(4)  # as it is kept
        season = cls(days, first_day, tuple(levels.tolist()), 0.0)
        known = season._a_year_before(as_of)
        told = ~np.isnan(known)
        if len(np.unique(as_of[told])) < _FEWEST_SLICES:
            return cls.unknown()
        return cls(days, first_day, season.levels, float(known[told].mean()))

    def of(self, as_of: np.ndarray) -> np.ndarray:
        """The level 364 days before each day, less the mean, (n,); 0 where it is not known."""
        return np.nan_to_num(self._a_year_before(as_of) - self.mean)

    def to_dict(self) -> dict:
        """Plain numbers, for JSON; None for a level that is not known."""
        known = [None if np.isnan(level) else level for level in self.levels]
        return asdict(self) | {"levels": known}

    @classmethod
    def from_dict(cls, kept: dict) -> "Season":
        """What `to_dict` gave."""
        levels = tuple(np.nan if level is None else level for level in kept["levels"])
        return cls(**kept | {"levels": levels})

    def _a_year_before(self, as_of: np.ndarray) -> np.ndarray:
        if not self.levels:
            return np.full(len(as_of), np.nan)
        place = np.asarray(as_of) - _YEAR - self.first_day
        inside = (place >= 0) & (place < len(self.levels))
        return np.where(inside, np.asarray(self.levels)[np.where(inside, place, 0)], np.nan)


def _levels(timeline: Timeline, days: int) -> tuple[np.ndarray, int]:
    """Log odds by day, and the first day: the first whose `days` before are all visible."""
    day = timeline.day
    if not len(day) or day.max() - day.min() < 2 * days:
        return np.empty(0), 0
    first, last = int(day.min()), int(day.max())
    customer = timeline.events["customer_id"].to_numpy(object)
    is_last = np.append(customer[1:] != customer[:-1], True)
    following = np.where(is_last, last + days + 1, np.append(day[1:], 0))
    within = day + days - 1
    asked = _standing(day, np.minimum(following - 1, within), first, last)
    away = _standing(day, np.minimum(following - days - 1, within), first, last)
    known = slice(days - 1, last - first - days + 1)
    asked, away = asked[known], away[known]
    log_odds = np.log((away + 0.5) / (asked - away + 0.5))
    return np.where(asked >= _FEWEST_CUSTOMERS, log_odds, np.nan), first + days - 1


def _standing(begin: np.ndarray, end: np.ndarray, first: int, last: int) -> np.ndarray:
    """How many of the spans [begin, end] hold each day from `first` to `last`."""
    real = end >= begin
    size = last - first + 2
    opened = np.bincount(begin[real] - first, minlength=size)
    closed = np.bincount(np.minimum(end[real] + 1 - first, size - 1), minlength=size)
    return np.cumsum(opened - closed)[:-1]
