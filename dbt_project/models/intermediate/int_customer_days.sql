-- One purchase day of one customer. A day on which only gifts were sent is no purchase.
with days as (
    select
        customer_id,
        ds,
        count(distinct order_id) as order_count,
        count(*) as line_count,
        count(*) filter (where paid_amount < 0.95 * gross_amount) as discounted_line_count,
        sum(qty) as qty,
        cast(sum(paid_amount) as decimal(18, 2)) as paid_amount,
        case
            when sum(gross_amount) > 0
                then greatest(0, cast(sum(gross_amount - paid_amount) as double)
                    / cast(sum(gross_amount) as double))
            else 0
        end as discount_rate
    from {{ ref('int_customer_lines') }}
    group by all
),

largest_lines as (
    select customer_id, ds, platform, shop_id, category
    from {{ ref('int_customer_lines') }}
    qualify row_number() over (
        partition by customer_id, ds
        order by paid_amount desc, qty desc, order_line_id, component_no
    ) = 1
),

gifts as (
    select customer_id, ds, sum(qty) as gift_qty
    from {{ ref('fct_order_lines') }}
    where is_demand and is_gift and customer_id is not null
    group by all
)

select
    days.*,
    coalesce(gifts.gift_qty, 0) as gift_qty,
    largest_lines.platform,
    largest_lines.shop_id,
    largest_lines.category,
    days.ds - lag(days.ds) over customer as gap_days,
    lag(largest_lines.category) over customer as previous_category
from days
inner join largest_lines using (customer_id, ds)
left join gifts using (customer_id, ds)
window customer as (partition by days.customer_id order by days.ds)
