"""Open orders come on their own days: what that changes in the order and in the projected stock."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_shop import SUNDAY, planned, position, whole_plan

from ml.replenishment.open_orders import OPEN_ORDER_COLUMNS, OpenOrders
from ml.replenishment.parameters import Policy

MONDAY = pd.Timestamp(SUNDAY) + pd.Timedelta(days=1)
LOST = Policy(unmet_demand="lost")


def under_way(*promises, unique_id="S0@main"):
    """Open orders from (days after the next morning or None, units) pairs."""
    days = [pd.NaT if day is None else MONDAY + pd.Timedelta(days=day) for day, _ in promises]
    units = [float(qty) for _, qty in promises]
    return pd.DataFrame(dict(zip(OPEN_ORDER_COLUMNS, (unique_id, days, units), strict=True)))


def shelf(on_order=14.0, **changes):
    return position(on_order=on_order, next_expected_on=MONDAY, **changes)


def ordered(table, **options):
    return planned(shelf(), policy=LOST, open_orders=table, **options).iloc[0]["order_qty"]


def test_what_comes_late_is_still_there_when_new_goods_land():
    """One unit a day, goods land in 14 days: the second seven sell on two of them, five are left
    of the seven wanted. All of it at once would be sold out by then."""
    assert ordered(under_way((0, 7), (12, 7))) == 2
    assert ordered(under_way((0, 14))) == 7
    assert ordered(None) == 7


def test_the_projected_stock_rises_on_each_promised_day():
    table = under_way((0, 7), (20, 7))

    drawn = whole_plan(shelf(), policy=LOST, open_orders=table).projection()

    # on its morning what comes on Monday is there; three weeks on, of what came the day before,
    # a day has been sold
    assert drawn["stock_without_qty"].tolist()[:5] == [7, 0, 0, 6, 0]
    assert drawn["ds"].min() == MONDAY


@pytest.mark.parametrize("promise", [None, -3, 40])
def test_what_is_overdue_undated_or_due_later_is_not_bought_twice(promise):
    """It is taken to come with the goods of today's order."""
    assert ordered(under_way((promise, 14))) == 0


def test_a_list_that_says_less_leaves_the_rest_to_the_next_expected_day():
    assert ordered(under_way((12, 7))) == ordered(under_way((0, 7), (12, 7)))


def test_a_list_that_says_more_than_is_on_order_counts_for_nothing():
    assert ordered(under_way((12, 15))) == ordered(None)


def test_orders_of_series_the_plan_lacks_and_of_no_units_count_for_nothing():
    others = pd.concat([under_way((3, 9), unique_id="elsewhere@main"), under_way((3, 0))])

    assert ordered(others) == ordered(None)


def test_a_repeated_row_does_not_take_the_orders_of_the_first():
    frame = pd.concat([shelf(), shelf(on_hand=5.0)], ignore_index=True)

    rows = planned(frame, policy=LOST, open_orders=under_way((0, 7), (12, 7)))

    assert sorted(rows["order_qty"]) == [0, 2]


PROMISES = st.lists(
    st.tuples(st.none() | st.integers(-10, 60), st.integers(1, 30)), min_size=1, max_size=8
)


@settings(deadline=None)
@given(PROMISES, st.integers(0, 20), st.integers(0, 1000))
def test_every_unit_comes_once_and_the_order_of_the_list_does_not_matter(promises, more, seed):
    table = under_way(*promises)
    rows = shelf(on_order=float(sum(qty for _, qty in promises) + more)).assign(is_repeated=False)
    lead = np.array([14.0])

    def coming(listed):
        arrivals = OpenOrders.read(rows, listed, pd.Timestamp(SUNDAY)).arrivals(lead)
        return sorted((float(day[0]), float(qty[0])) for day, qty in arrivals if qty[0] > 0)

    shuffled = table.sample(frac=1, random_state=seed, ignore_index=True)
    assert coming(table) == coming(shuffled)
    assert sum(qty for _, qty in coming(table)) == rows["on_order"].iloc[0]
    assert all(0 <= day <= 14 for day, _ in coming(table))
