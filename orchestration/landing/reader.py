"""Bytes of one file in, its records as text out; what the bytes are is told by the bytes."""

import csv
import gzip
import io
import re
import zlib
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from orchestration.landing.schema import Dataset

_SEPARATORS = (",", "\t", ";")
_MAX_UNPACKED_BYTES = 2**31 - 1
_LONGEST_HEADER = 100_000


class UnreadableFileError(ValueError):
    """A file that cannot be read at all; the message says what to do about it.

    `may_identify_people` is False only if its header was read and holds no undeclared column.
    """

    def __init__(self, reason: str, *, may_identify_people: bool = False) -> None:
        super().__init__(reason)
        self.may_identify_people = may_identify_people


@dataclass(frozen=True)
class BrokenRow:
    """A record whose fields cannot be told apart, at its spreadsheet row."""

    source_row: int
    reason: str
    text: str


@dataclass(frozen=True)
class Records:
    """A file's records: `table` has source_row and every declared column as text, nulls kept."""

    table: pa.Table
    broken: tuple[BrokenRow, ...]
    columns_ignored: tuple[str, ...]


def read_records(
    connection: duckdb.DuckDBPyConnection, content: bytes, dataset: Dataset
) -> Records:
    """Read CSV or Parquet, either gzipped, as text of the declared columns.

    CSV may be UTF-8 (with or without byte-order mark) or GBK, separated by comma, tab or
    semicolon. Rows whose cells are all empty are no records. Raises UnreadableFileError.
    """
    if content[:2] == b"\x1f\x8b":
        content = _unpack(content)
    if not content.strip():
        raise UnreadableFileError("the file is empty: extract it again")
    if content[:4] == b"PAR1":
        return _read_parquet(connection, content, dataset)
    _refuse_other_formats(content)
    return _read_csv(_decode(content), dataset)


def _unpack(content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(_MAX_UNPACKED_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableFileError(
            "the gzip archive is cut off or damaged: transfer the file again"
        ) from error
    if len(unpacked) == _MAX_UNPACKED_BYTES:
        raise UnreadableFileError("the file unpacks to more than 2 GiB: split it into parts")
    return unpacked


def _refuse_other_formats(content: bytes) -> None:
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<"):
        raise UnreadableFileError(
            "this is a web page (HTML or XML), whatever its name says: often a log-in page or a "
            "table saved by the browser; export it again as CSV"
        )
    if content[:4] == b"PK\x03\x04" or content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise UnreadableFileError("this is an Excel workbook: save the sheet as CSV UTF-8")


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnreadableFileError("the text is UTF-16: save it as CSV UTF-8")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise UnreadableFileError("the bytes are neither UTF-8 nor GBK text: save it as CSV UTF-8")


def _read_csv(text: str, dataset: Dataset) -> Records:
    separator, header = _header(text, dataset)
    positions, ignored = _match(header, dataset)
    broken: list[BrokenRow] = []
    never_closed: list[int] = []

    def keep_aside(row: pacsv.InvalidRow) -> str:
        if "\n" in row.text.rstrip("\r\n") and row.text.count('"') % 2:
            never_closed.append(row.number)
        broken.append(
            BrokenRow(
                row.number,
                f"has {row.actual_columns} fields where the header has {row.expected_columns}: "
                "look for a missing or an unquoted separator",
                row.text,
            )
        )
        return "skip"

    try:
        cells = _cells(text.encode(), separator, len(header), keep_aside)
    except pa.ArrowInvalid as error:
        raise UnreadableFileError(
            "the rows cannot be told apart: export the file again as CSV UTF-8",
            may_identify_people=bool(ignored),
        ) from error
    if never_closed:
        raise UnreadableFileError(
            f"a quotation mark in row {never_closed[0]} is never closed, so the rows after it "
            "cannot be told apart: close it or write it twice",
            may_identify_people=bool(ignored),
        )
    aside = np.array([row.source_row for row in broken], dtype=np.int64)
    rows = np.setdiff1d(np.arange(1, cells.num_rows + len(aside) + 1), aside)
    table = _without_blank(_pick(cells, positions, rows, dataset).slice(1), cells.slice(1))
    return Records(table, tuple(broken), ignored)


def _cells(content: bytes, separator: str, width: int, keep_aside) -> pa.Table:
    """Every cell as text, header and blank lines included."""
    return pacsv.read_csv(
        pa.BufferReader(content),
        read_options=pacsv.ReadOptions(
            autogenerate_column_names=True,
            use_threads=False,  # row numbers are known to one thread only
            block_size=len(content) + 1,
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=separator,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=keep_aside,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types={f"f{i}": pa.string() for i in range(width)},
            strings_can_be_null=False,
        ),
    )


def _header(text: str, dataset: Dataset) -> tuple[str, list[str]]:
    """The separator under which the first line names most declared columns, and its names."""
    first_line = re.split(r"[\r\n]", text, maxsplit=1)[0][:_LONGEST_HEADER]
    candidates = []
    for separator in _SEPARATORS:
        cells = next(csv.reader([first_line], delimiter=separator), [])
        names = [name.strip().lower() for name in cells]
        candidates.append((len(set(names) & set(dataset.column_names)), separator, names))
    _, separator, names = max(candidates, key=lambda candidate: candidate[0])
    return separator, names


def _match(header: list[str], dataset: Dataset) -> tuple[dict[str, int], tuple[str, ...]]:
    """Declared column -> position in the file, and the undeclared names."""
    declared = set(dataset.column_names)
    positions = {name: at for at, name in enumerate(header) if name in declared}
    ignored = tuple(name for name in header if name and name not in declared)
    missing = [name for name in dataset.required if name not in positions]
    if missing:
        found = ", ".join(positions) or "none"
        raise UnreadableFileError(
            f"the first row lacks the required column {', '.join(missing)} of "
            f"'{dataset.name}' (recognised: {found}): add it, or move the file to the folder of "
            "its dataset",
            may_identify_people=True,
        )
    twice = sorted({name for name in positions if header.count(name) > 1})
    if twice:
        raise UnreadableFileError(
            f"the column {', '.join(twice)} is there twice: keep one of them",
            may_identify_people=bool(ignored),
        )
    return positions, ignored


def _pick(cells: pa.Table, positions: dict[str, int], rows: np.ndarray, dataset: Dataset):
    empty = pa.nulls(cells.num_rows, pa.string())
    columns = {
        name: cells.column(positions[name]) if name in positions else empty
        for name in dataset.column_names
    }
    return pa.table({"source_row": pa.array(rows, pa.int64()), **columns})


def _without_blank(table: pa.Table, cells: pa.Table) -> pa.Table:
    filled = np.zeros(cells.num_rows, dtype=bool)
    for column in cells.columns:
        if filled.all():
            break
        trimmed = pa.compute.utf8_trim_whitespace(column)
        filled |= pa.compute.not_equal(trimmed, "").to_numpy(zero_copy_only=False)
    return table.filter(pa.array(filled))


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, content: bytes, dataset: Dataset
) -> Records:
    try:
        cells = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableFileError(
            "the Parquet file is cut off or damaged: transfer it again"
        ) from error
    header = [name.strip().lower() for name in cells.column_names]
    positions, ignored = _match(header, dataset)
    for column in dataset.columns:
        at = positions.get(column.name)
        if at is not None and column.kind == "id" and pa.types.is_floating(cells.field(at).type):
            raise UnreadableFileError(
                f"the ids in {column.name} are stored as floating-point numbers, which lose "
                "digits: write them as text",
                may_identify_people=bool(ignored),
            )
    rows = np.arange(2, cells.num_rows + 2)
    cells = cells.rename_columns([f"f{i}" for i in range(len(header))])
    return Records(_pick(_as_text(connection, cells), positions, rows, dataset), (), ignored)


def _as_text(connection: duckdb.DuckDBPyConnection, cells: pa.Table) -> pa.Table:
    """Every value as the text a CSV would hold; moments with a zone keep their offset."""
    connection.register("cells", cells)
    return connection.sql("select cast(columns(*) as varchar) from cells").to_arrow_table()


def in_memory() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection of its own in Beijing time that reaches for no extension."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "threads": "1",
        }
    )
    connection.execute("set TimeZone = 'Asia/Shanghai'")
    return connection
