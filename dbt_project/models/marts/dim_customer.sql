select
    customers.customer_id,
    max_by(accounts.platform, (accounts.last_ordered_on, accounts.account_key)) as platform,
    max_by(accounts.shop_id, (accounts.last_ordered_on, accounts.account_key)) as shop_id,
    min(accounts.first_ordered_on) as first_ordered_on,
    max(accounts.last_ordered_on) as last_ordered_on,
    cast(sum(accounts.order_count) as bigint) as order_count,
    cast(sum(accounts.paid_amount) as decimal(18, 2)) as paid_amount,
    count(*) as account_count
from {{ ref('int_accounts') }} as accounts
inner join {{ ref('int_customer_ids') }} as customers using (account_key)
where accounts.order_count > 0
group by customers.customer_id
