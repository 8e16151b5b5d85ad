"""Whether an order log reaches to the end of an outcome window: who did not buy, or is not seen."""

import math

import numpy as np
import pandas as pd

from ml.churn.order_log import OrderLog

DAY = pd.Timedelta(days=1)
# a log of daily purchases may well have had none on its last two days: a weekend
LEAST_SILENCE_DAYS = 2
# what follows a silence of a month and is under a hundredth of all lines are wrongly dated lines
MONTH_DAYS, STRAY_SHARE = 30, 0.01


def check_outcome_seen(log: OrderLog, cut: pd.Timestamp, outcome_days: int) -> str:
    """A warning where the last days of the window have no purchases, empty where all is seen.

    A log may end before the window does by the silence usual in it: all but a hundredth of its
    gaps between days with a purchase are no longer (two days at least). Lines dated far ahead do
    not lengthen a log. Raises ValueError where more is missing, as nobody could be said not to
    have bought.
    """
    days = _days(log)
    last, usual = days[-1], _usual_gap(days)
    unseen = min((cut + DAY * (outcome_days - 1) - last).days, outcome_days)
    if unseen <= 0:
        return ""
    seen = outcome_days - unseen
    said = (
        f"the log ends on {last:%Y-%m-%d}, only {seen} of {outcome_days} outcome days from "
        f"{cut:%Y-%m-%d} on are seen"
    )
    if unseen > usual or not seen:
        latest = last - DAY * (outcome_days - 1)
        raise ValueError(f"{said}; cut at {latest:%Y-%m-%d} or earlier, or look ahead fewer days")
    return f"{said}; no longer a silence than is usual in it, so counted as days without a purchase"


def _days(log: OrderLog) -> np.ndarray:
    """Days with any line, ascending, without wrongly dated ones at the end."""
    lines = pd.concat([log.events.groupby("ds")["qty"].sum(), log.returns.groupby("ds").size()])
    lines = lines.groupby(level=0).sum().sort_index()
    days = lines.index
    gaps = np.diff(days) // DAY
    left = 1 - lines.cumsum().to_numpy() / lines.sum()
    ends = np.flatnonzero((gaps > max(MONTH_DAYS, _usual_gap(days))) & (left[:-1] < STRAY_SHARE))
    return days[: ends[0] + 1] if len(ends) else days


def _usual_gap(days: pd.DatetimeIndex) -> int:
    gaps = np.diff(days) // DAY
    return max(LEAST_SILENCE_DAYS, math.ceil(np.quantile(gaps, 0.99)) if len(gaps) else 0)
