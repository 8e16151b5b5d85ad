with current_orders as (
    {{ current_rows('jushuitan', 'purchase_orders', ['platform', 'shop_id', 'po_id']) }}
)

select
    concat_ws(':', platform, shop_id, po_id) as po_id,
    poi_id as line_id,
    concat_ws(':', platform, shop_id, po_id, poi_id) as po_line_id,
    platform,
    shop_id,
    sku_id as sku_code,
    supplier_id,
    nullif(wms_co_id, '0') as warehouse_code,
    ordered_at,
    confirmed_at,
    ordered_qty,
    coalesce(received_qty, 0) as received_qty,
    -- a draft is not ordered yet; of a finished or cancelled order nothing more comes
    case
        when status = 'Confirmed' then greatest(ordered_qty - coalesce(received_qty, 0), 0)
        else 0
    end as open_qty,
    unit_cost_amount,
    expected_at,
    finished_at,
    status,
    receive_status,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from current_orders
where poi_id is not null
