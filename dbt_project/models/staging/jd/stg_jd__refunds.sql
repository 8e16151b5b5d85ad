{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='refund_id'
) }}
-- JD tells of refunds in two feeds: services after receipt (a) and cancellations before shipping
-- (c). Either alone is half of them. Of a service one method tells the refund it led to, another
-- nothing of it, so what they say is joined.
with landed_services as (
    {{ current_records(
        'jd', 'refunds',
        "concat_ws(':', platform, shop_id, 'a', service_id, case when refund_amount is not null then 'amount' when refund_status is not null then 'refund' end, if(modified_at is null, 'e', null))",
        together="concat_ws(':', platform, shop_id, 'a', service_id)"
    ) }}
),

-- the newest says where it stands; what only another knows is kept
services as (
    select
        platform,
        shop_id,
        service_id,
        {%- for column in ['order_id', 'sku_id', 'expectation', 'expectation_name',
            'service_status', 'refund_status', 'qty', 'line_paid_amount', 'refund_amount',
            'created_at', 'finished_at', 'modified_at', 'source_file'] %}
        max_by({{ column }}, (source_version, row_hash))
            filter (where {{ column }} is not null) as {{ column }},
        {%- endfor %}
        max(load_no) as load_no,
        max(source_version) as source_version,
        max(row_hash) as row_hash,
        max(landed_on) as landed_on
    from landed_services
    group by all
),

cancellations as (
    {{ current_records(
        'jd', 'cancellations', "concat_ws(':', platform, shop_id, 'c', refund_id)", 'refund_id'
    ) }}
),

told as (
    select
        *,
        'a' as feed,
        service_id as platform_refund_id,
        coalesce(service_status, refund_status) as status_raw,
        case
            -- a word of an export, which says that the money is back: the API's status is older
            when service_status in ('完成', '已完成') and refund_amount > 0 then 'success'
            when refund_status = '13' then 'success'
            when refund_status = '14' then 'closed'
            when service_status in ('10010', '完成', '已完成') and refund_status is null
                then 'success'
            when service_status in ('10004', '审核不通过') then 'refused'
            when service_status in ('10011', '取消', '已取消') then 'closed'
            when service_status in ('10001', '待审核') or service_status is null then 'requested'
            when service_status in ('10005', '待收货') then 'goods_in_transit'
            else 'approved'
        end as status,
        case
            when expectation_name like '%价保%' or expectation_name like '%价格保护%'
                then 'price_protect'
            when expectation = '20' or expectation_name like '%换%' then 'exchange'
            when expectation = '30' or expectation_name like '%修%' then 'repair'
            when expectation_name like '%补%' then 'reship'
            when expectation = '10' or expectation_name like '%退货%' then 'return_refund'
            else 'refund_only'
        end as type,
        'aftersale' as phase,
        line_paid_amount as requested_amount,
        -- a returned unit gives back what was paid for it; no other request stands in for what
        -- was really paid back
        coalesce(refund_amount, if(type = 'return_refund', line_paid_amount, null))
            as back_amount
    from services

    union all by name

    select
        * exclude (status),
        'c' as feed,
        refund_id as platform_refund_id,
        status as status_raw,
        case
            when status in ('3', '9') then 'success'
            when status in ('2', '4', '8') then 'refused'
            when status = '11' then 'closed'
            when status in ('1', '5', '6', '7', '10') then 'approved'
            else 'requested'
        end as status,
        'cancel_before_ship' as type,
        'onsale' as phase,
        refund_amount as requested_amount,
        -- what a granted cancellation pays back is what it was asked for: JD names nothing else
        refund_amount as back_amount,
        checked_at as finished_at
    from cancellations
)

select
    concat_ws(':', platform, shop_id, feed, platform_refund_id) as refund_id,
    concat_ws(':', platform, shop_id, order_id) as order_id,
    -- of several lines of one SKU the first: JD does not say which
    case
        when sku_id is not null
            then {{ jd_line_id("concat_ws(':', platform, shop_id, order_id)", 'sku_id', '1') }}
    end as order_line_id,
    sku_id as platform_sku_id,
    cast(null as varchar) as merchant_code,
    platform,
    shop_id,
    type,
    phase,
    status_raw,
    status,
    qty,
    requested_amount,
    case when status = 'success' then back_amount end as success_amount,
    cast(null as decimal(18, 2)) as freight_amount,
    cast(null as decimal(18, 2)) as platform_returned_amount,
    created_at,
    case when status = 'success' then coalesce(finished_at, modified_at, source_version) end
        as success_at,
    modified_at,
    type in ('return_refund', 'exchange', 'repair') as is_goods_back,
    feed,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from told
