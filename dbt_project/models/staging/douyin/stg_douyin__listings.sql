-- A variant of a product; a product whose variants never landed is one row without
-- platform_sku_id. Stock by region (sku_type 1) is in no one number.
with landed as (
    {{ current_rows('douyin', 'products', ['platform', 'shop_id', 'item_id', 'sku_id']) }}
),

read as (
    select
        *,
        coalesce(sku_code, nullif(out_sku_id, '0')) as merchant_code,
        [
            {
                'code': nullif(part.code, ''),
                'qty': part.item_num,
                'amount': cast(null as decimal(18, 2))
            }
            for part in from_json(bundle_skus, '[{"code": "VARCHAR", "item_num": "DOUBLE"}]')
        ] as parts
    from landed
)

select
    platform,
    shop_id,
    item_id as platform_item_id,
    sku_id as platform_sku_id,
    merchant_code,
    barcode,
    price_amount as list_price_amount,
    if(sku_type = '1', null, stock_qty) as platform_stock,
    cast(null as double) as units_per_pack,
    case
        when len(parts) > 0 and len([part for part in parts if part.code is null]) = 0
            then cast(to_json(parts) as varchar)
    end as components,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from read
qualify sku_id is not null
    or count(sku_id) over (partition by platform, shop_id, item_id) = 0
