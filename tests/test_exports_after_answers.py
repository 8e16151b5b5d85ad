"""An export with few columns after the API's answer on the same order: what each of them keeps."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from staged import Shop

BEIJING = timezone(timedelta(hours=8))
NICK = "某某母婴旗舰店"
LINEAGE = ("load_no", "source_version", "row_hash", "landed_on", "source_file")
NEWER = ("status_raw", "lifecycle", "finished_at", "source_modified_at", *LINEAGE)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


def table(*rows: str) -> str:
    return "\n".join(",".join(row.split()).replace("_", " ") for row in rows)


TAOBAO = table(
    "主订单编号 子订单编号 购买数量 订单状态 订单创建时间",
    "2768543210987654321 2768543210989654321 1 交易成功 2025-10-15_20:03:11",
    "2768543210987654321 2768543210988654321 1 交易成功 2025-10-15_20:03:11",
)
JD = table(
    "订单号 订单状态 下单时间 应付金额 商家SKUID 订购数量",
    "312345678901 完成 2025-11-11_00:00:09 331.00 WIPE-80x5 1",
    "312345678901 完成 2025-11-11_00:00:09 331.00 DP-NB-84 2",
)
DOUYIN = table(
    "主订单编号 子订单编号 商品数量 商品单价 订单应付金额 订单状态 订单类型",
    "6937000000000000001 6937000000000000012 1 39.00 0.00 已完成 普通订单",
    "6937000000000000001 6937000000000000011 1 348.00 298.00 已完成 普通订单",
)
XIAOHONGSHU = table(
    "订单号 订单状态 商家编码 SKU件数 用户应付金额(元)",
    "P712345678901234567 已完成 GIFT-SOCK 1 0.00",
    "P712345678901234567 已完成 SUIT-66-BLUE 1 259.00",
)
ORDERS = {  # the shop, the answer and the export of all of its lines
    "taobao": (NICK, "trades_sold_increment.json", TAOBAO),
    "jd": ("s1", "orders_ensearch.json", JD),
    "douyin": ("77977", "orders_search_list.json", DOUYIN),
    "xiaohongshu": ("s1", "order_list.json", XIAOHONGSHU),
}


def told(lines: list[dict], *but: str) -> list[dict]:
    return [{name: cell for name, cell in line.items() if name not in but} for line in lines]


@pytest.mark.parametrize("platform", ORDERS)
@pytest.mark.parametrize("is_late", [False, True])
def test_what_an_export_does_not_tell_stays_as_the_api_told_it(tmp_path, platform, is_late):
    shop_id, answer, export = ORDERS[platform]
    api, shop = (Shop(tmp_path / name, platform, shop_id) for name in ("api", "shop"))
    api.fixture("orders", answer, "2025-11-12")
    api.load("orders")
    # the answer of before may be loaded after the export: it is the older word all the same
    if not is_late:
        shop.fixture("orders", answer, "2025-11-12")
        shop.load("orders")
    shop.put("orders", "export.csv", export, "2025-11-20")
    shop.load("orders")
    shop.fixture("orders", answer, "2025-11-12")
    shop.load("orders")

    before, now = api.staged("order_lines"), shop.staged("order_lines")
    assert told(now, *NEWER) == told(before, *NEWER)
    assert {line["lifecycle"] for line in now} == {"completed"}
    assert {line["load_no"] for line in now} == {2}


def test_a_line_that_an_export_leaves_out_stays(tmp_path):
    shop = Shop(tmp_path, "taobao", NICK)
    shop.fixture("orders", "trades_sold_increment.json", "2025-11-12")
    shop.put("orders", "export.csv", "\n".join(TAOBAO.splitlines()[:2]), "2025-11-20")
    shop.load("orders")
    lines = shop.staged("order_lines", "qty", "is_gift", "paid_amount", "lifecycle")
    assert [tuple(line.values()) for line in lines] == [
        (1, False, Decimal("538.00"), "paid"),
        (1, True, Decimal("0.00"), "completed"),
    ]


def jd_order(*lines: dict, **more: str) -> str:
    order = {"orderId": "1", "orderState": "WAIT_SELLER_STOCK_OUT", "xid_buyer": "o*demo"}
    order |= {"orderStartTime": "2025-11-11 00:00:09", "modified": "2025-11-11 00:00:10"}
    order |= {"orderPayment": "300.00", "itemInfoList": lines, **more}
    found = {"apiResult": {"success": True}, "orderTotal": 1, "orderInfoList": [order]}
    return json.dumps({"jingdong_pop_order_enSearch_responce": {"searchorderinfo_result": found}})


def jd_lines(folder, answer: str, *rows: str) -> list[dict]:
    shop = Shop(folder, "jd", "s1")
    shop.put("orders", "a.json", answer, "2025-11-12")
    header = "订单号 订单状态 下单时间 付款确认时间 应付金额 商家SKUID 订购数量"
    shop.put("orders", "export.csv", table(header, *rows), "2025-11-20")
    shop.load("orders")
    return shop.staged("order_lines")


PAID = "2025-11-11_00:00:09 2025-11-11_00:09:00 300.00"


def test_an_export_without_jd_s_sku_tells_the_only_line_that_has_no_code(tmp_path):
    answer = jd_order({"skuId": "77", "jdPrice": "150.00", "itemTotal": "2"})
    (line,) = jd_lines(tmp_path, answer, f"1 等待确认收货 {PAID} DP-NB-84 2")
    assert (line["platform_sku_id"], line["merchant_code"]) == ("77", "DP-NB-84")
    assert (line["lifecycle"], line["buyer_key_type"]) == ("shipped", "jd_xid")


def test_an_export_tells_alone_of_lines_that_cannot_be_found_in_the_answer(tmp_path):
    answer = jd_order(
        {"skuId": "77", "jdPrice": "100.00", "itemTotal": "2"},
        {"skuId": "78", "jdPrice": "100.00", "itemTotal": "1"},
    )
    rows = f"1 等待确认收货 {PAID} A 2", f"1 等待确认收货 {PAID} B 1"
    lines = jd_lines(tmp_path, answer, *rows)
    assert [(line["merchant_code"], line["qty"]) for line in lines] == [("A", 2.0), ("B", 1.0)]


def test_equal_codes_of_two_skus_are_two_lines(tmp_path):
    answer = jd_order(
        {"skuId": "77", "outerSkuId": "A", "jdPrice": "100.00", "itemTotal": "2"},
        {"skuId": "78", "outerSkuId": "A", "jdPrice": "120.00", "itemTotal": "1"},
    )
    rows = f"1 等待确认收货 {PAID} A 1", f"1 等待确认收货 {PAID} A 2"
    lines = jd_lines(tmp_path, answer, *rows)
    found = {(line["platform_sku_id"], line["qty"], line["gross_amount"]) for line in lines}
    assert found == {("77", 2.0, Decimal("200.00")), ("78", 1.0, Decimal("120.00"))}


def test_what_was_paid_is_not_what_the_api_said_before_the_payment(tmp_path):
    answer = jd_order(
        {"skuId": "77", "outerSkuId": "A", "jdPrice": "150.00", "itemTotal": "2"},
        orderState="NOT_PAY",
        actualPay="0.00",
        paymentConfirmTime="0001-01-01 00:00:00",
    )
    (line,) = jd_lines(tmp_path, answer, f"1 等待确认收货 {PAID} A 2")
    assert (line["order_goods_amount"], line["lifecycle"]) == (Decimal("300.00"), "shipped")
    assert line["paid_at"] == at("2025-11-11 00:09:00")


def test_a_balance_that_the_export_shows_paid_is_paid_on_taobao(tmp_path):
    shop = Shop(tmp_path, "taobao", NICK)

    def unpaid(text: str) -> str:
        trade = json.loads(text)
        (order,) = trade["trades_sold_increment_get_response"]["trades"]["trade"]
        order |= {"status": "WAIT_BUYER_PAY", "step_trade_status": "FRONT_PAID_FINAL_NOPAID"}
        order |= {"step_paid_fee": "100.00", "modified": "2025-10-16 00:00:00"}
        order["step_pay_details"]["step_pay_detail"].pop()
        del order["pay_time"]
        return json.dumps(trade)

    shop.fixture("orders", "trades_sold_increment.json", "2025-10-17", unpaid)
    shop.load("orders")
    assert {line["lifecycle"] for line in shop.staged("order_lines")} == {"deposit_paid"}
    shop.fixture("orders", "line_report.csv", "2025-10-21")
    shop.load("orders")
    line = shop.staged("order_lines")[0]
    assert {
        "lifecycle": "paid",
        "paid_at": at("2025-10-20 20:01:45"),
        "deposit_paid_at": at("2025-10-15 20:03:11"),
        "deposit_amount": Decimal("100.00"),
        "paid_amount": Decimal("538.00"),
        "order_kind": "presale",
    }.items() <= line.items()


@pytest.mark.parametrize(
    ("status", "lifecycle"),
    [("待发货", "paid"), ("已关闭", "closed"), ("待付尾款", "deposit_paid")],
)
def test_a_balance_is_paid_on_douyin_as_the_export_shows(tmp_path, status, lifecycle):
    shop = Shop(tmp_path, "douyin", "77977")

    def unpaid(text: str) -> str:
        answer = json.loads(text)
        (order,) = answer["data"]["shop_order_list"]
        order |= {"order_status": 103, "main_status": 103, "pay_time": 0, "update_time": 1760529801}
        order["order_phase_list"][1] |= {"pay_success": False, "phase_pay_time": 0}
        return json.dumps(answer)

    def paid(text: str) -> str:
        text = text.replace("待发货", status)
        return text if lifecycle == "paid" else text.replace("2025-10-20 20:01:45", "-")

    shop.fixture("orders", "orders_search_list.json", "2025-10-17", unpaid)
    shop.fixture("orders", "orders_export.csv", "2025-10-21", paid)
    shop.load("orders")
    line = shop.staged("order_lines")[0]
    is_paid = lifecycle == "paid"
    assert {
        "lifecycle": lifecycle,
        "paid_at": at("2025-10-20 20:01:45") if is_paid else None,
        "deposit_paid_at": at("2025-10-15 20:03:20"),
        "deposit_amount": Decimal("50.00"),
        "balance_amount": Decimal("238.00") if is_paid else None,
        "order_kind": "presale",
        "is_forfeited": lifecycle == "closed",
    }.items() <= line.items()


def returned(folder, platform: str, shop_id: str, answer: dict, export: str) -> dict:
    """The refund that an answer told first, and an export of a week later."""
    shop = Shop(folder, platform, shop_id)
    shop.put("refunds", "a.json", json.dumps(answer), "2025-11-12")
    shop.put("refunds", "export.csv", export, "2025-11-20")
    report = shop.load("refunds")
    assert (report.rows_quarantined, report.files_unreadable) == (0, 0)
    (refund,) = shop.staged("refunds")
    return refund


def test_a_refund_keeps_its_line_and_units_on_taobao(tmp_path):
    refund = {"refund_id": "7", "tid": "1", "oid": "11", "status": "WAIT_SELLER_CONFIRM_GOODS"}
    refund |= {"dispute_type": "REFUND_AND_RETURN", "refund_phase": "aftersale", "num": 2}
    refund |= {"refund_fee": "60.00", "has_good_return": True, "outer_id": "A"}
    refund |= {"created": "2025-11-10 09:10:00", "modified": "2025-11-11 15:41:20"}
    answer = {"refunds_receive_get_response": {"refunds": {"refund": [refund]}}}
    export = table(
        "退款编号 订单编号 商家编码 退款总额 退给买家金额 退给平台金额 退款完结时间 "
        "售后类型 退款状态",
        "7 1 A 66.00 60.00 6.00 2025-11-15_10:00:00 退货退款 退款成功",
    )
    assert {
        "order_line_id": f"taobao:{NICK}:1:11",
        "qty": 2.0,
        "phase": "aftersale",
        "status": "success",
        "success_amount": Decimal("60.00"),
        "platform_returned_amount": Decimal("6.00"),
        "success_at": at("2025-11-15 10:00:00"),
        "created_at": at("2025-11-10 09:10:00"),
        "modified_at": None,
        "load_no": 1,
    }.items() <= returned(tmp_path, "taobao", NICK, answer, export).items()


def test_a_refund_that_jd_s_export_shows_paid_is_paid(tmp_path):
    service = {"serviceId": 7, "orderId": 1, "wareId": 77, "customerExpect": 10, "wareNum": 2}
    service |= {"serviceState": 10005, "actualPayPrice": 80.00}
    service |= {"afsApplyTime": "2025-11-10 09:10:00", "updateTime": "2025-11-11 12:00:00"}
    found = {"success": True, "data": [{"status": 11, "sameOrderServiceBill": service}]}
    answer = {"jingdong_asc_serviceAndRefund_view_responce": {"pageResult": found}}
    export = table(
        "服务单号 订单号 服务单状态 实退金额 退款完成时间", "7 1 完成 75.00 2025-11-15_10:00:00"
    )
    assert {
        "platform_sku_id": "77",
        "type": "return_refund",
        "qty": 2.0,
        "status": "success",
        "success_amount": Decimal("75.00"),
        "requested_amount": Decimal("80.00"),
        "success_at": at("2025-11-15 10:00:00"),
    }.items() <= returned(tmp_path, "jd", "s1", answer, export).items()


def test_a_refund_keeps_its_units_on_douyin(tmp_path):
    asked = {"aftersale_id": "7", "aftersale_type": 0, "aftersale_status": 11, "related_id": "11"}
    asked |= {
        "refund_status": 1,
        "refund_amount": 6000,
        "aftersale_num": 2,
        "apply_time": 1761200000,
    }
    part = {"sku_order_id": "11", "aftersale_pay_amount": 6000, "aftersale_item_num": 2}
    order = {"shop_order_id": "1", "related_order_info": [part]}
    item = {"aftersale_info": asked | {"update_time": 1761210000}, "order_info": order}
    export = table(
        "售后单号 订单号 商品单号 售后类型 退商品金额（元） 售后状态 商家退款时间",
        "7 1 11 退货退款 58.00 同意退款，退款成功 2025-11-15_10:00:00",
    )
    answer = {"code": 10000, "data": {"items": [item]}}
    assert {
        "order_line_id": "douyin:s1:1:11",
        "qty": 2.0,
        "status": "success",
        "requested_amount": Decimal("60.00"),
        "success_amount": Decimal("58.00"),
    }.items() <= returned(tmp_path, "douyin", "s1", answer, export).items()


def test_a_refund_keeps_its_sku_on_xiaohongshu(tmp_path):
    asked = {"returnsId": "R7", "returnType": 1, "status": 3, "orderId": "P1", "refundStatus": 1}
    asked |= {"applyTime": 1762900000000, "updatedAt": 1763000000000}
    asked |= {"expectedRefundAmountYuan": 60.0}
    asked["skus"] = [{"skuId": "66aa01", "appliedCount": 2, "price": 30.0, "skuERPCode": "A"}]
    answer = {"success": True, "data": {"afterSaleBasicInfos": [asked]}}
    export = table(
        "售后单号 订单号 售后类型 售后状态 申请售后金额(元) 退款金额(元) 退货创建时间",
        "R7 P1 退货退款 售后完成 60.00 58.00 2025-11-12_09:00:00",
    )
    assert {
        "platform_sku_id": "66aa01",
        "qty": 2.0,
        "status": "success",
        "success_amount": Decimal("58.00"),
    }.items() <= returned(tmp_path, "xiaohongshu", "s1", answer, export).items()
