"""The panel door: what is refused, and what becomes missing instead of zero."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.columns import FrameSpec
from ml.demand.panel import StaticCodes, build_history, check_known_future, check_panel

WEEKS = pd.date_range("2025-01-06", periods=12, freq="W-MON")


def panel_of(name="a", weeks=WEEKS, y=None):
    y = np.arange(len(weeks), dtype=float) if y is None else y
    return pd.DataFrame({"unique_id": name, "ds": weeks, "y": y})


def history_of(panel, **kwargs):
    return build_history(
        check_panel(panel, "W-MON"), freq="W-MON", horizon=3, codes=StaticCodes({}, []), **kwargs
    )


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (panel_of().drop(columns="y"), "column 'y' is missing"),
        (panel_of().iloc[:0], "no rows"),
        (pd.concat([panel_of(), panel_of()]), "share their key"),
        (panel_of(y=np.array([-1.0] + [1.0] * 11)), "not negative.*2025-01-06 has -1"),
        (panel_of(y=np.array([np.inf] + [1.0] * 11)), "finite"),
        (panel_of(weeks=WEEKS.tz_localize("Asia/Shanghai")), "time zone Asia/Shanghai"),
        (panel_of(weeks=WEEKS + pd.Timedelta(days=1)), "not on the W-MON grid"),
    ],
)
def test_a_broken_panel_is_refused_with_the_reason(broken, says):
    with pytest.raises(ValueError, match=says):
        check_panel(broken, "W-MON")


def test_an_unsorted_panel_is_sorted():
    panel = pd.concat([panel_of("b"), panel_of("a")]).sample(frac=1, random_state=1)
    checked = check_panel(panel, "W-MON")
    assert list(checked["unique_id"].unique()) == ["a", "b"]
    assert checked.groupby("unique_id")["ds"].is_monotonic_increasing.all()


def test_gaps_and_weeks_after_the_last_row_are_missing_not_zero():
    panel = pd.concat([panel_of("a"), panel_of("b", weeks=WEEKS[[2, 3, 6]])])
    history = history_of(panel)
    assert np.isnan(history.y[1]).sum() == 9
    assert history.first[1] == 2
    assert history.cutoff == WEEKS[-1]
    assert list(history.weeks[-3:]) == list(pd.date_range("2025-03-31", periods=3, freq="W-MON"))


def test_stock_out_weeks_are_missing_demand_but_what_was_sold_is_kept():
    panel = panel_of().assign(is_stockout=lambda frame: frame["ds"] == WEEKS[5])
    history = history_of(panel)
    assert np.isnan(history.y[0, 5])
    assert history.sold[0, 5] == 5


def test_a_future_week_nobody_planned_is_an_error_not_a_guess():
    known = pd.DataFrame({"unique_id": "a", "ds": WEEKS, "promo_share": 0.0})
    with pytest.raises(ValueError, match="'promo_share' is not known for a at 2025-03-31"):
        history_of(panel_of(), known_future=known, known_columns=("promo_share",))
    with pytest.raises(ValueError, match="known_future is needed"):
        history_of(panel_of(), known_columns=("promo_share",))


def test_only_numeric_columns_of_the_known_future_are_kept():
    known = pd.DataFrame({"unique_id": "a", "ds": WEEKS, "promo_share": 0.0, "name": "618"})
    assert list(check_known_future(known)) == ["unique_id", "ds", "promo_share"]


def test_attributes_never_seen_at_fit_get_a_code_of_their_own():
    static = pd.DataFrame(
        {"unique_id": ["a", "b", "c"], "category": ["x", "y", "y"], "list_price_amount": 9.0}
    )
    codes = StaticCodes.learn(static)
    later = static.assign(category=["x", "new", None])
    encoded = codes.encode(later, np.array(["a", "b", "c", "d"]))
    assert list(encoded["category"]) == [0, -1, -1, -1]
    assert np.isnan(encoded["list_price_amount"][3])


def test_a_class_computed_from_the_latest_weeks_is_no_attribute():
    static = pd.DataFrame({"unique_id": list("abc"), "abc_class": list("AAB")})
    assert StaticCodes.learn(static).levels == {}


@settings(deadline=None, max_examples=25)
@given(
    gaps=st.lists(st.booleans(), min_size=12, max_size=12),
    order=st.permutations(range(24)),
    kind=st.sampled_from(["int64", "float32", "Int64", "object"]),
    zero=st.booleans(),
)
def test_no_series_vanishes_whatever_the_order_the_gaps_or_the_kind_of_number(
    gaps, order, kind, zero
):
    kept = np.array([True, *gaps[1:]])
    y = np.zeros(12) if zero else np.arange(12.0)
    panel = pd.concat([panel_of("a", WEEKS[kept], y[kept]), panel_of("b")], ignore_index=True)
    panel = panel.iloc[[k for k in order if k < len(panel)]]
    panel["y"] = panel["y"].astype(kind)
    if kind == "object":
        with pytest.raises(ValueError, match="'y' has dtype object"):
            check_panel(panel, "W-MON")
        return
    history = history_of(panel)
    assert list(history.ids) == ["a", "b"]
    np.testing.assert_array_equal(np.isnan(history.y[0, : kept.size]), ~kept)
    np.testing.assert_array_equal(history.y[0][kept], y[kept])


def test_a_column_that_is_there_twice_is_named():
    frame = pd.DataFrame([["a", 1.0, 2.0]], columns=["unique_id", "y", "y"])
    spec = FrameSpec("twice", {"unique_id": "text", "y": "number"}, grain=("unique_id",))

    with pytest.raises(ValueError, match="column 'y' is there more than once"):
        spec.check(frame)
