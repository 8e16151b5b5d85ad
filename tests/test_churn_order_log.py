"""Any order log: the rules for odd lines, features at a day, and nothing from after it."""

import numpy as np
import pandas as pd
import pytest
from churn_shop import purchase_days

from ml.churn.labels import churn_labels
from ml.churn.model import ChurnModel
from ml.churn.order_log import OrderLog, customer_slices
from ml.churn.rhythm import RHYTHM_NUMBERS, rhythm
from ml.churn.timeline import Timeline
from ml.columns import FEAT_CUSTOMER, FEAT_CUSTOMER_EVENTS

AS_OF = pd.Timestamp("2026-03-31")
LINES = (
    ("a", "2026-01-10 09:00", 100.0, "s1", "wipes"),
    ("a", "2026-01-10 09:00", 100.0, "s1", "wipes"),
    ("a", "2026-01-10 18:00", 50.0, "s2", "formula"),
    ("a", "2026-03-01 10:00", 30.0, "s1", "wipes"),
    ("a", "2026-03-05 10:00", -20.0, "s1", "wipes"),
    ("b", "2026-02-01 10:00", 0.0, "s1", None),
    ("returner", "2026-02-01 10:00", -5.0, "s1", "wipes"),
    (None, "2026-02-01 10:00", 5.0, "s1", "wipes"),
    ("a", "no date", 5.0, "s1", "wipes"),
    ("late", "2026-04-02 10:00", 5.0, "s1", "wipes"),
    ("a", "2031-01-01 10:00", 9e9, "s9", "toys"),
)


@pytest.fixture(scope="module")
def orders():
    names = ["customer_id", "ordered_at", "amount", "sku", "category"]
    return pd.DataFrame(LINES, columns=names)


def _rhythm(log, slices):
    timeline = Timeline.of(log.events)
    table = rhythm(timeline, slices, np.zeros(len(timeline.events), int))
    return pd.DataFrame(table, columns=RHYTHM_NUMBERS)


def test_odd_lines_are_left_out_and_counted(orders):
    log = OrderLog.of(orders)
    assert log.left_out == {
        "without_customer_or_day": 2,
        "repeated_lines": 1,
        "returns": 2,
        "unreadable_days": 1,
        "unreadable_amounts": 0,
    }
    FEAT_CUSTOMER_EVENTS.check(log.events)
    days = log.events.groupby("customer_id").size().to_dict()
    assert days == {"a": 3, "b": 1, "late": 1}
    first = log.events.iloc[0]
    assert (first["paid_amount"], first["order_count"], first["category"]) == (150.0, 2, "wipes")


def test_a_slice_knows_what_was_bought_and_returned_by_then(orders):
    table = customer_slices(OrderLog.of(orders), [AS_OF])
    FEAT_CUSTOMER.check(table)
    assert table["customer_id"].tolist() == ["a", "b"]
    a, b = table.iloc[0], table.iloc[1]
    assert (a["recency_days"], a["tenure_days"], a["frequency"]) == (30, 80, 2)
    assert (a["monetary_amount"], a["amount_90d"], a["amount_30d"]) == (160, 160, -20)
    assert a["refund_rate"] == pytest.approx(20 / 180)
    assert (a["category_count"], a["brand_count"], a["last_category"]) == (2, 2, "wipes")
    assert a["expected_gap_days"] == pytest.approx((50 + 2 * 45) / 3)
    assert (b["frequency"], b["monetary_amount"], b["sd_gap_days"]) == (1, 0, 0)
    assert b["last_category"] is None or pd.isna(b["last_category"])


def test_spoiling_the_future_moves_no_feature(orders):
    days = [AS_OF - pd.Timedelta(days=30), AS_OF]
    spoiled = orders.copy()
    later = pd.to_datetime(spoiled["ordered_at"], errors="coerce") > AS_OF
    assert later.any()
    spoiled.loc[later, "amount"] = 1e12
    extra = spoiled[later].assign(customer_id="b", ordered_at="2026-04-01", category="spoiled")
    spoiled = pd.concat([spoiled, extra, extra.assign(amount=-1e12)])
    clean, dirty = (OrderLog.of(lines) for lines in (orders, spoiled))
    slices = customer_slices(clean, days)
    pd.testing.assert_frame_equal(slices, customer_slices(dirty, days))
    pd.testing.assert_frame_equal(_rhythm(clean, slices), _rhythm(dirty, slices))
    pd.testing.assert_frame_equal(
        slices, customer_slices(clean.before(days[1] + pd.Timedelta("1D")), days)
    )


def test_order_of_lines_does_not_matter(orders):
    one = customer_slices(OrderLog.of(orders), [AS_OF])
    other = customer_slices(OrderLog.of(orders.sample(frac=1, random_state=1)), [AS_OF])
    pd.testing.assert_frame_equal(one, other)


def test_a_log_of_three_columns_is_enough_and_two_are_not(orders):
    log = OrderLog.of(orders[["customer_id", "ordered_at", "amount"]])
    FEAT_CUSTOMER.check(customer_slices(log, [AS_OF]))
    with pytest.raises(ValueError, match="'amount'"):
        OrderLog.of(orders[["customer_id", "ordered_at"]])


def test_the_rhythm_counts_windows_gaps_and_fading_memories(orders):
    log = OrderLog.of(orders)
    table = _rhythm(log, customer_slices(log, [AS_OF]))
    a, b = table.iloc[0], table.iloc[1]
    assert [a[f"days_{w}d"] for w in (7, 28, 56, 90)] == [0, 0, 1, 2]
    assert (a["gap_1_days"], a["spent_1"], a["spent_2"], a["longest_gap_days"]) == (50, 30, 150, 50)
    assert np.isnan(a["gap_2_days"])
    assert np.isnan(b["gap_1_days"])
    assert np.isnan(b["longest_gap_days"])
    assert a["recency_over_longest"] == pytest.approx(0.6)
    fading = np.exp(-30 / 60) + np.exp(-80 / 60)
    assert a["fading_days_60d"] == pytest.approx(fading)
    lived = 60 * (1 - np.exp(-81 / 60))
    assert a["fading_rate_60d"] == pytest.approx(np.log((fading + 0.5) / (lived + 15)), abs=1e-5)
    assert a["fading_category_1"] > 0
    assert a["fading_category_2"] == 0


def test_a_customer_without_purchases_has_a_rhythm_of_nothing(orders):
    log = OrderLog.of(orders)
    stranger = pd.DataFrame({"customer_id": ["nobody"], "as_of": [AS_OF]})
    row = _rhythm(log, stranger).iloc[0]
    assert row["days_365d"] == 0
    assert np.isnan(row["spent_1"])
    empty = _rhythm(log.before(pd.Timestamp("2000-01-01")), stranger).iloc[0]
    assert empty["fading_days_30d"] == 0


def _scores(orders, last_day):
    """What a model learnt from the log says at its last day, by customer."""
    log = OrderLog.of(orders)
    days = [last_day - pd.Timedelta(days=back) for back in (0, 60, 90, 120)]
    slices = customer_slices(log, days)
    labels = churn_labels(slices, log.events, outcome_days=60, last_day=last_day)
    model = ChurnModel("recency_frequency", threads=1).fit(slices, log.events, labels)
    newest = slices[slices["as_of"] == last_day]
    return model.predict(newest, log.events).set_index("customer_id")["churn_score"]


def test_odd_lines_move_no_score_and_every_customer_with_a_purchase_has_one():
    days = purchase_days(150, days=300, seed=8)
    clean = days[["customer_id"]].assign(ordered_at=days["ds"], amount=days["paid_amount"])
    last_day = clean["ordered_at"].max()
    once = {"customer_id": "once", "ordered_at": last_day, "amount": 80.0}
    clean = pd.concat([clean, pd.DataFrame([once])], ignore_index=True)
    tomorrow = last_day + pd.Timedelta(days=1)
    odd = pd.DataFrame(
        [
            {"customer_id": "only returns", "ordered_at": last_day, "amount": -50.0},
            {"customer_id": "only later", "ordered_at": tomorrow, "amount": 50.0},
            {"customer_id": "once", "ordered_at": tomorrow, "amount": 1e9},
            {"customer_id": None, "ordered_at": last_day, "amount": 50.0},
            {"customer_id": "once", "ordered_at": pd.NaT, "amount": 50.0},
        ]
    )
    again = clean.sample(40, random_state=1)
    plain = _scores(clean, last_day)
    assert set(plain.index) == set(clean["customer_id"])
    pd.testing.assert_series_equal(_scores(pd.concat([odd, clean, again]), last_day), plain)
    returned = pd.DataFrame([once | {"amount": -80.0}])
    assert "once" in _scores(pd.concat([clean, returned]), last_day).index


def _written(stamps, **columns):
    """A log with one line per stamp, each of its own customer."""
    ids = [f"c{i}" for i in range(len(stamps))]
    return pd.DataFrame({"customer_id": ids, "ordered_at": stamps, "amount": 9.9} | columns)


@pytest.mark.parametrize(
    "stamp",
    [
        "2023-05-01 10:00:00",
        "2023-05-01 23:30",
        "2023-05-01T10:00:00.250",
        "2023-05-01T00:30:00Z",
        "2023-05-01 23:30:00+08:00",
        "2023-05-01 00:30:00.25 -0500",
        "2023/5/1",
        "2023/5/1 9:05",
        "2023.05.01",
        "2023年5月1日",
        "2023年5月1日 10:30",
        "20230501",
        pd.Timestamp("2023-05-01 23:30", tz="Asia/Shanghai"),
        pd.Timestamp("2023-05-01").date(),
    ],
)
def test_every_year_first_form_is_the_day_it_says_whatever_the_first_line_looks_like(stamp):
    for stamps in (["2023-04-30", stamp], [stamp, "2023-04-30 08:00:00"]):
        log = OrderLog.of(_written(stamps))
        assert log.left_out["unreadable_days"] == 0
        assert pd.Timestamp("2023-05-01") in set(log.events["ds"])
        assert len(log.events) == 2


def test_zoned_and_whole_number_days_are_the_days_they_show():
    late = pd.to_datetime(["2023-05-01 23:30", "2023-05-02 00:30"])
    expected = pd.to_datetime(["2023-05-01", "2023-05-02"])
    for stamps in (late.tz_localize("Asia/Shanghai"), [20230501, 20230502], [20230501.0, 20230502]):
        log = OrderLog.of(_written(stamps))
        assert log.events["ds"].tolist() == expected.tolist()
        assert len(customer_slices(log, [AS_OF])) == 2


@pytest.mark.parametrize(
    "stamps",
    [
        ["01/05/2023", "02/05/2023", "13/05/2023"],
        ["5/1/23", "5/2/23"],
        [1682899200, 1682985600],
        [1682899200000, 1682985600000],
        ["today", "now", "2023"],
        [45047, 45048],
    ],
)
def test_days_that_could_be_others_are_refused_with_count_and_example(stamps):
    with pytest.raises(ValueError, match="'ordered_at': .* values cannot be read") as told:
        OrderLog.of(_written(stamps))
    assert f"{len(stamps)} of {len(stamps)}" in str(told.value)
    assert repr(stamps[0]) in str(told.value)


def test_a_few_unreadable_days_are_counted_and_more_than_a_hundredth_refused():
    stamps = ["2023-05-01"] * 297 + ["31/12/2023"] * 3
    log = OrderLog.of(_written(stamps))
    assert log.left_out["unreadable_days"] == log.left_out["without_customer_or_day"] == 3
    assert len(log.events) == 297
    with pytest.raises(ValueError, match="4 of 301 .* row 298: '31/12/2023'"):
        OrderLog.of(_written([*stamps, "31/12/2023"]))


def test_amounts_with_currency_marks_and_separators_are_the_numbers_they_say():
    texts = [
        "¥1,234.50",
        "1234.5",
        "￥ 12",
        "-¥1,000",
        "¥-3.5",
        "2,345,678元",
        "RMB 7",
        "$1.20",
        "",
    ]
    log = OrderLog.of(_written(["2023-05-01"] * len(texts), amount=texts))
    assert log.left_out["unreadable_amounts"] == 0
    paid = log.events.set_index("customer_id")["paid_amount"]
    assert paid.to_dict() == {
        "c0": 1234.5, "c1": 1234.5, "c2": 12, "c5": 2345678, "c6": 7, "c7": 1.2, "c8": 0,
    }  # fmt: skip
    assert log.returns["returned_amount"].tolist() == [1000, 3.5]


@pytest.mark.parametrize("odd", ["ten", "1.234,50", "1,5", "inf", np.inf])
def test_an_amount_nobody_can_read_is_counted_and_many_are_refused(odd):
    paid = [2.0 if isinstance(odd, float) else "2"] * 150 + [odd]
    log = OrderLog.of(_written(["2023-05-01"] * 151, amount=paid))
    assert log.left_out["unreadable_amounts"] == 1
    assert log.events["paid_amount"].sum() == 300
    with pytest.raises(ValueError, match=f"'amount': 3 of 153 .* row 151: {odd!r}"):
        OrderLog.of(_written(["2023-05-01"] * 153, amount=[*paid, odd, odd]))


@pytest.mark.parametrize("kind", ["category", "Int64", "float", "string"])
def test_labels_and_ids_of_any_dtype_are_the_same_log_as_text(kind, orders):
    kept = orders[orders["customer_id"].notna()].iloc[2:]
    coded = {"s1": "1", "s2": "2", "s9": "9", "wipes": "1", "formula": "2", "toys": "3"}
    text = kept.assign(
        sku=kept["sku"].map(coded),
        category=kept["category"].map(coded),
        customer_id=kept["customer_id"].map({"a": "1", "b": "2", "returner": "3", "late": "4"}),
    )
    typed = text.assign(**{c: text[c].astype("float") for c in ("sku", "category", "customer_id")})
    if kind in ("category", "string"):
        typed = text
    typed = typed.astype(dict.fromkeys(("sku", "category", "customer_id"), kind))
    ours, theirs = OrderLog.of(text), OrderLog.of(typed)
    pd.testing.assert_frame_equal(ours.events, theirs.events)
    slices = customer_slices(theirs, [AS_OF])
    FEAT_CUSTOMER.check(slices)
    FEAT_CUSTOMER_EVENTS.check(theirs.events)
    pd.testing.assert_frame_equal(customer_slices(ours, [AS_OF]), slices)


def test_lines_of_different_orders_are_no_repeats_and_a_blank_customer_is_none():
    orders = _written(["2023-05-01"] * 4, order_id=[1, 1, 2, 3], tags=[["x"]] * 4)
    orders["customer_id"] = ["a", "a", "a", "  "]
    log = OrderLog.of(orders)
    assert log.left_out["repeated_lines"] == 1
    assert log.left_out["without_customer_or_day"] == 1
    assert log.events["paid_amount"].tolist() == [19.8]


def test_a_column_that_is_there_twice_is_refused(orders):
    with pytest.raises(ValueError, match="'amount' more than once"):
        OrderLog.of(pd.concat([orders, orders[["amount"]]], axis=1))
