"""Cuts labelled slices so that a model is always judged on what came after its lessons."""

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
            f"{slices} labelled slices: none has earlier slices whose outcome was known by then"
            " and that hold both churners and stayers"
        )
    return windows


def train_and_later(labels: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rows that members learn from, and of later rows that weigh and calibrate.

    The later rows are the newest slice, the training rows the slices whose outcome was known by
    then. When no such slice exists the outcome windows overlap, and customers keep the two
    apart instead: 30 % of them (fixed by hash) in the newest slice against the others in all
    slices. Raises TooLittleData when the training rows lack a class or no later row is left.
    """
    newest = (labels["as_of"] == labels["as_of"].max()).to_numpy()
    train, later = (labels["known_on"] <= labels["as_of"].max()).to_numpy(), newest
    churned = labels["is_churned"].to_numpy(bool)
    if len(np.unique(churned[train])) < 2:
        held = place_between_0_and_1(labels["customer_id"], salt="later") < _HELD_CUSTOMERS
        train, later = ~held, newest & held
    if len(np.unique(churned[train])) < 2 or not later.any():
        raise TooLittleData(
            f"{len(labels)} labels are too few or all alike: a churn model needs churners and"
            " stayers to learn from and later rows to be calibrated on"
        )
    return np.flatnonzero(train), np.flatnonzero(later)
