"""Days as people type them in planning files."""

import pandas as pd


def read_days(values) -> pd.Series:
    """Each of `values` (text, dates, blanks) as a midnight without a time zone, NaT where it is
    no date.

    Every cell is read by itself: "2025-06-10", "2025/6/10", "2025年6月10日", a spreadsheet's date.
    A moment with a time zone counts for its day in Beijing.
    """
    values = pd.Series(list(values), dtype=object)
    codes, distinct = pd.factorize(values)
    read = pd.Series([*(_day(value) for value in distinct), pd.NaT], dtype="datetime64[ns]")
    return read.iloc[codes].reset_index(drop=True)  # code -1, nothing there, is the last


def _day(value) -> pd.Timestamp:
    text = "" if value is None or value is pd.NaT or value != value else str(value).strip()
    for mark, sign in (("年", "-"), ("月", "-"), ("日", "")):
        text = text.replace(mark, sign)
    if not any(sign in text for sign in "-/.") and not (text.isdigit() and len(text) == 8):
        return pd.NaT
    moment = pd.to_datetime(text, errors="coerce")
    if pd.isna(moment):
        return pd.NaT
    if moment.tzinfo is not None:
        moment = moment.tz_convert("Asia/Shanghai").tz_localize(None)
    return moment.normalize()
