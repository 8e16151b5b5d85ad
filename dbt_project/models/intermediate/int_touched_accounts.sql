-- The accounts behind the orders that this build looks at again. Empty in a full build.
select distinct concat_ws(':', platform, shop_id, buyer_key) as account_key
from {{ ref('int_lines_before') }}
where buyer_key is not null
union
select concat_ws(':', lines.platform, lines.shop_id, lines.buyer_key) as account_key
from {{ ref('int_order_lines') }} as lines
semi join {{ ref('int_touched_orders') }} as touched
    on touched.order_id = lines.order_id
where lines.buyer_key is not null
