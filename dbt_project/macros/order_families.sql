{#- The orders of table `own` and their kin: a parent goes when its children come, a refund of a parent
    lies on its children, and what the ERP knows of a platform's order hangs on what the platform
    knows of it. -#}
{% macro order_families(own) -%}
    with parents as (
        {% for platform in var('order_platforms') %}
        select parent_order_id as order_id
        from {{ ref('stg_' ~ platform ~ '__order_lines') }} as lines
        semi join {{ own }} as own
            on own.order_id = lines.order_id
        where parent_order_id is not null
        {{ "union" if not loop.last }}
        {% endfor %}
    ),

    with_parents as (
        select order_id from {{ own }}
        union
        select order_id from parents
    ),

    children as (
        {% for platform in var('order_platforms') %}
        select lines.order_id
        from {{ ref('stg_' ~ platform ~ '__order_lines') }} as lines
        semi join with_parents
            on with_parents.order_id = lines.parent_order_id
        where lines.parent_order_id is not null
        {{ "union" if not loop.last }}
        {% endfor %}
    ),

    whole_families as (
        select order_id from with_parents
        union
        select order_id from children
    )

    select order_id
    from whole_families
    where order_id is not null
    union
    select lines.order_id
    from {{ ref('stg_jushuitan__order_lines') }} as lines
    inner join {{ ref('stg_registry__shops') }} as shops
        on shops.erp_shop_id = lines.erp_shop_id
    semi join whole_families
        on whole_families.order_id = concat_ws(':', shops.platform, shops.shop_id, lines.so_id)
    where lines.order_kind not in ('sale', 'presale')
{%- endmacro %}
