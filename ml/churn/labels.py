"""Says who was gone: no purchase within the outcome window after a slice's last visible day."""

import numpy as np
import pandas as pd

from ml.churn.timeline import KEYS, Timeline, days_visible
from ml.columns import FrameSpec

SLICES = FrameSpec(
    "slices", {"customer_id": "text", "as_of": "date"}, grain=("customer_id", "as_of")
)
LABELS = FrameSpec(
    "churn_labels",
    {"customer_id": "text", "as_of": "date", "is_churned": "flag", "known_on": "date"},
    grain=("customer_id", "as_of"),
)
_CYCLES = 2.0
_CYCLE_BOUNDS = (30, 180)


def cycle_days(features: pd.DataFrame) -> np.ndarray:
    """The outcome window that follows each household's own rhythm, (n,) whole days.

    Two expected gaps (feat_customer), the silence after which a customer counts as out of reach,
    at least 30 and at most 180 days.
    """
    days = np.ceil(_CYCLES * features["expected_gap_days"].to_numpy(float))
    return np.clip(days, *_CYCLE_BOUNDS).astype(int)


def churn_labels(
    slices: pd.DataFrame,
    events: pd.DataFrame,
    *,
    outcome_days: int | np.ndarray,
    last_day: pd.Timestamp,
    gap_days: int = 0,
) -> pd.DataFrame:
    """Label every (customer_id, as_of) whose outcome is already known.

    `slices`: customer_id, as_of (more columns are ignored). `events`: feat_customer_events.
    `outcome_days`: one window for all, or one per row of `slices` (see `cycle_days`).
    `is_churned` is true when no purchase day lies in the `outcome_days` that begin `gap_days`
    after as_of. The last day of that window is `known_on`; slices with known_on after `last_day`
    (the last day with complete data) are censored and left out, those who have bought by then
    like those who have not, and purchases after `last_day` are not looked at.

    Returns customer_id, as_of, is_churned, known_on, sorted by as_of and customer_id.
    Raises ValueError when a window is shorter than a day, the gap is negative or a frame does not
    keep its contract.
    """
    if np.min(outcome_days, initial=1) < 1:
        raise ValueError(f"outcome_days is {np.min(outcome_days)}, it must be at least 1")
    if gap_days < 0:
        raise ValueError(f"gap_days is {gap_days}, it must not be negative")
    last_day = pd.Timestamp(last_day)
    labels = SLICES.check(slices)[KEYS].copy()
    labels["window"] = outcome_days
    labels["opens"] = labels["as_of"] + pd.Timedelta(days=gap_days)
    labels["known_on"] = labels["opens"] + pd.to_timedelta(labels["window"], unit="D")
    labels = labels[labels["known_on"] <= last_day].sort_values(
        ["as_of", "customer_id"], ignore_index=True
    )
    asked = labels[["customer_id", "opens"]].rename(columns={"opens": "as_of"})
    waited = Timeline.of(days_visible(events, last_day)).days_until_next(asked)
    labels["is_churned"] = waited > labels["window"].to_numpy()
    return labels[[*KEYS, "is_churned", "known_on"]]
