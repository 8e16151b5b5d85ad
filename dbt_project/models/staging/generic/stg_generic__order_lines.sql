{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='order_line_id'
) }}
with landed as (
    {{ current_records(
        'generic', 'order_lines', "concat_ws(':', platform, shop_id, order_id, line_id)",
        'order_line_id'
    ) }}
),

-- fully refunded without an amount: all of it; refunded without a day: the day we were told
told as (
    select
        * replace (lower(coalesce(lifecycle, 'paid')) as lifecycle),
        case
            when lower(lifecycle) = 'refunded' then coalesce(refund_amount, paid_amount)
            when refund_amount > 0 then refund_amount
        end as stated_refund_amount,
        coalesce(refunded_at, timezone('Asia/Shanghai', cast(landed_on as timestamp)))
            as stated_refund_at
    from landed
)

select
    concat_ws(':', platform, shop_id, order_id) as order_id,
    concat_ws(':', platform, shop_id, order_id, line_id) as order_line_id,
    platform,
    shop_id,
    order_id as platform_order_id,
    cast(null as varchar) as parent_order_id,
    cast(null as varchar) as root_order_id,
    source_row as line_no,
    cast(null as varchar) as platform_item_id,
    sku_id as platform_sku_id,
    sku_id as merchant_code,
    cast(null as varchar) as barcode,
    qty,
    gross_amount,
    cast(null as decimal(18, 2)) as seller_discount_amount,
    cast(null as decimal(18, 2)) as platform_discount_amount,
    cast(null as decimal(18, 2)) as channel_discount_amount,
    paid_amount,
    cast(null as decimal(18, 2)) as order_goods_amount,
    cast(null as decimal(18, 2)) as allocation_base,
    cast(null as decimal(18, 2)) as receivable_amount,
    cast(null as decimal(18, 2)) as freight_amount,
    ordered_at as created_at,
    cast(null as timestamptz) as deposit_paid_at,
    paid_at,
    shipped_at,
    cast(null as timestamptz) as finished_at,
    case when lifecycle = 'refunded' then stated_refund_at end as closed_at,
    cast(null as timestamptz) as ship_due_at,
    updated_at as source_modified_at,
    cast(null as decimal(18, 2)) as deposit_amount,
    cast(null as decimal(18, 2)) as balance_amount,
    lifecycle as status_raw,
    lifecycle,
    false as is_forfeited,
    coalesce(is_gift, false) as is_gift,
    cast(null as varchar) as main_line_id,
    'sale' as order_kind,
    cast(null as varchar) as channel,
    cast(null as varchar) as kol_id,
    cast(null as varchar) as room_id,
    customer_id as buyer_key,
    case when customer_id is not null then 'generic' end as buyer_key_type,
    cast(null as varchar) as union_key,
    cast(null as varchar) as address_key,
    warehouse_id as warehouse_code,
    cast(null as varchar) as seller_flag,
    cast(null as varchar) as components,
    case when promo_id is not null then concat_ws(':', platform, shop_id, promo_id) end as promo_id,
    stated_refund_amount as refund_amount,
    case when stated_refund_amount is not null then stated_refund_at end as refunded_at,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from told
