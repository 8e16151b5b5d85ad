with days as (
    select
        unique_id,
        ds,
        cast(date_trunc('week', ds) as date) as week_start,
        demand_qty,
        sold_orders,
        is_stockout,
        bool_or(is_stockout) over (partition by unique_id, date_trunc('week', ds)) as has_gap
    from {{ ref('fct_demand_daily') }}
),

-- a festival's days can hold most of their week: what the days of a week weigh is told by the
-- series in stock on all of them
weights as (
    select ds, 1 + coalesce(sum(demand_qty) filter (where not has_gap), 0) as weight
    from days
    group by all
),

weeks as (
    select
        days.unique_id,
        days.week_start as ds,
        sum(days.demand_qty) as y,
        coalesce(sum(weights.weight) filter (where not days.is_stockout), 0) / sum(weights.weight)
            as in_stock_share,
        sum(days.sold_orders) as order_count
    from days
    inner join weights using (ds)
    group by all
),

prices as (
    select
        unique_id,
        cast(date_trunc('week', ds) as date) as ds,
        cast(sum(paid_amount) as double) / nullif(sum(sold_qty), 0) as price_amount
    from {{ ref('int_sales_daily') }}
    group by all
)

select
    weeks.unique_id,
    weeks.ds,
    weeks.y,
    weeks.in_stock_share,
    weeks.in_stock_share < {{ var('stockout_below_share') }} as is_stockout,
    prices.price_amount,
    cast(weeks.order_count as bigint) as order_count
from weeks
left join prices using (unique_id, ds)
where weeks.ds + 6 <= {{ as_of() }}
