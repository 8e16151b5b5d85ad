"""Did as much land as on such days before? Rows per shop against the same weekday and phase."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitoring.control import robust_sd
from monitoring.verdict import Verdict

NAME = "landed_volume"


@dataclass(frozen=True)
class VolumeLimits:
    """A shop's rows of a day against the median of up to `weeks` earlier same weekdays of the
    same phase (in a festival's peak or not).

    Red when below `lowest` or above `highest` of it and also more than `sigmas` robust standard
    deviations of the log away (of at least `floor_sd`). Fewer than `floor_days` such days are
    filled up with all other days of the last `weeks` weeks, whatever their weekday. Expected rows
    below `floor_rows`, or fewer than `floor_days` days in all, are not judged. A peak may exceed
    its past by any factor.
    """

    weeks: int = 8
    lowest: float = 0.4
    highest: float = 4.0
    sigmas: float = 4.0
    floor_sd: float = 0.15
    floor_rows: float = 30.0
    floor_days: int = 3


def landed_volume(
    rows: pd.DataFrame,
    day: pd.Timestamp,
    *,
    peaks: pd.Series | None = None,
    limits: VolumeLimits | None = None,
) -> tuple[Verdict, pd.DataFrame]:
    """Verdict "landed_volume" on `day`, and one row per shop: shop, rows, expected, ratio, is_red.

    `rows`: index of days, one column per shop, rows that landed; a day that is missing landed
    nothing for anybody. `peaks`: whether a day is in a festival's peak, by day.
    """
    limits = limits or VolumeLimits()
    day = pd.Timestamp(day)
    first = day - pd.Timedelta(weeks=limits.weeks)
    days = pd.date_range(first, day)
    started = rows.index.min() if len(rows) else day
    table = rows.reindex(days, fill_value=0.0).to_numpy(float)
    lived = np.asarray(days[:-1] >= started)
    peak = np.zeros(len(days), bool)
    if peaks is not None:
        peak = np.asarray(days.isin(peaks.index[peaks.to_numpy(bool)]))
    same_phase = peak[:-1] == peak[-1]
    weekday = np.asarray(days[:-1].dayofweek == day.dayofweek)
    wanted = lived & same_phase & weekday
    if wanted.sum() < limits.floor_days:
        wanted = lived & same_phase
    if peak[-1] and wanted.sum() < limits.floor_days:
        wanted = lived & weekday  # no earlier peak is known: at least an ordinary day's rows
    n_days = int(wanted.sum())
    if n_days < limits.floor_days or not rows.shape[1]:
        told = f"too few earlier days to compare with, not judged: {n_days} of {limits.floor_days}"
        return Verdict(NAME, True, told, {"n_days": n_days}), pd.DataFrame(
            columns=["shop", "rows", "expected", "ratio", "is_red"]
        )
    past, now = table[:-1][wanted], table[-1]
    expected = np.median(past, axis=0)
    gap = np.log((past + 1) / (expected + 1))
    sd = np.array([max(robust_sd(column), limits.floor_sd) for column in gap.T])
    ratio = (now + 1) / (expected + 1)
    far = np.abs(np.log(ratio)) > limits.sigmas * sd
    odd = (ratio < limits.lowest) | ((ratio > limits.highest) & ~peak[-1])
    # nothing at all is never chance where rows were expected
    is_red = (expected >= limits.floor_rows) & ((far & odd) | (now == 0))
    found = pd.DataFrame(
        {
            "shop": rows.columns.astype(str),
            "rows": now,
            "expected": expected,
            "ratio": ratio,
            "is_red": is_red,
        }
    ).sort_values(["is_red", "expected"], ascending=False, ignore_index=True)
    red = found[found["is_red"]]
    numbers = {
        "n_shops": len(found),
        "n_red": len(red),
        "rows": float(now.sum()),
        "expected_rows": float(expected.sum()),
    }
    what = "; ".join(
        f"{row.shop}: {row.rows:,.0f} rows, expected {row.expected:,.0f}"
        for row in red.head(5).itertuples()
    )
    told = f"{now.sum():,.0f} rows landed, expected {expected.sum():,.0f} ({n_days} such days)"
    return Verdict(NAME, red.empty, what or told, numbers), found
