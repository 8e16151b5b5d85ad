"""What churn training holds of a slice, against what the slice tells its models."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from benchmarks.churn_speed import LAST_DAY, make_orders
from ml.churn import features, logistic
from ml.churn.labels import churn_labels
from ml.churn.model import ChurnModel, Lessons
from ml.churn.order_log import OrderLog, customer_slices


@pytest.fixture(scope="module")
def lessons():
    """Slices, purchase days and labels of a shop of 1,500 customers."""
    log = OrderLog.of(make_orders(1_500))
    rows = customer_slices(log, [LAST_DAY - pd.Timedelta(days=14 * back) for back in range(20)])
    labels = churn_labels(rows, log.events, outcome_days=60, last_day=LAST_DAY)
    return rows, log.events, labels


def in_parts_of(rows: int, monkeypatch) -> None:
    for module in (features, logistic):
        monkeypatch.setattr(module, "_ROWS_AT_ONCE", rows)


def numbers(inputs: features.Inputs) -> list[np.ndarray]:
    return [inputs.numbers, inputs.codes, inputs.rhythm, inputs.lifetime, inputs.extras]


def test_training_holds_a_few_times_what_its_slices_tell(lessons, monkeypatch):
    """However many slices there are: 7 million of them took 12 GiB."""
    in_parts_of(1_000, monkeypatch)
    told = sum(block.nbytes for block in numbers(Lessons.of(*lessons).inputs))
    tracemalloc.start()
    ChurnModel("logistic", threads=1).fit(*lessons)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / told < 4


@pytest.mark.parametrize("model", ["logistic", "xgboost"])
def test_reading_slices_in_parts_changes_no_score(lessons, model, monkeypatch):
    whole = Lessons.of(*lessons).inputs
    at_once = ChurnModel(model, threads=1).fit(*lessons).predict(*lessons[:2])
    in_parts_of(1_000, monkeypatch)
    parts = Lessons.of(*lessons).inputs
    for one, other in zip(numbers(whole), numbers(parts), strict=True):
        np.testing.assert_array_equal(one, other)
    in_parts = ChurnModel(model, threads=1).fit(*lessons).predict(*lessons[:2])
    np.testing.assert_allclose(in_parts["churn_score"], at_once["churn_score"], atol=2e-6)
