"""Excel workbooks (xlsx and xls) as rows, whatever dimension they declare."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineError, CalamineWorkbook

from orchestration.landing.content import MIB, WHOLE, Content, UnreadableFileError
from orchestration.landing.headers import FIRST_ROWS, Header, NoHeaderError, find_header
from orchestration.landing.rows import SHEET, Rows, pick
from orchestration.landing.schema import Dataset

_DAMAGED = "the Excel workbook is cut off, damaged or protected: export it again, without password"
_TOO_LARGE = f"the Excel workbook has more than {WHOLE // MIB} MB: export it as CSV, or in parts"
_COUNTED = ("money", "number", "length", "list")
_DIGITS = 15  # what Excel keeps of a number


def workbook_rows(content: Content, dataset: Dataset) -> Iterator[Rows]:
    """The rows of all sheets that have the dataset's header; raises UnreadableFileError.

    A row is numbered as its sheet shows it, and after the first of these sheets with SHEET times
    the sheet's place in the workbook added.
    """
    if content.data is None:
        raise UnreadableFileError(_TOO_LARGE)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content.data))
        read = {name: workbook.get_sheet_by_name(name) for name in workbook.sheet_names}
        sheets = {name: sheet.to_python(skip_empty_area=False) for name, sheet in read.items()}
        merged = {name: sheet.merged_cell_ranges or [] for name, sheet in read.items()}
    except CalamineError as error:
        raise UnreadableFileError(_packed(content.data) or _DAMAGED) from error
    found: list[Rows] = []
    strange: dict[str, UnreadableFileError] = {}
    for place, (name, rows) in enumerate(sheets.items(), 1):
        first = [[_text(cell) for cell in row] for row in rows[: FIRST_ROWS + 1]]
        try:
            header = find_header(first, dataset)
        except UnreadableFileError as error:
            if not found and not isinstance(error, NoHeaderError):
                raise
            strange[name] = error
            continue
        told = {place: name} if found else {}
        _fill(rows, merged[name], header, dataset)
        found.append(_rows(rows, header, dataset, SHEET * place if found else 0, told))
    if found:
        yield _together(found, _passed_over(sheets, strange, dataset))
    elif strange:
        raise max(strange.values(), key=lambda error: error.recognised)
    else:
        raise UnreadableFileError("the Excel workbook has no sheet: export it again")


def _packed(data: bytes) -> str:
    """What to do about a zip archive that is no workbook; nothing of anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return ""
    files = [name for name in names if not name.endswith("/")]
    if any(name.startswith("xl/") for name in files):
        return ""
    return f"this is a zip archive ({len(files)} files): unpack it and land what is in it"


def _passed_over(
    sheets: dict[str, list[list]], strange: dict[str, UnreadableFileError], dataset: Dataset
) -> tuple[str, ...]:
    """What people should know about sheets that are not read; nothing of those without a cell."""
    told = []
    for name, error in strange.items():
        if any(cell != "" for row in sheets[name] for cell in row):
            is_other = isinstance(error, NoHeaderError)
            why = f"it has no header of '{dataset.name}'" if is_other else error
            told.append(f"sheet '{name}' is passed over, {why}")
    return tuple(told)


def _together(found: list[Rows], messages: tuple[str, ...]) -> Rows:
    return Rows(
        pa.concat_tables(rows.cells for rows in found),
        tuple(dict.fromkeys(name for rows in found for name in rows.ignored)),
        sheets={place: name for rows in found for place, name in rows.sheets.items()},
        messages=messages,
    )


def _fill(rows: list[list], merged: list[tuple], header: Header, dataset: Dataset) -> None:
    """Say in every row what a cell merged over several says of them; a number would count twice."""
    told = {
        at for name, at in header.positions.items() if dataset.column(name).kind not in _COUNTED
    }
    for (top, column), (bottom, _) in merged:
        if top > header.row and column in told:
            for row in rows[top + 1 : bottom + 1]:
                row[column] = rows[top][column]


def _rows(
    rows: list[list], header: Header, dataset: Dataset, before: int, told: dict[int, str]
) -> Rows:
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
    numbers = np.arange(header.row + 2, header.row + 2 + len(body)) + before
    return Rows(pick(cells, header, numbers, dataset), header.ignored, sheets=told)


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
