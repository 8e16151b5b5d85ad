"""The rules to beat: each orders what its formula says, by hand-worked numbers."""

import numpy as np
import pytest

from ml.replenishment.rules import (
    ClassicalSafetyStock,
    ErpFormula,
    MinMax,
    PerfectForesight,
    SeasonalCover,
    seasonal_base,
    seen_mean,
    seen_sd,
)
from ml.replenishment.simulation import open_shelf, place, replay

NAN = np.nan


def shelf(on_hand, under_way=0.0):
    empty = open_shelf(on_hand, longest_lead=3)
    return place(empty, np.full(len(on_hand), under_way), 3, 3)


def test_unseen_weeks_count_neither_as_zero_nor_as_weeks():
    past = np.array([[9.0, 1.0, NAN, 3.0], [9.0, NAN, NAN, NAN]])
    assert seen_mean(past, 3).tolist() == [2.0, 0.0]
    assert seen_sd(past, 3).tolist() == pytest.approx([np.sqrt(2.0), 0.0])


def test_the_erp_formula_waits_for_its_trigger_and_then_fills_the_whole_cycle():
    rule = ErpFormula(lambda _t: np.full((3, 4), 10.0), lead=3.0, cycle=1.0, safety=1.0)
    # trigger at (3 + 1) x 10 = 40, level (1 + 3 + 1) x 10 = 50
    assert rule(0, shelf([39.0, 40.0, 4.0])).tolist() == [11.0, 0.0, 46.0]
    assert rule(0, shelf([10.0, 10.0, 10.0], under_way=29.0)).tolist() == [11.0] * 3


def test_min_max_orders_to_the_maximum_once_the_minimum_is_reached():
    rule = MinMax(lambda _t: np.full((3, 4), 10.0), minimum=3.0, maximum=5.0)
    assert rule(0, shelf([30.0, 31.0, 0.0])).tolist() == [20.0, 0.0, 50.0]


def test_classical_safety_stock_is_z_sigma_root_of_the_protection_interval():
    past = np.tile([8.0, 12.0], (1, 6))
    rule = ClassicalSafetyStock(lambda _t: past, lead=2, review=2, service_level=0.95, averaged=12)
    sd = np.std(past, ddof=1)
    assert rule(0, shelf([0.0]))[0] == np.rint(40 + 1.6449 * sd * 2)


def test_the_season_is_pooled_over_series_and_taken_out_of_the_base():
    seasons = np.tile([0, 1], 10)
    big, small = np.tile([10.0, 30.0], 10), np.tile([1.0, 3.0], 10)
    base, index = seasonal_base(np.stack([big, small]), seasons, averaged=4)
    assert index[:2].tolist() == pytest.approx([0.5, 1.5])
    assert base.tolist() == pytest.approx([20.0, 2.0])
    rule = SeasonalCover(lambda _t: np.stack([big, small]), lambda t: t % 2, cover=3, averaged=4)
    assert rule.forecast(0, 2)[1].tolist() == pytest.approx([1.0, 3.0])
    assert rule(0, shelf([0.0, 0.0])).tolist() == [50.0, 5.0]
    assert rule(0, shelf([40.0, 9.0])).tolist() == [10.0, 0.0]


def test_an_unseen_season_changes_nothing_and_an_unseen_series_forecasts_none():
    base, index = seasonal_base(np.array([[4.0, 4.0], [NAN, NAN]]), np.array([3, 4]), averaged=13)
    assert base.tolist() == [4.0, 0.0]
    assert index[50] == 1.0


def test_perfect_foresight_misses_nothing_it_could_reach_and_holds_nothing_it_bought():
    rng = np.random.default_rng(5)
    demand = rng.poisson(4, (6, 12)).astype(float)
    start = open_shelf([3.0] * 6, [[2.0, 1.0]] * 6, longest_lead=2)
    ledger, _ = replay(PerfectForesight(demand, 2), demand, start, lead=2)
    assert ledger.missed[:, 2:].sum() == 0
    bought = ledger.ordered.sum(axis=1)
    assert (ledger.closing[:, -1][bought > 0] <= 6).all()
    late = ledger.closing[:, 2:][ledger.received[:, 2:] > 0]
    assert (late == 0).all()
