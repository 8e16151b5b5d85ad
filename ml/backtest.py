"""Rolling-origin backtests: refit at each cutoff, forecast, compare with what came."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from ml.columns import quantile_columns
from ml.metrics import bias, coverage, pinball, scaled_pinball, wape


def cutoffs(
    panel: pd.DataFrame, *, horizon: int, n_windows: int, step_size: int
) -> list[pd.Timestamp]:
    """The last `n_windows` cutoffs, oldest first, each followed by `horizon` weeks of data.

    `step_size` weeks lie between two cutoffs. Raises ValueError if the panel is too short.
    """
    if min(horizon, n_windows, step_size) < 1:
        raise ValueError("horizon, n_windows and step_size must be at least 1")
    weeks = np.sort(panel["ds"].unique())
    first = len(weeks) - 1 - horizon - (n_windows - 1) * step_size
    if first < 1:
        needed = horizon + (n_windows - 1) * step_size + 2
        raise ValueError(f"{n_windows} windows need {needed} weeks, the panel has {len(weeks)}")
    return [pd.Timestamp(weeks[first + k * step_size]) for k in range(n_windows)]


def windows_that_fit(n_weeks: int, *, horizon: int, n_windows: int, step_size: int) -> int:
    """How many of `n_windows` a panel of `n_weeks` weeks has room for, with two weeks to learn."""
    room = n_weeks - 2 - horizon
    return 0 if room < 0 else min(n_windows, room // step_size + 1)


def backtest(
    make_forecaster: Callable[[], Any],
    panel: pd.DataFrame,
    *,
    static: pd.DataFrame | None = None,
    known_future: pd.DataFrame | None = None,
    horizon: int,
    n_windows: int = 3,
    step_size: int = 4,
) -> pd.DataFrame:
    """Fit a new forecaster at each cutoff on data up to it, and set its forecast beside y.

    `known_future` is what a plan would have said: it is passed whole. Returns unique_id, ds,
    cutoff, step, y, is_stockout, volume (mean in-stock y of the 26 weeks up to the cutoff),
    y_hat, quantiles, model; only (series, week) pairs that the panel holds. A series that
    starts after a cutoff is in that window only as a cold start, where `static` or
    `known_future` names it.
    """
    return backtest_members(
        make_forecaster,
        panel,
        static=static,
        known_future=known_future,
        horizon=horizon,
        n_windows=n_windows,
        step_size=step_size,
    )["all"]


def backtest_members(
    make_forecaster: Callable[[], Any],
    panel: pd.DataFrame,
    *,
    members: tuple[str, ...] = (),
    static: pd.DataFrame | None = None,
    known_future: pd.DataFrame | None = None,
    horizon: int,
    n_windows: int = 3,
    step_size: int = 4,
) -> dict[str, pd.DataFrame]:
    """As `backtest` and, from the same fits, for each of an ensemble's `members` alone.

    Returns the frames by member's name; the whole is called "all".
    """
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in ("all", *members)}
    for cutoff, fitted in _fitted(
        make_forecaster, panel, static, known_future, horizon, n_windows, step_size
    ):
        for name, rows in parts.items():
            made = (fitted if name == "all" else fitted.alone(name)).predict()
            rows.append(beside_actuals(made[made["step"] <= horizon], panel, cutoff))
    return {name: pd.concat(rows, ignore_index=True) for name, rows in parts.items()}


def backtest_cumulative(
    make_forecaster: Callable[[], Any],
    panel: pd.DataFrame,
    *,
    static: pd.DataFrame | None = None,
    known_future: pd.DataFrame | None = None,
    horizon: int,
    periods: tuple[int, ...],
    n_windows: int = 3,
    step_size: int = 4,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """As `backtest`, and from the same fits the sums over the next k weeks for k in `periods`.

    Returns (frame of `backtest`, frame of sums). Sums: unique_id, cutoff, periods, y,
    is_stockout (any of the k weeks), volume, y_hat, quantiles; a sum with a missing week is
    left out.
    """
    weekly, sums = [], []
    for cutoff, forecaster in _fitted(
        make_forecaster, panel, static, known_future, horizon, n_windows, step_size
    ):
        made = forecaster.predict()
        made = made[made["step"] <= horizon]
        beside = beside_actuals(made, panel, cutoff)
        weekly.append(beside)
        sums.append(sums_beside(forecaster.predict_cumulative(periods), beside))
    return pd.concat(weekly, ignore_index=True), pd.concat(sums, ignore_index=True)


def score(
    frame: pd.DataFrame, *, by: str | None = None, cumulative: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Scores of a backtest frame over its in-stock weeks.

    wape, bias, scaled_pinball (mean over the quantile columns), coverage_80 (p10..p90),
    coverage_90 (p05..p95), below_pXX (share of y at or under that quantile), n, n_stockout
    (weeks left out). `by`: "step" or any column of the frame, or "volume_class" (A = the series
    with the first 80 % of volume, B up to 95 %, C the rest); then a dict of such dicts.
    `cumulative` (sums of `backtest_cumulative`) adds their scores as sum_<name>.
    """
    if by == "volume_class":
        frame = frame.assign(volume_class=volume_class(frame))
    if by is not None:
        return {str(key): _scores(part) for key, part in frame.groupby(by)}
    scores = _scores(frame)
    if cumulative is not None:
        scores |= {f"sum_{name}": value for name, value in _scores(cumulative).items()}
    return scores


def volume_class(frame: pd.DataFrame) -> pd.Series:
    """Class A, B or C of each row's series by its share of `volume` (80 %, 95 %, rest)."""
    volume = frame.groupby("unique_id")["volume"].mean().sort_values(ascending=False)
    before = (volume.cumsum() - volume) / max(volume.sum(), 1e-12)
    name = np.select([before < 0.8, before < 0.95], ["A", "B"], "C")
    return frame["unique_id"].map(pd.Series(name, index=volume.index))


def _fitted(
    make_forecaster, panel, static, known_future, horizon, n_windows, step_size
) -> Iterator[tuple[pd.Timestamp, Any]]:
    for cutoff in cutoffs(panel, horizon=horizon, n_windows=n_windows, step_size=step_size):
        past = panel[panel["ds"] <= cutoff]
        yield cutoff, make_forecaster().fit(past, static, known_future)


def beside_actuals(made: pd.DataFrame, panel: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """A forecast made at `cutoff` beside what came: the frame of `backtest` for one window.

    Forecasts of periods that the panel does not hold are left out.
    """
    if "is_stockout" not in panel:
        panel = panel.assign(is_stockout=False)
    actual = panel[["unique_id", "ds", "y", "is_stockout"]]
    recent = (actual["ds"] <= cutoff) & (actual["ds"] > cutoff - pd.Timedelta(weeks=26))
    seen = actual[recent & ~actual["is_stockout"].astype(bool)]
    volume = seen.groupby("unique_id")["y"].mean().rename("volume")
    frame = made.merge(actual, on=["unique_id", "ds"]).merge(
        volume, left_on="unique_id", right_index=True, how="left"
    )
    frame["volume"] = frame["volume"].fillna(0.0)
    first = ["unique_id", "ds", "cutoff", "step", "y", "is_stockout", "volume", "y_hat"]
    return frame[[*first, *frame.columns.difference(first, sort=False)]]


def sums_beside(promised: pd.DataFrame, beside: pd.DataFrame) -> pd.DataFrame:
    """Forecast sums beside the sums that came, the second frame of `backtest_cumulative`.

    `promised` is of `predict_cumulative`, `beside` of `beside_actuals` at the same cutoff.
    """
    parts = []
    for k, sums in promised.groupby("periods"):
        ahead = beside[beside["step"] <= k].groupby("unique_id")
        actual = ahead.agg(
            y=("y", "sum"),
            is_stockout=("is_stockout", "any"),
            volume=("volume", "first"),
            weeks=("y", "count"),
        )
        actual = actual[actual.pop("weeks") == k].reset_index()
        parts.append(sums.merge(actual, on="unique_id"))
    return pd.concat(parts, ignore_index=True)


def _scores(frame: pd.DataFrame) -> dict[str, float]:
    seen = frame[~frame["is_stockout"].astype(bool) & frame["y"].notna()]
    y, columns = seen["y"].to_numpy(float), quantile_columns(seen)
    scores = {
        "wape": wape(y, seen["y_hat"]),
        "bias": bias(y, seen["y_hat"]),
        "scaled_pinball": scaled_pinball(y, {q: seen[name] for q, name in columns.items()})
        if columns
        else float("nan"),
    }
    for name, lo, hi in (("coverage_80", 0.1, 0.9), ("coverage_90", 0.05, 0.95)):
        known = lo in columns and hi in columns
        scores[name] = coverage(y, seen[columns[lo]], seen[columns[hi]]) if known else float("nan")
    for name in columns.values():
        scores[f"below_{name}"] = float(np.mean(y <= seen[name])) if len(y) else float("nan")
    for q, name in columns.items():
        if q >= 0.9:
            scores[f"pinball_{name}"] = pinball(y, seen[name], q)
    return scores | {"n": len(seen), "n_stockout": len(frame) - len(seen)}
