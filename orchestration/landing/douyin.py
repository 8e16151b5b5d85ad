"""Douyin shops (抖店): orders, after-sales, products, 罗盘 item days, live sessions and reviews.

The API writes 分 and epoch seconds (0 = not yet), exports write yuan and Beijing time. Names,
phones, addresses, ciphers (##…, $$…), mask_post_* and memos are in none of the columns.
"""

from orchestration.landing import reviews
from orchestration.landing.schema import Column, Dataset, Rule


def _id(name: str, meaning: str, api: str = "", *headers: str, **more) -> Column:
    return Column(name, "id", meaning, api=api, headers=headers, **more)


def _text(name: str, meaning: str, api: str = "", *headers: str, **more) -> Column:
    return Column(name, "text", meaning, api=api, headers=headers, **more)


def _number(name: str, meaning: str, unit: str, api: str, *headers: str, **more) -> Column:
    return Column(name, "number", meaning, unit, "12", at_least=0, api=api, headers=headers, **more)


def _fen(name: str, meaning: str, api: str, *headers: str, **more) -> Column:
    unit = "fen" if api else ""
    return Column(
        name, "money", meaning, "yuan", "298.00", api=api, api_unit=unit, headers=headers, **more
    )


def _yuan(name: str, meaning: str, api: str, *headers: str, **more) -> Column:
    return Column(name, "money", meaning, "yuan", "2000.00", api=api, headers=headers, **more)


def _moment(name: str, meaning: str, api: str, *headers: str, **more) -> Column:
    unit, example = "epoch_s" if api else "", "2025-10-20 20:01:45"
    more |= {"api": api, "api_unit": unit, "headers": headers}
    return Column(name, "moment", meaning, "Beijing time", example, **more)


def _list(name: str, meaning: str, api: str, *fields: str, **more) -> Column:
    return Column(name, "list", meaning, api=api, fields=fields, **more)


SUCCESS = ("code", ("10000", "0"))
UPDATED = "last change at the platform; decides which version is the latest"
LINE = {"level": "line"}

ORDERS = Dataset(
    "orders",
    "shop orders and their sub-orders, from the API or from the export by sub-order",
    (
        _id("order_id", "the order", "order_id", "主订单编号", "主订单号", required=True),
        _id("seller_shop_id", "the shop; must be the folder's shop_id", "shop_id"),
        _id("parent_order_id", "the order it was split from", "parent_order_id"),
        _text("order_status", "where the order stands", "order_status"),
        _text("order_main_status", "the same, finer", "main_status"),
        _fen("order_pay_amount", "paid with freight and 支付优惠", "pay_amount"),
        _fen("order_post_amount", "freight", "post_amount"),
        _fen("order_promotion_platform_amount", "platform's", "promotion_platform_amount"),
        _fen("order_promotion_talent_amount", "creator's", "promotion_talent_amount"),
        _fen("order_promotion_pay_amount", "支付优惠, inside pay_amount", "promotion_pay_amount"),
        _list(
            "phases",
            "deposit and balance of each sub-order; 分 and epoch seconds",
            "order_phase_list",
            "current_phase",
            "total_phase",
            "pay_success",
            "phase_pay_time",
            "phase_pay_amount",
            "sku_order_id",
        ),
        _text("seller_flag", "colour of the shop's flag", "seller_remark_stars", "旗帜颜色"),
        _moment("order_created_at", "order placed", "create_time"),
        _moment("order_paid_at", "final payment", "pay_time"),
        _moment("order_shipped_at", "parcel left", "ship_time"),
        _moment("order_finished_at", "received or over", "finish_time"),
        _moment("order_ship_due_at", "latest promised shipping", "exp_ship_time"),
        _moment("updated_at", UPDATED, "update_time"),
        _id("buyer_id", "open id", "doudian_open_id|open_id", personal=True),
        _id("address_token", "of receiver", "open_address_id", personal=True, scope="address"),
        _id("line_id", "the sub-order", "order_id", "子订单编号", required=True, **LINE),
        _text("trade_type", "2 deposit, 10 sample …", "trade_type", "订单类型", **LINE),
        _text("pre_sale_type", "1 paid in full, shipped later; 2 steps", "pre_sale_type", **LINE),
        _text("line_status", "where it stands", "order_status", "订单状态", **LINE),
        _text("line_main_status", "the same, finer", "main_status", **LINE),
        _text("refund_status", "of its last after-sale", "after_sale_info.refund_status", **LINE),
        _id("item_id", "the product", "product_id_str|product_id", "商品ID", **LINE),
        _id("sku_id", "the variant", "sku_id", **LINE),
        _id("sku_code", "merchant code", "code", "商家编码", **LINE),
        _id("out_sku_id", "older merchant code; 0 is none", "out_sku_id", **LINE),
        _id("barcode", "69 code", "", "商品69码", **LINE),
        _number("qty", "bought", "units", "item_num", "商品数量", required=True, **LINE),
        _fen("price_amount", "list price of one", "origin_amount", "商品单价", **LINE),
        _fen("sum_amount", "list price x qty", "sum_amount", **LINE),
        _fen("pay_amount", "paid, 支付优惠 inside", "pay_amount", "订单应付金额", **LINE),
        _fen("post_amount", "freight of this sub-order", "post_amount", "运费", **LINE),
        _fen(
            "promotion_platform_amount",
            "platform's",
            "promotion_platform_amount",
            "平台优惠",
            **LINE,
        ),
        _fen("promotion_talent_amount", "creator's", "promotion_talent_amount", "达人优惠", **LINE),
        _fen("promotion_pay_amount", "支付优惠", "promotion_pay_amount", "支付优惠", **LINE),
        _fen(
            "platform_cost_amount",
            "what the platform really bears",
            "only_platform_cost_amount",
            "平台实际承担优惠金额",
            **LINE,
        ),
        _fen(
            "author_cost_amount",
            "what the creator really bears",
            "author_cost_amount",
            "达人实际承担优惠金额",
            **LINE,
        ),
        _text("theme_type", "1 bought in a live room", "theme_type", **LINE),
        _text("ad_env_type", "video or live", "ad_env_type", **LINE),
        _text("content_kind", "直播, 短视频, 商品卡 …", "", "流量体裁", **LINE),
        _text("entrance", "搜索, 推荐 …", "", "流量渠道", **LINE),
        _text("c_biz", "2 creators' alliance, 8 the shop itself", "c_biz", **LINE),
        _id("author_id", "the creator", "author_id", "达人ID", **LINE),
        _id("room_id", "the live room", "room_id_str|room_id", **LINE),
        _id("video_id", "the video", "video_id", **LINE),
        _text("given_product_type", "FREE is a gift", "given_product_type", **LINE),
        _list("master_ids", "a gift's goods", "master_sku_order_id_list", **LINE),
        _list(
            "bundle_skus",
            "components of one bundle",
            "bundle_sku_info",
            "code",
            "item_num",
            "sku_id",
            **LINE,
        ),
        _list(
            "inventories",
            "shelves it leaves",
            "inventory_list",
            "out_warehouse_id",
            "count",
            **LINE,
        ),
        _moment("created_at", "order placed", "create_time", "订单提交时间", **LINE),
        _moment("paid_at", "final payment", "pay_time", "支付完成时间", **LINE),
        _moment("shipped_at", "parcel left", "ship_time", "发货时间", **LINE),
        _moment("finished_at", "received or over", "finish_time", "订单完成时间", **LINE),
        _moment("ship_due_at", "latest promised", "exp_ship_time", "承诺发货时间", **LINE),
        _moment("appointed_at", "agreed", "appointment_ship_time", "预约发货时间", **LINE),
    ),
    ("order_id",),
    rules=(
        Rule(
            "not contains(line_id, ';')",
            "line_id",
            "holds several sub-orders in one cell: export one row per sub-order (商品单)",
        ),
    ),
    envelopes=("data.shop_order_list", "data.shop_order_detail"),
    line_key="line_id",
    lines="sku_order_list",
    success=SUCCESS,
    shop_marker="seller_shop_id",
)

LISTED, DETAIL = "aftersale_info", "process_info.after_sale_info"


def _both(listed: str, detail: str = "") -> str:
    """Where the list and where the detail of an after-sale hold the same thing."""
    return f"{LISTED}.{listed}|{DETAIL}.{detail or listed}"


REFUNDS = Dataset(
    "refunds",
    "after-sales: the list knows what was asked for, only the detail what was paid back",
    (
        _id(
            "aftersale_id",
            "the after-sale",
            _both("aftersale_id", "after_sale_id"),
            "售后单号",
            "售后编号",
            required=True,
        ),
        _id("detail_id", "the same if this is the detail", f"{DETAIL}.after_sale_id"),
        _id(
            "order_id",
            "the order",
            "order_info.shop_order_id",
            "订单号",
            "主订单编号",
            required=True,
        ),
        _id("related_id", "sub-order", f"{LISTED}.related_id", "商品单号", "子订单编号"),
        _text(
            "aftersale_type",
            "what was asked for",
            _both("aftersale_type", "after_sale_type"),
            "售后类型",
            required=True,
        ),
        _text(
            "aftersale_status",
            "where it stands",
            _both("aftersale_status", "after_sale_status"),
            "售后状态",
            required=True,
        ),
        _text("refund_status", "1 due, 2 under way, 3 done, 4 failed", _both("refund_status")),
        _text("shipped_text", "whether the goods had left", "", "商品发货状态"),
        _number("qty", "asked for", "units", _both("aftersale_num", "after_sale_apply_count")),
        _number("return_qty", "to be sent back", "units", f"{DETAIL}.need_return_count"),
        _fen("requested_amount", "asked for, without freight", f"{LISTED}.refund_amount"),
        _fen("total_amount", "asked for with freight", f"{DETAIL}.refund_total_amount"),
        _fen("post_amount", "freight part", _both("refund_post_amount"), "退运费金额（元）"),
        _fen("real_amount", "really paid back", f"{DETAIL}.real_refund_amount"),
        _yuan("goods_amount", "goods part of an export's row", "", "退商品金额（元）"),
        _yuan("promotion_pay_amount", "支付优惠 inside it", "", "退支付优惠（元）"),
        _fen("platform_amount", "back to platform", f"{DETAIL}.platform_discount_return_amount"),
        _fen("talent_amount", "back to the creator", f"{DETAIL}.kol_discount_return_amount"),
        _list(
            "skus",
            "the sub-orders it is about; 分",
            "order_info.related_order_info|order_info.sku_order_infos",
            "sku_order_id",
            "aftersale_pay_amount",
            "aftersale_item_num",
            "order_status",
            "after_sale_item_count",
            "pay_amount",
            "shop_sku_code",
            "sku_id",
        ),
        _id("sku_code", "merchant code", "", "商家编码"),
        _moment("applied_at", "asked for", _both("apply_time"), "售后申请时间"),
        _moment("refunded_at", "money went back", f"{DETAIL}.refund_time", "商家退款时间"),
        _moment("updated_at", UPDATED, _both("update_time")),
    ),
    ("aftersale_id", "detail_id", "related_id"),
    envelopes=("data.items", "data"),
    success=SUCCESS,
)

PRODUCTS = Dataset(
    "products",
    "products (product/listV2) and their variants (sku/list)",
    (
        _id("item_id", "the product", "product_id_str|product_id", required=True),
        _id("sku_id", "the variant; none in product/listV2", "id|sku_id"),
        _id("sku_code", "merchant code", "code|outer_product_id"),
        _id("out_sku_id", "older merchant code; 0 is none", "out_sku_id"),
        _id("barcode", "69 code", "barcode"),
        _fen("price_amount", "list price", "price|discount_price"),
        _number("stock_qty", "to sell on the platform", "units", "stock_num"),
        _text("sku_type", "0 plain, 1 stock by region, 10 in steps", "sku_type"),
        _list(
            "bundle_skus",
            "components of one bundle",
            "bundle_sku_info|combo_sku_info",
            "code",
            "item_num",
            "sku_id",
        ),
        _moment("updated_at", UPDATED, "update_time"),
    ),
    ("item_id", "sku_id"),
    envelopes=("data.data", "data.sku_list", "data"),
    success=SUCCESS,
)

ITEM_DAILY = Dataset(
    "item_daily",
    "罗盘 product report; a file without a day is of the day it landed for",
    (
        Column("ds", "day", "the day", headers=("日期", "统计日期", "时间")),
        _id("item_id", "the product", "", "商品编号", "商品ID", required=True),
        _number("impressions", "saw it", "people", "", "曝光人数", "商品曝光人数"),
        _number("visitors", "opened it", "people", "", "点击人数", "商品点击人数"),
        _number("views", "opened", "times", "", "点击次数", "商品点击次数"),
        _number("add_to_cart_buyers", "put into the cart", "people", "", "加购人数"),
        _number("add_to_cart_qty", "put into the cart", "units", "", "加购件数"),
        _number("favourites", "marked it", "people", "", "收藏人数"),
        _number("paid_buyers", "bought it", "people", "", "成交人数"),
        _number("paid_qty", "sold", "units", "", "成交件数"),
        _yuan("paid_amount", "sold", "", "成交金额"),
        _yuan("refund_amount", "paid back", "", "退款金额"),
    ),
    ("ds", "item_id"),
    version="",
)

LIVE_SESSION = Dataset(
    "live_session",
    "live sessions with their own start and end: many go past midnight",
    (
        _id("session_id", "the session", "room_id_str|room_id|RoomId", "直播ID", required=True),
        _id("author_id", "who is on air", "author_id|AuthorId", "达人ID", "主播ID"),
        _moment("started_at", "on air", "start_time|StartTime", "开播时间", required=True),
        _moment("ended_at", "off air", "end_time|EndTime", "下播时间", "关播时间"),
        _text("duration", "time on air, 3小时12分 or 03:12:00", "", "直播时长"),
        _number("impressions", "shown", "times", "ClientLiveShowCntTd", "直播间曝光次数"),
        _number("impression_people", "saw it", "people", "ClientLiveShowUcnt", "直播间曝光人数"),
        _number("visitors", "watched", "people", "LiveServerWatchUcnt", "直播间观看人数"),
        _number("views", "watched", "times", "ServerWatchCntTd", "直播间观看次数"),
        _number("clicks", "opened a product", "people", "ProductClickUcnt", "商品点击人数"),
        _number("paid_orders", "paid", "orders", "PayOrderCnt", "成交订单数"),
        _number("new_followers", "new fans", "people", "FollowUcnt", "新增粉丝数"),
        _yuan("paid_amount", "paid", "PayGmv", "成交金额", "直播间成交金额"),
        _yuan("spend_amount", "advertising", "AdCost", "消耗", "投放消耗"),
    ),
    ("session_id", "started_at"),
    envelopes=("data.list", "data"),
    version="",
    success=("status_code", ("0",)),
)

REVIEWS = reviews.dataset()

DATASETS = (ORDERS, REFUNDS, PRODUCTS, ITEM_DAILY, LIVE_SESSION, REVIEWS)
