"""Lifetime models: held against simulated customers whose rates and ends are known."""

import numpy as np
import pandas as pd
import pytest
from churn_shop import purchase_days

from ml.churn.lifetime import (
    LIFETIME_NUMBERS,
    BetaGeometric,
    Histories,
    Lifetimes,
    ParetoNbd,
    fit_lifetime,
)
from ml.churn.timeline import Timeline

AGE, AHEAD = 200.0, 90.0
TRUTH = {
    BetaGeometric: BetaGeometric(0.8, 25.0, 0.9, 2.5),
    ParetoNbd: ParetoNbd(0.8, 25.0, 0.7, 60.0),
}


def _simulated(kind, customers=20_000, visits=60):
    """Histories at AGE and purchases in AHEAD of customers drawn as the model says."""
    draw, truth = np.random.default_rng(5), TRUTH[kind]
    rate = draw.gamma(truth.r, 1 / truth.alpha, customers)
    when = np.cumsum(draw.exponential(1 / rate[:, None], (customers, visits)), axis=1)
    if kind is BetaGeometric:
        leaves = draw.random((customers, visits)) < draw.beta(truth.a, truth.b, customers)[:, None]
        happens = np.cumsum(leaves, axis=1) - leaves == 0
    else:
        end = draw.exponential(1 / draw.gamma(truth.s, 1 / truth.beta, customers))
        happens = when < end[:, None]
    past, coming = happens & (when <= AGE), happens & (when > AGE) & (when <= AGE + AHEAD)
    last = np.where(past, when, 0).max(axis=1)
    return Histories(past.sum(axis=1).astype(float), last, np.full(customers, AGE)), coming.sum(1)


@pytest.fixture(scope="module", params=TRUTH, ids=lambda kind: kind.name)
def simulated(request):
    return TRUTH[request.param], *_simulated(request.param)


def test_expected_purchases_are_what_comes_on_average_for_frequent_and_rare_buyers(simulated):
    model, seen, coming = simulated
    expected = model.expected_purchases(seen, AHEAD)
    for group in (seen.repeats == 0, (seen.repeats > 0) & (seen.repeats < 5), seen.repeats >= 5):
        assert expected[group].mean() == pytest.approx(coming[group].mean(), rel=0.08, abs=0.01)


def test_the_chance_to_buy_is_the_share_that_buys(simulated):
    model, seen, coming = simulated
    chance = model.buys_within(seen, AHEAD)
    for low, high in ((0, 0.15), (0.15, 0.5), (0.5, 1)):
        group = (chance >= low) & (chance < high)
        assert chance[group].mean() == pytest.approx((coming[group] > 0).mean(), abs=0.025)


def test_fitting_finds_parameters_as_likely_as_the_true_ones(simulated):
    model, seen, _ = simulated
    some = Histories(seen.repeats[:1500], seen.last[:1500], seen.age[:1500])
    found = fit_lifetime(type(model), some)
    assert found.log_likelihood(some).mean() >= model.log_likelihood(some).mean() - 1e-3
    ours, truth = found.buys_within(seen, AHEAD).mean(), model.buys_within(seen, AHEAD).mean()
    assert ours == pytest.approx(truth, abs=0.02)


def test_longer_silence_lowers_and_a_longer_window_raises_the_chance(simulated):
    model = simulated[0]
    silent = Histories(np.full(4, 5.0), np.array([200.0, 150, 80, 20]), np.full(4, 200.0))
    assert (np.diff(model.alive(silent)) < 0).all()
    assert (np.diff(model.buys_within(silent, 30)) < 0).all()
    assert (model.buys_within(silent, 60) > model.buys_within(silent, 30)).all()


def test_customers_who_never_came_back_still_give_numbers():
    once = Histories(np.zeros(5), np.zeros(5), np.arange(5.0))
    for kind in TRUTH:
        model = fit_lifetime(kind, once)
        assert np.isfinite(model.expected_purchases(once, 30)).all()
        assert (model.buys_within(once, 30) < 0.5).all()
    with pytest.raises(ValueError, match="at least one customer"):
        fit_lifetime(BetaGeometric, Histories(*(np.zeros(0),) * 3))


@pytest.mark.filterwarnings("error")
def test_customers_all_alike_lead_the_search_past_what_can_be_reckoned_and_still_give_numbers():
    draw = np.random.default_rng(8)
    who, day = draw.integers(0, 800, 7000), np.floor(draw.uniform(0, 257, 7000))
    orders = pd.DataFrame({"who": who, "day": day}).drop_duplicates()
    first, last, bought = (orders.groupby("who")["day"].agg(f) for f in ("min", "max", "count"))
    alike = Histories(
        *(column.to_numpy(float) for column in (bought - 1, last - first, 257 - first))
    )
    model = fit_lifetime(ParetoNbd, alike)
    assert np.isfinite(model.log_likelihood(alike)).all()
    # everyone buys every 29 days, whatever they did so far
    assert np.median(model.buys_within(alike, 30)) == pytest.approx(0.64, abs=0.02)


def test_later_purchases_move_neither_parameters_nor_numbers():
    days = pd.to_datetime(["2026-01-01", "2026-01-20", "2026-02-01", "2026-03-09"])
    events = pd.DataFrame({"customer_id": ["a", "a", "b", "a"], "ds": days})
    events = events.assign(
        order_count=1, qty=1.0, paid_amount=9.0, discount_rate=0.0, category="wipes"
    )
    as_of = pd.Timestamp("2026-02-10")
    asked = pd.DataFrame({"customer_id": ["a", "b", "unknown"], "as_of": as_of})
    known = events[events["ds"] <= as_of]
    with_future, without = (Lifetimes.learn(e, as_of, 30) for e in (events, known))
    assert with_future == without
    numbers = with_future.numbers(Timeline.of(events), asked)
    assert numbers.shape == (3, len(LIFETIME_NUMBERS))
    np.testing.assert_array_equal(numbers, without.numbers(Timeline.of(known), asked))
    seen = Histories.of(Timeline.of(events), asked)
    assert seen.repeats.tolist() == [1, 0, 0]
    assert seen.last.tolist() == [19, 0, 0]
    assert seen.age.tolist() == [40, 9, 0]


def test_the_count_given_anothers_chance_is_half_the_way_to_it_in_logs():
    events = purchase_days(60, days=300, seed=2)
    as_of = events["ds"].max()
    rows = pd.DataFrame({"customer_id": events["customer_id"].unique(), "as_of": as_of})
    timeline, found = Timeline.of(events), Lifetimes.learn(events, as_of, 30)
    seen = Histories.of(timeline, rows)
    chance = found.pareto.buys_within(seen, AHEAD)
    count = found.pareto.expected_purchases(seen, AHEAD)
    agreed = found.purchases_given(chance, timeline, rows, AHEAD)
    np.testing.assert_allclose(agreed, count)
    np.testing.assert_allclose(found.purchases_given(chance / 4, timeline, rows, AHEAD), count / 2)
