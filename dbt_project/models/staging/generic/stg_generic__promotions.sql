-- A promotion planned for later is visible now: its plan has landed.
select
    concat_ws(':', platform, shop_id, promo_id) as promo_id,
    sku_id,
    starts_on,
    ends_on,
    discount_rate,
    promo_name,
    landed_on
from {{ source('generic', 'promotions') }}
where landed_on <= {{ as_of() }}
{{ latest_version(['platform', 'shop_id', 'promo_id', 'sku_id']) }}
