"""Timing, talks and early warning: honest chances, whole answers, nothing from after the day."""

import shutil

import numpy as np
import pandas as pd
import pytest
from churn_shop import make_shop

from ml.churn.interactions import TALK_NUMBERS, talk_numbers
from ml.churn.metrics import ece, roc_auc
from ml.churn.model import ChurnModel
from ml.churn.outlook import EXTRAS, Outlook, with_extras
from ml.churn.timeline import KEYS, Timeline
from ml.churn.timing import HORIZONS, PurchaseTiming
from ml.churn.training import score_customers
from ml.columns import TooLittleData
from ml.registry import Registry

AS_OF = pd.Timestamp("2026-06-28")
CHANCES = [f"buys_{days}d" for days in HORIZONS]


@pytest.fixture(scope="module")
def shop():
    return make_shop(700)


@pytest.fixture(scope="module")
def told(shop):
    """Births and talks of some customers, other than what they buy."""
    draw = np.random.default_rng(2)
    customers = np.sort(shop.events["customer_id"].unique())[::2]
    born = pd.Timestamp("2023-01-01") + pd.to_timedelta(
        30 * draw.integers(0, 30, len(customers)), "D"
    )
    births = pd.DataFrame(
        {
            "customer_id": customers, "ds": pd.Timestamp("2024-12-01"), "source": "crm",
            "earliest_birth_on": born, "latest_birth_on": born, "edge_months": 0,
        }
    )  # fmt: skip
    days = pd.Timestamp("2025-02-01") + pd.to_timedelta(draw.integers(0, 540, 3_000), "D")
    talks = pd.DataFrame(
        {"customer_id": draw.choice(customers, 3_000), "ds": days, "chats": 1.0, "messages": 4.0}
    ).drop_duplicates(["customer_id", "ds"])
    return births, talks


@pytest.fixture(scope="module")
def timing(shop):
    judged_on = sorted(shop.features["as_of"].unique())[-4]
    rows = shop.features[shop.features["is_reachable"]]
    timing = PurchaseTiming(threads=1).fit(
        rows[rows["as_of"] <= judged_on], shop.events, last_day=judged_on
    )
    test = rows[rows["as_of"] == judged_on].sort_values("customer_id", ignore_index=True)
    return timing, test


def test_chances_are_calibrated_and_rank_on_a_later_slice(shop, timing):
    model, test = timing
    scored = model.predict(test, shop.events)
    waited = Timeline.of(shop.events).days_until_next(scored)
    for days, chance in zip(HORIZONS, CHANCES, strict=True):
        assert roc_auc((waited <= days).astype(float), scored[chance]) > 0.65, days
        assert ece((waited <= days).astype(float), scored[chance], n_bins=5) < 0.12, days
    due = (scored["expected_on"] - scored["as_of"]).dt.days
    by_then = (waited <= due)[due.notna()].mean()
    assert by_then == pytest.approx(0.5, abs=0.12)


def test_a_chance_never_falls_with_the_horizon_and_dates_agree_with_it(shop, timing):
    model, test = timing
    scored = model.predict(test, shop.events)
    assert (scored["buys_7d"] <= scored["buys_30d"]).all()
    assert (scored["buys_30d"] <= scored["buys_90d"]).all()
    due = (scored["expected_on"] - scored["as_of"]).dt.days
    assert due.notna().equals(scored["buys_90d"] >= 0.5)
    assert (due[scored["buys_30d"] >= 0.5] <= 30).all()
    assert (due[scored["buys_30d"] < 0.5].dropna() > 30).all()


def test_timing_learns_nothing_from_after_its_last_day(shop, timing):
    model, test = timing
    cut = test["as_of"].iloc[0]
    spoiled = shop.events.copy()
    later = spoiled["ds"] > cut
    assert later.any()
    spoiled.loc[later, ["qty", "paid_amount"]] = 1e9
    extra = spoiled[later].assign(ds=spoiled.loc[later, "ds"] + pd.Timedelta(days=1))
    spoiled = pd.concat([spoiled, extra]).drop_duplicates(["customer_id", "ds"])
    rows = shop.features[shop.features["is_reachable"] & (shop.features["as_of"] <= cut)]
    again = PurchaseTiming(threads=1).fit(rows, spoiled, last_day=cut)
    pd.testing.assert_frame_equal(
        model.predict(test, shop.events), again.predict(test, spoiled), check_exact=True
    )


def test_timing_without_a_complete_window_is_refused(shop):
    newest = shop.features[shop.features["as_of"] == shop.features["as_of"].max()]
    with pytest.raises(TooLittleData, match="slices"):
        PurchaseTiming(threads=1).fit(newest, shop.events, last_day=shop.last_day)
    with pytest.raises(ValueError, match="not fitted"):
        PurchaseTiming().predict(newest, shop.events)


def test_talks_count_by_window_and_not_before_they_happen():
    talks = pd.DataFrame(
        {
            "customer_id": ["c"] * 4 + ["late"],
            "ds": AS_OF - pd.to_timedelta([0, 10, 29, 95, -1], "D"),
            "chats": [1.0, 2.0, 1.0, 3.0, 1.0],
            "messages": [3.0, 2.0, 5.0, 9.0, 1.0],
        }
    )
    slices = pd.DataFrame({"customer_id": ["late", "c"], "as_of": AS_OF})
    table = talk_numbers(slices, talks)
    assert table["customer_id"].tolist() == ["late", "c"]
    assert table.loc[0, list(TALK_NUMBERS)].isna().all()
    found = table.loc[1, ["talks_7d", "talks_15d", "talks_30d", "messages_30d"]].tolist()
    assert found == [1, 3, 4, 10]
    assert table.loc[1, "days_since_talk"] == 0
    assert table.loc[1, "talk_pace"] == pytest.approx(np.log(4.5 / (3.5 / (65 / 30 + 1))))


def test_a_shop_that_knows_no_babies_and_no_talks_gets_unknown_numbers(shop):
    extended = with_extras(shop.features.head(5), None, None)
    assert extended[list(EXTRAS)].isna().all(axis=None)
    assert all(extended[name].dtype == float for name in EXTRAS)


@pytest.fixture(scope="module")
def outlook(shop, told):
    said = []
    features = with_extras(shop.features, *told)
    churn = ChurnModel("recency_frequency", extras=EXTRAS, threads=1)
    learnt = Outlook.learn(
        churn, features, shop.events, outcome_days=60, last_day=shop.last_day, say=said.append
    )
    newest = features[features["is_reachable"] & (features["as_of"] == shop.last_day)]
    return learnt, newest, said


def test_every_reachable_customer_gets_score_ending_timing_and_warning(shop, outlook):
    learnt, newest, said = outlook
    assert said == []
    scored = learnt.predict(newest, shop.events)
    assert len(scored) == len(newest)
    assert set(scored["outcome_days"]) == {60}
    whole = scored["lapsed_score"] + scored["graduated_score"]
    np.testing.assert_allclose(whole, scored["churn_score"])
    assert scored["ending_expected"].isin(["lapsed", "graduated"]).all()
    assert (scored.loc[scored["graduated_share"] < 0.5, "ending_expected"] == "lapsed").all()
    assert scored["leaves_in_7d_score"].between(0, 1).all()
    assert scored["segment_zh"].nunique() >= 3
    expected = scored["buying_90d_amount"] * scored["buys_90d"]
    np.testing.assert_allclose(scored["expected_90d_amount"], expected)
    assert scored["leaves_in_7d_score"].corr(scored["churn_score"]) > 0.7
    alone = learnt.timing.predict(newest, shop.events)
    pd.testing.assert_frame_equal(scored[[*KEYS, *CHANCES]], alone[[*KEYS, *CHANCES]])


def test_a_saved_outlook_says_the_same_and_an_older_model_says_what_it_can(shop, outlook, tmp_path):
    learnt, newest, _ = outlook
    learnt.save(tmp_path / "now")
    again = Outlook.load(tmp_path / "now", threads=1)
    pd.testing.assert_frame_equal(
        learnt.predict(newest, shop.events), again.predict(newest, shop.events), check_exact=True
    )
    learnt.churn.save(tmp_path / "before")
    scored = Outlook.load(tmp_path / "before", threads=1).predict(newest, shop.events)
    assert scored["churn_score"].notna().all()
    unknown = ["graduated_share", "ending_expected", "expected_on", *CHANCES, "leaves_in_7d_score"]
    assert scored[unknown].isna().all(axis=None)


def test_a_shop_without_ages_is_told_why_it_has_no_endings(shop):
    said = []
    features = with_extras(shop.features, None, None)
    learnt = Outlook.learn(
        ChurnModel("recency", threads=1), features, shop.events,
        outcome_days=60, last_day=shop.last_day, say=said.append,
    )  # fmt: skip
    assert learnt.endings is None
    assert len(said) == 1
    assert "no endings: 0 labelled rows" in said[0]


def test_a_large_table_is_scored_in_parts_with_the_same_answer(shop, outlook, monkeypatch):
    learnt, newest, _ = outlook
    whole = learnt.predict(newest, shop.events)
    monkeypatch.setattr("ml.churn.outlook._ROWS_AT_ONCE", 60)
    shuffled = shop.events.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(whole, learnt.predict(newest, shuffled))


def test_a_stored_score_tells_which_version_made_it(shop, outlook, migrated, tmp_path):
    shutil.copy(migrated, tmp_path / "mlflow.db")
    registry = Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")
    outlook[0].save(tmp_path / "saved")
    for number in (1, 2):
        made = registry.record("churn", folder=tmp_path / "saved", tags={"last_day": "2025-01-01"})
        registry.set_alias("churn", "champion", made)
        scored = score_customers(
            shop.features, shop.events, last_day=shop.last_day.date(), registry=registry
        )
        assert scored["model_version"].unique().tolist() == [number]
