"""The truth as DuckDB tables: all of it, or what a group of buckets can see an event of."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
import pyarrow as pa

from orchestration.sandbox.buckets import Bucket

Truth = Path | Mapping[str, pl.DataFrame]

# a report may restate days this long gone
_RESTATED_DAYS = 40
_OF_AN_ORDER = ("order_lines", "order_components", "refunds", "reviews")


@contextmanager
def open_truth(truth: Truth, *, memory: str = "2000MB") -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with every table of the truth as a view in schema `whole` and by its name.

    `truth` is a folder with a folder of Parquet files for each table, or frames by table name.
    """
    with (
        TemporaryDirectory() as scratch,
        duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": memory,
                # the writing processes fill the cores: more threads in each took a third longer
                "threads": "1",
                "temp_directory": scratch,
            }
        ) as connection,
    ):
        connection.execute("set TimeZone = 'Asia/Shanghai'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set enable_progress_bar = false")  # the caller shows one of its own
        connection.execute("create schema whole")
        for name, source in _sources(connection, truth):
            connection.execute(f"create view whole.{name} as select * from {source}")
            connection.execute(f"create view {name} as select * from whole.{name}")
        yield connection


def _sources(connection: duckdb.DuckDBPyConnection, truth: Truth) -> Iterator[tuple[str, str]]:
    if isinstance(truth, Path):
        for folder in sorted(path for path in truth.iterdir() if path.is_dir()):
            yield folder.name, f"read_parquet('{folder.as_posix()}/*.parquet')"
        return
    for name, frame in truth.items():
        connection.register(f"given_{name}", frame.to_arrow())
        yield name, f"given_{name}"


def see_group(connection: duckdb.DuckDBPyConnection, group: Sequence[Bucket]) -> None:
    """Make `buckets` the group, and narrow the big tables to what its days can tell of.

    Of orders and what belongs to them, only those with an event in the group remain (an order's
    split children and parent with it); of daily tables, the group's days and 40 days before.
    """
    connection.register("buckets", _bucket_table(group))
    tables = _columns(connection)
    first, end = group[0].first_day, group[-1].end
    if "order_no" in tables.get("orders", ()):
        _narrow_orders(connection, tables, f"between '{first}' and '{end}'")
    for name, columns in tables.items():
        if "ds" in columns:
            connection.execute(
                f"create or replace view {name} as select * from whole.{name} where ds "
                f"between date '{first}' - {_RESTATED_DAYS} and date '{group[-1].last_day}'"
            )


def _bucket_table(group: Sequence[Bucket]) -> pa.Table:
    return pa.table(
        {
            "bucket_no": pa.array([bucket.no for bucket in group], pa.int32()),
            "first_day": [bucket.first_day for bucket in group],
            "last_day": [bucket.last_day for bucket in group],
            "landed_on": [bucket.landed_on for bucket in group],
        }
    )


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, ...]]:
    rows = connection.execute(
        "select table_name, list(column_name) from information_schema.columns "
        "where table_schema = 'whole' group by table_name order by table_name"
    ).fetchall()
    return {name: tuple(columns) for name, columns in rows}


def _narrow_orders(
    connection: duckdb.DuckDBPyConnection, tables: dict[str, tuple[str, ...]], inside: str
) -> None:
    events = {"orders": (), **{name: () for name in _OF_AN_ORDER}}
    for name in events:
        events[name] = tuple(c for c in tables.get(name, ()) if c.endswith("_at"))
    seen = " union ".join(
        f"select order_no from whole.{name} where "
        + " or ".join(f"{moment} {inside}" for moment in moments)
        for name, moments in events.items()
        if moments
    )
    connection.execute(f"create or replace temp table seen as {seen}")
    if "parent_order_no" in tables["orders"]:
        connection.execute(
            "create or replace temp table family as select distinct parent_order_no as order_no "
            "from whole.orders semi join seen using (order_no) where parent_order_no is not null"
        )
        connection.execute(
            "insert into seen select order_no from whole.orders "
            "where (order_no in (select order_no from family) "
            "or parent_order_no in (select order_no from family)) "
            "and order_no not in (select order_no from seen)"
        )
    for name in ("orders", *_OF_AN_ORDER):
        if name in tables:
            connection.execute(f"drop view if exists memory.main.{name}")
            connection.execute(
                f"create or replace temp table {name} as select * from whole.{name} "
                "where order_no in (select order_no from seen)"
            )
