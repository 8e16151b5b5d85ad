"""The service level found on earlier windows: by money or by fill rate, and never by the future."""

import numpy as np
import pandas as pd
import pytest
from plan_shop import position

from ml.replenishment.parameters import Policy
from ml.replenishment.protection import z_score
from ml.replenishment.tuned_service import (
    FEWEST_SERIES,
    LEVELS,
    _replayed,
    _tables,
    tuned_service,
)

AS_OF = pd.Timestamp("2025-06-08")
WEEKS, N = 13, 24
QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9, "p99": 0.99}


def shelf(**changes):
    values = {"abc_class": ["A"] * (N // 2) + ["B"] * (N // 2), "review_period_days": 7.0}
    return position(**(values | changes))


def backtest(frame, seed=1, sd=20.0):
    draws = np.random.default_rng(seed)
    parts = []
    for cutoff in pd.to_datetime(["2025-02-03", "2025-03-03"]):
        y = np.rint(np.maximum(draws.normal(100, sd, (len(frame), WEEKS)), 0))
        part = pd.DataFrame(
            {
                "unique_id": np.repeat(frame["unique_id"].to_numpy(), WEEKS),
                "cutoff": cutoff,
                "step": np.tile(np.arange(1, WEEKS + 1), len(frame)),
                "y": y.ravel(),
                "y_hat": 100.0,
                "is_stockout": False,
            }
        )
        part["ds"] = cutoff + pd.to_timedelta(7 * part["step"], unit="D")
        parts.append(part.assign(**{k: 100 + sd * z_score(p) for k, p in QUANTILES.items()}))
    return pd.concat(parts, ignore_index=True)


def tuned(frame, seen=None, price=15.0, policy=None, **options):
    prices = pd.Series(price, index=frame["unique_id"].to_numpy())
    seen = backtest(frame) if seen is None else seen
    return tuned_service(seen, frame, prices, policy=policy or Policy(), as_of=AS_OF, **options)


def test_a_class_that_earns_more_per_unit_is_given_more_service():
    frame = shelf()
    # money costs the unit's price a year; a sold A unit earns 10 yuan, a B unit 30 fen
    price = np.where(frame["abc_class"] == "A", 20.0, 10.3)
    found = tuned(frame, price=price, policy=Policy(holding_rate=2.0))
    assert found.levels["A"] > found.levels["B"] + 0.1
    assert set(found.levels.values()) <= set(LEVELS)
    assert (found.windows, found.series) == (("2025-02-03", "2025-03-03"), N)


def test_a_higher_fill_rate_asks_for_more_service_and_an_impossible_one_for_the_most():
    frame = shelf()
    low, high, most = (tuned(frame, fill_rate=rate).levels for rate in (0.9, 0.99, 1.1))
    assert low["A"] < high["A"] <= most["A"] == LEVELS[-1]


def test_weeks_after_as_of_are_never_looked_at():
    frame, spoiled = shelf(), backtest(shelf())
    after = spoiled.assign(
        cutoff=pd.Timestamp("2025-06-02"), y=1e9, ds=AS_OF + pd.Timedelta(days=1)
    )
    half = spoiled[spoiled["cutoff"] == spoiled["cutoff"].max()].assign(
        cutoff=pd.Timestamp("2025-05-05"), y=1e9
    )
    half["ds"] = half["cutoff"] + pd.to_timedelta(7 * half["step"], unit="D")
    half.loc[half["ds"] + pd.Timedelta(days=6) <= AS_OF, "y"] = 100.0
    assert tuned(frame, pd.concat([spoiled, after, half])) == tuned(frame)


def test_too_little_evidence_leaves_a_class_at_the_textbook():
    frame = shelf(abc_class=["A"] * (N - FEWEST_SERIES + 1) + ["B"] * (FEWEST_SERIES - 1))
    assert tuned(frame).levels.keys() == {"A"}
    few = backtest(frame)
    few = few[few["unique_id"].isin(frame["unique_id"].head(FEWEST_SERIES - 1))]
    assert tuned(frame, few).levels == {}
    assert tuned(frame, few.iloc[:0]).levels == {}
    assert tuned(shelf(lead_time_days=70.0)).levels == {}


def test_a_stock_out_or_an_unknown_week_takes_a_series_out():
    frame, seen = shelf(), backtest(shelf())
    seen.loc[3, "is_stockout"] = True
    seen.loc[seen["unique_id"] == "S5@main", "y"] = np.nan
    assert tuned(frame, seen).series == N - 2


def test_the_level_is_the_cheapest_of_all_levels_played_one_by_one():
    frame = shelf(abc_class=["A"] * N)
    policy = Policy(holding_rate=3.0)
    chosen = tuned(frame, price=13.0, policy=policy).levels["A"]
    seen, ids = backtest(frame), sorted(frame["unique_id"])
    rows = frame.set_index("unique_id").loc[ids].assign(lead=2, review=1, miss=0.0)
    totals = {}
    for level in LEVELS:
        totals[level] = 0.0
        for k, cutoff in enumerate(sorted(seen["cutoff"].unique())):
            tables = _tables(seen, cutoff, ids)
            ledger = _replayed(*tables, rows, 11 + k, level)
            holding = 10.0 * 3.0 * 7 / 365 * ledger.closing.sum()
            totals[level] += holding + 3.0 * ledger.missed.sum()
    assert chosen == min(totals, key=totals.get)
    assert 0.5 < chosen < 0.99
    assert totals[chosen] == pytest.approx(min(totals.values()))
