select
    sku_id,
    sku_name,
    brand_id,
    category,
    baby_stage,
    unit_cost_amount,
    list_price_amount,
    supplier_id,
    shelf_life_days,
    launched_on,
    discontinued_on,
    landed_on
from {{ source('generic', 'skus') }}
where landed_on <= {{ as_of() }}
{{ latest_version(['sku_id']) }}
