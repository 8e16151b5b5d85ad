with weeks as (
    select
        unique_id,
        cast(date_trunc('week', ds) as date) as ds,
        sum(demand_qty) as y,
        count(*) filter (where not is_stockout) / count(*) as in_stock_share,
        sum(sold_orders) as order_count
    from {{ ref('fct_demand_daily') }}
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
