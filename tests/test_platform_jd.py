"""JD POP shops: from files in JD's own formats to canonical rows."""

import itertools
import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from personal_data import scan
from staged import FIXTURES, Shop, allocated

BEIJING = timezone(timedelta(hours=8))
VENDER = "10284531"
ORDER = f"jd:{VENDER}:312345678901"


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, "jd", VENDER)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


def test_the_sample_of_an_order_gives_its_canonical_lines(shop):
    shop.fixture("orders", "orders_ensearch.json", "2025-11-11")
    report = shop.load("orders")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    nappies, wipes = sorted(shop.staged("order_lines"), key=lambda line: line["line_no"])
    assert {
        "order_id": ORDER,
        "parent_order_id": f"jd:{VENDER}:312345670000",
        "platform_sku_id": "100012345678",
        "merchant_code": "DP-NB-84",
        "qty": 2.0,
        "gross_amount": Decimal("278.00"),
        "seller_discount_amount": Decimal("33.69"),
        "platform_discount_amount": Decimal("17.79"),
        "paid_amount": None,
        "order_goods_amount": Decimal("331.00"),
        "allocation_base": Decimal("258.00"),
        "freight_amount": Decimal("0.00"),
        "created_at": at("2025-11-11 00:00:09"),
        "paid_at": at("2025-11-11 00:00:31"),
        "finished_at": None,
        "lifecycle": "paid",
        "order_kind": "sale",
        "is_gift": False,
        "buyer_key_type": "jd_xid",
    }.items() <= nappies.items()
    assert (wipes["merchant_code"], wipes["allocation_base"]) == ("WIPE-80x5", Decimal("119.00"))
    assert nappies["order_line_id"] != wipes["order_line_id"]
    assert allocated([nappies, wipes]) == [Decimal("226.52"), Decimal("104.48")]


def test_an_order_got_by_its_number_without_actual_pay_counts_the_wallet(shop):
    shop.fixture("orders", "order_get.json", "2025-11-11")
    shop.load("orders")

    lines = sorted(shop.staged("order_lines"), key=lambda line: line["line_no"])
    assert {line["order_goods_amount"] for line in lines} == {Decimal("470.00")}
    assert [line["platform_item_id"] for line in lines] == [None, "10012345"]
    assert [line["merchant_code"] for line in lines] == ["DP-NB-84", None]
    assert {line["parent_order_id"] for line in lines} == {None}
    assert {line["buyer_key_type"] for line in lines} == {"jd_open_id"}
    assert scan(shop.lake, ["PII-", "1990000"]) == []


def test_the_order_report_gives_lines_that_can_be_shared_by_units(shop):
    shop.fixture("orders", "order_report.csv", "2025-11-12")
    shop.load("orders")

    lines = sorted(shop.staged("order_lines"), key=lambda line: line["line_no"])
    assert [line["merchant_code"] for line in lines] == ["DP-NB-84", "WIPE-80x5"]
    assert [line["lifecycle"] for line in lines] == ["shipped", "shipped"]
    assert allocated(lines) == [Decimal("200.00"), Decimal("100.00")]


def test_the_sample_of_the_sku_report_gives_its_canonical_day(shop):
    shop.fixture("item_daily", "item_report.csv", "2025-11-12")
    shop.load("item_daily")

    (day,) = shop.staged("item_daily")
    assert {
        "ds": date(2025, 11, 11),
        "platform_item_id": None,
        "platform_sku_id": "100012345678",
        "visitors": 2_610.0,
        "views": 5_003.0,
        "add_to_cart_buyers": 201.0,
        "paid_buyers": 88.0,
        "paid_qty": 104.0,
        "paid_amount": Decimal("22126.00"),
    }.items() <= day.items()


@pytest.mark.parametrize(
    ("dataset", "name", "day"),
    [
        ("orders", "orders_ensearch.json", "2025-11-11"),
        ("refunds", "service_and_refund.json", "2025-11-26"),
        ("cancellations", "cancellations.json", "2025-11-12"),
    ],
)
def test_a_page_that_says_it_failed_is_refused_with_what_it_says(shop, dataset, name, day):
    shop.fixture(
        dataset, name, day, lambda text: text.replace('"success": true', '"success": false')
    )
    report = shop.load(dataset)

    assert report.rows_loaded == 0
    assert report.files_unreadable + report.rows_quarantined == 1
    assert any("failed" in message for message in report.messages), report.messages


def test_reviews_come_from_the_back_office_without_their_text(shop):
    shop.fixture("reviews", "reviews.csv", "2025-11-21")
    shop.load("reviews")

    assert shop.staged("reviews", "order_id", "platform_sku_id", "rating", "content_length") == [
        {"order_id": ORDER, "platform_sku_id": sku, "rating": rating, "content_length": length}
        for sku, rating, length in (("100012345678", 5.0, 6.0), ("100012345999", 2.0, 0.0))
    ]
    assert scan(shop.lake, ["很好用", "PII-"]) == []


def test_trap_01_the_same_orders_pulled_again_in_any_order_change_nothing(tmp_path):
    once, often = Shop(tmp_path / "a", "jd", VENDER), Shop(tmp_path / "b", "jd", VENDER)

    def done(text: str) -> str:
        return text.replace("WAIT_SELLER_STOCK_OUT", "FINISHED_L").replace(
            '"modified": "2025-11-11 00:02:00"', '"modified": "2025-11-19 10:00:00"'
        )

    once.fixture("orders", "orders_ensearch.json", "2025-11-20", done)
    often.fixture("orders", "orders_ensearch.json", "2025-11-19", done)
    for day in ("2025-11-11", "2025-11-12", "2025-11-25"):
        often.fixture("orders", "orders_ensearch.json", day)
    once.load("orders")
    often.load("orders")
    assert often.load("orders").rows_loaded == 0

    columns = ("order_line_id", "line_no", "allocation_base", "lifecycle", "source_modified_at")
    assert often.staged("order_lines", *columns) == once.staged("order_lines", *columns)
    assert {line["lifecycle"] for line in often.staged("order_lines", "lifecycle")} == {"completed"}


def fewer_fields(text: str) -> str:
    """An answer to somebody who asked for less: no cash, no coupons, no buyer."""
    page = json.loads(text)
    found = page["jingdong_pop_order_enSearch_responce"]["searchorderinfo_result"]
    for order in found["orderInfoList"]:
        for field in ("actualPay", "couponDetailList", "xid_buyer"):
            del order[field]
    return json.dumps(page)


@pytest.mark.parametrize("number", range(6))
def test_the_fuller_of_two_answers_of_one_version_counts(tmp_path, number):
    def numbered(text: str) -> str:
        return text.replace("312345678901", f"31234567890{number}")

    days = ["2025-11-11", "2025-11-12"]
    for name, (full, fewer) in {"a": days, "b": days[::-1]}.items():
        shop = Shop(tmp_path / name, "jd", VENDER)
        shop.fixture("orders", "orders_ensearch.json", full, numbered)
        shop.fixture("orders", "orders_ensearch.json", fewer, lambda t: fewer_fields(numbered(t)))
        report = shop.load("orders")

        assert (report.rows_loaded, report.rows_quarantined) == (2, 0)
        lines = shop.staged("order_lines", "buyer_key_type", "allocation_base")
        assert [tuple(line.values()) for line in lines] == [
            ("jd_xid", Decimal("119.00")),
            ("jd_xid", Decimal("258.00")),
        ]


def test_a_list_and_the_details_of_an_order_in_one_file_contradict_nobody(shop):
    full = (FIXTURES / "jd" / "orders_ensearch.json").read_text("utf-8")
    pages = [json.dumps(json.loads(text)) for text in (fewer_fields(full), full)]
    shop.put("orders", "both.jsonl", "\n".join(pages), "2025-11-11")
    report = shop.load("orders")

    assert (report.rows_loaded, report.rows_quarantined) == (2, 0)
    assert {line["buyer_key_type"] for line in shop.staged("order_lines")} == {"jd_xid"}


def service(method: str, **bill: object) -> str:
    """What one of the two methods says of a service."""
    bill = {"serviceId": 7, "orderId": 100, "skuId": 1, "customerExpect": 10} | bill
    bill |= {"actualPayPrice": 100.0, "applyTime": "2025-11-05 10:00:00"}
    if method == "asc_serviceAndRefund_view":
        refund = {key: bill.pop(key) for key in ("status", "refoundAmount", "completeTime")}
        bill = {"sameOrderServiceBill": bill} | refund
    return json.dumps({f"jingdong_{method}_responce": {"pageResult": {"data": [bill]}}})


@pytest.mark.parametrize("days", itertools.permutations(["2025-11-07", "2025-11-08"]))
def test_a_method_that_tells_no_refund_takes_none_back(shop, days):
    done = {"status": 13, "refoundAmount": 30.0, "completeTime": "2025-11-06 10:00:00"}
    told = service("asc_serviceAndRefund_view", serviceStatus=10005, **done)
    shop.put("refunds", "view.json", told, days[0])
    shop.put("refunds", "list.json", service("asc_query_list", serviceStatus=10010), days[1])
    shop.load("refunds")

    assert shop.staged(
        "refunds", "type", "status", "requested_amount", "success_amount", "success_at"
    ) == [
        {
            "type": "return_refund",
            "status": "success",
            "requested_amount": Decimal("100.00"),
            "success_amount": Decimal("30.00"),
            "success_at": at("2025-11-06 10:00:00"),
        }
    ]


def test_trap_04_a_part_paid_back_is_no_return_of_the_line(shop):
    shop.fixture(
        "refunds",
        "service_and_refund.json",
        "2025-11-26",
        lambda text: text.replace('"customerExpectName": "价保"', '"customerExpectName": "仅退款"'),
    )
    shop.load("refunds")

    found = {refund["refund_id"][-1]: refund for refund in shop.staged("refunds")}
    assert (found["3"]["type"], found["3"]["success_amount"]) == ("refund_only", Decimal("12.30"))
    assert found["3"]["requested_amount"] == Decimal("104.48")
    assert not found["3"]["is_goods_back"]


def test_trap_06_both_refund_feeds_are_read_and_keep_their_ids_apart(shop):
    shop.fixture("orders", "orders_ensearch.json", "2025-11-11")
    shop.fixture("refunds", "service_and_refund.json", "2025-11-26")
    shop.fixture("refunds", "refund_report.csv", "2025-11-26")
    shop.fixture("cancellations", "cancellations.json", "2025-11-12")
    report = shop.load("orders", "refunds", "cancellations")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0), report.messages
    found = shop.staged(
        "refunds", "refund_id", "type", "status", "qty", "success_amount", "is_goods_back"
    )
    assert [tuple(refund.values()) for refund in found] == [
        (f"jd:{VENDER}:a:724578811", "return_refund", "success", 1, Decimal("113.26"), True),
        (f"jd:{VENDER}:a:724578812", "exchange", "goods_in_transit", 1, None, True),
        (f"jd:{VENDER}:a:724578813", "price_protect", "success", None, Decimal("12.30"), False),
        (f"jd:{VENDER}:a:724578820", "return_refund", "success", 1, Decimal("150.00"), True),
        (f"jd:{VENDER}:c:23798816970", "cancel_before_ship", "success", None, Decimal(331), False),
        (f"jd:{VENDER}:c:23798816971", "cancel_before_ship", "requested", None, None, False),
    ]
    lines = {line["platform_sku_id"]: line["order_line_id"] for line in shop.staged("order_lines")}
    of_lines = {
        refund["refund_id"][-1]: refund["order_line_id"]
        for refund in shop.staged("refunds")
        if refund["feed"] == "a" and refund["order_id"] == ORDER
    }
    assert of_lines == {
        "1": lines["100012345678"],
        "2": lines["100012345999"],
        "3": lines["100012345999"],
    }
    assert scan(shop.lake, ["PII-", "1990000"]) == []


def test_trap_09_cancellations_are_in_fen_and_services_in_yuan(shop):
    shop.fixture("cancellations", "cancellations.json", "2025-11-12")
    shop.load("cancellations")

    found = shop.staged("refunds", "requested_amount")
    assert [refund["requested_amount"] for refund in found] == [
        Decimal("104.48"),
        Decimal("331.00"),
    ]


def test_trap_11_an_order_number_that_excel_rounded_is_refused(shop):
    shop.fixture(
        "orders",
        "order_report.csv",
        "2025-11-12",
        lambda text: text.replace("'312345678904", "3.12345678904E+11"),
    )
    report = shop.load("orders")

    assert report.rows_loaded == 0
    assert any("damaged by a spreadsheet" in reason for reason in report.quarantine_reasons)


def test_trap_13_the_years_1_and_1970_mean_not_yet(shop):
    shop.fixture(
        "orders",
        "orders_ensearch.json",
        "2025-11-11",
        lambda text: text.replace(
            '"paymentConfirmTime": "2025-11-11 00:00:31"',
            '"paymentConfirmTime": "0001-01-01 00:00:00", "outBoundDate": "1970-01-01 08:00:00"',
        ),
    )
    shop.fixture("orders", "order_get.json", "2025-11-11")
    report = shop.load("orders")

    assert report.rows_quarantined == 0
    found = {line["platform_order_id"]: line for line in shop.staged("order_lines")}
    assert {number: (line["paid_at"], line["lifecycle"]) for number, line in found.items()} == {
        "312345678901": (None, "created"),
        "312345670000": (at("2025-11-11 00:00:31"), "paid"),
    }
    for line in found.values():
        assert (line["shipped_at"], line["finished_at"], line["closed_at"]) == (None, None, None)


def test_trap_14_a_cancelled_order_keeps_the_payment_that_tells_refund_from_cancellation(shop):
    def cancelled(text: str) -> str:
        return text.replace("WAIT_SELLER_STOCK_OUT", "TRADE_CANCELED").replace(
            "0001-01-01 00:00:00", "2025-11-12 10:00:00"
        )

    shop.fixture("orders", "orders_ensearch.json", "2025-11-12", cancelled)
    shop.load("orders")

    line = shop.staged("order_lines")[0]
    assert (line["lifecycle"], line["closed_at"]) == ("closed", at("2025-11-12 10:00:00"))
    assert line["paid_at"] == at("2025-11-11 00:00:31")


def test_trap_15_children_name_their_parent_so_that_it_can_be_left_out(shop):
    shop.fixture("orders", "orders_ensearch.json", "2025-11-11")
    shop.fixture("orders", "order_get.json", "2025-11-11")
    shop.load("orders")

    found = shop.staged("order_lines", "order_id", "parent_order_id")
    parents = {line["parent_order_id"] for line in found if line["parent_order_id"]}
    assert parents == {f"jd:{VENDER}:312345670000"}
    kept = {line["order_id"] for line in found} - parents
    assert kept == {ORDER}


@pytest.mark.parametrize(("mark", "kind"), [("0", "sale"), ("1", "reissue"), ("2", "exchange")])
def test_trap_16_what_the_shop_sends_again_is_no_sale(shop, mark, kind):
    shop.fixture(
        "orders",
        "order_get.json",
        "2025-11-11",
        lambda text: text.replace('"returnOrder": "0"', f'"returnOrder": "{mark}"'),
    )
    shop.load("orders")

    assert {line["order_kind"] for line in shop.staged("order_lines")} == {kind}


def test_trap_17_a_line_without_a_price_is_a_gift_and_takes_no_money(shop):
    gift = '{"skuId": "100012349999", "outerSkuId": "GIFT-1", "jdPrice": "0.00", "itemTotal": "3"},'
    shop.fixture(
        "orders",
        "orders_ensearch.json",
        "2025-11-11",
        lambda text: text.replace('"itemInfoList": [', f'"itemInfoList": [{gift}'),
    )
    shop.load("orders")

    lines = sorted(shop.staged("order_lines"), key=lambda line: line["line_no"])
    assert [(line["is_gift"], line["qty"]) for line in lines] == [(True, 3), (False, 2), (False, 1)]
    assert allocated(lines) == [Decimal("0.00"), Decimal("226.52"), Decimal("104.48")]


def test_trap_20_what_jd_bears_is_told_apart_from_what_the_shop_bears(shop):
    shop.fixture(
        "orders",
        "orders_ensearch.json",
        "2025-11-11",
        lambda text: text.replace(
            '{"couponType": "41", "couponPrice": "26.00"}',
            '{"couponType": "41-京东券", "couponPrice": "20.00"}, '
            '{"couponType": "39", "couponPrice": "6.00"}, '
            '{"couponType": "52", "couponPrice": "50.00"}',
        ),
    )
    shop.load("orders")

    found = shop.staged("order_lines", "seller_discount_amount", "platform_discount_amount")
    assert sum(line["seller_discount_amount"] for line in found) == Decimal("40.00")
    assert sum(line["platform_discount_amount"] for line in found) == Decimal("26.00")


def test_trap_23_the_row_of_totals_is_counted_and_left_out(shop):
    shop.fixture("item_daily", "item_report.csv", "2025-11-12")
    report = shop.load("item_daily")

    assert (report.rows_in, report.rows_loaded, report.rows_total_dropped) == (1, 1, 1)
    assert report.rows_quarantined == 0
    assert [day["platform_sku_id"] for day in shop.staged("item_daily")] == ["100012345678"]


def test_trap_23_a_window_of_many_days_is_no_day(shop):
    shop.fixture(
        "item_daily",
        "item_report.csv",
        "2025-12-01",
        lambda text: text.replace("2025-11-11,", "2025-11-01至2025-11-30,"),
    )
    report = shop.load("item_daily")

    assert (report.rows_loaded, report.rows_quarantined) == (0, 1)


def test_trap_27_a_grouped_title_row_and_gbk_do_not_hide_the_header(shop):
    text = (FIXTURES / "jd" / "refund_report.csv").read_text("utf-8")
    text = text.replace("退货", "换货").replace("完成", "待收货").replace("150.00", "-")
    shop.put("refunds", "退款.xls", text.encode("gb18030"), "2025-11-26")
    report = shop.load("refunds")

    assert report.files_unreadable == 0, report.messages
    (refund,) = shop.staged("refunds", "type", "status", "success_amount")
    assert tuple(refund.values()) == ("exchange", "goods_in_transit", None)


def test_trap_28_exchanges_and_price_guarantees_are_kept_apart_from_returns(shop):
    shop.fixture("refunds", "service_and_refund.json", "2025-11-26")
    shop.load("refunds")

    assert [refund["type"] for refund in shop.staged("refunds", "refund_id", "type")] == [
        "return_refund",
        "exchange",
        "price_protect",
    ]


@pytest.mark.parametrize("orders", ["", ', "orderInfoList": null', ', "orderInfoList": []'])
def test_an_hour_without_orders_is_no_fault(shop, orders):
    found = '{"apiResult": {"success": true, "zhDesc": "成功"}, "orderTotal": 0' + orders + "}"
    answer = '{"jingdong_pop_order_enSearch_responce": {"searchorderinfo_result": ' + found + "}}"
    shop.put("orders", "page-1.json", answer, "2025-11-11")
    report = shop.load("orders")
    assert (report.rows_in, report.files_unreadable, report.messages) == (0, 0, ())


def test_an_answer_that_does_not_say_it_worked_is_no_quiet_hour(shop):
    found = {"apiResult": {"zhDesc": "成功"}, "orderTotal": 0}
    answer = {"jingdong_pop_order_enSearch_responce": {"searchorderinfo_result": found}}
    shop.put("orders", "page-1.json", json.dumps(answer), "2025-11-11")
    assert shop.load("orders").files_unreadable == 1
