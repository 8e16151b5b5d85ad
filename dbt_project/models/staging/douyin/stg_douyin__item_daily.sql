-- A report without a day of its own is of the day it landed for. A day is restated while brush
-- orders are taken out of it: what landed last is what counts.
with landed as (
    select * replace (coalesce(ds, landed_on) as ds)
    from {{ source('douyin', 'item_daily') }}
    where landed_on <= {{ as_of() }}
)

select
    platform,
    shop_id,
    ds,
    item_id as platform_item_id,
    cast(null as varchar) as platform_sku_id,
    visitors,
    views,
    add_to_cart_buyers,
    add_to_cart_qty,
    favourites,
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
{{ latest_version(['platform', 'shop_id', 'ds', 'platform_item_id']) }}
