"""How large are forecast errors by horizon, class, event and quiet weeks, against the backtest?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitoring.control import break_sums, decision_limit, robust_sd
from monitoring.demand_shift import in_stock, nearest
from monitoring.verdict import Verdict

NAME = "error_size"
_TABLE = [
    *("slice", "n", "n_weeks", "wape", "wape_reference", "bias", "tracking_signal"),
    *("coverage_90", "coverage_90_reference", "sum_up", "limit", "is_red"),
]


@dataclass(frozen=True)
class SizeLimits:
    """One chart a slice, of the log of its weekly absolute error over the expected one.

    `slack`, `quiet_years`, `memory`, `cap`, `floor_weeks`, `near_steps` as in
    `demand_shift.ShiftLimits`; errors wander more than shifts, so the promise is a longer one.
    `floor_sd`: the least standard deviation of a slice's weekly log
    ratio. A slice of fewer than `floor_rows` rows a week is told but not judged, and so are event
    weeks: a backtest holds too few to know how far off they may be.
    """

    slack: float = 1.5
    quiet_years: float = 1000.0
    memory: float = 0.2
    cap: float = 3.5
    floor_sd: float = 0.10
    floor_rows: int = 30
    floor_weeks: int = 4
    near_steps: int = 4


def error_size(
    matured: pd.DataFrame, reference: pd.DataFrame, *, limits: SizeLimits | None = None
) -> tuple[Verdict, pd.DataFrame]:
    """Verdict "error_size" and one row per slice: all, class A to C, each step, event, quiet.

    Both frames: unique_id, ds, cutoff, step, y, is_stockout, y_hat [, p05, p95, is_event];
    `reference` is the backtest of the model that made the forecasts. Classes are of the
    backtest's volume (80 %, 95 %, rest). But for the slices by step, each week of a series counts
    once, with its shortest step.

    Expected of a row is its series' mean absolute error in the backtest at the first steps, at
    least that of a Poisson count, times what the row's step costs. One-sided CUSUM on the scaled
    log ratio, so an error that grows without any bias is seen. `tracking_signal` is the sum of
    errors (actual - forecast) over the weeks in mean absolute deviations of the backtest's weekly
    sums (Brown 1963); it informs.
    """
    limits = limits or SizeLimits()
    past = in_stock(reference)
    near = past[past["step"] <= limits.near_steps]
    now = in_stock(matured)
    now = now[now["unique_id"].isin(near["unique_id"].unique()) & now["step"].isin(past["step"])]
    past = past[past["step"].isin(now["step"])] if len(now) else past
    n_weeks = int(now["ds"].nunique())
    numbers: dict[str, float] = {"n_rows": len(now), "n_weeks": n_weeks}
    if n_weeks < limits.floor_weeks or near.empty or near["y"].sum() <= 0:
        told = f"too little matured, not judged: {n_weeks} weeks of {limits.floor_weeks} needed"
        return Verdict(NAME, True, told, numbers), pd.DataFrame(columns=_TABLE)
    expected, by_step, classes = _expected(near), _step_cost(past), _classes(near)
    sides = [_slices(_Rows.of(frame, expected, by_step, classes)) for frame in (now, past)]
    names = [name for name in sides[0] if name in sides[1]]
    sd = _spread([sides[1][name] for name in names], limits)
    judged = [
        name
        for name in names
        if name != "event" and sides[0][name].count.mean() >= limits.floor_rows
    ]
    height = decision_limit(
        limits.slack, n_sums=max(len(judged), 1), quiet_years=limits.quiet_years
    )
    height = max(height, limits.cap - limits.slack)
    sums = {name: _chart(*(side[name] for side in sides), sd, height, limits) for name in names}
    rows = [
        _row(name, *(side[name] for side in sides))
        | {
            "sum_up": sums[name],
            "limit": height,
            "is_red": name in judged and sums[name] > height,
        }
        for name in names
    ]
    table = pd.DataFrame(rows, columns=_TABLE)
    red = table[table["is_red"]]
    worst = (red if len(red) else table).sort_values("sum_up", kind="stable").iloc[-1]
    numbers |= {
        "n_slices": len(judged),
        "n_red": len(red),
        "sum_up": float(worst.sum_up),
        "sum_limit": height,
        **{f"wape.{row.slice}": row.wape for row in table.itertuples()},
        **{f"tracking_signal.{row.slice}": row.tracking_signal for row in table.itertuples()},
    }
    told = (
        f"errors of slice '{worst.slice}': WAPE {worst.wape:.1%}, backtest "
        f"{worst.wape_reference:.1%}, sum {worst.sum_up:.1f}, limit {height:.1f}"
    )
    more = f"; {len(red) - 1} more slices" if len(red) > 1 else ""
    return Verdict(NAME, red.empty, told + more, numbers), table


def _expected(near: pd.DataFrame) -> pd.Series:
    by = near["unique_id"]
    error = (near["y"] - near["y_hat"]).abs().groupby(by).mean()
    poisson = np.sqrt(2 / np.pi * near["y"].groupby(by).mean().clip(lower=0.1))
    return np.maximum(error, poisson)


def _step_cost(past: pd.DataFrame) -> pd.Series:
    """WAPE of each step over the mean of all steps' WAPE."""
    sums = past.assign(e=(past["y"] - past["y_hat"]).abs()).groupby("step")[["e", "y"]].sum()
    wape = sums["e"] / sums["y"].clip(lower=1e-9)
    return (wape / max(float(wape.mean()), 1e-9)).clip(lower=0.25)


def _classes(near: pd.DataFrame) -> pd.Series:
    volume = near.groupby("unique_id")["y"].mean().sort_values(ascending=False, kind="stable")
    before = (volume.cumsum() - volume) / max(volume.sum(), 1e-9)
    return pd.Series(np.select([before < 0.8, before < 0.95], ["A", "B"], "C"), volume.index)


@dataclass(frozen=True)
class _Rows:
    """Columns of in-stock rows as arrays; `week` counts from 0."""

    week: np.ndarray
    step: np.ndarray
    y: np.ndarray
    signed: np.ndarray
    meant: np.ndarray
    volume_class: np.ndarray
    is_event: np.ndarray
    is_first: np.ndarray
    is_covered: np.ndarray

    @classmethod
    def of(
        cls, frame: pd.DataFrame, expected: pd.Series, by_step: pd.Series, classes: pd.Series
    ) -> "_Rows":
        frame = frame.reset_index(drop=True)
        series, ids = pd.factorize(frame["unique_id"])
        y, step = frame["y"].to_numpy(float), frame["step"].to_numpy()
        is_first = np.zeros(len(frame), bool)
        is_first[nearest(frame).index] = True
        has_interval = {"p05", "p95"} <= set(frame)
        inside = frame["y"].between(frame["p05"], frame["p95"]) if has_interval else np.nan
        is_event = frame.get("is_event", False)
        return cls(
            week=np.unique(frame["ds"].to_numpy(), return_inverse=True)[1],
            step=step,
            y=y,
            signed=y - frame["y_hat"].to_numpy(float),
            meant=expected.reindex(ids).to_numpy()[series]
            * by_step.reindex(frame["step"]).to_numpy(),
            volume_class=classes.reindex(ids).to_numpy()[series],
            is_event=np.broadcast_to(np.asarray(is_event, bool), len(frame)),
            is_first=is_first,
            is_covered=np.broadcast_to(np.asarray(inside, float), len(frame)),
        )


@dataclass(frozen=True)
class _Weeks:
    """A slice's sums of each week that has rows, and its share of rows inside their interval."""

    error: np.ndarray
    meant: np.ndarray
    signed: np.ndarray
    y: np.ndarray
    count: np.ndarray
    in_event: np.ndarray
    covered: float

    @property
    def ratio(self) -> np.ndarray:
        """Log of absolute error over the expected one."""
        return np.log((self.error + 0.5) / (self.meant + 0.5))


def _slices(rows: _Rows) -> dict[str, _Weeks]:
    """By name; those by step take every row, the others a series' week once."""
    first = rows.is_first
    masks = {"all": first}
    masks |= {f"class {name}": first & (rows.volume_class == name) for name in "ABC"}
    masks |= {"event": first & rows.is_event, "quiet": first & ~rows.is_event}
    masks |= {f"step {step}": rows.step == step for step in np.unique(rows.step)}
    return {name: _weekly(rows, mask) for name, mask in masks.items() if mask.any()}


def _weekly(rows: _Rows, mask: np.ndarray) -> _Weeks:
    week = rows.week[mask]
    count = np.bincount(week)
    seen = count > 0

    def sums(values: np.ndarray) -> np.ndarray:
        return np.bincount(week, values[mask])[seen]

    return _Weeks(
        error=sums(np.abs(rows.signed)),
        meant=sums(rows.meant),
        signed=sums(rows.signed),
        y=sums(rows.y),
        count=count[seen],
        in_event=sums(rows.is_event.astype(float)) > 0.5 * count[seen],
        covered=float(rows.is_covered[mask].mean()),
    )


def _spread(reference: list[_Weeks], limits: SizeLimits) -> float:
    """One for all slices: a slice alone has too few backtest weeks to tell its own."""
    quiet = [weeks.ratio[~weeks.in_event] for weeks in reference]
    gaps = [ratio - np.median(ratio) for ratio in quiet if len(ratio) > 2]
    seen = robust_sd(np.concatenate(gaps)) if gaps else limits.floor_sd
    return max(seen, limits.floor_sd)


def _chart(now: _Weeks, past: _Weeks, sd: float, height: float, limits: SizeLimits) -> float:
    z = (now.ratio - np.median(past.ratio)) / sd
    z = np.where(now.in_event, np.nan, z)[:, None]
    sums = break_sums(z, slack=limits.slack, memory=limits.memory, cap=limits.cap, limit=height)
    return float(sums.up[-1, 0])


def _row(name: str, now: _Weeks, past: _Weeks) -> dict[str, object]:
    deviation = max(float(np.abs(past.signed).mean()), float(np.sqrt(past.y.mean())), 1e-9)
    sold = max(float(now.y.sum()), 1e-9)
    return {
        "slice": name,
        "n": int(now.count.sum()),
        "n_weeks": len(now.count),
        "wape": float(now.error.sum()) / sold,
        "wape_reference": float(past.error.sum()) / max(float(past.y.sum()), 1e-9),
        "bias": -float(now.signed.sum()) / sold,
        "tracking_signal": float(now.signed.sum()) / deviation,
        "coverage_90": now.covered,
        "coverage_90_reference": past.covered,
    }
