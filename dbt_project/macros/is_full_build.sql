{#- Whether every table is built anew: nothing says what the last build had seen, or a person asks. -#}
{% macro is_full_build() -%}
    {{ return(var('since', none) is none or flags.FULL_REFRESH) }}
{%- endmacro %}


{#- The condition for rows of the lake, or of a staging table, that the last build could not see:
    loaded since, or landed on a day that was still to come. True of all rows in a full build.
    Of several datasets behind one table the one that is furthest back decides. -#}
{% macro is_new(platform, datasets) -%}
    {%- if is_full_build() -%}
        true
    {%- else -%}
        {%- set since = var('since') -%}
        {%- set loads = [] -%}
        {%- for dataset in ([datasets] if datasets is string else datasets) -%}
            {%- do loads.append(since['loads'].get(platform ~ '.' ~ dataset, 0)) -%}
        {%- endfor -%}
        (load_no > {{ loads | min }} or landed_on > cast('{{ since["as_of"] }}' as date))
    {%- endif -%}
{%- endmacro %}


{#- Restricts a select to the orders that this build has to look at again: all in a full build. -#}
{% macro only_touched(table, key='order_id') -%}
    {%- set touched = ref('int_touched_orders') -%}
    {%- if not (execute and is_full_build()) -%}
    semi join {{ touched }} as touched on touched.order_id = {{ table }}.{{ key }}
    {%- endif -%}
{%- endmacro %}


{#- Takes the touched orders out of an incremental table before their new rows come in; an order
    may have none any more. -#}
{% macro forget_touched() -%}
    {%- set touched = ref('int_touched_orders') -%}
    {%- if execute and not is_full_build() and is_incremental() -%}
    delete from {{ this }} where order_id in (select order_id from {{ touched }})
    {%- endif -%}
{%- endmacro %}


{#- A number for "what the last build had seen" that never goes back: 0 when it had seen nothing. -#}
{% macro build_number() -%}
    {%- if is_full_build() -%}
        0
    {%- else -%}
        {%- set since = var('since') -%}
        {{ since['loads'].values() | sum }} + (cast('{{ since["as_of"] }}' as date) - date '2000-01-01')
    {%- endif -%}
{%- endmacro %}
