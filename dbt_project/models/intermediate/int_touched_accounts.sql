-- The accounts behind the orders that this build looks at again, behind those of which the last build
-- could not see everything, and behind those of a SKU that the master tells otherwise now. Empty in a
-- full build.
with lines as (
    select platform, shop_id, buyer_key
    from {{ ref('int_lines_before') }}
    union
    select lines.platform, lines.shop_id, lines.buyer_key
    from {{ ref('int_order_lines') }} as lines
    semi join {{ ref('int_touched_orders') }} as touched
        on touched.order_id = lines.order_id
    union
    select lines.platform, lines.shop_id, lines.buyer_key
    from {{ ref('int_order_lines') }} as lines
    where lines.last_event_on > {{ seen_as_of() }}
        and {{ not (execute and is_full_build()) }}
    union
    select lines.platform, lines.shop_id, lines.buyer_key
    from {{ ref('int_order_lines') }} as lines
    semi join {{ ref('int_mapping_keys') }} as skus
        on skus.kind = 'sku'
        and skus.key = lines.sku_id
        and skus.changed_at_build >= {{ build_number() }}
)

select
    concat_ws(':', platform, shop_id, buyer_key) as account_key,
    platform,
    shop_id,
    buyer_key
from lines
where buyer_key is not null
