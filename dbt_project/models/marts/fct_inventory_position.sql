with last_stock as (
    select *
    from {{ ref('int_stock') }}
    qualify row_number() over (
        partition by sku_id, warehouse_id
        order by snapshot_date desc
    ) = 1
),

on_order as (
    select
        sku_id,
        warehouse_id,
        sum(open_qty) as on_order,
        min(expected_on) as next_expected_on
    from {{ ref('fct_purchase_orders') }}
    where is_open
    group by all
),

recent_demand as (
    select sku_id, warehouse_id, sum(demand_qty) as last_26w_demand_qty
    from {{ ref('int_sales_daily') }}
    where ds > {{ as_of() }} - {{ var('abc_days') }}
    group by all
),

positions as (
    select sku_id, warehouse_id from {{ ref('int_series') }}
    union
    select sku_id, warehouse_id from last_stock
    union
    select sku_id, warehouse_id from on_order
)

select
    positions.sku_id || '@' || positions.warehouse_id as unique_id,
    positions.sku_id,
    positions.warehouse_id,
    skus.supplier_id,
    skus.supplier_name,
    skus.sku_name,
    skus.category,
    skus.abc_class,
    last_stock.on_hand,
    last_stock.reserved,
    coalesce(on_order.on_order, 0) as on_order,
    on_order.next_expected_on,
    last_stock.snapshot_date as stock_snapshot_date,
    skus.lead_time_days,
    skus.lead_time_sd_days,
    skus.review_period_days,
    skus.moq,
    skus.pack_size,
    skus.unit_cost_amount,
    skus.shelf_life_days,
    skus.discontinued_on,
    last_stock.sku_id is not null as has_stock_snapshot,
    coalesce(last_stock.placement in ('shared', 'main'), false) as is_stock_guessed,
    skus.lead_time_days is not null as has_supplier_terms,
    coalesce(recent_demand.last_26w_demand_qty, 0) as last_26w_demand_qty
from positions
inner join {{ ref('dim_sku') }} as skus using (sku_id)
left join last_stock using (sku_id, warehouse_id)
left join on_order using (sku_id, warehouse_id)
left join recent_demand using (sku_id, warehouse_id)
