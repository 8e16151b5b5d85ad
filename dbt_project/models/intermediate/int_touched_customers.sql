{{ config(materialized='view') }}

-- The customers of whose babies something else is known than the last build left. Empty in a full
-- build.
select customer_id
from {{ ref('int_baby_clues') }}
where changed_at_build >= {{ build_number() }}
