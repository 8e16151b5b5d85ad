with current_skus as (
    {{ current_rows('generic', 'skus', ['sku_id']) }}
)

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
from current_skus
