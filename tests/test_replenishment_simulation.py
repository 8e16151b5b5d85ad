"""The replay: its clock, its ledger, its constraints, and an outside engine that agrees."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.replenishment.outcome import Costs, outcome
from ml.replenishment.simulation import (
    Ledger,
    Terms,
    lead_time_draws,
    lead_time_miss,
    open_shelf,
    pass_period,
    place,
    replay,
)

few = settings(max_examples=40, deadline=None)


def base_stock(level):
    return lambda _t, shelf: np.maximum(level - shelf.position, 0.0)


def once(qty):
    return lambda t, shelf: np.full(len(shelf.on_hand), qty if t == 0 else 0.0)


def balanced(ledger: Ledger, first_on_order=0.0):
    np.testing.assert_allclose(
        ledger.opening + ledger.received - ledger.repaid - ledger.sold, ledger.closing, atol=1e-9
    )
    np.testing.assert_allclose(ledger.sold + ledger.missed, ledger.demand, atol=1e-9)
    np.testing.assert_allclose(ledger.opening[:, 1:], ledger.closing[:, :-1], atol=1e-9)
    ordered, received = ledger.ordered.cumsum(axis=1), ledger.received.cumsum(axis=1)
    np.testing.assert_allclose(first_on_order + ordered - received, ledger.on_order, atol=1e-9)
    for table in vars(ledger).values():
        assert (table >= -1e-9).all()


@pytest.mark.parametrize("lead", [0, 1, 2, 5])
def test_what_is_ordered_before_period_0_sells_from_the_period_of_its_lead_time(lead):
    demand = np.ones((1, 8))
    ledger, _ = replay(once(100), demand, open_shelf([0.0], longest_lead=lead), lead=lead)
    assert ledger.received[0].tolist() == [100.0 if t == lead else 0.0 for t in range(8)]
    assert ledger.sold[0].tolist() == [0.0] * lead + [1.0] * (8 - lead)


def test_with_lead_time_2_what_is_decided_at_the_end_of_week_0_sells_at_the_start_of_week_3():
    shelf = open_shelf([0.0], longest_lead=2)
    shelf = place(shelf, np.array([7.0]), 2, 2)
    received = []
    for _week in (1, 2, 3):
        shelf, events = pass_period(shelf, np.array([0.0]))
        received.append(float(events["received"][0]))
    assert received == [0.0, 0.0, 7.0]


def test_what_is_under_way_at_the_start_arrives_in_its_own_period():
    shelf = open_shelf([1.0], [[5.0, 9.0]], longest_lead=2)
    assert shelf.due(3).tolist() == [[5.0, 9.0, 0.0]]
    ledger, last = replay(once(0), np.zeros((1, 3)), shelf, lead=2)
    assert ledger.received[0].tolist() == [5.0, 9.0, 0.0]
    assert last.on_hand.tolist() == [15.0]


def test_a_sale_is_never_served_from_goods_of_the_next_period():
    shelf = open_shelf([2.0], [[0.0, 50.0]], longest_lead=2)
    ledger, _ = replay(once(0), np.array([[5.0, 5.0]]), shelf, lead=2)
    assert ledger.sold[0].tolist() == [2.0, 5.0]
    assert ledger.missed[0].tolist() == [3.0, 0.0]


def test_lost_sales_are_gone_and_backorders_are_served_first():
    demand = np.array([[4.0, 4.0, 0.0]])
    shelf = open_shelf([1.0], [[0.0, 6.0]], longest_lead=2)
    lost, _ = replay(once(0), demand, shelf, lead=2)
    owed, _ = replay(once(0), demand, shelf, lead=2, backorders=True)
    assert lost.closing[0].tolist() == [0.0, 2.0, 2.0]
    assert owed.repaid[0].tolist() == [0.0, 3.0, 0.0]
    assert owed.sold[0].tolist() == [1.0, 3.0, 0.0]
    assert owed.owed[0].tolist() == [3.0, 1.0, 1.0]


@few
@given(
    seed=st.integers(0, 10_000),
    longest=st.integers(0, 4),
    backorders=st.booleans(),
    pack=st.integers(1, 7),
    moq=st.integers(0, 30),
    budget=st.sampled_from([np.inf, 0.0, 200.0]),
)
def test_every_unit_is_accounted_for_whatever_happens(seed, longest, backorders, pack, moq, budget):
    rng = np.random.default_rng(seed)
    n, periods = 5, 12
    demand = rng.poisson(6, (n, periods)).astype(float)
    lead = rng.integers(0, longest + 1, (n, periods))
    under_way = rng.integers(0, 9, (n, longest)).astype(float)
    shelf = open_shelf(rng.integers(0, 20, n), under_way, longest_lead=longest)
    terms = Terms(moq=float(moq), pack_size=float(pack), unit_cost=3.0, budget=budget)

    def whim(_t, _shelf):
        return rng.integers(0, 25, n).astype(float)

    ledger, last = replay(whim, demand, shelf, lead=lead, terms=terms, backorders=backorders)
    balanced(ledger, under_way.sum(axis=1, keepdims=True))
    assert (ledger.ordered % pack == 0).all()
    assert ((ledger.ordered == 0) | (ledger.ordered >= moq)).all()
    assert (3.0 * ledger.ordered.sum(axis=0) <= budget + 1e-9).all()
    if not backorders:
        assert (ledger.owed == 0).all()
    np.testing.assert_allclose(last.on_hand, ledger.closing[:, -1])


def test_a_negative_wish_and_a_negative_stock_are_refused():
    shelf = open_shelf([0.0], longest_lead=1)
    with pytest.raises(ValueError, match="negative quantity before period 0"):
        replay(lambda _t, _s: np.array([-1.0]), np.ones((1, 2)), shelf, lead=1)
    with pytest.raises(ValueError, match="must not be negative"):
        open_shelf([-1.0], longest_lead=1)
    with pytest.raises(ValueError, match="longer than the longest"):
        replay(base_stock(5.0), np.ones((1, 9)), shelf, lead=4)


def test_a_policy_sees_the_promised_date_and_not_the_real_one():
    seen = []

    def watch(t, shelf):
        seen.append(shelf.due(4)[0].tolist())
        return np.array([10.0 if t == 0 else 0.0])

    lead = np.array([[3, 3, 3, 3, 3]])
    shelf = open_shelf([0.0], longest_lead=3)
    replay(watch, np.zeros((1, 5)), shelf, lead=lead, quoted_lead=1)
    # promised for the second period from the decision on, overdue from the third
    assert seen == [[0.0] * 4, *[[10.0, 0.0, 0.0, 0.0]] * 3, [0.0] * 4]


def test_the_future_of_demand_reaches_no_decision():
    rng = np.random.default_rng(3)
    demand = rng.poisson(5, (4, 10)).astype(float)
    spoilt = demand.copy()
    spoilt[:, 6:] = 1e9
    shelf = open_shelf([8.0] * 4, longest_lead=2)
    ordered = [replay(base_stock(20.0), d, shelf, lead=2)[0].ordered for d in (demand, spoilt)]
    np.testing.assert_array_equal(ordered[0][:, :7], ordered[1][:, :7])
    assert (ordered[0][:, 7:] != ordered[1][:, 7:]).any()


def test_lead_times_are_drawn_with_the_wanted_mean_and_the_same_draws_for_the_same_seed():
    days, sd = np.array([14.0, 21.0]), np.array([0.0, 7.0])
    drawn = lead_time_draws(np.random.default_rng(1), days, sd, 4000)
    again = lead_time_draws(np.random.default_rng(1), days, sd, 4000)
    np.testing.assert_array_equal(drawn, again)
    assert set(drawn[0]) == {2}
    # rounding up to whole weeks adds half a week on average
    assert drawn[1].mean() == pytest.approx(3.5, abs=0.1)
    assert drawn[1].std() == pytest.approx(1.04, abs=0.1)


def test_how_far_deliveries_miss_the_promised_week_counts_the_rounding_up():
    days, sd, quoted = np.array([14.0, 10.0, 14.0]), np.array([0.0, 0.0, 3.0]), np.array([2, 2, 2])
    sure, early, noisy = lead_time_miss(days, sd, quoted)
    assert (sure, early) == (0.0, 0.0)
    # nearly every other delivery is a week late, hardly one two weeks
    assert noisy == pytest.approx(np.sqrt(0.49), abs=0.06)


def test_the_outcome_of_a_hand_worked_replay():
    demand = np.array([[5.0, 3.0, 8.0], [1.0, 1.0, 0.0]])
    shelf = open_shelf([6.0, 3.0], [[0.0, 4.0], [0.0, 0.0]], longest_lead=2)
    ledger, _ = replay(once(0), demand, shelf, lead=2)
    assert ledger.closing.tolist() == [[1.0, 2.0, 0.0], [2.0, 1.0, 1.0]]
    assert ledger.missed.tolist() == [[0.0, 0.0, 6.0], [0.0, 0.0, 0.0]]
    is_promotion = np.array([[False, False, True], [False, False, False]])
    is_a = np.array([True, False])
    found = outcome(ledger, Costs(0.2, 1.0), is_a=is_a, is_promotion=is_promotion)
    assert found.holding_cost == pytest.approx(0.2 * 7)
    assert found.shortage_cost == 6.0
    assert found.cost == pytest.approx(7.4)
    assert found.fill_rate == pytest.approx(12 / 18)
    assert found.a_fill_rate == pytest.approx(10 / 16)
    assert found.stockout_rate == pytest.approx(1 / 6)
    assert found.a_stockout_rate == pytest.approx(1 / 3)
    assert found.promotion_fill == pytest.approx(2 / 8)
    assert found.turnover_days == pytest.approx(7 * 7 / 12)
    assert {f.name for f in fields(found)} == set(vars(found))


@pytest.mark.parametrize("backorders", [False, True])
@pytest.mark.parametrize("lead", [0, 1, 3])
def test_an_outside_engine_finds_the_same_stock_orders_and_shortages(lead, backorders):
    core = pytest.importorskip("stockcast.core")
    policies = pytest.importorskip("stockcast.policies")
    rng = np.random.default_rng(11)
    n, periods, level = 3, 20, 24.0
    demand = rng.poisson(6, (n, periods)).astype(float)
    weeks = pd.date_range("2026-01-05", periods=periods, freq="D")
    ids = [f"s{k}" for k in range(n)]
    shelf = core.InventoryStateDataFrame.from_observed(
        pd.DataFrame(
            {"unique_id": ids, "date": weeks[0] - pd.Timedelta(days=1), "on_hand": [30, 5, 0]}
        )
    )
    policy = policies.OrderUpToPolicy(
        lead_time=lead,
        review_period=1,
        freq="D",
        service_level=0.95,
        allow_backorders=backorders,
    )
    target = pd.DataFrame({"unique_id": ids, "date": weeks[0], "q95": level})
    policy.fit(target, target_column="q95")
    frame = pd.DataFrame(
        {"unique_id": np.repeat(ids, periods), "date": np.tile(weeks, n), "y": demand.ravel()}
    )
    theirs = core.SimulationEngine().run(policy=policy, demand_source=frame, inventory=shelf)
    events = theirs.to_event_frame().sort_values(["unique_id", "date"])
    ours, _ = replay(
        base_stock(level),
        demand,
        open_shelf([30.0, 5.0, 0.0], longest_lead=lead),
        lead=lead,
        backorders=backorders,
    )
    for column, mine in (("ending_on_hand", ours.closing), ("order_quantity", ours.ordered)):
        np.testing.assert_allclose(events[column].to_numpy().reshape(n, periods), mine)
