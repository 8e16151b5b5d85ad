"""What a retrain costs of a first training: demand and churn, on the features of a state.

python -m benchmarks.retrain [--state var/demo] [--weeks 4]

Both models are trained on what was known `weeks` ago and again on everything, in a registry and
with studies of their own, which are thrown away. Processor time is read beside the clock's: other
work on the machine stretches the one and hardly the other.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from ml.churn.training import train_churn
from ml.columns import (
    FEAT_CUSTOMER,
    FEAT_CUSTOMER_BIRTHS,
    FEAT_CUSTOMER_EVENTS,
    FEAT_CUSTOMER_TALKS,
    FEAT_DEMAND,
    FEAT_DEMAND_STATIC,
    FEAT_KNOWN_FUTURE,
)
from ml.demand.training import train_demand
from ml.registry import Registry
from ml.training import Budget
from monitoring.plan_cost import plan_cost
from orchestration.resources import Warehouse
from orchestration.settings import Settings


def main() -> int:
    """Train each model twice, print what both took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("var/demo"))
    parser.add_argument("--weeks", type=int, default=4, help="between the two trainings")
    options = parser.parse_args()
    warehouse = Warehouse(exports=str(options.state / "exports"))
    as_of = warehouse.read(FEAT_CUSTOMER)["as_of"].max().date()
    days = (as_of - timedelta(weeks=options.weeks), as_of)
    for name, make in (("demand", _demand), ("churn", _churn)):
        with tempfile.TemporaryDirectory() as folder:
            train = make(warehouse, Path(folder))
            took = [_seconds(train, day) for day in days]
        for day, (clock, processor), what in zip(days, took, ("first", "retrain"), strict=True):
            print(f"{name}, {what} on {day}: {clock:.1f} s, {processor:.1f} s of processor time")
        print(f"{name}_retrain_of_first: {took[1][1] / took[0][1]:.2f}")
    return 0


def _demand(warehouse: Warehouse, folder: Path) -> Callable[[date], object]:
    panel, static, known_future = map(
        warehouse.read, (FEAT_DEMAND, FEAT_DEMAND_STATIC, FEAT_KNOWN_FUTURE)
    )
    registry, budget = _place(folder, "demand_trials")

    def train(day: date) -> object:
        return train_demand(
            panel[panel["ds"] + pd.Timedelta(days=6) <= pd.Timestamp(day)],
            static,
            known_future,
            registry=registry,
            budget=budget,
            plan_cost=plan_cost,
            say=lambda _: None,
        )

    return train


def _churn(warehouse: Warehouse, folder: Path) -> Callable[[date], object]:
    features, events, births, talks = map(
        warehouse.read,
        (FEAT_CUSTOMER, FEAT_CUSTOMER_EVENTS, FEAT_CUSTOMER_BIRTHS, FEAT_CUSTOMER_TALKS),
    )
    registry, budget = _place(folder, "churn_trials")

    def train(day: date) -> object:
        last = pd.Timestamp(day)
        return train_churn(
            features[features["as_of"] <= last],
            events[events["ds"] <= last],
            births=births,
            talks=talks,
            last_day=day,
            registry=registry,
            budget=budget,
            say=lambda _: None,
        )

    return train


def _place(folder: Path, trials: str) -> tuple[Registry, Budget]:
    """A registry and studies of their own, and what a training may spend by the settings."""
    settings = Settings()
    budget = Budget(
        horizon=settings.horizon,
        n_windows=settings.n_windows,
        step_size=settings.step_size,
        outcome_days=settings.outcome_days,
        n_trials=getattr(settings, trials),
        seed=settings.seed,
        threads=settings.threads,
        studies_url=f"sqlite:///{folder / 'studies.db'}",
    )
    return Registry(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts"), budget


def _seconds(train: Callable[[date], object], day: date) -> tuple[float, float]:
    clock, processor = time.perf_counter(), time.process_time()
    train(day)
    return time.perf_counter() - clock, time.process_time() - processor


if __name__ == "__main__":
    raise SystemExit(main())
