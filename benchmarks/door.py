"""The door of a forecasting task: frames read, checked and named by column, series and day."""

from pathlib import Path

import numpy as np
import pandas as pd

from ml.demand.panel import check_static

YES = frozenset({"1", "true", "t", "yes", "y", "是", "有"})
NO = frozenset({"", "0", "false", "f", "no", "n", "none", "null", "nan", "-", "否", "无"})


class BadTask(ValueError):
    """Files or options that no model could be measured on; the message says what to mend."""


def read_frame(path: Path) -> pd.DataFrame:
    """A Parquet file."""
    if not path.is_file():
        raise BadTask(f"no such file: {path}")
    if path.suffix != ".parquet":
        raise BadTask(f"{path} is not a .parquet file")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as problem:
        raise BadTask(f"{path} cannot be read: {problem}") from problem


def keyed(frame: pd.DataFrame, name: str, keys: tuple[str, ...], freq: str) -> pd.DataFrame:
    """The frame by its keys, ids as text and `ds` on the `freq` grid."""
    if missing := [key for key in keys if key not in frame]:
        raise BadTask(f"frame '{name}': column '{missing[0]}' is missing")
    if frame.empty:
        raise BadTask(f"frame '{name}' has no rows")
    if frame[list(keys)].isna().any(axis=None):
        raise BadTask(f"frame '{name}': a key is null")
    frame = frame.assign(unique_id=frame["unique_id"].astype(str))
    if "ds" in keys:
        frame["ds"] = _dates(frame["ds"], name)
        grid = pd.date_range(frame["ds"].min(), frame["ds"].max(), freq=freq)
        off = ~frame["ds"].isin(grid)
        if off.any():
            raise BadTask(
                f"frame '{name}': {int(off.sum())} dates are not on the {freq} grid, "
                f"first: {frame.loc[off, 'ds'].iloc[0]}"
            )
    repeated = frame.duplicated(list(keys))
    if repeated.any():
        first = ", ".join(frame.loc[repeated, list(keys)].iloc[0].astype(str))
        raise BadTask(f"frame '{name}': {int(repeated.sum())} rows repeat a key, first: {first}")
    return frame.sort_values(list(keys), ignore_index=True)


def _dates(values: pd.Series, name: str) -> pd.Series:
    if values.dtype == object and pd.api.types.infer_dtype(values) == "date":
        values = pd.to_datetime(values)
    if not pd.api.types.is_datetime64_any_dtype(values):
        raise BadTask(f"frame '{name}': ds has dtype {values.dtype}, expected a date")
    if values.dt.tz is not None:
        raise BadTask(
            f"frame '{name}': ds carries the time zone {values.dt.tz}; give business dates "
            "without one"
        )
    return values.astype("datetime64[ns]")


def checked_y(panel: pd.DataFrame) -> pd.DataFrame:
    """The panel with `y` as finite numbers, none negative, and `is_stockout` as flags."""
    if "y" not in panel:
        raise BadTask("frame 'panel': column 'y' is missing")
    if not pd.api.types.is_numeric_dtype(panel["y"]):
        raise BadTask(f"frame 'panel': y has dtype {panel['y'].dtype}, expected a number")
    panel = panel.assign(y=panel["y"].astype(float))
    bad = (panel["y"] < 0) | np.isinf(panel["y"])
    if bad.any():
        row = panel.loc[bad].iloc[0]
        raise BadTask(
            f"frame 'panel': y must be finite and not negative, {row['unique_id']} at "
            f"{row['ds']:%Y-%m-%d} has {row['y']}"
        )
    if "is_stockout" in panel:
        return panel.assign(is_stockout=_flags(panel, "is_stockout"))
    return panel


def _flags(panel: pd.DataFrame, column: str) -> np.ndarray:
    """0, 1 or words for yes and no as flags, nothing being no."""
    values = panel[column]
    if pd.api.types.is_numeric_dtype(values):
        is_yes = values.to_numpy(float, na_value=0.0)
        known = np.isin(is_yes, (0.0, 1.0))
    else:
        words = _words(values)
        is_yes, known = words.isin(YES).to_numpy(), words.isin(YES | NO).to_numpy()
    if not known.all():
        row = panel.loc[~known].iloc[0]
        raise BadTask(
            f"frame 'panel': {column} must be 0, 1 or a word for yes or no, {row['unique_id']} at "
            f"{row['ds']:%Y-%m-%d} has {str(row[column])!r}"
        )
    return is_yes.astype(bool)


def _words(values: pd.Series) -> pd.Series:
    text = values.astype(str).str.strip().str.lower().str.removesuffix(".0")
    return text.where(values.notna(), "")


def marked(values: pd.Series) -> np.ndarray:
    """Which rows a column of events marks: numbers above zero, any text but a word for no."""
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(float, na_value=0.0) > 0
    return ~_words(values).isin(NO).to_numpy(bool)


def checked_static(static: pd.DataFrame) -> pd.DataFrame:
    """One value per attribute, and the dates the models know as dates."""
    for column in static.select_dtypes(object):
        plain = static[column].map(pd.api.types.is_scalar)
        if not plain.all():
            row = static.loc[~plain].iloc[0]
            kind = type(row[column]).__name__
            raise BadTask(
                f"frame 'static': '{column}' must be one text, number or date for each series, "
                f"{row['unique_id']} has a {kind}: {row[column]}"
            )
    try:
        return check_static(static)
    except ValueError as problem:
        raise BadTask(str(problem)) from problem


def refuse_infinite(frame: pd.DataFrame, name: str) -> None:
    """Raise BadTask that names column, series and day of a number that is not finite."""
    for column in numbers(frame):
        values = frame[column].to_numpy(float, na_value=np.nan)
        if (bad := np.isinf(values)).any():
            row = frame.loc[bad].iloc[0]
            day = f" at {row['ds']:%Y-%m-%d}" if "ds" in frame else ""
            raise BadTask(
                f"frame '{name}': '{column}' must be finite, {row['unique_id']}{day} has "
                f"{row[column]}; leave it empty where it is not known"
            )


def numbers(frame: pd.DataFrame) -> list[str]:
    """Names of the numeric columns, flags among them, keys apart."""
    return [
        name
        for name in frame.columns
        if name not in ("unique_id", "ds") and pd.api.types.is_numeric_dtype(frame[name])
    ]
