"""How old a customer's baby is at a day, from what told of its birth by then."""

import numpy as np
import pandas as pd

from ml.churn.timeline import KEYS
from ml.columns import FEAT_CUSTOMER_BIRTHS

BABY_NUMBERS = ("baby_age_months", "baby_age_confidence")
YOUNGEST, OLDEST = -10, 72  # months; before birth below zero
_CLOSE_MONTHS = 3
# log likelihood of a purchase one edge, two edges and further beyond the ages of use
_BEYOND = (-0.7, -1.6, -3.0)
_TOLD_WEIGHT = 5.0
# what was bought a year ago tells less: it may have been for an older child
_FADE_DAYS = 365.0
_LEAST_TOLD = 0.1
_CUSTOMERS_AT_ONCE = 100_000


def baby_ages(slices: pd.DataFrame, births: pd.DataFrame) -> pd.DataFrame:
    """The age of the baby that each row's customer buys for, in the row order of `slices`.

    `slices`: customer_id, as_of (more columns are ignored). `births`: feat_customer_births, of
    which only rows with ds <= as_of are read. Returns customer_id, as_of, baby_age_months (below
    zero before birth) and baby_age_confidence (chance to be right within three months), both nan
    where nothing tells.

    Every month of birth gets a likelihood: purchases fade with the years, an entry in the CRM
    weighs as much as five purchases, of several the latest birth counts. The age is the mean.
    Whoever must be older than 72 months counts as 72, and what has faded to less than a thirtieth
    of a purchase tells nothing.
    Raises ValueError when `births` breaks its contract.
    """
    FEAT_CUSTOMER_BIRTHS.check(births)
    table = slices[KEYS].reset_index(drop=True)
    table[list(BABY_NUMBERS)] = np.nan
    for as_of, rows in table.groupby("as_of", sort=False):
        known = births[(births["ds"] <= as_of) & births["customer_id"].isin(rows["customer_id"])]
        customers = pd.Index(known["customer_id"].unique())
        for start in range(0, len(customers), _CUSTOMERS_AT_ONCE):
            some = customers[start : start + _CUSTOMERS_AT_ONCE]
            found = _ages(known[known["customer_id"].isin(some)], some, as_of)
            here = rows.index[rows["customer_id"].isin(some)]
            place = some.get_indexer(table.loc[here, "customer_id"])
            table.loc[here, list(BABY_NUMBERS)] = found[place]
    return table


def _ages(known: pd.DataFrame, customers: pd.Index, as_of: pd.Timestamp) -> np.ndarray:
    """Mean age and confidence, (customers, 2)."""
    known = _believed(known)
    ages = np.arange(YOUNGEST, OLDEST + 1)
    today = as_of.year * 12 + as_of.month
    low = np.clip(today - _month(known["latest_birth_on"]), YOUNGEST, OLDEST)
    high = np.clip(today - _month(known["earliest_birth_on"]), YOUNGEST, OLDEST)
    edge = known["edge_months"].to_numpy(np.int64)
    weight = np.exp(-(as_of - known["ds"]).dt.days.to_numpy() / _FADE_DAYS)
    weight = np.where(known["source"] == "crm", _TOLD_WEIGHT, weight)
    whose = customers.get_indexer(known["customer_id"])
    heights = np.zeros((len(customers), len(ages) + 1))
    outer = 0.0
    for beyond, level in zip((2, 1, 0), (*_BEYOND[1::-1], 0.0), strict=True):
        # each stair lifts the likelihood over a span that lies within the one before
        floor = _BEYOND[2] if beyond == 2 else outer
        lift = (level - floor) * weight
        for month, sign in ((low - beyond * edge, 1.0), (high + beyond * edge + 1, -1.0)):
            place = np.clip(month - YOUNGEST, 0, len(ages))
            np.add.at(heights, (whose, place), sign * lift)
        outer = level
    likelihood = np.cumsum(heights, axis=1)[:, :-1]
    chance = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    mean = chance @ ages
    close = np.abs(ages - mean[:, None]) <= _CLOSE_MONTHS
    found = np.column_stack([mean, (chance * close).sum(axis=1)])
    told = np.ptp(likelihood, axis=1) >= _LEAST_TOLD
    return np.where(told[:, None], found, np.nan)


def _believed(known: pd.DataFrame) -> pd.DataFrame:
    """All purchases, and of the births told the latest of each customer, as last told."""
    is_told = known["source"] == "crm"
    told = known[is_told].sort_values(["customer_id", "latest_birth_on", "ds"])
    return pd.concat([known[~is_told], told.drop_duplicates("customer_id", keep="last")])


def _month(days: pd.Series) -> np.ndarray:
    return (days.dt.year * 12 + days.dt.month).to_numpy(np.int64)
