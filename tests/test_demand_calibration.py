"""Calibrated quantiles cover what they say, for weeks and for sums."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.demand.calibration import (
    UNSURE,
    Calibration,
    HeldOut,
    calibrate,
    sum_quantiles,
    tidy,
)

LEVELS = (0.1, 0.5, 0.9)
N, H = 400, 6


def held_out(seed, sd=10.0, shared=0.0):
    """Actuals around 100; the forecast thinks the spread is 2, whatever it is."""
    rng = np.random.default_rng(seed)
    y = 100 + rng.normal(0, sd, (N, H)) + shared * rng.normal(0, 1, (N, 1))
    mean = np.full((N, H), 100.0)
    quantiles = mean[..., None] + np.array([-2.56, 0, 2.56])
    return HeldOut(y, mean, quantiles, np.full(N, 100.0), np.ones(N, bool))


def _rest(part):
    return part.mean, part.quantiles, part.scale, part.usable


def test_quantiles_far_too_narrow_cover_eighty_percent_after_calibration():
    calibration = calibrate([held_out(k) for k in (1, 2, 4, 5)], LEVELS, [50.0])
    fresh = held_out(3)
    covered = calibration.apply(fresh.quantiles, fresh.scale)
    inside = (fresh.y >= covered[..., 0]) & (fresh.y <= covered[..., 2])
    assert inside.mean() == pytest.approx(0.8, abs=0.04)


def test_sums_are_calibrated_as_sums_when_weeks_err_together():
    parts = [held_out(k, sd=5, shared=15) for k in (1, 2, 4, 5)]
    calibration = calibrate(parts, LEVELS, [])
    fresh = held_out(3, sd=5, shared=15)
    guess = sum_quantiles(fresh.mean, fresh.quantiles)
    covered = calibration.apply_sum(guess, fresh.scale, H)
    total = fresh.y.sum(1)
    assert ((total >= covered[:, 0]) & (total <= covered[:, 2])).mean() == pytest.approx(
        0.8, abs=0.06
    )
    independent = 2.56 / 2 * np.sqrt(H * 5**2)
    assert (covered[:, 2] - covered[:, 0]).mean() > 3 * independent


def _middle(parts):
    """Where the calibrated median goes, in units, of what the first of `parts` forecast."""
    return calibrate(parts, LEVELS, []).apply(parts[0].quantiles, parts[0].scale)[..., 1]


def test_a_shock_of_one_week_hardly_moves_what_other_origins_deny():
    calm = [held_out(k, sd=1.0) for k in (1, 2, 4, 5, 6)]
    shocked = [*calm[1:], HeldOut(calm[0].y + 60, *_rest(calm[0]))]
    agreed = [
        HeldOut(part.y, part.mean, part.quantiles - 60, part.scale, part.usable) for part in calm
    ]
    assert np.abs(_middle(shocked) - _middle(calm)).max() < 0.1 * 60
    np.testing.assert_allclose(_middle(agreed), 100, atol=0.05 * 60)


def test_a_level_the_held_out_weeks_shared_widens_the_quantiles_and_does_not_move_them():
    right = [held_out(k, sd=2.0) for k in (1, 2, 4, 5)]
    busy = [HeldOut(part.y * 1.5, *_rest(part)) for part in right]
    calibration = calibrate(busy, LEVELS, [])
    part = right[0]
    weeks = calibration.apply(part.quantiles, part.scale).mean((0, 1))
    one = calibration.apply_sum(part.quantiles[:, 0], part.scale, 1).mean(0)
    for low, middle, high in (weeks, one):
        assert low < 70
        assert abs(middle - 100) < 10
        assert high > 145


def test_a_shift_takes_small_counts_to_nothing_and_divides_many_units():
    down = Calibration([], np.full((1, 1, 3), -0.2), np.full((1, 1, 3), -0.2))
    few, many = np.array([[0.1, 1.0, 3.0]]), np.array([[300.0, 1000.0, 2000.0]])
    low_of_few = down.apply(few[None], np.array([1.0]))[0, 0, 0]
    assert low_of_few == 0
    assert down.apply_sum(many, np.array([100.0]), 1)[0, 0] > 150
    in_units = Calibration([], down.steps, down.sums, in_units=True)
    assert in_units.apply_sum(many, np.array([100.0]), 1)[0, 0] == 0


@pytest.mark.parametrize("offset", [0.1, 0.3, 0.7])
def test_a_quantile_of_nothing_stays_exactly_nothing_without_a_shift(monkeypatch, offset):
    monkeypatch.setattr("ml.demand.calibration.OFFSET", offset)  # each rounds in its own way
    still = Calibration.none(1, 3)
    assert still.apply(np.array([[[0.0, 1.0, 2.0]]]), np.array([123.4]))[0, 0, 0] == 0


def test_held_out_weeks_without_demand_leave_the_calibration_finite():
    part = held_out(1)
    nothing = HeldOut(np.zeros((N, H)), *_rest(part))
    assert np.isfinite(calibrate([nothing], LEVELS, []).steps).all()


def test_a_forecast_far_above_what_sold_does_not_throw_the_upper_quantiles_away():
    parts = [held_out(k) for k in (1, 2, 4, 5)]
    sunk = [HeldOut(part.y / 50, *_rest(part)) for part in parts]
    covered = calibrate(sunk, LEVELS, []).apply(parts[0].quantiles, parts[0].scale)
    assert covered.max() < 2 * parts[0].quantiles.max()


def test_two_origins_cannot_contradict_each_other_and_count_half():
    two = calibrate([held_out(1), held_out(2)], LEVELS, [])
    many = calibrate([held_out(k) for k in range(60)], LEVELS, [])
    half = many.steps[..., 2] / 2 + UNSURE * 0.8
    np.testing.assert_allclose(two.steps[..., 2], half, rtol=0.05)


def test_what_few_series_say_is_drawn_apart_and_what_many_say_is_not():
    right = [held_out(k, sd=2.0) for k in range(8)]
    few = [HeldOut(*(field[:6] for field in (part.y, *_rest(part)))) for part in right]
    width = {
        name: calibrate(parts, LEVELS, []).steps for name, parts in (("few", few), ("many", right))
    }
    apart = {name: (steps[..., 2] - steps[..., 0]).mean() for name, steps in width.items()}
    assert apart["few"] > 0.08
    assert abs(apart["many"]) < 0.02
    assert np.abs(width["few"][..., 1]).max() < 0.05


def test_what_origins_disagree_by_widens_quantiles_that_are_right_over_all_of_them():
    swings = (1.3, 0.7, 1.2, 0.8, 1.3, 0.7, 1.2, 0.8)
    calm = [held_out(k, sd=2.0) for k in range(8)]
    y = np.stack([part.y * swing for part, swing in zip(calm, swings, strict=True)])
    # the same weeks dealt out anew, so that every origin holds some of each
    dealt = np.random.default_rng(1).permuted(y, axis=0)
    right = np.broadcast_to(np.quantile(y, LEVELS), (N, H, 3))
    apart, mixed = (
        calibrate(
            [HeldOut(one, calm[0].mean, right, *_rest(calm[0])[2:]) for one in held], LEVELS, []
        ).steps[:, 0]
        for held in (y, dealt)
    )
    assert np.abs(mixed).max() < 0.03
    assert (apart[:, 0] < -0.1).all()
    assert (apart[:, 2] > 0.1).all()
    assert np.abs(apart[:, 1] - mixed[:, 1]).max() < 0.1


def test_a_sum_of_independent_weeks_is_narrower_than_the_sum_of_quantiles():
    part = held_out(1)
    guess = sum_quantiles(part.mean, part.quantiles)
    assert (guess[:, 2] < part.quantiles.sum(1)[:, 2]).all()
    assert guess[0, 1] == pytest.approx(600)
    one = sum_quantiles(part.mean[:, :1], part.quantiles[:, :1])
    np.testing.assert_allclose(one, part.quantiles[:, 0])


def test_periods_no_held_out_origin_reached_take_the_longest_that_was():
    part = held_out(1)
    part.y[:, 3:] = np.nan
    calibration = calibrate([part], LEVELS, [])
    np.testing.assert_array_equal(calibration.sums[5], calibration.sums[2])


def test_untrusted_series_do_not_teach_the_calibration():
    part = held_out(1)
    wild = HeldOut(part.y * 50, part.mean, part.quantiles, part.scale, np.zeros(N, bool))
    alone, both = calibrate([part], LEVELS, []), calibrate([part, wild], LEVELS, [])
    np.testing.assert_array_equal(alone.steps, both.steps)
    np.testing.assert_array_equal(alone.sums, both.sums)


def test_calibration_survives_json():
    before = calibrate([held_out(1)], LEVELS, [50.0, 120.0])
    after = Calibration.from_dict(json.loads(json.dumps(before.to_dict())))
    np.testing.assert_array_equal(before.steps, after.steps)
    np.testing.assert_array_equal(before.sums, after.sums)
    assert before.edges == after.edges
    assert not after.in_units


def test_shifts_saved_before_they_were_learnt_in_logs_are_shifts_in_units():
    shifts = {"edges": [], "steps": [[[0.0, 0.5, 1.0]]], "sums": [[[0.0, 0.0, -0.25]]]}
    former = Calibration.from_dict(shifts)
    quantiles, volume = np.array([[2.0, 4.0, 10.0]]), np.array([5.0])
    np.testing.assert_allclose(former.apply(quantiles[None], volume)[0], [[2, 8, 18]])
    np.testing.assert_allclose(former.apply_sum(quantiles, volume, 1), [[2, 4, 8]])


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_tidy_quantiles_rise_and_are_never_negative(values):
    out = tidy(np.array(values))
    assert (out >= 0).all()
    assert (np.diff(out) >= 0).all()
