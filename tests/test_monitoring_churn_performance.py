"""Matured churn scores: a lost ranking or a lost calibration turns the verdict red."""

from functools import partial

import numpy as np
import pandas as pd

from monitoring.churn_performance import (
    ChurnLimits,
    churn_performance,
    mature_scores,
    own_scores,
    own_windows,
)

judge = partial(churn_performance, champion=2)


def scored(n=1_500, seed=0, noise=0.0, shift=0.0):
    rng = np.random.default_rng(seed)
    risk = rng.normal(0, 1.5, n)
    y = rng.random(n) < 1 / (1 + np.exp(-risk))
    seen = risk + rng.normal(0, noise, n) + shift
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "as_of": pd.Timestamp("2025-03-01"),
            "is_churned": y,
            "churn_score": 1 / (1 + np.exp(-seen)),
        }
    )


EVALUATION = scored(seed=1)


def test_scores_as_good_as_the_evaluation_pass():
    verdict = judge(scored(seed=2), EVALUATION)
    assert verdict.passed, verdict.reason
    assert 0.7 < verdict.numbers["roc_auc"] < 0.95
    assert verdict.numbers["base_rate"] > 0


def test_a_lost_ranking_is_red():
    verdict = judge(scored(seed=2, noise=6.0), EVALUATION)
    assert not verdict.passed
    assert "AUC" in verdict.reason


def test_scores_that_are_all_too_high_are_red_by_calibration_alone():
    verdict = judge(scored(seed=2, shift=1.0), EVALUATION)
    assert not verdict.passed
    assert "AUC" not in verdict.reason
    assert "off on average" in verdict.reason


def test_a_drop_that_chance_explains_is_not_red():
    small = scored(n=220, seed=3, noise=0.9)
    limits = ChurnLimits(ece=1.0, auc_drop=0.0)
    verdict = judge(small, EVALUATION, limits=limits)
    assert verdict.numbers["roc_auc"] < verdict.numbers["roc_auc_reference"]
    assert verdict.passed, verdict.reason


def test_too_few_rows_or_one_outcome_are_not_judged():
    bad = scored(noise=9.0, shift=2.0)
    for few in (bad.iloc[:0], bad.head(100), bad.assign(is_churned=True)):
        verdict = judge(few, EVALUATION)
        assert verdict.passed
        assert "not judged" in verdict.reason
    one_sided = EVALUATION.assign(is_churned=False)
    assert "not judged" in judge(bad, one_sided).reason


def test_only_scores_with_a_known_outcome_mature_and_the_last_one_counts():
    scores = EVALUATION.drop(columns="is_churned").head(4)
    again = scores.head(1).assign(churn_score=0.123)
    labels = EVALUATION[["customer_id", "as_of", "is_churned"]].iloc[:2]
    matured = mature_scores(pd.concat([scores, again]), labels)
    assert sorted(matured["customer_id"]) == ["c0", "c1"]
    assert matured.set_index("customer_id").loc["c0", "churn_score"] == 0.123


def test_only_the_newest_matured_days_are_judged():
    days = pd.to_datetime(["2025-01-01", "2025-02-10", "2025-03-01"])
    scores = pd.concat([EVALUATION.head(2).assign(as_of=day) for day in days])
    assert set(mature_scores(scores, scores)["as_of"]) == set(days[1:])
    assert set(mature_scores(scores, scores, last_days=None)["as_of"]) == set(days)


def test_a_score_is_judged_by_the_window_it_was_made_for():
    scores = scored(seed=2)
    assert set(own_windows(scores, otherwise=60)) == {60}
    made = scores.assign(outcome_days=np.where(np.arange(len(scores)) < 5, 30.0, np.nan))
    assert own_windows(made, otherwise=60)[:7].tolist() == [30] * 5 + [60] * 2


def test_scores_are_their_makers_and_those_kept_before_they_told_it_are_nobodys():
    old, made = scored(seed=2), scored(seed=3).assign(model_version=2)
    assert own_scores(old, 2).empty
    assert len(own_scores(pd.concat([old, made, made.assign(model_version=1)]), 2)) == len(made)
    assert "of churn v2, not judged: 0 of 200 rows" in judge(own_scores(old, 2), EVALUATION).reason
