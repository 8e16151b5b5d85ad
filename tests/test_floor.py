"""The irreducible error is what no forecast of the same counts can go below."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from ml.floor import dispersion, negbin_floor, poisson_floor

RATES = np.array([0.5, 1, 3, 5, 10, 20, 30, 50, 70, 100, 500])
# WAPE of the optimal median for a known rate, computed elsewhere; to two or three places
TABLE = {
    None: [1.00, 0.74, 0.45, 0.35, 0.25, 0.18, 0.145, 0.113, 0.095, 0.080, 0.036],
    10: [1.00, 0.77, 0.51, 0.43, 0.35, 0.30, 0.287, 0.272, 0.266, 0.261, 0.251],
    4: [1.00, 0.82, 0.59, 0.52, 0.45, 0.42, 0.41, 0.40, 0.40, 0.39, 0.39],
}


@pytest.mark.parametrize("k", [None, 10, 4])
def test_the_floor_is_that_of_the_published_table(k):
    found = (poisson_floor(RATES) if k is None else negbin_floor(RATES, k)) / RATES
    assert found == pytest.approx(np.array(TABLE[k]), abs=0.0055)


@settings(deadline=None, max_examples=40)
@given(st.floats(0.05, 80), st.one_of(st.none(), st.floats(1, 50)))
def test_no_constant_forecast_beats_the_floor_and_the_median_reaches_it(rate, k):
    counts = np.arange(int(rate + 15 * np.sqrt(rate + rate**2 / (k or 50)) + 60))
    chance = poisson.pmf(counts, rate) if k is None else nbinom.pmf(counts, k, k / (k + rate))
    floor = float(poisson_floor(rate) if k is None else negbin_floor(rate, k))
    # the best constant of an absolute error is one of the counts
    tried = counts[counts <= 2 * rate + 2]
    errors = np.abs(counts - tried[:, None]) @ chance
    assert errors.min() == pytest.approx(floor, rel=1e-3, abs=1e-3)


def test_nothing_demanded_leaves_no_error_and_an_endless_k_is_poisson():
    assert poisson_floor([0.0, 5.0])[0] == 0
    assert negbin_floor([0.0, 5.0], 4)[0] == 0
    assert negbin_floor(5.0, np.inf) == poisson_floor(5.0)


def test_a_dispersion_that_is_not_positive_is_an_error():
    with pytest.raises(ValueError, match="must be positive"):
        negbin_floor(3.0, 0.0)


def test_the_dispersion_of_drawn_counts_is_found_again_through_levels_and_gaps():
    rng = np.random.default_rng(3)
    rate = rng.gamma(1, 12, (400, 1)) * np.linspace(0.5, 1.5, 104)
    counts = rng.negative_binomial(5, 5 / (5 + rate)).astype(float)
    counts[rng.random(counts.shape) < 0.2] = np.nan
    assert dispersion(counts) == pytest.approx(5, rel=0.15)
    assert dispersion(rng.poisson(rate)) > 100


def test_what_weekdays_differ_by_is_not_taken_for_noise():
    rng = np.random.default_rng(3)
    shape = np.tile([0.2, 0.6, 0.8, 1.0, 1.2, 1.8, 1.4], 30)
    rate = rng.gamma(1, 12, (300, 1)) * shape
    counts = rng.negative_binomial(5, 5 / (5 + rate)).astype(float)
    assert dispersion(counts, 7) == pytest.approx(5, rel=0.15)
    assert dispersion(counts) < 4
