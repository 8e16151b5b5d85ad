"""Were past churn scores right? Judged once their outcome window is over."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.churn.labels import churn_labels
from ml.churn.metrics import ece, roc_auc
from monitoring.verdict import Verdict

_KEYS = ["customer_id", "as_of"]
READ = [*_KEYS, "churn_score", "outcome_days", "model_version"]
"""All that is read of a score; older ones lack the last two."""


@dataclass(frozen=True)
class ChurnLimits:
    """AUC may fall by `auc_drop` (or by what chance explains: `sigmas` standard errors); the
    calibration error may reach `ece`, or `ece_ratio` times the evaluation's. Fewer rows than
    `floor_rows`, or than `floor_class_rows` churned or staying, are not judged."""

    auc_drop: float = 0.05
    sigmas: float = 2.0
    ece: float = 0.08
    ece_ratio: float = 1.5
    floor_rows: int = 200
    floor_class_rows: int = 30


@dataclass(frozen=True)
class Judged:
    """`verdict` on the champion's scores, and those of them whose outcome is known (`matured`);
    `earlier`: what is to be said of other versions' scores, by version. A model that is replaced
    before its windows are over is told of there alone."""

    verdict: Verdict
    matured: pd.DataFrame
    earlier: dict[int, Verdict]


def judge_scores(
    archive: pd.DataFrame,
    events: pd.DataFrame,
    evaluations: Mapping[int, pd.DataFrame],
    *,
    champion: int,
    outcome_days: int,
    last_day: pd.Timestamp,
) -> Judged:
    """Hold each version's archived scores against its own held-out evaluation.

    `archive`: READ of all nights' scores; `events`: feat_customer_events, known up to `last_day`;
    `evaluations` by version, the champion's among them. `outcome_days`: see `own_windows`.
    """
    matured, verdicts = {}, {}
    for version, evaluation in evaluations.items():
        scores = own_scores(archive, version)
        asked = scores.drop_duplicates(_KEYS, keep="last")
        windows = own_windows(asked, otherwise=outcome_days)
        labels = churn_labels(asked, events, outcome_days=windows, last_day=last_day)
        matured[version] = mature_scores(scores, labels)
        verdicts[version] = churn_performance(matured[version], evaluation, champion=version)
    verdict = verdicts.pop(champion)
    return Judged(verdict, matured[champion], verdicts)


def own_scores(scores: pd.DataFrame, champion: int) -> pd.DataFrame:
    """The archived scores that version `champion` made: a new model is not blamed for what its
    predecessor said. Scores kept before they told their `model_version` are nobody's."""
    if "model_version" not in scores:
        return scores.head(0)
    return scores[scores["model_version"] == champion]


def own_windows(scores: pd.DataFrame, *, otherwise: int) -> np.ndarray:
    """The outcome window that each score speaks of, (n,) whole days.

    A score keeps the window of the model that made it (`outcome_days`), whatever the setting has
    become since; `otherwise` is for those kept before they told it.
    """
    if "outcome_days" not in scores:
        return np.full(len(scores), otherwise)
    return scores["outcome_days"].fillna(otherwise).to_numpy(int)


def mature_scores(
    scores: pd.DataFrame, labels: pd.DataFrame, *, last_days: int | None = 28
) -> pd.DataFrame:
    """Archived scores (customer_id, as_of, churn_score ...) whose outcome is known.

    `labels`: customer_id, as_of, is_churned, without censored slices. Grain: customer_id,
    as_of; of several scores for one of them the last row counts. Only the newest `last_days`
    of as_of days that matured are kept, so that what is judged is the recent model.
    """
    last = scores.drop_duplicates(_KEYS, keep="last")
    known = labels[[*_KEYS, "is_churned"]]
    last = last.drop(columns="is_churned", errors="ignore")
    matured = last.merge(known, on=_KEYS, how="inner", validate="one_to_one")
    if last_days is None or matured.empty:
        return matured
    oldest = matured["as_of"].max() - pd.Timedelta(days=last_days)
    return matured[matured["as_of"] > oldest].reset_index(drop=True)


def churn_performance(
    matured: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    champion: int,
    limits: ChurnLimits | None = None,
) -> Verdict:
    """Verdict "churn_performance": ranking and calibration against the model's evaluation.

    Both frames: customer_id, as_of, is_churned, churn_score; `matured` are version `champion`'s own
    (see `own_scores`), `reference` is its held-out evaluation.
    """
    limits = limits or ChurnLimits()
    name = "churn_performance"
    y, score = matured["is_churned"].to_numpy(float), matured["churn_score"].to_numpy(float)
    n_churned = int(y.sum())
    n_staying = len(y) - n_churned
    numbers: dict[str, float] = {"n_rows": len(y), "n_churned": n_churned}
    if len(y) < limits.floor_rows or min(n_churned, n_staying) < limits.floor_class_rows:
        return Verdict(
            name,
            True,
            f"too few matured scores of churn v{champion}, not judged: {len(y)} of "
            f"{limits.floor_rows} rows, "
            f"{n_churned} churned and {n_staying} staying of {limits.floor_class_rows} each",
            numbers,
        )
    past_y = reference["is_churned"].to_numpy(float)
    past_score = reference["churn_score"].to_numpy(float)
    if not 0 < past_y.sum() < len(past_y):
        return Verdict(name, True, "the evaluation has one outcome only, not judged", numbers)
    auc, past_auc = float(roc_auc(y, score)), float(roc_auc(past_y, past_score))
    noise = limits.sigmas * _auc_standard_error(past_auc, n_churned, n_staying)
    lowest = past_auc - max(limits.auc_drop, noise)
    off, past_off = float(ece(y, score)), float(ece(past_y, past_score))
    highest = max(limits.ece, limits.ece_ratio * past_off)
    numbers |= {
        "base_rate": n_churned / len(y),
        "mean_score": float(score.mean()),
        "roc_auc": auc,
        "roc_auc_reference": past_auc,
        "roc_auc_limit": lowest,
        "ece": off,
        "ece_reference": past_off,
        "ece_limit": highest,
    }
    problems = []
    if auc < lowest:
        problems.append(f"AUC {auc:.3f} fell below {lowest:.3f} (evaluation {past_auc:.3f})")
    if off > highest:
        problems.append(
            f"scores are {off:.1%} off on average, limit {highest:.1%} (mean score "
            f"{score.mean():.1%}, churned {n_churned / len(y):.1%})"
        )
    told = f"AUC {auc:.3f} (limit {lowest:.3f}), calibration error {off:.1%} (limit {highest:.1%})"
    return Verdict(name, not problems, "; ".join(problems) or told, numbers)


def _auc_standard_error(auc: float, n_positive: int, n_negative: int) -> float:
    """Hanley and McNeil (1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (
        auc * (1 - auc) + (n_positive - 1) * (q1 - auc**2) + (n_negative - 1) * (q2 - auc**2)
    ) / (n_positive * n_negative)
    return float(np.sqrt(max(variance, 0.0)))
