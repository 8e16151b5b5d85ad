with stock as (
    select
        sku_id || '@' || warehouse_id as unique_id,
        snapshot_date,
        on_hand
    from {{ ref('int_stock') }}
)

select
    series.unique_id,
    series.sku_id,
    series.warehouse_id,
    days.ds,
    coalesce(sales.demand_qty, 0) as demand_qty,
    coalesce(sales.sold_orders, 0) as sold_orders,
    coalesce(sales.paid_amount, 0) as paid_amount,
    sales.discount_rate,
    promotions.sku_id is not null as is_promo,
    today.on_hand,
    -- empty at night, or empty the night before and nothing sold since; no snapshot is no zero
    coalesce(today.on_hand <= 0, false)
        or (coalesce(yesterday.on_hand <= 0, false) and coalesce(sales.demand_qty, 0) = 0)
        as is_stockout
from {{ ref('int_series') }} as series
inner join {{ ref('dim_date') }} as days
    on days.ds between series.first_sold_on and {{ as_of() }}
left join {{ ref('int_sales_daily') }} as sales
    on sales.unique_id = series.unique_id
    and sales.ds = days.ds
left join stock as today
    on today.unique_id = series.unique_id
    and today.snapshot_date = days.ds
left join stock as yesterday
    on yesterday.unique_id = series.unique_id
    and yesterday.snapshot_date = days.ds - 1
left join {{ ref('int_promotion_days') }} as promotions
    on promotions.sku_id = series.sku_id
    and promotions.ds = days.ds
