-- The orders that may read otherwise than the last build left them: told otherwise, or suspected of
-- being brush orders where they were not, or no longer. Empty in a full build.
with own as (
    select order_id
    from {{ ref('int_suspected_orders') }}
    where changed_at_build >= {{ build_number() }}
),

families as (
    {{ order_families('own') }}
)

select order_id from {{ ref('int_retold_orders') }}
union
select order_id from families
