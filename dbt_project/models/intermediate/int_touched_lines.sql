-- The lines of the orders that this build looks at again, so that they are searched for only once.
-- Empty in a full build, which reads int_lines itself.
select lines.*
from {{ ref('int_lines') }} as lines
inner join {{ ref('int_touched_orders') }} as touched
    on touched.order_id = lines.order_id
where {{ not (execute and is_full_build()) }}
