with landed as (
    {{ current_rows('jd', 'item_daily', ['platform', 'shop_id', 'ds', 'sku_id']) }}
)

select
    platform,
    shop_id,
    ds,
    cast(null as varchar) as platform_item_id,
    sku_id as platform_sku_id,
    visitors,
    views,
    add_to_cart_buyers,
    cast(null as double) as add_to_cart_qty,
    cast(null as double) as favourites,
    paid_buyers,
    paid_qty,
    paid_amount,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from landed
where ds <= {{ as_of() }}
