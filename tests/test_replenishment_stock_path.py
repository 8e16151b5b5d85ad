"""Stock on its way through the days: arrivals count from their day, lost sales come never back."""

import numpy as np
import pytest

from ml.replenishment.stock_path import stock_at


def left(start, days, *arrivals, is_lost=True):
    def two_a_day(n):
        return 2.0 * n

    pairs = [(np.array([float(day)]), np.array([float(qty)])) for day, qty in arrivals]
    at = np.array([float(days)])
    return stock_at(two_a_day, np.array([float(start)]), at, pairs, is_lost=is_lost)[0]


@pytest.mark.parametrize(
    ("start", "days", "arrivals", "lost", "owed"),
    [
        (10, 3, [], 4, 4),
        (10, 8, [], 0, -6),
        # dry from day 5 to 7, then 20 arrive
        (10, 8, [(7, 20)], 18, 14),
        (10, 7, [(7, 20)], 20, 16),
        # what comes after the day counts for nothing
        (10, 6, [(7, 20)], 0, -2),
        # two arrivals in any order
        (0, 10, [(8, 5), (2, 6)], 1, -9),
        (0, 10, [(2, 6), (8, 5)], 1, -9),
        # units owed from the start stay owed
        (-4, 5, [(5, 10)], 6, -4),
    ],
)
def test_stock_follows_arrivals_and_sales_day_by_day(start, days, arrivals, lost, owed):
    assert left(start, days, *arrivals) == lost
    assert left(start, days, *arrivals, is_lost=False) == owed


def test_without_lost_sales_stock_is_start_plus_arrivals_less_demand():
    rng = np.random.default_rng(2)
    start, days = rng.integers(-9, 50, 40).astype(float), np.full(40, 12.0)
    arrivals = [(rng.integers(0, 12, 40).astype(float), rng.integers(0, 9, 40).astype(float))]
    found = stock_at(lambda n: 3 * n, start, days, arrivals, is_lost=False)
    np.testing.assert_allclose(found, start + arrivals[0][1] - 36)
    more = stock_at(lambda n: 3 * n, start + 1, days, arrivals, is_lost=True)
    lost = stock_at(lambda n: 3 * n, start, days, arrivals, is_lost=True)
    assert ((more - lost >= 0) & (more - lost <= 1)).all()
    assert (lost >= found).all()
