"""Rows of an export: every declared column as text, and the rows that could not be told apart."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from orchestration.landing.headers import Header
from orchestration.landing.schema import Dataset

SHEET = 10_000_000  # more rows than a sheet of a workbook has


@dataclass(frozen=True)
class BrokenRow:
    """A row whose fields cannot be told apart, at its spreadsheet row."""

    source_row: int
    reason: str
    text: str


@dataclass(frozen=True)
class Rows:
    """Rows of a file: `cells` has source_row, first_cell and every declared column as text.

    `totals` counts rows of totals among those whose fields cannot be told apart; `ignored` names
    the columns nobody declared. `is_all` says that these are all the rows of the file, and
    `has_lost` that LOST stands for bytes of it that are no text. `sheets` names the sheets of a
    workbook whose rows are numbered from SHEET times their place on; `messages` are for people.
    """

    cells: pa.Table
    ignored: tuple[str, ...]
    broken: tuple[BrokenRow, ...] = ()
    totals: int = 0
    is_all: bool = True
    has_lost: bool = False
    sheets: dict[int, str] = field(default_factory=dict)
    messages: tuple[str, ...] = ()


def pick(cells: pa.Table, header: Header, numbers: np.ndarray, dataset: Dataset) -> pa.Table:
    """The declared columns of raw cells, without rows that are blank all over."""
    empty = pa.nulls(cells.num_rows, pa.string())
    columns = {
        name: cells.column(header.positions[name]).cast(pa.string())
        if name in header.positions
        else empty
        for name in dataset.column_names
    }
    first = cells.column(0).cast(pa.string())
    table = pa.table({"source_row": pa.array(numbers, pa.int64()), "first_cell": first, **columns})
    filled = np.zeros(cells.num_rows, dtype=bool)
    for column in cells.columns:
        if filled.all():
            return table
        text = pa.compute.utf8_trim_whitespace(column.cast(pa.string()))
        filled |= pa.compute.not_equal(text, "").fill_null(False).to_numpy(zero_copy_only=False)
    return table.filter(pa.array(filled))
