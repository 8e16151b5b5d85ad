"""Taobao and Tmall: TOP trades, refunds, items and reviews, 千牛 reports, 生意参谋 item days.

`shop_id` of the landing folder is the seller's nick. TOP writes yuan as text, except 红包 and
points (分). Buyers' names, phones, addresses and memos are in none of the columns.
"""

from dataclasses import replace

from orchestration.landing import reviews
from orchestration.landing.schema import Column, Dataset


def _id(name: str, meaning: str, api: str = "", **more) -> Column:
    return Column(name, "id", meaning, api=api, **more)


def _text(name: str, meaning: str, api: str = "", **more) -> Column:
    return Column(name, "text", meaning, api=api, **more)


def _flag(name: str, meaning: str, api: str, **more) -> Column:
    return Column(name, "flag", meaning, api=api, **more)


def _list(name: str, meaning: str, api: str, *fields: str, **more) -> Column:
    return Column(name, "list", meaning, api=api, fields=fields, **more)


def _units(name: str, meaning: str, api: str = "", **more) -> Column:
    return Column(name, "number", meaning, "units", "2", at_least=0, api=api, **more)


def _people(name: str, meaning: str, header: str, **more) -> Column:
    return Column(name, "number", meaning, "people", "12480", at_least=0, headers=(header,), **more)


def _yuan(name: str, meaning: str, api: str = "", **more) -> Column:
    return Column(name, "money", meaning, "yuan", "538.00", api=api, **more)


def _moment(name: str, meaning: str, api: str, *headers: str, **more) -> Column:
    example = "2025-10-20 20:01:45"
    return Column(
        name, "moment", meaning, "Beijing time", example, api=api, headers=headers, **more
    )


SELLER_NICK = _text("seller_nick", "the shop; must be the folder's shop_id", "seller_nick")
MODIFIED_AT = _moment(
    "modified_at", "last change at the platform; decides which version is the latest", "modified"
)

ORDERS = Dataset(
    "orders",
    "trades and their sub-orders, from TOP or from the 千牛 line report",
    (
        _id("order_id", "the trade", "tid_str|tid", required=True, headers=("主订单编号",)),
        SELLER_NICK,
        _text("order_type", "kind of trade; step for deposit orders", "type"),
        _text("status", "where it stands", "status", required=True, headers=("订单状态",)),
        _text("step_status", "where a two-step payment stands", "step_trade_status"),
        _flag("is_new_presell", "paid in full now, shipped weeks later", "new_presell"),
        _flag("is_general_presell", "another kind of the same", "general_new_presell"),
        _yuan("payment_amount", "cash with freight; shrinks with refunds", "payment"),
        _yuan("freight_amount", "freight", "post_fee", headers=("买家应付邮费",)),
        _yuan("coupon_amount", "红包", "coupon_fee", api_unit="fen"),
        _yuan("tmall_coupon_amount", "Tmall 红包", "tmall_coupon_fee", api_unit="fen"),
        _yuan("alipay_point_amount", "集分宝 spent", "alipay_point", api_unit="fen"),
        _yuan("platform_subsidy_amount", "borne by the platform", "platform_subsidy_fee"),
        _yuan("step_paid_amount", "paid so far in two steps", "step_paid_fee"),
        _list(
            "step_payments",
            "the payments of a two-step order, in yuan",
            "step_pay_details.step_pay_detail",
            *("step_no", "pay_status", "step_actual_pay_fee"),
        ),
        _list(
            "promotions",
            "promotions of the trade; older gifts are named here only",
            "promotion_details.promotion_detail",
            *("id", "promotion_id", "gift_item_id", "gift_item_num"),
        ),
        _text("receipt_type", "what a 补差 order makes up for", "receipt_type"),
        _text("seller_flag", "colour of the shop's flag, 1 to 5", "seller_flag"),
        _text("ship_by", "latest promised shipping, as the platform writes it", "send_time"),
        _moment("created_at", "order placed", "created", "订单创建时间", required=True),
        _moment("paid_at", "final payment", "pay_time", "订单付款时间"),
        _moment("shipped_at", "first parcel left", "consign_time", "发货时间"),
        _moment("ended_at", "success or close, as the status says", "end_time"),
        MODIFIED_AT,
        _id("buyer_id", "open id", "buyer_open_uid", personal=True, scope="taobao"),
        _id("address_token", "token of the address", "oaid", personal=True, scope="address"),
        _id(
            "line_id",
            "the sub-order",
            "oid_str|oid",
            level="line",
            required=True,
            headers=("子订单编号",),
        ),
        _id("item_id", "the item", "num_iid", level="line", headers=("商品ID", "宝贝ID")),
        _id("sku_id", "its SKU; none where it has no SKUs", "sku_id", level="line"),
        _id("item_code", "merchant code of the item", "outer_iid", level="line"),
        _id(
            "sku_code",
            "merchant code of the SKU",
            "outer_sku_id",
            level="line",
            headers=("商家编码",),
        ),
        _units("qty", "bought", "num", level="line", required=True, headers=("购买数量",)),
        _yuan("price_amount", "list price of one", "price", level="line", headers=("商品价格",)),
        _yuan("discount_amount", "the shop's discount on this line", "discount_fee", level="line"),
        _yuan("adjust_amount", "change by hand, up or down", "adjust_fee", level="line"),
        _yuan("line_total_amount", "price x num + adjust - discount", "total_fee", level="line"),
        _yuan("shared_discount_amount", "of shop promotions", "part_mjz_discount", level="line"),
        _yuan(
            "divided_amount",
            "buyer cash for the goods of this line",
            "divide_order_fee",
            level="line",
            headers=("买家实付金额", "买家实际支付金额"),
        ),
        _flag("is_free_gift", "given away", "is_free_gift", level="line"),
        _text("gift_line_ids", "a gift's goods, or goods' gifts", "gift_mids", level="line"),
        _list(
            "combined_items",
            "components of a bundle; fees in 分",
            "combine_item_info.combine_sub_item_do|combine_item_info",
            *("item_id", "sku_id", "outer_iid", "outer_sku_id", "quantity"),
            *("origin_fee", "combine_sub_item_fee"),
            level="line",
        ),
        _text("warehouse_code", "ships from", "store_code", level="line"),
        _moment("line_shipped_at", "this line left", "consign_time", level="line"),
    ),
    ("order_id",),
    envelopes=(
        "trades_sold_get_response.trades.trade",
        "trades_sold_increment_get_response.trades.trade",
        "trades_sold_incrementv_get_response.trades.trade",
        "trade_fullinfo_get_response.trade",
        "trade_get_response.trade",
        "",
    ),
    line_key="line_id",
    lines="orders.order",
    version="modified_at",
    shop_marker="seller_nick",
)

REFUNDS = Dataset(
    "refunds",
    "refunds before and after receipt, from TOP or from the 千牛 refund report",
    (
        _id("refund_id", "the refund", "refund_id", required=True, headers=("退款编号",)),
        SELLER_NICK,
        _id("order_id", "the trade", "tid", required=True, headers=("订单编号",)),
        _id("line_id", "the sub-order", "oid", headers=("子订单编号",)),
        _id("item_id", "the item", "num_iid", headers=("商品ID", "宝贝ID")),
        _id("merchant_code", "merchant code", "outer_id", headers=("商家编码",)),
        _text("status", "where it stands", "status", required=True, headers=("退款状态",)),
        _text("dispute_type", "what is asked for", "dispute_type", headers=("售后类型",)),
        _text("phase", "onsale until receipt, then aftersale", "refund_phase"),
        _text("order_status", "where the trade stands", "order_status"),
        _text("special_type", "价保服务, 退差返现: nothing comes back", "special_refund_type"),
        _flag("is_return", "goods are to come back", "has_good_return"),
        _text("goods_status", "where the goods are", "good_status"),
        _units("qty", "units", "num"),
        _yuan("line_total_amount", "what the line was sold for", "total_fee"),
        _yuan("refund_amount", "back to the buyer", "refund_fee", headers=("退给买家金额",)),
        _yuan("all_refund_amount", "back to buyer and platform", headers=("退款总额",)),
        _yuan("platform_amount", "back to the platform", headers=("退给平台金额",)),
        _yuan("kept_amount", "what the seller keeps of the line", "payment"),
        _moment("created_at", "asked for", "created", "退款申请时间", "申请时间"),
        _moment("finished_at", "done", "end_time", "退款完结时间"),
        MODIFIED_AT,
    ),
    ("refund_id",),
    envelopes=("refunds_receive_get_response.refunds.refund", "refund_get_response.refund", ""),
    version="modified_at",
    shop_marker="seller_nick",
)

ITEMS = Dataset(
    "items",
    "the shop's items and their SKUs",
    (
        _id("item_id", "the item", "num_iid", required=True),
        _text("seller_nick", "the shop; must be the folder's shop_id", "nick"),
        _id("item_code", "merchant code of the item", "outer_id"),
        _id("item_barcode", "bar code of the item", "barcode"),
        _yuan("item_price_amount", "list price of the item", "price"),
        _units("item_stock_qty", "of the item on sale", "num"),
        MODIFIED_AT,
        _id("sku_id", "the SKU; none where the item has no SKUs", "sku_id", level="line"),
        _id("sku_code", "merchant code of the SKU", "outer_id", level="line"),
        _id("sku_barcode", "bar code of the SKU", "barcode", level="line"),
        _yuan("sku_price_amount", "list price of the SKU", "price", level="line"),
        _units("sku_stock_qty", "of the SKU on sale", "quantity", level="line"),
        _text("sku_status", "normal or delete", "status", level="line"),
    ),
    ("item_id",),
    envelopes=(
        "item_seller_get_response.item",
        "items_onsale_get_response.items.item",
        "items_inventory_get_response.items.item",
        "items_seller_list_get_response.items.item",
    ),
    line_key="sku_id",
    lines="skus.sku",
    version="modified_at",
    shop_marker="seller_nick",
)

ITEM_DAILY = Dataset(
    "item_daily",
    "生意参谋 item report: one item on one day, restated for some days after",
    (
        Column("ds", "day", "the day", required=True, headers=("统计日期",)),
        _id("item_id", "the item, not its SKU", required=True, headers=("商品ID",)),
        _people("visitors", "saw it", "商品访客数", required=True),
        Column("views", "number", "page views", at_least=0, headers=("商品浏览量",)),
        _people("favourites", "marked it", "商品收藏人数"),
        _people("add_to_cart_buyers", "put it into the cart", "商品加购人数"),
        _units("add_to_cart_qty", "put into the cart", headers=("商品加购件数",)),
        _people("paid_buyers", "paid for it", "支付买家数"),
        _units("paid_qty", "paid", headers=("支付件数",)),
        _yuan("paid_amount", "paid; two-step orders on the balance", headers=("支付金额",)),
        _yuan("refund_amount", "refunds done that day", headers=("成功退款金额",)),
    ),
    ("ds", "item_id"),
    version="",
)

_RATES = reviews.dataset(
    api={
        "order_id": "tid",
        "line_id": "oid",
        "platform_item_id": "num_iid",
        "rating": "result",
        "content_length": "content",
        "created_at": "created",
    },
    envelopes=("traderates_get_response.trade_rates.trade_rate",),
)
REVIEWS = replace(
    _RATES, columns=(*_RATES.columns, _text("role", "who wrote it: buyer or seller", "role"))
)

DATASETS = (ORDERS, REFUNDS, ITEMS, ITEM_DAILY, REVIEWS)
