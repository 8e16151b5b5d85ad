{#- Every registered shop that is open sends orders: its own platform's, or the ERP's where the
    registry says that nothing else comes. A shop that opened within the last week may be silent.
    `orders` are relations with platform and shop_id, `erp_orders` one with erp_shop_id. -#}
{% test every_shop_sells(model, orders, erp_orders) %}
with heard as (
    {%- for relation in orders %}
    select distinct platform, shop_id from {{ relation }} where landed_on <= {{ as_of() }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

heard_by_erp as (
    select distinct erp_shop_id from {{ erp_orders }} where landed_on <= {{ as_of() }}
)

select shops.platform, shops.shop_id, shops.shop_name, shops.has_order_feed
from {{ model }} as shops
left join heard
    on shops.platform = heard.platform and shops.shop_id = heard.shop_id
left join heard_by_erp
    on shops.erp_shop_id = heard_by_erp.erp_shop_id
where coalesce(shops.opened_on, date '2000-01-01') <= {{ as_of() }} - 7
    and coalesce(shops.closed_on, {{ as_of() }}) >= {{ as_of() }}
    and if(shops.has_order_feed, heard.shop_id, heard_by_erp.erp_shop_id) is null
{% endtest %}
