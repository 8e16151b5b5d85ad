"""Delimited text as rows: the header wherever it stands, rows of another width apart."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from orchestration.landing.content import (
    MIB,
    PARTLY_GBK,
    PARTLY_UTF8,
    Content,
    UnreadableFileError,
    text_blocks,
)
from orchestration.landing.headers import FIRST_ROWS, Header, NoHeaderError, find_header
from orchestration.landing.rows import BrokenRow, Rows, pick
from orchestration.landing.schema import Dataset

_SEPARATORS = (",", "\t", ";")
_PEEKED = 1 * MIB  # a header stands within so many bytes
_PIECE = 32 * MIB  # of a large file
_SHOWN = 500  # characters of a broken row
_MOST_ASIDE = 100_000  # rows of another width: with more of them, the header is another file's
_NOT_APART = "the rows cannot be told apart: export the file again as CSV UTF-8"


@dataclass(frozen=True)
class _Layout:
    """Where the records of a text begin, and how their fields are separated."""

    separator: str
    header: Header
    offset: int  # bytes before the first record


def delimited_rows(content: Content, dataset: Dataset, totals: str) -> Iterator[Rows]:
    """The rows of delimited text, in pieces where the file is large.

    A row is numbered as a spreadsheet shows it; `totals` is the pattern of a cell that marks a row
    of totals. Raises UnreadableFileError.
    """
    is_whole, has_lost = content.data is not None, content.encoding in (PARTLY_UTF8, PARTLY_GBK)
    layout = _layout(content.data if is_whole else _start(content), dataset)
    aside = _Aside(layout, totals)
    if is_whole:
        data = content.data[layout.offset :]
        batches = _cells(pa.BufferReader(data), len(data), aside)
    else:
        batches = _cells(pa.PythonFile(_Stream(content, layout.offset)), _PIECE, aside)
    first = layout.header.row + 2
    for cells in batches:
        numbers = aside.numbers(first, cells.num_rows)
        first = int(numbers[-1]) + 1 if numbers.size else first
        table = pick(cells, layout.header, numbers, dataset)
        broken, dropped = aside.taken()
        if aside.never_closed and is_whole:
            break
        yield Rows(table, layout.header.ignored, broken, dropped, is_whole, has_lost)
    broken, dropped = aside.taken()
    if (broken or dropped) and not (is_whole and aside.never_closed):
        # the last rows were all put aside, so that no cells came with them
        nothing = pick(_no_cells(layout), layout.header, np.array([]), dataset)
        yield Rows(nothing, layout.header.ignored, broken, dropped, is_whole)
    if aside.never_closed:
        raise UnreadableFileError(
            f"a quotation mark in row {aside.never_closed} is never closed, so the rows after it "
            "cannot be told apart: close it or write it twice"
        )


class _Aside:
    """Rows with more or fewer fields than the header: rows of totals, or broken ones."""

    def __init__(self, layout: _Layout, totals: str) -> None:
        self.layout = layout
        self.never_closed = 0
        self._totals = re.compile(totals)
        self._rows: list[int] = []
        self._broken: list[BrokenRow] = []
        self._dropped = 0

    def keep(self, row: pacsv.InvalidRow) -> str:
        """Arrow's handler of such a row."""
        number = row.number + self.layout.header.row + 1
        self._rows.append(number)
        if len(self._rows) > _MOST_ASIDE:
            return "error"
        try:
            cells = next(csv.reader([row.text], delimiter=self.layout.separator), [])
        except csv.Error:  # a cell longer than any that csv reads
            cells = row.text.split(self.layout.separator)
        if any(self._totals.fullmatch("".join(cell.split()).lower()) for cell in cells):
            self._dropped += 1
            return "skip"
        if "\n" in row.text.rstrip("\r\n") and row.text.count('"') % 2:
            self.never_closed = self.never_closed or number
        reason = (
            f"has {row.actual_columns} fields where the header has {row.expected_columns}: look "
            "for a missing or an unquoted separator"
        )
        self._broken.append(BrokenRow(number, reason, row.text[:_SHOWN]))
        return "skip"

    def numbers(self, first: int, count: int) -> np.ndarray:
        """The numbers of `count` rows from `first` on that were not put aside."""
        aside = np.array([row for row in self._rows if row >= first], np.int64)
        return np.setdiff1d(np.arange(first, first + count + aside.size), aside)[:count]

    def taken(self) -> tuple[tuple[BrokenRow, ...], int]:
        """What was put aside since the last time."""
        broken, dropped = tuple(self._broken), self._dropped
        self._broken, self._dropped = [], 0
        return broken, dropped


class _Stream(io.RawIOBase):
    """The text of a large file from an offset on, as Arrow reads files."""

    def __init__(self, content: Content, offset: int) -> None:
        self._blocks = text_blocks(content)
        self._held = next(self._blocks)[offset:]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._held) < size:
            block = next(self._blocks, None)
            if block is None:
                break
            self._held += block
        size = len(self._held) if size < 0 else size
        taken, self._held = self._held[:size], self._held[size:]
        return taken


def _start(content: Content) -> bytes:
    return next(text_blocks(content))


def _cells(source: pa.NativeFile, block: int, aside: _Aside) -> Iterator[pa.Table]:
    """Every cell as text, blank lines included."""
    names = _no_cells(aside.layout).column_names
    options = {
        "read_options": pacsv.ReadOptions(
            column_names=names,
            use_threads=False,  # row numbers are known to one thread only
            block_size=block + 1,
        ),
        "parse_options": pacsv.ParseOptions(
            delimiter=aside.layout.separator,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=aside.keep,
        ),
        "convert_options": pacsv.ConvertOptions(
            column_types={name: pa.string() for name in names}, strings_can_be_null=False
        ),
    }
    try:
        for batch in pacsv.open_csv(source, **options):
            yield pa.table(batch)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            yield _no_cells(aside.layout)
            return
        raise UnreadableFileError(_NOT_APART) from error


def _no_cells(layout: _Layout) -> pa.Table:
    return pa.table({f"f{i}": pa.array([], pa.string()) for i in range(layout.header.width)})


def _layout(start: bytes, dataset: Dataset) -> _Layout:
    """The separator under which one of the first rows names most declared columns."""
    text = start[:_PEEKED].decode(errors="ignore")
    lines = [line for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", text) if line]
    best: _Layout | None = None
    fault: NoHeaderError | None = None
    for separator in _SEPARATORS:
        rows, ends = _first_rows(lines, separator)
        try:
            header = find_header(rows, dataset)
        except NoHeaderError as error:
            if fault is None or error.recognised > fault.recognised:
                fault = error
            continue
        offset = len("".join(lines[: ends[header.row]]).encode())
        following = rows[header.row + 1] if len(rows) > header.row + 1 else []
        if len(following) > header.width and not any(following[header.width :]):
            header = replace(header, width=len(following))
        if best is None or len(header.positions) > len(best.header.positions):
            best = _Layout(separator, header, offset)
    if best is None:
        raise fault
    return best


def _first_rows(lines: list[str], separator: str) -> tuple[list[list[str]], list[int]]:
    """The first rows, and after how many lines each of them ends."""
    rows, ends = [], []
    reader = csv.reader(lines, delimiter=separator)
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
            if len(rows) > FIRST_ROWS:
                break
    except csv.Error:  # a quotation mark that is never closed
        pass
    return rows, ends
