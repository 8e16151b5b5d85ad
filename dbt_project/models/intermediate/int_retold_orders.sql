-- The orders that their platforms or the ERP tell otherwise than the last build left them, or that
-- another code, link, listing, barcode or shop now speaks of. A full build looks at all orders without
-- asking, so for it there are none here.
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

-- what the platforms tell anew, and what was still to come when the last build was made
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
    {% if not everything -%}
    select order_id
    from {{ ref('int_lines') }}
    where greatest(paid_at, shipped_at, finished_at) >= {{ end_of(seen_as_of()) }}
    union all
    {%- endif %}
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
    select order_id from told where {{ not everything }}
    union
    select order_id from remapped where {{ not everything }}
),

families as (
    {{ order_families('own') }}
)

select order_id from families where {{ not everything }}
