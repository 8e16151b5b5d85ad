"""Drift: sizes not p-values, like season with like season, and silence when rows are few."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.drift import (
    Limits,
    customer_drift,
    demand_drift,
    demand_windows,
    feature_columns,
    psi,
    wasserstein,
)

WEEKS = pd.date_range("2023-01-02", periods=124, freq="W-MON")


def panel(n_series=40, weeks=WEEKS, seed=0):
    """A strongly seasonal shop: price and orders follow the week of the year."""
    rng = np.random.default_rng(seed)
    frame = pd.MultiIndex.from_product(
        [[f"sku{i}@main" for i in range(n_series)], weeks], names=["unique_id", "ds"]
    ).to_frame(index=False)
    season = 1 + 0.9 * np.sin(2 * np.pi * frame["ds"].dt.isocalendar().week.astype(float) / 52)
    frame["y"] = rng.poisson(10 * season).astype(float)
    frame["in_stock_share"] = np.where(rng.random(len(frame)) < 0.9, 1.0, rng.random(len(frame)))
    frame["is_stockout"] = frame["in_stock_share"] < 0.8
    frame["price_amount"] = 100 / season * np.exp(rng.normal(0, 0.1, len(frame)))
    frame["order_count"] = rng.poisson(8 * season)
    return frame


def customers(n=400, slices=6, seed=0):
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2025-06-01") - pd.to_timedelta(28 * np.arange(slices), unit="D")
    return pd.DataFrame(
        {
            "customer_id": np.tile([f"c{i}" for i in range(n)], slices),
            "as_of": np.repeat(days, n),
            "recency_days": rng.gamma(2, 20, n * slices),
            "discount_share": rng.beta(2, 5, n * slices),
            "last_category": rng.choice(["milk", "diapers", None], n * slices),
            "is_reachable": rng.random(n * slices) < 0.6,
        }
    )


NEWEST = customers()["as_of"].max()


def spoil(frame, rows, **columns):
    spoilt = frame.copy()
    for column, change in columns.items():
        spoilt[column] = spoilt[column].astype(object if change == "text" else float)
        spoilt.loc[rows, column] = "toys" if change == "text" else spoilt.loc[rows, column] * change
    return spoilt


def test_a_seasonal_shop_does_not_drift_against_last_years_same_weeks():
    verdict, table = demand_drift(panel(), cutoff=WEEKS[-1])
    assert verdict.passed
    assert verdict.numbers["n_drifted"] == 0
    assert "same weeks one year earlier" in verdict.reason
    assert table["column"].tolist() == sorted(
        table["column"], key=lambda c: -table.set_index("column").loc[c, "psi"]
    )


def test_without_an_earlier_year_the_preceding_weeks_are_used_and_the_reason_says_so():
    young = panel(weeks=WEEKS[10:40])
    windows = demand_windows(young, cutoff=WEEKS[39])
    assert "no earlier year" in windows.label
    compared = windows.reference["ds"]
    assert (compared.min(), compared.max()) == (WEEKS[24], WEEKS[31])
    verdict, _ = demand_drift(young, cutoff=WEEKS[39])
    assert verdict.numbers["n_drifted"] > 0  # the season moved on


def test_weeks_after_the_cutoff_are_not_looked_at():
    frame = panel()
    late = frame["ds"] > WEEKS[-5]
    spoilt = spoil(frame, late, price_amount=1e6, order_count=1e6, in_stock_share=0)
    pd.testing.assert_frame_equal(
        demand_drift(frame, cutoff=WEEKS[-5])[1], demand_drift(spoilt, cutoff=WEEKS[-5])[1]
    )


def test_series_that_sold_in_one_year_only_do_not_count_as_drift():
    frame = panel(80)
    new = frame["unique_id"].str[3:].str.split("@").str[0].astype(int) >= 40
    dear = spoil(frame, new, price_amount=30.0)
    launched = dear[~new | (dear["ds"] > WEEKS[-20])]
    verdict, _ = demand_drift(launched, cutoff=WEEKS[-1])
    assert verdict.numbers["n_drifted"] == 0
    assert "same series" in verdict.reason


def test_a_price_jump_is_found_and_named_but_one_column_does_not_turn_the_verdict_red():
    frame = panel()
    jumped = spoil(frame, frame["ds"] > WEEKS[-9], price_amount=1.5)
    verdict, table = demand_drift(jumped, cutoff=WEEKS[-1])
    assert table.loc[table["is_drifted"], "column"].tolist() == ["price_amount"]
    assert "price_amount" in verdict.reason
    assert verdict.passed
    most = spoil(jumped, frame["ds"] > WEEKS[-9], order_count=3.0)
    assert not demand_drift(most, cutoff=WEEKS[-1])[0].passed


def test_the_target_is_told_as_a_ratio_and_never_judged_as_a_feature():
    frame = panel()
    grown = spoil(frame, frame["ds"] > WEEKS[-9], y=2.0)
    verdict, table = demand_drift(grown, cutoff=WEEKS[-1])
    assert verdict.numbers["demand_ratio"] == pytest.approx(2.0, rel=0.1)
    assert "y" not in set(table["column"])
    assert verdict.numbers["n_drifted"] == 0
    for target in ("y", "y_hat", "p95", "churn_score"):
        with pytest.raises(ValueError, match="no features"):
            demand_drift(frame.assign(**{target: 1.0}), cutoff=WEEKS[-1], columns=[target])
    assert feature_columns(frame) == ["in_stock_share", "price_amount", "order_count"]


def test_fewer_rows_than_the_floor_are_not_judged():
    few = panel(20)
    few = spoil(few, few["ds"] > WEEKS[-9], price_amount=9.0, order_count=9.0)
    verdict, table = demand_drift(few, cutoff=WEEKS[-1])
    assert verdict.passed
    assert "too few rows, not judged" in verdict.reason
    assert table.empty
    assert not demand_drift(few, cutoff=WEEKS[-1], limits=Limits(floor_rows=20))[0].passed


def test_the_current_customers_are_compared_with_slices_whose_outcome_is_known():
    frame = customers()
    verdict, _ = customer_drift(frame, as_of=NEWEST, outcome_days=60)
    assert verdict.passed
    known = frame["as_of"] <= NEWEST - pd.Timedelta(days=60)
    assert verdict.numbers["n_reference"] == (known & frame["is_reachable"]).sum()
    now = frame["as_of"] == NEWEST
    moved = spoil(frame, now, recency_days=4.0, discount_share=3.0, last_category="text")
    red, table = customer_drift(moved, as_of=NEWEST)
    assert not red.passed
    assert set(table.loc[table["is_drifted"], "column"]) == {
        "recency_days",
        "discount_share",
        "last_category",
    }


def test_customers_long_gone_are_not_those_the_model_learnt_from():
    frame = customers().assign(is_reachable=True)
    gone = frame.assign(
        customer_id=frame["customer_id"] + " gone",
        recency_days=200.0 + (frame["as_of"] - frame["as_of"].min()).dt.days,
        is_reachable=False,
    )
    verdict, table = customer_drift(pd.concat([frame, gone]), as_of=NEWEST, outcome_days=60)
    assert verdict.passed
    assert not table["is_drifted"].any(), "they only grow older"
    assert verdict.numbers["n_current"] == 400
    assert "is_reachable" not in set(table["column"])


def test_a_column_that_lost_its_values_has_drifted():
    frame = panel()
    gone = frame.copy()
    gone.loc[gone["ds"] > WEEKS[-9], "price_amount"] = np.nan
    _, table = demand_drift(gone, cutoff=WEEKS[-1])
    assert table.set_index("column").loc["price_amount", "is_drifted"]
    back = frame.assign(price_amount=frame["price_amount"].where(frame["ds"] > WEEKS[-9]))
    _, table = demand_drift(back, cutoff=WEEKS[-1])
    assert table.set_index("column").loc["price_amount", "is_drifted"]


numbers = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60)


@settings(max_examples=60, deadline=None)
@given(numbers, numbers)
def test_effect_sizes_are_zero_for_equal_samples_and_ignore_order_and_scale(a, b):
    a, b = pd.Series(a), pd.Series(b)
    assert psi(a, a) == pytest.approx(0, abs=1e-12)
    assert wasserstein(b, b) == pytest.approx(0, abs=1e-12)
    assert psi(a, b) >= -1e-12
    assert psi(a[::-1], b) == pytest.approx(psi(a, b))
    if b.std() > 1e-3:
        assert wasserstein(a * 4, b * 4) == pytest.approx(wasserstein(a, b), rel=1e-6, abs=1e-9)
        moved = wasserstein(b + 3 * b.std(ddof=0), b)
        assert moved == pytest.approx(3.0, rel=1e-6)


def test_a_small_shift_has_the_same_size_at_any_number_of_rows():
    rng = np.random.default_rng(0)
    sizes = [
        wasserstein(pd.Series(rng.normal(0.5, 1, n)), pd.Series(rng.normal(0, 1, n)))
        for n in (1_000, 100_000)
    ]
    assert sizes == pytest.approx([0.5, 0.5], abs=0.1)


def test_many_equal_values_get_a_bin_of_their_own():
    zeros = pd.Series([0.0] * 900 + list(range(1, 101)))
    fewer = pd.Series([0.0] * 500 + list(range(1, 101)) * 5)
    assert psi(fewer, zeros) > 0.5
