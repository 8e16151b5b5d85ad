"""How large are forecast errors by horizon, class, event and quiet weeks, against the backtest?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitoring.control import cusum, decision_limit, robust_sd
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

    `slack`, `quiet_years`, `cap`, `event_widening`, `floor_weeks`, `near_steps` as in
    `demand_shift.ShiftLimits`. `floor_sd`: the least standard deviation of a slice's weekly log
    ratio. A slice of fewer than `floor_rows` rows a week is told but not judged.
    """

    slack: float = 1.0
    quiet_years: float = 4.0
    cap: float = 3.0
    floor_sd: float = 0.10
    event_widening: float = 2.0
    floor_rows: int = 30
    floor_weeks: int = 2
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
    known = near["unique_id"].unique()
    now = in_stock(matured)
    now = now[now["unique_id"].isin(known) & now["step"].isin(past["step"].unique())]
    n_weeks = int(now["ds"].nunique())
    numbers: dict[str, float] = {"n_rows": len(now), "n_weeks": n_weeks}
    if n_weeks < limits.floor_weeks or near.empty or near["y"].sum() <= 0:
        told = f"too little matured, not judged: {n_weeks} weeks of {limits.floor_weeks} needed"
        return Verdict(NAME, True, told, numbers), pd.DataFrame(columns=_TABLE)
    expected, by_step = _expected(near), _step_cost(past)
    classes = _classes(near)
    sides = [_slices(_with_errors(f, expected, by_step, classes)) for f in (now, past)]
    names = [name for name in sides[0] if name in sides[1]]
    weeks = {name: [_weekly(side[name]) for side in sides] for name in names}
    sd = _spread([weeks[name][1] for name in names], limits)
    charts = {name: _chart(*weeks[name], sd, limits) for name in names}
    judged = [
        name
        for name in names
        if weeks[name][0]["n"].mean() >= limits.floor_rows and len(weeks[name][0]) > 1
    ]
    height = decision_limit(
        limits.slack, n_sums=max(len(judged), 1), quiet_years=limits.quiet_years
    )
    rows = [
        _row(name, sides[0][name], sides[1][name], weeks[name])
        | {
            "sum_up": charts[name],
            "limit": height,
            "is_red": name in judged and charts[name] > height,
        }
        for name in names
    ]
    table = pd.DataFrame(rows, columns=_TABLE)
    red = table[table["is_red"]]
    worst = table.loc[table["sum_up"].idxmax()]
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
    """WAPE of each step over that of all steps."""
    sums = (
        past.assign(e=(past["y"] - past["y_hat"]).abs()).groupby("step")[["e", "y"]].sum()
    )
    wape = sums["e"] / sums["y"].clip(lower=1e-9)
    return (wape / max(wape.iloc[: len(wape)].mean(), 1e-9)).clip(lower=0.25)


def _classes(near: pd.DataFrame) -> pd.Series:
    volume = near.groupby("unique_id")["y"].mean().sort_values(ascending=False, kind="stable")
    before = (volume.cumsum() - volume) / max(volume.sum(), 1e-9)
    return pd.Series(np.select([before < 0.8, before < 0.95], ["A", "B"], "C"), volume.index)


def _with_errors(
    frame: pd.DataFrame, expected: pd.Series, by_step: pd.Series, classes: pd.Series
) -> pd.DataFrame:
    signed = frame["y"] - frame["y_hat"]
    meant = frame["unique_id"].map(expected) * frame["step"].map(by_step)
    is_event = frame["is_event"].astype(bool) if "is_event" in frame else False
    return frame.assign(
        signed=signed,
        error=signed.abs(),
        meant=meant,
        volume_class=frame["unique_id"].map(classes),
        is_event=is_event,
    )


def _slices(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Per cutoff of a backtest every step is a week of its own; live, the nearest step counts."""
    first = nearest(frame)
    found = {"all": first}
    for name in ("A", "B", "C"):
        found[f"class {name}"] = first[first["volume_class"] == name]
    found["event"] = first[first["is_event"]]
    found["quiet"] = first[~first["is_event"]]
    for step, part in frame.groupby("step"):
        found[f"step {step}"] = part
    return {name: part for name, part in found.items() if len(part)}


def _weekly(part: pd.DataFrame) -> pd.DataFrame:
    part = part.assign(n=1, event=part["is_event"].astype(float))
    sums = part.groupby("ds")[["error", "meant", "signed", "y", "n", "event"]].sum()
    return sums[sums["meant"] > 0]


def _ratio(weeks: pd.DataFrame) -> np.ndarray:
    return np.log((weeks["error"] + 0.5) / (weeks["meant"] + 0.5)).to_numpy()


def _spread(reference: list[pd.DataFrame], limits: SizeLimits) -> float:
    """One for all slices: a slice alone has too few backtest weeks to tell its own."""
    gaps = [_ratio(weeks) - np.median(_ratio(weeks)) for weeks in reference if len(weeks) > 2]
    seen = robust_sd(np.concatenate(gaps)) if gaps else limits.floor_sd
    return max(seen, limits.floor_sd)


def _chart(now: pd.DataFrame, past: pd.DataFrame, sd: float, limits: SizeLimits) -> float:
    gap = _ratio(now) - np.median(_ratio(past))
    in_event = (now["event"] > 0.5 * now["n"]).to_numpy()
    z = gap / np.where(in_event, limits.event_widening * sd, sd)
    up, _ = cusum(np.clip(z, -limits.cap, limits.cap)[:, None], limits.slack)
    return float(up[-1, 0]) if len(up) else 0.0


def _row(
    name: str, now: pd.DataFrame, past: pd.DataFrame, weeks: list[pd.DataFrame]
) -> dict[str, object]:
    current, before = weeks
    deviation = max(float(before["signed"].abs().mean()), float(np.sqrt(before["y"].mean())))
    covered = [
        float(f["y"].between(f["p05"], f["p95"]).mean()) if {"p05", "p95"} <= set(f) else np.nan
        for f in (now, past)
    ]
    return {
        "slice": name,
        "n": len(now),
        "n_weeks": len(current),
        "wape": float(now["error"].sum() / max(now["y"].sum(), 1e-9)),
        "wape_reference": float(past["error"].sum() / max(past["y"].sum(), 1e-9)),
        "bias": float(-now["signed"].sum() / max(now["y"].sum(), 1e-9)),
        "tracking_signal": float(current["signed"].sum() / max(deviation, 1e-9)),
        "coverage_90": covered[0],
        "coverage_90_reference": covered[1],
    }
