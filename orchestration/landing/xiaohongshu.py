"""Xiaohongshu shops (小红书 ark): orders, after-sales, items, note metrics and reviews.

Orders are in 分, after-sales in yuan; times are epoch milliseconds (0 = not yet). Exports write
yuan and Beijing time. Receivers, phones, addresses and remarks are in none of the columns.
"""

from orchestration.landing import reviews
from orchestration.landing.schema import Column, Dataset


def _id(name: str, meaning: str, api: str = "", *headers: str, **more) -> Column:
    return Column(name, "id", meaning, api=api, headers=headers, **more)


def _text(name: str, meaning: str, api: str = "", *headers: str, **more) -> Column:
    return Column(name, "text", meaning, api=api, headers=headers, **more)


def _units(name: str, meaning: str, api: str = "", *headers: str, **more) -> Column:
    return Column(
        name, "number", meaning, "units", "2", at_least=0, api=api, headers=headers, **more
    )


def _count(name: str, meaning: str, api: str, *headers: str) -> Column:
    return Column(name, "number", meaning, "to date", "4021", api=api, headers=headers)


def _fen(name: str, meaning: str, api: str = "", *headers: str, **more) -> Column:
    unit = "fen" if api else ""
    return Column(
        name, "money", meaning, "yuan", "259.00", api=api, api_unit=unit, headers=headers, **more
    )


def _yuan(name: str, meaning: str, api: str, *headers: str) -> Column:
    return Column(name, "money", meaning, "yuan", "120.00", api=api, headers=headers)


def _moment(name: str, meaning: str, api: str, *headers: str, **more) -> Column:
    unit, example = "epoch_ms" if api else "", "2025-11-11 00:01:05"
    more |= {"api": api, "api_unit": unit, "headers": headers}
    return Column(name, "moment", meaning, "Beijing time", example, **more)


def _list(name: str, meaning: str, api: str, *fields: str, **more) -> Column:
    return Column(name, "list", meaning, api=api, fields=fields, **more)


SUCCESS = ("success", ("true",))
UPDATED = "last change at the platform; decides which version is the latest"
LINE = {"level": "line"}

ORDERS = Dataset(
    "orders",
    "orders and their SKUs, equal SKUs in one line, from the API or the order export",
    (
        _id("order_id", "the order, P…", "orderId|packageId", "订单号", required=True),
        _text(
            "order_type", "1 stock, 2 deposit, 3 and 4 see presale_from", "orderType", "订单类型"
        ),
        _text("status", "where it stands", "orderStatus", "订单状态", required=True),
        _text("after_sale_status", "3 done", "orderAfterSalesStatus", "售后状态"),
        _list("tags", "SAMPLE and others", "orderTagList"),
        _text("mark", "the same in an export", "", "订单标记"),
        _id("original_order_id", "the order an exchange is for", "originalOrderId"),
        _fen("total_pay_amount", "paid with freight", "totalPayAmount"),
        _fen("shipping_amount", "freight", "totalShippingFree|totalShippingFee", "包裹总运费(元)"),
        _fen(
            "total_deposit_amount",
            "deposit",
            "totalDepositAmount|totalDepositAmountTotal",
            "订单定金(元)",
        ),
        _fen("total_red_amount", "borne by the platform", "totalRedDiscount"),
        _fen("total_receive_amount", "商家应收", "merchantActualReceiveAmount"),
        _fen("total_channel_amount", "payment channel's discount", "outPromotionAmount"),
        _text("seller_flag", "colour of the shop's flag", "sellerRemarkFlag", "包裹备注标记"),
        _id("warehouse_code", "ships from", "whcode"),
        _moment("created_at", "order placed", "createdTime", "订单创建时间"),
        _moment("paid_at", "final payment", "paidTime", "支付时间"),
        _moment("shipped_at", "parcel left", "deliveryTime", "订单发货时间"),
        _moment("closed_at", "cancelled or closed", "cancelTime"),
        _moment("finished_at", "received", "finishTime", "订单完成时间"),
        _moment("ship_due_at", "latest promised", "promiseLastDeliveryTime", "承诺发货时间"),
        _moment(
            "presale_from_at",
            "earliest shipping of a presale",
            "presaleDeliveryStartTime",
            "预售订单开始发货时间",
        ),
        _moment("updated_at", UPDATED, "updateTime"),
        _id("buyer_id", "the buyer, as this shop knows them", "userId", "用户编号", personal=True),
        _id("address_token", "of receiver", "openAddressId", personal=True, scope="address"),
        _id("sku_id", "the variant", "skuId", "规格ID", **LINE),
        _id("item_id", "the item", "itemId", "商品ID", **LINE),
        _id("sku_code", "merchant code", "erpcode", "商家编码", **LINE),
        _id("barcode", "69 code", "barcode", "条形码", **LINE),
        _units("qty", "bought", "skuQuantity", "SKU件数", **LINE),
        _fen("gross_amount", "list price x qty", "", "商品总价(元)", **LINE),
        _fen("paid_amount", "paid for all of it", "totalPaidAmount", **LINE),
        _fen("payable_amount", "to pay for all of it", "", "用户应付金额(元)", **LINE),
        _fen("merchant_discount", "the shop's", "totalMerchantDiscount", "店铺优惠(元)", **LINE),
        _fen("red_discount", "the platform's", "totalRedDiscount", "平台优惠(元)", **LINE),
        _fen("channel_discount", "the payment channel's", "", "支付渠道优惠(元)", **LINE),
        _fen(
            "receive_amount",
            "商家应收: with the platform's part",
            "",
            "商家应收金额(元)（支付金额）",
            "商家应收金额(元)(支付金额)",
            "商家应收金额(元)",
            **LINE,
        ),
        _text("sku_tag", "1 or 是 is a gift", "skuTag", "是否为赠品", **LINE),
        _id("kol_id", "the creator", "kolId", "达人ID", **LINE),
        _list(
            "details",
            "components; amounts in 分 for one unit",
            "skuDetailList",
            *("skuId", "erpCode", "barcode", "quantity", "pricePerSku", "paidAmountPerSku"),
            "depositAmountPerSku",
            **LINE,
        ),
    ),
    ("order_id",),
    envelopes=("data.orderList", "data"),
    lines="skuList",
    success=SUCCESS,
)

REFUNDS = Dataset(
    "refunds",
    "after-sales, in yuan: the list knows what was asked for, the detail what was paid back",
    (
        _id(
            "returns_id",
            "the after-sale, R…",
            "afterSaleInfo.returnsId|returnsId",
            "售后单号",
            "售后编号",
            "退货单号",
            required=True,
        ),
        _id("detail_id", "the same if this is the detail", "afterSaleInfo.returnsId"),
        _id("order_id", "the order", "afterSaleInfo.orderId|orderId", "订单号", required=True),
        _text(
            "return_type",
            "what was asked for",
            "afterSaleInfo.returnType|returnType",
            "售后类型",
            required=True,
        ),
        _text(
            "status",
            "where it stands",
            "afterSaleInfo.status|status",
            "售后状态",
            required=True,
        ),
        _text("refund_status", "2 money is back", "afterSaleInfo.refundStatus|refundStatus"),
        _yuan(
            "expected_amount",
            "asked for",
            "afterSaleInfo.expectedRefundAmountYuan|expectedRefundAmountYuan",
            "申请售后金额(元)",
        ),
        _yuan(
            "refund_amount",
            "really paid back, deposit included",
            "afterSaleInfo.refundAmountYuan|refundAmountYuan",
            "退款金额(元)",
        ),
        _yuan(
            "shipping_amount",
            "freight part of what was asked for",
            "afterSaleInfo.appliedShipFeeAmountYuan|appliedShipFeeAmountYuan",
        ),
        _list(
            "skus",
            "what it is about; yuan",
            "afterSaleInfo.skus|skus",
            *("skuId", "boughtCount", "appliedCount", "price", "appliedTotalAmountYuan"),
            *("skuERPCode", "barcode"),
        ),
        _id("sku_id", "the variant of an export's row", "", "规格ID"),
        _text("item_name", "the goods of an export's row", "", "商品名称", "SKU名称"),
        _moment("applied_at", "asked for", "afterSaleInfo.applyTime|applyTime", "退货创建时间"),
        _moment(
            "refunded_at",
            "money went back",
            "afterSaleInfo.refundTime|refundTime",
            "退款时间",
            "退款成功时间",
        ),
        _moment("received_at", "the shop has the goods", "", "商家确认收货时间"),
        _moment("updated_at", UPDATED, "afterSaleInfo.updatedAt|updatedAt"),
    ),
    ("returns_id", "detail_id", "sku_id", "item_name"),
    envelopes=("data.afterSaleBasicInfos", "data"),
    success=SUCCESS,
)

ITEMS = Dataset(
    "items",
    "items and their SKUs, with units per pack and components",
    (
        _id("item_id", "the item", "item.id|itemId|sku.itemId"),
        _id("sku_id", "the SKU", "sku.id|skuId|id", required=True),
        _id("sku_code", "merchant code", "sku.erpCode|erpCode"),
        _id("barcode", "69 code", "sku.barcode|barcode"),
        _fen("price_amount", "list price", "sku.price|price"),
        _units("stock_qty", "to sell on the platform", "sku.stock|stock"),
        _units("units_per_pack", "pieces of the merchant code in one", "sku.ipq|ipq"),
        _list(
            "components",
            "what a combination consists of",
            "sku.unionItemDetails|unionItemDetails",
            *("erpCode", "barcode", "ipq"),
        ),
        _moment("updated_at", UPDATED, "sku.updateTime|updateTime"),
    ),
    ("item_id", "sku_id"),
    envelopes=("data.data", "data.skuInfos", "data.skus"),
    success=SUCCESS,
)

NOTE_DAILY = Dataset(
    "note_daily",
    "notes' counters to date (创作中心 export, 蒲公英 detail): a snapshot per landed day",
    (
        Column("ds", "day", "the day counted up to", headers=("统计日期", "数据日期")),
        _id("note_id", "the note; the export has none", "noteId|note_id", "笔记ID"),
        _text("title", "its title", "title", "笔记标题", required=True),
        _text("published", "when, as written", "date|publishTime", "首次发布时间", "发布时间"),
        _text("format", "video or pictures", "", "体裁"),
        _id("kol_id", "who wrote it", "kolId", "达人ID"),
        _count("impressions", "shown", "impNum", "曝光", "曝光量"),
        _count("reads", "read or watched", "readNum", "观看量", "阅读量"),
        _count("likes", "liked", "likeNum", "点赞", "点赞量"),
        _count("comments", "commented on", "cmtNum|commentNum", "评论", "评论量"),
        _count("favourites", "marked", "collectNum|favNum", "收藏", "收藏量"),
        _count("shares", "shared", "shareNum", "分享", "分享量"),
        _count("new_followers", "fans won", "followNum", "涨粉", "涨粉量"),
    ),
    ("ds", "note_id", "title", "published"),
    envelopes=("data.list", "data.notes", "data"),
    version="",
    success=SUCCESS,
)

REVIEWS = reviews.dataset()

DATASETS = (ORDERS, REFUNDS, ITEMS, NOTE_DAILY, REVIEWS)
