{{ config(materialized='view') }}

-- What arrived by as_of, and how long after it was ordered: from the supplier's confirmation.
select
    receipts.po_id,
    receipts.sku_code as sku_id,
    receipts.qty,
    {{ beijing_date('receipts.received_at') }} as received_on,
    {{ beijing_date('receipts.received_at') }} - orders.started_on as lead_time_days,
    coalesce(receipts.supplier_id, orders.supplier_id) as supplier_id
from {{ ref('stg_jushuitan__receipts') }} as receipts
left join (
    select
        po_id,
        min(supplier_id) as supplier_id,
        min({{ beijing_date('coalesce(confirmed_at, ordered_at)') }}) as started_on
    from {{ ref('stg_jushuitan__purchase_orders') }}
    group by po_id
) as orders
    on orders.po_id = receipts.po_id
where receipts.received_at < {{ end_of(as_of()) }}
