"""Nothing that names a person leaves the landing folder: planted people, a whole run, a search."""

import gzip
import sqlite3
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from personal_data import Hit, scan
from tiny_world import TinyWorld

from benchmarks.pipeline import KEY
from orchestration.landing import SOURCES
from orchestration.landing.lake import load_range
from orchestration.landing.schema import Column
from orchestration.sandbox import truth

MARKER = "PII-林晓"


def write_text(path: Path) -> None:
    path.write_text(f"log: buyer {MARKER} seen", encoding="utf-8")


def write_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(f'{{"name":"{MARKER}"}}'.encode()))


def write_parquet(path: Path) -> None:
    names = [f"buyer {n}" for n in range(5000)] + [MARKER]
    pq.write_table(pa.table({"n": range(5001), "name": names}), path, compression="zstd")


def write_duckdb(path: Path) -> None:
    with duckdb.connect(path) as connection:
        connection.execute(
            "create schema kept; create table kept.people as "
            f"select n, case when n = 4711 then '{MARKER}' else 'buyer ' || n end as name "
            "from range(200000) t(n)"
        )


def write_sqlite(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table runs (name text)")
    connection.execute("insert into runs values (?)", [MARKER])
    connection.commit()
    connection.close()


def write_workbook(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst><si><t>{MARKER}</t></si></sst>")


@pytest.mark.parametrize(
    "write", [write_text, write_gzip, write_parquet, write_duckdb, write_sqlite, write_workbook]
)
def test_the_search_finds_a_name_in_every_kind_of_file(tmp_path, write):
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep" / "file")

    found = scan(tmp_path, ["1990000", MARKER])

    assert {hit.marker for hit in found} == {MARKER}
    assert {hit.file for hit in found} == {"deep/file"}


def test_the_search_finds_nothing_where_nothing_is(tmp_path):
    write_text(tmp_path / "log")
    assert scan(tmp_path, ["PII-王"]) == []
    assert scan(tmp_path, [MARKER]) == [Hit("log", "bytes", MARKER)]


def planted(world: TinyWorld) -> list[str]:
    """What the sandbox plants in names, texts and phones, and every raw id of a person."""
    tables = truth.read(world.truth)
    ids = {
        "orders": ("buyer_id", "union_id", "address_token"),
        "members": ("union_id", "tb_buyer_id", "phone", "name"),
        "contacts": ("external_userid", "union_id", "name", "staff_id"),
    }
    values = [
        tables[t].select(pl.col(c).drop_nulls()).collect() for t, cs in ids.items() for c in cs
    ]
    return ["PII-", "1990000", *sorted({v for frame in values for v in frame.to_series()})]


def test_nothing_that_names_a_person_is_in_lake_quarantine_ledger_warehouse_exports_or_logs(world):
    markers = planted(world)

    assert len(markers) > 500
    in_landing = {hit.marker for hit in scan(world.landing, markers)}
    assert {"PII-", "1990000"} <= in_landing
    assert len(in_landing) > len(markers) / 2
    kinds = {path.suffix for path in world.place.folder.rglob("*") if path.is_file()}
    assert {".parquet", ".duckdb", ".json", ".log"} <= kinds
    assert scan(world.place.folder, markers) == []


def test_a_name_that_somebody_declares_is_found(world, tmp_path, monkeypatch):
    orders = SOURCES["taobao"]["orders"]
    name = Column("receiver", "text", "who gets it", api="receiver_name")
    careless = replace(orders, columns=(*orders.columns, name))
    monkeypatch.setitem(SOURCES["taobao"], "orders", careless)
    where = {"platform": "taobao", "dataset": "orders"}
    load_range(world.landing, tmp_path, **where, first=date.min, last=date.max, key=KEY)

    found = scan(tmp_path, ["PII-", "1990000"])

    assert {hit.marker for hit in found} == {"PII-"}
    assert "receiver" in {hit.where for hit in found}
