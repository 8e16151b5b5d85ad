"""The panel door: long frames in, aligned series-by-week matrices out."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ml.columns import FrameSpec

PANEL = FrameSpec(
    "panel",
    {"unique_id": "text", "ds": "date", "y": "number"},
    grain=("unique_id", "ds"),
    nullable=("y",),
)
STATIC = FrameSpec("static", {"unique_id": "text"}, grain=("unique_id",))
KNOWN_FUTURE = FrameSpec(
    "known_future", {"unique_id": "text", "ds": "date"}, grain=("unique_id", "ds")
)
# computed from the latest weeks of the data, so it would tell a backtest about its own future
AS_OF_TODAY = ("abc_class",)
MANY_LEVELS = 0.9  # a text column with more levels than this share of the series is an id
DATE_KINDS = ("date", "datetime", "datetime64", "empty")
OBSERVED_TYPES = (np.number, "bool")
STATIC_DATES = ("first_sold_on", "discontinued_on")


@dataclass(frozen=True)
class StaticCodes:
    """Integer codes of the text attributes, fixed at fit so that an update means the same.

    `levels` maps a column to its sorted values; a value never seen gets -1.
    """

    levels: dict[str, list[str]]
    numbers: list[str]

    @classmethod
    def learn(cls, static: pd.DataFrame | None) -> "StaticCodes":
        """Take the levels of text columns and the names of numeric columns from `static`."""
        if static is None:
            return cls({}, [])
        levels, numbers = {}, []
        for column in sorted(set(static.columns) - {"unique_id", *AS_OF_TODAY}):
            values = static[column]
            if pd.api.types.is_numeric_dtype(values):
                numbers.append(column)
            elif pd.api.types.infer_dtype(values, skipna=True) not in DATE_KINDS:
                found = sorted(values.dropna().astype(str).unique())
                if column == "category" or 1 < len(found) <= MANY_LEVELS * len(static):
                    levels[column] = found
        return cls(levels, numbers)

    def encode(self, static: pd.DataFrame | None, ids: np.ndarray) -> dict[str, np.ndarray]:
        """Return column -> one number per id; NaN for an unknown number, -1 for a new level."""
        if static is None:
            return {}
        rows = static.set_index("unique_id").reindex(ids)
        codes = {
            column: pd.Categorical(rows[column].astype("string"), categories=found).codes.astype(
                float
            )
            for column, found in self.levels.items()
        }
        return codes | {name: _floats(rows[name]) for name in self.numbers}


@dataclass(frozen=True)
class LevelShift:
    """From period `since` on demand of `series` (flags) is `factor` times that before.

    `group` names the attribute whose value these series share, or is "all".
    """

    group: str
    since: int
    factor: float
    series: np.ndarray


@dataclass(frozen=True)
class History:
    """One aligned picture of all series, N series by T visible weeks (and H future ones).

    `y` is NaN before a series starts, in gaps and in stock-out weeks: demand nobody could
    see is missing, not zero. `sold` keeps what was sold in stock-out weeks as well.
    `first` is the period of the first sale: that of static `first_sold_on` for a series without
    any row, the one after the cutoff where that is not said. From period `stop` on (static
    `discontinued_on`) nothing is sold. `observed` holds N x T matrices,
    `known` N x (T + H), `static` N vectors, of which `attributes` are codes of text. Demand before
    each of `shifts` is at the level after it.
    """

    ids: np.ndarray
    weeks: pd.DatetimeIndex
    n_weeks: int
    freq: str
    y: np.ndarray
    sold: np.ndarray
    is_stockout: np.ndarray
    first: np.ndarray
    stop: np.ndarray
    observed: dict[str, np.ndarray] = field(default_factory=dict)
    known: dict[str, np.ndarray] = field(default_factory=dict)
    static: dict[str, np.ndarray] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    shifts: tuple[LevelShift, ...] = ()

    @property
    def cutoff(self) -> pd.Timestamp:
        """The last visible week."""
        return self.weeks[self.n_weeks - 1]

    @property
    def horizon(self) -> int:
        """Number of future weeks the known columns reach."""
        return len(self.weeks) - self.n_weeks


def check_panel(panel: pd.DataFrame, freq: str) -> pd.DataFrame:
    """Return the panel sorted by (unique_id, ds), or raise ValueError naming what is wrong.

    Wrong are: no rows, a missing column, duplicate (unique_id, ds), a time zone on `ds`,
    a date off the `freq` grid, a negative or infinite `y`.
    """
    PANEL.check(panel)
    if panel.empty:
        raise ValueError("frame 'panel' has no rows")
    _check_naive(panel, "panel")
    panel = panel.assign(unique_id=panel["unique_id"].astype(str))
    panel = panel.sort_values(["unique_id", "ds"], ignore_index=True)
    y = _floats(panel["y"])
    if (bad := (y < 0) | np.isinf(y)).any():
        row = panel.loc[bad].iloc[0]
        raise ValueError(
            f"frame 'panel': y must be finite and not negative, {row['unique_id']} at "
            f"{row['ds']:%Y-%m-%d} has {row['y']}"
        )
    grid = pd.date_range(panel["ds"].min(), panel["ds"].max(), freq=freq)
    off = ~panel["ds"].isin(grid)
    if off.any():
        raise ValueError(
            f"frame 'panel': {int(off.sum())} dates are not on the {freq} grid, first: "
            f"{panel.loc[off, 'ds'].iloc[0]}"
        )
    return panel


def check_known_future(known_future: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return ids, weeks and the numeric columns of `known_future`, sorted, or raise ValueError."""
    if known_future is None:
        return None
    KNOWN_FUTURE.check(known_future)
    _check_naive(known_future, "known_future")
    numbers = known_future.select_dtypes(OBSERVED_TYPES).columns
    kept = known_future[["unique_id", "ds", *sorted(numbers)]]
    kept = kept.assign(unique_id=kept["unique_id"].astype(str))
    return kept.sort_values(["unique_id", "ds"], ignore_index=True)


def check_static(static: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return `static` sorted by unique_id, its dates read, or raise ValueError.

    Wrong in `first_sold_on` and `discontinued_on` are: a time zone, numbers, text that is no date.
    """
    if static is None:
        return None
    STATIC.check(static)
    static = static.assign(unique_id=static["unique_id"].astype(str))
    dates = {name: _static_dates(static, name) for name in STATIC_DATES if name in static}
    static = static.assign(**dates)
    return static.sort_values("unique_id", ignore_index=True)


def build_history(
    panel: pd.DataFrame,
    *,
    freq: str,
    horizon: int,
    codes: StaticCodes,
    static: pd.DataFrame | None = None,
    known_future: pd.DataFrame | None = None,
    known_columns: tuple[str, ...] = (),
) -> History:
    """Align checked frames into matrices; gaps and weeks after a series' last row are missing.

    A series that only `static` or `known_future` name is there too, without demand: it is new.
    Raises ValueError if `known_columns` are not known for every series and future week:
    forecasting an unknown promotion as "none" would be a silent guess.
    """
    known_ids = [] if static is None else [static["unique_id"].to_numpy(str)]
    known_ids += [] if known_future is None else [known_future["unique_id"].to_numpy(str)]
    own = panel["unique_id"].to_numpy(str)
    ids = np.unique(np.concatenate([own, *known_ids]))
    row = np.searchsorted(ids, own)
    start, cutoff = panel["ds"].min(), panel["ds"].max()
    past = pd.date_range(start, cutoff, freq=freq)
    weeks = pd.date_range(start, periods=len(past) + horizon, freq=freq)
    column = past.get_indexer(panel["ds"])

    def matrix(values: np.ndarray, width: int, at: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        out = np.full((len(ids), width), np.nan)
        out[at] = values
        return out

    sold = matrix(_floats(panel["y"]), len(past), (row, column))
    is_stockout = np.zeros_like(sold, dtype=bool)
    if "is_stockout" in panel:
        flags = panel["is_stockout"].fillna(False).to_numpy(bool)
        is_stockout[row, column] = flags
    named = {"unique_id", "ds", "y", "is_stockout"}
    observed = {
        name: matrix(_floats(panel[name]), len(past), (row, column))
        for name in sorted(set(panel.select_dtypes(OBSERVED_TYPES).columns) - named)
    }
    known = {}
    if known_columns:
        sold_once = np.isin(ids, own)
        known = _known_matrices(ids, sold_once, weeks, len(past), known_future, known_columns)
    has_row = ~np.isnan(sold).all(axis=1)
    launch = _period_of(static, "first_sold_on", ids, weeks, len(past))
    return History(
        ids=ids,
        weeks=weeks,
        n_weeks=len(past),
        freq=freq,
        y=np.where(is_stockout, np.nan, sold),
        sold=sold,
        is_stockout=is_stockout,
        first=np.where(has_row, np.argmax(~np.isnan(sold), axis=1), launch),
        stop=_period_of(static, "discontinued_on", ids, weeks, len(weeks)),
        observed=observed,
        known=known,
        static=codes.encode(static, ids),
        attributes=tuple(codes.levels) if static is not None else (),
    )


def _known_matrices(ids, needed, weeks, n_past, known_future, columns) -> dict[str, np.ndarray]:
    if known_future is None:
        raise ValueError(f"known_future is needed: the model was fitted with {list(columns)}")
    if missing := [name for name in columns if name not in known_future]:
        raise ValueError(f"frame 'known_future': column '{missing[0]}' is missing")
    row = pd.Index(ids).get_indexer(known_future["unique_id"])
    column = weeks.get_indexer(known_future["ds"])
    kept = (row >= 0) & (column >= 0)
    out = {}
    for name in columns:
        values = np.full((len(ids), len(weeks)), np.nan)
        values[row[kept], column[kept]] = _floats(known_future[name])[kept]
        unknown = np.argwhere(np.isnan(values[:, n_past:]) & needed[:, None])
        if len(unknown):
            series, week = unknown[0]
            raise ValueError(
                f"frame 'known_future': '{name}' is not known for {ids[series]} at "
                f"{weeks[n_past + week]:%Y-%m-%d}"
            )
        out[name] = values
    return out


def _period_of(static, column: str, ids, weeks: pd.DatetimeIndex, otherwise: int) -> np.ndarray:
    """Index of the period a date of `static` falls in, which may lie outside; else `otherwise`."""
    if static is None or column not in static:
        return np.full(len(ids), otherwise)
    dates = pd.to_datetime(static.set_index("unique_id")[column].reindex(ids))
    length = (weeks[1] - weeks[0]) if len(weeks) > 1 else pd.Timedelta(days=7)
    period = np.floor((dates - weeks[0]) / length)
    return period.fillna(otherwise).to_numpy(int)


def _static_dates(static: pd.DataFrame, column: str) -> pd.Series:
    values = static[column]
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        raise ValueError(
            f"frame 'static': {column} carries the time zone {values.dt.tz}; give business dates "
            "without one"
        )
    if pd.api.types.is_datetime64_dtype(values) or values.isna().all():
        return pd.to_datetime(values)
    text = values.astype(object).where(values.notna()).map(str, na_action="ignore").astype("string")
    is_date = text.str.fullmatch(r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T ][\d:.]+)?\s*").eq(True)
    read = pd.to_datetime(
        text.str.strip().where(is_date).astype(object), format="ISO8601", errors="coerce"
    )
    bad = read.isna() & values.notna()
    if bad.any():
        row = static.loc[bad].iloc[0]
        raise ValueError(
            f"frame 'static': {column} must be a date such as 2025-01-31, {row['unique_id']} has "
            f"{str(row[column])!r}; leave it empty where there is none"
        )
    return read


def _floats(values: pd.Series) -> np.ndarray:
    return values.to_numpy(float, na_value=np.nan)


def _check_naive(frame: pd.DataFrame, name: str) -> None:
    if frame["ds"].dt.tz is not None:
        raise ValueError(
            f"frame '{name}': ds carries the time zone {frame['ds'].dt.tz}; give business dates "
            "without one"
        )
