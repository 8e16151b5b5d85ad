{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget('int_touched_customers', 'customer_id') }}"
) }}

-- What tells a baby's age: one row per customer, month and kind of product with an age of use.
select
    customers.customer_id,
    purchases.month,
    purchases.product_stage,
    purchases.months_from,
    purchases.months_to,
    purchases.edge_months,
    cast(sum(purchases.lines) as bigint) as lines
from {{ ref('int_account_purchases') }} as purchases
inner join {{ ref('int_customer_ids') }} as customers
    on customers.account_key = purchases.account_key
{{ only_touched('customers', 'int_touched_customers', 'customer_id') }}
group by all
