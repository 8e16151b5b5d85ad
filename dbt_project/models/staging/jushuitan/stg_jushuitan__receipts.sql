with current_receipts as (
    {{ current_rows('jushuitan', 'receipts', ['platform', 'shop_id', 'io_id']) }}
),

opened as (
    select
        *,
        from_json(batches, '[{"sku_id": "VARCHAR", "expiration_date": "VARCHAR"}]') as batch_list
    from current_receipts
)

select
    concat_ws(':', platform, shop_id, io_id) as receipt_id,
    concat_ws(':', platform, shop_id, io_id, line_no) as receipt_line_id,
    case when po_id is not null then concat_ws(':', platform, shop_id, po_id) end as po_id,
    platform,
    shop_id,
    sku_id as sku_code,
    nullif(wms_co_id, '0') as warehouse_code,
    supplier_id,
    qty,
    unit_cost_amount,
    received_at,
    -- of several batches the one to expire first; a batch that names no SKU is of all
    list_min(list_transform(
        list_filter(batch_list, lambda b: coalesce(b.sku_id, sku_id) = sku_id),
        lambda b: cast(
            try_strptime(left(b.expiration_date, 10), ['%Y-%m-%d', '%Y/%m/%d']) as date
        )
    )) as expires_on,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from opened
where coalesce(status, 'Confirmed') in ('Confirmed', 'Archive')
    and sku_id is not null
