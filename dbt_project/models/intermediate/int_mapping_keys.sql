{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key=['kind', 'key']
) }}

-- Everything beside the orders that decides how a line reads, with a digest of what it leads to:
-- where a digest changes, the lines that use the key have to be looked at again; of a SKU's words,
-- its buyers. `changed_at_build` says
-- since which build it has been so, so that a run that failed half-way forgets nothing.
with codes as (
    select
        codes.code,
        md5(concat_ws('|', codes.is_bundle, codes.list_fen, list(
            concat_ws('|', bundles.valid_from, bundles.valid_to, bundles.parts)
            order by bundles.valid_from
        ))) as digest
    from {{ ref('int_codes') }} as codes
    left join {{ ref('int_bundle_parts') }} as bundles
        on bundles.bundle_code = codes.code
    group by codes.code, codes.is_bundle, codes.list_fen
),

barcodes as (
    select
        barcodes.barcode,
        concat_ws('|', 'code', barcodes.code, codes.digest) as digest
    from {{ ref('int_barcodes') }} as barcodes
    left join codes
        on codes.code = barcodes.code
),

links as (
    select
        links.platform,
        links.shop_id,
        links.listing_key,
        md5(cast(list(
            concat_ws('|', links.valid_from, links.valid_to, links.code, codes.digest)
            order by links.valid_from
        ) as varchar)) as digest
    from {{ ref('int_sku_links') }} as links
    left join codes
        on codes.code = links.code
    group by all
),

listing_codes as (
    select
        listings.platform,
        listings.shop_id,
        listings.listing_key,
        string_agg(codes.digest order by codes.code) as digests
    from (
        select
            platform,
            shop_id,
            listing_key,
            unnest(from_json(components, '[{"code": "VARCHAR"}]')).code as code
        from {{ ref('int_listings') }}
    ) as listings
    inner join codes
        on codes.code = listings.code
    group by all
),

listings as (
    select
        platform,
        shop_id,
        listing_key,
        md5(concat_ws(
            '|', listings.barcode, listings.units_per_pack, listings.components,
            barcodes.digest, listing_codes.digests
        )) as digest
    from {{ ref('int_listings') }} as listings
    left join barcodes
        on barcodes.barcode = listings.barcode
    left join listing_codes using (platform, shop_id, listing_key)
),

current_keys as (
    select 'code' as kind, code as key, digest from codes
    union all
    select 'barcode' as kind, barcode as key, digest from barcodes
    union all
    select 'link' as kind, concat_ws('|', platform, shop_id, listing_key) as key, digest from links
    union all
    select 'listing' as kind, concat_ws('|', platform, shop_id, listing_key) as key, digest
    from listings
    union all
    select
        'shop' as kind,
        erp_shop_id as key,
        string_agg(
            concat_ws(':', platform, shop_id, has_order_feed) order by platform, shop_id
        ) as digest
    from {{ ref('stg_registry__shops') }}
    where erp_shop_id is not null
    group by erp_shop_id
    union all
    select
        'home' as kind,
        concat_ws('|', platform, shop_id) as key,
        warehouse_id as digest
    from {{ ref('int_shop_homes') }}
    union all
    select
        'sku' as kind,
        sku_id as key,
        md5(concat_ws('|', category, coalesce(baby_stage, '?'), sku_name)) as digest
    from {{ ref('int_skus') }}
)

{% if execute and not is_full_build() and is_incremental() %}
select
    coalesce(current_keys.kind, held.kind) as kind,
    coalesce(current_keys.key, held.key) as key,
    current_keys.digest,
    held.digest as previous_digest,
    cast({{ build_number() }} as bigint) as changed_at_build
from current_keys
full join {{ this }} as held
    on held.kind = current_keys.kind
    and held.key = current_keys.key
where current_keys.digest is distinct from held.digest
{% else %}
select
    kind,
    key,
    digest,
    cast(null as varchar) as previous_digest,
    cast(-1 as bigint) as changed_at_build
from current_keys
{% endif %}
