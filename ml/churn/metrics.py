"""Scores of a probability against what happened: ranking, calibration, targeting."""

import numpy as np
import pandas as pd


def _pair(y: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y, score = np.asarray(y, dtype=float), np.asarray(score, dtype=float)
    if y.shape != score.shape or y.ndim != 1:
        raise ValueError(f"y has shape {y.shape} and score {score.shape}; both must be (n,)")
    if not len(y):
        raise ValueError("no rows to score")
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("y must hold only 0 and 1")
    if not np.isfinite(score).all():
        raise ValueError("score holds a value that is not finite")
    return y, score


def roc_auc(y: np.ndarray, score: np.ndarray) -> float:
    """Chance that a random churner outranks a random stayer, ties counting half; nan for one class.

    The Mann-Whitney form of the area under the ROC curve.
    """
    y, score = _pair(y, score)
    positives = y.sum()
    negatives = len(y) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = pd.Series(score).rank().to_numpy()
    return float((ranks[y == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def pr_auc(y: np.ndarray, score: np.ndarray) -> float:
    """Average precision: sum of precision x recall step over the distinct scores, falling.

    nan when nobody churned. Rows with equal scores enter together.
    """
    y, score = _pair(y, score)
    if not y.sum():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(y[order])
    last_of_tie = np.append(np.diff(score[order]) != 0, True)
    hits, taken = hits[last_of_tie], np.flatnonzero(last_of_tie) + 1
    return float((np.diff(hits, prepend=0.0) * hits / taken).sum() / y.sum())


def brier(y: np.ndarray, score: np.ndarray) -> float:
    """Mean squared distance of the probability from the outcome; 0 is perfect."""
    y, score = _pair(y, score)
    return float(np.mean((score - y) ** 2))


def ece(y: np.ndarray, score: np.ndarray, *, n_bins: int = 10) -> float:
    """Expected calibration error: |mean score - share churned| per equal-width bin, row-weighted.

    Raises ValueError for a score outside 0..1.
    """
    y, score = _pair(y, score)
    if score.min() < 0 or score.max() > 1:
        raise ValueError("a probability lies outside 0..1")
    bins = np.minimum((score * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, weights=score - y, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(y))


def lift_at_10(y: np.ndarray, score: np.ndarray) -> float:
    """Share churned among the highest-scored tenth over the share churned of all; nan without one.

    Rows tied at the border are counted in proportion, so a constant score has lift 1.
    """
    y, score = _pair(y, score)
    if not y.sum():
        return float("nan")
    wanted = max(1.0, len(y) * 0.1)
    border = np.sort(score)[::-1][int(np.ceil(wanted)) - 1]
    above, tied = score > border, score == border
    hits = y[above].sum() + y[tied].mean() * (wanted - above.sum())
    return float(hits / wanted / y.mean())


def classification_scores(y: np.ndarray, score: np.ndarray) -> dict[str, float]:
    """All scores of one model on one population, the base rate beside them.

    `majority_accuracy` is the accuracy of always naming the larger class: what any accuracy must
    be read against. Keys: n, base_rate, majority_accuracy, roc_auc, pr_auc, brier, ece, lift_at_10.
    """
    y, score = _pair(y, score)
    base_rate = float(y.mean())
    return {
        "n": len(y),
        "base_rate": base_rate,
        "majority_accuracy": max(base_rate, 1 - base_rate),
        "roc_auc": roc_auc(y, score),
        "pr_auc": pr_auc(y, score),
        "brier": brier(y, score),
        "ece": ece(y, score),
        "lift_at_10": lift_at_10(y, score),
    }
