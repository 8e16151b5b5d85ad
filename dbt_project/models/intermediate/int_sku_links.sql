-- What a listing was linked to in the ERP, at any moment: one row for each stretch of time in which
-- nothing changes. Linked to several codes at once means that nobody can tell.
with links as (
    select
        shops.platform,
        shops.shop_id,
        links.platform_sku_id as listing_key,
        links.sku_code,
        links.valid_from,
        coalesce(links.valid_to, timestamptz '9999-12-31 00:00:00+08') as valid_to
    from {{ ref('stg_jushuitan__sku_map') }} as links
    inner join {{ ref('stg_registry__shops') }} as shops
        on shops.erp_shop_id = links.erp_shop_id
    where links.is_enabled
),

moments as (
    select platform, shop_id, listing_key, valid_from as moment from links
    union
    select platform, shop_id, listing_key, valid_to from links
),

stretches as (
    select
        platform,
        shop_id,
        listing_key,
        moment as valid_from,
        lead(moment) over (partition by platform, shop_id, listing_key order by moment) as valid_to
    from moments
)

select
    stretches.platform,
    stretches.shop_id,
    stretches.listing_key,
    stretches.valid_from,
    stretches.valid_to,
    case when count(distinct links.sku_code) = 1 then min(links.sku_code) end as code
from stretches
inner join links
    on links.platform = stretches.platform
    and links.shop_id = stretches.shop_id
    and links.listing_key = stretches.listing_key
    and links.valid_from <= stretches.valid_from
    and links.valid_to >= stretches.valid_to
where stretches.valid_to is not null
group by all
