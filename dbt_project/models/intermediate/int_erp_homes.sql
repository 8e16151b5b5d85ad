-- The one warehouse of an ERP account: the only one that its orders, parcels, purchases and counts
-- name; where they name none, the only one that the shop registry states. Null where several are.
with named as (
    {% for document in ['orders', 'outbound', 'purchase_orders', 'receipts', 'stock'] %}
    select distinct platform, shop_id, warehouse_code
    from {{ ref('stg_jushuitan__' ~ document) }}
    {{ "union" if not loop.last }}
    {% endfor %}
),

registered as (
    select
        case when min(default_warehouse_id) = max(default_warehouse_id)
            then min(default_warehouse_id)
        end as warehouse_id
    from {{ ref('stg_registry__shops') }}
)

select
    platform,
    shop_id,
    case
        when count(warehouse_code) = 1 then min(warehouse_code)
        when count(warehouse_code) = 0 then any_value(registered.warehouse_id)
    end as warehouse_id
from named
cross join registered
group by platform, shop_id
