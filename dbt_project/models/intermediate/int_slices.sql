{{ config(materialized='view') }}

-- The days on which customers are looked at: as_of, and every 28 days before it.
select {{ as_of() }} - cast({{ var('days_between_slices') }} * slice as integer) as as_of
from range({{ var('customer_slices') }}) as slices (slice)
