{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='refund_id'
) }}
with landed as (
    {{ current_records(
        'taobao', 'refunds',
        "concat_ws(':', platform, shop_id, 'r', refund_id, if(modified_at is null, 'e', 'a'))",
        together="concat_ws(':', platform, shop_id, 'r', refund_id)"
    ) }}
),

-- an export has few columns: the newest says where a refund stands, what only the other knows is kept
joined as (
    select
        last_value(columns(* exclude (modified_at, load_no)) ignore nulls) over a_refund,
        modified_at,
        max(load_no) over a_refund as load_no
    from landed
    window a_refund as (
        partition by platform, shop_id, refund_id order by source_version, modified_at is not null
    )
    qualify row_number() over (
        partition by platform, shop_id, refund_id
        order by source_version desc, modified_at is not null desc
    ) = 1
),

named as (
    select
        *,
        concat_ws(':', platform, shop_id, order_id) as full_order_id,
        case
            when status in ('SUCCESS', '退款成功') then 'success'
            when status in ('CLOSED', '退款关闭') then 'closed'
            when status = 'SELLER_REFUSE_BUYER' or status like '%拒绝%' then 'refused'
            when status in ('WAIT_BUYER_RETURN_GOODS', 'EXCHANGE_TRANSFORM_TO_REFUND')
                or status like '%等待买家退货%'
                then 'approved'
            when status in (
                'WAIT_SELLER_CONFIRM_GOODS',
                'WAIT_SELLER_CONSIGN_GOODS',
                'WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS'
            ) or status like '%等待商家收货%' or status like '%等待卖家确认收货%'
                then 'goods_in_transit'
            else 'requested'
        end as refund_status,
        case
            when special_type is not null or dispute_type like '%价保%' then 'price_protect'
            when dispute_type in ('TMALL_EXCHANGE', 'TAOBAO_EXCHANGE')
                or dispute_type like '%换货%'
                then 'exchange'
            when dispute_type = 'REPAIR' or dispute_type like '%维修%' then 'repair'
            when dispute_type = 'RESHIPPING' or dispute_type like '%补寄%' then 'reship'
            when dispute_type = 'REFUND_AND_RETURN' or dispute_type like '%退货%' or is_return
                then 'return_refund'
            when dispute_type like '%未发货%' then 'cancel_before_ship'
            -- everything back, before receipt, and nothing was under way
            when phase = 'onsale' and goods_status = 'BUYER_NOT_RECEIVED' and kept_amount = 0
                and coalesce(order_status, '') <> 'WAIT_BUYER_CONFIRM_GOODS'
                then 'cancel_before_ship'
            else 'refund_only'
        end as type
    from joined
)

select
    concat_ws(':', platform, shop_id, 'r', refund_id) as refund_id,
    full_order_id as order_id,
    full_order_id || ':' || line_id as order_line_id,
    cast(null as varchar) as platform_sku_id,
    merchant_code,
    platform,
    shop_id,
    type,
    case
        when phase in ('onsale', 'aftersale') then phase
        when type = 'cancel_before_ship' then 'onsale'
    end as phase,
    status as status_raw,
    refund_status as status,
    qty,
    coalesce(all_refund_amount, refund_amount) as requested_amount,
    case when refund_status = 'success' then refund_amount end as success_amount,
    cast(null as decimal(18, 2)) as freight_amount,
    platform_amount as platform_returned_amount,
    created_at,
    case
        when refund_status = 'success' then coalesce(finished_at, modified_at, source_version)
    end as success_at,
    modified_at,
    coalesce(is_return, type in ('return_refund', 'exchange', 'repair')) as is_goods_back,
    'r' as feed,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from named
