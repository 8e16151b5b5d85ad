select
    customer_id,
    arg_max(platform, ds) as platform,
    arg_max(shop_id, ds) as shop_id,
    min(ds) as first_ordered_on,
    max(ds) as last_ordered_on,
    cast(sum(order_count) as bigint) as order_count,
    cast(sum(paid_amount) as decimal(18, 2)) as paid_amount
from {{ ref('int_customer_days') }}
group by customer_id
