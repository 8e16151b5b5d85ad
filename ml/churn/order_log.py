"""Turns any order log into purchase days and feat_customer slices, by stated rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.churn.order_text import amounts, days, names
from ml.churn.timeline import Timeline, day_number
from ml.columns import CUSTOMER_NUMBERS

PLATFORM = "order_log"
USUAL_GAP_DAYS = 45.0
_FEWEST_RETURNS = 30
_OWN_VOTES = 3
_GAP_BOUNDS = (7.0, 180.0)


@dataclass(frozen=True)
class OrderLog:
    """Purchase days and returns of a log, and what the rules left out.

    `events`: feat_customer_events, one row per customer and day with a purchase. `returns`:
    customer_id, ds, returned_amount (yuan, >= 0). `firsts`: customer_id, kind ("sku" or
    "category"), ds: the day each customer first bought each of them. `left_out` counts lines;
    those with an unreadable day are also among those without customer or day.
    """

    events: pd.DataFrame
    returns: pd.DataFrame
    firsts: pd.DataFrame
    left_out: dict[str, int]

    @classmethod
    def of(cls, orders: pd.DataFrame) -> "OrderLog":
        """Read `orders`: customer_id, ordered_at, amount [, sku, category], one row per line.

        The rules: a line without customer or readable day is left out and counted; lines equal
        in all columns of `orders`, these five or not, count once; an amount below zero is a return:
        it lowers what the customer spent and is no purchase; an amount of zero, none, or one that
        cannot be read (counted) is a purchase of no value. Days are calendar days of `ordered_at`
        as written, in whatever zone. Ids and labels may be text, numbers or categoricals. A line
        dated in the future is kept for its day: no slice, label or score of an earlier day reads
        it. Who has only returns has no purchase day and gets no row in any slice; who bought once
        has the usual gap as expected gap.
        Raises ValueError when a needed column is missing, or when more than a small share of its
        days or amounts cannot be read (`ml.churn.order_text` says what can).
        """
        missing = [c for c in ("customer_id", "ordered_at", "amount") if c not in orders]
        if missing:
            raise ValueError(f"the order log lacks the columns {missing}")
        twice = orders.columns[orders.columns.duplicated()]
        if len(twice):
            raise ValueError(f"the order log has the column '{twice[0]}' more than once")
        orders = orders.reset_index(drop=True)
        at, unread_day = days(orders["ordered_at"])
        paid, unread_amount = amounts(orders["amount"])
        labels = {c: names(orders[c]) for c in ("customer_id", "sku", "category") if c in orders}
        lines = orders.assign(ordered_at=at, amount=paid, **labels)
        unusable = lines["customer_id"].isna() | lines["ordered_at"].isna()
        lines, unread_amount = lines[~unusable], unread_amount[~unusable]
        repeated = _repeated(lines)
        lines, unread_amount = lines[~repeated], unread_amount[~repeated]
        lines = lines[["ordered_at", "amount", *labels]].assign(
            ds=lines["ordered_at"].dt.normalize(),
            amount=lines["amount"].fillna(0.0),
            category=lines.get("category"),
        )
        is_return = lines["amount"] < 0
        bought = lines[~is_return]
        returns = lines[is_return].groupby(["customer_id", "ds"], as_index=False)["amount"].sum()
        returns["returned_amount"] = -returns.pop("amount")
        return cls(
            _purchase_days(bought),
            returns,
            _firsts(bought),
            {
                "without_customer_or_day": int(unusable.sum()),
                "repeated_lines": int(repeated.sum()),
                "returns": int(is_return.sum()),
                "unreadable_days": int(unread_day.sum()),
                "unreadable_amounts": int(unread_amount.sum()),
            },
        )

    def before(self, day: pd.Timestamp) -> "OrderLog":
        """The log as it was known before `day` began."""
        day = pd.Timestamp(day)
        cut = [frame[frame["ds"] < day] for frame in (self.events, self.returns, self.firsts)]
        return OrderLog(*cut, self.left_out)


def customer_slices(log: OrderLog, days: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """feat_customer as known at the end of each day: one row per customer who has bought by then.

    `brand_count` counts SKUs, a log names no brands; discounts and gifts are not known and 0.
    The expected gap is the customer's median gap with up to three votes, the rest of three being
    the median of all gaps known by then (45 days while fewer than 30 are).
    """
    timeline = Timeline.of(log.events)
    parts = [_slice(log, timeline, pd.Timestamp(day)) for day in sorted(days)]
    return pd.concat(parts, ignore_index=True)


def _repeated(lines: pd.DataFrame) -> pd.Series:
    """Lines equal to an earlier one in every column, lists and the like compared as text."""
    plain = {
        name: lines[name].astype(str)
        for name in lines.select_dtypes(object)
        if not lines[name].map(pd.api.types.is_hashable).all()
    }
    return lines.assign(**plain).duplicated()


def _purchase_days(bought: pd.DataFrame) -> pd.DataFrame:
    by_category = (
        bought.groupby(["customer_id", "ds", "category"], dropna=False)["amount"]
        .sum()
        .reset_index()
        .sort_values(
            ["customer_id", "ds", "amount", "category"], ascending=[True, True, False, True]
        )
        .drop_duplicates(["customer_id", "ds"])
    )
    events = bought.groupby(["customer_id", "ds"], as_index=False).agg(
        order_count=("ordered_at", "nunique"), qty=("amount", "size"), paid_amount=("amount", "sum")
    )
    events["discount_rate"] = 0.0
    events["category"] = by_category.sort_values(["customer_id", "ds"])["category"].to_numpy()
    return events


def _firsts(bought: pd.DataFrame) -> pd.DataFrame:
    parts = [
        bought.dropna(subset=[kind])
        .groupby(["customer_id", kind], as_index=False)["ds"]
        .min()
        .assign(kind=kind)[["customer_id", "kind", "ds"]]
        for kind in ("sku", "category")
        if kind in bought and bought[kind].notna().any()
    ]
    empty = pd.DataFrame({"customer_id": [], "kind": [], "ds": pd.to_datetime([])})
    return pd.concat(parts, ignore_index=True) if parts else empty


def _slice(log: OrderLog, timeline: Timeline, as_of: pd.Timestamp) -> pd.DataFrame:
    customers = pd.Index(
        log.events.loc[log.events["ds"] <= as_of, "customer_id"].unique()
    ).sort_values()
    rows = pd.DataFrame({"customer_id": customers.astype(object), "as_of": as_of})
    first, end = timeline.visible(rows)
    today = day_number(rows["as_of"])
    n = end - first
    whose = np.repeat(np.arange(len(rows)), n)
    entry = np.arange(n.sum()) + np.repeat(first - (np.cumsum(n) - n), n)
    day, paid = timeline.day[entry], timeline.events["paid_amount"].to_numpy(float)[entry]
    orders = timeline.events["order_count"].to_numpy(float)[entry]
    gap = np.diff(day, prepend=day[:1]).astype(float)
    gap[np.concatenate([[True], whose[1:] != whose[:-1]])[: len(gap)]] = np.nan
    gaps = pd.Series(gap).groupby(whose).agg(["median", "mean", "std", "count"])
    known = np.isfinite(gap)
    usual = float(np.median(gap[known])) if known.sum() >= _FEWEST_RETURNS else USUAL_GAP_DAYS
    votes = np.minimum(gaps["count"].to_numpy(), _OWN_VOTES)
    own = gaps["median"].fillna(0.0).to_numpy()
    expected = np.clip((votes * own + (_OWN_VOTES - votes) * usual) / _OWN_VOTES, *_GAP_BOUNDS)
    age = np.repeat(today, n) - day
    money = {w: _sum(paid, whose, len(rows), age < w) for w in (30, 90, np.inf)}
    counts = {w: _sum(orders, whose, len(rows), age < w) for w in (30, 90, np.inf)}
    back = {w: _returned(log.returns, rows, as_of, w) for w in (30, 90, np.inf)}
    recency = (today - timeline.day[end - 1]).astype(float)
    breadth = log.firsts[log.firsts["ds"] <= as_of].groupby(["kind", "customer_id"]).size()
    table = {
        "recency_days": recency,
        "tenure_days": (today - timeline.day[first]).astype(float),
        "frequency": n.astype(float),
        "monetary_amount": money[np.inf] - back[np.inf],
        "mean_gap_days": gaps["mean"].fillna(pd.Series(expected)).to_numpy(),
        "sd_gap_days": gaps["std"].fillna(0.0).to_numpy(),
        "recency_over_gap": recency / expected,
        "expected_gap_days": expected,
        "orders_30d": counts[30],
        "orders_90d": counts[90],
        "amount_30d": money[30] - back[30],
        "amount_90d": money[90] - back[90],
        "mean_order_amount": money[np.inf] / counts[np.inf],
        "category_count": _counted(breadth, "category", customers),
        "brand_count": _counted(breadth, "sku", customers),
        "discount_share": 0.0,
        "refund_rate": np.minimum(1.0, back[np.inf] / np.maximum(money[np.inf], 0.01)),
        "gift_share": 0.0,
    }
    numbers = pd.DataFrame(table)[list(CUSTOMER_NUMBERS)]
    rows = pd.concat([rows, numbers], axis=1)
    rows["platform"] = PLATFORM
    rows["last_category"] = timeline.events["category"].to_numpy(object)[end - 1]
    rows["is_reachable"] = recency <= 2 * expected
    return rows


def _sum(values: np.ndarray, whose: np.ndarray, n: int, keep: np.ndarray) -> np.ndarray:
    return np.bincount(whose[keep], weights=values[keep], minlength=n)


def _returned(
    returns: pd.DataFrame, rows: pd.DataFrame, as_of: pd.Timestamp, window: float
) -> np.ndarray:
    age = (as_of - returns["ds"]).dt.days
    counted = returns[(age >= 0) & (age < window)]
    total = counted.groupby("customer_id")["returned_amount"].sum()
    return total.reindex(rows["customer_id"]).fillna(0.0).to_numpy(float)


def _counted(breadth: pd.Series, kind: str, customers: pd.Index) -> np.ndarray:
    if kind not in breadth.index.get_level_values("kind"):
        return np.zeros(len(customers))
    return breadth.loc[kind].reindex(customers).fillna(0).to_numpy(float)
