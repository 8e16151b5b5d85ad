"""Control charts: how often they cry wolf, what they see, and how they start again."""

import numpy as np
import pytest

from monitoring.control import break_sums, decision_limit, robust_sd

USUAL = {"slack": 1.5, "memory": 0.2, "cap": 4.5}


def sums(z, **changes):
    return break_sums(
        np.asarray(z, float).reshape(len(z), -1), **(USUAL | {"limit": 3.3} | changes)
    )


@pytest.mark.parametrize("slack", [0.5, 1.0, 1.5])
def test_normal_weeks_trip_a_chart_about_as_seldom_as_the_limit_promises(slack):
    limit = decision_limit(slack, n_sums=20, quiet_years=1.0)
    z = np.random.default_rng(3).normal(size=(52, 4_000))
    tripped = break_sums(z, slack=slack, memory=0.0, cap=99.0, limit=limit).tripped
    a_year = tripped.sum() / 4_000 * 10  # ten two-sided charts
    assert 0.3 < a_year < 3.5, "Siegmund's curve is good to a factor of three"


def test_a_break_trips_its_chart_once_and_the_chart_rests_on_the_new_level():
    z = np.zeros(30)
    z[10:] = -4.0
    found = sums(z)
    assert np.flatnonzero(found.tripped[:, 0]).tolist() == [11]
    assert found.down[11, 0] > 3.3
    assert found.weeks[11, 0] == 2
    assert found.down[14:, 0].max() < 1


def test_a_second_break_is_seen_too():
    z = np.zeros(30)
    z[10:20], z[20:] = 4.0, 9.0
    assert np.flatnonzero(sums(z).tripped[:, 0]).tolist() == [11, 21]


def test_one_odd_week_and_a_slow_drift_trip_nothing():
    odd = np.zeros(20)
    odd[10] = 50.0
    assert not sums(odd).tripped.any()
    assert not sums(np.linspace(0, 5, 26)).tripped.any()


def test_a_week_that_was_not_seen_leaves_the_chart_as_it_was():
    z = np.zeros(20)
    z[10], z[11], z[12] = 4.0, np.nan, 4.0
    found = sums(z)
    assert found.up[11, 0] == found.up[10, 0]
    assert found.tripped[12, 0]


def test_more_charts_must_climb_higher():
    few, many = (decision_limit(1.5, n_sums=n, quiet_years=10) for n in (2, 200))
    assert few < many


def test_the_robust_spread_ignores_a_few_giants():
    values = np.random.default_rng(1).normal(0, 2.0, 2_000)
    values[:20] = 1e6
    assert robust_sd(values) == pytest.approx(2.0, rel=0.1)
    assert np.isnan(robust_sd(np.array([np.nan])))
