"""Reads back whom people contacted: the saved workbook, or a CSV of pseudonyms."""

from pathlib import Path

import pandas as pd

from orchestration.outputs.churn_wording import CHURN_COLUMNS, CHURN_TEXTS

NAMES = ("churn_contacted.xlsx", "churn_contacted.csv")
_NOT_CONTACTED = {"", "0", "no", "n", "否", "false"}


def read_contacted(folder: Path) -> set[str] | None:
    """Pseudonyms marked as contacted in a list's folder, None when no such file lies there.

    `churn_contacted.xlsx` is the churn workbook with its column "contacted" filled in;
    `churn_contacted.csv` has a column customer_id, and counts whole unless it has that column too.
    Both languages are read. Raises ValueError for a file without the columns.
    """
    for name in NAMES:
        path = Path(folder) / name
        if path.exists():
            return _marked(path, _table(path))
    return None


def _table(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    book = pd.read_excel(path, sheet_name=None, dtype=str, keep_default_na=False)
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
    return set(customer[~mark.str.strip().str.lower().isin(_NOT_CONTACTED)]) - {""}


def _column(table: pd.DataFrame, name: str) -> pd.Series | None:
    column = CHURN_COLUMNS[name]
    for header in (name, column.zh, column.en):
        if header in table:
            return table[header]
    return None
