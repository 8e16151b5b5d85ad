"""Two endings: the baby's age from what is known by the day, and the share of risk it explains."""

import numpy as np
import pandas as pd
import pytest
from churn_shop import customer_features

from ml.churn.babies import baby_ages
from ml.churn.endings import Endings, expected_ending
from ml.churn.labels import churn_labels, cycle_days
from ml.churn.metrics import roc_auc
from ml.churn.timeline import KEYS
from ml.columns import TooLittleData

AS_OF = pd.Timestamp("2026-06-28")


def births(*rows):
    names = ["customer_id", "ds", "source", "earliest_birth_on", "latest_birth_on", "edge_months"]
    table = pd.DataFrame(rows, columns=names)
    dates = ["ds", "earliest_birth_on", "latest_birth_on"]
    return table.assign(**{name: pd.to_datetime(table[name]) for name in dates})


def ages(told, as_of=AS_OF, customers=("c",)):
    return baby_ages(pd.DataFrame({"customer_id": customers, "as_of": as_of}), told)


def test_a_birthday_told_by_the_crm_is_the_age_to_the_month():
    told = births(("c", "2026-01-05", "crm", "2025-04-01", "2025-04-01", 0))
    row = ages(told).iloc[0]
    assert row["baby_age_months"] == pytest.approx(14, abs=0.3)
    assert row["baby_age_confidence"] > 0.97


def test_purchases_of_one_size_after_the_other_narrow_the_age():
    sizes = births(
        ("c", "2026-02-10", "purchase", "2025-03-01", "2025-10-01", 2),
        ("c", "2026-05-10", "purchase", "2024-09-01", "2025-05-01", 2),
        ("c", "2026-06-10", "purchase", "2024-10-01", "2025-06-01", 2),
    )
    both, first = ages(sizes).iloc[0], ages(sizes.head(1)).iloc[0]
    assert both["baby_age_months"] == pytest.approx(14, abs=2.5)
    assert both["baby_age_confidence"] > first["baby_age_confidence"]


def test_of_two_babies_told_the_younger_one_counts_once_it_is_known():
    told = births(
        ("c", "2025-01-05", "crm", "2023-01-01", "2023-01-01", 0),
        ("c", "2026-06-20", "crm", "2026-05-01", "2026-05-01", 0),
    )
    assert ages(told).iloc[0]["baby_age_months"] == pytest.approx(1, abs=0.3)
    before = ages(told, as_of=pd.Timestamp("2026-06-19")).iloc[0]
    assert before["baby_age_months"] == pytest.approx(41, abs=0.3)


def test_a_child_grows_older_and_never_young_again():
    told = births(("c", "2020-01-05", "crm", "2020-01-01", "2020-01-01", 0))
    days = pd.date_range("2020-06-01", "2030-06-01", freq="YS-JUN")
    grown = [ages(told, as_of=day).iloc[0] for day in days]
    months = np.array([row["baby_age_months"] for row in grown])
    np.testing.assert_allclose(months, np.minimum(np.arange(5, 126, 12), 72), atol=0.5)
    assert min(row["baby_age_confidence"] for row in grown) > 0.9
    bought = births(("c", "2020-05-10", "purchase", "2020-01-01", "2020-06-01", 2))
    soon, late = (ages(bought, as_of=day).iloc[0] for day in days[[0, -1]])
    assert soon["baby_age_months"] < 20
    assert late[["baby_age_months", "baby_age_confidence"]].isna().all()


def test_what_is_told_after_the_day_moves_no_age():
    told = births(("c", "2026-01-05", "crm", "2025-04-01", "2025-04-01", 0))
    later = births(
        ("c", "2026-06-29", "crm", "2026-06-01", "2026-06-01", 0),
        ("d", "2026-06-29", "purchase", "2020-06-01", "2021-06-01", 2),
    )
    pd.testing.assert_frame_equal(
        ages(told, customers=("c", "d")),
        ages(pd.concat([told, later]), customers=("c", "d")),
    )
    assert ages(told, customers=("d",))["baby_age_months"].isna().all()


def test_the_window_follows_the_household_and_hides_what_is_not_over():
    slices = pd.DataFrame(
        {"customer_id": ["often", "rarely", "never"], "as_of": pd.Timestamp("2026-04-01")}
    ).assign(expected_gap_days=[10.0, 40.0, 400.0])
    assert cycle_days(slices).tolist() == [30, 80, 180]
    events = pd.DataFrame(
        {
            "customer_id": ["often", "rarely"],
            "ds": pd.to_datetime(["2026-05-20", "2026-05-20"]),
            "order_count": 1, "qty": 1.0, "paid_amount": 1.0, "discount_rate": 0.0,
            "category": "wipes",
        }
    )  # fmt: skip
    labels = churn_labels(slices, events, outcome_days=cycle_days(slices), last_day=AS_OF)
    assert labels.set_index("customer_id")["is_churned"].to_dict() == {
        "often": True,
        "rarely": False,
    }


def test_a_window_that_begins_later_does_not_count_what_is_bought_before_it():
    slices = pd.DataFrame({"customer_id": ["c"], "as_of": [pd.Timestamp("2026-04-01")]})
    events = pd.DataFrame(
        {
            "customer_id": ["c"], "ds": [pd.Timestamp("2026-04-05")], "order_count": 1,
            "qty": 1.0, "paid_amount": 1.0, "discount_rate": 0.0, "category": "wipes",
        }
    )  # fmt: skip
    for gap, churned in ((0, False), (7, True)):
        labels = churn_labels(slices, events, outcome_days=30, last_day=AS_OF, gap_days=gap)
        assert labels["is_churned"].tolist() == [churned]
        assert labels["known_on"].tolist() == [pd.Timestamp("2026-05-01") + pd.Timedelta(gap, "D")]


@pytest.fixture(scope="module")
def nursery():
    """Households that lapse at any age, and for certain once the baby outgrew the shop."""
    draw = np.random.default_rng(5)
    count, days = 3_000, 720
    born = draw.uniform(-900, 500, count)
    joined = np.maximum(born + draw.uniform(0, 200, count), draw.uniform(0, 300, count))
    lapses = joined + draw.exponential(500, count)
    outgrows = born + 30.44 * draw.uniform(26, 36, count)
    gap = draw.uniform(15, 35, count)
    when = joined[:, None] + np.cumsum(draw.gamma(6, gap[:, None] / 6, (count, 48)), axis=1)
    bought = (when < days) & (when < np.minimum(lapses, outgrows)[:, None])
    who = np.nonzero(bought)[0]
    start = pd.Timestamp("2024-07-08")
    events = pd.DataFrame(
        {
            "customer_id": [f"c_{i:05d}" for i in who],
            "ds": start + pd.to_timedelta(when[bought].astype(int), "D"),
            "order_count": 1, "qty": 1.0, "paid_amount": 90.0, "discount_rate": 0.0,
            "category": "wipes",
        }
    ).drop_duplicates(["customer_id", "ds"])  # fmt: skip
    slices = [start + pd.Timedelta(days=d) for d in range(300, 720, 60)]
    features = customer_features(events, slices)
    features = features[features["is_reachable"]].reset_index(drop=True)
    number = features["customer_id"].str[2:].astype(int)
    day = (features["as_of"] - start).dt.days
    features["baby_age_months"] = (day - born[number]) / 30.44
    truth = np.where(outgrows < lapses, "graduated", "lapsed")
    return features, events, truth[number], start + pd.Timedelta(days=days)


def test_who_outgrew_the_shop_is_told_from_who_went_elsewhere(nursery):
    features, events, truth, last_day = nursery
    cut = features["as_of"].max()
    labels = churn_labels(features, events, outcome_days=cycle_days(features), last_day=cut)
    endings = Endings.learn(features, labels)
    at = (features["as_of"] == sorted(features["as_of"].unique())[-2]).to_numpy()
    rows = features[at].assign(ending=truth[at])
    outcome = churn_labels(rows, events, outcome_days=cycle_days(rows), last_day=last_day)
    gone = rows.merge(outcome[outcome["is_churned"]], on=KEYS)
    share = endings.graduated_share(gone, cycle_days(gone))
    graduated = (gone["ending"] == "graduated").to_numpy(float)
    assert 0.2 < graduated.mean() < 0.8
    assert roc_auc(graduated, share) > 0.85
    right = (expected_ending(share) == gone["ending"]).mean()
    assert right > max(graduated.mean(), 1 - graduated.mean()) + 0.1
    assert share.mean() == pytest.approx(graduated.mean(), abs=0.15)


def test_nobody_outgrows_the_shop_before_two_and_the_share_grows_with_age(nursery):
    features, events, _, last_day = nursery
    labels = churn_labels(features, events, outcome_days=cycle_days(features), last_day=last_day)
    endings = Endings.learn(features, labels)
    one = features.head(1)
    row = pd.concat([one.assign(baby_age_months=age) for age in (6.0, 22.0, 26.0, 32.0, np.nan)])
    share = endings.graduated_share(row, np.full(5, 30))
    assert share[[0, 1, 4]].tolist() == [0, 0, 0]
    assert 0 < share[2] < share[3] < 1
    again = Endings.from_dict(endings.to_dict())
    np.testing.assert_array_equal(again.graduated_share(row, np.full(5, 30)), share)


def test_too_few_older_babies_are_refused_with_their_number(nursery):
    features, events, _, last_day = nursery
    young = features.assign(baby_age_months=features["baby_age_months"].clip(upper=12.0))
    labels = churn_labels(young, events, outcome_days=cycle_days(young), last_day=last_day)
    with pytest.raises(TooLittleData, match="0 above"):
        Endings.learn(young, labels)
