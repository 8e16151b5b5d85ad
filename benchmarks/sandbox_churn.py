"""The churn outlook against the sandbox's truth: endings, timing, early warning, value, slices.

python -m benchmarks.sandbox_churn [--state var/demo] [--model stack]
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from ml.churn.evaluation import population
from ml.churn.labels import churn_labels, cycle_days
from ml.churn.metrics import classification_scores, roc_auc
from ml.churn.model import ChurnModel
from ml.churn.outlook import EXTRAS, WARNING_DAYS, Outlook, with_extras
from ml.churn.slices import slice_scores
from ml.churn.timeline import KEYS, Timeline
from ml.churn.timing import HORIZONS
from ml.churn.value import VALUE_DAYS, own_rhythm_spend, spent_after
from ml.columns import (
    FEAT_CUSTOMER,
    FEAT_CUSTOMER_BIRTHS,
    FEAT_CUSTOMER_EVENTS,
    FEAT_CUSTOMER_TALKS,
)
from orchestration.resources import Warehouse

console = Console(highlight=False, width=150)
OPPONENTS = ("recency", "recency_frequency")
OUTCOME_DAYS = 60
CONTACTED = 0.1

# a customer stands for the household behind most of its orders
_HOUSEHOLDS = """
with orders as (
    select
        orders.platform || ':' || shops.shop_id || ':' || orders.platform_order_id as order_id,
        orders.household
    from read_parquet('{truth}/orders/*.parquet') as orders
    inner join read_parquet('{truth}/shops/*.parquet') as shops using (shop_no)
    where orders.household is not null
),

customers as (
    select lines.customer_id, orders.household
    from (select distinct customer_id, order_id from fct_order_lines) as lines
    inner join orders using (order_id)
    where lines.customer_id is not null
    group by lines.customer_id, orders.household
    qualify row_number() over (
        partition by lines.customer_id order by count(*) desc, orders.household
    ) = 1
)

select
    customers.customer_id,
    cast(households.lapsed_on as timestamp) as lapsed_on,
    cast(households.graduated_on as timestamp) as graduated_on
from customers
inner join read_parquet('{truth}/households/*.parquet') as households using (household)
"""


@dataclass(frozen=True)
class Trial:
    """Everything known at `as_of`, and what came after it."""

    features: pd.DataFrame
    events: pd.DataFrame
    test: pd.DataFrame
    truth: pd.DataFrame
    as_of: pd.Timestamp
    last_day: pd.Timestamp

    @property
    def known(self) -> pd.DataFrame:
        """The slices up to as_of."""
        return self.features[self.features["as_of"] <= self.as_of]

    @property
    def past(self) -> pd.DataFrame:
        """The purchase days up to as_of."""
        return self.events[self.events["ds"] <= self.as_of]


def read_trial(state: Path) -> Trial:
    """The newest slice whose 90 days are over; raises ValueError when there is none."""
    warehouse = Warehouse(exports=str(state / "exports"))
    features = population(warehouse.read(FEAT_CUSTOMER))
    features = with_extras(
        features, warehouse.read(FEAT_CUSTOMER_BIRTHS), warehouse.read(FEAT_CUSTOMER_TALKS)
    )
    events = warehouse.read(FEAT_CUSTOMER_EVENTS)
    last_day = features["as_of"].max()
    over = features["as_of"] + pd.Timedelta(days=VALUE_DAYS) <= last_day
    if not over.any():
        raise ValueError(f"no slice lies {VALUE_DAYS} days before {last_day:%F}")
    as_of = features.loc[over, "as_of"].max()
    with duckdb.connect(state / "warehouse" / "stork.duckdb", read_only=True) as connection:
        truth = connection.sql(_HOUSEHOLDS.format(truth=state / "truth")).df()
    test = features[features["as_of"] == as_of].sort_values("customer_id", ignore_index=True)
    return Trial(features, events, test, truth, as_of, last_day)


def scores(trial: Trial, outlook: Outlook, scored: pd.DataFrame) -> None:
    """The score beside its opponents, then within slices."""
    labels = _labels(trial, trial.test, OUTCOME_DAYS)
    rows = [_judged(name, _opponent(trial, name, trial.test, 0), labels) for name in OPPONENTS]
    rows.append(_judged(f"stork ({outlook.churn.model})", scored, labels))
    _show(f"No purchase within {OUTCOME_DAYS} days of {trial.as_of:%F}, reachable customers", rows)
    told = scored[[*KEYS, "churn_score"]].merge(labels[[*KEYS, "is_churned"]], on=KEYS)
    table = slice_scores(told, trial.test).drop(columns=["pr_auc", "lift_at_10"])
    _show("Within slices", table.to_dict("records"))


def endings(trial: Trial, scored: pd.DataFrame) -> None:
    """Confusion of the expected ending with the truth, at the end of each household's window."""
    rows = scored.merge(trial.test, on=KEYS).merge(trial.truth, on="customer_id")
    rows["window"] = cycle_days(rows)
    rows["ends"] = rows["as_of"] + pd.to_timedelta(rows["window"], unit="D")
    rows = rows[rows["ends"] <= trial.last_day].reset_index(drop=True)
    ends = rows["ends"]
    truth = np.where(rows["lapsed_on"] <= ends, "lapsed", "still a customer")
    truth = np.where(rows["graduated_on"] <= ends, "graduated", truth)
    labels = churn_labels(
        rows, trial.events, outcome_days=rows["window"].to_numpy(), last_day=trial.last_day
    )
    silent = rows[KEYS].merge(labels, on=KEYS)["is_churned"].to_numpy()
    said = np.where(rows["churn_score"] < 0.5, "stays", rows["ending_expected"])
    for title, names in (
        ("Expected at the slice, against the truth", said),
        ("Ending of who stayed silent through their own cycle, against the truth",
         np.where(silent, rows["ending_expected"], "bought")),
    ):  # fmt: skip
        table = pd.crosstab(pd.Series(names, name="said"), pd.Series(truth, name="truth"))
        _show(title, table.reset_index().to_dict("records"))
    left = truth != "still a customer"
    graduated = (truth[left] == "graduated").astype(float)
    share = rows["graduated_share"].to_numpy()[left]
    age = (rows["baby_age_months"] + rows["window"] / 30.44).to_numpy()[left]
    told = [
        ("stork: share of the risk due to age", share, share >= 0.5),
        ("rule: the baby is three", np.nan_to_num(age), age >= 36),
    ]
    base = graduated.mean()
    _show(
        "Lapsed or graduated, customers whose household left within the window",
        [
            {
                "by": name,
                "n": len(graduated),
                "base_rate": base,
                "majority_accuracy": max(base, 1 - base),
                "accuracy": np.mean(called == (graduated == 1)),
                "roc_auc": roc_auc(graduated, value),
                "called graduated": np.mean(called),
            }
            for name, value, called in told
        ],
    )


def timing(trial: Trial, scored: pd.DataFrame) -> None:
    """Chance of a purchase within 7, 30 and 90 days, and the expected date."""
    waited = Timeline.of(trial.events).days_until_next(scored)
    rows = []
    for days in HORIZONS:
        bought = (waited <= days).astype(float)
        labels = _labels(trial, trial.known, days, last_day=trial.as_of)
        for name in OPPONENTS:
            fitted = ChurnModel(name, threads=1).fit(trial.known, trial.past, labels)
            chance = 1 - fitted.predict(trial.test, trial.past)["churn_score"]
            rows.append({"days": days, "model": name} | _scores(bought, chance))
        rows.append({"days": days, "model": "stork"} | _scores(bought, scored[f"buys_{days}d"]))
    _show("Will buy within so many days", rows)
    due = (scored["expected_on"] - scored["as_of"]).dt.days
    dated = due.notna().to_numpy()
    console.print(
        f"expected date given to {dated.mean():.1%}; {np.mean(waited[dated] <= due[dated]):.1%} of "
        "them had bought by then (half is what the date promises)\n"
    )


def early_warning(trial: Trial, scored: pd.DataFrame) -> None:
    """Recall at 10 % contacted of a silence that begins in seven days, who is not overdue yet."""
    on_time = trial.test[trial.test["recency_over_gap"] <= 1].reset_index(drop=True)
    labels = _labels(trial, on_time, OUTCOME_DAYS, gap_days=WARNING_DAYS)
    rows = []
    for name in (*OPPONENTS, "stork"):
        if name == "stork":
            told = scored.assign(churn_score=scored["leaves_in_7d_score"])
        else:
            told = _opponent(trial, name, on_time, WARNING_DAYS)
        pair = labels.merge(told, on=KEYS)
        y, score = pair["is_churned"].to_numpy(float), pair["churn_score"].to_numpy()
        most = int(round(CONTACTED * len(y)))
        hits = y[np.argsort(-score, kind="stable")[:most]].sum()
        found = {"model": name} | _scores(y, score)
        found["recall at 10 %"] = hits / y.sum()
        found["at most"] = min(1.0, most / y.sum())
        found["precision at 10 %"] = hits / most
        rows.append(found)
    _show(f"Silent for {OUTCOME_DAYS} days that begin in {WARNING_DAYS}, not overdue yet", rows)


def value(trial: Trial, scored: pd.DataFrame) -> None:
    """Yuan of the next 90 days against what was spent."""
    spent = spent_after(trial.test, trial.events)
    top = max(1, len(spent) // 5)
    told = {
        "stork": scored["expected_90d_amount"].to_numpy(),
        "own rhythm": own_rhythm_spend(trial.test),
        "last 90 days": trial.test["amount_90d"].to_numpy(),
    }
    rows = [
        {
            "by": name,
            "n": len(spent),
            "sum against spent": amount.sum() / spent.sum(),
            "mean error (yuan)": np.abs(amount - spent).mean(),
            "rank correlation": pd.Series(amount).corr(pd.Series(spent), method="spearman"),
            "top fifth spent": spent[np.argsort(-amount, kind="stable")[:top]].sum() / spent.sum(),
        }
        for name, amount in told.items()
    ]
    _show(f"Value of the next {VALUE_DAYS} days", rows)


def _labels(
    trial: Trial,
    rows: pd.DataFrame,
    days: int,
    *,
    gap_days: int = 0,
    last_day: pd.Timestamp | None = None,
) -> pd.DataFrame:
    last = trial.last_day if last_day is None else last_day
    return churn_labels(rows, trial.events, outcome_days=days, last_day=last, gap_days=gap_days)


def _opponent(trial: Trial, name: str, test: pd.DataFrame, gap_days: int) -> pd.DataFrame:
    labels = _labels(trial, trial.known, OUTCOME_DAYS, gap_days=gap_days, last_day=trial.as_of)
    return ChurnModel(name, threads=1).fit(trial.known, trial.past, labels).predict(
        test, trial.past
    )  # fmt: skip


def _judged(name: str, scored: pd.DataFrame, labels: pd.DataFrame) -> dict:
    pair = labels.merge(scored, on=KEYS, validate="one_to_one")
    return {"model": name} | _scores(pair["is_churned"].to_numpy(float), pair["churn_score"])


def _scores(y: np.ndarray, chance: pd.Series) -> dict:
    chance = np.asarray(chance, dtype=float)
    found = classification_scores(y, chance)
    return found | {"accuracy": float(np.mean((chance >= 0.5) == (y == 1)))}


def _show(title: str, rows: list[dict]) -> None:
    table = Table(title=title, title_justify="left")
    for name in rows[0]:
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in rows[0]))
    console.print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:,.1f}" if abs(value) >= 20 else f"{value:.4f}"
    return str(value)


def main() -> int:
    """Learn from what was known at the slice, print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("var/demo"))
    parser.add_argument("--model", default="stack", choices=("xgboost", "stack"))
    options = parser.parse_args()
    trial = read_trial(options.state)
    outlook = Outlook.learn(
        ChurnModel(options.model, extras=EXTRAS, threads=1),
        trial.known,
        trial.past,
        outcome_days=OUTCOME_DAYS,
        last_day=trial.as_of,
        say=console.print,
    )
    scored = outlook.predict(trial.test, trial.past)
    scores(trial, outlook, scored)
    endings(trial, scored)
    timing(trial, scored)
    early_warning(trial, scored)
    value(trial, scored)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
