"""Accuracy is told by level, class and horizon, in stock only, beside its floor."""

import numpy as np
import pandas as pd
import pytest

from ml import metrics
from ml.accuracy import accuracy, series_facts, sum_coverage
from ml.floor import negbin_floor, poisson_floor

WEEKS = pd.date_range("2025-01-06", periods=40, freq="W-MON")
CUTOFFS = [WEEKS[29], WEEKS[33]]


def panel(seed: int = 0) -> pd.DataFrame:
    """20 series of rising volume over two shops; s19 leads, s00 hardly sells."""
    rng = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product([[f"s{i:02}" for i in range(20)], WEEKS])
    frame = rows.to_frame(index=False, name=["unique_id", "ds"])
    rate = 0.3 + frame["unique_id"].str[1:].astype(int) ** 2 / 10
    return frame.assign(y=rng.poisson(rate).astype(float), is_stockout=rng.random(len(frame)) < 0.1)


STATIC = pd.DataFrame(
    {"unique_id": [f"s{i:02}" for i in range(20)], "shop": ["north", "south"] * 10}
)


def forecasts(data: pd.DataFrame, level: float = 1.0) -> pd.DataFrame:
    """Two windows of four weeks; every forecast is the series' mean up to the cutoff x `level`."""
    parts = []
    for cutoff in CUTOFFS:
        past = data[(data["ds"] <= cutoff) & ~data["is_stockout"]].groupby("unique_id")["y"].mean()
        ahead = data[(data["ds"] > cutoff) & (data["ds"] <= cutoff + pd.Timedelta(weeks=4))]
        y_hat = level * ahead["unique_id"].map(past)
        parts.append(
            ahead.assign(
                cutoff=cutoff,
                step=(ahead["ds"] - cutoff).dt.days // 7,
                y_hat=y_hat,
                p10=y_hat * 0.5,
                p50=y_hat,
                p90=y_hat * 2,
            )
        )
    return pd.concat(parts, ignore_index=True)


def table(data: pd.DataFrame, made: pd.DataFrame, **options) -> pd.DataFrame:
    facts, k = series_facts(data, CUTOFFS)
    found = accuracy(made, facts, static=STATIC, levels=["shop"], k=k, **options)
    return found.set_index(["level", "segment", "horizon"])


def test_every_figure_carries_its_level_class_and_horizon():
    found = table(panel(), forecasts(panel()))
    assert set(found.index.get_level_values("level")) == {"series", "shop", "total"}
    assert set(found.index.get_level_values("horizon")) == {"all", "1", "2", "3", "4"}
    assert {"all", "volume_A", "top_decile", "intermittent"} <= set(
        found.index.get_level_values("segment")
    )
    assert not found.reset_index()[["level", "segment", "horizon"]].isna().to_numpy().any()


def test_stock_out_cells_change_no_figure():
    data = panel()
    made = forecasts(data)
    spoilt = made.assign(y=made["y"].mask(made["is_stockout"], 1e9))
    pd.testing.assert_frame_equal(
        table(data, made, by_step=False), table(data, spoilt, by_step=False)
    )


def test_nothing_after_a_cutoff_moves_the_classes_or_the_floor():
    data = panel()
    spoilt = data.assign(y=data["y"].mask(data["ds"] > CUTOFFS[0], 1e9))
    facts, k = series_facts(data, CUTOFFS)
    other, other_k = series_facts(spoilt, CUTOFFS)
    classes = ["unique_id", "volume_class", "is_top_decile", "is_intermittent"]
    assert k == other_k
    pd.testing.assert_frame_equal(facts[classes], other[classes])
    first = facts["cutoff"] == CUTOFFS[0]
    pd.testing.assert_frame_equal(facts[first], other[first])


def test_above_the_series_errors_of_one_period_cancel_before_they_are_counted():
    data = panel().assign(is_stockout=False)
    made = forecasts(data)
    found = table(data, made)
    sums = made.groupby(["cutoff", "ds"])[["y", "y_hat"]].sum()
    assert found.loc[("total", "all", "all"), "wape"] == pytest.approx(metrics.wape(*sums.T.values))
    assert found.loc[("series", "all", "all"), "wape"] == pytest.approx(
        metrics.wape(made["y"], made["y_hat"])
    )
    by_shop = made.merge(STATIC, on="unique_id").groupby(["cutoff", "ds", "shop"])
    assert found.loc[("shop", "all", "all"), "wape"] == pytest.approx(
        metrics.wape(*by_shop[["y", "y_hat"]].sum().T.values)
    )
    assert np.isnan(found.loc[("total", "all", "all"), "coverage_80"])


def test_the_classes_are_the_top_tenth_the_rare_and_the_event_periods():
    data = panel().assign(is_stockout=False)
    made = forecasts(data)
    events = data.loc[data["ds"] == WEEKS[31], ["unique_id", "ds"]]
    found = table(data, made, events=events)
    assert found.loc[("series", "top_decile", "all"), "n"] == 2 * 8
    assert found.loc[("series", "event", "all"), "n"] == 20
    assert found.loc[("series", "event", "2"), "n"] == 20
    facts, _ = series_facts(data, CUTOFFS)
    rare = set(facts.loc[facts["is_intermittent"], "unique_id"])
    assert "s00" in rare
    assert not rare & {"s10", "s19"}
    assert set(facts.loc[facts["is_top_decile"], "unique_id"]) == {"s18", "s19"}


def test_the_floor_is_that_of_the_rates_and_of_their_sums():
    data = panel().assign(is_stockout=False)
    made = forecasts(data)
    facts, _ = series_facts(data, CUTOFFS)
    found = accuracy(made, facts, k=4.0, by_step=False)
    found = found[found["segment"] == "all"].set_index("level")
    rate = made.merge(facts, on=["unique_id", "cutoff"])["rate"].to_numpy()
    assert found.loc["series", "floor_poisson"] == pytest.approx(
        poisson_floor(rate).sum() / rate.sum()
    )
    assert found.loc["series", "floor_negbin"] == pytest.approx(
        negbin_floor(rate, 4.0).sum() / rate.sum()
    )
    one = facts[facts["cutoff"] == CUTOFFS[0]]["rate"].to_numpy()
    two = facts[facts["cutoff"] == CUTOFFS[1]]["rate"].to_numpy()
    floors = [negbin_floor(r.sum(), 4.0 * r.sum() ** 2 / (r**2).sum()) for r in (one, two)]
    assert found.loc["total", "floor_negbin"] == pytest.approx(
        np.sum(floors) / (one.sum() + two.sum())
    )
    row = found.loc["series"]
    assert row["over_poisson"] == pytest.approx(row["wape"] / row["floor_poisson"])


def test_poisson_demand_forecast_at_its_rate_is_near_its_floor():
    data = panel(5).assign(is_stockout=False)
    found = table(data, forecasts(data))
    assert 0.9 < found.loc[("series", "all", "all"), "over_poisson"] < 1.2


@pytest.mark.parametrize(("level", "seed"), [(0.3, 1), (4.0, 2)])
def test_only_bias_knows_the_direction_and_no_figure_the_order_of_rows(level, seed):
    data = panel()
    made = forecasts(data, level)
    found = table(data, made, by_step=False)
    mixed = table(
        data.sample(frac=1, random_state=seed),
        made.sample(frac=1, random_state=seed),
        by_step=False,
    )
    pd.testing.assert_frame_equal(found, mixed)
    whole = found.loc[("series", "all", "all")]
    assert abs(whole["bias"]) <= whole["wape"] + 1e-9
    assert found.loc[("total", "all", "all"), "wape"] <= whole["wape"] + 1e-9
    assert found.loc[("total", "all", "all"), "bias"] == pytest.approx(whole["bias"])


def test_a_level_that_static_does_not_know_is_an_error():
    facts, _ = series_facts(panel(), CUTOFFS)
    with pytest.raises(ValueError, match="brand"):
        accuracy(forecasts(panel()), facts, static=STATIC, levels=["brand"])


def test_sums_with_a_stock_out_inside_are_not_scored():
    sums = pd.DataFrame(
        {
            "periods": [3, 3, 3],
            "y": [10.0, 4.0, 99.0],
            "is_stockout": [False, False, True],
            "y_hat": [9.0, 6.0, 5.0],
            "p10": [5.0, 5.0, 1.0],
            "p90": [12.0, 8.0, 9.0],
        }
    )
    row = sum_coverage(sums).iloc[0]
    assert (row["n"], row["coverage_80"]) == (2, 0.5)
    assert row["wape"] == pytest.approx(3 / 14)


def test_the_floor_of_days_knows_their_weekdays():
    rng = np.random.default_rng(1)
    days = pd.date_range("2025-01-06", periods=210)
    rate = 20 * np.where(days.dayofweek < 5, 0.5, 2.25)
    rows = pd.MultiIndex.from_product([[f"s{i:02}" for i in range(40)], days])
    data = rows.to_frame(index=False, name=["unique_id", "ds"])
    data["y"] = rng.poisson(np.tile(rate, 40)).astype(float)
    _, k = series_facts(data, [days[-15]], season=7)
    assert k > 100
