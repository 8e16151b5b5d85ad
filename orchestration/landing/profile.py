"""What landed of late for one dataset, counted in the lake: rows, filled columns, money medians."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from orchestration.landing import SOURCES

WEEKS = 9
MAX_GAP = 3  # days without any landing that end a habit of daily pulls


@dataclass(frozen=True)
class Profile:
    """`rows`: index of days, a column a shop, from the day daily pulls began. `filled`: column,
    rows, filled; `money`: shop, column, rows, median; both twice: of the last day, and before."""

    rows: pd.DataFrame
    days: tuple[date, ...]
    filled: tuple[pd.DataFrame, pd.DataFrame]
    money: tuple[pd.DataFrame, pd.DataFrame]


def landed_profile(lake: Path, platform: str, dataset: str, last: date) -> Profile:
    """Profile of what landed in the WEEKS weeks up to `last`.

    Rows are versions of records: what landed again unchanged is not in the lake twice. `days`
    are those on which a file landed, whatever was in it. Nothing that landed later is read.
    """
    declared = SOURCES[platform][dataset]
    files = f"{lake}/{platform}/{dataset}/load_no=*/*.parquet"
    since = last - timedelta(weeks=WEEKS)
    kinds = {column.name: column.kind for column in declared.columns}
    wanted = [name for name in kinds if name in declared.lake_types]
    money = [name for name in wanted if kinds[name] == "money"]
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        picked = ", ".join(f'"{name}"' for name in wanted)
        connection.execute(
            f"create table landed as "
            f"select landed_on, platform || '/' || shop_id as shop, {picked} "
            f"from read_parquet('{files}', union_by_name = true) "
            f"where landed_on between date '{since}' and date '{last}'"
        )
        counts = connection.execute(
            "select landed_on, shop, count(*) as n from landed group by all order by all"
        ).df()
        sides = (f"landed_on = date '{last}'", f"landed_on < date '{last}'")
        filled = tuple(_filled(connection, wanted, side) for side in sides)
        medians = tuple(_medians(connection, money, side) for side in sides)
    ledger = pq.read_table(lake / "ledger" / platform / f"{dataset}.parquet", columns=["landed_on"])
    days = sorted({day for day in ledger["landed_on"].to_pylist() if day <= last})
    return Profile(_daily(counts), tuple(days), filled, medians)


def _filled(connection: duckdb.DuckDBPyConnection, names: list[str], where: str) -> pd.DataFrame:
    picked = ", ".join(f'count("{name}")' for name in names)
    found = connection.execute(f"select count(*), {picked} from landed where {where}").fetchone()
    return pd.DataFrame({"column": names, "rows": found[0], "filled": list(found[1:])})


def _medians(connection: duckdb.DuckDBPyConnection, names: list[str], where: str) -> pd.DataFrame:
    parts = [
        f'select shop, \'{name}\' as "column", count(*) as "rows", '
        f'median("{name}")::double as median from landed where {where} and "{name}" > 0 group by 1'
        for name in names
    ]
    if not parts:
        return pd.DataFrame({"shop": [], "column": [], "rows": [], "median": []})
    return connection.execute(" union all ".join(parts)).df()


def _daily(counts: pd.DataFrame) -> pd.DataFrame:
    """Rows by day and shop since pulls became daily; history that came in lumps is left out."""
    if counts.empty:
        return pd.DataFrame(index=pd.DatetimeIndex([]))
    table = counts.pivot(index="landed_on", columns="shop", values="n").fillna(0.0)
    table.index = pd.to_datetime(table.index)
    breaks = np.flatnonzero(np.diff(table.index) > pd.Timedelta(days=MAX_GAP))
    # the first day of a run still holds what had piled up before it
    return table.iloc[(breaks[-1] + 2 if len(breaks) else 1) :]
