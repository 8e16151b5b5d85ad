-- The days on which something was paid that this build looks at again, and those the last one could
-- not see. Empty in a full build.
select ds
from {{ ref('int_lines_before') }}
where ds is not null
union
select lines.paid_on as ds
from {{ ref('int_order_lines') }} as lines
semi join {{ ref('int_touched_orders') }} as touched
    on touched.order_id = lines.order_id
where lines.paid_on is not null
union
select paid_on as ds
from {{ ref('int_order_lines') }}
where last_event_on > {{ seen_as_of() }}
    and paid_on is not null
    and {{ not (execute and is_full_build()) }}
