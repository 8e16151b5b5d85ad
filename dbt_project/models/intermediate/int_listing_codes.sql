-- The SKU or bundle that a listing stands for at as_of, for tables that know listings only: the
-- ladder without an order. The row without a platform_sku_id is the item's, where all its SKUs agree.
with listings as (
    select platform, shop_id, platform_item_id, listing_key, merchant_code, barcode
    from {{ ref('int_listings') }}
    union all
    select distinct platform, shop_id, cast(null as varchar), listing_key, null, null
    from {{ ref('int_sku_links') }}
    anti join {{ ref('int_listings') }} as known using (platform, shop_id, listing_key)
),

coded as (
    select
        listings.platform,
        listings.shop_id,
        listings.platform_item_id,
        listings.listing_key,
        coalesce(own.code, links.code, barcodes.code) as code
    from listings
    left join {{ ref('int_codes') }} as own
        on own.code = listings.merchant_code
    left join {{ ref('int_sku_links') }} as links
        on links.platform = listings.platform
        and links.shop_id = listings.shop_id
        and links.listing_key = listings.listing_key
        and links.valid_from < {{ end_of(as_of()) }}
        and links.valid_to >= {{ end_of(as_of()) }}
    left join {{ ref('int_barcodes') }} as barcodes
        on barcodes.barcode = listings.barcode
)

select platform, shop_id, listing_key, code
from coded
where code is not null

union all

select platform, shop_id, platform_item_id as listing_key, min(code) as code
from coded
where platform_item_id is not null
group by platform, shop_id, platform_item_id
having count(distinct code) = 1
    and count(code) = count(*)
    and bool_and(listing_key <> platform_item_id)
