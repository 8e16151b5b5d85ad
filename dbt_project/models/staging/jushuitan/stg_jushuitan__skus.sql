with current_skus as (
    {{ current_rows('jushuitan', 'skus', ['platform', 'shop_id', 'sku_id']) }}
),

-- given up on the day it was first said, if it still is
given_up as (
    select
        shop_id,
        sku_id,
        max(source_version) filter (where coalesce(enabled, '1') <> '-1') as last_in_use_at,
        list(source_version) filter (where enabled = '-1') as said_at
    from {{ source('jushuitan', 'skus') }}
    where landed_on <= {{ as_of() }}
    group by all
)

select
    platform,
    shop_id,
    sku_id as sku_code,
    i_id as item_code,
    sku_name,
    barcode,
    brand as brand_id,
    category,
    supplier_id,
    shelf_life_days,
    list_price_amount,
    unit_cost_amount,
    coalesce(lower(sku_type) = 'combine', false)
        or sku_id in (
            select bundle_id from {{ source('jushuitan', 'bundle') }}
            where landed_on <= {{ as_of() }}
        ) as is_bundle,
    {{ beijing_date('launched_at') }} as launched_on,
    case
        when enabled = '-1' then {{ beijing_date(
            'list_min(list_filter(said_at, lambda said: coalesce(said > last_in_use_at, true)))'
        ) }}
    end as discontinued_on,
    -- the shop's own word on the age, else what the name says: 1段 to 4段, or a nappy size
    coalesce(
        stage,
        nullif(regexp_extract(sku_name, '([1-4])\s*段', 1), '') || '段',
        nullif(regexp_extract(sku_name, '\b(NB|XXXL|XXL|XL|S|M|L)\s*码', 1), '')
    ) as stage,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from current_skus
left join given_up using (shop_id, sku_id)
