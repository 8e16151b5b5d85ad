with shipped as (
    select warehouse_id, min(first_sold_on) as first_sold_on, max(last_sold_on) as last_sold_on
    from {{ ref('int_series') }}
    group by warehouse_id
),

counted as (
    select
        warehouse_id,
        max(snapshot_date) as last_snapshot_on,
        count(distinct sku_id) as stocked_sku_count
    from {{ ref('int_stock') }}
    group by warehouse_id
),

ids as (
    select warehouse_id from shipped
    union
    select warehouse_id from counted
    union
    select warehouse_id from {{ ref('int_purchase_lines') }}
    union
    select default_warehouse_id from {{ ref('stg_registry__shops') }}
    where default_warehouse_id is not null
)

select
    ids.warehouse_id,
    counted.warehouse_id is not null as has_stock,
    coalesce(counted.stocked_sku_count, 0) as stocked_sku_count,
    counted.last_snapshot_on,
    shipped.first_sold_on,
    shipped.last_sold_on
from ids
left join shipped using (warehouse_id)
left join counted using (warehouse_id)
