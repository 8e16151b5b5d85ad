"""Our policy and its tuning: what is covered, under which stock, and nothing from the future."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.replenishment.arrival import (
    ArrivalQuantile,
    ArrivalTarget,
    OrderUpTo,
    PeriodForecast,
    projected_stock,
)
from ml.replenishment.outcome import Costs, outcome
from ml.replenishment.service import service_by_cost, service_by_fill, volume_class
from ml.replenishment.simulation import lead_time_draws, lead_time_miss, open_shelf, replay

LEVELS = np.array([0.1, 0.5, 0.9])


def forecast(mean, width=4.0):
    mean = np.atleast_2d(np.asarray(mean, dtype=float))
    quantiles = np.stack([mean - width, mean, mean + width], axis=2)
    return PeriodForecast(mean, quantiles, LEVELS)


def arrival(mean, width=4.0, **options):
    return ArrivalQuantile(lambda _t: forecast(mean, width), **options)


def test_the_order_covers_the_week_it_arrives_in_and_no_other():
    policy = arrival([[10.0, 20.0, 30.0, 99.0]], lead=2, service_level=0.5)
    assert policy(0, open_shelf([0.0], longest_lead=2)).tolist() == [30.0]
    next_week = arrival([[10.0, 20.0, 30.0, 99.0]], lead=3, service_level=0.5)
    assert next_week(0, open_shelf([0.0], longest_lead=3)).tolist() == [99.0]


def test_demand_lost_on_the_way_is_not_bought_again():
    mean = [[10.0, 10.0, 10.0]]
    policy = arrival(mean, lead=2, service_level=0.5)
    assert policy(0, open_shelf([5.0], longest_lead=2)).tolist() == [10.0]
    # what comes after the first week's stock-out still sells in the second
    assert policy(0, open_shelf([5.0], [[0.0, 14.0]], longest_lead=2)).tolist() == [6.0]
    whole = OrderUpTo(lambda _t: forecast([[30.0]]), 0.5)
    assert whole(0, open_shelf([5.0], longest_lead=2)).tolist() == [25.0]


def test_the_service_level_is_read_between_the_quantiles():
    shelf = open_shelf([0.0], longest_lead=0)
    wanted = {
        p: float(arrival([[20.0]], lead=0, service_level=p)(0, shelf)[0])
        for p in (0.1, 0.5, 0.7, 0.9, 0.99)
    }
    # beyond the last quantile its distance grows with the normal score: 4 x 2.33 / 1.28
    assert wanted == {0.1: 16.0, 0.5: 20.0, 0.7: 22.0, 0.9: 24.0, 0.99: 27.0}


def test_a_longer_review_adds_its_weeks_and_their_spread_in_quadrature():
    policy = arrival([[1.0, 10.0, 10.0]], width=3.0, lead=1, review=2, service_level=0.9)
    assert policy(0, open_shelf([0.0], longest_lead=1)).tolist() == [24.0]
    with pytest.raises(ValueError, match="reaches 3 periods, not 4"):
        arrival([[1.0, 1.0, 1.0]], lead=2, review=2, service_level=0.5)(
            0, open_shelf([0.0], longest_lead=2)
        )


def test_series_may_have_their_own_lead_time_and_service_level():
    policy = arrival(
        [[10.0, 20.0], [10.0, 20.0]], lead=np.array([0, 1]), service_level=np.array([0.5, 0.9])
    )
    assert policy(0, open_shelf([0.0, 0.0], longest_lead=1)).tolist() == [10.0, 24.0]


@settings(max_examples=50, deadline=None)
@given(
    stock=st.lists(st.integers(0, 60), min_size=2, max_size=2).map(sorted),
    coming=st.integers(0, 30),
    mean=st.lists(st.floats(0, 20), min_size=4, max_size=4),
    level=st.floats(0.1, 0.9),
)
def test_more_stock_never_orders_more_and_no_order_is_negative(stock, coming, mean, level):
    policy = arrival([mean, mean], lead=2, service_level=level)
    wish = policy(0, open_shelf(np.array(stock, float), [[coming, 0.0]] * 2, longest_lead=2))
    assert (wish >= 0).all()
    assert wish[1] <= wish[0]
    assert (wish == np.floor(wish)).all()


def test_stock_is_projected_week_by_week_on_the_promised_dates():
    shelf = open_shelf([12.0, 12.0], [[0.0, 8.0], [0.0, 8.0]], longest_lead=2)
    mean = np.array([[5.0, 9.0], [20.0, 3.0]])
    assert projected_stock(shelf, mean, np.array([2, 2])).tolist() == [6.0, 5.0]
    assert projected_stock(shelf, mean, np.array([0, 1])).tolist() == [12.0, 0.0]


def test_what_lands_lasts_until_the_next_order_does_even_if_that_is_late():
    sure, late = (
        ArrivalTarget(
            lambda _t: forecast([[10.0, 10.0, 10.0]]), lead=2, service_level=0.9, lead_sd=sd
        )(0, open_shelf([0.0], longest_lead=2))
        for sd in (0.0, 1.0)
    )
    assert sure.tolist() == [14.0]
    # the shelf is empty when the goods land: 10 + hypot(4, 1.28 weeks of 10)
    assert late.tolist() == [23.0]


@pytest.mark.parametrize("sd_days", [0.0, 4.0, 7.0])
def test_late_suppliers_do_not_bring_the_service_down(sd_days):
    n, weeks = 60, 60
    rng = np.random.default_rng(3)
    demand = rng.poisson(40.0, (n, weeks)).astype(float)
    lead_days, sd = np.full(n, 14.0), np.full(n, sd_days)
    lead = np.full(n, 2)
    sigma = np.sqrt(40.0)
    known = PeriodForecast(
        np.full((n, 3), 40.0),
        np.broadcast_to(40.0 + sigma * np.array([-1.28, 0.0, 1.28]), (n, 3, 3)),
        LEVELS,
    )
    policy = ArrivalTarget(lambda _t: known, lead, 0.99, lead_time_miss(lead_days, sd, lead))
    draws = lead_time_draws(rng, lead_days, sd, weeks)
    shelf = open_shelf(np.full(n, 40.0), np.full((n, 2), 40.0), longest_lead=int(draws.max()) + 1)
    ledger, _ = replay(policy, demand, shelf, lead=draws, quoted_lead=lead)
    assert outcome(ledger.last(weeks - 5), Costs()).fill_rate >= 0.99


def windows(seed, demand_of):
    rng = np.random.default_rng(seed)
    demand = demand_of(rng)
    mean = demand.mean(axis=1, keepdims=True).repeat(3, axis=1)
    quantiles = np.stack([mean * 0.2, mean, mean * 1.8], axis=2)
    known = PeriodForecast(mean, quantiles, LEVELS)
    shelf = open_shelf(mean[:, 0] * 2, longest_lead=2)

    def at(level):
        return replay(ArrivalQuantile(lambda _t: known, 2, level), demand, shelf, lead=2)[0]

    return at


def test_a_dearer_shortage_raises_the_level_that_costs_least():
    window = windows(1, lambda rng: rng.gamma(1.5, 6.0, (40, 30)).round())
    classes = np.zeros(40, dtype=int)
    found = [
        service_by_cost([window], Costs(0.2, shortage), classes)[0] for shortage in (0.1, 0.6, 5.0)
    ]
    assert found[0] < found[1] < found[2]


def test_the_level_found_costs_no_more_than_any_other_and_each_class_gets_its_own():
    def two_kinds(rng):
        steady = rng.poisson(50, (20, 30)).astype(float)
        return np.vstack([steady, rng.gamma(0.3, 20.0, (20, 30)).round()])

    window, costs = windows(2, two_kinds), Costs(0.2, 1.0)
    classes = np.repeat([0, 1], 20)
    levels = (0.5, 0.6, 0.7, 0.8, 0.9)
    best = service_by_cost([window], costs, classes, levels=levels, pooled=0.0)
    for one in (0, 1):
        rows = classes == one
        bill = {level: costs.of(window(level))[rows].sum() for level in levels}
        assert bill[best[rows][0]] == min(bill.values())
    assert best[0] != best[-1]
    with pytest.raises(ValueError, match="no earlier window"):
        service_by_cost([], costs, classes)


def test_a_fill_target_takes_the_lowest_level_that_reaches_it():
    window = windows(3, lambda rng: rng.gamma(2.0, 5.0, (30, 40)).round())
    classes = np.zeros(30, dtype=int)
    levels = (0.5, 0.6, 0.7, 0.8, 0.9)
    fill = [window(level).sold.sum() / window(level).demand.sum() for level in levels]
    target = (fill[1] + fill[2]) / 2
    assert service_by_fill([window], classes, np.array([target]), levels=levels)[0] == 0.7
    assert service_by_fill([window], classes, np.array([1.0]), levels=levels)[0] == 0.9


def test_classes_by_volume_are_of_equal_size_and_ignore_unseen_weeks():
    past = np.array([[9.0, np.nan], [1.0, 1.0], [5.0, 5.0], [np.nan, 2.0], [7.0, 7.0], [0.0, 0.0]])
    assert volume_class(past).tolist() == [2, 0, 1, 1, 2, 0]


@pytest.mark.parametrize("on_hand", [0.0, 3.0, 40.0, 400.0])
def test_the_target_is_order_up_to_where_nothing_runs_dry_and_the_arrival_quantile_where_all_does(
    on_hand,
):
    mean, sd, z = np.full((1, 4), 20.0), 5.0, 1.6448536
    levels = np.array([0.5, 0.95])
    quantiles = np.stack([mean, mean + z * sd], axis=2)
    known = PeriodForecast(mean, quantiles, levels)
    shelf = open_shelf([on_hand], longest_lead=2)
    target = ArrivalTarget(lambda _t: known, lead=2, service_level=0.95)(0, shelf)[0]
    if on_hand < 20:
        assert target == ArrivalQuantile(lambda _t: known, lead=2, service_level=0.95)(0, shelf)[0]
        assert target == np.floor(20 + z * sd + 0.5)
    elif on_hand == 400:
        assert target == 0
    else:
        # 40 are just enough for the two weeks before: nothing is left that could go short
        assert target == np.floor(20 + z * sd + 0.5)
    richer = open_shelf([50.0], longest_lead=2)
    risky = ArrivalTarget(lambda _t: known, lead=2, service_level=0.95)(0, richer)[0]
    # 10 left on arrival may all be gone: they are no stock to count on
    assert risky == np.floor(20 + np.hypot(10, z * sd) - 10 + 0.5)
    assert risky > ArrivalQuantile(lambda _t: known, lead=2, service_level=0.95)(0, richer)[0]
    full = open_shelf([70.0], longest_lead=2)
    safe = ArrivalTarget(lambda _t: known, lead=2, service_level=0.95)(0, full)[0]
    assert safe == np.floor(60 + z * sd * np.sqrt(3) - 70 + 0.5)
