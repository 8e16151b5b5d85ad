"""JD POP shops: orders, the two refund feeds, 商智 SKU days and reviews.

JD misspells its envelopes: *responce*. Fields a puller did not ask for do not come at all. Names,
phones, addresses, pins and remarks of buyers are in none of the columns.
"""

from orchestration.landing import reviews
from orchestration.landing.schema import Column, Dataset


def _id(name: str, meaning: str, api: str = "", **more) -> Column:
    return Column(name, "id", meaning, api=api, **more)


def _text(name: str, meaning: str, api: str = "", **more) -> Column:
    return Column(name, "text", meaning, api=api, **more)


def _units(name: str, meaning: str, api: str = "", **more) -> Column:
    return Column(name, "number", meaning, "units", "2", at_least=0, api=api, **more)


def _people(name: str, meaning: str, header: str, **more) -> Column:
    return Column(name, "number", meaning, "people", "171", at_least=0, headers=(header,), **more)


def _yuan(name: str, meaning: str, api: str = "", **more) -> Column:
    return Column(name, "money", meaning, "yuan", "331.00", api=api, **more)


def _moment(name: str, meaning: str, api: str, *headers: str, **more) -> Column:
    example = "2025-11-11 00:00:31"
    return Column(
        name, "moment", meaning, "Beijing time", example, api=api, headers=headers, **more
    )


def _answers(fields: str, *methods: str) -> tuple[str, tuple[str, ...]]:
    """Where each method says whether it worked, and the word for yes."""
    paths = (f"jingdong_{method}_responce.{fields}" for method in methods)
    return "|".join(paths), ("true",)


MODIFIED = "last change at the platform; decides which version is the latest"

ORDERS = Dataset(
    "orders",
    "POP orders and their lines; JD says what an order was paid, not what a line was",
    (
        _id("order_id", "the order", "orderId", required=True, headers=("订单号", "订单编号")),
        _id("direct_parent_id", "the order it was split from", "directParentOrderId"),
        _id("parent_id", "the first order of all splits", "parentOrderId"),
        _text("order_type", "22 SOP, 75 local service", "orderType"),
        _text("pay_type", "1 on delivery, 4 online", "payType"),
        _text("status", "where it stands", "orderState", required=True, headers=("订单状态",)),
        _text("return_order", "1 repair or reissue, 2 exchange", "returnOrder"),
        _yuan("total_amount", "before discounts, without freight", "orderTotalPrice"),
        _yuan("seller_discount_amount", "the shop's discounts", "sellerDiscount"),
        _yuan(
            "payment_amount",
            "to pay with freight, wallet money already taken off",
            "orderPayment",
            headers=("应付金额",),
        ),
        _yuan("actual_amount", "buyer cash with freight", "actualPay"),
        _yuan("freight_amount", "freight", "freightPrice", headers=("运费", "运费金额")),
        _yuan("balance_amount", "paid from the buyer's wallet", "balanceUsed"),
        _yuan("tax_amount", "taxes", "taxFee"),
        Column(
            "coupons",
            "list",
            "discounts of the order, in yuan",
            api="couponDetailList",
            fields=("couponType", "couponPrice", "skuId"),
        ),
        _text("store_order", "京仓 or 云仓, if it ships from JD's shelf", "storeOrder"),
        _id("store_id", "the warehouse it ships from", "storeId"),
        _moment("created_at", "order placed", "orderStartTime", "下单时间", required=True),
        _moment("paid_at", "payment confirmed", "paymentConfirmTime", "付款确认时间"),
        _text("shipped_text", "left the warehouse, as the platform writes it", "outBoundDate"),
        _moment("ended_at", "done or cancelled", "orderEndTime"),
        _moment("modified_at", MODIFIED, "modified"),
        _id("buyer_xid", "the buyer, as this shop knows them", "xid_buyer", personal=True),
        _id("buyer_open_id", "the same, newer", "open_id_buyer", personal=True),
        _id(
            "address_token",
            "token of the address",
            "consigneeInfo.oaid|oaid",
            personal=True,
            scope="address",
        ),
        _id("sku_id", "JD's SKU", "skuId", level="line", headers=("商品ID", "商品编号", "SKU")),
        _id("item_id", "JD's item", "wareId", level="line"),
        _id("sku_code", "merchant code", "outerSkuId", level="line", headers=("商家SKUID",)),
        _yuan("price_amount", "price of one", "jdPrice", level="line", headers=("京东价",)),
        _units("qty", "bought", "itemTotal", level="line", required=True, headers=("订购数量",)),
    ),
    ("order_id",),
    envelopes=(
        "jingdong_pop_order_search_responce.searchorderinfo_result.orderInfoList",
        "jingdong_pop_order_enSearch_responce.searchorderinfo_result.orderInfoList",
        "jingdong_pop_order_get_responce.orderDetailInfo.orderInfo",
        "jingdong_pop_order_enGet_responce.orderDetailInfo.orderInfo",
        "",
    ),
    lines="itemInfoList",
    version="modified_at",
    success=_answers(
        "searchorderinfo_result.apiResult.success", "pop_order_search", "pop_order_enSearch"
    ),
)

REFUNDS = Dataset(
    "refunds",
    "after-sale services with the refund each led to",
    (
        _id(
            "service_id",
            "the service bill",
            "serviceId|sameOrderServiceBill.serviceId",
            required=True,
            headers=("服务单号",),
        ),
        _id(
            "order_id",
            "the order",
            "orderId|sameOrderServiceBill.orderId",
            required=True,
            headers=("订单号", "订单编号"),
        ),
        _id(
            "sku_id",
            "JD's SKU",
            "skuId|sameOrderServiceBill.skuId|sameOrderServiceBill.wareId",
            headers=("商品编号",),
        ),
        _text(
            "expectation",
            "10 return, 20 exchange, 30 repair",
            "customerExpect|sameOrderServiceBill.customerExpect",
        ),
        _text(
            "expectation_name",
            "the same in words",
            "customerExpectName|sameOrderServiceBill.customerExpectName",
            headers=("客户期望", "期望处理方式"),
        ),
        _text(
            "service_status",
            "where the service stands, 10001 to 10011",
            "serviceStatus|sameOrderServiceBill.serviceStatus|sameOrderServiceBill.serviceState",
            headers=("服务单状态",),
        ),
        _text("refund_status", "13 money is back, 14 failed", "status"),
        _units("qty", "units", "wareNum|sameOrderServiceBill.wareNum", headers=("商品数量",)),
        _yuan(
            "line_paid_amount",
            "what the buyer paid for the goods",
            "actualPayPrice|sameOrderServiceBill.actualPayPrice",
        ),
        _yuan("refund_amount", "really paid back", "refoundAmount", headers=("实退金额",)),
        _moment(
            "created_at",
            "asked for",
            "applyTime|sameOrderServiceBill.applyTime|sameOrderServiceBill.afsApplyTime",
            "申请时间",
        ),
        _moment("finished_at", "money is back", "completeTime", "退款完成时间"),
        _moment(
            "modified_at",
            MODIFIED,
            "updateTime|updateDate|sameOrderServiceBill.updateTime|sameOrderServiceBill.updateDate",
        ),
    ),
    ("service_id",),
    envelopes=(
        "jingdong_asc_serviceAndRefund_view_responce.pageResult.data",
        "jingdong_asc_query_list_responce.pageResult.data",
        "",
    ),
    version="modified_at",
    success=_answers("pageResult.success", "asc_serviceAndRefund_view", "asc_query_list"),
)

CANCELLATIONS = Dataset(
    "cancellations",
    "refunds of orders cancelled before they were shipped; amounts in 分",
    (
        _id("refund_id", "the refund", "id|raId", required=True, headers=("退款单号",)),
        _id("order_id", "the order", "orderId", required=True, headers=("订单号", "订单编号")),
        _text("status", "0 asked, 3 and 9 paid back", "status", required=True),
        _text("part_type", "1 if only a part is cancelled", "partRefundType"),
        _id("sku_id", "what part, if JD says so", "skuId"),
        _units("qty", "how much of it", "skuCount"),
        _yuan("refund_amount", "paid back once granted", "applyRefundSum", api_unit="fen"),
        _moment("created_at", "asked for", "applyTime", "申请时间"),
        _moment("checked_at", "decided", "checkTime", "审核时间"),
        _moment("modified_at", MODIFIED, "modified"),
    ),
    ("refund_id",),
    envelopes=(
        "jingdong_pop_afs_soa_refundapply_queryPageList_responce.queryResult.result",
        "jingdong_pop_afs_soa_refundapply_queryById_responce.queryResult.result",
        "jingdong_pop_afs_refundapply_querylist_responce.refundApplyResponse.results",
    ),
    version="modified_at",
    success=_answers(
        "queryResult.success",
        "pop_afs_soa_refundapply_queryPageList",
        "pop_afs_soa_refundapply_queryById",
    ),
)

ITEM_DAILY = Dataset(
    "item_daily",
    "商智 SKU report: one SKU on one day; its 合计 row is a total",
    (
        Column("ds", "day", "the day", required=True, headers=("时间", "日期")),
        _id("sku_id", "JD's SKU, not the merchant's", required=True, headers=("SKU",)),
        _people("visitors", "saw it", "商品访客数", required=True),
        Column("views", "number", "page views", at_least=0, headers=("商品浏览量",)),
        _people("add_to_cart_buyers", "put it into the cart", "加购客户数"),
        _people("paid_buyers", "bought it", "成交客户数"),
        _units("paid_qty", "sold", headers=("成交商品件数",)),
        _yuan("paid_amount", "sold", headers=("成交金额",)),
        _yuan("refund_amount", "cancelled and refunded", headers=("取消及售后退款金额",)),
    ),
    ("ds", "sku_id"),
    version="",
)

REVIEWS = reviews.dataset(
    headers={
        "platform_item_id": ("商品ID", "SPU编号"),
        "platform_sku_id": ("商品编号", "SKU", "SKU编号", "SKUID"),
    }
)

DATASETS = (ORDERS, REFUNDS, CANCELLATIONS, ITEM_DAILY, REVIEWS)
