"""Xiaohongshu: from files in the platform's own formats to canonical rows."""

import json
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import md5

import platform_truth
import pytest
from personal_data import scan
from staged import FIXTURES, Shop

from orchestration.sandbox.dialects import xiaohongshu

BEIJING = timezone(timedelta(hours=8))
SHOP = "63f0a1b2c3"
ORDER = f"xiaohongshu:{SHOP}:P712345678901234567"
DETAIL = f"xiaohongshu:{SHOP}:P712345678901234599"


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, "xiaohongshu", SHOP)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


def epoch_ms(text: str) -> int:
    return int(at(text).timestamp()) * 1000


def yuan(text: str) -> Decimal:
    return Decimal(text)


def line_id(order_id: str, sku_id: str, occurrence: int = 1) -> str:
    return f"{order_id}:{md5(f'{order_id}:{sku_id}:{occurrence}'.encode()).hexdigest()[:16]}"


def order(number: int, *lines: dict, **fields) -> dict:
    """An order of 259.00 yuan placed and paid at noon, with its SKUs."""
    noon = epoch_ms("2025-11-11 12:00:00")
    skus = [
        {"skuId": f"66aa{n:02d}", "skuQuantity": 1, "totalPaidAmount": 25900, "skuTag": 0} | line
        for n, line in enumerate(lines or ({},), start=1)
    ]
    stands = {"orderType": 1, "orderStatus": 4, "orderAfterSalesStatus": 1}
    times = {"createdTime": noon, "paidTime": noon + 45_000, "updateTime": noon + 60_000}
    return {"orderId": f"P71234567890123{number:04d}", "skuList": skus} | stands | times | fields


def put_orders(shop: Shop, *orders: dict) -> None:
    page = {"success": True, "error_code": 0, "data": {"total": 1, "orderList": orders}}
    shop.put("orders", f"{len(orders)}.json", json.dumps(page), "2025-11-12")
    report = shop.load("orders")
    assert (report.files_unreadable, report.quarantine_reasons) == (0, {})


def test_the_sample_of_an_order_gives_its_canonical_lines(shop):
    shop.fixture("orders", "order_list.json", "2025-11-11")
    report = shop.load("orders")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    lines = {row["platform_sku_id"]: row for row in shop.staged("order_lines")}
    assert {
        "order_id": ORDER,
        "order_line_id": line_id(ORDER, "66aa01"),
        "platform_item_id": "66aa00",
        "merchant_code": "SUIT-66-BLUE",
        "qty": 1.0,
        "gross_amount": yuan("299.00"),
        "seller_discount_amount": yuan("30.00"),
        "platform_discount_amount": yuan("10.00"),
        "paid_amount": yuan("259.00"),
        "receivable_amount": yuan("269.00"),
        "freight_amount": yuan("0.00"),
        "deposit_amount": None,
        "created_at": at("2025-11-11 00:00:00"),
        "paid_at": at("2025-11-11 00:01:05"),
        "source_modified_at": at("2025-11-11 00:01:06"),
        "lifecycle": "paid",
        "order_kind": "sale",
        "kol_id": "k1",
        "is_gift": False,
        "buyer_key_type": "xhs_user_id",
    }.items() <= lines["66aa01"].items()
    assert {
        "merchant_code": "GIFT-SOCK",
        "qty": 1.0,
        "paid_amount": yuan("0.00"),
        "is_gift": True,
        "main_line_id": line_id(ORDER, "66aa01"),
    }.items() <= lines["66aa09"].items()


def test_the_sample_of_the_export_pays_the_same(shop):
    shop.fixture("orders", "order_export.csv", "2025-11-11")
    report = shop.load("orders")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    (line,) = shop.staged("order_lines")
    assert {
        "order_id": ORDER,
        "merchant_code": "SUIT-66-BLUE",
        "qty": 1.0,
        "gross_amount": yuan("299.00"),
        "seller_discount_amount": yuan("30.00"),
        "platform_discount_amount": yuan("10.00"),
        "paid_amount": yuan("259.00"),
        "receivable_amount": yuan("269.00"),
        "paid_at": at("2025-11-11 00:01:05"),
        "lifecycle": "paid",
        "is_gift": False,
        "kol_id": "k1",
    }.items() <= line.items()


def test_an_order_detail_takes_a_combination_apart(shop):
    shop.fixture("orders", "order_detail.json", "2025-11-12")
    shop.load("orders")

    (line,) = shop.staged("order_lines")
    assert {
        "order_id": DETAIL,
        "merchant_code": None,
        "qty": 2.0,
        "paid_amount": yuan("400.00"),
        "freight_amount": yuan("8.00"),
        "receivable_amount": yuan("400.00"),
        "shipped_at": at("2025-11-12 00:01:00"),
        "ship_due_at": at("2025-11-13 00:01:05"),
        "lifecycle": "shipped",
        "warehouse_code": "WH-EAST",
        "seller_flag": "2",
    }.items() <= line.items()
    assert json.loads(line["components"]) == [
        {"code": "NF-A3-800", "qty": 2.0, "amount": 170.0},
        {"code": "WP-80", "qty": 1.0, "amount": 30.0},
    ]


def test_reviews_keep_the_stars_and_the_length_and_not_the_words(shop):
    shop.fixture("reviews", "reviews.csv", "2025-11-22")
    shop.load("reviews")

    found = shop.staged("reviews", "order_id", "platform_sku_id", "rating", "content_length")
    assert [tuple(row.values()) for row in found] == [
        (ORDER, "66aa01", 5.0, 0.0),
        (DETAIL, "66bb01", 3.0, 21.0),
    ]


def test_trap_05_what_was_asked_for_is_not_what_was_paid_back(shop):
    shop.fixture("refunds", "aftersales.jsonl", "2025-11-13", lambda text: text.split("\n")[0])
    shop.load("refunds")
    listed = shop.staged("refunds", "status", "requested_amount", "success_amount")
    assert [tuple(row.values()) for row in listed] == [
        ("approved", yuan("200.00"), None),
        ("success", yuan("120.00"), None),
    ]

    shop.fixture("refunds", "aftersales.jsonl", "2025-11-14")
    report = shop.load("refunds")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    asked, done = shop.staged("refunds")[::-1]
    assert {
        "refund_id": f"xiaohongshu:{SHOP}:r:R7100000000000001",
        "order_id": ORDER,
        "order_line_id": line_id(ORDER, "66aa01"),
        "type": "refund_only",
        "status": "success",
        "qty": 1.0,
        "requested_amount": yuan("120.00"),
        "success_amount": yuan("88.88"),
        "success_at": at("2025-11-13 10:13:19"),
        "is_goods_back": False,
    }.items() <= done.items()
    assert {
        "order_id": DETAIL,
        "order_line_id": None,
        "type": "return_refund",
        "status": "approved",
        "requested_amount": yuan("200.00"),
        "success_amount": None,
        "success_at": None,
    }.items() <= asked.items()


def test_the_refund_export_names_the_order_only(shop):
    shop.fixture("refunds", "aftersale_export.csv", "2025-11-16")
    report = shop.load("refunds")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    columns = ("order_id", "order_line_id", "type", "status", "success_amount", "success_at")
    assert [tuple(row.values()) for row in shop.staged("refunds", *columns)] == [
        (ORDER, None, "cancel_before_ship", "closed", None, None),
        (ORDER, None, "return_refund", "success", yuan("27.78"), at("2025-11-15 15:41:20")),
    ]


AFTER_SALES = (
    "售后单号,订单号,规格ID,商品名称,售后类型,售后状态,申请售后金额(元),退款金额(元),退货创建时间\n"
)
SUIT = "R71,P1,66aa01,连体衣,退货退款,售后完成,60.00,58.00,2025-11-13 09:00:00\n"
SOCK = "R71,P1,66aa02,袜子,退货退款,售后完成,20.00,20.00,2025-11-13 09:00:00\n"


def export_of_after_sales(*rows: str, is_by_sku: bool = True) -> str:
    """An export with the SKUs' numbers, or with the names of goods alone."""
    text = AFTER_SALES + "".join(rows)
    return text if is_by_sku else re.sub("规格ID,|66aa0[12],", "", text)


@pytest.mark.parametrize("is_by_sku", [True, False])
@pytest.mark.parametrize("is_cut", [True, False])
def test_an_export_has_a_row_for_each_of_the_goods_of_an_after_sale(shop, is_by_sku, is_cut):
    for number, rows in enumerate([[SUIT], [SOCK]] if is_cut else [[SUIT, SOCK]]):
        content = export_of_after_sales(*rows, is_by_sku=is_by_sku)
        shop.put("refunds", f"{number}.csv", content, "2025-11-16")
    assert shop.load("refunds").rows_quarantined == 0
    columns = ("refund_id", "platform_sku_id", "success_amount")
    told = [tuple(row.values()) for row in shop.staged("refunds", *columns)]
    key = f"xiaohongshu:{SHOP}:r:R71"
    if is_by_sku:
        assert told == [
            (f"{key}:66aa01", "66aa01", yuan("58.00")),
            (f"{key}:66aa02", "66aa02", yuan("20.00")),
        ]
    else:
        assert told == [(key, None, yuan("78.00"))]


def test_the_goods_of_an_after_sale_under_a_new_name_are_not_returned_twice(shop):
    for day, name in (("2025-11-16", "连体衣"), ("2025-11-17", "连体衣 加厚")):
        content = export_of_after_sales(SUIT, is_by_sku=False).replace("连体衣", name)
        shop.put("refunds", "a.csv", content, day)
    shop.load("refunds")
    assert shop.staged("refunds", "success_amount") == [{"success_amount": yuan("58.00")}]


def test_an_export_of_some_of_the_goods_leaves_the_others_as_they_were_told(shop):
    shop.put("refunds", "a.csv", export_of_after_sales(SUIT, SOCK), "2025-11-16")
    later = SOCK.replace("20.00,20.00", "20.00,19.00")
    shop.put("refunds", "a.csv", export_of_after_sales(later), "2025-11-17")
    shop.load("refunds")
    assert [row["success_amount"] for row in shop.staged("refunds", "success_amount")] == [
        yuan("19.00"),
        yuan("58.00"),
    ]


def test_an_export_beside_the_answers_says_what_was_paid_back_for_each_sku(shop):
    skus = [
        {"skuId": "66aa01", "appliedCount": 1, "price": 60.0, "skuERPCode": "SUIT"},
        {"skuId": "66aa02", "appliedCount": 2, "price": 10.0, "skuERPCode": "SOCK"},
    ]
    told = {"returnsId": "R71", "returnType": 1, "status": 4, "orderId": "P1", "skus": skus}
    told |= {"applyTime": 1762995600000, "updatedAt": 1763100000000}
    told |= {"expectedRefundAmountYuan": 80.0, "refundAmountYuan": 78.0, "refundStatus": 2}
    answer = {"success": True, "data": {"afterSaleInfo": told}}
    shop.put("refunds", "a.json", json.dumps(answer), "2025-11-15")
    shop.put("refunds", "a.csv", export_of_after_sales(SOCK, SUIT), "2025-11-16")
    shop.load("refunds")
    columns = ("platform_sku_id", "merchant_code", "qty", "success_amount")
    assert [tuple(row.values()) for row in shop.staged("refunds", *columns)] == [
        ("66aa01", "SUIT", 1.0, yuan("58.00")),
        ("66aa02", "SOCK", 2.0, yuan("20.00")),
    ]


def test_trap_07_a_presale_is_sold_when_its_balance_is_paid(shop):
    two_steps = {"orderType": 2, "totalDepositAmount": 5000, "totalPayAmount": 23800}
    rest = {"totalPaidAmount": 23800}
    placed = {"createdTime": epoch_ms("2025-10-15 20:03:11")}
    put_orders(
        shop,
        order(1, rest, **two_steps, **placed),
        order(2, rest, orderStatus=1, **two_steps, **placed),
        order(3, rest, orderStatus=9, **two_steps, **placed | {"paidTime": 0}),
    )

    columns = ("paid_at", "paid_amount", "deposit_amount", "balance_amount", "lifecycle")
    whole, deposit, balance = yuan("288.00"), yuan("50.00"), yuan("238.00")
    found = shop.staged("order_lines", "order_id", *columns, "is_forfeited", "order_kind")
    assert [tuple(row.values())[1:] for row in found] == [
        (at("2025-11-11 12:00:45"), whole, deposit, balance, "paid", False, "presale"),
        (None, whole, deposit, None, "deposit_paid", False, "presale"),
        (None, whole, deposit, None, "closed", True, "presale"),
    ]


def test_trap_08_a_presale_paid_in_full_ships_from_its_date(shop):
    start = epoch_ms("2025-12-01 00:00:00")
    put_orders(
        shop,
        order(1, orderType=3, presaleDeliveryStartTime=start),
        order(2, orderType=4, presaleDeliveryStartTime=start, promiseLastDeliveryTime=start + 1000),
        order(3, orderType=4, presaleDeliveryStartTime=0),
    )
    found = shop.staged("order_lines", "order_id", "order_kind", "ship_due_at")
    assert [tuple(row.values())[1:] for row in found] == [
        ("presale", at("2025-12-01 00:00:00")),
        ("presale", at("2025-12-01 00:00:01")),
        ("sale", None),
    ]


def test_trap_09_orders_count_in_fen_and_after_sales_and_exports_in_yuan(shop, tmp_path):
    export = Shop(tmp_path / "export", "xiaohongshu", SHOP)
    shop.fixture("orders", "order_list.json", "2025-11-11")
    shop.fixture("refunds", "aftersales.jsonl", "2025-11-14")
    export.fixture("orders", "order_export.csv", "2025-11-11")
    shop.load("orders", "refunds")
    export.load("orders")
    columns = (
        "qty",
        "gross_amount",
        "paid_amount",
        "receivable_amount",
        "platform_discount_amount",
    )

    told = shop.staged("order_lines", *columns, "is_gift")
    assert [row for row in told if not row.pop("is_gift")] == export.staged("order_lines", *columns)
    paid_back = shop.staged("refunds", "max(success_amount) as most")[0]["most"]
    assert paid_back < export.staged("order_lines", "paid_amount")[0]["paid_amount"]


def test_trap_12_a_second_decides_the_day(shop):
    put_orders(
        shop,
        order(1, paidTime=epoch_ms("2025-11-11 23:59:59")),
        order(2, paidTime=epoch_ms("2025-11-12 00:00:00")),
    )
    days = shop.staged("order_lines", "cast(paid_at as date) as paid_on")
    assert [row["paid_on"] for row in days] == [date(2025, 11, 11), date(2025, 11, 12)]


def test_trap_13_a_time_of_0_has_not_happened(shop):
    nothing = dict.fromkeys(("paidTime", "deliveryTime", "cancelTime", "finishTime"), 0)
    put_orders(shop, order(1, orderStatus=1, promiseLastDeliveryTime=0, **nothing))

    columns = ("paid_at", "shipped_at", "finished_at", "closed_at", "ship_due_at", "lifecycle")
    (line,) = shop.staged("order_lines", *columns)
    assert tuple(line.values()) == (None, None, None, None, None, "created")


def test_trap_14_closed_after_payment_keeps_its_payment(shop):
    closed = {"cancelTime": epoch_ms("2025-11-13 12:00:00")}
    put_orders(
        shop,
        order(1, orderStatus=9, paidTime=0, **closed),
        order(2, orderStatus=8, **closed),
        order(3, orderStatus=10, deliveryTime=epoch_ms("2025-11-12 12:00:00")),
    )
    found = shop.staged("order_lines", "order_id", "lifecycle", "paid_at", "closed_at")
    assert [tuple(row.values())[1:] for row in found] == [
        ("closed", None, at("2025-11-13 12:00:00")),
        ("closed", at("2025-11-11 12:00:45"), at("2025-11-13 12:00:00")),
        ("shipped", at("2025-11-11 12:00:45"), None),
    ]


def test_trap_17_a_gift_of_the_same_sku_is_a_line_of_its_own(shop):
    gift = {"skuId": "66aa01", "skuTag": 1, "totalPaidAmount": 0}
    put_orders(shop, order(1, gift, {"skuId": "66aa01"}))

    order_id = f"xiaohongshu:{SHOP}:P712345678901230001"
    paid, free = line_id(order_id, "66aa01"), line_id(order_id, "66aa01", 2)
    found = shop.staged("order_lines", "is_gift", "order_line_id", "main_line_id", "paid_amount")
    assert [tuple(row.values()) for row in found] == [
        (False, paid, None, yuan("259.00")),
        (True, free, paid, yuan("0.00")),
    ]


def test_trap_18_packs_and_combinations_say_what_they_hold(shop):
    shop.fixture("items", "items.json", "2025-11-12")
    report = shop.load("items")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    pack, combination = shop.staged("listings")
    assert {
        "platform_item_id": "66aa00",
        "platform_sku_id": "66aa01",
        "merchant_code": "WP-80",
        "barcode": "6900000000017",
        "list_price_amount": yuan("299.00"),
        "platform_stock": 40.0,
        "units_per_pack": 3.0,
        "components": None,
    }.items() <= pack.items()
    assert json.loads(combination["components"]) == [
        {"code": "NF-A3-800", "qty": 2.0, "amount": None},
        {"code": "WP-80", "qty": 1.0, "amount": None},
    ]


def test_trap_20_the_receivable_holds_what_the_platform_pays(shop):
    put_orders(shop, order(1, {"totalRedDiscount": 1000, "totalMerchantDiscount": 3000}))

    columns = ("gross_amount", "paid_amount", "platform_discount_amount", "receivable_amount")
    (line,) = shop.staged("order_lines", *columns)
    assert tuple(line.values()) == (yuan("299.00"), yuan("259.00"), yuan("10.00"), yuan("269.00"))


def test_trap_21_samples_and_repairs_are_told_from_sales(shop):
    put_orders(
        shop,
        order(1, orderTagList=["SAMPLE"]),
        order(2, orderType=5, originalOrderId=""),
        order(3, orderType=5, originalOrderId="P712345678901230001"),
        order(4, orderTagList=["BONDED"]),
    )
    found = shop.staged("order_lines", "order_id", "order_kind", "parent_order_id")
    assert [tuple(row.values())[1:] for row in found] == [
        ("sample", None),
        ("reissue", None),
        ("exchange", None),
        ("sale", None),
    ]


def test_trap_22_what_a_note_counts_to_date_is_no_day(shop):
    later = {"1200": "1500", "300": "360", ",20,3,": ",25,3,"}

    def change(text: str) -> str:
        for old, new in later.items():
            text = text.replace(
                f",{old}," if old.isdigit() else old, f",{new}," if new.isdigit() else new
            )
        return text

    shop.fixture("note_daily", "notes_export.csv", "2026-01-02")
    shop.fixture("note_daily", "notes_export.csv", "2026-01-05", change)
    shop.fixture("note_daily", "note_detail.json", "2026-01-05")
    report = shop.load("note_daily")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    columns = ("note_id", "ds", "published_at", "impressions", "impressions_delta", "reads_delta")
    published = at("2026-01-02 03:04:05")
    assert [tuple(row.values()) for row in shop.staged("notes_daily", *columns, "likes_delta")] == [
        ("66cc01", date(2026, 1, 5), at("2026-01-03 00:00:00"), None, None, None, None),
        (None, date(2026, 1, 2), published, 1200.0, 1200.0, 300.0, 20.0),
        (None, date(2026, 1, 5), published, 1500.0, 300.0, 60.0, 5.0),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_trap_27_an_export_is_read_in_any_encoding_and_renamed_columns_are_not_guessed(
    shop, encoding
):
    text = (FIXTURES / "xiaohongshu" / "order_export.csv").read_text("utf-8")
    shop.put("orders", "as_sent.csv", text.encode(encoding), "2025-11-11")
    shop.put("orders", "renamed.csv", text.replace("订单状态", "现在的状态"), "2025-11-12")
    shop.put("orders", "page.xls", "<html><body>登录已失效</body></html>", "2025-11-12")
    report = shop.load("orders")

    assert (report.rows_loaded, report.files_unreadable) == (1, 2)
    assert any("订单状态" in message for message in report.messages)
    assert any("HTML" in message for message in report.messages)


def test_trap_28_an_exchange_or_a_price_protection_is_no_return(shop):
    def aftersale(number: int, kind: int, **fields) -> str:
        info = {
            "returnsId": f"R{number}",
            "returnType": kind,
            "status": 4,
            "refundStatus": 2,
            "refundAmountYuan": 5.0,
            "orderId": "P712345678901234567",
            "updatedAt": 1763000000000,
            "skus": [{"skuId": "66aa01", "appliedCount": 1}],
        }
        return json.dumps({"success": True, "data": {"afterSaleInfo": info | fields}})

    returned, protected = aftersale(1, 1), aftersale(3, 6)
    exchanged = aftersale(2, 2, refundStatus=0, refundAmountYuan=0.0)
    shop.put("refunds", "a.jsonl", "\n".join((returned, exchanged, protected)), "2025-11-14")
    shop.load("refunds")

    columns = ("type", "status", "is_goods_back", "success_amount")
    assert [tuple(row.values())[1:] for row in shop.staged("refunds", "refund_id", *columns)] == [
        ("return_refund", "success", True, yuan("5.00")),
        ("exchange", "success", True, yuan("0.00")),
        ("price_protect", "success", False, yuan("5.00")),
    ]


def test_a_list_without_skus_waits_for_its_detail(shop):
    bare = {key: value for key, value in order(1).items() if key != "skuList"}
    put_orders(shop, bare | {"orderStatus": 6, "updateTime": epoch_ms("2025-11-12 12:00:00")})
    assert shop.staged("order_lines", "order_id") == []

    put_orders(shop, order(1), order(2))
    found = shop.staged("order_lines", "platform_order_id", "lifecycle")
    assert [tuple(row.values()) for row in found] == [
        ("P712345678901230001", "paid"),
        ("P712345678901230002", "paid"),
    ]


def test_nothing_that_names_a_person_reaches_the_lake(shop):
    for dataset, name in (
        ("orders", "order_detail.json"),
        ("refunds", "aftersales.jsonl"),
        ("refunds", "aftersale_export.csv"),
        ("reviews", "reviews.csv"),
    ):
        shop.fixture(dataset, name, "2025-11-22")
    shop.load("orders", "refunds", "reviews")

    assert scan(shop.lake, ["PII-", "1990000", "5f00raw", "王小满", "幸福路"]) == []
    (line,) = shop.staged("order_lines", "buyer_key", "address_key")
    assert all(key.startswith("c_") for key in line.values())


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    tables = platform_truth.truth("xiaohongshu")
    shop = Shop(tmp_path_factory.mktemp("sandbox"), "xiaohongshu", SHOP)
    platform_truth.land(shop.landing, tables, xiaohongshu.EXTRACTS)
    report = shop.load(*(extract.dataset for extract in xiaohongshu.EXTRACTS))
    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    return tables, shop


def test_the_sandbox_comes_back_as_its_truth(sandbox):
    tables, shop = sandbox

    truth = platform_truth.true_lines(tables)
    assert len(truth) == len(tables["order_lines"])
    assert platform_truth.staged_lines(shop.lake, "xiaohongshu") == truth
    assert platform_truth.staged_refunds(shop.lake, "xiaohongshu") == platform_truth.true_refunds(
        tables, "xiaohongshu"
    )


def test_the_sandbox_tells_of_sets_notes_and_reviews_and_names_nobody(sandbox):
    tables, shop = sandbox

    parts = [r["components"] for r in shop.staged("order_lines", "components") if r["components"]]
    assert [[p["amount"] for p in json.loads(text)] for text in parts] == [[329.29, 29.94]]
    notes = shop.staged("notes_daily", "ds", "impressions_delta", "likes_delta")
    assert len(notes) == len(tables["notes_daily"])
    assert [row["impressions_delta"] for row in notes] == [1100.0, 100.0, 100.0, 100.0]
    assert [row["likes_delta"] for row in notes] == [9.0, -1.0, -1.0, -1.0]
    assert len(shop.staged("listings")) == len(tables["listings"])
    stars = shop.staged("reviews", "rating", "content_length > 0 as is_written")
    assert [tuple(row.values()) for row in stars] == [(3.0, True), (5.0, False)]
    assert scan(shop.lake, ["PII-", "1990000", "raw-open-id"]) == []
