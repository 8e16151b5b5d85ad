"""The generic source: plain CSV or Parquet for a shop whose puller we don't know."""

from orchestration.landing.schema import Column, Dataset, Rule

LIFECYCLES = (
    "created",
    "deposit_paid",
    "paid",
    "part_shipped",
    "shipped",
    "completed",
    "cancelled",
    "refunded",
)

UPDATED_AT = Column(
    "updated_at",
    "moment",
    "when the source last changed this record; decides which version is the latest",
    "Beijing time",
    "2026-06-28 23:10:00",
)

ORDER_LINES = Dataset(
    "order_lines",
    "one SKU in one order",
    (
        Column("order_id", "id", "the order", example="251111000001", required=True),
        Column("line_id", "id", "the line within the order", example="1", required=True),
        Column(
            "customer_id",
            "id",
            "the buyer, as the shop knows them",
            example="u10023",
            personal=True,
        ),
        Column("sku_id", "id", "what was bought", example="NF-A3-800", required=True),
        Column(
            "warehouse_id",
            "id",
            "where it ships from; empty means 'main'",
            example="hangzhou",
            default="main",
        ),
        Column("ordered_at", "moment", "order placed", "Beijing time", "2026-06-28 20:01:00"),
        Column(
            "paid_at",
            "moment",
            "final payment",
            "Beijing time",
            "2026-06-28 20:01:45",
            required=True,
        ),
        Column("shipped_at", "moment", "left the warehouse", "Beijing time", "2026-06-29 10:00:00"),
        Column("qty", "number", "units bought", "units", "2", required=True, above=0),
        Column(
            "gross_amount",
            "money",
            "list price x qty, before any discount",
            "yuan",
            "596.00",
            at_least=0,
        ),
        Column(
            "paid_amount",
            "money",
            "buyer cash for the goods of this line, without freight, before refunds",
            "yuan",
            "556.00",
            required=True,
            at_least=0,
        ),
        Column(
            "refund_amount",
            "money",
            "cash given back for this line so far",
            "yuan",
            "0.00",
            at_least=0,
        ),
        Column("refunded_at", "moment", "last refund", "Beijing time", "2026-07-02 09:30:00"),
        Column("is_gift", "flag", "given away with another line", example="false"),
        Column("promo_id", "id", "the promotion it was bought under", example="618-2026"),
        Column(
            "lifecycle",
            "text",
            "where the order stands; empty means paid",
            example="paid",
            choices=LIFECYCLES,
            default="paid",
        ),
        UPDATED_AT,
    ),
    ("order_id", "line_id"),
)

SKUS = Dataset(
    "skus",
    "the SKU master",
    (
        Column("sku_id", "id", "the stock-keeping unit", example="NF-A3-800", required=True),
        Column("sku_name", "text", "what people call it", example="优禾 奶粉 3段 800g"),
        Column("brand_id", "id", "its brand", example="youhe"),
        Column("category", "text", "its category", example="奶粉"),
        Column("baby_stage", "text", "the age it is for", example="12-36m"),
        Column("unit_cost_amount", "money", "what one unit costs us", "yuan", "168.00", at_least=0),
        Column(
            "list_price_amount",
            "money",
            "price of one unit before discounts",
            "yuan",
            "298.00",
            at_least=0,
        ),
        Column("supplier_id", "id", "who supplies it", example="S01"),
        Column("shelf_life_days", "number", "from production to expiry", "days", "540", above=0),
        Column("launched_on", "day", "first day on sale", "date", "2024-09-01"),
        Column(
            "discontinued_on",
            "day",
            "no orders to the supplier from this day",
            "date",
            "2026-05-01",
        ),
        UPDATED_AT,
    ),
    ("sku_id",),
    (
        Rule(
            "discontinued_on >= launched_on",
            "discontinued_on",
            "is before launched_on: correct one of the two dates",
        ),
    ),
)

STOCK = Dataset(
    "stock",
    "stock at the end of a day",
    (
        Column(
            "snapshot_date",
            "day",
            "the day it was counted at the end of",
            "date",
            "2026-06-28",
            required=True,
        ),
        Column("sku_id", "id", "the stock-keeping unit", example="NF-A3-800", required=True),
        Column("warehouse_id", "id", "where it lies", example="hangzhou", required=True),
        Column(
            "on_hand",
            "number",
            "units in the warehouse; below zero when oversold",
            "units",
            "120",
            required=True,
        ),
        Column("reserved", "number", "of these, promised to open orders", "units", "4", at_least=0),
        UPDATED_AT,
    ),
    ("snapshot_date", "sku_id", "warehouse_id"),
)

PURCHASE_ORDERS = Dataset(
    "purchase_orders",
    "one SKU in one order to a supplier",
    (
        Column("po_id", "id", "the purchase order", example="PO-000123", required=True),
        Column("line_id", "id", "the line within it", example="1", required=True),
        Column("sku_id", "id", "what was ordered", example="NF-A3-800", required=True),
        Column("warehouse_id", "id", "where it is to arrive", example="hangzhou", required=True),
        Column("supplier_id", "id", "from whom", example="S01", required=True),
        Column("ordered_on", "day", "sent to the supplier", "date", "2026-06-01", required=True),
        Column("expected_on", "day", "promised arrival", "date", "2026-06-22"),
        Column(
            "received_on", "day", "arrived and sellable; empty while open", "date", "2026-06-24"
        ),
        Column("ordered_qty", "number", "units ordered", "units", "480", required=True, above=0),
        Column("received_qty", "number", "units received so far", "units", "480", at_least=0),
        UPDATED_AT,
    ),
    ("po_id", "line_id"),
    (
        Rule(
            "received_on >= ordered_on",
            "received_on",
            "is before ordered_on: correct one of the two dates",
        ),
    ),
)

SUPPLIERS = Dataset(
    "suppliers",
    "a supplier's terms, for one SKU or for all of its SKUs",
    (
        Column("supplier_id", "id", "the supplier", example="S01", required=True),
        Column(
            "sku_id",
            "id",
            "the SKU these terms are for; empty means all of the supplier's",
            example="NF-A3-800",
        ),
        Column("supplier_name", "text", "what people call it", example="优禾乳业"),
        Column(
            "lead_time_days",
            "number",
            "order to sellable, on average",
            "days",
            "21",
            required=True,
            at_least=0,
            at_most=730,
        ),
        Column(
            "lead_time_sd_days",
            "number",
            "standard deviation of the lead time",
            "days",
            "4",
            at_least=0,
            at_most=365,
        ),
        Column(
            "review_period_days",
            "number",
            "between two orders to this supplier",
            "days",
            "7",
            above=0,
            at_most=365,
        ),
        Column("moq", "number", "least quantity per order", "units", "240", at_least=0),
        Column(
            "pack_size",
            "number",
            "units per carton; orders are whole cartons",
            "units",
            "12",
            above=0,
        ),
        Column(
            "unit_cost_amount", "money", "what one unit costs us here", "yuan", "168.00", at_least=0
        ),
        UPDATED_AT,
    ),
    ("supplier_id", "sku_id"),
)

PROMOTIONS = Dataset(
    "promotions",
    "one SKU in one promotion, past or planned",
    (
        Column("promo_id", "id", "the promotion", example="618-2026", required=True),
        Column("sku_id", "id", "the SKU in it", example="NF-A3-800", required=True),
        Column("starts_on", "day", "first day", "date", "2026-06-01", required=True),
        Column("ends_on", "day", "last day, inclusive", "date", "2026-06-20", required=True),
        Column(
            "discount_rate",
            "number",
            "share off the list price",
            "0 to 1",
            "0.15",
            required=True,
            at_least=0,
            at_most=1,
        ),
        Column("promo_name", "text", "what people call it", example="618 大促"),
        UPDATED_AT,
    ),
    ("promo_id", "sku_id"),
    (Rule("ends_on >= starts_on", "ends_on", "is before starts_on: correct one of the two dates"),),
)

DATASETS = (ORDER_LINES, SKUS, STOCK, PURCHASE_ORDERS, SUPPLIERS, PROMOTIONS)
