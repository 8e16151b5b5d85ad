-- Few customers have more than one account, and only those have to be brought together.
with accounts as (
    select *
    from {{ ref('int_customer_ids') }}
    where order_count > 0
)

select
    customer_id,
    max_by(platform, (last_ordered_on, account_key)) as platform,
    max_by(shop_id, (last_ordered_on, account_key)) as shop_id,
    min(first_ordered_on) as first_ordered_on,
    max(last_ordered_on) as last_ordered_on,
    cast(sum(order_count) as bigint) as order_count,
    cast(sum(paid_amount) as decimal(18, 2)) as paid_amount,
    count(*) as account_count
from accounts
where is_tied
group by customer_id
union all
select
    customer_id,
    platform,
    shop_id,
    first_ordered_on,
    last_ordered_on,
    order_count,
    paid_amount,
    1 as account_count
from accounts
where not is_tied
