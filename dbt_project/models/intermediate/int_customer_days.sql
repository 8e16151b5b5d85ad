-- One purchase day of one customer. A day on which only gifts were sent is no purchase.
with days as (
    select
        customers.customer_id,
        days.ds,
        cast(sum(days.order_count) as bigint) as order_count,
        cast(sum(days.line_count) as bigint) as line_count,
        cast(sum(days.discounted_line_count) as bigint) as discounted_line_count,
        sum(days.qty) as qty,
        sum(days.gift_qty) as gift_qty,
        cast(sum(days.paid_amount) as decimal(18, 2)) as paid_amount,
        sum(days.gross_amount) as gross_amount,
        sum(days.discount_amount) as discount_amount,
        arg_max_null(customers.platform, days.largest) as platform,
        arg_max_null(customers.shop_id, days.largest) as shop_id,
        arg_max_null(days.category, days.largest) as category
    from {{ ref('int_account_days') }} as days
    inner join {{ ref('int_customer_ids') }} as customers using (account_key)
    group by customers.customer_id, days.ds
    having sum(days.line_count) > 0
)

select
    customer_id,
    ds,
    order_count,
    line_count,
    discounted_line_count,
    qty,
    paid_amount,
    case
        when gross_amount > 0
            then greatest(0, cast(discount_amount as double) / cast(gross_amount as double))
        else 0
    end as discount_rate,
    gift_qty,
    platform,
    shop_id,
    category,
    ds - lag(ds) over customer as gap_days,
    lag(category) over customer as previous_category
from days
window customer as (partition by customer_id order by ds)
