"""A line that one answer tells several times: once if it says the same, else the order is named."""

import json

import pytest
from staged import Shop


def taobao(number: int, *lines: dict) -> dict:
    order = [{"oid": 11, "outer_sku_id": "A", "num": 1, "payment": "10.00"} | x for x in lines]
    trade = {"tid": number, "status": "WAIT_SELLER_SEND_GOODS", "orders": {"order": order}}
    trade |= {"modified": "2025-10-20 10:00:00", "created": "2025-10-20 09:00:00"}
    return {"trade_fullinfo_get_response": {"trade": trade}}


def douyin(number: int, *lines: dict) -> dict:
    lines = [{"order_id": "11", "code": "A", "item_num": 1} | x for x in lines]
    order = {"order_id": str(number), "order_status": 2, "sku_order_list": lines}
    order |= {"create_time": 1760925600, "update_time": 1760925600}
    return {"code": 10000, "data": {"shop_order_detail": order}}


def erp_order(number: int, *lines: dict) -> dict:
    items = [{"oi_id": 11, "sku_id": "A", "qty": 1} | line for line in lines]
    order = {"o_id": number, "status": "Sent", "modified": "2025-10-20 10:00:00", "items": items}
    return {"code": 0, "data": {"orders": [order]}}


def purchase(number: int, *lines: dict) -> dict:
    items = [{"poi_id": 11, "sku_id": "A", "qty": 1} | line for line in lines]
    order = {"po_id": number, "status": "Confirmed", "po_date": "2025-10-20 10:00:00"}
    return {"code": 0, "data": {"datas": [order | {"items": items}]}}


KINDS = {
    "taobao": ("taobao", "orders", "order_lines", taobao, {"num": 2}),
    "douyin": ("douyin", "orders", "order_lines", douyin, {"item_num": 2}),
    "ERP": ("jushuitan", "orders", "orders", erp_order, {"qty": 2}),
    "purchase": ("jushuitan", "purchase_orders", "purchase_orders", purchase, {"qty": 2}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_told_twice_by_an_answer_is_one_line_or_its_order_is_named(tmp_path, kind):
    platform, dataset, model, answer, other = KINDS[kind]
    shop = Shop(tmp_path, platform, "s1")
    orders = [answer(1, {}, {}), answer(2, {}, other), answer(3, {})]
    shop.put(dataset, "a.json", "\n".join(map(json.dumps, orders)), "2025-10-21")
    report = shop.load(dataset)
    assert (report.rows_loaded, report.rows_quarantined) == (2, 1)
    assert any("stands several times in this record" in said for said in report.messages)
    assert len(shop.staged(model)) == 2


def test_an_order_with_a_line_told_twice_is_the_same_record_as_with_it_once(tmp_path):
    shop = Shop(tmp_path, "taobao", "s1")
    for name, lines in (("a.json", [{}]), ("b.json", [{}, {}])):
        shop.put("orders", name, json.dumps(taobao(1, *lines)), "2025-10-21")
    report = shop.load("orders")
    assert (report.rows_loaded, report.rows_known) == (1, 1)


def test_a_sku_that_stands_in_two_lines_of_an_order_without_line_ids_is_two_lines(tmp_path):
    line = {"skuId": "9", "outerSkuId": "A", "itemTotal": "1", "jdPrice": "5.00"}
    order = {"orderId": "1", "orderState": "WAIT_SELLER_STOCK_OUT", "itemInfoList": [line, line]}
    order |= {"modified": "2025-10-20 10:00:00", "orderStartTime": "2025-10-20 09:00:00"}
    found = {"orderDetailInfo": {"orderInfo": order}}
    shop = Shop(tmp_path, "jd", "s1")
    shop.put(
        "orders", "a.json", json.dumps({"jingdong_pop_order_get_responce": found}), "2025-10-21"
    )
    shop.load("orders")
    assert len({line["order_line_id"] for line in shop.staged("order_lines")}) == 2
