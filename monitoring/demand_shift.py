"""Has demand left its forecast? Evidence pooled over brands, categories, warehouses and all."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitoring.control import cusum, decision_limit, robust_sd
from monitoring.verdict import Verdict

NAME = "demand_shift"
GROUPS = ("brand_id", "category", "warehouse_id")
_TABLE = ["level", "group", "n_series", "ratio", "sum_up", "sum_down", "limit", "is_red"]


@dataclass(frozen=True)
class ShiftLimits:
    """Charts of the log of actual over forecast, one for each group of series.

    `slack` in standard deviations; all charts together may cry wolf once in `quiet_years` years.
    One week counts at most `cap` standard deviations, so that no single week trips a chart
    (cap - slack is below any limit in use). `common_sd`: at least so much of a group's weekly log ratio is shared
    by its series and no fault of the model; in event weeks `event_widening` times the quiet one.
    Groups of fewer than `floor_series` series, or of fewer than `floor_units` forecast units a
    week, are left to the products' own sums. Judged from `floor_weeks` weeks on.
    """

    slack: float = 1.0
    quiet_years: float = 4.0
    cap: float = 3.0
    common_sd: float = 0.06
    event_widening: float = 2.0
    floor_series: int = 3
    floor_units: float = 20.0
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
    one made last counts; a stock-out week of a series is in neither actual nor forecast.

    A group's weekly log ratio, less the backtest's over all series, is measured in its standard
    deviation: what its series' own backtest errors add up to when independent, and a common part
    read from the backtest. Two-sided CUSUM (Page 1954) with the limit of `control.decision_limit`.
    Table: level, group, n_series, ratio (actual over forecast of the weeks since the sum left
    zero), sum_up, sum_down, limit, is_red.
    """
    limits = limits or ShiftLimits()
    past = in_stock(reference)
    past = past[past["step"] <= limits.near_steps]
    now = nearest(in_stock(matured))
    n_weeks = int(now["ds"].nunique())
    known = past["unique_id"].unique()
    now = now[now["unique_id"].isin(known)]
    numbers: dict[str, float] = {"n_weeks": n_weeks, "n_series": int(now["unique_id"].nunique())}
    if n_weeks < limits.floor_weeks or past.empty or past["y"].sum() <= 0 or now.empty:
        told = f"too little matured, not judged: {n_weeks} weeks of {limits.floor_weeks} needed"
        return Verdict(NAME, True, told, numbers), pd.DataFrame(columns=_TABLE)

    centre = past["y"].sum() / max(past["y_hat"].sum(), 1e-9)
    variance = _error_variance(past, centre)
    cells, before = _cells(now, variance, centre), _cells(past, variance, centre)
    charts = []
    for level in ("total", *(n for n in levels if static is not None and n in static)):
        label = _labels(static, level)
        made = _charts(level, _sums(cells, label), _sums(before, label), limits)
        # a level that is one group repeats the total
        charts += made if level == "total" or len(made) > 1 else []
    if not charts:
        return Verdict(NAME, True, "no group is large enough, not judged", numbers), (
            pd.DataFrame(columns=_TABLE)
        )
    height = decision_limit(
        limits.slack, n_sums=2 * len(charts), quiet_years=limits.quiet_years
    )
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
    told = (
        f"{_name(first)} sold {first.ratio - 1:+.0%} against its forecast: sum "
        f"{max(first.sum_up, first.sum_down):.1f}, limit {height:.1f}"
    )
    more = f"; {len(red) - 1} more groups" if len(red) > 1 else ""
    quiet = f"{len(table)} groups keep to their forecast; furthest: {told}"
    return Verdict(NAME, red.empty, told + more if len(red) else quiet, numbers), table


@dataclass(frozen=True)
class _Chart:
    level: str
    group: str
    n_series: int
    z: np.ndarray
    actual: np.ndarray
    forecast: np.ndarray


def in_stock(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows whose demand and forecast are known and that no stock-out cut short."""
    keep = frame["y"].notna() & frame["y_hat"].notna()
    if "is_stockout" in frame:
        keep &= ~frame["is_stockout"].fillna(False).astype(bool)
    return frame[keep]


def nearest(frame: pd.DataFrame) -> pd.DataFrame:
    """Of each series' week the row of the shortest step."""
    ordered = frame.sort_values(["unique_id", "ds", "step"], kind="stable")
    return ordered.drop_duplicates(["unique_id", "ds"])


def _error_variance(past: pd.DataFrame, centre: float) -> pd.Series:
    """Of each series; at least its mean demand, the Poisson spread."""
    squares = (past["y"] - centre * past["y_hat"]) ** 2
    by = past["unique_id"]
    return np.maximum(squares.groupby(by).mean(), past["y"].groupby(by).mean().clip(lower=0.1))


def _cells(frame: pd.DataFrame, variance: pd.Series, centre: float) -> pd.DataFrame:
    event = frame["is_event"].astype(bool) if "is_event" in frame else False
    return pd.DataFrame(
        {
            "unique_id": frame["unique_id"],
            "ds": frame["ds"],
            "cutoff": frame["cutoff"],
            "actual": frame["y"].astype(float),
            "forecast": centre * frame["y_hat"].astype(float),
            "variance": frame["unique_id"].map(variance),
            "is_event": np.asarray(event, float) * np.ones(len(frame)),
        }
    )


def _labels(static: pd.DataFrame | None, level: str) -> pd.Series | None:
    if level == "total":
        return None
    return static.set_index("unique_id")[level].astype("string")


def _sums(cells: pd.DataFrame, label: pd.Series | None) -> pd.DataFrame:
    """Sums by group, week and cutoff, and the share of volume that is in an event."""
    group = "all" if label is None else cells["unique_id"].map(label)
    keyed = cells.assign(group=group, event_units=cells["is_event"] * cells["forecast"], n=1)
    keyed = keyed[keyed["group"].notna()]
    columns = ["actual", "forecast", "variance", "event_units", "n"]
    return keyed.groupby(["group", "ds", "cutoff"], as_index=False)[columns].sum()


def _charts(
    level: str, now: pd.DataFrame, past: pd.DataFrame, limits: ShiftLimits
) -> list[_Chart]:
    """The standardised weekly log ratios of each group that is large enough."""
    past = past[past["forecast"] >= limits.floor_units]
    quiet = past["event_units"] < 0.5 * past["forecast"]
    common = {False: _common_sd(past[quiet], limits.common_sd)}
    floor = limits.event_widening * common[False]
    common[True] = _common_sd(past[~quiet], floor)
    # several cutoffs may meet in a week when series mature at different steps
    now = now.drop(columns="cutoff").groupby(["group", "ds"], as_index=False).sum()
    is_event = now["event_units"] >= 0.5 * now["forecast"]
    sd = np.sqrt(
        _own_variance(now) + np.where(is_event, common[True], common[False]) ** 2
    )
    z = (_log_ratio(now) / sd).clip(-limits.cap, limits.cap)
    large = now.groupby("group")[["forecast", "n"]].mean()
    large = large[(large["forecast"] >= limits.floor_units) & (large["n"] >= limits.floor_series)]
    tables = [
        now.assign(z=z).pivot(index="ds", columns="group", values=name).sort_index()[large.index]
        for name in ("z", "actual", "forecast")
    ]
    return [
        _Chart(level, str(group), int(large.loc[group, "n"]), *(t[group].to_numpy() for t in tables))
        for group in large.index
    ]


def _log_ratio(sums: pd.DataFrame) -> pd.Series:
    return np.log((sums["actual"] + 0.5) / (sums["forecast"] + 0.5))


def _own_variance(sums: pd.DataFrame) -> pd.Series:
    return sums["variance"] / (sums["forecast"] + 0.5) ** 2


def _common_sd(past: pd.DataFrame, floor: float) -> float:
    """What the spread of the log ratios shows beyond independent errors of the series."""
    if past.empty:
        return floor
    seen = robust_sd(_log_ratio(past).to_numpy()) ** 2 - float(_own_variance(past).median())
    return float(np.sqrt(max(seen, floor**2)))


def _table(charts: list[_Chart], height: float, limits: ShiftLimits) -> pd.DataFrame:
    up, down = cusum(np.column_stack([chart.z for chart in charts]), limits.slack)
    rows = []
    for k, chart in enumerate(charts):
        sums = up[:, k] if up[-1, k] >= down[-1, k] else down[:, k]
        zeros = np.flatnonzero(sums == 0)
        since = min(zeros[-1] + 1 if len(zeros) else 0, len(sums) - 1)
        sold, meant = (np.nansum(side[since:]) for side in (chart.actual, chart.forecast))
        rows.append(
            {
                "level": chart.level,
                "group": chart.group,
                "n_series": chart.n_series,
                "ratio": sold / max(meant, 1e-9),
                "sum_up": up[-1, k],
                "sum_down": down[-1, k],
                "limit": height,
                "is_red": max(up[-1, k], down[-1, k]) > height,
            }
        )
    table = pd.DataFrame(rows, columns=_TABLE)
    furthest = table[["sum_up", "sum_down"]].max(axis=1)
    order = np.lexsort((table["group"], table["level"], -furthest))
    return table.iloc[order].reset_index(drop=True)


def _name(row: pd.Series) -> str:
    return "total demand" if row.level == "total" else f"{row.level} {row.group}"
