"""Douyin's after-sales, as API answers and as the export tells them: to canonical refunds."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from staged import Shop

BEIJING = timezone(timedelta(hours=8))
ORDER = "douyin:77977:6937000000000000001"
DETAIL = "douyin:77977:6937000000000000021"


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, "douyin", "77977")


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


def yuan(text: str) -> Decimal:
    return Decimal(text)


def test_trap_05_what_was_asked_for_is_not_what_was_paid_back(shop):
    shop.fixture("refunds", "aftersale_list.json", "2025-10-23")
    shop.load("refunds")
    columns = ("refund_id", "status", "requested_amount", "success_amount", "success_at")
    listed = {row["refund_id"]: row for row in shop.staged("refunds", *columns)}
    first = listed["douyin:77977:a:7100000000000000001"]
    assert (first["status"], first["requested_amount"]) == ("success", yuan("100.00"))
    assert first["success_amount"] is None

    shop.fixture("refunds", "aftersale_detail.jsonl", "2025-10-23")
    shop.load("refunds")
    detailed = {row["refund_id"]: row for row in shop.staged("refunds", *columns)}
    assert detailed["douyin:77977:a:7100000000000000001"] == {
        "refund_id": "douyin:77977:a:7100000000000000001",
        "status": "success",
        "requested_amount": yuan("100.00"),
        "success_amount": yuan("60.00"),
        "success_at": at("2025-10-22 10:26:39"),
    }
    assert detailed["douyin:77977:a:7100000000000000003"]["success_amount"] is None


def test_trap_06_refunds_before_and_after_shipping_come_in_one_feed_and_count_once(shop):
    for day in ("2025-10-23", "2025-10-24"):
        shop.fixture("refunds", "aftersale_list.json", day)
        shop.fixture("refunds", "aftersale_detail.jsonl", day)
    shop.load("refunds")

    columns = (
        "order_line_id",
        "type",
        "phase",
        "status",
        "qty",
        "success_amount",
        "freight_amount",
    )
    found = [tuple(row.values()) for row in shop.staged("refunds", *columns)]
    done = "cancel_before_ship", "onsale", "success"
    assert found == [
        (f"{ORDER}:6937000000000000011", "refund_only", "onsale", "success", 1.0)
        + (yuan("60.00"), yuan("0.00")),
        (f"{ORDER}:6937000000000000011", "return_refund", "aftersale", "approved", 1.0)
        + (None, yuan("0.00")),
        # one after-sale of a whole order, split by what was asked for each sub-order
        (f"{DETAIL}:6937000000000000022", *done, 1.0, yuan("365.00"), yuan("6.29")),
        (f"{DETAIL}:6937000000000000023", *done, 5.0, yuan("99.00"), yuan("1.71")),
    ]


def test_the_after_sale_export_tells_of_what_was_paid_back(shop):
    shop.fixture("refunds", "aftersale_export.csv", "2026-09-27")
    report = shop.load("refunds")

    assert (report.files_unreadable, report.rows_quarantined) == (0, 0)
    columns = ("order_line_id", "type", "status", "success_amount", "success_at", "is_goods_back")
    assert [tuple(row.values())[1:] for row in shop.staged("refunds", *columns)] == [
        ("return_refund", "success", yuan("27.78"), at("2026-09-26 15:41:20"), True),
        ("cancel_before_ship", "success", yuan("28.90"), at("2026-09-24 10:00:00"), False),
        ("exchange", "success", yuan("0.00"), at("2026-09-27 00:00:00"), True),
        ("return_refund", "closed", None, None, True),
    ]


AFTER_SALES = (
    "售后单号,订单号,商品单号,商家编码,售后类型,退商品金额（元）,退运费金额（元）,退支付优惠（元）,"
    "售后状态\n"
)
OF_11 = "7,1,11,A,退货退款,60.00,0.00,2.00,退款成功\n"
OF_12 = "7,1,12,B,退货退款,20.00,5.00,-,退款成功\n"


def listed_and_detailed(*parts: tuple[str, int]) -> str:
    """One after-sale as list and detail tell it, by what was asked for each sub-order in 分."""
    asked = sum(fen for _, fen in parts)
    told = {"aftersale_id": "7", "aftersale_type": 0, "aftersale_status": 12, "refund_status": 3}
    told |= {"refund_amount": asked, "apply_time": 1761200000, "update_time": 1761210000}
    lines = [{"sku_order_id": line, "aftersale_pay_amount": fen} for line, fen in parts]
    order = {"shop_order_id": "1", "related_order_info": lines}
    done = {"after_sale_id": "7", "after_sale_type": 0, "after_sale_status": 12, "refund_status": 3}
    done |= {"refund_total_amount": asked, "real_refund_amount": 8300, "refund_post_amount": 500}
    done |= {"refund_time": 1761210000, "update_time": 1761210000}
    answers = [
        {"items": [{"aftersale_info": told, "order_info": order}]},
        {"process_info": {"after_sale_info": done}, "order_info": {"shop_order_id": "1"}},
    ]
    return "\n".join(json.dumps({"code": 10000, "data": data}) for data in answers)


@pytest.mark.parametrize(
    "files",
    [
        {"a.csv": AFTER_SALES + OF_11 + OF_12},
        {"a.csv": AFTER_SALES + OF_11, "b.csv": AFTER_SALES + OF_12},
        {
            "a.json": listed_and_detailed(("11", 6000), ("12", 4000)),
            "a.csv": AFTER_SALES + OF_12 + OF_11,
        },
    ],
    ids=["one file", "two files", "answers"],
)
def test_an_export_has_a_row_for_each_sub_order_of_an_after_sale(shop, files):
    for name, content in files.items():
        shop.put("refunds", name, content, "2025-11-12")
    assert shop.load("refunds").rows_quarantined == 0
    columns = ("refund_id", "order_line_id", "merchant_code", "success_amount")
    assert [tuple(row.values()) for row in shop.staged("refunds", *columns)] == [
        ("douyin:77977:a:7:11", "douyin:77977:1:11", "A", yuan("58.00")),
        ("douyin:77977:a:7:12", "douyin:77977:1:12", "B", yuan("20.00")),
    ]


def test_trap_28_an_exchange_or_a_price_protection_is_no_return(shop):
    def aftersale(number: int, kind: int, status: int, cents: int) -> dict:
        info = {
            "aftersale_id": f"710000000000000010{number}",
            "aftersale_type": kind,
            "aftersale_status": status,
            "refund_status": 3,
            "refund_amount": cents,
            "related_id": "6937000000000000011",
            "aftersale_num": 1,
            "update_time": 1761100000,
        }
        return {"aftersale_info": info, "order_info": {"shop_order_id": "6937000000000000001"}}

    kinds = [(0, 12), (3, 14), (6, 12), (7, 14), (8, 14)]
    items = [aftersale(n, kind, status, 500) for n, (kind, status) in enumerate(kinds)]
    shop.put(
        "refunds", "a.json", json.dumps({"code": 10000, "data": {"items": items}}), "2025-10-23"
    )
    shop.load("refunds")

    found = shop.staged("refunds", "refund_id", "type", "status", "is_goods_back", "order_line_id")
    line = f"{ORDER}:6937000000000000011"
    assert [tuple(row.values())[1:] for row in found] == [
        ("return_refund", "success", True, line),
        ("exchange", "success", True, line),
        ("price_protect", "success", False, line),
        ("reship", "success", False, line),
        ("repair", "success", True, line),
    ]
