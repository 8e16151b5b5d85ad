"""What a frequency means: how many periods make a year, a cycle, a memory."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

YEAR_WEEKS = 52


@dataclass(frozen=True)
class Rhythm:
    """Lengths in periods of one frequency.

    `season` a year of whole weeks, `cycle` the shorter one within it (7 days, or 1 for none),
    `scale` the memory of a series' scale, `least` what a series must show before a model is
    trusted with it, `windows` those of rolling statistics, `level` that of the classical level,
    `recent` the naive's, `memory` what a sequence model reads, `learn` the shortest history that
    members are trained on, `held_out` and `held_out_step` the origins kept for calibration,
    `stride` how often the pooled season is learnt anew.
    """

    season: int
    cycle: int
    scale: int
    least: int
    windows: tuple[int, ...]
    level: int
    recent: int
    memory: int
    learn: int
    held_out: int
    held_out_step: int
    stride: int

    @property
    def per_week(self) -> int:
        """Periods in a week."""
        return self.season // YEAR_WEEKS

    @classmethod
    def of(cls, freq: str) -> "Rhythm":
        """Weekly ("W-MON", ...) or daily ("D"). Raises ValueError for anything else."""
        if freq.startswith("W"):
            return cls(52, 1, 53, 8, (4, 8, 13, 26, 52), 13, 8, 52, 30, 12, 2, 4)
        if freq == "D":
            return cls(364, 7, 371, 21, (7, 14, 28, 91, 364), 56, 28, 70, 84, 28, 7, 28)
        raise ValueError(f"freq must be weekly, such as 'W-MON', or 'D' for daily, got {freq!r}")

    def year_phase(self, dates: pd.DatetimeIndex) -> np.ndarray:
        """Week of the year of each date, 0 to 51."""
        return np.minimum(dates.isocalendar().week.to_numpy(int), YEAR_WEEKS) - 1

    def cycle_phase(self, dates: pd.DatetimeIndex) -> np.ndarray:
        """Place of each date in the short cycle: the weekday for days, else 0."""
        return dates.dayofweek.to_numpy(int) if self.cycle == 7 else np.zeros(len(dates), int)
