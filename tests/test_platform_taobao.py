"""Taobao and Tmall: from files in TOP's and 千牛's own formats to canonical rows."""

import csv
import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO, StringIO

import duckdb
import openpyxl
import pytest
from personal_data import scan
from staged import FIXTURES, Shop

BEIJING = timezone(timedelta(hours=8))
NICK = "某某母婴旗舰店"
TRADE = f"taobao:{NICK}:2768543210987654321"
MAIN = f"{TRADE}:2768543210988654321"


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, "taobao", NICK)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


def landed(shop: Shop, dataset: str, columns: str) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"select {columns} from read_parquet('{shop.lake}/taobao/{dataset}/**/*.parquet', "
            "union_by_name = true) order by all"
        ).fetchall()


def test_the_sample_of_a_step_trade_gives_its_canonical_lines(shop):
    shop.fixture("orders", "trades_sold_increment.json", "2025-10-21")
    report = shop.load("orders")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    main, gift = shop.staged("order_lines")
    assert main["order_line_id"] == MAIN
    assert {
        "order_id": TRADE,
        "platform_item_id": "612345678901",
        "platform_sku_id": "4567890123456",
        "merchant_code": "NF-A2-800x2",
        "qty": 1.0,
        "gross_amount": Decimal("598.00"),
        "seller_discount_amount": Decimal("60.00"),
        "platform_discount_amount": None,
        "paid_amount": Decimal("538.00"),
        "receivable_amount": None,
        "freight_amount": Decimal("0.00"),
        "deposit_amount": Decimal("100.00"),
        "balance_amount": Decimal("438.00"),
        "created_at": at("2025-10-15 20:03:11"),
        "deposit_paid_at": at("2025-10-15 20:03:11"),
        "paid_at": at("2025-10-20 20:01:45"),
        "source_modified_at": at("2025-10-20 20:02:10"),
        "lifecycle": "paid",
        "order_kind": "presale",
        "is_gift": False,
        "buyer_key_type": "tb_open_uid",
    }.items() <= main.items()
    assert {
        "platform_sku_id": None,
        "merchant_code": "GIFT-WIPE-80",
        "qty": 1.0,
        "paid_amount": Decimal("0.00"),
        "is_gift": True,
        "main_line_id": MAIN,
    }.items() <= gift.items()


def test_the_sample_of_a_refund_gives_its_canonical_row(shop):
    shop.fixture("refunds", "refunds_receive.json", "2025-10-23")
    shop.load("refunds")

    (refund,) = shop.staged("refunds")
    assert {
        "refund_id": f"taobao:{NICK}:r:149876543210987654",
        "order_line_id": MAIN,
        "type": "refund_only",
        "phase": "onsale",
        "status": "success",
        "qty": 1.0,
        "success_amount": Decimal("120.00"),
        "success_at": at("2025-10-22 15:41:20"),
        "is_goods_back": False,
    }.items() <= refund.items()


def test_the_line_report_gives_the_same_line_as_the_api(tmp_path):
    api, export = Shop(tmp_path / "a", "taobao", NICK), Shop(tmp_path / "b", "taobao", NICK)
    api.fixture("orders", "trades_sold_increment.json", "2025-10-21")
    export.fixture("orders", "line_report.csv", "2025-10-21")
    columns = (
        *("order_line_id", "merchant_code", "qty", "gross_amount", "paid_amount", "created_at"),
        *("paid_at", "lifecycle"),
    )
    for shop in (api, export):
        shop.load("orders")

    assert export.staged("order_lines", *columns) == api.staged("order_lines", *columns)[:1]


def test_the_refund_report_tells_the_buyers_part_from_the_platforms(shop):
    shop.fixture("refunds", "refund_report.csv", "2025-10-23")
    shop.load("refunds")

    assert shop.staged(
        "refunds", "type", "status", "requested_amount", "success_amount",
        "platform_returned_amount", "success_at",
    ) == [
        {"type": "refund_only", "status": "success", "requested_amount": Decimal("141.00"),
         "success_amount": Decimal("120.00"), "platform_returned_amount": Decimal("21.00"),
         "success_at": at("2025-10-22 15:41:20")},
        {"type": "return_refund", "status": "approved", "requested_amount": Decimal("538.00"),
         "success_amount": None, "platform_returned_amount": Decimal("0.00"),
         "success_at": None},
    ]  # fmt: skip


def test_the_sample_of_the_item_report_gives_its_canonical_day(shop):
    shop.fixture("item_daily", "item_report.csv", "2025-10-21")
    shop.load("item_daily")

    (day,) = shop.staged("item_daily")
    assert {
        "ds": date(2025, 10, 20),
        "platform_item_id": "612345678901",
        "platform_sku_id": None,
        "visitors": 12_480.0,
        "views": 31_022.0,
        "add_to_cart_qty": 2_115.0,
        "add_to_cart_buyers": 1_873.0,
        "favourites": None,
        "paid_buyers": 1_402.0,
        "paid_qty": 1_655.0,
        "paid_amount": Decimal("889090.50"),
    }.items() <= day.items()


def test_items_give_a_listing_for_each_sku_or_one_for_themselves(shop):
    shop.fixture("items", "item_seller.json", "2025-10-21")
    shop.fixture("items", "items_onsale.json", "2025-10-21")
    shop.load("items")

    found = shop.staged(
        "listings", "platform_item_id", "platform_sku_id", "merchant_code", "barcode",
        "list_price_amount", "platform_stock",
    )  # fmt: skip
    assert [tuple(listing.values()) for listing in found] == [
        ("612345678901", "4567890123456", "NF-A2-800x2", "6901234567892", Decimal("598.00"), 120),
        ("612345678901", "4567890123457", "NF-A2", None, Decimal("299.00"), 500),
        ("612345678999", None, "GIFT-WIPE-80", "6901234567893", Decimal("19.90"), 88),
    ]


@pytest.mark.parametrize("modified", ["2025-10-01 10:00:00", "2025-10-02 10:00:00"])
def test_a_list_of_items_without_their_skus_never_stands_in_for_the_details(shop, modified):
    def without_skus(text: str) -> str:
        item = json.loads(text)["item_seller_get_response"]["item"] | {"modified": modified}
        del item["skus"]
        return json.dumps({"items_onsale_get_response": {"items": {"item": [item]}}})

    shop.fixture("items", "item_seller.json", "2025-10-03", without_skus)
    shop.load("items")
    (listed,) = shop.staged("listings", "platform_sku_id", "merchant_code")
    assert tuple(listed.values()) == (None, "NF-A2"), "all that is known so far"

    shop.fixture("items", "item_seller.json", "2025-10-02")
    shop.load("items")
    found = shop.staged("listings", "platform_sku_id", "merchant_code", "barcode")
    assert [tuple(listing.values()) for listing in found] == [
        ("4567890123456", "NF-A2-800x2", "6901234567892"),
        ("4567890123457", "NF-A2", None),
    ]


def test_only_what_buyers_wrote_counts_as_reviews_and_its_text_stays_outside(shop):
    shop.fixture("reviews", "traderates.json", "2025-11-05")
    shop.load("reviews")

    assert shop.staged("reviews", "order_line_id", "rating", "content_length") == [
        {"order_line_id": MAIN, "rating": 5.0, "content_length": 5.0},
        {
            "order_line_id": f"taobao:{NICK}:2768543210987654400:2768543210987654400",
            "rating": 1.0,
            "content_length": 0.0,
        },
    ]
    assert scan(shop.lake, ["宝宝很喜欢", "感谢惠顾", "PII-"]) == []


def test_nobody_in_a_trade_can_be_told_from_the_lake(shop):
    shop.fixture("orders", "trade_fullinfo.json", "2025-10-21")
    shop.load("orders")

    assert len(shop.staged("order_lines")) == 1
    markers = ["PII-", "1990000", "AAHxk-demo-0002", "张三"]
    assert scan(shop.lake, markers) == []


def test_a_trade_of_another_shop_goes_to_quarantine_by_name(tmp_path):
    other = Shop(tmp_path, "taobao", "别家店")
    other.fixture("orders", "trades_sold_increment.json", "2025-10-21")
    report = other.load("orders")

    assert (report.rows_loaded, report.rows_quarantined) == (0, 1)
    assert any(NICK in reason for reason in report.quarantine_reasons)


def test_trap_01_the_same_trades_pulled_again_in_any_order_change_nothing(tmp_path):
    once, often = Shop(tmp_path / "a", "taobao", NICK), Shop(tmp_path / "b", "taobao", NICK)

    def shipped(text: str) -> str:
        return text.replace("WAIT_SELLER_SEND_GOODS", "WAIT_BUYER_CONFIRM_GOODS").replace(
            '"modified": "2025-10-20 20:02:10"', '"modified": "2025-10-21 09:00:00"'
        )

    once.fixture("orders", "trades_sold_increment.json", "2025-10-21", shipped)
    for day in ("2025-10-21", "2025-10-22", "2025-10-25"):
        often.fixture("orders", "trades_sold_increment.json", day)
    often.fixture("orders", "trades_sold_increment.json", "2025-10-23", shipped)
    once.load("orders")
    often.load("orders")
    assert often.load("orders").rows_loaded == 0

    columns = ("order_line_id", "qty", "paid_amount", "lifecycle", "source_modified_at")
    assert often.staged("order_lines", *columns) == once.staged("order_lines", *columns)
    assert {line["lifecycle"] for line in often.staged("order_lines", "lifecycle")} == {"shipped"}


@pytest.mark.parametrize("number", range(6))
def test_the_details_of_a_trade_count_before_a_list_of_the_same_version(tmp_path, number):
    def numbered(text: str) -> str:
        return text.replace("2768543210987654321", f"276854321098765432{number}")

    def listed(text: str) -> str:
        trades = json.loads(numbered(text))["trades_sold_increment_get_response"]["trades"]
        (trade,) = trades["trade"]
        del trade["buyer_open_uid"], trade["step_pay_details"], trade["step_paid_fee"]
        for order in trade["orders"]["order"]:
            del order["divide_order_fee"]
        return json.dumps({"trades_sold_get_response": {"trades": trades}})

    days = ["2025-10-21", "2025-10-22"]
    for name, (details, lists) in {"a": days, "b": days[::-1]}.items():
        shop = Shop(tmp_path / name, "taobao", NICK)
        shop.fixture("orders", "trades_sold_increment.json", details, numbered)
        shop.fixture("orders", "trades_sold_increment.json", lists, listed)
        assert shop.load("orders").rows_loaded == 2

        found = shop.staged("order_lines", "paid_amount", "deposit_amount", "buyer_key_type")
        assert [tuple(line.values()) for line in found] == [
            (Decimal("0.00"), None, "tb_open_uid"),
            (Decimal("538.00"), Decimal("100.00"), "tb_open_uid"),
        ]


def test_trap_04_several_partial_refunds_lie_on_their_line_and_only_success_counts(shop):
    def several(text: str) -> str:
        first = text[text.index('{"refund_id"') : text.rindex("]")]
        second = first.replace("987654", "987655", 1).replace('"120.00"', '"18.00"')
        third = first.replace("987654", "987656", 1).replace("SUCCESS", "CLOSED")
        return text.replace(first, ", ".join([first, second, third]))

    shop.fixture("refunds", "refunds_receive.json", "2025-10-23", several)
    shop.load("refunds")

    found = shop.staged("refunds", "order_line_id", "status", "success_amount")
    assert {refund["order_line_id"] for refund in found} == {MAIN}
    assert sum(refund["success_amount"] or 0 for refund in found) == Decimal("138.00")


def test_trap_07_a_deposit_is_no_sale_until_its_balance_is_paid(shop):
    def deposit_only(text: str) -> str:
        return (
            text.replace("WAIT_SELLER_SEND_GOODS", "WAIT_BUYER_PAY")
            .replace("FRONT_PAID_FINAL_PAID", "FRONT_PAID_FINAL_NOPAID")
            .replace('"pay_time": "2025-10-20 20:01:45"', '"pay_time": "2025-10-15 20:04:00"')
            .replace('"step_actual_pay_fee": "438.00"', '"step_actual_pay_fee": "0.00"')
        )

    shop.fixture("orders", "trades_sold_increment.json", "2025-10-21", deposit_only)
    shop.load("orders")

    main = shop.staged("order_lines")[0]
    assert (main["lifecycle"], main["paid_at"]) == ("deposit_paid", None)
    assert main["deposit_amount"] == Decimal("100.00")
    assert not main["is_forfeited"]


def test_trap_09_fen_and_yuan_stand_side_by_side_in_one_trade(shop):
    shop.fixture("orders", "trades_sold_increment.json", "2025-10-21")
    shop.fixture("orders", "trade_fullinfo.json", "2025-10-21")
    shop.load("orders")

    money = landed(shop, "orders", "distinct payment_amount, coupon_amount")
    assert money == [(Decimal("6.00"), None), (Decimal("538.00"), Decimal("5.00"))]
    found = shop.staged("order_lines", "components")
    assert found[-1]["components"] is None
    assert found[0]["components"] == (
        '[{"code":"NF-A2-800","qty":1.0,"amount":260.00},{"code":"WIPE-80","qty":3.0,"amount":14.50}]'
    )


def test_trap_11_ids_keep_all_digits_and_those_that_lost_some_are_refused(shop):
    shop.fixture("orders", "trades_sold_increment.json", "2025-10-21")
    shop.fixture(
        "orders",
        "line_report.csv",
        "2025-10-22",
        lambda text: text.replace("'2768543210987654321", "2.76854321098765E+18"),
    )
    report = shop.load("orders")

    assert report.rows_quarantined == 1
    assert any("damaged by a spreadsheet" in reason for reason in report.quarantine_reasons)
    ids = {line["platform_order_id"] for line in shop.staged("order_lines")}
    assert ids == {"2768543210987654321"}


@pytest.mark.parametrize("nothing", ["", "0", "0001-01-01 00:00:00", "1970-01-01 08:00:00"])
def test_trap_13_a_time_that_means_none_is_none(shop, nothing):
    shop.fixture(
        "orders",
        "trades_sold_increment.json",
        "2025-10-21",
        lambda text: text.replace("2025-10-20 20:01:45", nothing).replace(
            '"step_trade_status": "FRONT_PAID_FINAL_PAID",', ""
        ),
    )
    report = shop.load("orders")

    assert report.rows_quarantined == 0
    assert {line["paid_at"] for line in shop.staged("order_lines")} == {None}


def test_trap_14_a_closed_trade_with_a_payment_is_not_a_cancelled_one(shop):
    shop.fixture("orders", "trade_fullinfo.json", "2025-10-21")
    shop.fixture(
        "orders",
        "trades_sold_increment.json",
        "2025-10-21",
        lambda text: text.replace("WAIT_SELLER_SEND_GOODS", "TRADE_CLOSED_BY_TAOBAO").replace(
            "FRONT_PAID_FINAL_PAID", "FRONT_NOPAID_FINAL_NOPAID"
        ),
    )
    shop.load("orders")

    found = shop.staged("order_lines", "platform_order_id", "lifecycle", "paid_at", "closed_at")
    assert {line["lifecycle"] for line in found} == {"closed"}
    assert {line["platform_order_id"]: line["paid_at"] for line in found} == {
        "2768543210987654321": None,
        "2768543210987654400": at("2025-10-02 00:00:00"),
    }
    assert found[-1]["closed_at"] == at("2025-10-09 10:00:00")


def suborder(oid: int, paid: str, **more: object) -> dict:
    return {"oid": oid, "num_iid": oid, "num": 1, "price": "10.00", "divide_order_fee": paid} | more


GIFTS = {
    "named by its goods": (
        [suborder(11, "9.00", gift_mids="12"), suborder(12, "0.00", is_free_gift=False)],
        {"12": "11"},
    ),
    "names its goods": (
        [suborder(11, "9.00"), suborder(12, "0.00", is_free_gift=False, gift_mids="11")],
        {"12": "11"},
    ),
    "each names the other": (
        [suborder(11, "0.00", gift_mids="12"), suborder(12, "0.00", gift_mids="11")],
        {"12": "11"},
    ),
    "marked, its goods paid by a coupon": (
        [suborder(11, "0.00", gift_mids="12"), suborder(12, "0.00", is_free_gift=True)],
        {"12": "11"},
    ),
    "marked, and names such goods": (
        [suborder(11, "0.00"), suborder(12, "0.00", is_free_gift=True, gift_mids="11")],
        {"12": "11"},
    ),
    "unmarked, its goods paid by a coupon": (
        [
            suborder(11, "0.00", total_fee="10.00", gift_mids="13, 12"),
            suborder(12, "0.00", total_fee="0.00"),
            suborder(13, "0.00", total_fee="0.00"),
        ],
        {"12": "11", "13": "11"},
    ),
    "of goods elsewhere": (
        [suborder(11, "9.00"), suborder(12, "0.00", gift_mids="77")],
        {"12": "77"},
    ),
    "names itself": ([suborder(11, "0.00", gift_mids="11"), suborder(12, "9.00")], {}),
    "paid for": ([suborder(11, "9.00", gift_mids="12"), suborder(12, "1.00", gift_mids="11")], {}),
}


def test_trap_17_which_of_two_tied_lines_is_the_gift(shop):
    trades = [
        {
            **{"tid": 100 + number, "status": "TRADE_FINISHED", "payment": "9.00"},
            **{"created": "2025-10-21 10:00:00", "pay_time": "2025-10-21 10:00:10"},
            "orders": {"order": lines},
        }
        for number, (lines, _) in enumerate(GIFTS.values())
    ]
    page = {"trades_sold_get_response": {"trades": {"trade": trades}}}
    shop.put("orders", "a.json", json.dumps(page), "2025-10-21")
    assert shop.load("orders").rows_loaded == len(GIFTS)

    columns = ("platform_order_id", "order_line_id", "is_gift", "main_line_id")
    found: dict[str, dict] = {kind: {} for kind in GIFTS}
    for line in shop.staged("order_lines", *columns):
        kind = list(GIFTS)[int(line["platform_order_id"]) - 100]
        if line["is_gift"]:
            goods = (line["main_line_id"] or "").rpartition(":")[2]
            found[kind][line["order_line_id"].rpartition(":")[2]] = goods
    assert found == {kind: gifts for kind, (_, gifts) in GIFTS.items()}


def test_trap_17_a_gift_keeps_its_units_and_weighs_on_no_money(shop):
    def promised_only(text: str) -> str:
        gift = text[text.index('{"oid": 2768543210989654321') : text.rindex("]}}]}}}")]
        promise = (
            '"promotion_details": {"promotion_detail": [{"id": 2768543210988654321, '
            '"promotion_id": "mjs-1_2", "gift_item_id": "612345678999", "gift_item_num": "3"}]}, '
        )
        return text.replace(",\n    " + gift, "").replace('"orders": {', promise + '"orders": {')

    shop.fixture("orders", "trades_sold_increment.json", "2025-10-21", promised_only)
    shop.load("orders")

    main, gift = shop.staged("order_lines")
    assert (main["is_gift"], main["qty"], main["paid_amount"]) == (False, 1.0, Decimal("538.00"))
    assert (gift["is_gift"], gift["qty"], gift["paid_amount"]) == (True, 3.0, Decimal("0.00"))
    assert (gift["platform_item_id"], gift["main_line_id"]) == ("612345678999", MAIN)


def test_trap_20_the_platforms_subsidy_is_no_cash_of_the_buyer(shop):
    shop.fixture("orders", "trade_fullinfo.json", "2025-10-21")
    shop.load("orders")

    (line,) = shop.staged("order_lines")
    assert line["paid_amount"] == Decimal("549.00")
    assert line["platform_discount_amount"] == Decimal("21.00")
    assert line["receivable_amount"] == Decimal("570.00")
    assert line["seller_discount_amount"] == Decimal("28.00")  # 20 and a price cut by 8


def test_trap_22_running_totals_of_the_item_report_are_left_outside(shop):
    def with_running_totals(text: str) -> str:
        head, last = text.rstrip().rsplit("\n", 1)
        return f'{head},月累计支付金额,年累计支付金额\n{last},"9,889,090.50","99,889,090.50"\n'

    shop.fixture("item_daily", "item_report.csv", "2025-10-21", with_running_totals)
    report = shop.load("item_daily")

    assert {"月累计支付金额", "年累计支付金额"} <= set(report.columns_ignored)
    (day,) = shop.staged("item_daily")
    assert Decimal("9889090.50") not in day.values()


def as_workbook(text: str) -> bytes:
    """The same report as the xlsx that a browser saves as .xls."""
    book, target = openpyxl.Workbook(), BytesIO()
    for row in csv.reader(text.splitlines()):
        book.active.append(row)
    book.save(target)
    return target.getvalue()


def with_tabs(text: str) -> bytes:
    target = StringIO()
    csv.writer(target, delimiter="\t").writerows(csv.reader(text.splitlines()))
    return target.getvalue().encode()


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode("gb18030"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: ("再一行\n" * 3 + text).encode(),
        lambda text: text.replace("统计日期,商品ID", "统计日期 ,\t商品id").encode(),
        with_tabs,
        as_workbook,
    ],
    ids=["GBK", "BOM", "longer preamble", "blanks in the header", "tabs", "workbook"],
)
def test_trap_27_a_report_is_read_whatever_its_bytes_its_name_and_its_header_row(shop, written):
    text = (FIXTURES / "taobao" / "item_report.csv").read_text("utf-8")
    shop.put("item_daily", "商品报表.xls", written(text), "2025-10-21")
    report = shop.load("item_daily")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0), report.messages
    (day,) = shop.staged("item_daily", "ds", "platform_item_id", "visitors", "paid_amount")
    assert tuple(day.values()) == (
        date(2025, 10, 20),
        "612345678901",
        12_480.0,
        Decimal("889090.50"),
    )


def test_trap_27_a_web_page_and_a_report_without_its_columns_are_refused_with_a_reason(shop):
    shop.put(
        "item_daily", "报表.xls", "<html><table><tr><td>统计日期</td></tr></html>", "2025-10-21"
    )
    shop.fixture(
        "item_daily",
        "item_report.csv",
        "2025-10-21",
        lambda text: text.replace("商品访客数", "访客"),
    )
    report = shop.load("item_daily")

    assert report.files_unreadable == 2
    assert any("web page" in message for message in report.messages)
    assert any("商品访客数" in message for message in report.messages)


def test_trap_28_price_guarantees_and_exchanges_are_kept_apart_from_returns(shop):
    def three(text: str) -> str:
        first = text[text.index('{"refund_id"') : text.rindex("]")]
        protect = first.replace("987654", "987655", 1).replace(
            '"refund_phase"', '"special_refund_type": "价保服务", "refund_phase"'
        )
        swap = first.replace("987654", "987656", 1).replace('"REFUND"', '"TMALL_EXCHANGE"')
        return text.replace(first, ", ".join([first, protect, swap]))

    shop.fixture("refunds", "refunds_receive.json", "2025-10-23", three)
    shop.load("refunds")

    found = shop.staged("refunds", "refund_id", "type")
    assert [refund["type"] for refund in found] == ["refund_only", "price_protect", "exchange"]


def _forfeited(*prices: str) -> str:
    """A forfeited trade of several goods and a gift, with a deposit of 100 yuan for all of it."""
    orders = [
        {"oid": n, "num": 1, "price": price, "divide_order_fee": price, "outer_sku_id": f"S{n}"}
        for n, price in enumerate(prices, start=1)
    ]
    orders.append({"oid": 9, "num": 1, "price": "19.90", "is_free_gift": True})
    orders[-1] |= {"divide_order_fee": "0.00", "total_fee": "0.00", "outer_sku_id": "GIFT"}
    trade = {"tid": "1", "type": "step", "status": "TRADE_CLOSED", "orders": {"order": orders}}
    trade |= {"step_trade_status": "FRONT_PAID_FRONT_FORFEITED", "step_paid_fee": "100.00"}
    trade |= {"created": "2025-10-15 20:03:11", "end_time": "2025-10-25 00:00:00"}
    trade |= {"modified": "2025-10-25 00:00:01"}
    paid = {"step_no": 1, "step_actual_pay_fee": "100.00"}
    trade |= {"step_pay_details": {"step_pay_detail": [paid]}}
    return json.dumps({"trade_fullinfo_get_response": {"trade": trade}})


def test_a_deposit_is_paid_once_for_all_goods_of_a_trade_and_for_no_gift(shop):
    shop.put("orders", "a.json", _forfeited("200.00", "100.00", "0.01"), "2025-10-26")
    shop.load("orders")
    lines = shop.staged("order_lines", "merchant_code", "deposit_amount")
    assert {line["merchant_code"]: line["deposit_amount"] for line in lines} == {
        "S1": Decimal("66.66"),
        "S2": Decimal("33.33"),
        "S3": Decimal("0.01"),
        "GIFT": None,
    }
