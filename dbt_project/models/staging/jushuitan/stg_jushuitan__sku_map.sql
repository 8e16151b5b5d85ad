-- What each listing of a shop was linked to, and when. Links that one pull brings hold side by
-- side; one that another pull brings takes the place of those changed before it. The first link
-- known also speaks for the time before it.
with links as (
    select
        *,
        coalesce(enabled, true) as is_enabled
    from {{ source('jushuitan', 'skumap') }}
    where landed_on <= {{ as_of() }}
        and sku_id is not null
),

ended as (
    select
        links.*,
        (
            select min(later.source_version)
            from links as later
            where later.shop_id = links.shop_id
                and later.erp_shop_id = links.erp_shop_id
                and later.shop_sku_id = links.shop_sku_id
                and later.source_version > links.source_version
                and (
                    (later.sku_id = links.sku_id and later.is_enabled <> links.is_enabled)
                    or (
                        later.sku_id <> links.sku_id
                        and later.is_enabled
                        and later.landed_on <> links.landed_on
                    )
                )
        ) as valid_to
    from links
),

held as (
    select
        platform,
        shop_id,
        erp_shop_id,
        shop_sku_id,
        sku_id,
        is_enabled,
        valid_to,
        min(source_version) as since,
        min(load_no) as load_no,
        min(source_version) as source_version,
        min(row_hash) as row_hash,
        min(landed_on) as landed_on,
        min(source_file) as source_file
    from ended
    group by all
)

select
    platform,
    shop_id,
    erp_shop_id,
    shop_sku_id as platform_sku_id,
    sku_id as sku_code,
    is_enabled,
    if(
        since = min(since) over (partition by shop_id, erp_shop_id, shop_sku_id),
        timestamptz '2000-01-01 00:00:00+08',
        since
    ) as valid_from,
    valid_to,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from held
