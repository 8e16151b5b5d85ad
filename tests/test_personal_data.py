"""Nothing that names a person leaves the landing folder: planted people, a whole run, a search."""

import gzip
import sqlite3
import zipfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.personal_data import Hit, scan

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
