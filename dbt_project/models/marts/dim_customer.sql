with accounts as (
    select customer_id, count(*) as account_count
    from {{ ref('int_customer_ids') }}
    group by customer_id
)

select
    days.customer_id,
    arg_max(days.platform, days.ds) as platform,
    arg_max(days.shop_id, days.ds) as shop_id,
    min(days.ds) as first_ordered_on,
    max(days.ds) as last_ordered_on,
    cast(sum(days.order_count) as bigint) as order_count,
    cast(sum(days.paid_amount) as decimal(18, 2)) as paid_amount,
    any_value(accounts.account_count) as account_count
from {{ ref('int_customer_days') }} as days
inner join accounts using (customer_id)
group by days.customer_id
