-- Where the parcels of a platform's order left from, as the ERP tells: by what left the shelf, else
-- by where the order was sent to. Where several warehouses shared an order, each SKU has its own.
with shops as (
    select platform, shop_id, erp_shop_id
    from {{ ref('stg_registry__shops') }}
    where has_order_feed and erp_shop_id is not null
),

{# a number that orders of several shops share is sorted out by the whole order_id below -#}
{% set touched = "semi join (select distinct array_to_string(string_split(order_id, ':')[3:], ':') "
    ~ "as so_id from " ~ ref('int_touched_orders') ~ ") as numbers using (so_id)" %}
{%- set only_numbers = '' if execute and is_full_build() else touched %}
outbound as (
    select
        moved.order_id,
        moved.sku_id,
        moved.warehouse_id,
        moved.qty
    from (
        select
            concat_ws(':', shops.platform, shops.shop_id, outbound.so_id) as order_id,
            outbound.sku_code as sku_id,
            outbound.warehouse_code as warehouse_id,
            outbound.qty
        from {{ ref('stg_jushuitan__outbound') }} as outbound
        {{ only_numbers }}
        inner join shops using (erp_shop_id)
        where outbound.warehouse_code is not null and outbound.qty > 0
    ) as moved
    {{ only_touched('moved') }}
),

orders as (
    select order_id, min(warehouse_id) as warehouse_id, max(warehouse_id) as other_warehouse_id
    from outbound
    group by order_id
),

shared as (
    select order_id, sku_id, warehouse_id, sum(qty) as qty
    from outbound
    semi join orders
        on orders.order_id = outbound.order_id
        and orders.warehouse_id <> orders.other_warehouse_id
    group by all
),

planned as (
    select planned.order_id, min(planned.warehouse_id) as warehouse_id
    from (
        select
            concat_ws(':', shops.platform, shops.shop_id, lines.so_id) as order_id,
            lines.warehouse_code as warehouse_id
        from {{ ref('stg_jushuitan__order_lines') }} as lines
        {{ only_numbers }}
        inner join shops using (erp_shop_id)
        where lines.warehouse_code is not null
    ) as planned
    {{ only_touched('planned') }}
    anti join orders
        on orders.order_id = planned.order_id
    group by planned.order_id
)

select order_id, cast(null as varchar) as sku_id, warehouse_id from orders
union all
select order_id, sku_id, max_by(warehouse_id, (qty, warehouse_id)) as warehouse_id
from shared
group by order_id, sku_id
union all
select order_id, null as sku_id, warehouse_id from planned
