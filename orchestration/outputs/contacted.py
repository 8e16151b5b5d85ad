"""Reads back whom people contacted: the saved workbook, or a CSV of pseudonyms."""

import zipfile
from pathlib import Path

import pandas as pd

from ml.saved_csv import read_saved_csv
from orchestration.outputs.churn_wording import CHURN_COLUMNS, CHURN_TEXTS

NAMES = ("churn_contacted.xlsx", "churn_contacted.csv")
_DENIED = {"", "-", "no", "n", "n/a", "false", "not contacted", "否", "未", "未联系", "没有", "无"}


def read_contacted(folder: Path) -> set[str] | None:
    """Pseudonyms marked as contacted in a list's folder, None when no such file lies there.

    `churn_contacted.xlsx` is the churn workbook with its column "contacted" filled in;
    `churn_contacted.csv` (see `read_saved_csv`) has a column customer_id, and counts whole unless
    it has that column too. Headers are read in both languages, whatever their case; a zero, a
    blank and words that deny are no mark. Raises ValueError for a file that cannot be read or
    lacks the columns.
    """
    for name in NAMES:
        path = Path(folder) / name
        if path.exists():
            return _marked(path, _table(path))
    return None


def _table(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return read_saved_csv(path)
    try:
        book = pd.read_excel(path, sheet_name=None, dtype=str, keep_default_na=False)
    except (ValueError, zipfile.BadZipFile) as problem:
        raise ValueError(f"{path}: it is no workbook that can be opened: {problem}") from problem
    sheets = [words["list"] for words in CHURN_TEXTS.values() if words["list"] in book]
    if not sheets:
        raise ValueError(f"{path}: no sheet of customers to contact is in it")
    return book[sheets[0]]


def _marked(path: Path, table: pd.DataFrame) -> set[str]:
    customer, mark = (_column(table, name) for name in ("customer_id", "contacted"))
    if customer is None or (mark is None and path.suffix == ".xlsx"):
        raise ValueError(f"{path}: it lacks the column of customers or that of who was contacted")
    if mark is None:
        return set(customer) - {""}
    mark = mark.str.strip().str.lower()
    denied = mark.isin(_DENIED) | pd.to_numeric(mark, errors="coerce").eq(0)
    return set(customer[~denied]) - {""}


def _column(table: pd.DataFrame, name: str) -> pd.Series | None:
    column = CHURN_COLUMNS[name]
    written = {str(header).strip().lower(): header for header in table}
    for header in (name, column.zh, column.en):
        if header.lower() in written:
            return table[written[header.lower()]].str.strip()
    return None
