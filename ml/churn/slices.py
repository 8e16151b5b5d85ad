"""Scores by platform, baby's stage and tenure, so that nobody is served badly unseen."""

import numpy as np
import pandas as pd

from ml.churn.metrics import classification_scores
from ml.churn.timeline import KEYS

# months of age at which dim_baby's stages end
_STAGES = {"pregnancy": 0, "0-6m": 6, "6-12m": 12, "12-36m": 36, "36m+": np.inf}
_TENURES = {"under 90 days": 90, "90-365 days": 365, "over a year": np.inf}
FEWEST_ROWS = 50
COLUMNS = ("slice", "value", "n", "base_rate", "majority_accuracy", "accuracy", "mean_score")
COLUMNS += ("roc_auc", "pr_auc", "brier", "ece", "lift_at_10")
EVERYONE = "all"


def slice_scores(predictions: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """How the scores did within each slice of the customers.

    `predictions`: customer_id, as_of, churn_score, is_churned, of reachable customers at a day
    later than any lesson. `features`: feat_customer with baby_age_months (see `with_extras`).
    Returns COLUMNS: slice is "all", "platform", "stage" or "tenure"; majority_accuracy is that of
    always naming the larger class, accuracy that of score >= 0.5. Scores are null where a value
    has fewer than 50 customers.
    Raises ValueError when a prediction has no features.
    """
    rows = predictions.merge(features, on=KEYS, how="left", indicator=True, validate="one_to_one")
    missing = int((rows.pop("_merge") != "both").sum())
    if missing:
        raise ValueError(f"{missing} predictions have no row in feat_customer")
    kinds = {
        EVERYONE: pd.Series(EVERYONE, index=rows.index),
        "platform": rows["platform"],
        "stage": _named(rows["baby_age_months"], _STAGES),
        "tenure": _named(rows["tenure_days"], _TENURES),
    }
    table = []
    for kind, values in kinds.items():
        for value, at in rows.groupby(values, sort=False).groups.items():
            some = rows.loc[at]
            table.append({"slice": kind, "value": value, "n": len(some)} | _scores(some))
    order = [EVERYONE, *sorted(rows["platform"].unique()), *_STAGES, *_TENURES, "unknown"]
    found = pd.DataFrame(table, columns=list(COLUMNS))
    rank = found["value"].map({value: i for i, value in enumerate(order)})
    place = found["slice"].map({kind: i for i, kind in enumerate(kinds)})
    return found.iloc[np.lexsort([rank, place])].reset_index(drop=True)


def _named(numbers: pd.Series, ends: dict[str, float]) -> pd.Series:
    place = np.searchsorted(list(ends.values()), numbers.to_numpy(float), side="right")
    names = np.array([*ends, "unknown"], dtype=object)[np.minimum(place, len(ends))]
    return pd.Series(np.where(numbers.isna(), "unknown", names), index=numbers.index)


def _scores(rows: pd.DataFrame) -> dict[str, float]:
    if len(rows) < FEWEST_ROWS:
        return {}
    y, score = rows["is_churned"].to_numpy(float), rows["churn_score"].to_numpy(float)
    found = classification_scores(y, score)
    found.pop("n")
    named = {"accuracy": float(np.mean((score >= 0.5) == (y == 1))), "mean_score": score.mean()}
    return found | named
