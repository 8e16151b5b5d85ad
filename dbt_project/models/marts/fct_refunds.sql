{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget() }}"
) }}

-- A refund lies on the day of its order for a cohort's net sales, and on its own day for cash.
with refunds as (
    select refunds.*
    from {{ ref('int_refund_lines') }} as refunds
    {{ only_touched('refunds') }}
    where coalesce({{ beijing_date('refunds.created_at') }}, refunds.landed_on) <= {{ as_of() }}
),

lines as (
    select
        order_line_id,
        buyer_key,
        case when component_no = 0 then sku_id else bundle_code end as sold_code,
        is_demand
    from {{ ref('int_visible_lines') }}
    semi join refunds using (order_line_id)
    where component_no <= 1
)

select
    refunds.refund_line_id,
    refunds.refund_id,
    refunds.order_id,
    refunds.order_line_id,
    refunds.platform,
    refunds.shop_id,
    lines.buyer_key,
    lines.sold_code,
    refunds.type,
    refunds.phase,
    refunds.status_raw,
    refunds.status,
    refunds.refund_qty,
    refunds.returned_qty,
    refunds.requested_amount,
    refunds.success_amount,
    refunds.refund_amount,
    refunds.freight_amount,
    refunds.platform_returned_amount,
    refunds.ordered_on,
    refunds.refunded_on,
    refunds.created_at,
    refunds.success_at,
    refunds.is_goods_back,
    coalesce(lines.is_demand, false) as is_of_demand
from refunds
left join lines using (order_line_id)
