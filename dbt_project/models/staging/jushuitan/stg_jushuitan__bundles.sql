-- Every landed version of a bundle, in the order in which the ERP changed it. A version that
-- composes it as the one before does begins nothing new; the first one known also speaks for the
-- time before it.
with components as (
    select
        platform,
        shop_id,
        bundle_id,
        source_version,
        row_hash,
        line_no,
        any_value(sku_id) as sku_id,
        any_value(qty) as qty,
        any_value(share_amount) as share_amount,
        min(load_no) as load_no,
        min(landed_on) as landed_on,
        min(source_file) as source_file
    from {{ source('jushuitan', 'bundle') }}
    where landed_on <= {{ as_of() }}
    group by all
),

versions as (
    select
        platform,
        shop_id,
        bundle_id,
        source_version,
        row_hash,
        list_sort(list((sku_id, qty, share_amount))) as composition
    from components
    group by platform, shop_id, bundle_id, source_version, row_hash
    qualify row_number() over (
        partition by platform, shop_id, bundle_id, source_version order by row_hash desc
    ) = 1
),

changes as (
    select * from versions
    qualify composition is distinct from lag(composition) over (
        partition by platform, shop_id, bundle_id order by source_version
    )
),

dated as (
    select
        *,
        row_number() over same_bundle = 1 as is_first,
        lead(source_version) over same_bundle as valid_to
    from changes
    window same_bundle as (partition by platform, shop_id, bundle_id order by source_version)
)

select
    dated.platform,
    dated.shop_id,
    dated.bundle_id as bundle_code,
    components.sku_id as component_sku_code,
    sum(components.qty) as qty,
    cast(sum(components.share_amount) as decimal(18, 2)) as share_amount,
    if(dated.is_first, timestamptz '2000-01-01 00:00:00+08', dated.source_version) as valid_from,
    dated.valid_to,
    min(components.load_no) as load_no,
    dated.source_version,
    dated.row_hash,
    min(components.landed_on) as landed_on,
    min(components.source_file) as source_file
from dated
inner join components
    on dated.platform = components.platform
        and dated.shop_id = components.shop_id
        and dated.bundle_id = components.bundle_id
        and dated.row_hash = components.row_hash
where components.sku_id is not null
group by all
