"""A small seeded shop for the churn tests: purchase days, and feat_customer computed from them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.columns import CUSTOMER_NUMBERS

CATEGORIES = np.array(["diapers", "formula", "toys", "wipes"])


@dataclass(frozen=True)
class Shop:
    """What dbt would export, and the last day with complete data."""

    features: pd.DataFrame
    events: pd.DataFrame
    last_day: pd.Timestamp


def make_shop(n_customers: int, *, days: int = 540, n_slices: int = 12, seed: int = 3) -> Shop:
    """Households with their own rhythm who stop for good after a while, toy buyers sooner."""
    events = purchase_days(n_customers, days=days, seed=seed)
    last_day = pd.Timestamp("2025-01-01") + pd.Timedelta(days=days)
    slices = [last_day - pd.Timedelta(days=28 * back) for back in range(n_slices)]
    return Shop(customer_features(events, slices), events, last_day)


def purchase_days(n_customers: int, *, days: int, seed: int) -> pd.DataFrame:
    """feat_customer_events of a shop whose truth is known: gap, size and lifetime per customer."""
    draw = np.random.default_rng(seed)
    taste = draw.integers(0, len(CATEGORIES), n_customers)
    gap = draw.lognormal(3.2, 0.5, n_customers)
    born = draw.uniform(0, days, n_customers)
    lifetime = draw.exponential(np.where(taste == 2, 60, 260), n_customers)
    discount_lover = draw.random(n_customers) < 0.3
    visits = 40
    waits = draw.gamma(4.0, gap[:, None] / 4.0, (n_customers, visits))
    waits[:, 0] = 0
    when = born[:, None] + np.cumsum(waits, axis=1)
    alive = (when < days) & (when <= (born + lifetime)[:, None])
    customer, _ = np.nonzero(alive)
    n = len(customer)
    wanders = draw.random(n) < 0.2
    events = pd.DataFrame(
        {
            "customer_id": [f"c_{i:06d}" for i in customer],
            "ds": pd.Timestamp("2025-01-01") + pd.to_timedelta(when[alive].astype(int), "D"),
            "order_count": 1,
            "qty": draw.poisson(1.5, n) + 1.0,
            "paid_amount": draw.lognormal(4.5, 0.6, n).round(2),
            "discount_rate": np.where(discount_lover[customer], draw.uniform(0.1, 0.5, n), 0.0),
            "category": CATEGORIES[np.where(wanders, draw.integers(0, 4, n), taste[customer])],
        }
    )
    return events.drop_duplicates(["customer_id", "ds"], ignore_index=True)


def customer_features(events: pd.DataFrame, slices: list[pd.Timestamp]) -> pd.DataFrame:
    """feat_customer for each slice, from purchase days on or before it alone."""
    ordered = events.sort_values(["customer_id", "ds"], ignore_index=True)
    parts = [_one_slice(ordered[ordered["ds"] <= as_of], as_of) for as_of in slices]
    return pd.concat(parts, ignore_index=True)


def _one_slice(past: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    age = (as_of - past["ds"]).dt.days
    past = past.assign(
        age=age,
        gap=past.groupby("customer_id")["ds"].diff().dt.days,
        in_30=age < 30,
        in_90=age < 90,
        amount_30=past["paid_amount"].where(age < 30, 0.0),
        amount_90=past["paid_amount"].where(age < 90, 0.0),
        discounted=past["discount_rate"] > 0,
    )
    by = past.groupby("customer_id", sort=True)
    table = pd.DataFrame(
        {
            "recency_days": by["age"].min(),
            "tenure_days": by["age"].max(),
            "frequency": by["ds"].size(),
            "monetary_amount": by["paid_amount"].sum(),
            "mean_gap_days": by["gap"].mean(),
            "sd_gap_days": by["gap"].std().fillna(0.0),
            "orders_30d": by["in_30"].sum(),
            "orders_90d": by["in_90"].sum(),
            "amount_30d": by["amount_30"].sum(),
            "amount_90d": by["amount_90"].sum(),
            "category_count": by["category"].nunique(),
            "discount_share": by["discounted"].mean(),
        }
    )
    usual = past["gap"].median() if past["gap"].notna().any() else 30.0
    table["mean_gap_days"] = table["mean_gap_days"].fillna(usual)
    table["expected_gap_days"] = table["mean_gap_days"].clip(lower=1.0)
    table["recency_over_gap"] = table["recency_days"] / table["expected_gap_days"]
    table["mean_order_amount"] = table["monetary_amount"] / table["frequency"]
    table = table.assign(brand_count=1.0, refund_rate=0.0, gift_share=0.0)
    table = table[list(CUSTOMER_NUMBERS)].astype(float)
    table["platform"] = "generic"
    table["last_category"] = by["category"].last()
    table["is_reachable"] = table["recency_days"] <= 2 * table["expected_gap_days"]
    table.insert(0, "as_of", as_of)
    return table.reset_index()
