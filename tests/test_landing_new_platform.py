"""The door holds for platforms to come: what they answer is read by declarations alone."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from landing_shop import Shop

from orchestration import landing
from orchestration.landing import SOURCES
from orchestration.landing.schema import Column, Dataset

DAY = date(2025, 11, 12)
README = Path(landing.__file__).parent / "README.md"


def _id(name: str, api: str, **more) -> Column:
    return Column(name, "id", name, api=api, **more)


def _units(name: str, api: str, **more) -> Column:
    return Column(name, "number", name, api=api, **more)


def _yuan(name: str, api: str, **more) -> Column:
    return Column(name, "money", name, "yuan", api=api, **more)


def _moment(name: str, api: str, **more) -> Column:
    return Column(name, "moment", name, api=api, **more)


def at(text: str) -> datetime:
    """The moment of a Beijing time."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def loaded(tmp_path, monkeypatch, platform: str, dataset: Dataset, content: str) -> list[dict]:
    """The rows of one answer under one declaration."""
    monkeypatch.setitem(SOURCES, platform, {dataset.name: dataset})
    shop = Shop(tmp_path, platform)
    shop.land(content, dataset=dataset.name, day=DAY)
    report = shop.load(dataset.name)
    assert (report.rows_quarantined, report.files_unreadable) == (0, 0), report.messages
    return shop.rows(dataset.name).to_dicts()


PDD = """
{"order_list_get_response": {"total_count": 1, "order_list": [
  {"order_sn": "251111-123456789012345", "order_status": 1, "refund_status": 1,
   "confirm_status": 1, "group_status": 1, "trade_type": 0,
   "goods_amount": 118.00, "discount_amount": 15.00, "platform_discount": 7.00,
   "seller_discount": 8.00, "capital_free_discount": 0,
   "postage": 0, "pay_amount": 103.00, "created_time": "2025-11-11 00:02:58",
   "pay_time": "2025-11-11 00:03:10",
   "confirm_time": "2025-11-11 00:03:20", "updated_at": "2025-11-11 00:03:20",
   "open_address_id": "demo",
   "item_list": [{"goods_id": 600123456, "sku_id": 1500123456, "outer_id": "DP-L-54",
                  "goods_price": 59.00, "goods_count": 2, "goods_spec": "L54片"}]}]}}
"""
PDD_EXPORT = (
    "商品\t,订单号\t,订单状态\t,商品总价(元)\t,邮费(元)\t,店铺优惠折扣(元)\t,用户实付金额(元)\t,"
    "商品数量（件）\t,订单成交时间\t,商品id\t,样式ID\t,商家编码-规格维度\t,售后状态\t\n"
    "纸尿裤L码\t,251111-123456789012345\t,待发货\t,118.00\t,0.00\t,8.00\t,103.00\t,2\t,"
    "2025-11-11 00:03:20\t,600123456\t,1500123456\t,DP-L-54\t,无售后或售后取消\t\n"
)


def readme_module() -> Dataset:
    """The worked example of the README, run as it stands there."""
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    module: dict = {}
    exec(compile(example, str(README), "exec"), module)
    (orders,) = module["DATASETS"]
    return orders


def test_the_module_of_the_readme_reads_pinduoduo(tmp_path, monkeypatch):
    (row,) = loaded(tmp_path, monkeypatch, "pinduoduo", readme_module(), PDD)
    assert row["order_id"] == "251111-123456789012345"
    assert (row["sku_id"], row["merchant_code"], row["qty"]) == ("1500123456", "DP-L-54", 2.0)
    assert (row["paid_amount"], row["freight_amount"]) == (Decimal("103.00"), Decimal("0.00"))
    assert row["confirmed_at"] == row["source_version"] == at("2025-11-11 00:03:20")
    assert row["address_token"].startswith("c_")


def test_the_same_module_reads_its_export(tmp_path, monkeypatch):
    (row,) = loaded(tmp_path, monkeypatch, "pinduoduo", readme_module(), PDD_EXPORT)
    assert row["order_id"] == "251111-123456789012345"
    assert (row["sku_id"], row["merchant_code"], row["qty"]) == ("1500123456", "DP-L-54", 2.0)


def test_kuaishou_whose_order_has_one_item(tmp_path, monkeypatch):
    orders = Dataset(
        "orders",
        "orders",
        (
            _id("order_id", "orderBaseInfo.oid", required=True),
            Column("status", "text", "status", api="orderBaseInfo.status"),
            _moment("paid_at", "orderBaseInfo.payTime", api_unit="epoch_ms"),
            _moment("sent_at", "orderBaseInfo.sendTime", api_unit="epoch_ms"),
            _moment("updated_at", "orderBaseInfo.updateTime", api_unit="epoch_ms"),
            _yuan("total_amount", "orderBaseInfo.totalFee", api_unit="fen"),
            _id("buyer_id", "orderBaseInfo.buyerOpenId", personal=True),
            _id("sku_id", "orderItemInfo.skuId", required=True),
            _id("merchant_code", "orderItemInfo.skuNick"),
            _yuan("price_amount", "orderItemInfo.price", api_unit="fen"),
            _units("qty", "orderItemInfo.num", above=0),
        ),
        ("order_id",),
        envelopes=("data.orderList",),
        success=("result", ("1",)),
    )
    content = """
    {"result": 1, "data": {"cursor": "nomore", "orderList": [{
      "orderBaseInfo": {"oid": 2512345678901234, "status": 30, "createTime": 1762790400000,
        "payTime": 1762790430000, "updateTime": 1762790431000, "totalFee": 9900,
        "discountFee": 1000, "expressFee": 0, "preSale": 0, "cpsType": 1,
        "buyerOpenId": "f18demo"},
      "orderItemInfo": {"itemId": 2400000000001, "skuId": 2400000000011,
        "skuNick": "BOTTLE-240", "price": 10900, "num": 1, "discountFee": 1000},
      "orderRefundList": []}]}}
    """
    (row,) = loaded(tmp_path, monkeypatch, "kuaishou", orders, content)
    assert (row["order_id"], row["sku_id"]) == ("2512345678901234", "2400000000011")
    assert (row["total_amount"], row["price_amount"]) == (Decimal("99.00"), Decimal("109.00"))
    assert row["paid_at"] == at("2025-11-11 00:00:30")
    assert row["sent_at"] is None
    assert row["line_no"] == 1


def test_a_wechat_store_whose_answer_is_one_order(tmp_path, monkeypatch):
    orders = Dataset(
        "orders",
        "orders",
        (
            _id("order_id", "order_id", required=True),
            _moment("updated_at", "update_time", api_unit="epoch_s"),
            _moment("paid_at", "order_detail.pay_info.pay_time", api_unit="epoch_s"),
            _yuan("order_amount", "order_detail.price_info.order_price", api_unit="fen"),
            _id("buyer_id", "openid", personal=True),
            _id("union_id", "unionid", personal=True, scope="unionid"),
            _id("sku_id", "sku_id", level="line", required=True),
            _id("merchant_code", "sku_code|out_sku_id", level="line"),
            _units("qty", "sku_cnt", level="line", above=0),
            _yuan("paid_amount", "real_price", level="line", api_unit="fen"),
        ),
        ("order_id",),
        envelopes=("order", "orders"),
        lines="order_detail.product_infos",
    )
    content = """
    {"order": {"order_id": "3715000000000000001", "status": 20, "create_time": 1762790400,
      "update_time": 1762790466, "openid": "oDEMO", "unionid": "ozDEMO_union_01",
      "order_detail": {"product_infos": [{"product_id": "10000000000001",
        "sku_id": "1000000001", "sku_code": "NF-A3-800", "sku_cnt": 2, "sale_price": 29800,
        "real_price": 55600}],
      "price_info": {"product_price": 59600, "order_price": 55600, "freight": 0,
        "discounted_price": 4000}, "pay_info": {"pay_time": 1762790466}}}}
    """
    (row,) = loaded(tmp_path, monkeypatch, "wechat_store", orders, content)
    assert (row["paid_amount"], row["qty"]) == (Decimal("556.00"), 2.0)
    assert row["paid_at"] == at("2025-11-11 00:01:06")
    assert row["buyer_id"] != row["union_id"]


def test_youzan_whose_record_lies_in_an_object_of_its_own(tmp_path, monkeypatch):
    orders = Dataset(
        "orders",
        "orders",
        (
            _id("order_id", "full_order_info.order_info.tid", required=True),
            _moment("paid_at", "full_order_info.order_info.pay_time"),
            _moment("updated_at", "full_order_info.order_info.update_time"),
            _id("store_id", "full_order_info.order_info.node_kdt_id"),
            _yuan("payment_amount", "full_order_info.pay_info.payment"),
            _id("buyer_id", "full_order_info.buyer_info.yz_open_id", personal=True),
            _id("line_id", "oid", level="line", required=True),
            _units("qty", "num", level="line", above=0),
            _yuan("price_amount", "price", level="line"),
        ),
        ("order_id",),
        envelopes=("data.full_order_info_list",),
        lines="full_order_info.orders",
    )
    content = """
    {"data": {"full_order_info_list": [{"full_order_info": {
      "order_info": {"tid": "E20251111000301000001", "status": "TRADE_PAID",
        "created": "2025-11-11 00:03:01", "pay_time": "2025-11-11 00:03:12",
        "update_time": "2025-11-11 00:03:12", "node_kdt_id": 134000001,
        "root_kdt_id": 134000000},
      "pay_info": {"total_fee": "281.70", "post_fee": "0.00", "payment": "239.14",
        "phase_payments": []},
      "buyer_info": {"yz_open_id": "lDWdemo", "outer_user_id": "oY0Ddemo",
        "buyer_phone": "$cipher$1$"},
      "orders": [{"oid": "2900000000001", "item_id": 3200001, "sku_id": 41000001, "num": 2,
        "price": "140.85"}]}}]}}
    """
    (row,) = loaded(tmp_path, monkeypatch, "youzan", orders, content)
    assert (row["order_id"], row["line_id"]) == ("E20251111000301000001", "2900000000001")
    assert (row["payment_amount"], row["price_amount"]) == (Decimal("239.14"), Decimal("140.85"))
    assert row["store_id"] == "134000001"


def test_wangdiantong_orders_with_two_kinds_of_time(tmp_path, monkeypatch):
    orders = Dataset(
        "orders",
        "orders",
        (
            _id("trade_no", "trade_no", required=True),
            _id("platform_order_ids", "src_tids"),
            _moment("ordered_at", "trade_time", api_unit="epoch_ms"),
            _moment("paid_at", "pay_time"),
            _moment("updated_at", "modified"),
            _yuan("paid_amount", "paid"),
            _id("line_id", "rec_id", level="line", required=True),
            _id("sku_code", "spec_no", level="line"),
            _units("qty", "num", level="line", above=0),
            _yuan("share_amount", "share_amount", level="line"),
            _id("suite_code", "suite_no", level="line"),
        ),
        ("trade_no",),
        envelopes=("data.order",),
        lines="detail_list",
        success=("status", ("0",)),
    )
    content = """
    {"status": 0, "data": {"total_count": 1, "order": [
      {"trade_id": 1028159, "trade_no": "JY202511110001", "src_tids": "312345678901",
       "platform_id": 3, "sub_platform_id": 0, "shop_no": "JD01", "warehouse_no": "001",
       "trade_type": 1, "trade_from": 1, "trade_status": 95, "refund_status": 0,
       "trade_time": 1762790409000, "pay_time": "2025-11-11 00:00:31",
       "modified": "2025-11-12 08:00:00",
       "receivable": 331.0000, "paid": 331.0000, "post_amount": 0.0000,
       "detail_list": [
        {"rec_id": 1, "src_tid": "312345678901", "src_oid": "312345678901-1",
         "spec_no": "DP-NB-42", "num": 4.0000, "actual_num": 4.0000, "order_price": 56.6300,
         "share_amount": 226.5200, "gift_type": 0, "suite_no": "DP-NB-84", "suite_num": 2.0000,
         "platform_status": 50},
        {"rec_id": 2, "src_tid": "312345678901", "src_oid": "312345678901-2",
         "spec_no": "WIPE-80x5", "num": 1.0000, "actual_num": 1.0000, "order_price": 104.4800,
         "share_amount": 104.4800, "gift_type": 0, "suite_no": "", "suite_num": 0.0000,
         "platform_status": 50}]}]}}
    """
    rows = loaded(tmp_path, monkeypatch, "wangdiantong", orders, content)
    assert [row["share_amount"] for row in rows] == [Decimal("226.52"), Decimal("104.48")]
    assert [row["suite_code"] for row in rows] == ["DP-NB-84", None]
    assert rows[0]["ordered_at"] == at("2025-11-11 00:00:09")
    assert rows[0]["paid_at"] == at("2025-11-11 00:00:31")


def test_wangdiantong_terms_of_suppliers(tmp_path, monkeypatch):
    terms = Dataset(
        "supplier_skus",
        "terms",
        (
            _id("supplier_id", "provider_no", required=True),
            _id("sku_code", "spec_no", required=True),
            Column("is_master", "flag", "the main supplier", api="is_master"),
            _units("moq", "min_purchase_num"),
            _units("pack_size", "unit_ratio", above=0),
            _units("lead_time_days", "purchase_cycle_day"),
            _yuan("unit_cost_amount", "price"),
        ),
        ("supplier_id", "sku_code"),
        envelopes=("data.details",),
        success=("status", ("0",)),
    )
    content = """
    {"status": 0, "data": {"total_count": 1, "details": [
      {"provider_no": "SUP-08", "provider_name": "某纸品厂", "spec_no": "DP-NB-84",
       "is_master": true, "min_purchase_num": 480.0000, "unit_name": "箱",
       "unit_ratio": 4.0000, "purchase_cycle_day": 12, "price": 61.5000,
       "purchase_num": 960.0000, "is_disabled": false}]}}
    """
    (row,) = loaded(tmp_path, monkeypatch, "wangdiantong", terms, content)
    assert (row["moq"], row["pack_size"], row["lead_time_days"]) == (480.0, 4.0, 12.0)
    assert (row["unit_cost_amount"], row["is_master"]) == (Decimal("61.50"), True)
    assert row["source_version"] == at("2025-11-12 00:00:00")


def test_jackyun_whose_numbers_are_texts(tmp_path, monkeypatch):
    stock = Dataset(
        "stock",
        "stock",
        (
            _id("warehouse_code", "warehouseCode", required=True),
            _id("sku_code", "goodsNo", required=True),
            _units("on_hand", "currentQuantity", required=True),
            _units("available", "useQuantity"),
            _units("purchasing", "purchasingQuantity"),
            _units("defective", "defectiveQuantity|defectiveQuanity"),
        ),
        ("warehouse_code", "sku_code"),
        envelopes=("result.data.goodsStockQuantity",),
        success=("code", ("200",)),
    )
    content = """
    {"code": "200", "result": {"data": {"goodsStockQuantity": [
      {"quantityId": "123", "warehouseCode": "WH01", "goodsNo": "NF-A3-800",
       "currentQuantity": "20", "useQuantity": "17", "lockedQuantity": "3",
       "purchasingQuantity": "5"}]}}}
    """
    (row,) = loaded(tmp_path, monkeypatch, "jackyun", stock, content)
    assert (row["on_hand"], row["available"], row["purchasing"]) == (20.0, 17.0, 5.0)
    assert row["defective"] is None


def test_jd_as_a_buyer_whose_order_list_is_in_epochs(tmp_path, monkeypatch):
    orders = Dataset(
        "purchase_orders",
        "orders of JD itself",
        (
            _id("po_id", "order_id", required=True),
            Column("state", "text", "3 is done", api="state"),
            _moment("created_at", "created_date", api_unit="epoch_ms"),
            _moment("updated_at", "update_date", api_unit="epoch_ms"),
            _id("center_id", "deliver_center_id"),
            _yuan("total_amount", "total_price"),
        ),
        ("po_id",),
        envelopes=(
            "jingdong_vc_getpurchaseorderlist_responce.jos_order_result_dto.purchase_order_list",
        ),
        success=("jingdong_vc_getpurchaseorderlist_responce.code", ("0",)),
    )
    content = """
    {"jingdong_vc_getpurchaseorderlist_responce": {"code": "0", "jos_order_result_dto":
      {"purchase_order_list": [{"order_id": 1776900001, "order_type": 1, "state": 3,
        "state_name": "完成", "confirm_state": 1, "created_date": 1760900000000,
        "complete_date": 1761400000000, "update_date": 1761400000000, "deliver_center_id": 6,
        "deliver_center_name": "北京", "ware_variety": 1, "total_price": 47040.0000,
        "provider_code": "demo"}]}}}
    """
    (row,) = loaded(tmp_path, monkeypatch, "jd_vc", orders, content)
    assert (row["po_id"], row["total_amount"]) == ("1776900001", Decimal("47040.00"))
    assert row["source_version"] == at("2025-10-25 21:46:40")


def test_jd_as_a_buyer_whose_order_detail_is_one_record(tmp_path, monkeypatch):
    lines = Dataset(
        "purchase_lines",
        "lines of JD's orders",
        (
            _id("po_id", "order_id", required=True),
            _id("sku_id", "ware_id", level="line", required=True),
            _units("ordered_qty", "original_num", level="line"),
            _units("received_qty", "actual_num", level="line"),
            _yuan("price_amount", "purchase_price", level="line"),
            _yuan("total_amount", "totoal_price", level="line"),
        ),
        ("po_id",),
        envelopes=("jingdong_vc_getdetailbyorderid_responce.jos_detail_result_dto",),
        lines="purchase_allocation_detail_list",
    )
    content = """
    {"jingdong_vc_getdetailbyorderid_responce": {"code": "0", "jos_detail_result_dto":
      {"order_id": 1776900001, "purchase_allocation_detail_list": [
        {"order_id": 1776900001, "ware_id": 100012345678, "original_num": 480,
         "confirm_num": 480, "actual_num": 476, "purchase_price": 98.0000,
         "totoal_price": 46648.0000, "deliver_center_name": "北京"}]}}}
    """
    (row,) = loaded(tmp_path, monkeypatch, "jd_vc", lines, content)
    assert (row["ordered_qty"], row["received_qty"]) == (480.0, 476.0)
    assert row["total_amount"] == Decimal("46648.00")


def test_jd_self_run_stock_whose_total_row_is_left_out(tmp_path, monkeypatch):
    stock = Dataset(
        "item_daily",
        "自营商品明细",
        (
            Column("sku_id", "id", "the sku", required=True, headers=("SKU",)),
            Column("on_hand", "number", "all cities", headers=("全国现货库存",)),
            Column("shipped_qty", "number", "the day before", headers=("全国昨日出库商品件数",)),
        ),
        ("sku_id",),
        version="",
    )
    content = (
        "SKU,商品名称,全国采购价,全国现货库存,全国昨日出库商品件数,北京现货库存,上海现货库存\n"
        "全国,-,-,5120,412,1310,980\n"
        "100012345678,纸尿裤NB84,98.00,5120,412,1310,980\n"
    )
    (row,) = loaded(tmp_path, monkeypatch, "jd_vc", stock, content)
    assert (row["sku_id"], row["on_hand"], row["shipped_qty"]) == ("100012345678", 5120.0, 412.0)


@pytest.mark.parametrize(
    ("declare", "fault"),
    [
        (lambda: Column("x", "colour", "x"), "is no kind"),
        (lambda: Column("shop_id", "id", "x"), "choose another name"),
        (lambda: Column("x", "money", "x", api_unit="epoch_s"), "is no unit of kind money"),
        (lambda: Column("x", "id", "x", level="page"), "level is"),
        (lambda: Dataset("d", "d", (_id("a", "a"), _id("a", "b")), ("a",)), "declares a twice"),
        (lambda: Dataset("d", "d", (_id("a", "a"),), ("b",)), "'b' is no column"),
        (
            lambda: Dataset("d", "d", (_id("a", "a", level="line"),), (), envelopes=("x",)),
            "says not where",
        ),
    ],
)
def test_a_declaration_that_cannot_work_is_refused_at_once(declare, fault):
    with pytest.raises(ValueError, match=re.escape(fault)):
        declare()
