"""The churn list: money first, reasons in words, a hold-out that never moves."""

import string

import numpy as np
import openpyxl
import pandas as pd
import pytest
from churn_shop import make_shop
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.churn.action_list import churn_list
from ml.churn.hashing import place_between_0_and_1
from ml.churn.labels import churn_labels
from ml.churn.model import ChurnModel
from ml.churn.outlook import EXTRAS, Outlook
from ml.churn.plays import read_plays
from ml.churn.reasons import CATALOGUE, Population, reason_text, top_reasons
from ml.columns import CUSTOMER_NUMBERS
from orchestration.outputs.churn_wording import CHURN_TEXTS
from orchestration.outputs.churn_workbook import write_churn_workbook


@pytest.fixture(scope="module")
def shop():
    return make_shop(600)


@pytest.fixture(scope="module")
def newest(shop):
    return shop.features[shop.features["as_of"] == shop.last_day].reset_index(drop=True)


@pytest.fixture(scope="module")
def predictions(shop, newest):
    rows = shop.features[shop.features["is_reachable"]]
    labels = churn_labels(rows, shop.events, outcome_days=60, last_day=shop.last_day)
    model = ChurnModel("xgboost", threads=1)
    return Outlook(model.fit(rows, shop.events, labels)).predict(newest, shop.events)


def test_rows_are_reachable_customers_by_falling_value_at_stake(predictions, newest):
    table = churn_list(predictions, newest)
    assert len(table) == newest["is_reachable"].sum()
    assert table["value_at_stake_amount"].is_monotonic_decreasing
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    np.testing.assert_allclose(
        table["expected_90d_amount"] * table["churn_score"],
        table["value_at_stake_amount"] * (1 - table["churn_score"]),
    )
    top = churn_list(predictions, newest, top=10)
    pd.testing.assert_frame_equal(top, table.head(10))


def test_the_tier_compares_odds_with_the_average_reachable_customer(predictions, newest):
    steps = np.resize([0.2, 0.55, 0.65, 0.7], len(predictions))
    table = churn_list(predictions.assign(churn_score=steps), newest)
    assert table["churn_score"].mean() == pytest.approx(0.525, abs=0.02)
    tiers = table.groupby("churn_score")["risk_tier"].unique().str[0].to_dict()
    assert tiers == {0.2: "low", 0.55: "medium", 0.65: "medium", 0.7: "high"}
    asked = table[~table["is_holdout"]]
    assert (asked.loc[asked["risk_tier"] == "low", "play"] == "leave_alone").all()
    assert (asked.loc[asked["risk_tier"] != "low", "play"] != "leave_alone").all()


def test_every_row_has_words_in_the_language_asked_for(predictions, newest):
    at_risk = predictions.assign(churn_score=0.9)
    chinese = churn_list(at_risk, newest)
    english = churn_list(at_risk, newest, language="en")
    told = chinese["reason_1"].notna()
    assert told.mean() > 0.8
    assert (chinese["reasons"].str.len() > 0).equals(told)
    assert chinese.loc[told, "reasons"].str.contains("[一-鿿]").all()
    assert not english["reasons"].str.contains("[一-鿿]").any()
    assert english["suggested_play"].notna().all()
    assert chinese["play"].equals(english["play"])


def test_the_hold_out_depends_on_the_customer_alone(predictions, newest):
    whole = churn_list(predictions, newest).set_index("customer_id")["is_holdout"]
    moved = churn_list(predictions.assign(churn_score=0.6).tail(200), newest, top=50)
    assert moved["is_holdout"].equals(whole.loc[moved["customer_id"]].reset_index(drop=True))
    wider = churn_list(predictions, newest, holdout_share=0.3).set_index("customer_id")
    assert wider.loc[whole[whole].index, "is_holdout"].all()
    other = churn_list(predictions, newest, seed=8).set_index("customer_id")["is_holdout"]
    assert not other.equals(whole)
    assert not churn_list(predictions, newest, holdout_share=0.0)["is_holdout"].any()


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "对照组：请勿联系"), ("en", "held out: do not contact")]
)
def test_who_is_held_out_has_no_play_and_is_not_to_be_contacted_in_words(
    predictions, newest, tmp_path, language, words
):
    table = churn_list(predictions, newest, language=language, holdout_share=0.3)
    held = table[table["is_holdout"]]
    assert {"low", "high"} <= set(held["risk_tier"])
    assert held["play"].isna().all()
    assert set(held["suggested_play"]) == {words}
    asked = table[~table["is_holdout"]]
    assert asked["play"].notna().all()
    assert words not in set(asked["suggested_play"])
    path = write_churn_workbook(table, read_plays(), tmp_path / "x.xlsx", language=language)
    sheet = openpyxl.load_workbook(path)[CHURN_TEXTS[language]["holdout"]]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len(rows) > 5
    assert all(words in row for row in rows)


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0, 1), salt=st.text(max_size=80))
def test_hash_places_are_spread_evenly_whatever_the_salt(share, salt):
    ids = pd.Series([f"c_{i}" for i in range(2_000)])
    places = place_between_0_and_1(ids, salt=salt)
    assert ((places >= 0) & (places < 1)).all()
    assert (places < share).mean() == pytest.approx(share, abs=0.06)
    np.testing.assert_array_equal(places[::-1], place_between_0_and_1(ids[::-1], salt=salt))


def test_a_hash_place_never_changes_between_releases():
    place = place_between_0_and_1(pd.Series(["c_0123456789abcdef0123"]), salt="holdout 7")[0]
    assert place == pytest.approx(0.27592998522872303, abs=1e-12)


@pytest.mark.parametrize("reason", CATALOGUE, ids=lambda reason: reason.code)
def test_every_reason_has_both_languages_over_the_same_numbers(reason):
    fields = [
        {field for _, field, _, _ in string.Formatter().parse(text) if field}
        for text in (reason.zh, reason.en)
    ]
    assert fields[0] == fields[1] == {"value", "typical"}
    numbers = {"value": 0.5, "typical": 0.25}
    assert reason_text(reason.code, numbers, "zh") != reason_text(reason.code, numbers, "en")


def test_codes_are_unique_and_reasons_read_columns_of_the_contract():
    assert len({reason.code for reason in CATALOGUE}) == len(CATALOGUE)
    known = {*CUSTOMER_NUMBERS, *EXTRAS, "platform", "last_category"}
    assert {column for reason in CATALOGUE for column in reason.columns} == known


def test_words_and_codes_that_are_not_known_are_refused():
    assert reason_text(None, {}) == ""
    with pytest.raises(ValueError, match="language 'fr'"):
        reason_text("overdue", {"value": 1, "typical": 2}, "fr")
    with pytest.raises(ValueError, match="'boredom'"):
        reason_text("boredom", {"value": 1, "typical": 2})


def test_the_strongest_reason_comes_first_and_only_where_the_customer_fits_the_words(newest):
    reachable = newest[newest["is_reachable"]].reset_index(drop=True)
    population = Population.learn(reachable, np.resize([0, 1], len(reachable)))
    rows = reachable.head(3).assign(
        recency_days=[90.0, 90.0, 1.0],
        expected_gap_days=[30.0, 200.0, 30.0],
        frequency=[1.0, 1.0, 50.0],
    )
    contributions = pd.DataFrame(
        0.0, index=range(3), columns=[*CUSTOMER_NUMBERS, "platform", "last_category"]
    )
    contributions["recency_days"] = [1.0, 0.1, 1.0]
    contributions["frequency"] = [0.5, 0.5, 0.5]
    table = top_reasons(rows, contributions, population)
    assert table["reason_1"].tolist() == ["overdue", "few_orders", None]
    assert table["reason_2"].tolist() == ["few_orders", "quiet", None]
    assert table["reason_3"].isna().all()
    assert table.loc[0, ["reason_1_value", "reason_1_typical"]].tolist() == [90.0, 30.0]
    assert table.loc[1, "reason_2_typical"] == reachable["recency_days"].median()
    assert reason_text("overdue", {"value": 90.0, "typical": 30.0}, "en") == (
        "no purchase for 90 days, usually buys about every 30 days"
    )


def test_a_reason_is_said_only_where_its_two_numbers_differ_as_written(newest):
    reachable = newest[newest["is_reachable"]].reset_index(drop=True)
    population = Population.learn(reachable, np.resize([0, 1], len(reachable)))
    rows = reachable.head(4).assign(
        recency_days=[42.0, 43.0, 5.0, 5.0],
        expected_gap_days=[41.5, 41.5, 30.0, 30.0],
        refund_rate=[0.0, 0.0, 0.0005, 0.006],
    )
    contributions = pd.DataFrame(
        0.0, index=range(4), columns=[*CUSTOMER_NUMBERS, "platform", "last_category"]
    )
    contributions["recency_days"] = [1.0, 1.0, 0.0, 0.0]
    contributions["refund_rate"] = [0.0, 0.0, 1.0, 1.0]
    table = top_reasons(rows, contributions, population)
    assert table["reason_1"].tolist() == ["quiet", "overdue", None, "refunds"]
    numbers = table.loc[3, ["reason_1_value", "reason_1_typical"]].tolist()
    assert reason_text("refunds", dict(zip(("value", "typical"), numbers, strict=True)), "en") == (
        "many refunds: 1%, 0% is typical"
    )


@settings(max_examples=200, deadline=None)
@given(
    value=st.floats(-1e4, 1e4),
    typical=st.floats(-1e4, 1e4),
    reason=st.sampled_from(CATALOGUE),
)
def test_numbers_that_round_apart_are_written_apart(value, typical, reason):
    apart = np.rint(value * reason.steps) != np.rint(typical * reason.steps)
    said = reason_text(reason.code, {"value": value, "typical": typical}, "en")
    swapped = reason_text(reason.code, {"value": typical, "typical": value}, "en")
    assert apart == (said != swapped) or np.rint(value) == np.rint(typical) == 0


def share_named_for_their_category(predictions, customers) -> float:
    mine = predictions[predictions["customer_id"].isin(customers)]
    return mine[["reason_1", "reason_2", "reason_3"]].eq("category_churn").any(axis=1).mean()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_shop_with_nobody_within_reach_gets_an_empty_workbook(
    predictions, newest, tmp_path, language
):
    gone = newest.assign(is_reachable=False)
    table = churn_list(predictions, gone, language=language)
    assert table.empty
    path = tmp_path / "churn_list.xlsx"
    write_churn_workbook(table, read_plays(), path, language=language)
    words = CHURN_TEXTS[language]
    assert openpyxl.load_workbook(path)[words["list"]]["A2"].value == words["empty"]


def test_what_they_bought_is_a_reason_for_toy_buyers_rather_than_for_others(predictions, newest):
    is_toys = newest["last_category"] == "toys"
    named = share_named_for_their_category(predictions, newest.loc[is_toys, "customer_id"])
    others = share_named_for_their_category(predictions, newest.loc[~is_toys, "customer_id"])
    assert named > others + 0.3


def test_the_reason_named_most_for_toy_buyers_is_what_they_bought(predictions, newest):
    toys = newest.loc[newest["last_category"] == "toys", "customer_id"]
    assert share_named_for_their_category(predictions, toys) > 0.6


def test_what_makes_no_list_is_refused(predictions, newest):
    later = predictions.assign(as_of=predictions["as_of"] + pd.Timedelta(days=28))
    with pytest.raises(ValueError, match="several"):
        churn_list(pd.concat([predictions, later]), newest)
    with pytest.raises(ValueError, match="scores have no row"):
        churn_list(predictions, newest.head(5))
    for wrong, words in (
        ({"top": 0}, "top is 0"),
        ({"holdout_share": 1.0}, "holdout_share"),
        ({"language": "fr"}, "language"),
    ):
        with pytest.raises(ValueError, match=words):
            churn_list(predictions, newest, **wrong)
