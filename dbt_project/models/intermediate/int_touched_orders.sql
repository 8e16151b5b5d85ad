-- The orders that may read otherwise than the last build left them. A full build looks at all
-- orders without asking, so for it there are none here.
{%- set everything = execute and is_full_build() %}
{%- set platforms = var('order_platforms') + ['generic'] %}
with shops as (
    select platform, shop_id, erp_shop_id
    from {{ ref('stg_registry__shops') }}
    where erp_shop_id is not null
),

changed as (
    select kind, key, previous_digest
    from {{ ref('int_mapping_keys') }}
    where changed_at_build >= {{ build_number() }}
),

-- what the platforms tell anew, and refunds that were still to come when the last build was made
told as (
    {% for platform in platforms %}
    {%- set orders = 'order_lines' if platform == 'generic' else 'orders' %}
    select order_id
    from {{ ref('stg_' ~ platform ~ '__order_lines') }}
    where {{ is_new(platform, orders) }}
    union all
    select order_id
    from {{ ref('stg_' ~ platform ~ '__refunds') }}
    where {{ is_new_refund(platform) }}
        {% if not everything -%}
        or success_at >= {{ end_of(seen_as_of()) }}
        or created_at >= {{ end_of(seen_as_of()) }}
        {%- endif %}
    union all
    {% endfor %}
    select order_id
    from {{ ref('stg_jushuitan__orders') }}
    where {{ is_new('jushuitan', 'orders') }}
    union all
    select concat_ws(':', shops.platform, shops.shop_id, orders.so_id) as order_id
    from {{ ref('stg_jushuitan__orders') }} as orders
    inner join shops using (erp_shop_id)
    where {{ is_new('jushuitan', 'orders') }}
    union all
    select concat_ws(':', shops.platform, shops.shop_id, outbound.so_id) as order_id
    from {{ ref('stg_jushuitan__outbound') }} as outbound
    inner join shops using (erp_shop_id)
    where {{ is_new('jushuitan', 'outbound') }}
),

-- lines that a changed code, link, listing or barcode speaks of
remapped as (
    {% for platform in platforms + ['jushuitan'] %}
    {%- set staged = ref('int_erp_lines' if platform == 'jushuitan'
        else 'stg_' ~ platform ~ '__order_lines') %}
    select order_id
    from {{ staged }} as lines
    semi join changed
        on changed.kind = 'code' and changed.key = lines.merchant_code
    union all
    {%- if platform in var('order_platforms') %}
    select order_id
    from {{ staged }} as lines
    semi join changed
        on changed.kind in ('link', 'listing')
        and changed.key = concat_ws(
            '|', lines.platform, lines.shop_id,
            coalesce(lines.platform_sku_id, lines.platform_item_id)
        )
    union all
    select order_id
    from {{ staged }} as lines
    semi join changed
        on changed.kind = 'barcode' and changed.key = lines.barcode
    union all
    select order_id
    from (
        select
            order_id, unnest(from_json(components, '[{"code": "VARCHAR"}]')).code as code
        from {{ staged }}
        where components is not null
    ) as lines
    semi join changed
        on changed.kind = 'code' and changed.key = lines.code
    union all
    {%- endif %}
    {%- endfor %}
    {% for platform in platforms + ['jushuitan'] %}
    select order_id
    from {{ ref('int_erp_lines' if platform == 'jushuitan'
        else 'stg_' ~ platform ~ '__order_lines') }} as lines
    semi join changed
        on changed.kind = 'home' and changed.key = concat_ws('|', lines.platform, lines.shop_id)
    union all
    {% endfor %}
    select key as order_id
    from changed
    where kind = 'brush'
    union all
    -- orders of a shop that the registry knows otherwise, under the old and the new name
    select unnest([
        lines.order_id,
        concat_ws(':', shops.platform, shops.shop_id, lines.so_id),
        concat_ws(
            ':', split_part(changed.previous_digest, ':', 1),
            split_part(changed.previous_digest, ':', 2), lines.so_id
        )
    ]) as order_id
    from {{ ref('stg_jushuitan__order_lines') }} as lines
    inner join changed
        on changed.kind = 'shop' and changed.key = lines.erp_shop_id
    left join shops
        on shops.erp_shop_id = lines.erp_shop_id
),

own as (
    select order_id from told
    union
    select order_id from remapped
),

-- a parent goes when its children come, and a refund of a parent lies on its children
family as (
    {% for platform in var('order_platforms') %}
    select parent_order_id as order_id
    from {{ ref('stg_' ~ platform ~ '__order_lines') }} as lines
    semi join own on own.order_id = lines.order_id
    where parent_order_id is not null
    {{ "union" if not loop.last }}
    {% endfor %}
),

with_parents as (
    select order_id from own
    union
    select order_id from family
),

children as (
    {% for platform in var('order_platforms') %}
    select lines.order_id
    from {{ ref('stg_' ~ platform ~ '__order_lines') }} as lines
    semi join with_parents on with_parents.order_id = lines.parent_order_id
    where lines.parent_order_id is not null
    {{ "union" if not loop.last }}
    {% endfor %}
),

whole_families as (
    select order_id from with_parents
    union
    select order_id from children
),

-- what the ERP knows of a platform's order hangs on what the platform knows of it
erp_twins as (
    select lines.order_id
    from (
        select
            lines.order_id,
            concat_ws(':', shops.platform, shops.shop_id, lines.so_id) as sold_order_id
        from {{ ref('stg_jushuitan__order_lines') }} as lines
        inner join shops using (erp_shop_id)
        where lines.order_kind not in ('sale', 'presale')
    ) as lines
    semi join whole_families on whole_families.order_id = lines.sold_order_id
)

select order_id from whole_families where {{ not everything }} and order_id is not null
union
select order_id from erp_twins where {{ not everything }}
