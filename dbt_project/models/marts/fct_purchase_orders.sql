select
    po_line_id,
    po_id,
    sku_id,
    warehouse_id,
    supplier_id,
    ordered_on,
    confirmed_on,
    expected_on,
    received_on,
    ordered_qty,
    received_qty,
    case when is_open then ordered_qty - received_qty else 0 end as open_qty,
    is_open,
    cast(received_on - coalesce(confirmed_on, ordered_on) as double) as lead_time_days,
    status
from {{ ref('int_purchase_lines') }}
