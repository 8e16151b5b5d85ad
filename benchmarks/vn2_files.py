"""The files of the VN2 game, read and checked before anything is trained on them."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.weekly_game import Game, Sales
from ml.replenishment.simulation import Shelf, open_shelf

KEY = ["Store", "Product"]


def read_sales(folder: Path) -> Sales:
    """History to week 0: units sold, in-stock marks and the attributes of each store-product.

    Raises ValueError that names the file and what is wrong in it.
    """
    sold, stock = _table(folder / "sales.csv"), _table(folder / "in_stock.csv")
    ids, weeks = _ids(sold), sold.columns.drop(KEY)
    try:
        days = pd.DatetimeIndex(pd.to_datetime(weeks, format="ISO8601"))
    except ValueError as problem:
        raise ValueError(f"sales.csv: a column is no week such as 2024-04-08: {problem}") from None
    if missing := [week for week in weeks if week not in stock]:
        raise ValueError(f"in_stock.csv lacks the week {missing[0]} of sales.csv")
    master = sold[KEY].merge(_table(folder / "master.csv"), on=KEY, how="left")
    static = master.astype(str).rename(columns={"Department": "category"}).assign(unique_id=ids)
    stock = sold[KEY].merge(stock, on=KEY, how="left")[weeks]
    if stock.isna().any(axis=None):
        row, column = np.argwhere(stock.isna().to_numpy())[0]
        raise ValueError(f"in_stock.csv does not mark {ids[row]} in the week {weeks[column]}")
    units = np.column_stack([_units(sold[week], ids, "sales.csv") for week in weeks])
    return Sales(ids, days, units, stock.to_numpy(bool), static)


def read_state(folder: Path, game: Game) -> Shelf:
    """The shelf at the end of week 0, in the order of the sales file."""
    name, columns = "initial_state.csv", ["End Inventory", "In Transit W+1", "In Transit W+2"]
    sold = _table(folder / "sales.csv")[KEY]
    state = sold.merge(_table(folder / name, columns), on=KEY, how="left")
    stock, *under_way = (_units(state[column], _ids(sold), name) for column in columns)
    return open_shelf(stock, np.column_stack(under_way), longest_lead=game.lead)


def read_week(path: Path, sales: Sales, k: int) -> np.ndarray:
    """Units sold in revealed week `k` (n,), in the order of `sales`: the file's last column.

    Raises ValueError where a store-product is missing, twice or unknown, a number is none or
    below zero, or the column is headed by the day of another week.
    """
    frame = _table(path)
    frame.index = _ids(frame)
    head = frame.columns[-1]
    if head in KEY:
        raise ValueError(f"{path.name} has no column of units beside Store and Product")
    week = sales.weeks[-1] + pd.Timedelta(days=7 * k)
    told = pd.to_datetime(head, format="%Y-%m-%d", errors="coerce")
    if pd.notna(told) and told != week:
        raise ValueError(f"{path.name} holds the week {head}, expected is {week:%Y-%m-%d}")
    if len(lacking := pd.Index(sales.ids).difference(frame.index)):
        raise ValueError(f"{path.name} lacks {len(lacking)} store-products, first: {lacking[0]}")
    if len(strange := frame.index.difference(sales.ids)):
        raise ValueError(
            f"{path.name} names {len(strange)} store-products that sales.csv does not, first: "
            f"{strange[0]}"
        )
    return _units(frame[head].reindex(sales.ids), sales.ids, path.name)


def revealed_weeks(folder: Path, sales: Sales, game: Game) -> int:
    """How many weeks from the first on lie in `folder`, all of them readable.

    Their content goes nowhere: the game reads each again when its turn comes. Raises ValueError
    when a week between others is missing, or there are too few for one that is scored.
    """
    paths = [folder / f"week_{k}.csv" for k in range(1, game.weeks + 1)]
    there = [path.is_file() for path in paths]
    count = there.index(False) if False in there else len(paths)
    if any(there[count:]):
        later = paths[count + there[count:].index(True)].name
        raise ValueError(f"{folder} lacks {paths[count].name}, though {later} is there")
    needed = game.weeks - game.judged + 1
    if count < needed:
        raise ValueError(
            f"{folder} lacks {paths[count].name}: the first {needed - 1} weeks are not scored, "
            f"so at least week_1.csv to week_{needed}.csv are needed"
        )
    for k, path in enumerate(paths[:count], start=1):
        read_week(path, sales, k)
    return count


def _table(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """A CSV with one row per store-product."""
    try:
        frame = pd.read_csv(path)
    except ValueError as problem:
        raise ValueError(f"{path.name} cannot be read: {problem}") from problem
    if missing := [name for name in [*KEY, *(columns or [])] if name not in frame]:
        raise ValueError(f"{path.name} lacks the column '{missing[0]}'")
    twice = frame.duplicated(KEY)
    if twice.any():
        first = _ids(frame[twice])[0]
        raise ValueError(
            f"{path.name} names {int(twice.sum())} store-products twice, {first} first"
        )
    return frame


def _ids(frame: pd.DataFrame) -> np.ndarray:
    return (frame["Store"].astype(str) + "_" + frame["Product"].astype(str)).to_numpy()


def _units(values: pd.Series, ids: np.ndarray, name: str) -> np.ndarray:
    units = pd.to_numeric(values, errors="coerce").to_numpy(float)
    bad = ~(np.isfinite(units) & (units >= 0))
    if bad.any():
        at = int(np.argmax(bad))
        raise ValueError(
            f"{name}, column '{values.name}': {int(bad.sum())} values are no number of units, "
            f"first: {ids[at]} has {values.iloc[at]}"
        )
    return units
