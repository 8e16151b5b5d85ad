{#- The order line id of the n-th line of a SKU in a JD order: JD numbers no lines. -#}
{% macro jd_line_id(order_id, sku, occurrence_no) -%}
    {{ order_id }} || ':' || left(md5(concat_ws(':', {{ order_id }}, {{ sku }}, {{ occurrence_no }})), 16)
{%- endmacro %}
