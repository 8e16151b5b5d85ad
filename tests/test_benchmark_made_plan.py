"""The plan as a policy of the simulation orders what its own rule in whole weeks orders."""

import numpy as np
import pandas as pd
import pytest
from plan_shop import position

from benchmarks.made_plan import MadePlan
from ml.replenishment.arrival import ArrivalTarget, PeriodForecast
from ml.replenishment.protection import z_score
from ml.replenishment.simulation import open_shelf, place, replay

LEAD, N = 2, 6
MONDAY = pd.Timestamp("2025-06-02")
LEVELS = {"p10": 0.1, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


def terms():
    return position(sku_id=[f"S{k}" for k in range(N)]).set_index("unique_id")


def cutoff(t):
    return MONDAY + pd.Timedelta(weeks=t)


def sums(t, weekly=100.0, sd=20.0):
    rows = pd.MultiIndex.from_product([terms().index, [1, 2, 3]], names=["unique_id", "periods"])
    frame = rows.to_frame(index=False).assign(cutoff=cutoff(t))
    frame["y_hat"] = weekly * frame["periods"]
    for name, p in LEVELS.items():
        frame[name] = frame["y_hat"] + z_score(p) * sd * np.sqrt(frame["periods"])
    return frame


def weekly(_t):
    quantiles = 100 + 20 * np.array([z_score(p) for p in LEVELS.values()])
    mean = np.full((N, 3), 100.0)
    return PeriodForecast(mean, np.tile(quantiles, (N, 3, 1)), np.array(list(LEVELS.values())))


def made_plan(level=0.95):
    return MadePlan(terms(), np.full(N, LEAD), np.zeros(N), cutoff, sums, level)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_plan_and_rule_order_alike_from_any_stock(level):
    stock = np.array([0.0, 40.0, 150.0, 210.0, 320.0, 900.0])
    shelf = open_shelf(stock, longest_lead=LEAD + 1)
    rule = ArrivalTarget(weekly, LEAD, level)(0, shelf)
    # a plan rounds its level and what is lost, the rule its wish
    assert np.abs(made_plan(level)(0, shelf) - rule).max() <= 1
    assert rule[-1] == 0 < rule[0]


def test_what_is_under_way_is_a_position_and_its_first_date_is_kept():
    shelf = open_shelf(np.full(N, 100.0), longest_lead=LEAD + 1)
    shelf = place(shelf, np.array([0.0, 50, 0, 70, 0, 0]), LEAD, LEAD)
    seen = made_plan().position(shelf, pd.Timestamp("2025-06-08"))
    assert seen["on_order"].tolist() == [0, 50, 0, 70, 0, 0]
    # ordered before the coming week, sold two whole weeks after it
    assert seen["next_expected_on"].dropna().unique() == [pd.Timestamp("2025-06-23")]
    assert seen["next_expected_on"].notna().tolist() == [False, True, False, True, False, False]
    with_less = made_plan()(0, shelf)
    assert (with_less[[1, 3]] < with_less[[0, 2]]).all()


def test_it_keeps_a_steady_shop_served():
    demand = np.full((N, 8), 100.0)
    shelf = open_shelf(np.full(N, 100.0), np.full((N, LEAD), 100.0), longest_lead=LEAD + 1)
    ledger, _ = replay(made_plan(), demand, shelf, lead=LEAD)
    assert ledger.missed.sum() == 0
    assert (ledger.ordered[:, 1:] == 100).all()
