"""The plan and the churn list as CSV files whose bytes depend on nothing but their content."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from ml.replenishment.contract import PLAN_COLUMNS

# A spreadsheet program reads a cell that starts like this as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_DECIMALS = {
    "service_level": 3,
    "days_of_cover": 1,
    "days_of_cover_after": 1,
    "churn_score": 4,
    "buys_7d": 4,
    "buys_30d": 4,
    "buys_90d": 4,
    "leaves_in_7d_score": 4,
}


def write_plan_csv(plan: pd.DataFrame, path: Path) -> Path:
    """Write the plan in PLAN_COLUMNS order and return `path`.

    UTF-8 with BOM and LF; ISO dates; amounts with 2 decimals, cover with 1, other numbers with
    2 at most; empty where null. Text that a spreadsheet would run as a formula gets a leading
    apostrophe. Same plan, same bytes. Raises ValueError when a plan column is missing.
    """
    missing = [column for column in PLAN_COLUMNS if column not in plan]
    if missing:
        raise ValueError(f"plan lacks the columns {missing}")
    return _write(plan[list(PLAN_COLUMNS)], path)


def write_churn_list_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write listed customers, in their order, in the same form as the plan; return `path`.

    `frame` has customer_id, as_of, churn_score and any further columns; as_of, customer_id and
    churn_score lead the file. Raises ValueError when one of these is missing.
    """
    lead = ["as_of", "customer_id", "churn_score"]
    missing = [column for column in lead if column not in frame]
    if missing:
        raise ValueError(f"churn list lacks the columns {missing}")
    return _write(frame[lead + [c for c in frame if c not in lead]], path)


def _write(frame: pd.DataFrame, path: Path) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(zip(*(_spelled(frame[column]) for column in frame), strict=True))
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(text.getvalue().encode("utf-8-sig"))
    draft.replace(path)
    return path


def _spelled(values: pd.Series) -> list[str]:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m-%d").fillna("").tolist()
    if pd.api.types.is_bool_dtype(values):
        return ["true" if value else "false" for value in values]
    if pd.api.types.is_numeric_dtype(values):
        return _numbers(values)
    return ["" if null else _safe(v) for v, null in zip(values, values.isna(), strict=True)]


def _numbers(values: pd.Series) -> list[str]:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    if str(values.name).endswith("_amount"):
        return ["" if np.isnan(v) else f"{v:.2f}" for v in np.round(numbers, 2) + 0.0]
    if values.name in _DECIMALS:
        decimals = _DECIMALS[values.name]
        rounded = np.round(numbers, decimals) + 0.0
        return ["" if np.isnan(v) else f"{v:.{decimals}f}" for v in rounded]
    rounded = np.round(numbers, 2) + 0.0
    return ["" if np.isnan(v) else f"{v:.2f}".rstrip("0").rstrip(".") for v in rounded]


def _safe(value) -> str:
    text = str(value)
    return "'" + text if text.startswith(FORMULA_STARTS) else text
