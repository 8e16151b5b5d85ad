{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='order_id'
) }}
with landed as (
    {{ current_orders('jd', version='modified_at', names=['sku_id', 'sku_code']) }}
),

orders as (
    select
        * replace (
            concat_ws(':', platform, shop_id, order_id) as order_id,
            -- nothing was paid yet when the API told an order that an export told since
            if(modified_at is null, nullif(actual_amount, 0), actual_amount) as actual_amount
        ),
        order_id as platform_order_id
    from landed
),

-- JD numbers no lines: a line is the n-th of its SKU in the order. It marks no gifts either: what
-- has a price of 0 is one.
lines as (
    select
        order_id,
        line_no,
        coalesce(sku_id, sku_code) as sku_id,
        row_number() over (
            partition by order_id, coalesce(sku_id, sku_code) order by line_no
        ) as occurrence_no,
        price_amount,
        qty,
        coalesce(price_amount = 0, false) as is_gift,
        cast(price_amount * cast(qty as decimal(18, 3)) as decimal(18, 2)) as gross_amount,
        case when coupons is null then seller_discount_amount end as unnamed_discount_amount
    from orders
),

-- The kind of a coupon is its leading number: "30" and "30-单品促销优惠" are one.
coupons as (
    select
        order_id,
        coupon.couponPrice as amount,
        nullif(coupon.skuId, '') as sku_id,
        regexp_extract(coupon.couponType, '^\d+') as kind
    from (
        select
            order_id,
            unnest(from_json(
                coupons,
                '[{"couponType": "VARCHAR", "couponPrice": "DECIMAL(18,2)", "skuId": "VARCHAR"}]'
            )) as coupon
        from orders
        where line_no = 1 and coupons is not null
    )
),

sku_promotions as (
    select order_id, sku_id, sum(amount) as promotion_total
    from coupons
    where kind = '30' and sku_id is not null
    group by all
),

-- 52 is a gift card, a means of payment and no discount. A promotion of one SKU that does not say
-- of which lies on the whole order.
order_coupons as (
    select
        order_id,
        sum(amount) filter (
            kind in ('20', '28', '29', '35', '100') or kind = '30' and sku_id is null
        ) as shop_total,
        sum(amount) filter (kind in ('34', '39', '41')) as platform_total
    from coupons
    group by order_id
),

promoted as (
    select
        *,
        {{ rounded_part('promotion_total', 'gross_amount', 'order_id, sku_id') }} as promotion_part,
        row_number() over (
            partition by order_id, sku_id
            order by coalesce(gross_amount > 0, false) desc, line_no desc
        ) = 1 as is_last_of_sku
    from (
        select
            lines.*,
            coalesce(sku_promotions.promotion_total, 0) as promotion_total,
            coalesce(unnamed_discount_amount, order_coupons.shop_total, 0) as shop_total,
            coalesce(order_coupons.platform_total, 0) as platform_total
        from lines
        left join sku_promotions using (order_id, sku_id)
        left join order_coupons using (order_id)
    )
),

-- What the rest of the order is shared by: price less the promotion of the SKU itself; units where
-- an export has no prices.
based as (
    select
        *,
        case
            when count(price_amount) over (partition by order_id) = 0
                then cast(qty as decimal(18, 2))
            else cast(greatest(coalesce(gross_amount - own_promotion_amount, 0), 0) as decimal(18, 2))
        end as allocation_base
    from (
        select
            *,
            coalesce(
                promotion_part + if(
                    is_last_of_sku,
                    promotion_total - sum(promotion_part) over (partition by order_id, sku_id),
                    0
                ),
                0
            ) as own_promotion_amount
        from promoted
    )
),

rounded as (
    select
        *,
        {{ rounded_part('shop_total', 'allocation_base', 'order_id') }} as shop_part,
        {{ rounded_part('platform_total', 'allocation_base', 'order_id') }} as platform_part,
        row_number() over (
            partition by order_id order by allocation_base > 0 desc, line_no desc
        ) = 1 as is_last
    from based
),

shared as (
    select
        order_id,
        line_no,
        {{ jd_line_id('order_id', 'sku_id', 'occurrence_no') }} as order_line_id,
        gross_amount,
        is_gift,
        allocation_base,
        own_promotion_amount + coalesce(
            shop_part + if(is_last, shop_total - sum(shop_part) over (partition by order_id), 0), 0
        ) as shop_amount,
        coalesce(
            platform_part + if(
                is_last, platform_total - sum(platform_part) over (partition by order_id), 0
            ),
            0
        ) as platform_amount,
        min(order_line_id) filter (not is_gift) over (partition by order_id) as first_goods_line,
        max(order_line_id) filter (not is_gift) over (partition by order_id) as last_goods_line
    from rounded
),

named as (
    select
        orders.*,
        shared.* exclude (order_id, line_no),
        case
            when status in ('NOT_PAY', 'DengDaiFuKuan', '等待付款') then 'created'
            when status in (
                'WAIT_GOODS_RECEIVE_CONFIRM', 'WAIT_SELLER_DELIVERY', 'DengDaiQueRenShouHuo',
                'DengDaiFaHuo', '等待确认收货'
            ) then 'shipped'
            when status in ('FINISHED_L', 'WanCheng', '完成', '已完成') then 'completed'
            when status in ('TRADE_CANCELED', 'DELIVERY_RETURN', 'PeiSongTuiHuo')
                or status like '%取消%'
                then 'closed'
            -- in the shop's hands, on hold or locked; on delivery and pay-later orders are here
            -- without a payment
            else if(paid_at is null, 'created', 'paid')
        end as lifecycle
    from orders
    inner join shared using (order_id, line_no)
)

select
    order_id,
    order_line_id,
    platform,
    shop_id,
    platform_order_id,
    platform || ':' || shop_id || ':' || coalesce(
        nullif(nullif(direct_parent_id, '0'), platform_order_id),
        nullif(nullif(parent_id, '0'), platform_order_id)
    ) as parent_order_id,
    platform || ':' || shop_id || ':' || nullif(nullif(parent_id, '0'), platform_order_id)
        as root_order_id,
    line_no,
    item_id as platform_item_id,
    sku_id as platform_sku_id,
    sku_code as merchant_code,
    cast(null as varchar) as barcode,
    qty,
    gross_amount,
    cast(shop_amount as decimal(18, 2)) as seller_discount_amount,
    cast(platform_amount as decimal(18, 2)) as platform_discount_amount,
    cast(null as decimal(18, 2)) as channel_discount_amount,
    cast(null as decimal(18, 2)) as paid_amount,
    cast(
        coalesce(actual_amount, payment_amount + coalesce(balance_amount, 0))
        - coalesce(freight_amount, 0) - coalesce(tax_amount, 0) as decimal(18, 2)
    ) as order_goods_amount,
    allocation_base,
    cast(null as decimal(18, 2)) as receivable_amount,
    freight_amount,
    created_at,
    cast(null as timestamptz) as deposit_paid_at,
    paid_at,
    case
        when regexp_full_match(shipped_text, '\d{13}')
            then to_timestamp(cast(shipped_text as bigint) / 1000)
        when shipped_text >= '2000'
            then timezone('Asia/Shanghai', try_strptime(shipped_text, '%Y-%m-%d %H:%M:%S'))
    end as shipped_at,
    case when lifecycle = 'completed' then ended_at end as finished_at,
    case when lifecycle = 'closed' then ended_at end as closed_at,
    cast(null as timestamptz) as ship_due_at,
    modified_at as source_modified_at,
    cast(null as decimal(18, 2)) as deposit_amount,
    cast(null as decimal(18, 2)) as balance_amount,
    status as status_raw,
    lifecycle,
    false as is_forfeited,
    is_gift,
    case
        when is_gift and first_goods_line = last_goods_line then first_goods_line
    end as main_line_id,
    case
        when return_order = '1' then 'reissue'
        when return_order = '2' then 'exchange'
        when order_type = '75' then 'service'
        else 'sale'
    end as order_kind,
    cast(null as varchar) as channel,
    cast(null as varchar) as kol_id,
    cast(null as varchar) as room_id,
    coalesce(buyer_xid, buyer_open_id) as buyer_key,
    case
        when buyer_xid is not null then 'jd_xid'
        when buyer_open_id is not null then 'jd_open_id'
    end as buyer_key_type,
    cast(null as varchar) as union_key,
    address_token as address_key,
    nullif(store_id, '0') as warehouse_code,
    cast(null as varchar) as seller_flag,
    cast(null as varchar) as components,
    cast(null as varchar) as promo_id,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from named
