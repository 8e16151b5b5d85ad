"""Looks for planted names, phones, addresses and raw buyer ids in every file of a folder."""

import io
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Hit:
    """One marker found: in which file, and in which table, column or member of it."""

    file: str
    where: str
    marker: str


def scan(folder: Path, markers: Iterable[str]) -> list[Hit]:
    """Every marker in every file below `folder`: in its bytes and in what they unpack to.

    Reads Parquet, DuckDB, SQLite, gzip, zip (xlsx); anything else is searched as it is. A table's
    values are read through its own engine, since compressed columns do not show in the bytes.
    """
    needles = [(marker, marker.encode()) for marker in markers]
    return [
        Hit(path.relative_to(folder).as_posix(), where, marker)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for where, content in _contents(path)
        for marker, needle in needles
        if needle in content
    ]


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    raw = path.read_bytes()
    yield "bytes", raw
    if raw[:4] == b"PAR1":
        yield from _columns(pq.read_table(io.BytesIO(raw)))
    elif raw[:2] == b"\x1f\x8b":
        # a cut-off archive still holds what comes before the cut
        yield "unpacked", zlib.decompressobj(wbits=31).decompress(raw)
    elif raw[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)
    elif raw[8:12] == b"DUCK":
        yield from _duckdb(path)
    elif raw[:15] == b"SQLite format 3":
        yield from _sqlite(path)


def _columns(table: pa.Table, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for name in table.column_names:
        values = table[name]
        if not pa.types.is_nested(values.type):
            values = values.unique()
        values = values.to_pylist()
        yield f"{prefix}{name}", "\n".join(map(str, values)).encode()


def _duckdb(path: Path) -> Iterator[tuple[str, bytes]]:
    with duckdb.connect(path, read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_type = 'BASE TABLE'"
        ).fetchall()
        for schema, name in tables:
            table = connection.sql(f'select * from "{schema}"."{name}"').to_arrow_table()
            yield from _columns(table, f"{name}.")


def _sqlite(path: Path) -> Iterator[tuple[str, bytes]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (name,) in tables.fetchall():
            rows = connection.execute(f'select * from "{name}"').fetchall()
            yield name, "\n".join(map(str, rows)).encode()
    finally:
        connection.close()
