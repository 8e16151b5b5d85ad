with latest as (
    select
        *,
        lower(lifecycle) as stated_lifecycle
    from {{ source('generic', 'order_lines') }}
    where landed_on <= {{ as_of() }}
    {{ latest_version(['platform', 'shop_id', 'order_id', 'line_id']) }}
),

-- fully refunded without an amount: all of it; refunded without a day: the day we were told
refunds as (
    select
        *,
        case
            when stated_lifecycle = 'refunded' then coalesce(refund_amount, paid_amount)
            else coalesce(refund_amount, 0)
        end as stated_refund_amount,
        coalesce({{ beijing_date('refunded_at') }}, landed_on) as stated_refund_on
    from latest
),

visible as (
    select
        *,
        stated_refund_amount > 0 and stated_refund_on <= {{ as_of() }} as is_refund_visible
    from refunds
    where coalesce({{ beijing_date('paid_at') }}, {{ beijing_date('ordered_at') }}, landed_on)
        <= {{ as_of() }}
)

select
    concat_ws(':', platform, shop_id, order_id, line_id) as order_line_id,
    concat_ws(':', platform, shop_id, order_id) as order_id,
    platform,
    shop_id,
    customer_id,
    sku_id,
    coalesce(warehouse_id, 'main') as warehouse_id,
    ordered_at,
    paid_at,
    {{ beijing_date('paid_at') }} as paid_on,
    case when {{ beijing_date('shipped_at') }} <= {{ as_of() }} then shipped_at end as shipped_at,
    qty,
    gross_amount,
    paid_amount,
    cast(case when is_refund_visible then stated_refund_amount else 0 end as decimal(18, 2))
        as refund_amount,
    case when is_refund_visible then stated_refund_on end as refunded_on,
    coalesce(is_gift, false) as is_gift,
    case when promo_id is not null then concat_ws(':', platform, shop_id, promo_id) end as promo_id,
    case
        when stated_lifecycle is null then 'paid'
        when stated_lifecycle = 'refunded' and stated_refund_on > {{ as_of() }} then 'paid'
        else stated_lifecycle
    end as lifecycle,
    landed_on,
    source_file,
    source_row
from visible
