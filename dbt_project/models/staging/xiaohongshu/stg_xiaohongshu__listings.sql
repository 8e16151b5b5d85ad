-- A SKU of an item. ipq is how many pieces of the merchant code one SKU holds.
with landed as (
    {{ current_rows('xiaohongshu', 'items', ['platform', 'shop_id', 'item_id', 'sku_id']) }}
),

read as (
    select
        * rename (components as landed_components),
        [
            {
                'code': nullif(part.erpCode, ''),
                'qty': coalesce(part.ipq, 1),
                'amount': cast(null as decimal(18, 2))
            }
            for part in from_json(landed_components, '[{"erpCode": "VARCHAR", "ipq": "DOUBLE"}]')
        ] as parts
    from landed
)

select
    platform,
    shop_id,
    item_id as platform_item_id,
    sku_id as platform_sku_id,
    sku_code as merchant_code,
    barcode,
    price_amount as list_price_amount,
    stock_qty as platform_stock,
    units_per_pack,
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
