with stock as (
    select
        sku_id || '@' || warehouse_id as unique_id,
        snapshot_date,
        on_hand,
        on_hand - coalesce(reserved, 0) as available
    from {{ ref('int_stock') }}
),

sold as (
    select
        series.unique_id,
        series.sku_id,
        series.warehouse_id,
        days.ds,
        coalesce(sales.demand_qty, 0) as demand_qty,
        coalesce(sales.sold_orders, 0) as sold_orders,
        coalesce(sales.paid_amount, 0) as paid_amount,
        sales.discount_rate,
        -- an order takes this many units on average, from all orders up to the day
        greatest(
            1,
            coalesce(
                sum(sales.sold_qty) over so_far / nullif(sum(sales.sold_orders) over so_far, 0), 1
            )
        ) as order_size
    from {{ ref('int_series') }} as series
    inner join {{ ref('dim_date') }} as days
        on days.ds between series.first_sold_on and {{ as_of() }}
    left join {{ ref('int_sales_daily') }} as sales
        on sales.unique_id = series.unique_id
        and sales.ds = days.ds
    window so_far as (partition by series.unique_id order by days.ds)
)

select
    sold.unique_id,
    sold.sku_id,
    sold.warehouse_id,
    sold.ds,
    sold.demand_qty,
    sold.sold_orders,
    sold.paid_amount,
    sold.discount_rate,
    promotions.sku_id is not null as is_promo,
    today.on_hand,
    today.available,
    -- What is promised to earlier orders is not for sale, and what is less than an order takes sells
    -- to few: too little at night, or the night before and nothing sold since. No snapshot is no
    -- zero. On a generated shop four fifths of the units missed fall on such days; on days with
    -- nothing on hand, a ninth.
    coalesce(today.available < sold.order_size, false)
        or (coalesce(yesterday.available < sold.order_size, false) and sold.demand_qty = 0)
        as is_stockout
from sold
left join stock as today
    on today.unique_id = sold.unique_id
    and today.snapshot_date = sold.ds
left join stock as yesterday
    on yesterday.unique_id = sold.unique_id
    and yesterday.snapshot_date = sold.ds - 1
left join {{ ref('int_promotion_days') }} as promotions
    on promotions.sku_id = sold.sku_id
    and promotions.ds = sold.ds
