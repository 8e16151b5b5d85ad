"""Value, RFM, segments and plays: known answers, no future, names that tell segments apart."""

import numpy as np
import pandas as pd
import pytest
from churn_shop import make_shop

from ml.churn.plays import LEAVE_ALONE, choose_plays, read_plays
from ml.churn.rfm import RFM_CLASSES, rfm
from ml.churn.segments import STABLE, Segments
from ml.churn.value import Spending, own_rhythm_spend, spent_after, value_tier
from ml.columns import CUSTOMER_NUMBERS, TooLittleData


@pytest.fixture(scope="module")
def shop():
    return make_shop(500)


def test_expected_spend_is_average_order_times_orders_in_90_days():
    features = pd.DataFrame(
        {"mean_order_amount": [200.0, 200.0, -5.0], "expected_gap_days": [30.0, 0.0, 30.0]}
    )
    assert own_rhythm_spend(features).tolist() == [600.0, 18_000.0, 0.0]


def test_what_is_spent_after_a_day_is_the_sum_of_the_90_days_that_follow():
    events = pd.DataFrame(
        {
            "customer_id": ["c"] * 4 + ["d"],
            "ds": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-04-01", "2026-04-02"]
                                 + ["2026-02-01"]),
            "order_count": 1, "qty": 1.0, "paid_amount": [1.0, 2.0, 4.0, 8.0, 16.0],
            "discount_rate": 0.0, "category": "wipes",
        }
    )  # fmt: skip
    slices = pd.DataFrame({"customer_id": ["d", "c", "new"], "as_of": pd.Timestamp("2026-01-01")})
    assert spent_after(slices, events).tolist() == [16.0, 6.0, 0.0]


def test_spending_hits_the_level_of_a_later_slice_and_ranks_better_than_the_past(shop):
    reachable = shop.features[shop.features["is_reachable"]]
    cut = shop.last_day - pd.Timedelta(days=112)
    spending = Spending.learn(reachable, shop.events, last_day=cut)
    later = reachable[reachable["as_of"] == cut]
    spent = spent_after(later, shop.events)
    bought = spent > 0
    expected = spending.if_buying(later)
    assert expected[bought].sum() == pytest.approx(spent[bought].sum(), rel=0.15)
    errors = [np.abs(np.log(by[bought]) - np.log(spent[bought])).mean()
              for by in (expected, own_rhythm_spend(later))]  # fmt: skip
    assert errors[0] < errors[1]
    again = Spending.from_dict(spending.to_dict())
    np.testing.assert_array_equal(again.if_buying(later), expected)


def test_a_single_large_order_is_not_taken_at_its_face_value():
    """Customers spend by a level of their own: one basket tells it badly, twelve tell it well."""
    draw = np.random.default_rng(1)
    own, frequency = draw.normal(5, 0.6, 4_000), draw.choice([1.0, 2.0, 4.0, 12.0], 4_000)
    seen = np.exp(own + draw.normal(0, 0.6, 4_000) / np.sqrt(frequency))
    spent = np.exp(own + draw.normal(0, 0.3, 4_000))
    features = pd.DataFrame(dict.fromkeys(CUSTOMER_NUMBERS, 1.0), index=range(4_000)).assign(
        customer_id=[f"c_{i}" for i in range(4_000)], as_of=pd.Timestamp("2026-01-01"),
        platform="jd", last_category="wipes", is_reachable=True, frequency=frequency,
        mean_order_amount=seen, monetary_amount=seen * frequency,
    )  # fmt: skip
    events = pd.DataFrame(
        {
            "customer_id": features["customer_id"], "ds": pd.Timestamp("2026-02-01"),
            "order_count": 1, "qty": 1.0, "paid_amount": spent, "discount_rate": 0.0,
            "category": "wipes",
        }
    )  # fmt: skip
    spending = Spending.learn(features, events, last_day=pd.Timestamp("2026-04-01"))
    expected = spending.if_buying(features)
    for orders in (1, 12):
        some = frequency == orders
        top = some & (expected >= np.quantile(expected[some], 0.8))
        assert expected[top].sum() == pytest.approx(spent[top].sum(), rel=0.08)
    kept = spending.to_dict()
    assert kept.pop("usual_order") == pytest.approx(5, abs=0.1)
    assert Spending.from_dict(kept).usual_order is None, "as outlooks of before were fitted"


def test_spending_learns_nothing_from_after_its_last_day(shop):
    cut = shop.last_day - pd.Timedelta(days=112)
    spoiled = shop.events.copy()
    later = spoiled["ds"] > cut
    assert later.any()
    spoiled.loc[later, "paid_amount"] = 1e9
    assert Spending.learn(shop.features, shop.events, last_day=cut) == Spending.learn(
        shop.features, spoiled, last_day=cut
    )
    with pytest.raises(TooLittleData, match="0 buyers"):
        Spending.learn(shop.features, shop.events, last_day=shop.features["as_of"].min())


def test_a_second_category_in_a_shop_that_had_one_moves_no_amount_out_of_bounds(shop):
    reachable = shop.features[shop.features["is_reachable"]].assign(category_count=1.0)
    spending = Spending.learn(reachable, shop.events, last_day=shop.last_day)
    second = reachable.assign(category_count=2.0)
    kept = spending.to_dict()
    place = next(i for i, v in enumerate(kept["centre"]) if v == pytest.approx(np.log(2)))
    kept["spread"] = [2e-14 if i == place else v for i, v in enumerate(kept["spread"])]
    kept["weights"] = [1e-3 if i == place else v for i, v in enumerate(kept["weights"])]
    for told in (spending, Spending.from_dict(kept)):
        np.testing.assert_allclose(told.if_buying(second), spending.if_buying(reachable), rtol=1e-2)


def test_tier_a_brings_half_of_the_value():
    amounts = np.array([1.0, 50.0, 9.0, 30.0, 10.0])
    assert value_tier(amounts).tolist() == ["C", "A", "C", "B", "C"]
    assert value_tier(np.array([40.0, 35.0, 25.0])).tolist() == ["A", "A", "B"]


def test_rfm_scores_are_fifths_and_equal_customers_score_alike():
    features = pd.DataFrame(
        {
            "recency_days": [1.0, 10.0, 20.0, 30.0, 90.0, 90.0],
            "frequency": [9.0, 1.0, 1.0, 5.0, 1.0, 7.0],
            "monetary_amount": [900.0, 10.0, 20.0, 500.0, 30.0, 700.0],
        }
    )
    table = rfm(features)
    assert table.loc[0, ["r_score", "f_score", "m_score"]].tolist() == [5, 5, 5]
    assert table["f_score"].iloc[[1, 2, 4]].nunique() == 1
    assert table["rfm_class"].tolist() == [
        "champions", "newcomers", "newcomers", "keep", "fading", "keep",
    ]  # fmt: skip
    assert len({words["zh"] for words in RFM_CLASSES.values()}) == len(RFM_CLASSES) == 8


@pytest.fixture(scope="module")
def three_kinds():
    """Three kinds of customers, known by number: 300 regulars, 200 new ones, 100 big spenders."""
    draw = np.random.default_rng(4)
    kind = np.repeat([0, 1, 2], [300, 200, 100])
    middles = {
        "frequency": [20, 2, 8], "expected_gap_days": [15, 60, 40], "tenure_days": [500, 30, 400],
        "mean_order_amount": [100, 100, 900],
    }  # fmt: skip
    table = pd.DataFrame(
        {
            name: np.array(values, float)[kind] * draw.lognormal(0, 0.15, 600)
            for name, values in middles.items()
        }
    )
    for name in ("recency_over_gap", "category_count", "discount_share"):
        table[name] = draw.normal(1, 0.1, 600)
    return table, kind


def test_segments_find_the_kinds_there_are_and_say_why_so_many(three_kinds):
    table, kind = three_kinds
    segments = Segments.learn(table)
    found = segments.assign(table)
    assert pd.crosstab(found, kind).to_numpy().tolist() == [[300, 0, 0], [0, 200, 0], [0, 0, 100]]
    chosen = next(row for row in segments.choice if row["k"] == 3)
    assert chosen["stability"] >= STABLE
    assert chosen["silhouette"] == max(row["silhouette"] for row in segments.choice)
    shuffled = table.sample(frac=1, random_state=1)
    again = Segments.from_dict(segments.to_dict())
    np.testing.assert_array_equal(again.assign(shuffled), found[shuffled.index])


def test_segments_are_named_from_what_sets_them_apart(three_kinds):
    table, _ = three_kinds
    names = Segments.learn(table).names("en")
    assert len(set(names)) == 3
    assert "short gaps" in names[0]
    assert "new" in names[1].split(", ")
    assert "large baskets" in names[2]
    assert all("·" in name for name in Segments.learn(table).names("zh"))


def test_what_all_customers_share_names_no_segment(three_kinds):
    table, _ = three_kinds
    alike = table.assign(expected_gap_days=45.0, category_count=1.0)
    names = Segments.learn(alike).names("en")
    assert not any("gaps" in name or "categor" in name for name in names)


def test_customers_all_alike_are_no_segments_and_three_kinds_are_three():
    one = pd.DataFrame(
        dict.fromkeys(
            ["frequency", "expected_gap_days", "recency_over_gap", "mean_order_amount",
             "category_count", "discount_share", "tenure_days"],
            np.ones(2_000),
        )
    )  # fmt: skip
    with pytest.raises(TooLittleData, match="2,000 customers of fewer than 3 kinds"):
        Segments.learn(one)
    number = np.arange(2_000)
    odd = one.assign(
        frequency=np.where(number == 0, 9.0, 1.0), tenure_days=np.where(number == 1, 9.0, 1.0)
    )
    segments = Segments.learn(odd)
    assert len(set(segments.names("en"))) == len(segments.centres) == 3


def test_a_trait_that_is_not_known_counts_as_average(three_kinds):
    table, _ = three_kinds
    with_ages = table.assign(baby_age_months=np.where(np.arange(600) % 2, 10.0, np.nan))
    segments = Segments.learn(with_ages)
    assert "baby_age_months" in segments.columns
    assert len(segments.assign(table)) == 600
    with pytest.raises(TooLittleData, match="50 customers"):
        Segments.learn(table.head(50))


LISTED = pd.DataFrame(
    {
        "is_holdout": False,
        "risk_tier": ["high", "high", "medium", "low", "high"],
        "ending_expected": ["lapsed", "graduated", "lapsed", "graduated", None],
        "rfm_class": ["keep", "fading", "fading", "fading", "fading"],
        "segment_zh": ["老客·客单高", None, "新客·买得少", None, None],
        "segment_en": ["old", None, "new, few orders", None, None],
        "reason_1": ["refunds", "overdue", "few_orders", "overdue", None],
    }
)


def test_the_first_play_that_fits_counts_and_low_risk_is_left_alone():
    chosen = choose_plays(LISTED, read_plays(), "zh")
    assert chosen["play"].tolist() == [
        "service_call", "next_stage", "second_order_offer", LEAVE_ALONE, "member_benefit",
    ]  # fmt: skip
    assert chosen["suggested_play"].str.contains("[一-鿿]").all()
    english = choose_plays(LISTED, read_plays(), "en")["suggested_play"]
    assert not english.str.contains("[一-鿿]").any()


def test_an_edited_table_is_read_by_class_name_or_segment(tmp_path):
    path = tmp_path / "plays.csv"
    lines = ["ending,segment,reason,play,zh,en", "*,重要保持客户,*,vip,专属,for you"]
    lines += ['*,"new, few orders",*,hello,欢迎,welcome', "*,*,*,none,无,nothing"]
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    chosen = choose_plays(LISTED, read_plays(path), "en")
    assert chosen["play"].tolist() == ["vip", "none", "hello", LEAVE_ALONE, "none"]
    saved = "\r\n".join([*lines[:2], ",,,,,", *lines[2:], "", ",,,,,"])
    path.write_bytes(saved.encode("gbk"))  # as Excel saves it in China
    pd.testing.assert_frame_equal(choose_plays(LISTED, read_plays(path), "en"), chosen)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["ending,segment,reason,play,zh", "*,*,*,a,b"], "columns \\['en'\\]"),
        (["ending,segment,reason,play,zh,en", "*,*,bored,a,b,c"], "reason \\['bored'\\]"),
        (["ending,segment,reason,play,zh,en", "*,*,*,a,,c"], "line 2 has an empty cell"),
        (["ending,segment,reason,play,zh,en", "lapsed,*,*,a,b,c"], "must fit everyone"),
    ],
)
def test_a_table_with_a_mistake_is_refused_with_its_place(tmp_path, lines, words):
    path = tmp_path / "plays.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        read_plays(path)
