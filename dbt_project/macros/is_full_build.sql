{#- Whether every table is built anew: nothing says what the last build had seen, or a person asks. -#}
{% macro is_full_build() -%}
    {{ return(told('since') is none or flags.FULL_REFRESH) }}
{%- endmacro %}


{#- dbt asks this for every incremental model and seed. -#}
{% macro should_full_refresh() -%}
    {{ return(is_full_build()) }}
{%- endmacro %}


{#- The condition for rows of the lake, or of a staging table, that the last build did not see: those
    of later loads. A number alone, so that only their files are read. True of all in a full build. -#}
{% macro is_new(platform, dataset) -%}
    {%- if is_full_build() -%}
        true
    {%- else -%}
        load_no > {{ told('since')['loads'].get(platform ~ '.' ~ dataset, 0) }}
    {%- endif -%}
{%- endmacro %}


{#- The same for a platform's refunds, whose feeds may be datasets of their own. -#}
{% macro is_new_refund(platform) -%}
    {%- if platform == 'generic' -%}
        {{ is_new('generic', 'order_lines') }}
    {%- elif platform in var('refund_feeds') -%}
        case feed
            {%- for feed, dataset in var('refund_feeds')[platform].items() %}
            when '{{ feed }}' then {{ is_new(platform, dataset) }}
            {%- endfor %}
        end
    {%- else -%}
        {{ is_new(platform, 'refunds') }}
    {%- endif -%}
{%- endmacro %}


{#- Restricts a select from `name` to what this build has to look at again, by `key`: the orders that
    are touched unless `table` says otherwise. All in a full build. An inner join, for a semi join may
    be turned around and keep all of `name` in memory. -#}
{% macro only_touched(name, table='int_touched_orders', key='order_id') -%}
    {%- set touched = ref(table) -%}
    {%- if not (execute and is_full_build()) -%}
    inner join (select distinct {{ key }} as touched_key from {{ touched }}) as touched
        on touched.touched_key = {{ name }}.{{ key }}
    {%- endif -%}
{%- endmacro %}


{#- The same for lines, by the account that ordered: that of `int_touched_accounts`. -#}
{% macro only_touched_accounts(name) -%}
    {%- set touched = ref('int_touched_accounts') -%}
    {%- if not (execute and is_full_build()) -%}
    inner join {{ touched }} as touched
        on touched.buyer_key = {{ name }}.buyer_key
        and touched.shop_id = {{ name }}.shop_id
        and touched.platform = {{ name }}.platform
    {%- endif -%}
{%- endmacro %}


{#- The lines as their platforms tell them that this build looks at; all in a full build. -#}
{% macro lines_to_read() -%}
    {%- set everything = ref('int_lines') -%}
    {%- set touched = ref('int_touched_lines') -%}
    {{ everything if execute and is_full_build() else touched }}
{%- endmacro %}


{#- Takes what this build looks at again out of an incremental table before its new rows come in: the
    rows whose `key` is in `table`. There may be none of them any more. -#}
{% macro forget(table='int_touched_orders', key='order_id') -%}
    {%- set touched = ref(table) -%}
    {%- if execute and not is_full_build() and is_incremental() -%}
    delete from {{ this }} where {{ key }} in (select {{ key }} from {{ touched }})
    {%- endif -%}
{%- endmacro %}


{#- Takes out of a table of notes what builds noted that have succeeded since. -#}
{% macro forget_former_builds() -%}
    {%- if execute and not is_full_build() and is_incremental() -%}
    delete from {{ this }} where build_number <> {{ build_number() }}
    {%- endif -%}
{%- endmacro %}


{#- The last day the last build could see. -#}
{% macro seen_as_of() -%}
    cast('{{ (told("since") or {"as_of": "2000-01-01"})["as_of"] }}' as date)
{%- endmacro %}


{#- A number for "what the last build had seen" that never goes back: 0 when it had seen nothing. -#}
{% macro build_number() -%}
    {%- if is_full_build() -%}
        0
    {%- else -%}
        {%- set since = told('since') -%}
        {{ since['loads'].values() | sum }} + (cast('{{ since["as_of"] }}' as date) - date '2000-01-01')
    {%- endif -%}
{%- endmacro %}
