with current_shops as (
    {{ current_rows('registry', 'shops', ['lower(shop_platform)', 'shop_code']) }}
)

select
    lower(shop_platform) as platform,
    shop_code as shop_id,
    shop_name,
    brand_id,
    erp_shop_id,
    default_warehouse_id,
    opened_on,
    closed_on,
    coalesce(has_order_feed, true) as has_order_feed,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from current_shops
