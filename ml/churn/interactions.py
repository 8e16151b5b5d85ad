"""The last 30 days of a customer's interactions, purchases and talks, as numbers at a day."""

import numpy as np
import pandas as pd

from ml.churn.timeline import KEYS
from ml.columns import FEAT_CUSTOMER_TALKS

WINDOW_DAYS = 30
_COUNTS = ("talks_7d", "talks_15d", "talks_30d", "messages_30d")
TALK_NUMBERS = (*_COUNTS, "days_since_talk", "talk_pace")
# who has not talked for this long counts as silent ever since
_LONGEST_DAYS = 180.0


def talk_numbers(slices: pd.DataFrame, talks: pd.DataFrame) -> pd.DataFrame:
    """Talks of each row's customer in the 30 days that end with as_of, in the order of `slices`.

    `slices`: customer_id, as_of (more columns are ignored). `talks`: feat_customer_talks, of which
    only rows with ds <= as_of are read. Returns customer_id, as_of and TALK_NUMBERS: talks in 7,
    15 and 30 days, messages in 30, days since the last talk (at most 180), and the talks of 30
    days against what the customer's own months before had on average. All nan for customers
    without a talk by then: their contact, if they have one, is not known to be theirs.
    Raises ValueError when `talks` breaks its contract.
    """
    FEAT_CUSTOMER_TALKS.check(talks)
    table = slices[KEYS].reset_index(drop=True)
    table[list(TALK_NUMBERS)] = np.nan
    for as_of, rows in table.groupby("as_of", sort=False):
        known = talks[talks["ds"] <= as_of]
        age = (as_of - known["ds"]).dt.days
        counted = known.assign(
            age=age,
            talks_7d=known["chats"].where(age < 7, 0.0),
            talks_15d=known["chats"].where(age < 15, 0.0),
            talks_30d=known["chats"].where(age < WINDOW_DAYS, 0.0),
            messages_30d=known["messages"].where(age < WINDOW_DAYS, 0.0),
        )
        by = counted.groupby("customer_id")
        found = by[list(_COUNTS)].sum()
        found["days_since_talk"] = by["age"].min().clip(upper=_LONGEST_DAYS).astype(float)
        months_before = (by["age"].max() - WINDOW_DAYS).clip(lower=0) / WINDOW_DAYS
        a_month = (by["chats"].sum() - found["talks_30d"] + 0.5) / (months_before + 1)
        found["talk_pace"] = np.log((found["talks_30d"] + 0.5) / a_month)
        table.loc[rows.index, list(TALK_NUMBERS)] = found.reindex(rows["customer_id"])[
            list(TALK_NUMBERS)
        ].to_numpy()
    return table
