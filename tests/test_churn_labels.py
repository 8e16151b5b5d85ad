"""Labels: the arithmetic of the outcome window, its edges, and censoring."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.churn.labels import churn_labels

DAY_0 = pd.Timestamp("2026-03-01")


def _day(offset: int) -> pd.Timestamp:
    return DAY_0 + pd.Timedelta(days=offset)


def _events(*bought: tuple[str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": pd.Series([who for who, _ in bought], dtype=object),
            "ds": pd.to_datetime([_day(offset) for _, offset in bought]),
            "order_count": 1,
            "qty": 1.0,
            "paid_amount": 10.0,
            "discount_rate": 0.0,
            "category": pd.Series(["diapers"] * len(bought), dtype=object),
        }
    )


def _slices(*rows: tuple[str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        {"customer_id": [who for who, _ in rows], "as_of": [_day(offset) for _, offset in rows]}
    )


@pytest.mark.parametrize(
    ("bought_on", "is_churned"), [(-5, True), (0, True), (1, False), (30, False), (31, True)]
)
def test_the_window_excludes_as_of_and_includes_its_last_day(bought_on, is_churned):
    labels = churn_labels(
        _slices(("a", 0)), _events(("a", bought_on)), outcome_days=30, last_day=_day(60)
    )
    assert labels["is_churned"].tolist() == [is_churned]
    assert labels["known_on"].tolist() == [_day(30)]


def test_a_slice_is_censored_until_the_last_day_of_its_window_is_complete():
    slices, events = _slices(("a", 0), ("a", 1)), _events(("a", -3))
    seen = churn_labels(slices, events, outcome_days=30, last_day=_day(30))
    assert seen["as_of"].tolist() == [_day(0)]


def test_a_purchase_of_the_next_customer_is_not_taken_for_ones_own():
    events = _events(("a", -1), ("b", 3))
    labels = churn_labels(
        _slices(("a", 0), ("b", 0), ("never", 0)), events, outcome_days=30, last_day=_day(60)
    )
    assert dict(zip(labels["customer_id"], labels["is_churned"], strict=True)) == {
        "a": True,
        "b": False,
        "never": True,
    }


def test_without_events_everyone_is_churned():
    labels = churn_labels(_slices(("a", 0)), _events(), outcome_days=30, last_day=_day(60))
    assert labels["is_churned"].tolist() == [True]


def test_dates_kept_as_objects_are_refused_by_name():
    slices = _slices(("a", 0))
    with pytest.raises(ValueError, match="'slices': column 'as_of'"):
        churn_labels(
            slices.assign(as_of=slices["as_of"].dt.date),
            _events(("a", 1)),
            outcome_days=30,
            last_day=_day(60),
        )
    events = _events(("a", 1))
    with pytest.raises(ValueError, match="'feat_customer_events': column 'ds'"):
        churn_labels(
            slices, events.assign(ds=events["ds"].dt.date), outcome_days=30, last_day=_day(60)
        )


def test_a_window_of_no_days_is_refused():
    with pytest.raises(ValueError, match="outcome_days is 0"):
        churn_labels(_slices(("a", 0)), _events(), outcome_days=0, last_day=_day(60))


@settings(max_examples=60, deadline=None)
@given(
    bought=st.sets(st.tuples(st.sampled_from("abc"), st.integers(-40, 80)), max_size=25),
    asked=st.sets(
        st.tuples(st.sampled_from("abcd"), st.integers(-30, 60)), min_size=1, max_size=15
    ),
    outcome_days=st.integers(1, 40),
    last=st.integers(0, 80),
)
def test_labels_equal_a_plain_search_of_the_purchase_days(bought, asked, outcome_days, last):
    labels = churn_labels(
        _slices(*asked), _events(*bought), outcome_days=outcome_days, last_day=_day(last)
    )
    expected = {
        (who, _day(at)): not any(one == who and at < on <= at + outcome_days for one, on in bought)
        for who, at in asked
        if at + outcome_days <= last
    }
    got = zip(labels["customer_id"], labels["as_of"], labels["is_churned"], strict=True)
    assert {(who, at): churned for who, at, churned in got} == expected
