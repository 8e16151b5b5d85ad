"""The metric contract: accuracy by level x class x horizon, in stock, beside the floor.

A figure is only ever given together with its level ("series", an attribute, "total"), the class
of cells it is over and the horizon; all three are columns of every table made here.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ml.columns import quantile_columns
from ml.floor import dispersion, negbin_floor, poisson_floor
from ml.metrics import bias, coverage, scaled_pinball, wape

INTERVALS = {50: (0.25, 0.75), 80: (0.1, 0.9), 90: (0.05, 0.95), 95: (0.025, 0.975)}
# mean periods between two demands above which a series is intermittent (Syntetos & Boylan 2005)
INTERMITTENT_INTERVAL = 1.32
RECENT_WEEKS = 26
ALL = "all"


def series_facts(
    panel: pd.DataFrame, cutoffs: Sequence[pd.Timestamp], *, season: int = 1
) -> tuple[pd.DataFrame, float]:
    """What was known of each series at each cutoff, and the panel's dispersion k at the first.

    `panel`: unique_id, ds, y [, is_stockout]; only in-stock periods count. Returns one row per
    (unique_id, cutoff) of the series that had started: `rate` (mean y of the last 26 weeks, or of
    all there is), `naive_abs` and `naive_sq` (in-sample error of the naive `season` periods back),
    and, fixed at the first cutoff that knows the series: `volume_class` (A = first 80 % of volume,
    B to 95 %, C the rest), `is_top_decile` (top tenth by mean y) and `is_intermittent`.
    """
    seen = _in_stock(panel)
    wide = seen.pivot(index="unique_id", columns="ds", values="y").sort_index(axis=1)
    started = panel.groupby("unique_id")["ds"].min().reindex(wide.index)
    periods = wide.columns
    parts = []
    for cutoff in cutoffs:
        past = wide.loc[(started <= cutoff).to_numpy(), periods <= cutoff]
        y = past.to_numpy(float)
        steps = np.abs(y[:, season:] - y[:, :-season])
        recent = y[:, past.columns > cutoff - pd.Timedelta(weeks=RECENT_WEEKS)]
        ever = _mean(y)
        rate = np.where((~np.isnan(recent)).any(1), _mean(recent), ever)
        parts.append(
            pd.DataFrame(
                {
                    "unique_id": past.index,
                    "cutoff": cutoff,
                    "rate": rate,
                    "naive_abs": _mean(steps),
                    "naive_sq": _mean(steps**2),
                    **_classes(y, ever),
                }
            )
        )
    facts = pd.concat(parts, ignore_index=True)
    classes = ["volume_class", "is_top_decile", "is_intermittent"]
    facts[classes] = facts.groupby("unique_id")[classes].transform("first")
    return facts, dispersion(wide.loc[:, periods <= min(cutoffs)].to_numpy(float), season)


def accuracy(
    frame: pd.DataFrame,
    facts: pd.DataFrame,
    *,
    static: pd.DataFrame | None = None,
    levels: Iterable[str] = (),
    events: pd.DataFrame | None = None,
    k: float = float("inf"),
    by_step: bool = True,
) -> pd.DataFrame:
    """Scores of a backtest frame by level, class and horizon, over in-stock cells only.

    `frame` is that of `ml.backtest.backtest`; `facts` and `k` are of `series_facts`; `levels` name
    columns of `static`; `events` are the (unique_id, ds) of event periods. Classes: all,
    volume_A/B/C, top_decile, intermittent, event; horizon: "all" or one step.

    At a level above the series y and y_hat are summed over the in-stock cells of a period before
    the error is taken; quantiles do not add up, so scaled_pinball and coverage are NaN there.
    rmsse and mase are means over (series, cutoff) and NaN above the series too. `floor_*` is the
    WAPE left if every series' demand were drawn at its rate of the last 26 weeks, Poisson or
    negative binomial with `k`; `over_*` is WAPE over that floor.

    Returns level, segment, horizon, n (cells, or sums of cells), wape, bias, rmsse, mase,
    scaled_pinball, coverage_50/80/90/95, floor_poisson, floor_negbin, over_poisson, over_negbin.
    Raises ValueError for a level that `static` does not have.
    """
    cells = _in_stock(frame).merge(facts, on=["unique_id", "cutoff"], how="left")
    levels = tuple(levels)
    if levels:
        if static is None or (missing := [name for name in levels if name not in static]):
            raise ValueError(f"levels {missing if static is not None else levels} are not static")
        groups = static.set_index("unique_id").add_prefix("_level_")
        cells = cells.join(groups[[f"_level_{name}" for name in levels]], on="unique_id")
    cells = _with_floors(cells.assign(_square=cells["rate"] ** 2), k)
    segments = _segments(cells, events)
    rows = []
    for segment, chosen in segments.items():
        inside = cells[chosen]
        for level in ("series", *levels, "total"):
            at_level = _at_level(inside, level, k)
            horizons = [(ALL, at_level)]
            if by_step:
                horizons += [(str(step), part) for step, part in at_level.groupby("step")]
            rows += [
                {"level": level, "segment": segment, "horizon": horizon, **_scores(part, level)}
                for horizon, part in horizons
            ]
    return pd.DataFrame(rows)


def sum_coverage(sums: pd.DataFrame) -> pd.DataFrame:
    """Coverage of the sums of `ml.backtest.backtest_cumulative`, level series, by `periods`."""
    seen = _in_stock(sums)
    return pd.DataFrame(
        {
            "level": "series",
            "periods": periods,
            "n": len(part),
            "wape": wape(part["y"], part["y_hat"]),
            "bias": bias(part["y"], part["y_hat"]),
            **_quantile_scores(part),
        }
        for periods, part in seen.groupby("periods")
    )


def _in_stock(frame: pd.DataFrame) -> pd.DataFrame:
    seen = frame["y"].notna()
    if "is_stockout" in frame:
        seen &= ~frame["is_stockout"].fillna(False).astype(bool)
    return frame[seen]


def _classes(y: np.ndarray, mean: np.ndarray) -> dict[str, np.ndarray]:
    volume = np.nan_to_num(mean)
    order = np.argsort(-volume, kind="stable")
    before = np.empty(len(volume))
    before[order] = (np.cumsum(volume[order]) - volume[order]) / max(volume.sum(), 1e-12)
    rank = np.empty(len(volume))
    rank[order] = np.arange(len(volume))
    counts, demands = (~np.isnan(y)).sum(1), (np.nan_to_num(y) > 0).sum(1)
    return {
        "volume_class": np.select([before < 0.8, before < 0.95], ["A", "B"], "C"),
        "is_top_decile": rank < max(1, round(len(volume) / 10)),
        "is_intermittent": counts > INTERMITTENT_INTERVAL * demands,
    }


def _segments(cells: pd.DataFrame, events: pd.DataFrame | None) -> dict[str, np.ndarray]:
    found = {ALL: np.ones(len(cells), bool)}
    for name in ("A", "B", "C"):
        found[f"volume_{name}"] = (cells["volume_class"] == name).to_numpy()
    for name in ("top_decile", "intermittent"):
        found[name] = cells[f"is_{name}"].fillna(False).to_numpy(bool)
    if events is not None:
        keys = pd.MultiIndex.from_frame(events[["unique_id", "ds"]])
        found["event"] = pd.MultiIndex.from_frame(cells[["unique_id", "ds"]]).isin(keys)
    return {name: chosen for name, chosen in found.items() if chosen.any()}


def _at_level(cells: pd.DataFrame, level: str, k: float) -> pd.DataFrame:
    """Cells, or their sums per period, each with its floors in units."""
    if level == "series":
        return cells
    keys = ["cutoff", "ds", "step", *([] if level == "total" else [f"_level_{level}"])]
    sums = cells.groupby(keys, dropna=False)[["y", "y_hat", "rate", "_square"]].sum()
    return _with_floors(sums.reset_index(), k)


def _with_floors(cells: pd.DataFrame, k: float) -> pd.DataFrame:
    rate = cells["rate"].to_numpy(float)
    # independent counts: the variances rate + rate^2 / k of the parts add up
    together = np.full(len(rate), np.inf)
    if np.isfinite(k):
        square = cells["_square"].to_numpy(float)
        np.divide(k * rate**2, square, out=together, where=square > 0)
    return cells.assign(
        _poisson=poisson_floor(rate), _negbin=negbin_floor(rate, np.maximum(together, 1e-9))
    )


def _scores(cells: pd.DataFrame, level: str) -> dict[str, float]:
    rate = cells["rate"].sum()
    floors = {
        name: float(cells[f"_{name}"].sum() / rate) if rate > 0 else float("nan")
        for name in ("poisson", "negbin")
    }
    error = wape(cells["y"], cells["y_hat"])
    nothing = dict.fromkeys(
        ["rmsse", "mase", "scaled_pinball", *(f"coverage_{name}" for name in INTERVALS)],
        float("nan"),
    )
    alone = _scaled_errors(cells) | _quantile_scores(cells) if level == "series" else nothing
    return {
        "n": len(cells),
        "wape": error,
        "bias": bias(cells["y"], cells["y_hat"]),
        **alone,
        **{f"floor_{name}": value for name, value in floors.items()},
        **{
            f"over_{name}": error / value if value > 0 else float("nan")
            for name, value in floors.items()
        },
    }


def _scaled_errors(cells: pd.DataFrame) -> dict[str, float]:
    """Means over (series, cutoff); those whose naive never erred cannot be scaled."""
    error = (cells["y_hat"] - cells["y"]).to_numpy(float)
    kept = cells.assign(_abs=np.abs(error), _sq=error**2)
    per = kept.groupby(["unique_id", "cutoff"])[["_abs", "_sq", "naive_abs", "naive_sq"]].mean()
    per = per[(per["naive_abs"] > 0) & (per["naive_sq"] > 0)]
    return {
        "rmsse": float(np.sqrt(per["_sq"] / per["naive_sq"]).mean()),
        "mase": float((per["_abs"] / per["naive_abs"]).mean()),
    }


def _quantile_scores(cells: pd.DataFrame) -> dict[str, float]:
    columns, y = quantile_columns(cells), cells["y"].to_numpy(float)
    made = {q: cells[name].to_numpy(float) for q, name in columns.items()}
    scores = {"scaled_pinball": scaled_pinball(y, made) if made else float("nan")}
    for name, (lo, hi) in INTERVALS.items():
        known = lo in made and hi in made
        scores[f"coverage_{name}"] = coverage(y, made[lo], made[hi]) if known else float("nan")
    return scores


def _mean(values: np.ndarray) -> np.ndarray:
    """Row means over what is seen; NaN where nothing is."""
    counts = (~np.isnan(values)).sum(1)
    return np.where(counts > 0, np.nansum(values, 1) / np.maximum(counts, 1), np.nan)
