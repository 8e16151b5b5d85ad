"""The churn speed benchmark on a handful of customers: what it times and what it tells."""

import shutil

import numpy as np
import pandas as pd
import pytest

from benchmarks import churn_speed as bench
from ml.churn.labels import churn_labels
from ml.churn.model import ChurnModel
from ml.churn.order_log import OrderLog, customer_slices
from ml.churn.outlook import Outlook


@pytest.fixture(scope="module")
def outlook():
    log = OrderLog.of(bench.make_orders(120, seed=3))
    slices = customer_slices(log, [bench.LAST_DAY - pd.Timedelta(days=60)])
    labels = churn_labels(slices, log.events, outcome_days=60, last_day=bench.LAST_DAY)
    return Outlook(ChurnModel("recency_frequency", threads=1).fit(slices, log.events, labels))


@pytest.fixture(scope="module")
def registry(outlook, migrated, tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    shutil.copy(migrated, folder / "mlflow.db")
    return bench.registered(outlook, folder)


def test_orders_are_the_same_for_a_seed_and_lie_within_the_days_told():
    orders = bench.make_orders(50, seed=1)
    pd.testing.assert_frame_equal(orders, bench.make_orders(50, seed=1))
    assert orders["customer_id"].nunique() == 50
    first = bench.LAST_DAY - pd.Timedelta(days=bench.DAYS - 1)
    assert orders["ordered_at"].between(first, bench.LAST_DAY).all()
    assert not orders.equals(bench.make_orders(50, seed=2))


def test_all_customers_are_scored_and_counted(outlook):
    found = bench.all_at_once(outlook, 200)
    orders = bench.make_orders(200)
    assert found["customers"] == 200
    assert found["purchase_days"] == len(orders.drop_duplicates(["customer_id", "ordered_at"]))
    assert 0 < found["reachable"] < 200
    assert min(found["features_s"], found["scoring_s"], found["processor_s"]) > 0


def test_every_call_after_the_cold_ones_is_timed_through_the_registry(registry):
    calls = bench.COLD_CALLS + 5
    taken = bench.one_at_a_time(registry, calls)
    assert set(taken) == {"clock", "processor"}
    for times in taken.values():
        assert times.shape == (5,)
        assert (times > 0).all()


@pytest.mark.parametrize(("p99", "code"), [(49.0, 0), (51.0, 1)])
def test_the_exit_code_tells_whether_the_slowest_hundredth_is_fast_enough(
    p99, code, monkeypatch, capsys
):
    times = np.array([1.0] * 98 + [p99] * 2)
    monkeypatch.setattr(bench, "learn", lambda: None)
    monkeypatch.setattr(bench, "registered", lambda *_: None)
    both = {"clock": times, "processor": times / 2}
    monkeypatch.setattr(bench, "one_at_a_time", lambda *_: both)
    monkeypatch.setattr("sys.argv", ["churn_speed", "--customers", "0"])
    assert bench.main() == code
    told = capsys.readouterr().out
    assert f"p99 {p99:.1f} ms by the clock" in told
    assert "limit 50 ms" in told
