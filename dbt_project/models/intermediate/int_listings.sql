-- What the platforms say of their listings now: a barcode, what is in a pack.
with listings as (
    {% for platform in var('listing_platforms') %}
    select
        platform,
        shop_id,
        coalesce(platform_sku_id, platform_item_id) as listing_key,
        platform_item_id,
        merchant_code,
        barcode,
        list_price_amount,
        units_per_pack,
        components,
        source_version,
        row_hash
    from {{ ref('stg_' ~ platform ~ '__listings') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * exclude (source_version, row_hash)
from listings
qualify row_number() over (
    partition by platform, shop_id, listing_key
    order by source_version desc, row_hash desc, platform_item_id
) = 1
