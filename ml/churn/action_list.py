"""The list CRM works from: who is at risk, what it is worth, why, and what to do."""

import numpy as np
import pandas as pd

from ml.churn.hashing import place_between_0_and_1
from ml.churn.logistic import log_odds
from ml.churn.reasons import LANGUAGES, REASONS_KEPT, reason_text
from ml.churn.timeline import KEYS
from ml.columns import FEAT_CUSTOMER

VALUE_DAYS = 90
MEDIUM_ODDS, HIGH_ODDS = 1.0, 2.0
_JOINER = {"zh": "；", "en": "; "}
_PLAYS = {
    "refill_reminder": ("补货提醒：推送上次所购商品", "refill reminder for what was last bought"),
    "second_order_offer": ("二单礼：复购赠小样", "second-order gift with the next purchase"),
    "service_call": ("客服回访：了解退款原因", "service call about the refunds"),
    "dated_coupon": ("限时券：有效期内用完", "coupon with an end date"),
    "cross_category_trial": ("关联品类试用装", "trial pack from a related category"),
    "member_benefit": ("会员权益：积分加倍", "member benefit: double points"),
    "leave_alone": ("暂不打扰", "leave alone"),
}
_PLAY_FOR = {
    "overdue": "refill_reminder",
    "quiet": "refill_reminder",
    "slow_rhythm": "refill_reminder",
    "irregular": "refill_reminder",
    "few_orders": "second_order_offer",
    "new_customer": "second_order_offer",
    "refunds": "service_call",
    "discount_driven": "dated_coupon",
    "gifts": "dated_coupon",
    "narrow_range": "cross_category_trial",
    "category_churn": "cross_category_trial",
    "fewer_orders": "member_benefit",
    "lower_spend": "member_benefit",
    "small_baskets": "member_benefit",
    "platform_churn": "member_benefit",
}


def expected_90d_spend(features: pd.DataFrame) -> pd.Series:
    """Yuan a customer spends in 90 days at their own rhythm.

    mean_order_amount x 90 / expected_gap_days, the gap taken as at least one day and the average
    order as at least zero.
    """
    orders = VALUE_DAYS / features["expected_gap_days"].clip(lower=1.0)
    return features["mean_order_amount"].clip(lower=0.0) * orders


def churn_list(
    predictions: pd.DataFrame,
    features: pd.DataFrame,
    *,
    top: int | None = None,
    holdout_share: float = 0.1,
    seed: int = 7,
    language: str = "zh",
) -> pd.DataFrame:
    """Reachable customers of one slice, most value at stake first.

    `predictions`: what `ChurnModel.predict` returns, one as_of. `features`: feat_customer with
    those rows. value_at_stake_amount = expected_90d_spend x churn_score, in yuan. risk_tier
    compares the odds of leaving, s / (1 - s), with those of the mean score of all reachable rows:
    "high" from twice, "medium" from once, else "low", so it keeps its meaning in a shop where
    few leave and in one where most do. The hold-out (not contacted, so
    that the effect of contact can be measured) is fixed by a hash of the pseudonym and `seed`,
    whatever the day and the list. `top` keeps the first rows only, held-out ones included.

    Returns rank, customer_id, as_of, churn_score, risk_tier, value_at_stake_amount,
    expected_90d_spend_amount, recency_days, last_category, platform, reasons (text),
    reason_1 … reason_3 (codes), play (code), suggested_play (text), is_holdout.
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
    rows = predictions.merge(features, on=KEYS, how="left", indicator=True, validate="one_to_one")
    missing = int((rows["_merge"] != "both").sum())
    if missing:
        raise ValueError(f"{missing} scores have no row in feat_customer")
    rows = rows[rows["is_reachable"].astype(bool)].copy()
    rows["expected_90d_spend_amount"] = expected_90d_spend(rows)
    rows["value_at_stake_amount"] = rows["expected_90d_spend_amount"] * rows["churn_score"]
    rows["risk_tier"] = _risk_tier(rows["churn_score"])
    rows = rows.sort_values(
        ["value_at_stake_amount", "customer_id"], ascending=[False, True], ignore_index=True
    ).head(len(rows) if top is None else top)
    rows["rank"] = np.arange(1, len(rows) + 1)
    rows["is_holdout"] = (
        place_between_0_and_1(rows["customer_id"], salt=f"holdout {seed}") < holdout_share
    )
    rows["reasons"] = [_reasons(row, language) for row in rows.to_dict("records")]
    rows["play"] = np.where(
        rows["risk_tier"] == "low",
        "leave_alone",
        rows["reason_1"].map(_PLAY_FOR).fillna("member_benefit"),
    )
    words = {play: text[LANGUAGES.index(language)] for play, text in _PLAYS.items()}
    rows["suggested_play"] = rows["play"].map(words)
    return rows[
        [
            "rank",
            *KEYS,
            "churn_score",
            "risk_tier",
            "value_at_stake_amount",
            "expected_90d_spend_amount",
            "recency_days",
            "last_category",
            "platform",
            "reasons",
            *(f"reason_{i}" for i in range(1, REASONS_KEPT + 1)),
            "play",
            "suggested_play",
            "is_holdout",
        ]
    ]


def _risk_tier(score: pd.Series) -> np.ndarray:
    odds = np.exp(log_odds(score) - log_odds(score.mean()))
    return np.select([odds >= HIGH_ODDS, odds >= MEDIUM_ODDS], ["high", "medium"], "low")


def _reasons(row: dict, language: str) -> str:
    said = [
        reason_text(
            row[f"reason_{i}"],
            {"value": row[f"reason_{i}_value"], "typical": row[f"reason_{i}_typical"]},
            language,
        )
        for i in range(1, REASONS_KEPT + 1)
    ]
    return _JOINER[language].join(text for text in said if text)
