"""Has demand left its forecast? Evidence pooled over brands, categories, warehouses and all."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitoring.control import break_sums, decision_limit, robust_sd
from monitoring.verdict import Verdict

NAME = "demand_shift"
GROUPS = ("brand_id", "category", "warehouse_id")
_TABLE = ["level", "group", "n_series", "shift", "sum_up", "sum_down", "limit", "is_red"]
_POOLED_WEEKS = 6.0  # weeks of backtest that the pooled spread counts for in a series' own


@dataclass(frozen=True)
class ShiftLimits:
    """One chart for all demand and one for each group of series.

    `slack` in standard deviations; all charts together may cry wolf once in `quiet_years` years
    of normal deviates; demand's own are less well-behaved, hence so many. A chart's level follows
    with `memory` (see `control.break_sums`). A week of a series counts at most `series_cap`
    standard deviations and a week of a group `cap`; a limit is at least cap - slack, so that no
    single week trips a chart.
    `common_sd`: at least so much of a group's weekly shift is shared by its series and no fault
    of the model; in event weeks `event_widening` times as much. Groups of fewer than
    `floor_series` series, and levels of fewer than `floor_groups` groups, are not charted;
    nothing is judged before `floor_weeks` weeks have matured.
    """

    slack: float = 1.5
    quiet_years: float = 100.0
    memory: float = 0.2
    cap: float = 4.5
    series_cap: float = 2.5
    common_sd: float = 0.05
    event_widening: float = 2.0
    floor_series: int = 8
    floor_groups: int = 3
    floor_weeks: int = 2
    near_steps: int = 4


def demand_shift(
    matured: pd.DataFrame,
    reference: pd.DataFrame,
    static: pd.DataFrame | None = None,
    *,
    levels: Iterable[str] = GROUPS,
    limits: ShiftLimits | None = None,
) -> tuple[Verdict, pd.DataFrame]:
    """Verdict "demand_shift" and one row per group, the furthest from its forecast first.

    Both frames: unique_id, ds, cutoff, step, y, is_stockout, y_hat [, is_event]; `reference` is
    the backtest of the model that made the forecasts, of which the first `near_steps` steps are
    read. `static` maps unique_id to the `levels` it has. Of several forecasts of one week the
    one made last counts; a stock-out week of a series is left out.

    If every series of a group sold (1 + d) times its forecast f, the best estimate of d from
    errors e with variances v is sum(f e / v) / sum(f^2 / v), with variance 1 / sum(f^2 / v):
    thirty small series then say as much as they know, and one large series cannot outvote them.
    v = f + cv^2 f^2 with the series' cv^2 from the backtest, shrunk to that of all. Of a group's
    d the median over the groups of its level is taken off: what all share is the total's chart.
    Two-sided CUSUM (Page 1954) of its jumps, with the limit of `control.decision_limit`.

    `matured` holds what all champions of late forecast: a chart tells a break in demand, whoever
    was in charge, and starts again by itself once it tripped (`control.break_sums`). The verdict
    is that of the newest week. `shift` is the mean d since the larger sum left zero.
    """
    limits = limits or ShiftLimits()
    past = in_stock(reference)
    past = past[past["step"] <= limits.near_steps]
    ids = pd.Index(past["unique_id"].unique())
    now = in_stock(matured)
    now = nearest(now[now["unique_id"].isin(ids)])
    weeks = int(now["ds"].nunique())
    numbers: dict[str, float] = {"n_weeks": weeks, "n_series": now["unique_id"].nunique()}
    if weeks < limits.floor_weeks or past["y"].sum() <= 0 or past["y_hat"].sum() <= 0:
        told = f"too little matured, not judged: {weeks} weeks of {limits.floor_weeks} needed"
        return Verdict(NAME, True, told, numbers), pd.DataFrame(columns=_TABLE)
    centre = past["y"].sum() / past["y_hat"].sum()
    before = _wide(past, ids, ["cutoff", "ds"], centre)
    live = _wide(now, ids, ["ds"], centre)
    spread = _relative_variance(before)
    charts = []
    for level in ("total", *(n for n in levels if static is not None and n in static)):
        members = _members(static, level, ids)
        charts += _charts(level, members, live, before, spread, limits)
    if not charts:
        told = "no group is large enough, not judged"
        return Verdict(NAME, True, told, numbers), pd.DataFrame(columns=_TABLE)
    height = decision_limit(limits.slack, n_sums=2 * len(charts), quiet_years=limits.quiet_years)
    height = max(height, limits.cap - limits.slack)
    table = _table(charts, height, limits)
    red = table[table["is_red"]]
    numbers |= {
        "n_groups": len(table),
        "n_red": len(red),
        "sum_up": float(table["sum_up"].max()),
        "sum_down": float(table["sum_down"].max()),
        "sum_limit": height,
    }
    first = table.iloc[0]
    name = "total demand" if first.level == "total" else f"{first.level} {first.group}"
    told = (
        f"{name} sold {first['shift']:+.0%} against its forecast: sum "
        f"{max(first.sum_up, first.sum_down):.1f}, limit {height:.1f}"
    )
    more = f"; {len(red) - 1} more groups" if len(red) > 1 else ""
    quiet = f"{len(table)} groups keep to their forecast; furthest: {told}"
    return Verdict(NAME, red.empty, told + more if len(red) else quiet, numbers), table


@dataclass(frozen=True)
class _Wide:
    """Weeks x series; nan where nothing was seen. `is_event` (weeks, series)."""

    forecast: np.ndarray
    error: np.ndarray
    is_event: np.ndarray


@dataclass(frozen=True)
class _Chart:
    level: str
    group: str
    n_series: int
    z: np.ndarray
    shift: np.ndarray


def in_stock(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows whose demand and forecast are known and that no stock-out cut short."""
    keep = frame["y"].notna() & frame["y_hat"].notna()
    if "is_stockout" in frame:
        keep &= ~frame["is_stockout"].fillna(False).astype(bool)
    return frame[keep]


def nearest(frame: pd.DataFrame) -> pd.DataFrame:
    """Of each series' week the row of the shortest step."""
    series = pd.factorize(frame["unique_id"])[0]
    week = frame["ds"].to_numpy("datetime64[ns]").astype("int64")
    order = np.lexsort((frame["step"].to_numpy(), week, series))
    series, week = series[order], week[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (series[1:] != series[:-1]) | (week[1:] != week[:-1])
    return frame.iloc[order[is_first]]


def _wide(frame: pd.DataFrame, ids: pd.Index, weeks: list[str], centre: float) -> _Wide:
    row = frame.groupby(weeks, sort=True).ngroup().to_numpy()
    at = row, ids.get_indexer(frame["unique_id"])
    shape = (int(row.max()) + 1, len(ids))
    forecast, error = np.full(shape, np.nan), np.full(shape, np.nan)
    is_event = np.zeros(shape, bool)
    made = np.maximum(centre * frame["y_hat"].to_numpy(float), 0.05)
    forecast[at], error[at] = made, frame["y"].to_numpy(float) - made
    if "is_event" in frame:
        is_event[at] = frame["is_event"].to_numpy(bool)
    return _Wide(forecast, error, is_event)


def _relative_variance(before: _Wide) -> np.ndarray:
    """Squared coefficient of variation of each series' error beyond a Poisson count's."""
    level = np.nan_to_num(before.forecast)
    excess = np.nan_to_num(before.error) ** 2 - level
    squares = (level**2).sum(axis=0)
    pooled = max(excess.sum() / max(squares.sum(), 1e-9), 0.02)
    weeks = np.maximum((level > 0).sum(axis=0), 1)
    prior = _POOLED_WEEKS * squares / weeks
    own = (excess.sum(axis=0) + pooled * prior) / np.maximum(squares + prior, 1e-9)
    return np.maximum(own, 0.02)


def _members(static: pd.DataFrame | None, level: str, ids: pd.Index) -> pd.DataFrame:
    """Which series is in which group: ids x groups, 0 or 1."""
    if level == "total":
        return pd.DataFrame({"all": np.ones(len(ids))}, index=ids)
    label = static.drop_duplicates("unique_id").set_index("unique_id")[level].reindex(ids)
    return pd.get_dummies(label.astype("string"), dtype=float)


def _shifts(
    side: _Wide, members: np.ndarray, spread: np.ndarray, series_cap: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shift d, its variance and whether mostly in an event, weeks x groups each."""
    level, seen = np.nan_to_num(side.forecast), ~np.isnan(side.forecast)
    sd = np.sqrt(np.maximum(level + spread * level**2, 1e-9))
    scaled = np.clip(np.nan_to_num(side.error) / sd, -series_cap, series_cap)
    weight = np.where(seen, level / sd, 0.0)
    known = np.maximum((weight**2) @ members, 1e-9)
    in_event = ((weight**2) * side.is_event) @ members
    return (weight * scaled) @ members / known, 1 / known, in_event > 0.5 * known


def _charts(
    level: str,
    members: pd.DataFrame,
    live: _Wide,
    before: _Wide,
    spread: np.ndarray,
    limits: ShiftLimits,
) -> list[_Chart]:
    sizes = (~np.isnan(live.forecast)).mean(axis=0) @ members.to_numpy()
    members = members.loc[:, sizes >= limits.floor_series]
    if level != "total" and members.shape[1] < limits.floor_groups:
        return []
    matrix = members.to_numpy()
    now, own, event = _shifts(live, matrix, spread, limits.series_cap)
    past, past_own, past_event = _shifts(before, matrix, spread, limits.series_cap)
    if level != "total":
        now, past = (d - np.median(d, axis=1, keepdims=True) for d in (now, past))
    quiet_sd = _common_sd(past, past_own, ~past_event, limits.common_sd)
    event_sd = _common_sd(past, past_own, past_event, limits.event_widening * quiet_sd)
    z = now / np.sqrt(own + np.where(event, event_sd, quiet_sd) ** 2)
    return [
        _Chart(level, str(name), int(matrix[:, k].sum()), z[:, k], now[:, k])
        for k, name in enumerate(members.columns)
    ]


def _common_sd(past: np.ndarray, own: np.ndarray, chosen: np.ndarray, floor: float) -> float:
    """What the backtest's shifts show beyond independent errors of the series."""
    if chosen.sum() < 4:
        return floor
    beyond = robust_sd(past[chosen]) ** 2 - float(np.median(own[chosen]))
    return float(np.sqrt(max(beyond, floor**2)))


def _table(charts: list[_Chart], height: float, limits: ShiftLimits) -> pd.DataFrame:
    sums = break_sums(
        np.column_stack([chart.z for chart in charts]),
        slack=limits.slack,
        memory=limits.memory,
        cap=limits.cap,
        limit=height,
    )
    weeks = np.maximum(sums.weeks[-1], 1)
    table = pd.DataFrame(
        {
            "level": [chart.level for chart in charts],
            "group": [chart.group for chart in charts],
            "n_series": [chart.n_series for chart in charts],
            "shift": [c.shift[-n:].mean() for c, n in zip(charts, weeks, strict=True)],
            "sum_up": sums.up[-1],
            "sum_down": sums.down[-1],
            "limit": height,
            "is_red": sums.tripped[-1],
        },
        columns=_TABLE,
    )
    furthest = table[["sum_up", "sum_down"]].max(axis=1)
    order = np.lexsort((table["group"], table["level"], -furthest))
    return table.iloc[order].reset_index(drop=True)
