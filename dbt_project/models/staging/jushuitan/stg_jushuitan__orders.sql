{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='erp_order_id'
) }}
with landed as (
    {{ current_records(
        'jushuitan', 'orders', "concat_ws(':', platform, shop_id, o_id)", 'erp_order_id'
    ) }}
),

told as (
    select
        *,
        concat_ws(':', platform, shop_id, o_id) as erp_order_id,
        -- a merged order's lines still know the platform order they came with
        coalesce(raw_so_id, so_id) as platform_order_id,
        coalesce(is_gift, false) as is_given,
        case
            when status = 'WaitPay'
                then if(coalesce(is_presale, false) and paid_amount > 0, 'deposit_paid', 'created')
            when status = 'Cancelled' then 'closed'
            when status = 'Sent'
                then if(
                    shop_status in ('TRADE_FINISHED', 'FINISHED_L', 'TRADE_SUCCESS'),
                    'completed',
                    'shipped'
                )
            else if(paid_at is null, 'created', 'paid')
        end as lifecycle,
        case
            when order_from = 'COPY' then 'reissue'
            when coalesce(order_type, '普通订单') = '普通订单'
                then if(coalesce(is_presale, false), 'presale', 'sale')
            when order_type like '补发%' then 'reissue'
            when order_type like '换货%' then 'exchange'
            when regexp_matches(order_type, '分销|供销|批发') then 'wholesale'
            when regexp_matches(order_type, '样品|寄样') then 'sample'
            when order_type like '补差%' then 'topup'
            else 'service'
        end as order_kind
    from landed
)

select
    concat_ws(':', platform, shop_id, erp_shop_id, coalesce(platform_order_id, o_id)) as order_id,
    concat_ws(':', erp_order_id, oi_id) as order_line_id,
    erp_order_id,
    platform,
    shop_id,
    erp_shop_id,
    platform_order_id as so_id,
    platform_order_id,
    outer_oi_id,
    cast(null as varchar) as parent_order_id,
    cast(null as varchar) as root_order_id,
    line_no,
    cast(null as varchar) as platform_item_id,
    shop_sku_id as platform_sku_id,
    sku_id as merchant_code,
    cast(null as varchar) as barcode,
    qty,
    cast(base_price_amount * cast(qty as decimal(18, 3)) as decimal(18, 2)) as gross_amount,
    cast(null as decimal(18, 2)) as seller_discount_amount,
    cast(null as decimal(18, 2)) as platform_discount_amount,
    cast(null as decimal(18, 2)) as channel_discount_amount,
    cast(
        case
            when is_given then 0
            -- only some platforms tell the buyer's cash; of the others it is 0 or missing
            when buyer_paid_amount = 0 and line_amount > 0 then line_amount
            else coalesce(buyer_paid_amount, line_amount)
        end as decimal(18, 2)
    ) as paid_amount,
    cast(paid_amount - coalesce(freight_amount, 0) as decimal(18, 2)) as order_goods_amount,
    cast(null as decimal(18, 2)) as allocation_base,
    cast(null as decimal(18, 2)) as receivable_amount,
    -- a merged order tells its freight once for the platform orders it holds: the first has it
    case
        when coalesce(platform_order_id, '') = first_value(coalesce(platform_order_id, '')) over (
            partition by erp_order_id
            order by is_given, coalesce(item_status, '') = 'Replaced', line_no, oi_id
        ) then freight_amount
    end as freight_amount,
    ordered_at as created_at,
    cast(null as timestamptz) as deposit_paid_at,
    case when lifecycle <> 'deposit_paid' then paid_at end as paid_at,
    shipped_at,
    cast(null as timestamptz) as finished_at,
    case when lifecycle = 'closed' then changed_at end as closed_at,
    cast(null as timestamptz) as ship_due_at,
    changed_at as source_modified_at,
    cast(null as decimal(18, 2)) as deposit_amount,
    cast(null as decimal(18, 2)) as balance_amount,
    status as status_raw,
    lifecycle,
    false as is_forfeited,
    is_given as is_gift,
    is_given and outer_oi_id is null as is_erp_gift,
    cast(null as varchar) as main_line_id,
    order_kind,
    order_type as erp_type,
    order_from,
    sku_type,
    item_status,
    cast(null as varchar) as channel,
    cast(null as varchar) as kol_id,
    cast(null as varchar) as room_id,
    buyer_id as buyer_key,
    case when buyer_id is not null then 'erp_buyer_id' end as buyer_key_type,
    cast(null as varchar) as union_key,
    cast(null as varchar) as address_key,
    nullif(wms_co_id, '0') as warehouse_code,
    cast(null as varchar) as seller_flag,
    cast(null as varchar) as components,
    cast(null as varchar) as promo_id,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from told
