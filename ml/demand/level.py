"""Lasting shifts of the level of many series at once: the past is read at the level of today.

When all that is sold triples in one week and stays there (a channel opens, a rival leaves), no row
that a model learns from joins the new level with weeks that lie far after it, and weights and
calibration come from weeks before it: a forecast eight weeks ahead falls back to the old level.
So demand before such a break is multiplied to the level after it, before anything is learnt.
Held-out weeks from before it are then calibrated at the level of today: what they tell is how far
forecasts go wrong where the level is known, not how far where it breaks.

A break is told by demand of four weeks or more over what level, season and planned discounts of the
weeks before let expect, summed over all series or those of an attribute, promoted weeks left out.
It must go further than anything that the whole, or any group as large, did before it, and last in
every week since, but for one in ten. Series that shift one by one, and groups after others, are
left to the models: these have seen it.

Thirty series, three times the demand four weeks before the cutoff, eight weeks ahead: WAPE .485
without, .088 with it, the mean of four weeks .093. On VN2, Dominick's, Online Retail and three
generated shops, cut every two weeks, no shift is told. What fewer than 20 series do more of than
ever before lasts by a third to a half only, hence EVIDENCE.
"""

from dataclasses import replace

import numpy as np

from ml.demand.features import FeatureTables
from ml.demand.groups import GroupSum, group_codes
from ml.demand.panel import History, LevelShift
from ml.demand.response import promo_periods

# weeks after a break that are weighed against all earlier ones: at least WIDTH, and as many up to
# WITHIN as it takes until TOLD of them were calm; after a festival people buy less for a while
WIDTH, WITHIN, TOLD = 4, 12, 3
AGE = 52  # weeks after which the models have learnt from a break themselves
EARLIER = 20  # weeks of history needed to know what is usual
BEYOND = 1.25  # times the furthest deviation seen before
LEAST = 0.25  # log of the smallest shift
LASTING, EXCEPT = 0.5, 0.1  # share of the shift that each week since keeps, but for this share
EVIDENCE = 80  # weeks of single series since the break: 20 series in 4 weeks, 5 series in 16
MEASURED = 13  # weeks after the break that tell its size
WHOLE = 1.25  # a break of all series is preferred to one of a group that is this much clearer
MOST = 8  # shifts told apart at most


def read_at_present_level(tables: FeatureTables) -> FeatureTables:
    """Tables of a history in which demand before each lasting shift is at the level after it."""
    while len(tables.history.shifts) < MOST and (shift := _clearest(tables)) is not None:
        tables = FeatureTables(_spliced(tables.history, shift))
    return tables


def log_factor(history: History) -> np.ndarray:
    """By how much, in logs, the oldest demand of each series was moved; N values."""
    moved = [np.log(shift.factor) * shift.series for shift in history.shifts]
    return np.sum(moved, axis=0) if moved else np.zeros(len(history.ids))


def _spliced(history: History, shift: LevelShift) -> History:
    factor = np.ones_like(history.y)
    factor[shift.series, : shift.since] = shift.factor
    return replace(
        history,
        y=history.y * factor,
        sold=history.sold * factor,
        shifts=(*history.shifts, shift),
    )


def _clearest(tables: FeatureTables) -> LevelShift | None:
    """The shift that goes furthest beyond what its series did before, None without any."""
    week, last = tables.rhythm.per_week, tables.n_weeks - 1
    origins = np.arange(last - WIDTH * week, tables.rhythm.learn // 2 - 1, -week)[::-1]
    if len(origins) <= EARLIER:
        return None
    demand = _Demand(tables)
    groupings = group_codes(tables.history)
    sums = {name: GroupSum(code) for name, code in groupings.items()}
    ratios = {name: np.empty((code.max() + 1, len(origins))) for name, code in groupings.items()}
    for at, origin in enumerate(origins):
        after = demand.by_week(origin, min((last - origin) // week, WITHIN))
        usable = demand.usable(origin)
        for name, of_group in sums.items():
            ratios[name][:, at] = _soonest_ratio(of_group(after), of_group(usable))
    best, clearest = None, 1.0
    for name, code in groupings.items():
        off = np.abs(ratios[name])
        usual = _of_any_as_large(_furthest_before(off), np.bincount(code))
        bound = np.maximum(BEYOND * usual, LEAST)
        clear = off / bound * (WHOLE if name == "all" else 1.0)
        young = origins >= last - AGE * week
        for group, at in np.argwhere(young & (off > bound) & (clear > clearest)):
            ratio = ratios[name][group, at]
            shift = demand.lasting(name, code == group, int(origins[at]), ratio)
            if shift is not None and clear[group, at] > clearest:
                best, clearest = shift, clear[group, at]
    return best


class _Demand:
    """Demand of calm weeks beside what was to be expected of them."""

    def __init__(self, tables: FeatureTables) -> None:
        self.tables = tables
        self.calm = tables.seen & ~promo_periods(tables.history)[:, : tables.n_weeks]

    def usable(self, origin: int) -> np.ndarray:
        """1 per series of which enough was seen up to `origin` to expect anything of it, else 0."""
        return (self.tables.count[:, origin] >= self.tables.rhythm.least).astype(float)

    def by_week(self, origin: int, weeks: int) -> np.ndarray:
        """N x weeks x 3 after `origin`: sold, expected at the origin, and share of periods told.

        All are 0 where nothing was seen, something was promoted, or the series was too young.
        """
        tables, week = self.tables, self.tables.rhythm.per_week
        at = np.arange(origin + 1, origin + 1 + weeks * week)
        told = self.calm[:, at] * self.usable(origin)[:, None]
        share = np.full(told.shape, 1 / week)
        parts = np.stack([tables.filled[:, at], tables.expected(origin, at), share], axis=2)
        parts *= told[..., None]
        return parts.reshape(len(told), weeks, week, 3).sum(2)

    def lasting(
        self, name: str, series: np.ndarray, origin: int, ratio: float
    ) -> LevelShift | None:
        """The shift by `ratio` (log) after `origin`, if it has lasted since."""
        weeks = (self.tables.n_weeks - 1 - origin) // self.tables.rhythm.per_week
        sold, expected, told = self.by_week(origin, weeks)[series].sum(0).T
        if told.sum() < EVIDENCE:
            return None
        kept = np.nan_to_num(np.sign(ratio) * _log_ratio(sold, expected)) >= LASTING * abs(ratio)
        if np.average(~kept, weights=told) > EXCEPT:
            return None
        factor = sold[:MEASURED].sum() / expected[:MEASURED].sum()
        return LevelShift(name, origin + 1, float(factor), series)


def _soonest_ratio(after: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Log of sold over expected per group, over the first weeks that tell enough; else NaN.

    `after` groups x weeks x 3 as `by_week`, `usable` series of each group.
    """
    sold, expected, told = np.moveaxis(np.cumsum(after, axis=1), 2, 0)
    enough = told >= TOLD * np.maximum(usable, 1)[:, None]
    enough[:, : WIDTH - 1] = False
    first = np.argmax(enough, axis=1)
    groups = np.arange(len(first))
    ratio = _log_ratio(sold[groups, first], expected[groups, first])
    return np.where(enough.any(1), ratio, np.nan)


def _log_ratio(sold: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """NaN where nothing was to be expected or nothing was sold at all."""
    told = (sold > 0) & (expected > 0)
    return np.log(np.where(told, sold, np.nan) / np.where(told, expected, np.nan))


def _of_any_as_large(furthest: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The most that any group did that has half as many series or more: groups x columns."""
    known = np.where(np.isinf(furthest), 0, furthest)
    any_as_large = np.stack([known[2 * size >= own].max(0) for own in size])
    return np.maximum(any_as_large, furthest)


def _furthest_before(deviation: np.ndarray) -> np.ndarray:
    """Largest deviation up to WIDTH weeks before each column; infinite where few are known."""
    out = np.full(deviation.shape, np.inf)
    furthest = np.maximum.accumulate(np.nan_to_num(deviation), axis=1)
    known = np.cumsum(~np.isnan(deviation), axis=1)
    out[:, WIDTH:] = np.where(known >= EARLIER, furthest, np.inf)[:, :-WIDTH]
    return out
