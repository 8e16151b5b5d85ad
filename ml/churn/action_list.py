"""The list CRM works from: who is at risk, what it is worth, why, and what to do."""

import numpy as np
import pandas as pd

from ml.churn.hashing import place_between_0_and_1
from ml.churn.logistic import log_odds
from ml.churn.plays import choose_plays, read_plays
from ml.churn.reasons import LANGUAGES, REASONS_KEPT, reason_text
from ml.churn.rfm import rfm
from ml.churn.timeline import KEYS
from ml.columns import FEAT_CUSTOMER

MEDIUM_ODDS, HIGH_ODDS = 1.0, 2.0
_JOINER = {"zh": "；", "en": "; "}
_REASONS = [f"reason_{i}" for i in range(1, REASONS_KEPT + 1)]
COLUMNS = (
    "rank",
    *KEYS,
    "churn_score",
    "outcome_days",
    "risk_tier",
    "ending_expected",
    "value_at_stake_amount",
    "expected_90d_amount",
    "value_tier",
    "rfm_class",
    "segment",
    "recency_days",
    "last_category",
    "platform",
    "expected_on",
    "buys_7d",
    "buys_30d",
    "buys_90d",
    "leaves_in_7d_score",
    "reasons",
    *_REASONS,
    "play",
    "suggested_play",
    "is_holdout",
)


def churn_list(
    predictions: pd.DataFrame,
    features: pd.DataFrame,
    *,
    plays: pd.DataFrame | None = None,
    top: int | None = None,
    holdout_share: float = 0.1,
    seed: int = 7,
    language: str = "zh",
) -> pd.DataFrame:
    """Reachable customers by value at stake, in COLUMNS; ranks start at 1.

    `predictions`: what `Outlook.predict` returns, one as_of. `features`: feat_customer with
    those rows. `plays`: see `read_plays`, the built-in ones by default. `top` keeps the first
    rows. risk_tier compares each customer's odds with those of the average of all scored: at least
    equal is medium, at least double is high. rfm_class is theirs among the listed.

    A random `holdout_share` of the customers is marked `is_holdout`: leave them alone, and the
    difference to the others is what acting was worth. Membership depends only on customer_id and
    `seed`, so it stays the same from day to day.

    Raises ValueError for several as_of, scores without features, or an argument out of range.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language '{language}' is not one of {LANGUAGES}")
    if not 0 <= holdout_share < 1:
        raise ValueError(f"holdout_share is {holdout_share}, it must be in [0, 1)")
    if top is not None and top < 1:
        raise ValueError(f"top is {top}, it must be at least 1 or None")
    if predictions["as_of"].nunique() > 1:
        raise ValueError("a churn list is for one as_of, the predictions hold several")
    FEAT_CUSTOMER.check(features)
    told = features[list(FEAT_CUSTOMER.columns)]
    rows = predictions.merge(told, on=KEYS, how="left", indicator=True, validate="one_to_one")
    missing = int((rows["_merge"] != "both").sum())
    if missing:
        raise ValueError(f"{missing} scores have no row in feat_customer")
    rows = rows[rows["is_reachable"].astype(bool)].copy()
    rows["risk_tier"] = _risk_tier(rows["churn_score"])
    rows["rfm_class"] = rfm(rows)["rfm_class"]
    rows = rows.sort_values(
        ["value_at_stake_amount", "customer_id"], ascending=[False, True], ignore_index=True
    ).head(len(rows) if top is None else top)
    rows["rank"] = np.arange(1, len(rows) + 1)
    rows["is_holdout"] = (
        place_between_0_and_1(rows["customer_id"], salt=f"holdout {seed}") < holdout_share
    )
    rows["reasons"] = pd.Series(_reasons(rows, language), rows.index, dtype=object)
    rows["segment"] = rows[f"segment_{language}"]
    chosen = choose_plays(rows, read_plays() if plays is None else plays, language)
    return pd.concat([rows, chosen], axis=1)[list(COLUMNS)]


def _risk_tier(score: pd.Series) -> np.ndarray:
    odds = np.exp(log_odds(score) - log_odds(score.mean()))
    return np.select([odds >= HIGH_ODDS, odds >= MEDIUM_ODDS], ["high", "medium"], "low")


def _reasons(rows: pd.DataFrame, language: str) -> list[str]:
    """The reasons of each row in words, strongest first."""
    said = [
        [
            reason_text(code, {"value": value, "typical": typical}, language)
            for code, value, typical in zip(
                rows[name], rows[f"{name}_value"], rows[f"{name}_typical"], strict=True
            )
        ]
        for name in _REASONS
    ]
    return [_JOINER[language].join(filter(None, some)) for some in zip(*said, strict=True)]
