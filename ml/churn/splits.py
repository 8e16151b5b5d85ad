"""Cuts labelled slices: tests lie after all lessons, calibration on customers not learnt from."""

import numpy as np
import pandas as pd

from ml.churn.hashing import place_between_0_and_1
from ml.columns import TooLittleData

_HELD_CUSTOMERS = 0.3


def origins(labels: pd.DataFrame, n_windows: int) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """(train, test) labels for the newest `n_windows` slices that can be tested, newest first.

    A test is one slice; its training rows are the slices whose outcome was known on or before the
    test's as_of, so no outcome window reaches into the test. Slices without training rows of both
    classes are passed over. Raises TooLittleData when no slice can be tested.
    """
    windows = []
    for as_of in sorted(labels["as_of"].unique(), reverse=True):
        train = labels[labels["known_on"] <= as_of]
        if train["is_churned"].nunique() == 2:
            windows.append((train, labels[labels["as_of"] == as_of]))
        if len(windows) == n_windows:
            return windows
    if not windows:
        slices = labels["as_of"].nunique()
        raise TooLittleData(
            f"the history is too short yet: none of {slices} slices with a known outcome has"
            " earlier slices whose outcome was known by then and that hold both churners and"
            " stayers. More weeks of orders mend it"
        )
    return windows


def learners_and_held(labels: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rows that members learn from, and of held rows that weigh and calibrate.

    30 % of the customers (fixed by hash) are held, in every slice: members have seen none of
    their rows, and the level found on them is that of all slices. Held rows of the newest slice
    alone would tell its season's level, say that of the weeks after a festival, which is not
    that of the days to be scored. Raises TooLittleData when the training rows lack a class or no
    held row is left.
    """
    held = place_between_0_and_1(labels["customer_id"], salt="held") < _HELD_CUSTOMERS
    churned = labels["is_churned"].to_numpy(bool)
    if len(np.unique(churned[~held])) < 2 or not held.any():
        raise TooLittleData(
            f"{len(labels)} labels are too few or all alike: a churn model needs churners and"
            " stayers to learn from and other customers' rows to be calibrated on"
        )
    return np.flatnonzero(~held), np.flatnonzero(held)
