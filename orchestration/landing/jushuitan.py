"""聚水潭, an ERP and warehouse system: what its openweb API answers, dataset by dataset.

`shop_id` of the landing folder is the ERP account; the shops it serves are `erp_shop_id`. An
empty text is no value. Buyer names, phones, addresses and remarks are in none of the columns.
"""

from orchestration.landing.schema import Column, Dataset

SUCCESS = ("code", ("0",))

CHANGED_AT = Column(
    "changed_at",
    "moment",
    "when the ERP last changed this record; decides which version is the latest",
    "Beijing time",
    "2025-11-11 09:00:12",
    api="modified",
)
WAREHOUSE = Column(
    "wms_co_id",
    "id",
    "the warehouse; 0 or empty on a total of all warehouses",
    example="10001",
    api="wms_co_id",
)


def _id(name: str, meaning: str, example: str, **more) -> Column:
    return Column(name, "id", meaning, example=example, **({"api": name} | more))


def _text(name: str, meaning: str, example: str, **more) -> Column:
    return Column(name, "text", meaning, example=example, **({"api": name} | more))


def _units(name: str, meaning: str, **more) -> Column:
    return Column(name, "number", meaning, "units", "2", **({"api": name} | more))


def _yuan(name: str, meaning: str, example: str, **more) -> Column:
    return Column(name, "money", meaning, "yuan", example, **({"api": name} | more))


def _moment(name: str, meaning: str, api: str, **more) -> Column:
    return Column(name, "moment", meaning, "Beijing time", "2025-10-21 11:20:00", api=api, **more)


def _flag(name: str, meaning: str, **more) -> Column:
    return Column(name, "flag", meaning, example="false", **({"api": name} | more))


BATCHES = Column(
    "batches",
    "list",
    "production batches of the document",
    api="batchs",
    fields=("sku_id", "batch_no", "qty", "product_date", "expiration_date"),
)

ORDERS = Dataset(
    "orders",
    "one line of one ERP order, as /open/orders/single/query answers",
    (
        _id("o_id", "the ERP order", "5550001", required=True),
        _id("so_id", "the platform's order, repeated after a split", "6937000000000000001"),
        _id("erp_shop_id", "the shop as the ERP numbers it", "12345", api="shop_id"),
        _text("status", "where the ERP order stands", "Sent", required=True),
        _text("shop_status", "the platform's own status", "3"),
        _text("order_type", "sale, reissue, exchange or resale", "普通订单", api="type"),
        _text("order_from", "how the ERP order came about", "SPLIT"),
        _moment("ordered_at", "order placed", "order_date"),
        _moment("paid_at", "final payment", "pay_date"),
        _moment("shipped_at", "left the warehouse", "send_date"),
        CHANGED_AT,
        _yuan("paid_amount", "paid for the order", "288.00", api="paid_amount|pay_amount"),
        _yuan("freight_amount", "freight within it", "0.00", api="freight"),
        WAREHOUSE,
        _id("link_o_id", "the ERP order it was made from", "5550000"),
        _flag("is_merge", "several orders in one parcel"),
        _flag("is_split", "one of several parcels of an order"),
        _id(
            "buyer_id",
            "the buyer, as the platform names them to this shop",
            "AAHxk-demo-0001",
            personal=True,
            api="open_id|shop_buyer_id",
        ),
        _id("oi_id", "the line of the ERP order", "9001", required=True, level="line"),
        _id("outer_oi_id", "the platform's line; none if staff added it", "69370", level="line"),
        _id("raw_so_id", "the platform order the line came with", "69370", level="line"),
        _id("sku_id", "the merchant's code", "NF-A3-800", required=True, level="line"),
        _id("shop_sku_id", "the platform's SKU", "1700000000000001", level="line"),
        _text("sku_type", "normal, or combine for a bundle", "normal", level="line"),
        _units("qty", "units", required=True, at_least=0, level="line"),
        _yuan("base_price_amount", "list price of one", "348.00", api="base_price", level="line"),
        _yuan("line_amount", "price x quantity agreed", "288.00", api="amount", level="line"),
        _yuan(
            "buyer_paid_amount",
            "buyer cash for the line; 抖音, 拼多多 and 京东 only",
            "288.00",
            level="line",
        ),
        _flag("is_gift", "given away", level="line"),
        _flag("is_presale", "sold ahead of stock", level="line"),
        _text("refund_status", "the line's last refund", "none", level="line"),
        _text("item_status", "Replaced once staff swapped it for another", "", level="line"),
    ),
    ("o_id",),
    envelopes=("data.orders",),
    line_key="oi_id",
    lines="items",
    version="changed_at",
    success=SUCCESS,
)

OUTBOUND = Dataset(
    "outbound",
    "one SKU in one parcel, bundles taken apart, as /open/orders/out/simple/query answers",
    (
        _id("io_id", "the outbound document", "7700001", required=True),
        _id("o_id", "the ERP order", "5550001"),
        _id("so_id", "the platform's order", "6937000000000000001"),
        _id("erp_shop_id", "the shop as the ERP numbers it", "12345", api="shop_id"),
        _text("status", "where the document stands", "Confirmed"),
        _moment("shipped_at", "left the warehouse", "io_date"),
        CHANGED_AT,
        WAREHOUSE,
        _id("sku_id", "the SKU", "NF-A2-800", required=True, level="line"),
        _id("combine_sku_id", "the bundle it was sold in", "NF-A2-800x2", level="line"),
        _id("outer_oi_id", "the platform's line", "69370", level="line"),
        _id("raw_so_id", "the platform order the line came with", "69370", level="line"),
        _units("qty", "units", required=True, at_least=0, level="line"),
        _yuan("sale_amount", "share of the price", "144.00", level="line"),
        _flag("is_gift", "given away", level="line"),
        BATCHES,
    ),
    ("io_id",),
    envelopes=("data.datas",),
    lines="items",
    version="changed_at",
    success=SUCCESS,
)

STOCK = Dataset(
    "stock",
    "one SKU in one warehouse, as /open/inventory/query answers; each landing is a snapshot",
    (
        _id("sku_id", "the SKU", "NF-A2-800", required=True),
        WAREHOUSE,
        _units("qty", "units in the warehouse; below zero when oversold", required=True),
        _units("order_lock", "of these, promised to open orders"),
        _units("pick_lock", "of these, being picked"),
        _units("virtual_qty", "units that may be sold beyond the stock"),
        _units("purchase_qty", "on the way from suppliers"),
        _units("allocate_qty", "on the way from another warehouse"),
        _units("return_qty", "on the way back from buyers"),
        _units("in_qty", "arrived, not yet put away"),
        _units("defective_qty", "unfit for sale"),
        CHANGED_AT,
    ),
    ("sku_id", "wms_co_id", "changed_at"),
    envelopes=("data.inventorys",),
    version="",
    success=SUCCESS,
)

PURCHASE_ORDERS = Dataset(
    "purchase_orders",
    "one SKU in one order to a supplier, as /open/purchase/query answers",
    (
        _id("po_id", "the purchase order", "88123", required=True),
        _text("status", "Creating, Confirmed, Finished, Cancelled …", "Confirmed", required=True),
        _text("receive_status", "Not_Received, Part_Received, …", "Part_Received"),
        _id("supplier_id", "from whom", "1201"),
        WAREHOUSE,
        _moment("ordered_at", "written", "po_date", required=True),
        _moment("confirmed_at", "confirmed: the lead time starts", "confirm_date"),
        _moment("finished_at", "closed", "finish_time"),
        CHANGED_AT,
        _id("poi_id", "the line", "551", required=True, level="line"),
        _id("sku_id", "what was ordered", "NF-A2-800", required=True, level="line"),
        _units("ordered_qty", "units ordered", required=True, at_least=0, api="qty", level="line"),
        _units("received_qty", "units received so far", at_least=0, api="in_qty", level="line"),
        _yuan("unit_cost_amount", "price of one", "151.00", api="price", level="line"),
        _moment("expected_at", "promised arrival", "delivery_date", level="line"),
    ),
    ("po_id",),
    envelopes=("data.datas",),
    line_key="poi_id",
    lines="items",
    version="changed_at",
    success=SUCCESS,
)

RECEIPTS = Dataset(
    "receipts",
    "one SKU in one delivery by a supplier, as /open/purchasein/query answers",
    (
        _id("io_id", "the inbound document", "660001", required=True),
        _id("po_id", "the purchase order it answers", "88123"),
        _text("status", "Confirmed once it is on the shelf", "Confirmed"),
        _id("supplier_id", "from whom", "1201"),
        WAREHOUSE,
        _moment("received_at", "arrived", "io_date", required=True),
        CHANGED_AT,
        _id("sku_id", "the SKU", "NF-A2-800", required=True, level="line"),
        _units("qty", "units received", required=True, level="line"),
        _yuan("unit_cost_amount", "price of one", "151.00", api="cost_price", level="line"),
        BATCHES,
    ),
    ("io_id",),
    envelopes=("data.datas",),
    lines="items",
    version="changed_at",
    success=SUCCESS,
)

SUPPLIER_SKU = Dataset(
    "supplier_sku",
    "a supplier's terms for one SKU, as /getSupplierSkuList answers: numbers come as text",
    (
        _id("supplier_id", "the supplier", "1201", required=True),
        _id("sku_id", "the SKU", "NF-A2-800", required=True),
        _text("pack_qty", "units per carton", "12"),
        _text("delivery_day", "days from order to arrival", "15"),
        _text("cost_price", "price of one", "151.00"),
        CHANGED_AT,
    ),
    ("supplier_id", "sku_id"),
    envelopes=("data.datas", "data.list", "datas"),
    version="changed_at",
    success=SUCCESS,
)

SKUS = Dataset(
    "skus",
    "the SKU master, as /open/sku/query answers",
    (
        _id("sku_id", "the SKU", "NF-A2-800", required=True),
        _id("autoid", "the row's number, which outlives a new code", "31"),
        _id("i_id", "the style the SKU belongs to", "NF-A2"),
        _text("sku_name", "what people call it", "优禾 奶粉 2段 800g", api="name|short_name"),
        _id("barcode", "69码", "6901234567892", api="sku_code"),
        _text("brand", "its brand", "youhe"),
        _text("category", "its category", "奶粉", api="category|c_name"),
        _text("stage", "the age it is for, where the shop keeps it", "2段", api="other_1|stage"),
        _id("supplier_id", "who supplies it", "1201"),
        Column("shelf_life_days", "number", "days on sale", "days", "540", api="shelf_life"),
        _yuan("list_price_amount", "price of one before discounts", "298.00", api="sale_price"),
        _yuan("unit_cost_amount", "what one costs", "151.00", api="cost_price"),
        _text("sku_type", "normal, or combine for a bundle", "normal"),
        _text("enabled", "1 in use, 0 set aside, -1 given up", "1"),
        _moment("launched_at", "entered into the master", "created"),
        CHANGED_AT,
    ),
    ("sku_id",),
    envelopes=("data.datas",),
    version="changed_at",
    success=SUCCESS,
)

BUNDLE = Dataset(
    "bundle",
    "one component of one bundle, as /open/combine/sku/query answers",
    (
        _id("bundle_id", "the bundle's code", "NF-A2-800x2", required=True, api="sku_id"),
        _text("enabled", "1 in use, 0 set aside, -1 given up", "1"),
        CHANGED_AT,
        _id("sku_id", "the component", "NF-A2-800", required=True, api="src_sku_id", level="line"),
        _units("qty", "units of it in one bundle", required=True, above=0, level="line"),
        _yuan("share_amount", "its share of the price", "299.00", api="sale_price", level="line"),
    ),
    ("bundle_id",),
    envelopes=("data.datas",),
    lines="items",
    version="changed_at",
    success=SUCCESS,
)

SKUMAP = Dataset(
    "skumap",
    "which SKU a shop's listing means, as /open/skumap/query answers",
    (
        _id("erp_shop_id", "the shop as the ERP numbers it", "12345", required=True, api="shop_id"),
        _id("shop_sku_id", "the platform's SKU", "1700000000000001", required=True),
        _id("sku_id", "the merchant's code", "NF-A3-800", api="link_sku_id|sku_id|raw_sku_id"),
        _flag("enabled", "whether the link is in use"),
        CHANGED_AT,
    ),
    ("erp_shop_id", "shop_sku_id", "sku_id"),
    envelopes=("data.datas",),
    version="changed_at",
    success=SUCCESS,
)

DATASETS = (
    ORDERS,
    STOCK,
    PURCHASE_ORDERS,
    RECEIPTS,
    SUPPLIER_SKU,
    SKUS,
    BUNDLE,
    SKUMAP,
    OUTBOUND,
)
