-- A line with a receipt day is closed: what is missing from it will not come any more. A line
-- without one is open for what has not been received yet.
with lines as (
    select
        *,
        received_on is null and received_qty < ordered_qty as is_open
    from {{ ref('stg_generic__purchase_orders') }}
)

select
    po_line_id,
    po_id,
    sku_id,
    warehouse_id,
    supplier_id,
    ordered_on,
    expected_on,
    received_on,
    ordered_qty,
    received_qty,
    case when is_open then ordered_qty - received_qty else 0 end as open_qty,
    is_open,
    cast(received_on - ordered_on as double) as lead_time_days
from lines
