"""Rolling arithmetic over series-by-period matrices in which unseen periods do not count."""

import numpy as np


def window_sum(values: np.ndarray, width: int) -> np.ndarray:
    """Sum of the last `width` columns up to each column, N x T."""
    total = np.cumsum(values, axis=1, dtype=float)
    before = np.zeros_like(total)
    before[:, width:] = total[:, :-width]
    return total - before


def window_mean(values: np.ndarray, seen: np.ndarray, width: int) -> np.ndarray:
    """Mean of the seen values among the last `width` columns; NaN where none was seen."""
    count = window_sum(seen, width)
    total = window_sum(np.where(seen, values, 0.0), width)
    return np.where(count > 0, np.maximum(total, 0) / np.maximum(count, 1), np.nan)


def smooth(values: np.ndarray, seen: np.ndarray, alpha: float) -> np.ndarray:
    """Exponential smoothing over seen values; NaN before the first."""
    out = np.full(values.shape, np.nan)
    level = np.full(len(values), np.nan)
    for period in range(values.shape[1]):
        now = values[:, period]
        moved = np.where(np.isnan(level), now, level + alpha * (now - level))
        level = np.where(seen[:, period], moved, level)
        out[:, period] = level
    return out


def row_mean(columns: list[np.ndarray]) -> np.ndarray:
    """Mean over equally long vectors, element by element, leaving NaN out."""
    stacked = np.stack(columns)
    seen = ~np.isnan(stacked)
    count = seen.sum(0)
    return np.where(count > 0, np.where(seen, stacked, 0).sum(0) / np.maximum(count, 1), np.nan)
