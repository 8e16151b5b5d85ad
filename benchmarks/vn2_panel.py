"""VN2 Inventory Planning Challenge: store x product weekly sales, in-stock flags, attributes."""

from pathlib import Path

import pandas as pd

from benchmarks.frames import Frames

KEYS = ["Store", "Product"]


def read(folder: Path) -> Frames:
    """Panel with is_stockout from sales.csv and in_stock.csv, static from master.csv.

    Weeks before a store-product's first sale are left out where it was out of stock in all of
    them: it was not on the shelf yet.
    """
    sales = _long(folder / "sales.csv", "y")
    stock = _long(folder / "in_stock.csv", "in_stock")
    panel = sales.merge(stock, on=["unique_id", "ds"])
    panel["is_stockout"] = ~panel.pop("in_stock").astype(bool)
    offered = (panel["y"] > 0) | ~panel["is_stockout"]
    begun = panel["unique_id"].map(panel[offered].groupby("unique_id")["ds"].min())
    panel = panel[panel["ds"] >= begun].reset_index(drop=True)
    master = pd.read_csv(folder / "master.csv")
    static = master.drop(columns=KEYS).astype(str).add_prefix("x_")
    static.columns = [name.removeprefix("x_").lower() for name in static.columns]
    static = static.assign(
        unique_id=_ids(master),
        store=master["Store"].astype(str),
        product=master["Product"].astype(str),
    )
    first = ["unique_id", "product", "store"]
    return Frames(panel, static[[*first, *static.columns.difference(first)]])


def _long(path: Path, name: str) -> pd.DataFrame:
    wide = pd.read_csv(path)
    wide = wide.assign(unique_id=_ids(wide)).drop(columns=KEYS)
    long = wide.melt("unique_id", var_name="ds", value_name=name)
    return long.assign(ds=pd.to_datetime(long["ds"]))


def _ids(frame: pd.DataFrame) -> pd.Series:
    return frame["Store"].astype(str) + "-" + frame["Product"].astype(str)
