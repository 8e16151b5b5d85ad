"""How 聚水潭 tells the sandbox's stock, purchases, deliveries, SKUs, bundles and links."""

from orchestration.sandbox.dialects import Extract
from orchestration.sandbox.dialects.jushuitan import ACCOUNT, page

_HAS_ERP = "exists (select 1 from shops where erp_shop_id is not null)"
# what was there before the first pull is told with it
_PULLS = """
    select *, cast(last_day + 1 as timestamp) as bucket_end,
        cast(if(bucket_no = 0, date '1970-01-01', first_day) as timestamp) as bucket_start
    from buckets
"""


def _time(moment: str) -> str:
    return f"coalesce(strftime({moment}, '%Y-%m-%d %H:%M:%S'), '')"


def _rows(key: str, modified: str, record: str, source: str) -> str:
    return f"""
        select '{ACCOUNT}' as shop_id, bucket_no, cast({key} as varchar) as record_key,
            {modified} as modified_at, cast({record} as varchar) as record
        from {source}
    """


# one row per warehouse and one for all of them, counted at night
_STOCK = _rows(
    "sku_code || '@' || warehouse || '@' || ds",
    "cast(ds as timestamp) + interval 1430 minute",
    """json_object(
        'sku_id', sku_code, 'wms_co_id', if(warehouse = '0', to_json(0), to_json(warehouse)),
        'qty', on_hand, 'order_lock', reserved, 'pick_lock', 0, 'virtual_qty', 0,
        'purchase_qty', in_transit, 'allocate_qty', 0, 'return_qty', 0, 'in_qty', 0,
        'defective_qty', defective,
        'modified', strftime(cast(ds as timestamp) + interval 1430 minute, '%Y-%m-%d %H:%M:%S'),
        'ts', epoch_ms(cast(ds as timestamp))
    )""",
    f"""(
        select ds, sku_code, if(grouping(warehouse) = 1, '0', warehouse) as warehouse,
            sum(on_hand) as on_hand, sum(reserved) as reserved, sum(in_transit) as in_transit,
            sum(defective) as defective
        from stock
        where {_HAS_ERP}
        group by grouping sets ((ds, sku_code, warehouse), (ds, sku_code))
    ) join buckets on ds between first_day and last_day""",
)

_PURCHASES = _rows(
    "po_no",
    "modified_at",
    f"""json_object(
        'po_id', po_no,
        'po_date', {_time("ordered_at")},
        'status', case
            when open = 0 then 'Finished'
            when confirmed_at < bucket_end then 'Confirmed'
            else 'WaitConfirm' end,
        'receive_status', case
            when open = 0 then 'Received'
            when received > 0 then 'Part_Received'
            else 'Not_Received' end,
        'supplier_id', try_cast(supplier_id as bigint),
        'seller', 'PII-采购联系人' || supplier_id,
        'wms_co_id', warehouse,
        'confirm_date', {_time("case when confirmed_at < bucket_end then confirmed_at end")},
        'finish_time', {_time("case when open = 0 then modified_at end")},
        'modified', {_time("modified_at")},
        'items', items
    )""",
    f"""(
        with received as (
            select po_no, line_no, bucket_no,
                sum(r.qty) filter (where r.received_at < bucket_end) as qty
            from receipts r, ({_PULLS}) group by all
        )
        select po_no, bucket_no, bucket_end, modified_at, any_value(supplier_id) as supplier_id,
            any_value(warehouse) as warehouse, min(ordered_at) as ordered_at,
            min(confirmed_at) as confirmed_at, sum(coalesce(received.qty, 0)) as received,
            sum(greatest(p.qty - coalesce(received.qty, 0), 0)) as open,
            to_json(list(json_object(
                'poi_id', po_no * 100 + line_no, 'sku_id', sku_code, 'qty', p.qty,
                'in_qty', coalesce(received.qty, 0), 'price', price_cents * 0.01,
                'delivery_date', {_time("expected_at")}
            ) order by line_no)) as items
        from (
            select po_no, bucket_no, bucket_end, max(happened_at) as modified_at
            from (
                select po_no, unnest([ordered_at, confirmed_at]) as happened_at from purchase_orders
                union all select po_no, received_at from receipts
            )
            join ({_PULLS}) on happened_at >= bucket_start and happened_at < bucket_end
            group by all
        )
        join purchase_orders p using (po_no)
        left join received using (po_no, line_no, bucket_no)
        where {_HAS_ERP}
        group by po_no, bucket_no, bucket_end, modified_at
    )""",
)

_RECEIPTS = _rows(
    "receipt_no",
    "received_at",
    f"""json_object(
        'io_id', receipt_no, 'po_id', po_no, 'status', 'Confirmed',
        'io_date', {_time("received_at")}, 'modified', {_time("received_at")},
        'wms_co_id', warehouse, 'supplier_id', try_cast(supplier_id as bigint),
        'items', items, 'batchs', batches
    )""",
    f"""(
        select receipt_no, po_no, bucket_no, max(received_at) as received_at,
            any_value(warehouse) as warehouse, any_value(supplier_id) as supplier_id,
            to_json(list(json_object(
                'sku_id', sku_code, 'qty', r.qty, 'cost_price', price_cents * 0.01
            ) order by line_no)) as items,
            to_json(list(json_object(
                'batch_no', 'B' || receipt_no || '-' || line_no, 'sku_id', sku_code, 'qty', r.qty,
                'expiration_date', {_time("cast(expires_on as timestamp)")}
            ) order by line_no)) as batches
        from receipts r
        join purchase_orders p using (po_no, line_no)
        join ({_PULLS}) on received_at >= bucket_start and received_at < bucket_end
        where {_HAS_ERP}
        group by receipt_no, po_no, bucket_no
    )""",
)

# numbers as text, some with their unit
_TERMS = _rows(
    "supplier_id || '@' || sku_code",
    "cast(first_day as timestamp)",
    """json_object(
        'supplier_id', supplier_id, 'sku_id', sku_code, 'supplier_sku_id', 'V-' || sku_code,
        'pack_qty', cast(pack_size as varchar),
        'delivery_day', lead_time_days || if(lead_time_days % 2 = 0, '', '天'),
        'cost_price', cast(cost_cents * 0.01 as varchar), 'modified', ''
    )""",
    f"supplier_skus join buckets on bucket_no = 0 where {_HAS_ERP}",
)

# entered a month before its launch, given up on its last day
_SKUS = _rows(
    "sku_code",
    "modified_at",
    f"""json_object(
        'sku_id', sku_code, 'i_id', item_code, 'name', sku_name, 'sku_code', barcode,
        'brand', brand_id, 'category', category, 'other_1', stage,
        'supplier_id', try_cast(supplier_id as bigint), 'shelf_life', shelf_life_days,
        'sale_price', list_cents * 0.01, 'cost_price', cost_cents * 0.01, 'sku_type', 'normal',
        'enabled', if(discontinued_on < bucket_end, -1, 1),
        'created', {_time("cast(launched_on as timestamp)")}, 'modified', {_time("modified_at")}
    )""",
    f"""(
        select *, greatest(happened_at, cast(first_day as timestamp)) as modified_at
        from (
            select *, unnest([
                cast(launched_on - 30 as timestamp), cast(discontinued_on as timestamp)
            ]) as happened_at
            from skus
        )
        join ({_PULLS}) on happened_at >= bucket_start and happened_at < bucket_end
        where {_HAS_ERP}
        qualify row_number() over (partition by sku_code, bucket_no order by happened_at desc) = 1
    )""",
)

_BUNDLES = _rows(
    "bundle_code",
    "modified_at",
    f"""json_object(
        'sku_id', bundle_code, 'name', bundle_code, 'enabled', 1,
        'modified', {_time("modified_at")}, 'items', items
    )""",
    f"""(
        select bundle_code, bucket_no,
            greatest(cast(valid_from as timestamp), cast(first_day as timestamp)) as modified_at,
            to_json(list(json_object(
                'src_sku_id', component_sku_code, 'qty', qty, 'sale_price', share_cents * 0.01
            ) order by component_sku_code)) as items
        from bundles
        join ({_PULLS}) on cast(valid_from as timestamp) >= bucket_start
            and cast(valid_from as timestamp) < bucket_end
        where {_HAS_ERP}
        group by bundle_code, bucket_no, valid_from, first_day
        qualify row_number() over (partition by bundle_code, bucket_no order by valid_from desc) = 1
    )""",
)

# the ERP links what the merchant's code or a person told it, to what it meant at the time
_LINKS = _rows(
    "erp_shop_id || '@' || platform_sku_id",
    "modified_at",
    f"""json_object(
        'shop_id', try_cast(erp_shop_id as bigint), 'shop_sku_id', platform_sku_id,
        'sku_id', coalesce(merchant_code, ''), 'link_sku_id', erp_code, 'enabled', true,
        'modified', {_time("modified_at")}
    )""",
    f"""(
        select *, greatest(cast(valid_from as timestamp), cast(first_day as timestamp))
            as modified_at
        from listings
        join shops using (shop_no)
        join ({_PULLS}) on cast(valid_from as timestamp) >= bucket_start
            and cast(valid_from as timestamp) < bucket_end
        where erp_shop_id is not null and erp_code is not null
            and coalesce(mapped_by, 'skumap') in ('skumap', 'merchant_code')
        qualify row_number() over (
            partition by erp_shop_id, platform_sku_id, bucket_no order by valid_from desc
        ) = 1
    )""",
)

EXTRACTS = (
    Extract("jushuitan", "stock", _STOCK, page("inventorys"), is_full=True),
    Extract("jushuitan", "purchase_orders", _PURCHASES, page("datas"), page_size=50),
    Extract("jushuitan", "receipts", _RECEIPTS, page("datas"), page_size=50),
    Extract("jushuitan", "supplier_sku", _TERMS, page("datas")),
    Extract("jushuitan", "skus", _SKUS, page("datas")),
    Extract("jushuitan", "bundle", _BUNDLES, page("datas")),
    Extract("jushuitan", "skumap", _LINKS, page("datas")),
)
