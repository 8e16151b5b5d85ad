with seen as (
    select
        platform,
        shop_id,
        count(*) as line_count,
        min(created_on) as first_order_on,
        max(created_on) as last_order_on
    from {{ ref('int_order_lines') }}
    where created_on <= {{ as_of() }}
    group by all
)

select
    coalesce(shops.platform, seen.platform) as platform,
    coalesce(shops.shop_id, seen.shop_id) as shop_id,
    shops.shop_name,
    shops.brand_id,
    shops.erp_shop_id,
    shops.default_warehouse_id,
    shops.opened_on,
    shops.closed_on,
    coalesce(shops.has_order_feed, true) as has_order_feed,
    shops.shop_id is not null as is_registered,
    shops.shop_id is not null
        and coalesce(shops.opened_on <= {{ as_of() }}, true)
        and coalesce(shops.closed_on >= {{ as_of() }}, true) as is_open,
    coalesce(seen.line_count, 0) as line_count,
    seen.first_order_on,
    seen.last_order_on
from {{ ref('stg_registry__shops') }} as shops
full join seen
    on seen.platform = shops.platform
    and seen.shop_id = shops.shop_id
