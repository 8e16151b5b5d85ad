{% set counts = ['visitors', 'views', 'add_to_cart_buyers', 'add_to_cart_qty', 'favourites',
    'paid_buyers', 'paid_qty'] -%}
with traffic as (
    {% for platform in var('traffic_platforms') %}
    select
        platform, shop_id, ds, platform_item_id, platform_sku_id,
        {{ counts | join(', ') }}, paid_amount
    from {{ ref('stg_' ~ platform ~ '__item_daily') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    traffic.platform,
    traffic.shop_id,
    traffic.ds,
    traffic.platform_item_id,
    traffic.platform_sku_id,
    codes.code as sold_code,
    {%- for count in counts %}
    cast(traffic.{{ count }} as double) as {{ count }},
    {%- endfor %}
    cast(traffic.paid_amount as decimal(18, 2)) as paid_amount
from traffic
left join {{ ref('int_listing_codes') }} as codes
    on codes.platform = traffic.platform
    and codes.shop_id = traffic.shop_id
    and codes.listing_key = coalesce(traffic.platform_sku_id, traffic.platform_item_id)
where traffic.ds <= {{ as_of() }}
