-- The accounts behind the orders that this build looks at again, and behind those of which the last
-- build could not see everything. Empty in a full build.
select concat_ws(':', platform, shop_id, buyer_key) as account_key
from {{ ref('int_lines_before') }}
where buyer_key is not null
union
select concat_ws(':', lines.platform, lines.shop_id, lines.buyer_key) as account_key
from {{ ref('int_order_lines') }} as lines
semi join {{ ref('int_touched_orders') }} as touched
    on touched.order_id = lines.order_id
where lines.buyer_key is not null
union
select concat_ws(':', platform, shop_id, buyer_key) as account_key
from {{ ref('int_order_lines') }}
where last_event_on > {{ seen_as_of() }}
    and buyer_key is not null
    and {{ not (execute and is_full_build()) }}
