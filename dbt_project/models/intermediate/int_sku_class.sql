-- ABC by money: a SKU is A while the SKUs ahead of it make less than 80 % of the paid amount of
-- the last 26 weeks, B while less than 95 %, else C. A SKU that sold nothing is C.
with recent as (
    select
        sku_id,
        coalesce(
            sum(paid_amount) filter (where ds > {{ as_of() }} - {{ var('abc_days') }}), 0
        ) as paid_amount,
        min(ds) as first_sold_on,
        max(ds) as last_sold_on
    from {{ ref('int_sales_daily') }}
    group by all
),

ranked as (
    select
        *,
        sum(paid_amount) over () as total_amount,
        sum(paid_amount) over (
            order by paid_amount desc, sku_id
            rows between unbounded preceding and current row
        ) - paid_amount as amount_ahead
    from recent
)

select
    sku_id,
    first_sold_on,
    last_sold_on,
    case
        when paid_amount <= 0 then 'C'
        when amount_ahead < 0.80 * total_amount then 'A'
        when amount_ahead < 0.95 * total_amount then 'B'
        else 'C'
    end as abc_class
from ranked
