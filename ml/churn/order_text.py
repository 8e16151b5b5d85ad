"""Reads the days, amounts and names of an order log as shops write them, and says what it cannot.

Each reading returns the values and a flag per line: something is written there, but unreadable.
"""

import numpy as np
import pandas as pd

UNREADABLE_SHARE = 0.01  # beyond it the column is written in a way that was not understood
_DAY = r"\d{4}(?:([-/. ])\d{1,2}\1\d{1,2}|\d{4})(?!\d)"
_ZONE = r"(:\d{2}(?:[.,]\d+)?)\s*(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)$"
_CURRENCY = r"(?:[¥￥$€£元]|RMB|CNY)"
_THOUSANDS = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?"


def days(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Stamps without a zone, as the clock that wrote them showed: its calendar day is kept.

    Read are dates, ISO 8601 in any mix of forms, year-first dates parted by `/`, `.` or 年月日, and
    whole numbers yyyymmdd. Not read, since they could mean two days: 05/01/2023 and seconds since
    1970. Raises ValueError when more than a small share is unreadable.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return (values if values.dt.tz is None else values.dt.tz_localize(None)), _none(values)
    text = _written(values)
    if pd.api.types.is_numeric_dtype(values):
        text = text.str.removesuffix(".0")
    else:
        text = text.str.replace(r"[年月]", "-", regex=True).str.replace("日", "", regex=False)
        text = text.str.replace(_ZONE, r"\1", regex=True)
    text = text.where(text.str.match(_DAY).eq(True))
    read = pd.to_datetime(text, format="ISO8601", errors="coerce")
    _refuse(
        "ordered_at",
        values,
        bad := read.isna() & _written(values).notna(),
        "write days year first, such as 2023-05-01 10:00:00 or 20230501",
    )
    return read, bad


def amounts(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Finite numbers; currency marks and thousands separators in text are taken off.

    Raises ValueError when more than a small share is unreadable.
    """
    if pd.api.types.is_numeric_dtype(values):
        read = pd.Series(values.to_numpy(float, na_value=np.nan), values.index)
        there = read.notna()
    else:
        text = _written(values)
        there = text.notna()
        text = text.str.replace(_CURRENCY, "", regex=True, case=False).str.replace("−", "-")
        text = text.str.replace(r"\s", "", regex=True)
        parted = text.str.fullmatch(_THOUSANDS).eq(True)
        text = text.mask(parted, text.str.replace(",", "", regex=False))
        read = pd.to_numeric(text, errors="coerce").astype(float)
    read = read.where(np.isfinite(read))
    _refuse(
        "amount", values, bad := read.isna() & there, "write numbers such as 1234.50 or ¥1,234.50"
    )
    return read, bad


def names(values: pd.Series) -> pd.Series:
    """Ids and labels as text, null where nothing is written; 7 and 7.0 are the same id."""
    if pd.api.types.is_float_dtype(values):
        known = values.dropna()
        if (known % 1 == 0).all():
            values = values.astype("Int64")
    return _written(values, stripped=False)


def _written(values: pd.Series, *, stripped: bool = True) -> pd.Series:
    """Every value as text, null where there is none or only blanks."""
    there = values.notna().to_numpy()
    text = pd.Series(None, values.index, dtype=object)
    text[there] = values.astype(object)[there].astype(str)
    bare = text.str.strip() if there.any() else text
    return (bare if stripped else text).mask(bare.eq(""))


def _refuse(column: str, values: pd.Series, bad: pd.Series, instead: str) -> None:
    count, there = int(bad.sum()), int(values.notna().sum())
    if count > max(1, UNREADABLE_SHARE * there):
        at = int(np.argmax(bad.to_numpy()))
        first = values.iloc[at]
        shown = repr(first) if isinstance(first, str) else str(first)
        raise ValueError(
            f"column '{column}': {count:,} of {there:,} values cannot be read, the first in data "
            f"row {at + 1}: {shown}; {instead}"
        )


def _none(values: pd.Series) -> pd.Series:
    return pd.Series(False, values.index)
