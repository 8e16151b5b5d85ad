"""Who will buy again, on any order log: our model beside its opponents, with intervals.

python -m benchmarks.churn --orders FILE --cut DATE --outcome-days N --out results.json
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.outcome_window import check_outcome_seen
from ml.churn.labels import churn_labels
from ml.churn.lifetime import BetaGeometric, Histories, ParetoNbd, fit_lifetime
from ml.churn.metrics import classification_scores, ece, roc_auc
from ml.churn.model import ChurnModel
from ml.churn.order_log import OrderLog, customer_slices
from ml.churn.timeline import KEYS, Timeline
from ml.columns import TooLittleData
from orchestration.landing import content

OURS = "stork"
DAY = pd.Timedelta(days=1)
MAX_SLICES = 12
FEWEST_SLICES = 3
HISTORY_DAYS = 56
RESAMPLES = 1000
RFM = ["recency_days", "frequency", "monetary_amount"]


@dataclass(frozen=True)
class Protocol:
    """Who is asked about, when, and how far ahead.

    What was ordered before `cut` is known; the outcome is any purchase in the `outcome_days` from
    `cut` on. `active_days` keeps customers who bought within that many days before, `min_orders`
    those with at least that many purchase days. Slices to learn from lie `slice_days` apart.
    `cut` is a calendar day: an hour and a zone are dropped. Raises ValueError for a number below 1.
    """

    cut: pd.Timestamp
    outcome_days: int
    active_days: int | None = None
    min_orders: int = 1
    slice_days: int = 14

    def __post_init__(self) -> None:
        if pd.isna(self.cut):
            raise ValueError("the cut is no day")
        for name in ("outcome_days", "active_days", "min_orders", "slice_days"):
            if (number := getattr(self, name)) is not None and number < 1:
                raise ValueError(f"{name} is {number}, must be at least 1")
        object.__setattr__(self, "cut", pd.Timestamp(self.cut).tz_localize(None).normalize())


@dataclass(frozen=True)
class Task:
    """What a protocol makes of an order log: rows to learn from, rows to be judged on.

    `left_out` counts lines of the log by what the rules did with them; `warnings` are to be shown.
    """

    events: pd.DataFrame
    train: pd.DataFrame
    test: pd.DataFrame
    labels: pd.DataFrame
    bought: np.ndarray
    purchases: np.ndarray
    train_days: int
    outcome_days: int
    left_out: dict[str, int]
    warnings: tuple[str, ...] = ()


def make_task(orders: pd.DataFrame, protocol: Protocol) -> Task:
    """Cut the log. Learning ends where the outcome of its last slice is complete before the cut.

    When the log is too short for three slices with the whole outcome window, the window to learn
    from is a third of the known history; `train_days` says how long. Raises ValueError when
    nobody is to be judged or the log does not reach to the end of the outcome window, and
    TooLittleData when all customers of either kind did the same.
    """
    log = OrderLog.of(orders)
    if log.events.empty:
        raise ValueError("the order log holds no purchase with a customer and a day")
    known = log.before(protocol.cut)
    if known.events.empty:
        first = log.events["ds"].min()
        raise ValueError(f"the log begins on {first:%F}, nothing is known before {protocol.cut:%F}")
    warning = check_outcome_seen(log, protocol.cut, protocol.outcome_days)
    as_of = protocol.cut - DAY
    test = _population(customer_slices(known, [as_of]), protocol)
    if test.empty:
        raise ValueError("no customer of the log fits the protocol")
    begun = known.events["ds"].min() + HISTORY_DAYS * DAY
    room = (as_of - begun).days - (FEWEST_SLICES - 1) * protocol.slice_days
    train_days = protocol.outcome_days
    if room < train_days:
        train_days = (protocol.cut - known.events["ds"].min()).days // 3
    days = [as_of - DAY * (train_days + protocol.slice_days * i) for i in range(MAX_SLICES)]
    days = [day for day in days if day >= begun] or days[:1]
    train = _population(customer_slices(known, days), protocol)
    labels = churn_labels(train, known.events, outcome_days=train_days, last_day=as_of)
    ahead = log.before(protocol.cut + DAY * protocol.outcome_days).events
    coming = ahead[ahead["ds"] >= protocol.cut].groupby("customer_id").size()
    purchases = coming.reindex(test["customer_id"]).fillna(0).to_numpy(float)
    _check_both_kinds(~labels["is_churned"].to_numpy(bool), "to learn from")
    _check_both_kinds(purchases > 0, "to be judged")
    return Task(
        known.events,
        train,
        test,
        labels,
        (purchases > 0).astype(float),
        purchases,
        train_days,
        protocol.outcome_days,
        log.left_out,
        (warning,) if warning else (),
    )


def _check_both_kinds(bought: np.ndarray, whose: str) -> None:
    if len(set(bought)) < 2:
        did = "all bought" if bought.any() else "none bought"
        raise TooLittleData(f"of {len(bought)} rows {whose} {did} again: nothing to tell apart")


def _population(features: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    keep = features["frequency"] >= protocol.min_orders
    if protocol.active_days is not None:
        keep &= features["recency_days"] < protocol.active_days
    return features[keep].reset_index(drop=True)


@dataclass(frozen=True)
class Answer:
    """`chance` (n,) of buying; `rank` (n,) orders customers, where not by the chance;
    `purchases` (n,) expected, where the model counts them."""

    chance: np.ndarray
    rank: np.ndarray | None = None
    purchases: np.ndarray | None = None

    def order(self) -> np.ndarray:
        """What ranks the customers."""
        return self.chance if self.rank is None else self.rank

    def count(self) -> np.ndarray:
        """What is held against the purchases made: those expected, or else what ranks."""
        return self.order() if self.purchases is None else self.purchases


def ours(model: str, task: Task) -> Answer:
    """A model of the package, learnt on all slices."""
    fitted = ChurnModel(model, threads=_threads()).fit(task.train, task.events, task.labels)
    scored = fitted.predict(task.test, task.events, days=task.outcome_days)
    aligned = task.test[KEYS].merge(scored, on=KEYS, validate="one_to_one")
    purchases = fitted.expected_purchases(aligned, task.events, days=task.outcome_days)
    return Answer(1 - aligned["churn_score"].to_numpy(), purchases=purchases)


def lifetime(kind: type, task: Task) -> Answer:
    """The textbook use: fitted to everyone's history, ranked by expected purchases."""
    timeline = Timeline.of(task.events)
    as_of = task.test["as_of"].iloc[0]
    model = fit_lifetime(kind, Histories.of_everyone(timeline, as_of))
    asked = Histories.of(timeline, task.test)
    return Answer(
        model.buys_within(asked, task.outcome_days),
        model.expected_purchases(asked, task.outcome_days),
    )


def boosting_on_rfm(task: Task) -> Answer:
    """scikit-learn's gradient boosting on recency, frequency and money, as it comes."""
    from sklearn.ensemble import GradientBoostingClassifier

    rows = task.labels.merge(task.train, on=KEYS)
    fitted = GradientBoostingClassifier(random_state=7).fit(rows[RFM], ~rows["is_churned"])
    return Answer(fitted.predict_proba(task.test[RFM])[:, 1])


OPPONENTS: dict[str, Callable[[Task], Answer]] = {
    "recency": lambda task: ours("recency", task),
    "frequency": lambda task: ours("frequency", task),
    "recency_frequency": lambda task: ours("recency_frequency", task),
    "logistic_rfm": lambda task: ours("rfm", task),
    "bg_nbd": lambda task: lifetime(BetaGeometric, task),
    "pareto_nbd": lambda task: lifetime(ParetoNbd, task),
    "boosting_rfm": boosting_on_rfm,
    OURS: lambda task: ours("stack", task),
}


def results(task: Task, *, models: tuple[str, ...] = tuple(OPPONENTS), seed: int = 7) -> dict:
    """One row per model, with 95 % bootstrap intervals over customers, all on the same draws.

    A draw of buyers alone, or of nobody who buys, ranks nobody and is left out of the AUC's.
    The interval of the ECE lies high: each resample adds the scatter of its own draw.
    `ece_by_chance` is what a perfectly calibrated model with the same scores would show on as
    many customers: below that, an ECE says nothing.
    """
    answers = {name: OPPONENTS[name](task) for name in models}
    draw = np.random.default_rng(seed)
    picks = draw.integers(0, len(task.bought), (RESAMPLES, len(task.bought)))
    drawn = {
        name: np.array([roc_auc(task.bought[p], answer.order()[p]) for p in picks])
        for name, answer in answers.items()
    }
    rows = []
    for name, answer in answers.items():
        chance = np.clip(answer.chance, 0, 1)
        row = {"model": name, **classification_scores(task.bought, chance)}
        row["roc_auc"] = roc_auc(task.bought, answer.order())
        row["roc_auc_low"], row["roc_auc_high"] = np.nanquantile(drawn[name], [0.025, 0.975])
        scattered = [ece(task.bought[p], chance[p]) for p in picks]
        row["ece_low"], row["ece_high"] = np.quantile(scattered, [0.025, 0.975])
        by_chance = [ece((draw.random(len(chance)) < chance), chance) for _ in range(50)]
        row["ece_by_chance"] = np.mean(by_chance)
        row["correlation"] = np.corrcoef(answer.count(), task.purchases)[0, 1]
        row["accuracy"] = float(np.mean((chance >= 0.5) == (task.bought == 1)))
        if OURS in drawn and name != OURS:
            ahead = drawn[OURS] - drawn[name]
            row["stork_ahead_low"], row["stork_ahead_high"] = np.nanquantile(ahead, [0.025, 0.975])
        rows.append({k: v if isinstance(v, str) else float(v) for k, v in row.items()})
        rows[-1]["n"] = len(chance)
    return {
        "rows": rows,
        "outcome_days": task.outcome_days,
        "train_outcome_days": task.train_days,
        "train_slices": int(task.labels["as_of"].nunique()),
        "train_rows": len(task.labels),
        "left_out": task.left_out,
        "warnings": list(task.warnings),
    }


def show(found: dict, title: str) -> None:
    """Print the table."""
    console = Console(highlight=False, width=150)
    table = Table(title=title)
    table.add_column("model")
    heads = ("n", "base rate", "majority", "accuracy", "ROC AUC", "95 %", "stork ahead by, 95 %")
    heads += ("PR AUC", "Brier", "ECE", "ECE by chance", "lift@10", "corr")
    for head in heads:
        table.add_column(head, justify="right")
    for row in found["rows"]:
        lead = "-"
        if "stork_ahead_low" in row:
            lead = f"{row['stork_ahead_low']:+.3f} to {row['stork_ahead_high']:+.3f}"
        table.add_row(
            row["model"],
            str(row["n"]),
            f"{row['base_rate']:.3f}",
            f"{row['majority_accuracy']:.3f}",
            f"{row['accuracy']:.3f}",
            f"{row['roc_auc']:.4f}",
            f"{row['roc_auc_low']:.3f}-{row['roc_auc_high']:.3f}",
            lead,
            *(f"{row[k]:.3f}" for k in ("pr_auc", "brier", "ece", "ece_by_chance")),
            f"{row['lift_at_10']:.2f}",
            f"{row['correlation']:.3f}",
        )
    console.print(table)
    console.print(
        f"learnt on {found['train_rows']:,} rows of {found['train_slices']} slices, outcomes of "
        f"{found['train_outcome_days']} days complete before the cut"
    )
    counts = ", ".join(f"{k.replace('_', ' ')} {n:,}" for k, n in found["left_out"].items())
    console.print(f"lines of the log: {counts}")
    for warning in found["warnings"]:
        console.print(f"[yellow]warning:[/] {warning}")


def _threads() -> int:
    return min(2, os.cpu_count() or 1)


def read_orders(path: Path) -> pd.DataFrame:
    """A CSV (UTF-8, UTF-16 or GBK) or Parquet order log; ids, labels and days of a CSV stay text.

    Raises ValueError when the file is neither.
    """
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    found = content.read(path)
    if found.fault:
        raise ValueError(found.fault)
    if found.kind != content.DELIMITED:
        raise ValueError("this is no CSV, whatever its name says: save the table as CSV UTF-8")
    if found.encoding in (content.PARTLY_UTF8, content.PARTLY_GBK):
        raise ValueError("some rows are in UTF-8 and some are not: write all of them as UTF-8")
    text = dict.fromkeys(("customer_id", "ordered_at", "sku", "category"), str)
    return pd.read_csv(path, dtype=text, encoding=found.encoding)


def main(arguments: list[str] | None = None) -> int:
    """Run one protocol; print the table; write the JSON; 2 for input nothing could be learnt of."""
    given = parser().parse_args(arguments)
    try:
        protocol = Protocol(
            given.cut, given.outcome_days, given.active_days, given.min_orders, given.slice_days
        )
        given.out.parent.mkdir(parents=True, exist_ok=True)
        task = make_task(read_orders(given.orders), protocol)
        found = results(task)
    except (OSError, ValueError) as problem:
        print(f"benchmarks.churn: {given.orders}: {problem}", file=sys.stderr)
        return 2
    title = f"{given.orders.stem}: will buy within {protocol.outcome_days} days of "
    show(found, title + f"{protocol.cut:%F}")
    # JSON knows no nan: what cannot be said, such as a constant's correlation, is null
    found["rows"] = [{k: None if v != v else v for k, v in row.items()} for row in found["rows"]]
    given.out.write_text(json.dumps(found, indent=1, allow_nan=False), encoding="utf-8")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    found = argparse.ArgumentParser(description=__doc__)
    found.add_argument("--orders", type=Path, required=True, help="CSV or Parquet")
    found.add_argument("--cut", type=pd.Timestamp, required=True, help="first day not known")
    found.add_argument("--outcome-days", type=int, required=True)
    found.add_argument("--active-days", type=int, help="only who bought within that many days")
    found.add_argument("--min-orders", type=int, default=1, help="purchase days at least")
    found.add_argument("--slice-days", type=int, default=14)
    found.add_argument("--out", type=Path, default=Path("results.json"))
    return found


if __name__ == "__main__":
    raise SystemExit(main())
