"""The table of plays: what to do for which ending, segment and reason; people edit it."""

from pathlib import Path

import numpy as np
import pandas as pd

from ml.churn.endings import ENDINGS
from ml.churn.reasons import CATALOGUE, LANGUAGES
from ml.churn.rfm import RFM_CLASSES
from ml.saved_csv import read_saved_csv

BUILT_IN = Path(__file__).with_name("plays.csv")
ANY = "*"
LEAVE_ALONE = "leave_alone"
_KEYS = ("ending", "segment", "reason")
_LEAVE = {"zh": "暂不打扰", "en": "leave alone"}
_HELD = {"zh": "对照组：请勿联系", "en": "held out: do not contact"}


def read_plays(path: Path | None = None) -> pd.DataFrame:
    """The plays in a CSV file (see `read_saved_csv`), the built-in ones when no file is named.

    Columns ending ("lapsed", "graduated"), segment (an RFM class by code or name, or a name that
    K-means gave), reason (a code of the catalogue), play (a code of your own), zh, en; "*" fits
    all. The first row that fits a customer counts, so the last row must fit all of them.
    Raises ValueError that names what is wrong with the table.
    """
    path = path or BUILT_IN
    table = read_saved_csv(path)
    wanted = [*_KEYS, "play", *LANGUAGES]
    lacking = [name for name in wanted if name not in table]
    if lacking:
        raise ValueError(f"{path}: the columns {lacking} are missing")
    table = table[wanted]
    known = {"ending": ENDINGS, "reason": [reason.code for reason in CATALOGUE]}
    for name, words in known.items():
        odd = sorted(set(table[name]) - {*words, ANY})
        if odd:
            raise ValueError(f"{path}: {name} {odd} is not one of {sorted(words)} or '{ANY}'")
    empty = table.eq("").any(axis=1)
    if empty.any():
        raise ValueError(f"{path}: line {int(empty.idxmax()) + 2} has an empty cell")
    if table.empty or (table.iloc[-1][list(_KEYS)] != ANY).any():
        raise ValueError(f"{path}: the last line must fit everyone: '{ANY}' three times")
    return table.reset_index(drop=True)


def choose_plays(listed: pd.DataFrame, plays: pd.DataFrame, language: str) -> pd.DataFrame:
    """(play, suggested_play) for each row of `listed`, in its order.

    `listed`: is_holdout, risk_tier, ending_expected, rfm_class, segment_zh, segment_en, reason_1,
    null where not known. Customers of low risk are left alone. Those held out have no play (null),
    and words that say so: whoever works through the list must not reach them.
    """
    rows = np.full(len(listed), len(plays), dtype=int)
    labels = [listed["rfm_class"], listed["segment_zh"], listed["segment_en"]]
    for to in LANGUAGES:
        labels.append(listed["rfm_class"].map({code: by[to] for code, by in RFM_CLASSES.items()}))
    for number, play in enumerate(plays.itertuples(index=False)):
        fits = np.ones(len(listed), dtype=bool)
        if play.ending != ANY:
            fits &= (listed["ending_expected"] == play.ending).to_numpy()
        if play.reason != ANY:
            fits &= (listed["reason_1"] == play.reason).to_numpy()
        if play.segment != ANY:
            fits &= np.any([(label == play.segment).to_numpy() for label in labels], axis=0)
        rows = np.where(fits, np.minimum(rows, number), rows)
    held = listed["is_holdout"].to_numpy(bool)
    low = (listed["risk_tier"] == "low").to_numpy()
    chosen = plays.iloc[rows].reset_index(drop=True)
    said = chosen[language].mask(low, _LEAVE[language]).mask(held, _HELD[language])
    play = chosen["play"].mask(low, LEAVE_ALONE).mask(held, None)
    return pd.DataFrame({"play": play, "suggested_play": said}).set_axis(listed.index)
