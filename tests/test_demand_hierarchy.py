"""Aggregates agree with their series, and are as uncertain as their series err together."""

import numpy as np
import pandas as pd
import pytest

from ml.demand.hierarchy import error_correlation, roll_up

WEEK = pd.Timestamp("2025-01-06")
SD, Z90 = 10.0, 1.2816


def forecast(n=50):
    return pd.DataFrame(
        {
            "unique_id": [f"s{k:02d}" for k in range(n)],
            "ds": WEEK,
            "cutoff": WEEK - pd.Timedelta(days=7),
            "step": 1,
            "y_hat": 100.0,
            "p10": 100 - Z90 * SD,
            "p90": 100 + Z90 * SD,
            "model": "ensemble",
        }
    )


def brands(n=50):
    ids = [f"s{k:02d}" for k in range(n)]
    return pd.DataFrame({"unique_id": ids, "brand_id": np.where(np.arange(n) < 20, "a", "b")})


def backtest(shared, weeks=60, n=40, seed=1):
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 1, (weeks, n))
    error = SD * (np.sqrt(shared) * rng.normal(0, 1, (weeks, 1)) + np.sqrt(1 - shared) * own)
    return pd.DataFrame(
        {
            "unique_id": np.tile([f"s{k:02d}" for k in range(n)], weeks),
            "ds": np.repeat(pd.date_range(WEEK, periods=weeks, freq="W-MON"), n),
            "cutoff": WEEK,
            "y": 100 + error.ravel(),
            "y_hat": 100.0,
            "is_stockout": False,
        }
    )


def test_means_add_up_at_every_level_and_platform_shares_split_them():
    made = roll_up(forecast(), brands(), ["brand_id"], correlation=0.2)
    assert dict(zip(made["brand_id"], made["y_hat"], strict=True)) == {"a": 2000.0, "b": 3000.0}
    total = roll_up(forecast(), brands(), [], correlation=0.2)
    assert total["y_hat"].item() == pytest.approx(made["y_hat"].sum())
    shares = pd.concat(
        [brands().assign(platform=p, share=s) for p, s in (("jd", 0.3), ("tb", 0.7))]
    )
    split = roll_up(forecast(), shares, ["platform"], correlation=0.2)
    assert list(split["y_hat"]) == pytest.approx([1500, 3500])


@pytest.mark.parametrize(("correlation", "width"), [(0.0, np.sqrt(50)), (1.0, 50.0)])
def test_the_spread_of_a_total_lies_between_independent_and_summed_quantiles(correlation, width):
    made = roll_up(forecast(), brands(), [], correlation=correlation)
    assert made["p90"].item() - 5000 == pytest.approx(Z90 * SD * width)


@pytest.mark.parametrize("shared", [0.0, 0.3])
def test_correlation_is_found_in_held_out_errors_and_makes_the_total_cover(shared):
    found = error_correlation(backtest(shared))
    assert found == pytest.approx(shared, abs=0.12)
    made = roll_up(forecast(40), brands(40), [], correlation=found)
    totals = backtest(shared, weeks=400, seed=2).groupby("ds")["y"].sum()
    inside = totals.between(made["p10"].item(), made["p90"].item()).mean()
    assert inside == pytest.approx(0.8, abs=0.1)


def test_a_series_without_a_group_and_shares_that_lose_demand_are_errors():
    with pytest.raises(ValueError, match="'s49' has no group"):
        roll_up(forecast(), brands(49), [], correlation=0)
    with pytest.raises(ValueError, match="sum to 0.5"):
        roll_up(forecast(), brands().assign(share=0.5), [], correlation=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        roll_up(forecast(), brands(), [], correlation=2)
