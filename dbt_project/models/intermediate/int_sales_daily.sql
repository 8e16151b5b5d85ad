-- Gifts leave the shelf, so they count in demand_qty; they say nothing about price or orders.
select
    unique_id,
    sku_id,
    warehouse_id,
    ds,
    sum(qty) as demand_qty,
    coalesce(sum(qty) filter (where not is_gift), 0) as sold_qty,
    count(distinct order_id) filter (where not is_gift) as sold_orders,
    cast(coalesce(sum(paid_amount) filter (where not is_gift), 0) as decimal(18, 2)) as paid_amount,
    case
        when sum(gross_amount) filter (where not is_gift) > 0
            then greatest(0, cast(sum(gross_amount - paid_amount) filter (where not is_gift) as double)
                / cast(sum(gross_amount) filter (where not is_gift) as double))
    end as discount_rate
from {{ ref('int_visible_lines') }}
where is_demand
group by all
