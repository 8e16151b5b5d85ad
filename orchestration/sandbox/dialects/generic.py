"""The sandbox in the generic columns: what planners keep in files, and shops without a puller.

Suppliers' least quantities and review periods and the promotion plan come this way from every
world. A shop of the platform `generic` comes this way entirely.
"""

from orchestration.sandbox.dialects import Extract

OFFICE = "planning"
_TIME = "'%Y-%m-%d %H:%M:%S'"
_HAS_SHOP = "exists (select 1 from shops where platform = 'generic')"
_SHOP = "(select min(shop_id) from shops where platform = 'generic')"
_PULLS = """
    select *, cast(last_day + 1 as timestamp) as bucket_end,
        cast(if(bucket_no = 0, date '1970-01-01', first_day) as timestamp) as bucket_start
    from buckets
"""


def _csv(*cells: str) -> str:
    """A CSV line of SQL expressions; null is empty."""
    texts = ", ".join(f"coalesce(cast({cell} as varchar), '')" for cell in cells)
    return f"concat_ws(',', {texts})"


def _yuan(cents: str) -> str:
    return f"({cents}) * 0.01"


def _time(moment: str) -> str:
    return f"strftime({moment}, {_TIME})"


_LINES = f"""
    select shop_id, bucket_no, order_no || '-' || line_no as record_key, modified_at,
        {
    _csv(
        "platform_order_id",
        "line_no",
        "buyer_id",
        "erp_code",
        "place",
        _time("created_at"),
        _time("paid_at"),
        _time("shipped_at"),
        "qty * coalesce(units_per_pack, 1)",
        _yuan("gross_cents"),
        _yuan("paid_cents"),
        _yuan("coalesce(refund_cents, 0)"),
        _time("refunded_at"),
        "is_gift",
        "promo",
        "lifecycle",
        _time("modified_at"),
    )
} as record
    from (
        select s.shop_id, o.order_no, l.line_no, t.bucket_no, t.modified_at, o.platform_order_id,
            o.buyer_id, i.erp_code, i.units_per_pack, coalesce(c.place, o.warehouse) as place,
            o.created_at, o.paid_at, l.qty, l.gross_cents, l.paid_cents, l.is_gift,
            coalesce(l.promo_id, o.promo_id) as promo, r.refund_cents, r.refunded_at,
            case when o.shipped_at < t.bucket_end then o.shipped_at end as shipped_at,
            case
                when o.closed_at < t.bucket_end then 'refunded'
                when o.finished_at < t.bucket_end then 'completed'
                when o.shipped_at < t.bucket_end then 'shipped'
                else 'paid'
            end as lifecycle
        from (
            select order_no, bucket_no, bucket_end, max(happened_at) as modified_at
            from (
                select order_no,
                    unnest([paid_at, shipped_at, finished_at, closed_at]) as happened_at
                from orders where platform = 'generic'
                union all select order_no, success_at from refunds
            )
            join ({_PULLS}) on happened_at >= bucket_start and happened_at < bucket_end
            group by all
        ) t
        join orders o on t.order_no = o.order_no and o.paid_at < t.bucket_end
        join shops s on o.shop_no = s.shop_no and s.platform = 'generic'
        join order_lines l on o.order_no = l.order_no
        left join listings i using (listing_no)
        left join (
            select order_no, line_no, min(warehouse) as place from order_components group by all
        ) c on l.order_no = c.order_no and l.line_no = c.line_no
        left join (
            select order_no, line_no, bucket_no, sum(success_cents) as refund_cents,
                max(success_at) as refunded_at
            from refunds join ({_PULLS}) on success_at < bucket_end
            group by all
        ) r on l.order_no = r.order_no and l.line_no = r.line_no and t.bucket_no = r.bucket_no
    )
"""

_STOCK = f"""
    select {_SHOP} as shop_id, bucket_no, sku_code || '@' || warehouse || '@' || ds as record_key,
        cast(ds as timestamp) + interval 1410 minute as modified_at,
        {_csv("ds", "sku_code", "warehouse", "on_hand", "reserved", "ds || ' 23:30:00'")} as record
    from stock
    join buckets on ds between first_day and last_day
    where {_HAS_SHOP}
"""

# a line is told when it is sent and whenever goods arrive; it is received once all have
_PURCHASES = f"""
    select {_SHOP} as shop_id, bucket_no, po_no || '-' || line_no as record_key, modified_at,
        {
    _csv(
        "'PO' || po_no",
        "line_no",
        "sku_code",
        "warehouse",
        "supplier_id",
        "cast(ordered_at as date)",
        "cast(expected_at as date)",
        "case when received >= qty then cast(received_at as date) end",
        "qty",
        "received",
        _time("modified_at"),
    )
} as record
    from (
        select po_no, line_no, bucket_no, any_value(p.sku_code) as sku_code,
            any_value(p.warehouse) as warehouse, any_value(p.supplier_id) as supplier_id,
            any_value(p.ordered_at) as ordered_at, any_value(p.expected_at) as expected_at,
            any_value(p.qty) as qty, modified_at,
            coalesce(sum(r.qty) filter (where r.received_at < bucket_end), 0) as received,
            max(r.received_at) filter (where r.received_at < bucket_end) as received_at
        from (
            select po_no, line_no, bucket_no, bucket_end, max(happened_at) as modified_at
            from (
                select po_no, line_no, ordered_at as happened_at from purchase_orders
                union all select po_no, line_no, received_at from receipts
            )
            join ({_PULLS}) on happened_at >= bucket_start and happened_at < bucket_end
            group by all
        )
        join purchase_orders p using (po_no, line_no)
        left join receipts r using (po_no, line_no)
        where {_HAS_SHOP}
        group by po_no, line_no, bucket_no, modified_at
    )
"""

_SKUS = f"""
    select {_SHOP} as shop_id, bucket_no, sku_code as record_key, modified_at,
        {
    _csv(
        "sku_code",
        "sku_name",
        "brand_id",
        "category",
        "months_from || '-' || months_to || 'm'",
        _yuan("cost_cents"),
        _yuan("list_cents"),
        "supplier_id",
        "shelf_life_days",
        "launched_on",
        "case when happened_at > cast(launched_on as timestamp) then discontinued_on end",
        _time("modified_at"),
    )
} as record
    from (
        select *, greatest(happened_at, cast(first_day as timestamp)) as modified_at
        from (
            select *, unnest([
                cast(launched_on - 30 as timestamp), cast(discontinued_on - 21 as timestamp)
            ]) as happened_at
            from skus
        )
        join ({_PULLS}) on happened_at >= bucket_start and happened_at < bucket_end
        where {_HAS_SHOP}
        qualify row_number() over (partition by sku_code, bucket_no order by happened_at desc) = 1
    )
"""

# a supplier's terms, and for each SKU its least quantity and carton
_SUPPLIERS = f"""
    select '{OFFICE}' as shop_id, bucket_no, supplier_id || '@' || coalesce(sku_code, '')
            as record_key, cast(first_day as timestamp) as modified_at,
        {
    _csv(
        "supplier_id",
        "sku_code",
        "name",
        "lead_time_days",
        "lead_time_sd_days",
        "review_period_days",
        "moq",
        "pack_size",
        _yuan("cost_cents"),
        _time("cast(first_day as timestamp)"),
    )
} as record
    from (
        select supplier_id, null as sku_code, name, lead_time_days, lead_time_sd_days,
            review_period_days, null as moq, null as pack_size, null as cost_cents
        from suppliers
        union all
        select t.supplier_id, t.sku_code, s.name, t.lead_time_days, s.lead_time_sd_days,
            s.review_period_days, t.moq, t.pack_size, t.cost_cents
        from supplier_skus t join suppliers s using (supplier_id)
    )
    join buckets on bucket_no = 0
"""

# a plan is known four months ahead
_PROMOTIONS = f"""
    select '{OFFICE}' as shop_id, bucket_no, promo_id || '@' || sku_code as record_key,
        greatest(happened_at, cast(first_day as timestamp)) as modified_at,
        {
    _csv(
        "promo_id",
        "sku_code",
        "starts_on",
        "ends_on",
        "discount_rate",
        "promo_name",
        _time("greatest(happened_at, cast(first_day as timestamp))"),
    )
} as record
    from (select *, cast(starts_on - 120 as timestamp) as happened_at from promotions)
    join ({_PULLS}) on happened_at >= bucket_start and happened_at < bucket_end
"""


def _extract(dataset: str, query: str, header: str) -> Extract:
    return Extract("generic", dataset, query, header=header, extension="csv")


EXTRACTS = (
    _extract(
        "order_lines",
        _LINES,
        "order_id,line_id,customer_id,sku_id,warehouse_id,ordered_at,paid_at,shipped_at,qty,"
        "gross_amount,paid_amount,refund_amount,refunded_at,is_gift,promo_id,lifecycle,updated_at",
    ),
    _extract("stock", _STOCK, "snapshot_date,sku_id,warehouse_id,on_hand,reserved,updated_at"),
    _extract(
        "purchase_orders",
        _PURCHASES,
        "po_id,line_id,sku_id,warehouse_id,supplier_id,ordered_on,expected_on,received_on,"
        "ordered_qty,received_qty,updated_at",
    ),
    _extract(
        "skus",
        _SKUS,
        "sku_id,sku_name,brand_id,category,baby_stage,unit_cost_amount,list_price_amount,"
        "supplier_id,shelf_life_days,launched_on,discontinued_on,updated_at",
    ),
    _extract(
        "suppliers",
        _SUPPLIERS,
        "supplier_id,sku_id,supplier_name,lead_time_days,lead_time_sd_days,review_period_days,moq,"
        "pack_size,unit_cost_amount,updated_at",
    ),
    _extract(
        "promotions",
        _PROMOTIONS,
        "promo_id,sku_id,starts_on,ends_on,discount_rate,promo_name,updated_at",
    ),
)
