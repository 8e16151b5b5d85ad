"""Excel workbooks (xlsx and xls) as rows, whatever dimension they declare."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineError, CalamineWorkbook

from orchestration.landing.content import MIB, WHOLE, Content, UnreadableFileError
from orchestration.landing.headers import FIRST_ROWS, Header, NoHeaderError, find_header
from orchestration.landing.rows import Rows, pick
from orchestration.landing.schema import Dataset

_DAMAGED = "the Excel workbook is cut off, damaged or protected: export it again, without password"
_TOO_LARGE = f"the Excel workbook has more than {WHOLE // MIB} MB: export it as CSV, or in parts"
_DIGITS = 15  # what Excel keeps of a number


def workbook_rows(content: Content, dataset: Dataset) -> Iterator[Rows]:
    """The rows of the first sheet that has the dataset's header; raises UnreadableFileError."""
    if content.data is None:
        raise UnreadableFileError(_TOO_LARGE)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content.data))
        sheets = [workbook.get_sheet_by_name(name) for name in workbook.sheet_names]
        read = [sheet.to_python(skip_empty_area=False) for sheet in sheets]
    except CalamineError as error:
        raise UnreadableFileError(_DAMAGED) from error
    fault = None
    for rows in read:
        first = [[_text(cell) for cell in row] for row in rows[: FIRST_ROWS + 1]]
        try:
            header = find_header(first, dataset)
        except NoHeaderError as error:
            if fault is None or error.recognised > fault.recognised:
                fault = error
            continue
        yield _rows(rows, header, dataset)
        return
    raise fault or UnreadableFileError("the Excel workbook has no sheet: export it again")


def _rows(rows: list[list], header: Header, dataset: Dataset) -> Rows:
    body = rows[header.row + 1 :]
    wanted = {0, *header.positions.values()}
    columns = list(zip(*body, strict=True)) if body else []
    empty = pa.nulls(len(body), pa.string())
    cells = pa.table(
        {
            f"f{at}": _column(columns[at]) if at in wanted and columns else empty
            for at in range(header.width)
        }
    )
    numbers = np.arange(header.row + 2, header.row + 2 + len(body))
    return Rows(pick(cells, header, numbers, dataset), header.ignored)


def _column(cells: tuple) -> pa.Array:
    """One column as text; only a column of mixed kinds is read cell by cell."""
    kinds = set(map(type, cells))
    if kinds <= {str}:
        return pa.array(cells, pa.string())
    if kinds <= {float}:
        numbers = np.array(cells)
        if (numbers == np.floor(numbers)).all() and (np.abs(numbers) < 10.0**_DIGITS).all():
            return pc.cast(pa.array(numbers.astype(np.int64)), pa.string())
    return pa.array([_text(cell) for cell in cells], pa.string())


def _text(cell: object) -> str:
    """A cell as the sheet shows it; a number of more digits than Excel keeps as 1.23E+17."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return f"{cell:.{_DIGITS}G}" if cell % 1 or abs(cell) >= 10.0**_DIGITS else str(int(cell))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
    return "" if isinstance(cell, timedelta) else str(cell)
