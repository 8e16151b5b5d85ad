{#-
    What a data test looks at: the rows of its `where`, and in an incremental build, of the tables
    that grow with every order, only what that build brought. What it left alone was tested when it
    came. dbt calls this for the table of every generic test.
-#}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [] -%}
    {%- if config.get('where', '') -%}
        {%- do conditions.append('(' ~ config.get('where') ~ ')') -%}
    {%- endif -%}
    {%- if execute and not is_full_build() -%}
        {%- set fresh = fresh_rows(relation) -%}
        {%- if fresh -%}{%- do conditions.append(fresh) -%}{%- endif -%}
    {%- endif -%}
    {%- if conditions -%}
        (select * from {{ relation }} where {{ conditions | join(' and ') }}) as tested
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}


{#- The condition for the rows of a table that this build brought; nothing for small tables, which
    are built anew each time. -#}
{% macro fresh_rows(relation) -%}
    {%- set grow_with_orders = [
        'int_order_lines', 'int_refund_lines', 'int_visible_lines', 'fct_order_lines', 'fct_refunds',
        'fct_deposits'
    ] -%}
    {%- set name = relation.identifier -%}
    {%- if name in grow_with_orders -%}
        order_id in (select order_id from {{ relation.incorporate(path={'identifier': 'int_touched_orders'}) }})
    {%- elif told('since')['loads'].get(relation.schema ~ '.' ~ name) is not none -%}
        {{ is_new(relation.schema, name) }}
    {%- else -%}
        {%- set staged = modules.re.fullmatch('stg_([a-z]+)__(order_lines|orders|outbound|refunds)', name) -%}
        {%- if staged -%}
            {%- set dataset = {'order_lines': 'orders'}.get(staged.group(2), staged.group(2)) -%}
            {%- if staged.group(1) == 'generic' -%}
                {{ is_new('generic', 'order_lines') }}
            {%- elif dataset == 'refunds' -%}
                {{ is_new_refund(staged.group(1)) }}
            {%- else -%}
                {{ is_new(staged.group(1), dataset) }}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
