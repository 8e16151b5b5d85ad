-- A promotion planned for later is visible now: its plan has landed.
with current_promotions as (
    {{ current_rows('generic', 'promotions', ['platform', 'shop_id', 'promo_id', 'sku_id']) }}
)

select
    concat_ws(':', platform, shop_id, promo_id) as promo_id,
    sku_id,
    starts_on,
    ends_on,
    discount_rate,
    promo_name,
    landed_on
from current_promotions
