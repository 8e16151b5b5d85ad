"""Slices: everyone in one value of each, the badly served seen, small groups not judged."""

import numpy as np
import pandas as pd
import pytest

from ml.churn.slices import slice_scores

DAY = pd.Timestamp("2026-03-08")


@pytest.fixture(scope="module")
def judged():
    """On jd scores say nothing; elsewhere they tell who leaves."""
    draw = np.random.default_rng(1)
    n = 900
    rows = pd.DataFrame({"customer_id": [f"c_{i}" for i in range(n)], "as_of": DAY})
    chance = draw.uniform(0.05, 0.95, n)
    features = rows.assign(
        platform=np.repeat(["taobao", "jd", "douyin"], [600, 280, 20]),
        baby_age_months=draw.choice([-3.0, 3.0, 9.0, 20.0, 50.0, np.nan], n),
        tenure_days=draw.choice([89.0, 90.0, 365.0, 366.0], n),
    )
    lies = features["platform"] == "jd"
    y = draw.random(n) < np.where(lies, 1 - chance, chance)
    return rows.assign(churn_score=chance, is_churned=y), features


def test_a_badly_served_platform_is_seen_beside_its_base_rate(judged):
    table = slice_scores(*judged).set_index(["slice", "value"])
    assert table.loc[("platform", "jd"), "roc_auc"] < 0.3
    assert table.loc[("platform", "taobao"), "roc_auc"] > 0.7
    jd = table.loc[("platform", "jd")]
    predictions, features = judged
    churned = predictions["is_churned"][features["platform"] == "jd"]
    assert jd["base_rate"] == churned.mean()
    assert jd["majority_accuracy"] == max(churned.mean(), 1 - churned.mean())
    assert jd["accuracy"] < jd["majority_accuracy"]


def test_everyone_is_in_one_value_of_each_slice_and_few_are_not_judged(judged):
    table = slice_scores(*judged)
    assert (table.groupby("slice")["n"].sum() == 900).all()
    small = table.set_index("value").loc["douyin"]
    assert small["n"] == 20
    assert np.isnan(small["roc_auc"])
    assert np.isnan(small["base_rate"])
    stages = table.loc[table["slice"] == "stage", "value"].tolist()
    assert stages == ["pregnancy", "0-6m", "6-12m", "12-36m", "36m+", "unknown"]


def test_a_year_is_the_border_of_a_tenure(judged):
    _, features = judged
    table = slice_scores(*judged)
    counts = table[table["slice"] == "tenure"].set_index("value")["n"].to_dict()
    tenure = features["tenure_days"]
    assert counts == {
        "under 90 days": (tenure == 89).sum(),
        "90-365 days": (tenure == 90).sum(),
        "over a year": (tenure >= 365).sum(),
    }


def test_a_prediction_without_features_is_refused(judged):
    predictions, features = judged
    with pytest.raises(ValueError, match="1 predictions"):
        slice_scores(predictions, features.iloc[1:])
    nobody = slice_scores(predictions.head(0), features)
    assert nobody.empty
    assert list(nobody) == list(slice_scores(predictions, features))
