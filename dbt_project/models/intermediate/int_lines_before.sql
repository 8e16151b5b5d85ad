{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_former_builds() }}"
) }}

-- Where the touched orders stood in the tables as the last build left them: what depends on a day or
-- an account has to be looked at again where they were, too. Kept until a build succeeds, so that a
-- run that failed half-way forgets nothing.
{%- set lines = adapter.get_relation(this.database, this.schema, 'int_order_lines') if execute %}
{% if execute and not is_full_build() and lines is not none %}
select distinct
    lines.platform,
    lines.shop_id,
    lines.buyer_key,
    lines.paid_on as ds,
    cast({{ build_number() }} as bigint) as build_number
from {{ lines }} as lines
{{ only_touched('lines') }}
{% else %}
select
    cast(null as varchar) as platform,
    cast(null as varchar) as shop_id,
    cast(null as varchar) as buyer_key,
    cast(null as date) as ds,
    cast(0 as bigint) as build_number
from {{ ref('int_touched_orders') }}
where false
{% endif %}
