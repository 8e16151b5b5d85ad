with accounts as (
    select
        account_key,
        min(ds) as first_ordered_on,
        max(ds) as last_ordered_on,
        sum(order_count) as order_count,
        sum(paid_amount) as paid_amount
    from {{ ref('int_account_days') }}
    where line_count > 0
    group by account_key
)

select
    customers.customer_id,
    max_by(customers.platform, (accounts.last_ordered_on, customers.account_key)) as platform,
    max_by(customers.shop_id, (accounts.last_ordered_on, customers.account_key)) as shop_id,
    min(accounts.first_ordered_on) as first_ordered_on,
    max(accounts.last_ordered_on) as last_ordered_on,
    cast(sum(accounts.order_count) as bigint) as order_count,
    cast(sum(accounts.paid_amount) as decimal(18, 2)) as paid_amount,
    count(*) as account_count
from accounts
inner join {{ ref('int_customer_ids') }} as customers using (account_key)
group by customers.customer_id
