"""The pooled season: its shape, and that a table knows nothing later than its day."""

import numpy as np
import pytest

from ml.demand.rhythm import Rhythm
from ml.demand.season import PooledSeason

WEEKLY = Rhythm.of("W-MON")
YEARS, PEAK = 4, 46


def demand_of(years, *, series=40, seed=3):
    """Poisson demand of series of different size, year n in the shape of `years[n]`."""
    draw = np.random.default_rng(seed)
    level = draw.uniform(5, 60, series)
    return draw.poisson(level[:, None] * np.concatenate(years)).astype(float)


def index_of(demand, origin=None):
    """The index by week of the year as `origin` reads it, by default the last week."""
    series, weeks = demand.shape
    phase = np.arange(weeks + 13) % 52
    season = PooledSeason(
        demand,
        np.ones_like(demand, dtype=bool),
        np.zeros(series, dtype=int),
        (phase, np.zeros_like(phase)),
        WEEKLY,
    )
    origin = weeks - 1 if origin is None else origin
    return season.index(np.zeros(52, dtype=int), np.full(52, origin), np.arange(52))


def year(peak=PEAK, height=3.0):
    shape = np.ones(52)
    shape[peak] = height
    return shape


def test_a_peak_that_moves_between_weeks_is_drawn_over_them():
    index = index_of(demand_of([year(PEAK + n % 2) for n in range(YEARS)]))

    beside = index[[PEAK - 1, PEAK, PEAK + 1, PEAK + 2]] * np.mean(year())
    assert beside[1:3] == pytest.approx([1.9, 1.9], rel=0.15)
    assert 1.1 < beside[[0, 3]].min() < 1.5


def test_what_comes_later_changes_nothing_an_origin_reads():
    demand, origin = demand_of([year()] * YEARS), 52 * (YEARS - 1) - 1
    spoilt = demand.copy()
    spoilt[:, origin + 1 :] *= 1 + 8 * (np.arange(52) == 20)

    assert (index_of(demand, origin) == index_of(spoilt, origin)).all()
    assert (index_of(demand) != index_of(spoilt)).any()
