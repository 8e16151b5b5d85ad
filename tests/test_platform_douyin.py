"""Douyin: from files in the platform's own formats to canonical rows."""

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import platform_truth
import pytest
from personal_data import scan
from staged import FIXTURES, Shop

from orchestration.sandbox.dialects import douyin

BEIJING = timezone(timedelta(hours=8))
ORDER = "douyin:77977:6937000000000000001"
DETAIL = "douyin:77977:6937000000000000021"
EXPORT_HEADER = (
    "主订单编号,子订单编号,商品ID,商家编码,商品数量,商品单价,订单应付金额,运费,平台优惠,达人优惠,支付优惠,"
    "平台实际承担优惠金额,达人实际承担优惠金额,订单提交时间,支付完成时间,订单完成时间,订单状态,订单类型,"
    "取消原因,收件人"
)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, "douyin", "77977")


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


def epoch(text: str) -> int:
    return int(at(text).timestamp())


def yuan(text: str) -> Decimal:
    return Decimal(text)


def page(*orders: dict) -> str:
    return json.dumps({"code": 10000, "data": {"shop_order_list": orders}})


def order(number: int, *lines: dict, **fields) -> dict:
    """An order of 288.00 yuan placed and paid at noon, with its sub-orders."""
    order_id = f"69370000000000{number:03d}17"
    noon = epoch("2025-10-20 12:00:00")
    subs = [
        {
            "order_id": f"{order_id[:-2]}2{n}",
            "item_num": 1,
            "origin_amount": 28800,
            "pay_amount": 28800,
            "sku_id": 1700000000000001,
        }
        | line
        for n, line in enumerate(lines or ({},), start=1)
    ]
    stands = {
        "order_status": 2,
        "create_time": noon,
        "pay_time": noon + 45,
        "update_time": noon + 60,
    }
    return {"shop_id": 77977, "order_id": order_id, "sku_order_list": subs} | stands | fields


def put_orders(shop: Shop, *orders: dict, day: str = "2025-10-21") -> None:
    shop.put("orders", f"{len(orders)}.json", page(*orders), day)
    report = shop.load("orders")
    assert (report.files_unreadable, report.quarantine_reasons) == (0, {})


def test_the_sample_of_a_presale_gives_its_canonical_lines(shop):
    shop.fixture("orders", "orders_search_list.json", "2025-10-21")
    report = shop.load("orders")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    main, gift = shop.staged("order_lines")
    assert {
        "order_id": ORDER,
        "order_line_id": f"{ORDER}:6937000000000000011",
        "parent_order_id": None,
        "platform_item_id": "3600000000000000001",
        "platform_sku_id": "1700000000000001",
        "merchant_code": "NF-A3-800",
        "qty": 1.0,
        "gross_amount": yuan("348.00"),
        "seller_discount_amount": yuan("30.00"),
        "platform_discount_amount": yuan("20.00"),
        "channel_discount_amount": yuan("10.00"),
        "paid_amount": yuan("288.00"),
        "receivable_amount": None,
        "freight_amount": yuan("0.00"),
        "deposit_amount": yuan("50.00"),
        "balance_amount": yuan("238.00"),
        "created_at": at("2025-10-15 20:03:11"),
        "deposit_paid_at": at("2025-10-15 20:03:20"),
        "paid_at": at("2025-10-20 20:01:45"),
        "finished_at": None,
        "source_modified_at": at("2025-10-20 20:02:10"),
        "lifecycle": "paid",
        "order_kind": "presale",
        "channel": "live",
        "kol_id": "99887766",
        "room_id": "7560000000000000001",
        "is_gift": False,
        "buyer_key_type": "dy_open_id",
    }.items() <= main.items()
    assert {
        "order_line_id": f"{ORDER}:6937000000000000012",
        "merchant_code": "GIFT-CUP",
        "qty": 1.0,
        "gross_amount": yuan("39.00"),
        "seller_discount_amount": yuan("39.00"),
        "paid_amount": yuan("0.00"),
        "paid_at": at("2025-10-20 20:01:45"),
        "order_kind": "presale",
        "is_gift": True,
        "main_line_id": f"{ORDER}:6937000000000000011",
    }.items() <= gift.items()


def test_the_sample_of_the_export_pays_the_same(shop):
    shop.fixture("orders", "orders_export.csv", "2025-10-21")
    report = shop.load("orders")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    (line,) = shop.staged("order_lines")
    assert {
        "order_line_id": f"{ORDER}:6937000000000000011",
        "platform_item_id": "3600000000000000001",
        "merchant_code": "NF-A3-800",
        "gross_amount": yuan("348.00"),
        "seller_discount_amount": yuan("30.00"),
        "platform_discount_amount": yuan("20.00"),
        "channel_discount_amount": yuan("10.00"),
        "paid_amount": yuan("288.00"),
        "paid_at": at("2025-10-20 20:01:45"),
        "lifecycle": "paid",
        "channel": "live",
        "kol_id": "99887766",
    }.items() <= line.items()


def test_an_order_detail_tells_of_freight_subsidies_bundle_and_warehouse(shop):
    shop.fixture("orders", "order_detail.json", "2025-10-17")
    shop.load("orders")

    bundle, wipes = shop.staged("order_lines")
    assert {
        "paid_amount": yuan("365.00"),
        "receivable_amount": yuan("385.00"),
        "platform_discount_amount": yuan("25.00"),
        "channel_discount_amount": yuan("5.00"),
        "freight_amount": yuan("8.00"),
        "lifecycle": "shipped",
        "channel": "video",
        "room_id": None,
        "warehouse_code": "WH-EAST",
        "seller_flag": "5",
        "components": '[{"code":"NF-A3-800","qty":2.0,"amount":null}]',
    }.items() <= bundle.items()
    assert {
        "order_line_id": f"{DETAIL}:6937000000000000023",
        "merchant_code": "WP-80",
        "qty": 5.0,
        "paid_amount": yuan("99.00"),
        "receivable_amount": yuan("103.00"),
        "shipped_at": at("2025-10-16 20:03:10"),
        "ship_due_at": at("2025-10-17 20:03:19"),
        "warehouse_code": None,
    }.items() <= wipes.items()


def test_products_and_their_variants_make_one_list(shop):
    shop.fixture("products", "products.jsonl", "2025-10-17")
    shop.load("products")

    columns = ("platform_item_id", "platform_sku_id", "merchant_code", "list_price_amount")
    found = [tuple(row.values()) for row in shop.staged("listings", *columns, "platform_stock")]
    assert found == [
        ("3600000000000000001", "1700000000000001", "NF-A3-800", yuan("348.00"), 120.0),
        ("3600000000000000001", "1700000000000002", "NF-A3-800x2", yuan("660.00"), None),
        ("3600000000000000002", None, "WP-80", yuan("19.99"), None),
    ]


def test_a_product_report_gives_its_day_and_leaves_its_total_row_out(shop):
    shop.fixture("item_daily", "compass_product.csv", "2025-11-12")
    report = shop.load("item_daily")

    assert (report.rows_quarantined, report.rows_total_dropped) == (0, 1)
    (day,) = shop.staged("item_daily")
    assert {
        "ds": date(2025, 11, 11),
        "platform_item_id": "3600000000000000001",
        "visitors": 2610.0,
        "views": 5003.0,
        "add_to_cart_buyers": 201.0,
        "favourites": 33.0,
        "paid_buyers": 88.0,
        "paid_qty": 104.0,
        "paid_amount": yuan("22126.00"),
    }.items() <= day.items()


def test_reviews_keep_the_stars_and_the_length_and_not_the_words(shop):
    shop.fixture("reviews", "reviews.csv", "2025-11-04")
    shop.load("reviews")

    found = shop.staged("reviews", "order_line_id", "rating", "content_length", "created_at")
    assert [tuple(row.values()) for row in found] == [
        (f"{ORDER}:6937000000000000011", 5.0, 0.0, at("2025-11-02 21:04:00")),
        (f"{DETAIL}:6937000000000000022", 2.0, 21.0, at("2025-11-03 21:04:00")),
    ]


def phases(line_id: str, deposit: str, balance: str | None) -> list[dict]:
    first = {"current_phase": 1, "phase_pay_time": epoch(deposit), "phase_pay_amount": 5000}
    second = {"current_phase": 2, "phase_pay_time": 0, "phase_pay_amount": 0}
    if balance:
        second |= {"phase_pay_time": epoch(balance), "phase_pay_amount": 23800}
    return [
        phase
        | {"total_phase": 2, "sku_order_id": line_id, "pay_success": phase["phase_pay_time"] > 0}
        for phase in (first, second)
    ]


def test_what_is_paid_in_a_single_phase_has_no_deposit_and_no_balance(shop):
    paid = {"create_time": epoch("2025-10-15 20:03:11"), "pay_time": epoch("2025-10-15 20:03:20")}
    (single, _) = phases("6937000000000000121", "2025-10-15 20:03:20", None)
    put_orders(
        shop, order(1, {}, order_phase_list=[single | {"total_phase": 1}], order_status=2, **paid)
    )

    columns = ("paid_at", "deposit_amount", "balance_amount", "deposit_paid_at", "lifecycle")
    assert [tuple(row.values()) for row in shop.staged("order_lines", *columns)] == [
        (at("2025-10-15 20:03:20"), None, None, None, "paid")
    ]


def test_trap_07_a_presale_is_sold_when_its_balance_is_paid(shop):
    placed = {"create_time": epoch("2025-10-15 20:03:11"), "pay_time": epoch("2025-10-15 20:03:20")}
    sold = phases("6937000000000000121", "2025-10-15 20:03:20", "2025-10-20 20:01:45")
    waits = phases("6937000000000000221", "2025-10-15 20:03:20", None)
    lost = phases("6937000000000000321", "2025-10-15 20:03:20", None)
    put_orders(
        shop,
        order(1, {"trade_type": 2}, order_phase_list=sold, **placed),
        order(2, {"trade_type": 2}, order_phase_list=waits, **placed | {"order_status": 103}),
        order(3, {"trade_type": 2}, order_phase_list=lost, **placed | {"order_status": 4}),
    )

    columns = (
        "paid_at",
        "paid_amount",
        "deposit_amount",
        "balance_amount",
        "lifecycle",
        "is_forfeited",
    )
    full, deposit = yuan("288.00"), yuan("50.00")
    assert [tuple(row.values()) for row in shop.staged("order_lines", "order_id", *columns)] == [
        ("douyin:77977:6937000000000000117", at("2025-10-20 20:01:45"), full, deposit)
        + (yuan("238.00"), "paid", False),
        ("douyin:77977:6937000000000000217", None, full, deposit, None, "deposit_paid", False),
        ("douyin:77977:6937000000000000317", None, full, deposit, None, "closed", True),
    ]


def test_trap_08_a_presale_paid_in_full_ships_when_it_was_agreed(shop):
    due = epoch("2025-11-20 23:59:59")
    put_orders(
        shop,
        order(
            1,
            {
                "pre_sale_type": 1,
                "appointment_ship_time": due,
                "exp_ship_time": epoch("2025-10-22 12:00:45"),
            },
        ),
    )

    (line,) = shop.staged("order_lines", "order_kind", "paid_at", "ship_due_at")
    assert tuple(line.values()) == ("presale", at("2025-10-20 12:00:45"), at("2025-11-20 23:59:59"))


def test_trap_09_the_api_counts_in_fen_and_exports_in_yuan(shop, tmp_path):
    export = Shop(tmp_path / "export", "douyin", "77977")
    shop.fixture("orders", "orders_search_list.json", "2025-10-21")
    export.fixture("orders", "orders_export.csv", "2025-10-21")
    columns = ("qty", "gross_amount", "paid_amount", "channel_discount_amount")
    for one in (shop, export):
        one.load("orders")

    told = shop.staged("order_lines", *columns, "is_gift")
    assert [row for row in told if not row.pop("is_gift")] == export.staged("order_lines", *columns)
    for row in export.staged("order_lines", *columns):
        assert Decimal("0.05") <= row["paid_amount"] / row["gross_amount"] <= 3


def test_trap_11_tabs_keep_the_digits_of_ids_and_a_spreadsheet_loses_them(shop):
    shop.fixture("orders", "orders_export.csv", "2025-10-21")
    shop.fixture(
        "orders",
        "orders_export.csv",
        "2025-10-22",
        lambda text: text.replace("\t6937000000000000001", "6.937E+18"),
    )
    report = shop.load("orders")

    assert report.rows_quarantined == 1
    (reason,) = report.quarantine_reasons
    assert "order_id was damaged by a spreadsheet" in reason
    ids = [row["platform_order_id"] for row in shop.staged("order_lines", "platform_order_id")]
    assert ids == ["6937000000000000001"]


def test_several_sub_orders_in_one_cell_are_refused_with_what_to_do(shop):
    shop.fixture(
        "orders",
        "orders_export.csv",
        "2025-10-21",
        lambda text: text.replace(
            "\t6937000000000000011", "6937000000000000011;6937000000000000012"
        ),
    )
    report = shop.load("orders")

    (reason,) = report.quarantine_reasons
    assert "line_id holds several sub-orders in one cell: export one row per sub-order" in reason


def test_ids_beyond_double_precision_come_through_as_numbers(shop):
    put_orders(
        shop,
        order(
            1,
            {
                "sku_id": 9007199254740993,
                "product_id": 3600000000000000001,
                "room_id": 7560000000000000003,
                "author_id": 9007199254740995,
            },
        ),
    )

    (line,) = shop.staged("order_lines", "platform_sku_id", "platform_item_id", "room_id", "kol_id")
    assert tuple(line.values()) == (
        "9007199254740993",
        "3600000000000000001",
        "7560000000000000003",
        "9007199254740995",
    )


def test_trap_12_a_second_decides_the_day_and_sessions_go_past_midnight(shop):
    put_orders(
        shop,
        order(1, pay_time=epoch("2025-10-20 23:59:59")),
        order(2, pay_time=epoch("2025-10-21 00:00:00")),
    )
    days = [
        row["paid_on"] for row in shop.staged("order_lines", "cast(paid_at as date) as paid_on")
    ]
    assert days == [date(2025, 10, 20), date(2025, 10, 21)]

    shop.fixture("live_session", "live_sessions.csv", "2025-10-21")
    shop.load("live_session")
    (session,) = shop.staged("live_sessions")
    assert {
        "session_id": "douyin:77977:7560000000000000001:20251020200000",
        "room_id": "7560000000000000001",
        "started_at": at("2025-10-20 20:00:00"),
        "ended_at": at("2025-10-21 01:12:33"),
        "visitors": 380.0,
        "views": 500.0,
        "impressions": 8000.0,
        "paid_orders": 9.0,
        "paid_amount": yuan("2000.00"),
        "spend_amount": yuan("99.00"),
    }.items() <= session.items()


def test_trap_13_a_time_of_0_has_not_happened(shop):
    put_orders(
        shop, order(1, order_status=1, pay_time=0, ship_time=0, finish_time=0, exp_ship_time=0)
    )

    columns = ("paid_at", "shipped_at", "finished_at", "closed_at", "ship_due_at", "lifecycle")
    (line,) = shop.staged("order_lines", *columns)
    assert tuple(line.values()) == (None, None, None, None, None, "created")


def test_trap_14_closed_after_payment_keeps_its_payment(shop):
    put_orders(
        shop,
        order(1, order_status=4, pay_time=0),
        order(2, order_status=4, main_status=21, finish_time=epoch("2025-10-22 12:00:00")),
        order(3, order_status=2, main_status=39),
    )
    found = shop.staged("order_lines", "order_id", "lifecycle", "paid_at", "closed_at")
    assert [tuple(row.values())[1:] for row in found] == [
        ("closed", None, at("2025-10-20 12:01:00")),
        ("closed", at("2025-10-20 12:00:45"), at("2025-10-22 12:00:00")),
        ("closed", at("2025-10-20 12:00:45"), at("2025-10-20 12:01:00")),
    ]


def test_trap_17_gifts_are_told_from_goods_by_the_api_and_by_exports(shop):
    main = "6937000000000000121"
    free = {"given_product_type": "FREE", "pay_amount": 0, "master_sku_order_id_list": [main]}
    put_orders(shop, order(1, {"given_product_type": "MASTER"}, free))
    rows = (
        "6937000000000000201,6937000000000000211,1,A,1,28.90,28.90,0.00,-,-,-,-,-,"
        "2025-10-20 12:00:00,2025-10-20 12:00:45,-,已完成,普通订单,,##PII-密文",
        "6937000000000000201,6937000000000000212,2,GIFT,1,9.90,0.00,0.00,-,-,-,-,-,"
        "2025-10-20 12:00:00,-,-,已关闭,普通订单,主品订单售后完成,##PII-密文",
    )
    shop.put("orders", "export.csv", "\n".join((EXPORT_HEADER, *rows)), "2025-10-21")
    shop.load("orders")

    columns = ("merchant_code", "is_gift", "main_line_id", "paid_amount", "lifecycle")
    found = shop.staged("order_lines", "order_line_id", *columns)
    assert [tuple(row.values())[1:] for row in found] == [
        (None, False, None, yuan("288.00"), "paid"),
        (None, True, f"douyin:77977:6937000000000000117:{main}", yuan("0.00"), "paid"),
        ("A", False, None, yuan("28.90"), "completed"),
        ("GIFT", True, None, yuan("0.00"), "completed"),
    ]


def test_trap_18_a_bundle_says_what_is_in_one_of_it(shop):
    parts = [{"code": "NF-A3-800", "item_num": 2}, {"code": "WP-80", "item_num": 1}]
    unnamed = [{"code": "", "item_num": 2}, {"code": "WP-80", "item_num": 1}]
    put_orders(
        shop,
        order(1, {"bundle_sku_info": parts, "item_num": 3}),
        order(2, {"bundle_sku_info": unnamed}),
    )
    found = shop.staged("order_lines", "order_id", "qty", "components")
    assert [tuple(row.values())[1:] for row in found] == [
        (
            3.0,
            '[{"code":"NF-A3-800","qty":2.0,"amount":null},{"code":"WP-80","qty":1.0,"amount":null}]',
        ),
        (1.0, None),
    ]


def test_trap_20_what_others_pay_is_in_the_receivable_and_not_in_the_payment(shop):
    borne = {"promotion_platform_amount": 2000, "promotion_talent_amount": 500}
    real = {"only_platform_cost_amount": 1800, "author_cost_amount": 450}
    put_orders(shop, order(1, {"origin_amount": 31300} | borne | real), order(2, borne))

    columns = ("paid_amount", "receivable_amount", "platform_discount_amount")
    found = shop.staged("order_lines", "order_id", *columns, "seller_discount_amount")
    assert [tuple(row.values())[1:] for row in found] == [
        (yuan("288.00"), yuan("310.50"), yuan("25.00"), yuan("0.00")),
        (yuan("288.00"), None, yuan("25.00"), yuan("-25.00")),
    ]


def test_trap_21_samples_and_lotteries_are_told_from_sales(shop):
    kinds = {0: "sale", 1: "sale", 2: "presale", 18: "sale", 103: "topup"}
    kinds |= dict.fromkeys((5, 10, 11, 12), "sample")
    put_orders(shop, *(order(n, {"trade_type": n}, seller_remark_stars=5) for n in kinds))

    found = shop.staged("order_lines", "order_id", "order_kind", "seller_flag")
    assert [row["order_kind"] for row in found] == [kinds[n] for n in sorted(kinds)]
    assert {row["seller_flag"] for row in found} == {"5"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_trap_27_an_export_is_read_in_any_encoding_and_renamed_columns_are_not_guessed(
    shop, encoding
):
    text = (FIXTURES / "douyin" / "orders_export.csv").read_text("utf-8-sig")
    shop.put("orders", "as_sent.csv", text.encode(encoding), "2025-10-21")
    shop.put("orders", "renamed.csv", text.replace("商品数量", "件数合计"), "2025-10-22")
    shop.put("orders", "page.xls", "<html><body>登录已失效</body></html>", "2025-10-22")
    report = shop.load("orders")

    assert (report.rows_loaded, report.files_unreadable) == (1, 2)
    assert any("商品数量" in message for message in report.messages)
    assert any("HTML" in message for message in report.messages)


def test_a_response_that_failed_or_of_another_shop_is_refused_by_name(shop):
    shop.put(
        "orders", "a.json", '{"code": 40003, "msg": "token expired", "data": null}', "2025-10-21"
    )
    shop.put("orders", "b.json", page(order(1, shop_id=11111)), "2025-10-21")
    report = shop.load("orders")

    assert report.rows_loaded == 0
    told = " ".join(report.messages)
    assert "40003" in told
    assert "11111" in told


def test_nothing_that_names_a_person_reaches_the_lake(shop):
    for dataset, name in (
        ("orders", "order_detail.json"),
        ("orders", "orders_search_list.json"),
        ("refunds", "aftersale_list.json"),
        ("refunds", "aftersale_detail.jsonl"),
        ("refunds", "aftersale_export.csv"),
        ("live_session", "live_sessions.csv"),
        ("reviews", "reviews.csv"),
    ):
        shop.fixture(dataset, name, "2025-11-12")
    shop.load("orders", "refunds", "live_session", "reviews")

    assert scan(shop.lake, ["PII-", "1990000", "1@#", "王小满", "小满妈妈"]) == []
    (keys,) = {tuple(r.values()) for r in shop.staged("order_lines", "buyer_key is null")}
    assert keys == (False,)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    tables = platform_truth.truth("douyin")
    shop = Shop(tmp_path_factory.mktemp("sandbox"), "douyin", "77977001")
    platform_truth.land(shop.landing, tables, douyin.EXTRACTS)
    report = shop.load(*(extract.dataset for extract in douyin.EXTRACTS))
    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    return tables, shop


def test_the_sandbox_comes_back_as_its_truth(sandbox):
    tables, shop = sandbox

    truth = platform_truth.true_lines(tables)
    assert len(truth) == len(tables["order_lines"])
    assert platform_truth.staged_lines(shop.lake, "douyin") == truth
    assert platform_truth.staged_refunds(shop.lake, "douyin") == platform_truth.true_refunds(
        tables, "douyin"
    )


def test_the_sandbox_tells_of_rooms_gifts_days_and_reviews_and_names_nobody(sandbox):
    tables, shop = sandbox

    live = [
        r
        for r in shop.staged("order_lines", "room_id", "channel", "main_line_id", "is_gift")
        if r["channel"] == "live"
    ]
    assert {row["room_id"] for row in live} == {"7560000000000000001"}
    assert [row["main_line_id"] is not None for row in live] == [row["is_gift"] for row in live]
    sessions = shop.staged("live_sessions", "room_id", "ended_at", "paid_orders")
    assert [row["ended_at"] for row in sessions] == [
        at("2025-10-03 01:12:33"),
        at("2025-11-28 23:00:00"),
    ]
    days = shop.staged("item_daily", "ds", "platform_item_id", "visitors", "paid_amount")
    assert len(days) == len(tables["item_daily"])
    assert {(row["visitors"], row["paid_amount"]) for row in days} == {(171.0, yuan("1740.12"))}
    assert len(shop.staged("listings")) == len(tables["listings"])
    stars = shop.staged("reviews", "rating", "content_length > 0 as is_written")
    assert [tuple(row.values()) for row in stars] == [(3.0, True), (5.0, False)]
    assert scan(shop.lake, ["PII-", "1990000", "raw-open-id"]) == []
