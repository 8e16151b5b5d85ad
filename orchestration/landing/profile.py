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
    kinds = {column.name: column.kind for column in declared.columns}
    names = [name for name in kinds if name in declared.lake_types]
    money = [name for name in names if kinds[name] == "money"]
    since = last - timedelta(weeks=WEEKS)
    landed = (
        f"from (select *, platform || '/' || shop_id as shop, landed_on = date '{last}' as is_last "
        f"from read_parquet('{lake}/{platform}/{dataset}/load_no=*/*.parquet', "
        f"union_by_name = true) where landed_on between date '{since}' and date '{last}')"
    )
    filled = ", ".join(f'count("{name}") as "{name}"' for name in names)
    # a sketch, not every value: nine weeks of a large shop's amounts need not fit in memory
    medians = ", ".join(
        f'count(*) filter ("{name}" > 0) as "{name} rows", '
        f'approx_quantile("{name}"::double, 0.5) filter ("{name}" > 0) as "{name} median"'
        for name in money
    )
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        counts = connection.execute(
            f"select landed_on, is_last, shop, count(*) as n, {filled} {landed} "
            "group by all order by all"
        ).df()
        amounts = connection.execute(
            f"select shop, is_last{', ' if money else ''}{medians} {landed} "
            "group by all order by all"
        ).df()
    ledger = pq.read_table(lake / "ledger" / platform / f"{dataset}.parquet", columns=["landed_on"])
    days = sorted({day for day in ledger["landed_on"].to_pylist() if day <= last})
    sides = (True, False)
    return Profile(
        _daily(counts[["landed_on", "shop", "n"]]),
        tuple(days),
        tuple(_filled(counts[counts["is_last"] == side], names) for side in sides),
        tuple(_medians(amounts[amounts["is_last"] == side], money) for side in sides),
    )


def _filled(counts: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    total = counts[["n", *names]].sum()
    return pd.DataFrame(
        {"column": names, "rows": int(total["n"]), "filled": total[names].astype(int).to_numpy()}
    )


def _medians(amounts: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "shop": amounts["shop"],
                "column": name,
                "rows": amounts[f"{name} rows"],
                "median": amounts[f"{name} median"],
            }
        )
        for name in names
    ]
    empty = pd.DataFrame({"shop": [], "column": [], "rows": [], "median": []})
    return pd.concat(parts, ignore_index=True) if parts else empty


def _daily(counts: pd.DataFrame) -> pd.DataFrame:
    """Rows by day and shop since pulls became daily; history that came in lumps is left out."""
    if counts.empty:
        return pd.DataFrame(index=pd.DatetimeIndex([]))
    table = counts.pivot(index="landed_on", columns="shop", values="n").fillna(0.0)
    table.index = pd.to_datetime(table.index)
    breaks = np.flatnonzero(np.diff(table.index) > pd.Timedelta(days=MAX_GAP))
    # the first day of a run still holds what had piled up before it
    return table.iloc[(breaks[-1] + 2 if len(breaks) else 1) :]
