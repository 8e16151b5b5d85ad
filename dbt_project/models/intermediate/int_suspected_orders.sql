{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='order_id'
) }}

-- Orders suspected of being brush orders (刷单), a person's word before the model's, and those that
-- once were. `changed_at_build` says since which build it has been so, so that a run that failed
-- half-way forgets nothing.
with suspected as (
    select orders.order_id
    from {{ ref('int_brush_orders') }} as orders
    anti join {{ ref('brush_overrules') }} as overruled using (order_id)
    where orders.is_suspected
)

{% if execute and not is_full_build() and is_incremental() %}
select
    coalesce(suspected.order_id, held.order_id) as order_id,
    suspected.order_id is not null as is_suspected,
    cast({{ build_number() }} as bigint) as changed_at_build
from suspected
full join {{ this }} as held
    on held.order_id = suspected.order_id
where (suspected.order_id is not null) is distinct from coalesce(held.is_suspected, false)
{% else %}
select
    order_id,
    true as is_suspected,
    cast(-1 as bigint) as changed_at_build
from suspected
{% endif %}
