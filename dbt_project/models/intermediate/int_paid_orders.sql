{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget('int_retold_orders') }}"
) }}

-- Every paid order as far as it is visible at as_of, with what could betray a brush order (刷单) in
-- it. account, address and listing are digests that hold within a shop; draw decides who is in a
-- sample, by the order's id and so however the orders came in.
with lines as (
    select
        lines.order_id,
        lines.parent_order_id,
        lines.root_order_id,
        lines.platform,
        lines.shop_id,
        lines.buyer_key,
        lines.address_key,
        lines.seller_flag,
        coalesce(lines.is_gift, false) as is_gift,
        coalesce(lines.platform_sku_id, lines.platform_item_id) as listing,
        lines.qty,
        lines.gross_amount,
        lines.paid_amount,
        lines.order_goods_amount,
        lines.paid_at,
        case when {{ beijing_date('lines.shipped_at') }} <= {{ as_of() }} then lines.shipped_at end
            as shipped_at,
        case when {{ beijing_date('lines.finished_at') }} <= {{ as_of() }} then lines.finished_at end
            as finished_at
    from {{ ref('int_lines') }} as lines
    {{ only_touched('lines', 'int_retold_orders') }}
    where lines.order_kind in ('sale', 'presale')
        and {{ beijing_date('lines.paid_at') }} <= {{ as_of() }}
),

orders as (
    select
        order_id,
        min(platform) as platform,
        min(platform || ':' || shop_id) as shop,
        min(buyer_key) as buyer_key,
        min(address_key) as address_key,
        min(nullif(seller_flag, '0')) as seller_flag,
        min(paid_at) as paid_at,
        max(shipped_at) as shipped_at,
        max(finished_at) as finished_at,
        min(listing) filter (where not is_gift) as listing,
        max(listing) filter (where not is_gift) as last_listing,
        coalesce(sum(qty) filter (where not is_gift), 0) as units,
        bool_or(is_gift) as has_gift,
        cast(coalesce(max(order_goods_amount), sum(paid_amount)) as double)
            / nullif(cast(sum(gross_amount) filter (where not is_gift) as double), 0) as price_rate
    from lines
    -- an order split into parcels is counted by its parcels
    anti join ({{ superseded_orders('lines') }}) as superseded
        on superseded.order_id = lines.order_id
    group by order_id
)

select
    order_id,
    platform,
    shop,
    case when buyer_key is not null then hash(shop, buyer_key) end as account,
    case when address_key is not null then hash(shop, address_key) end as address,
    case when listing is not null then hash(shop, listing) end as listing,
    seller_flag,
    cast(epoch(paid_at) as bigint) as paid_second,
    cast(hour(timezone('Asia/Shanghai', paid_at)) as integer) as paid_hour,
    {{ beijing_date('paid_at') }} as paid_on,
    (epoch(shipped_at) - epoch(paid_at)) / 3600 as hours_to_ship,
    (epoch(finished_at) - epoch(paid_at)) / 3600 as hours_to_finish,
    listing = last_listing as has_one_listing,
    units,
    has_gift,
    price_rate,
    md5_number_upper(order_id) as draw
from orders
