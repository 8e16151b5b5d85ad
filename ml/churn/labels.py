"""Says who was gone: no purchase within the outcome window after a slice's last visible day."""

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


def churn_labels(
    slices: pd.DataFrame,
    events: pd.DataFrame,
    *,
    outcome_days: int,
    last_day: pd.Timestamp,
) -> pd.DataFrame:
    """Label every (customer_id, as_of) whose outcome is already known.

    `slices`: customer_id, as_of (more columns are ignored). `events`: feat_customer_events.
    `is_churned` is true when no purchase day lies in (as_of, as_of + outcome_days]. The last day of
    that window is `known_on`; slices with known_on after `last_day` (the last day with complete
    data) are censored and left out, and purchases after `last_day` are not looked at.

    Returns customer_id, as_of, is_churned, known_on, sorted by as_of and customer_id.
    Raises ValueError when outcome_days < 1 or a frame does not keep its contract.
    """
    if outcome_days < 1:
        raise ValueError(f"outcome_days is {outcome_days}, it must be at least 1")
    last_day = pd.Timestamp(last_day)
    labels = SLICES.check(slices)[KEYS].copy()
    labels["known_on"] = labels["as_of"] + pd.Timedelta(days=outcome_days)
    labels = labels[labels["known_on"] <= last_day].sort_values(
        ["as_of", "customer_id"], ignore_index=True
    )
    waited = Timeline.of(days_visible(events, last_day)).days_until_next(labels)
    labels["is_churned"] = waited > outcome_days
    return labels[[*KEYS, "is_churned", "known_on"]]
