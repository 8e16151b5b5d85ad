-- Lines that only the ERP tells of: all of a shop whose own orders do not land; of other shops what
-- the platform does not know, which is gifts that staff put in and orders that are no sales. A gift
-- goes to the platform's order. A cancelled order of which the ERP alone tells is cancelled, whatever
-- had been paid: in the ERP only refund rows make an order refunded.
{% set is_cancelled = "lifecycle = 'closed' and not (has_order_feed and order_kind in ('sale', 'presale'))" %}
with lines as (
    select
        lines.*,
        coalesce(shops.platform, lines.platform) as sold_platform,
        coalesce(shops.shop_id, lines.erp_shop_id) as sold_shop_id,
        coalesce(shops.has_order_feed, false)
            and shops.platform in ('{{ var("order_platforms") | join("', '") }}') as has_order_feed,
        concat_ws(':', shops.platform, shops.shop_id, lines.so_id) as sold_order_id
    from {{ ref('stg_jushuitan__order_lines') }} as lines
    left join {{ ref('stg_registry__shops') }} as shops
        on shops.erp_shop_id = lines.erp_shop_id
),

-- A reissue may go by the number of the order it repairs, or be one of the platform's own orders.
known_to_platform as (
    {% for platform in var('order_platforms') %}
    select distinct order_id, order_kind
    from {{ ref('stg_' ~ platform ~ '__order_lines') }}
    where order_kind not in ('sale', 'presale')
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    * exclude (sold_platform, sold_shop_id, sold_order_id, has_order_feed) replace (
        sold_platform as platform,
        sold_shop_id as shop_id,
        case
            when has_order_feed and order_kind in ('sale', 'presale') then sold_order_id
            else order_id
        end as order_id,
        if({{ is_cancelled }}, 'cancelled', lifecycle) as lifecycle,
        if({{ is_cancelled }}, null, paid_at) as paid_at
    ),
    sold_order_id
from lines
anti join known_to_platform
    on known_to_platform.order_id = lines.sold_order_id
    and known_to_platform.order_kind = lines.order_kind
    and lines.order_kind not in ('sale', 'presale')
where not has_order_feed
    or order_kind in ('reissue', 'exchange', 'sample', 'wholesale')
    or (order_kind in ('sale', 'presale') and is_erp_gift)
