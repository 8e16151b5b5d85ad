"""One forecasting task: a long panel, its plan and attributes, checked, and the cutoffs for all."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ml.backtest import cutoffs

QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
# the first of these that a panel or its plan has marks event periods: value above zero
EVENT_COLUMNS = ("is_event", "is_promo", "event", "promo", "onpromotion")
SEASONS = {"D": 7, "W": 52}


class BadTask(ValueError):
    """Files or options that no model could be measured on; the message says what to mend."""


@dataclass(frozen=True)
class Setting:
    """What every model is told: frequency, periods ahead, quantiles, seed and threads."""

    freq: str
    horizon: int
    quantiles: tuple[float, ...] = QUANTILES
    seed: int = 7
    threads: int = 2

    @property
    def season(self) -> int:
        """Periods of one season: a year of weeks, a week of days."""
        return SEASONS[self.freq[0]]

    @property
    def naive_lag(self) -> int:
        """Lag of the naive that scales MASE and RMSSE: 1 for weeks, 7 for days."""
        return 7 if self.freq == "D" else 1


@dataclass(frozen=True)
class Task:
    """A checked panel with `static` and `known_future` or None, and the same `cutoffs` for all."""

    name: str
    setting: Setting
    panel: pd.DataFrame
    cutoffs: list[pd.Timestamp]
    static: pd.DataFrame | None = None
    known_future: pd.DataFrame | None = None

    @property
    def events(self) -> pd.DataFrame | None:
        """The (unique_id, ds) of event periods, None if no column tells them."""
        for frame in (self.panel, self.known_future):
            for column in EVENT_COLUMNS:
                if frame is not None and column in frame:
                    return frame.loc[frame[column] > 0, ["unique_id", "ds"]]
        return None

    def visible(self, cutoff: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        """The panel up to `cutoff`, and the plan up to the horizon after it."""
        known = self.known_future
        if known is not None:
            known = known[known["ds"] <= self.ahead(cutoff)[-1]]
        return self.panel[self.panel["ds"] <= cutoff], known

    def ahead(self, cutoff: pd.Timestamp) -> pd.DatetimeIndex:
        """The `horizon` periods after `cutoff`."""
        return pd.date_range(cutoff, periods=self.setting.horizon + 1, freq=self.setting.freq)[1:]

    def save(self, folder: Path) -> None:
        """Write the task where `load` finds it."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {"name": self.name, "setting": asdict(self.setting)}
        state["cutoffs"] = [str(cutoff) for cutoff in self.cutoffs]
        (folder / "task.json").write_text(json.dumps(state), encoding="utf-8")
        for name in ("panel", "static", "known_future"):
            if (frame := getattr(self, name)) is not None:
                frame.to_parquet(folder / f"{name}.parquet", index=False)

    @classmethod
    def load(cls, folder: Path) -> "Task":
        """Read what `save` wrote."""
        state = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        setting = state["setting"] | {"quantiles": tuple(state["setting"]["quantiles"])}
        frames = {
            name: pd.read_parquet(path) if (path := folder / f"{name}.parquet").exists() else None
            for name in ("panel", "static", "known_future")
        }
        cut = [pd.Timestamp(text) for text in state["cutoffs"]]
        return cls(name=state["name"], setting=Setting(**setting), cutoffs=cut, **frames)


def read_task(
    panel: Path,
    *,
    setting: Setting,
    windows: int,
    step: int | None = None,
    static: Path | None = None,
    known_future: Path | None = None,
) -> Task:
    """Read and check the files of one task; `step` periods lie between cutoffs (default: horizon).

    Treated and said nowhere else: rows in any order, ids that are numbers, dates without a time
    of day, observed columns of any kind, is_stockout as 0/1. Raises BadTask for all else.
    """
    return make_task(
        panel.stem,
        _read(panel),
        setting=setting,
        windows=windows,
        step=step,
        static=None if static is None else _read(static),
        known_future=None if known_future is None else _read(known_future),
    )


def make_task(
    name: str,
    panel: pd.DataFrame,
    *,
    setting: Setting,
    windows: int,
    step: int | None = None,
    static: pd.DataFrame | None = None,
    known_future: pd.DataFrame | None = None,
) -> Task:
    """As `read_task`, of frames already in memory."""
    if setting.freq[:1] not in SEASONS:
        raise BadTask(f"--freq is D or weekly such as W-MON, got {setting.freq!r}")
    panel = _keyed(panel, "panel", ("unique_id", "ds"), setting.freq)
    panel = _checked_y(panel)
    if static is not None:
        static = _keyed(static, "static", ("unique_id",), setting.freq)
    if known_future is not None:
        known_future = _keyed(known_future, "known_future", ("unique_id", "ds"), setting.freq)
        known_future = known_future[["unique_id", "ds", *_numbers(known_future)]]
    try:
        cut = cutoffs(
            panel, horizon=setting.horizon, n_windows=windows, step_size=step or setting.horizon
        )
    except ValueError as problem:
        raise BadTask(f"frame 'panel': {problem}") from problem
    task = Task(name, setting, panel, cut, static, known_future)
    for cutoff in cut:
        _check_plan(task, cutoff)
    return task


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise BadTask(f"no such file: {path}")
    if path.suffix != ".parquet":
        raise BadTask(f"{path} is not a .parquet file")
    return pd.read_parquet(path)


def _keyed(frame: pd.DataFrame, name: str, keys: tuple[str, ...], freq: str) -> pd.DataFrame:
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


def _checked_y(panel: pd.DataFrame) -> pd.DataFrame:
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
        return panel.assign(is_stockout=panel["is_stockout"].fillna(False).astype(bool))
    return panel


def _numbers(frame: pd.DataFrame) -> list[str]:
    return [
        name
        for name in frame.columns
        if name not in ("unique_id", "ds") and pd.api.types.is_numeric_dtype(frame[name])
    ]


def _check_plan(task: Task, cutoff: pd.Timestamp) -> None:
    """Every known-future column must be known for every visible series and period ahead."""
    if task.known_future is None:
        return
    ahead = task.ahead(cutoff)
    started = task.panel.loc[task.panel["ds"] <= cutoff, "unique_id"].unique()
    needed = pd.MultiIndex.from_product([started, ahead])
    columns = _numbers(task.known_future)
    plan = task.known_future[task.known_future["ds"].isin(ahead)]
    plan = plan.set_index(["unique_id", "ds"])[columns].reindex(needed)
    unknown = plan.isna()
    if unknown.any(axis=None):
        column = columns[int(np.argmax(unknown.any().to_numpy()))]
        series, ds = plan.index[unknown[column]][0]
        raise BadTask(
            f"frame 'known_future': '{column}' is not known for {series} at {ds:%Y-%m-%d}, which "
            f"lies in the {len(ahead)} periods after the cutoff {cutoff:%Y-%m-%d}"
        )
