"""One forecasting task: a long panel, its plan and attributes, checked, and the cutoffs for all."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.door import (
    BadTask,
    checked_static,
    checked_y,
    keyed,
    marked,
    numbers,
    read_frame,
    refuse_infinite,
)
from ml.backtest import cutoffs

QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
# the first of these that a panel or its plan has marks event periods: `benchmarks.door.marked`
EVENT_COLUMNS = ("is_event", "is_promo", "event", "promo", "onpromotion")
SEASONS = {"D": 7, "W": 52}


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
    """A checked panel with `static` and `known_future` or None, and the same `cutoffs` for all.

    `notes` say what was left aside of the files given, for people to read.
    """

    name: str
    setting: Setting
    panel: pd.DataFrame
    cutoffs: list[pd.Timestamp]
    static: pd.DataFrame | None = None
    known_future: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    @property
    def events(self) -> pd.DataFrame | None:
        """The (unique_id, ds) of event periods, None if no column tells them."""
        for frame in (self.panel, self.known_future):
            for column in EVENT_COLUMNS:
                if frame is not None and column in frame:
                    return frame.loc[marked(frame[column]), ["unique_id", "ds"]]
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
    of day, observed columns of any kind, is_stockout as 0/1 or words such as True, N and 是, dates
    of `static` as text. Raises BadTask for all else.
    """
    return make_task(
        panel.stem,
        read_frame(panel),
        setting=setting,
        windows=windows,
        step=step,
        static=None if static is None else read_frame(static),
        known_future=None if known_future is None else read_frame(known_future),
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
    step = setting.horizon if step is None else step
    for option, number in (("horizon", setting.horizon), ("windows", windows), ("step", step)):
        if number < 1:
            raise BadTask(f"--{option} is {number}, must be at least 1")
    panel = keyed(panel, "panel", ("unique_id", "ds"), setting.freq)
    panel = checked_y(panel)
    refuse_infinite(panel, "panel")
    notes = []
    if static is not None:
        static = checked_static(keyed(static, "static", ("unique_id",), setting.freq))
        refuse_infinite(static, "static")
    if known_future is not None:
        known_future = keyed(known_future, "known_future", ("unique_id", "ds"), setting.freq)
        kept = known_future[["unique_id", "ds", *numbers(known_future)]]
        if unused := [name for name in known_future if name not in kept]:
            notes.append(f"known_future: not numbers, so not used: {', '.join(unused)}")
        known_future = kept
        refuse_infinite(known_future, "known_future")
    try:
        cut = cutoffs(panel, horizon=setting.horizon, n_windows=windows, step_size=step)
    except ValueError as problem:
        raise BadTask(f"frame 'panel': {problem}") from problem
    task = Task(name, setting, panel, cut, static, known_future)
    for cutoff in cut:
        _check_plan(task, cutoff)
    return replace(task, notes=(*notes, *_check_scored(task)))


def _check_plan(task: Task, cutoff: pd.Timestamp) -> None:
    """Every known-future column must be known for every visible series and period ahead."""
    if task.known_future is None:
        return
    ahead = task.ahead(cutoff)
    started = task.panel.loc[task.panel["ds"] <= cutoff, "unique_id"].unique()
    needed = pd.MultiIndex.from_product([started, ahead])
    columns = numbers(task.known_future)
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


def _check_scored(task: Task) -> list[str]:
    """A note on cutoffs after which nothing can be scored; BadTask if that is so for all."""
    panel = task.panel[task.panel["y"].notna()]
    if "is_stockout" in panel:
        panel = panel[~panel["is_stockout"]]
    bare = [c for c in task.cutoffs if not panel["ds"].isin(task.ahead(c)).any()]
    if not bare:
        return []
    days = ", ".join(f"{cutoff:%Y-%m-%d}" for cutoff in bare)
    said = f"no in-stock y lies in the {task.setting.horizon} periods after the cutoffs {days}"
    if len(bare) == len(task.cutoffs):
        raise BadTask(f"frame 'panel': {said}, so nothing could be scored; check y and is_stockout")
    return [f"panel: {said}: not scored there"]
