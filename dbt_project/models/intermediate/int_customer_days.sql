-- One purchase day of one customer. A day on which only gifts were sent is no purchase.
with days as (
    select
        customer_id,
        ds,
        count(distinct order_id) filter (where not is_gift) as order_count,
        count(*) filter (where not is_gift) as line_count,
        count(*) filter (where not is_gift and paid_amount < 0.95 * gross_amount)
            as discounted_line_count,
        sum(qty) filter (where not is_gift) as qty,
        cast(sum(paid_amount) filter (where not is_gift) as decimal(18, 2)) as paid_amount,
        sum(gross_amount) filter (where not is_gift) as gross_amount,
        sum(gross_amount - paid_amount) filter (where not is_gift) as discount_amount,
        coalesce(sum(qty) filter (where is_gift), 0) as gift_qty,
        max_by(
            {'platform': platform, 'shop_id': shop_id, 'category': category},
            {'paid': paid_amount, 'qty': qty, 'line': order_line_id, 'component': component_no}
        ) filter (where not is_gift) as largest_line
    from {{ ref('int_customer_lines') }}
    group by customer_id, ds
    having count(*) filter (where not is_gift) > 0
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
    largest_line.platform,
    largest_line.shop_id,
    largest_line.category,
    ds - lag(ds) over customer as gap_days,
    lag(largest_line.category) over customer as previous_category
from days
window customer as (partition by customer_id order by ds)
