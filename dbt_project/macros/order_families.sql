{#- The orders of table `own` and their kin: a parent goes when its children come, a refund of a parent
    lies on its children, and what the ERP knows of a platform's order hangs on what the platform
    knows of it. Kin of kin are kin: an order may have been split again and again. -#}
{% macro order_families(own) -%}
    with recursive kin as (
        {% for platform in var('order_platforms') %}
        {%- for above in ['parent_order_id', 'root_order_id'] %}
        select order_id, {{ above }} as kin_id
        from {{ ref('stg_' ~ platform ~ '__order_lines') }}
        where {{ above }} is not null
        {{ "union" if not loop.last }}
        {%- endfor %}
        {{ "union" if not loop.last }}
        {%- endfor %}
    ),

    ties as (
        select order_id, kin_id from kin
        union all
        select kin_id as order_id, order_id as kin_id from kin
    ),

    whole_families as (
        select order_id
        from {{ own }}
        where order_id is not null
        union
        select ties.kin_id as order_id
        from whole_families
        inner join ties
            on ties.order_id = whole_families.order_id
    )

    select order_id from whole_families
    union
    select lines.order_id
    from {{ ref('stg_jushuitan__order_lines') }} as lines
    inner join {{ ref('stg_registry__shops') }} as shops
        on shops.erp_shop_id = lines.erp_shop_id
    semi join whole_families
        on whole_families.order_id = concat_ws(':', shops.platform, shops.shop_id, lines.so_id)
    where lines.order_kind not in ('sale', 'presale')
{%- endmacro %}
