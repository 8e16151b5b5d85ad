-- Where a shop ships from when nothing says otherwise: as the registry has it, else the one warehouse
-- of the ERP account that has its orders; of a shop that no ERP account has, that of all accounts.
with shops as (
    select distinct
        coalesce(shops.platform, orders.platform) as platform,
        coalesce(shops.shop_id, orders.erp_shop_id) as shop_id,
        shops.default_warehouse_id,
        orders.platform as erp_platform,
        orders.shop_id as erp_account
    from {{ ref('stg_registry__shops') }} as shops
    full join (
        select distinct platform, shop_id, erp_shop_id
        from {{ ref('stg_jushuitan__orders') }}
    ) as orders
        on orders.erp_shop_id = shops.erp_shop_id
),

found as (
    select
        shops.platform,
        shops.shop_id,
        coalesce(shops.default_warehouse_id, homes.warehouse_id) as warehouse_id
    from shops
    left join {{ ref('int_erp_homes') }} as homes
        on shops.erp_account is null
        or homes.platform = shops.erp_platform and homes.shop_id = shops.erp_account
)

select platform, shop_id, min(warehouse_id) as warehouse_id
from found
where shop_id is not null
group by platform, shop_id
having count(*) = count(warehouse_id) and min(warehouse_id) = max(warehouse_id)
