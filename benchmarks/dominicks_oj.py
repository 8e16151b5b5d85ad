"""Dominick's orange juice: weekly units of store x brand with prices and promotions as known."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.frames import Frames

WEEK_1 = pd.Timestamp("1989-09-14")  # a Thursday, as the data's codebook has it
BRANDS = range(1, 12)


def read(folder: Path) -> Frames:
    """Panel of units = exp(logmove); static store and brand with demographics; known future.

    Known: own price, deal, feature, is_promo (deal or feature), own price over the mean of all, and
    the lowest of the other ten. A store-brand-week without a row is unknown demand; its prices
    are those last seen in that store, and no promotion is assumed.
    """
    rows = pd.read_parquet(folder / "yx_to_week_146.parquet")
    rows = rows.assign(unique_id=ids(rows), ds=dates(rows["week"]))
    panel = rows.assign(y=np.exp(rows["logmove"]))[["unique_id", "ds", "y"]]
    demographics = pd.read_parquet(folder / "storedemo.parquet").rename(columns=str.lower)
    series = rows[["unique_id", "store", "brand"]].drop_duplicates()
    static = series.merge(demographics, on="store", how="left")
    static = static.astype({"store": str, "brand": str})
    return Frames(panel, static, _known(rows))


def ids(rows: pd.DataFrame) -> pd.Series:
    """unique_id of store and brand."""
    return rows["store"].astype(str) + "-" + rows["brand"].astype(str)


def dates(weeks: pd.Series) -> pd.Series:
    """First day of the data's week numbers."""
    return WEEK_1 + pd.to_timedelta(7 * (weeks - 1), unit="D")


def _known(rows: pd.DataFrame) -> pd.DataFrame:
    """Every week from a series' first to the last of the file."""
    prices = [f"price{brand}" for brand in BRANDS]
    weeks = np.arange(rows["week"].min(), rows["week"].max() + 1)
    shelf = rows.groupby(["store", "week"])[prices].first()
    whole = pd.MultiIndex.from_product([rows["store"].unique(), weeks], names=["store", "week"])
    shelf = shelf.reindex(whole).groupby(level="store").ffill().reset_index()
    first = rows.groupby(["unique_id", "store", "brand"], as_index=False)["week"].min()
    grid = first.rename(columns={"week": "first"}).merge(shelf, on="store")
    grid = grid[grid["week"] >= grid["first"]]
    table = grid[prices].to_numpy(float)
    own = np.arange(len(grid)), grid["brand"].to_numpy(int) - 1
    price = table[own]
    others = table.copy()
    others[own] = np.inf
    promotions = rows[["unique_id", "week", "deal", "feat"]]
    grid = grid.merge(promotions, on=["unique_id", "week"], how="left")
    deal, feat = (grid[name].fillna(0.0).astype(float) for name in ("deal", "feat"))
    return pd.DataFrame(
        {
            "unique_id": grid["unique_id"],
            "ds": dates(grid["week"]),
            "price": price,
            "price_ratio": price / table.mean(1),
            "lowest_other_price": others.min(1),
            "deal": deal,
            "feat": feat,
            "is_promo": ((deal > 0) | (feat > 0)).astype(float),
        }
    )
