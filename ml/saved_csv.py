"""Reads the tables that people keep as CSV, as spreadsheet programs save them."""

import io
from pathlib import Path

import pandas as pd

_ENCODINGS = ("utf-8-sig", "gb18030")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = (",", ";", "\t")


def read_saved_csv(path: Path) -> pd.DataFrame:
    """All cells as text without blanks around them, "" where there is nothing.

    Read are UTF-8 with or without BOM, GB18030 (Excel's CSV in China) and UTF-16; commas,
    semicolons and tabs. Lines without any cell are left out; the index counts the lines after the
    header from 0, those left out too. Raises ValueError that names the file when it is empty, has
    a line with more cells than the header, or is in another encoding.
    """
    path = Path(path)
    text = _decoded(path)
    header = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=header.count)
    try:
        table = pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, keep_default_na=False,
            skip_blank_lines=False, index_col=False, on_bad_lines="error",
        )  # fmt: skip
    except pd.errors.EmptyDataError as problem:
        raise ValueError(f"{path}: nothing is in it") from problem
    except pd.errors.ParserError as problem:
        raise ValueError(f"{path}: {str(problem).strip()}") from problem
    table.columns = table.columns.str.strip()
    table = table.fillna("").apply(lambda cells: cells.str.strip())
    return table[table.ne("").any(axis=1)]


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-16",) if raw.startswith(_WIDE_MARKS) else _ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError(f"{path}: neither UTF-8 nor GB18030; save it as 'CSV UTF-8'")
