"""Are matured demand forecasts as good as the backtest promised? The alarm that retrains."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitoring.verdict import Verdict


@dataclass(frozen=True)
class ErrorLimits:
    """Control limits, all set against the backtest that promoted the model.

    WAPE: backtest mean + `sigmas` standard deviations over its windows, at least
    `wape_ratio` times the mean. Bias: the same band around the backtest's, at least
    `bias_band` wide. Coverage of p05..p95: at most `coverage_drop` below the backtest's.
    Fewer in-stock rows than `floor_rows` or fewer weeks than `floor_weeks` are not judged.
    """

    sigmas: float = 3.0
    wape_ratio: float = 1.25
    bias_band: float = 0.15
    coverage_drop: float = 0.10
    floor_rows: int = 100
    floor_weeks: int = 2


@dataclass(frozen=True)
class CusumLimits:
    """Two-sided CUSUM per product on scaled errors: allowance `slack`, decision limit `height`
    (both in standard deviations); red when `share` of the products that make up `volume` of
    demand have tripped. Judged from `floor_weeks` matured weeks and `floor_products` on. The
    standard deviation is that of the backtest's first `near_steps` steps.

    A fifth: on 20 sandbox shops (benchmarks.loop) 15 % asked for twice as many false retrains, and
    found no change earlier; `demand_shift` finds these first.
    """

    slack: float = 0.5
    height: float = 6.0
    share: float = 0.20
    volume: float = 0.90
    floor_weeks: int = 4
    floor_products: int = 10
    near_steps: int = 4


def forecast_error(
    matured: pd.DataFrame, reference: pd.DataFrame, *, limits: ErrorLimits | None = None
) -> Verdict:
    """Verdict "forecast_error": WAPE, bias and coverage of matured forecasts.

    Both frames: unique_id, ds, cutoff, step, y, is_stockout, y_hat [, p05, p95];
    `reference` is the backtest of the model that made the forecasts. Stock-out weeks are left
    out. The backtest is weighted to the matured steps, so that one-week-ahead forecasts are
    not measured against thirteen-week ones. Numbers: wape, wape_limit, wape_reference, bias,
    coverage_90, ..., and wape_step_<k> per step.
    """
    limits = limits or ErrorLimits()
    name = "forecast_error"
    now = _in_stock(matured)
    n_weeks = int(now["ds"].nunique())
    numbers: dict[str, float] = {"n_rows": len(now), "n_weeks": n_weeks}
    if len(now) < limits.floor_rows or n_weeks < limits.floor_weeks:
        return Verdict(
            name,
            True,
            f"too few matured forecasts, not judged: {len(now)} in-stock rows over {n_weeks} "
            f"weeks of {limits.floor_rows} rows over {limits.floor_weeks} weeks needed",
            numbers,
        )
    past = _in_stock(reference)
    past = past[past["step"].isin(now["step"].unique())]
    if past.empty or past["y"].sum() <= 0 or now["y"].sum() <= 0:
        return Verdict(name, True, "nothing sold to compare with, not judged", numbers)

    by_step = _sums(now, ["step"])
    weight = by_step["y"] / by_step["y"].sum()
    numbers["wape"] = float(by_step["error"].sum() / by_step["y"].sum())
    numbers["bias"] = float(by_step["signed"].sum() / by_step["y"].sum())
    for step, row in by_step[by_step["y"] > 0].iterrows():
        numbers[f"wape_step_{step}"] = float(row["error"] / row["y"])
    windows = _sums(past, ["cutoff", "step"])
    windows = windows[windows["y"] > 0]
    problems = []

    mean, sd = _over_windows(windows["error"] / windows["y"], weight)
    limit = max(mean + limits.sigmas * sd, mean * limits.wape_ratio)
    numbers |= {"wape_reference": mean, "wape_reference_sd": sd, "wape_limit": limit}
    if numbers["wape"] > limit:
        problems.append(f"WAPE {numbers['wape']:.1%} is above its limit {limit:.1%}")

    centre, sd = _over_windows(windows["signed"] / windows["y"], weight)
    band = max(limits.sigmas * sd, limits.bias_band)
    numbers |= {"bias_reference": centre, "bias_band": band}
    if abs(numbers["bias"] - centre) > band:
        problems.append(
            f"bias {numbers['bias']:+.1%} is outside {centre - band:+.1%} .. {centre + band:+.1%}"
        )

    if {"p05", "p95"} <= set(now) & set(past):
        covered = [float(f["y"].between(f["p05"], f["p95"]).mean()) for f in (now, past)]
        lowest = min(covered[1], 0.9) - limits.coverage_drop
        numbers |= {
            "coverage_90": covered[0],
            "coverage_90_reference": covered[1],
            "coverage_90_limit": lowest,
        }
        if covered[0] < lowest:
            problems.append(f"the 90 % interval held {covered[0]:.1%}, limit {lowest:.1%}")

    told = (
        f"WAPE {numbers['wape']:.1%} (backtest {mean:.1%}, limit {limit:.1%}), "
        f"bias {numbers['bias']:+.1%} over {n_weeks} weeks"
    )
    return Verdict(name, not problems, "; ".join(problems) or told, numbers)


def bias_cusum(
    matured: pd.DataFrame, reference: pd.DataFrame, *, limits: CusumLimits | None = None
) -> Verdict:
    """Verdict "bias_cusum": share of the large products whose demand has left its forecast.

    Error = y - y_hat of the shortest step per product and week, less the backtest's mean
    error of that product, in its backtest standard deviations (at least the square root of
    its mean demand, the Poisson spread). A stock-out week leaves the sums as they are,
    and so does a festival's (`is_event`, where told): a backtest holds too few of these.
    Catches growth, to which WAPE is blind. Page (1954), two-sided CUSUM.
    """
    limits = limits or CusumLimits()
    name = "bias_cusum"
    past, now = _outside_festivals(_in_stock(reference)), _outside_festivals(_in_stock(matured))
    volume = past.groupby("unique_id")["y"].sum().sort_values(ascending=False, kind="stable")
    large = volume.index[(volume.cumsum() - volume) < limits.volume * volume.sum()]
    past, now = (frame[frame["unique_id"].isin(large)] for frame in (past, now))
    now = now.sort_values(["unique_id", "ds", "step"]).drop_duplicates(["unique_id", "ds"])
    n_weeks, n_products = int(now["ds"].nunique()), int(now["unique_id"].nunique())
    numbers: dict[str, float] = {"n_weeks": n_weeks, "n_products": n_products}
    if n_weeks < limits.floor_weeks or n_products < limits.floor_products:
        return Verdict(
            name,
            True,
            f"too little matured, not judged: {n_weeks} weeks of {n_products} products, needed "
            f"are {limits.floor_weeks} weeks of {limits.floor_products}",
            numbers,
        )
    past = past[past["step"] <= max(now["step"].max(), limits.near_steps)]
    error = (past["y"] - past["y_hat"]).groupby(past["unique_id"])
    demand = past.groupby("unique_id")["y"].mean()
    spread = np.maximum(error.std().fillna(0.0), np.sqrt(demand.clip(lower=0.1)))
    scaled = (now["y"] - now["y_hat"] - now["unique_id"].map(error.mean())) / now["unique_id"].map(
        spread
    )
    weeks = scaled.to_frame("z").assign(ds=now["ds"], unique_id=now["unique_id"])
    table = weeks.pivot(index="ds", columns="unique_id", values="z").sort_index()
    up = down = np.zeros(table.shape[1])
    tripped_up = tripped_down = np.zeros(table.shape[1], bool)
    for z in table.to_numpy():
        known = ~np.isnan(z)
        up = np.where(known, np.maximum(0.0, up + z - limits.slack), up)
        down = np.where(known, np.maximum(0.0, down - z - limits.slack), down)
        tripped_up, tripped_down = up > limits.height, down > limits.height
    share = float((tripped_up | tripped_down).mean())
    numbers |= {
        "tripped_share": share,
        "tripped_share_limit": limits.share,
        "above_forecast_share": float(tripped_up.mean()),
        "below_forecast_share": float(tripped_down.mean()),
    }
    told = (
        f"{share:.1%} of {n_products} products left their forecast (limit {limits.share:.0%}): "
        f"{tripped_up.mean():.1%} sell more, {tripped_down.mean():.1%} less, over {n_weeks} weeks"
    )
    return Verdict(name, share < limits.share, told, numbers)


def _in_stock(frame: pd.DataFrame) -> pd.DataFrame:
    keep = frame["y"].notna() & frame["y_hat"].notna()
    if "is_stockout" in frame:
        keep &= ~frame["is_stockout"].fillna(False).astype(bool)
    return frame[keep]


def _outside_festivals(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[~frame["is_event"].astype(bool)] if "is_event" in frame else frame


def _sums(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    signed = frame["y_hat"] - frame["y"]
    return (
        frame[by]
        .assign(y=frame["y"], signed=signed, error=signed.abs())
        .groupby(by)[["y", "signed", "error"]]
        .sum()
    )


def _over_windows(ratio: pd.Series, weight: pd.Series) -> tuple[float, float]:
    """Mean and standard deviation over backtest windows of a step-weighted ratio."""
    table = ratio.unstack("step").reindex(columns=weight.index)
    weights = table.notna() * weight
    windows = (table.fillna(0.0) * weights).sum(axis=1) / weights.sum(axis=1).replace(0, np.nan)
    windows = windows.dropna()
    return float(windows.mean()), float(windows.std(ddof=1)) if len(windows) > 1 else 0.0
