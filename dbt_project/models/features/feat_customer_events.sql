select
    customer_id,
    ds,
    order_count,
    qty,
    cast(paid_amount as double) as paid_amount,
    discount_rate,
    category
from {{ ref('int_customer_days') }}
