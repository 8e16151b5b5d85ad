"""Training rows: which (series, origin, step) a global model learns from, and their weights."""

from dataclasses import dataclass

import numpy as np

from ml.demand.features import FeatureTables

# of 1.5, 3 and 6, on earlier windows of VN2, Dominick's, Online Retail and two generated shops: 3
# in place of 1.5 moves WAPE by -0.8, -3.1, +0.8, -1.4 and -1.5 %, 6 is worse on the shops
ROWS_PER_CELL = 3.0
MIN_ROWS, MAX_ROWS = 20_000, 400_000
DRAWN_TOO_OFTEN = 1.15


@dataclass(frozen=True)
class Rows:
    """Training rows: series, origin and step indices, scaled target, scale and weight."""

    series: np.ndarray
    origin: np.ndarray
    step: np.ndarray
    target: np.ndarray
    scale: np.ndarray
    decay: np.ndarray


def row_budget(tables: FeatureTables, last: int) -> int:
    """Rows worth learning from: a few per seen demand, within what one machine can take."""
    cells = int(tables.count[:, last].sum())
    return int(np.clip(ROWS_PER_CELL * cells, MIN_ROWS, MAX_ROWS))


def training_rows(
    tables: FeatureTables,
    *,
    last: int,
    horizon: int,
    max_rows: int,
    half_life_weeks: float,
    seed: int,
) -> Rows:
    """Sample (series, origin, step) rows whose target is seen and not after `last`.

    Weights halve every `half_life_weeks` before `last`. Deterministic for a seed.
    """
    least = tables.rhythm.least
    series, target = np.nonzero(tables.seen[:, : last + 1])
    everything = len(series) * horizon
    if everything > max_rows * DRAWN_TOO_OFTEN:
        rng = np.random.default_rng(seed)
        wanted = int(max_rows * DRAWN_TOO_OFTEN)
        drawn = np.sort(rng.choice(everything, wanted, replace=False, shuffle=False))
    else:
        drawn = np.arange(everything)
    series, target = series[drawn // horizon], target[drawn // horizon]
    step = drawn % horizon + 1
    origin = target - step
    first = min(least, max(last - 1, 0)) - 1
    kept = np.nonzero(origin >= first)[0]
    kept = kept[tables.count[series[kept], origin[kept]] >= least // 2]
    kept = kept[_is_selling(tables, series[kept], origin[kept])]
    if len(kept) > max_rows:
        kept = np.sort(np.random.default_rng(seed).permutation(kept)[:max_rows])
    series, origin, step = series[kept], origin[kept], step[kept]
    scale = tables.scale[series, origin]
    return Rows(
        series=series,
        origin=origin,
        step=step,
        target=tables.history.y[series, origin + step] / scale,
        scale=scale,
        decay=decay(tables, origin + step, last=last, half_life_weeks=half_life_weeks),
    )


def decay(
    tables: FeatureTables, target: np.ndarray, *, last: int, half_life_weeks: float
) -> np.ndarray:
    """Weight of target periods by their age: 1 at `last`, half of that `half_life_weeks` before."""
    age_weeks = (last - target) / tables.rhythm.per_week
    return 0.5 ** (age_weeks / half_life_weeks)


def _is_selling(tables: FeatureTables, series: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Some demand in the year up to each row's origin, as `FeatureTables.is_selling`."""
    total = np.concatenate([np.zeros((tables.n_series, 1)), np.cumsum(tables.filled, 1)], 1)
    first = np.maximum(origin - tables.rhythm.season + 1, 0)
    return total[series, origin + 1] - total[series, first] > 0
