{#- The orders of `lines` that live on in the orders they were split into, by name of the one next above
    or of the first of all: of several splits the one between may never have been told. -#}
{% macro superseded_orders(lines) -%}
    select parent_order_id as order_id from {{ lines }} where parent_order_id is not null
    union
    select root_order_id as order_id from {{ lines }} where root_order_id is not null
{%- endmacro %}
