with current_lines as (
    {{ current_rows('generic', 'purchase_orders', ['platform', 'shop_id', 'po_id', 'line_id']) }}
),

latest as (
    select
        *,
        received_on is not null and received_on > {{ as_of() }} as is_receipt_hidden
    from current_lines
)

select
    concat_ws(':', platform, shop_id, po_id, line_id) as po_line_id,
    concat_ws(':', platform, shop_id, po_id) as po_id,
    sku_id,
    warehouse_id,
    supplier_id,
    ordered_on,
    expected_on,
    case when not is_receipt_hidden then received_on end as received_on,
    ordered_qty,
    case
        when is_receipt_hidden then 0
        when received_on is not null then coalesce(received_qty, ordered_qty)
        else coalesce(received_qty, 0)
    end as received_qty,
    landed_on
from latest
where ordered_on <= {{ as_of() }}
