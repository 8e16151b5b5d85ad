"""Scores against hand-worked cases and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.churn.metrics import brier, classification_scores, ece, lift_at_10, pr_auc, roc_auc

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=4, max_size=60)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_ranking_scores_equal_scikit_learns_with_ties(rows):
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

    y = np.array([label for label, _ in rows])
    score = np.array([tenths / 10 for _, tenths in rows])
    assert brier(y, score) == pytest.approx(brier_score_loss(y, score, pos_label=1))
    if y.any():
        assert pr_auc(y, score) == pytest.approx(average_precision_score(y, score))
    if 0 < y.mean() < 1:
        assert roc_auc(y, score) == pytest.approx(roc_auc_score(y, score))


def test_a_constant_score_ranks_like_chance():
    y = np.array([1, 0, 0, 1, 0])
    scores = classification_scores(y, np.full(5, 0.4))
    assert scores["roc_auc"] == 0.5
    assert scores["lift_at_10"] == pytest.approx(1.0)
    assert scores["pr_auc"] == pytest.approx(0.4)
    assert scores["ece"] == pytest.approx(0.0)


def test_lift_counts_the_top_tenth_against_everyone():
    y = np.zeros(40)
    y[[0, 1, 2, 20]] = 1
    assert lift_at_10(y, np.linspace(1, 0, 40)) == pytest.approx((3 / 4) / (4 / 40))


def test_calibration_error_is_the_gap_between_score_and_share():
    y = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    assert ece(y, np.full(10, 0.3)) == pytest.approx(0.0)
    assert ece(y, np.full(10, 0.9)) == pytest.approx(0.6)
    assert ece(np.array([1, 0]), np.array([1.0, 0.05])) == pytest.approx(0.025)


def test_the_majority_accuracy_is_what_naming_the_larger_class_reaches():
    scores = classification_scores(np.array([1, 1, 1, 0]), np.array([0.9, 0.8, 0.2, 0.1]))
    assert scores["n"] == 4
    assert scores["base_rate"] == 0.75
    assert scores["majority_accuracy"] == 0.75
    mirrored = classification_scores(np.array([0, 0, 0, 1]), np.array([0.9, 0.8, 0.2, 0.1]))
    assert mirrored["majority_accuracy"] == 0.75


def test_one_class_has_no_ranking_but_keeps_its_other_scores():
    scores = classification_scores(np.zeros(3), np.array([0.1, 0.2, 0.3]))
    assert np.isnan(scores["roc_auc"])
    assert np.isnan(scores["lift_at_10"])
    assert scores["brier"] == pytest.approx((0.01 + 0.04 + 0.09) / 3)


@pytest.mark.parametrize(
    ("y", "score", "problem"),
    [
        ([1, 0], [0.1], "shape"),
        ([], [], "no rows"),
        ([1, 2], [0.1, 0.2], "only 0 and 1"),
        ([1, 0], [0.1, np.nan], "not finite"),
    ],
)
def test_what_cannot_be_scored_is_refused(y, score, problem):
    with pytest.raises(ValueError, match=problem):
        classification_scores(np.array(y), np.array(score))


def test_a_probability_above_one_is_refused():
    with pytest.raises(ValueError, match="outside"):
        ece(np.array([1, 0]), np.array([1.2, 0.1]))
