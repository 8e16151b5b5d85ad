-- An item without SKUs is sold as it is: one row without platform_sku_id. The lists tell of no SKUs:
-- such a record never stands in for one that has them.
with landed as (
    {{ current_rows('taobao', 'items', ['platform', 'shop_id', 'item_id', 'sku_id is null']) }}
    qualify sku_id is not null
        or not bool_or(sku_id is not null) over (partition by platform, shop_id, item_id)
)

select
    platform,
    shop_id,
    item_id as platform_item_id,
    sku_id as platform_sku_id,
    coalesce(sku_code, item_code) as merchant_code,
    coalesce(sku_barcode, item_barcode) as barcode,
    coalesce(sku_price_amount, item_price_amount) as list_price_amount,
    coalesce(sku_stock_qty, if(sku_id is null, item_stock_qty, null)) as platform_stock,
    cast(null as double) as units_per_pack,
    cast(null as varchar) as components,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from landed
where coalesce(sku_status, 'normal') <> 'delete'
