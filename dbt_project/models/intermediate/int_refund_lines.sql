{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget() }}"
) }}

-- What each refund gave back for each line. It names the line, or the SKU, or only the order: then
-- it lies on the order's lines by what is left of their payment. Only a refund that succeeded by
-- as_of moves money, what was asked for never stands in for it, and no line gives back more than
-- was paid for it: a deposit that is paid back never was a payment.
{% set line_amount = kept_payment('lines', 'coalesce(amounts.paid_amount, lines.paid_amount)') %}
{% set columns = [
    'refund_id', 'order_id', 'order_line_id', 'platform_sku_id', 'merchant_code', 'platform',
    'shop_id', 'type', 'phase', 'status_raw', 'status', 'qty', 'requested_amount',
    'success_amount', 'freight_amount', 'platform_returned_amount', 'created_at', 'success_at',
    'modified_at', 'is_goods_back', 'feed', 'landed_on'
] | join(', ') %}
with refunds as (
    {% for platform in var('order_platforms') + ['generic'] %}
    select {{ columns }}
    from {{ ref('stg_' ~ platform ~ '__refunds') }} as refunds_of_{{ platform }}
    {{ only_touched('refunds_of_' ~ platform) }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- One refund may be told by two feeds (JD), under an id of each and by one of them without its line:
-- the n-th of one feed is the n-th of the other where order, amount and time are the same. The one
-- that names what was returned is kept.
told_once as (
    select *
    from (
        select
            *,
            row_number() over (
                partition by order_id, success_amount, success_at, feed
                order by refund_id
            ) as number_in_feed
        from refunds
    )
    qualify status <> 'success' or success_amount is null or row_number() over (
        partition by order_id, success_amount, success_at, status, number_in_feed
        order by coalesce(order_line_id, platform_sku_id) is null, feed, refund_id
    ) = 1
),

asked as (
    select
        * exclude (number_in_feed, order_line_id),
        order_line_id as named_line_id,
        coalesce(success_at, modified_at, created_at) as moved_at,
        status = 'success'
            and coalesce(coalesce(success_at, modified_at, created_at) < {{ end_of(as_of()) }}, true)
            as has_succeeded
    from told_once
),

superseded as (
    {{ superseded_orders(lines_to_read()) }}
),

-- a refund of a parent is one of its children, a refund of a root one of all that came of it
lines as (
    {% for asked_order_id in ['order_id', 'parent_order_id', 'root_order_id'] %}
    select
        lines.order_id,
        lines.order_line_id,
        lines.line_no,
        lines.platform_sku_id,
        lines.merchant_code,
        lines.qty,
        {{ line_amount }} as paid_amount,
        lines.paid_at,
        lines.shipped_at,
        lines.{{ asked_order_id }} as asked_order_id,
        sum({{ line_amount }}) over (partition by lines.order_id) as order_paid_amount
    from {{ lines_to_read() }} as lines
    left join {{ ref('int_line_amounts') }} as amounts
        on amounts.order_line_id = lines.order_line_id
    semi join asked
        on asked.order_id = lines.{{ asked_order_id }}
    anti join superseded
        on superseded.order_id = lines.order_id
    where lines.{{ asked_order_id }} is not null
        {%- if asked_order_id == 'root_order_id' %}
        and lines.root_order_id is distinct from lines.parent_order_id
        {%- endif %}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

matched as (
    select
        asked.* exclude (order_id, shop_id, platform),
        asked.platform,
        asked.shop_id,
        coalesce(lines.order_id, asked.order_id) as order_id,
        lines.order_line_id,
        lines.line_no,
        lines.qty as line_qty,
        lines.paid_amount,
        lines.order_paid_amount,
        lines.paid_at,
        lines.shipped_at
    from asked
    left join lines
        on lines.asked_order_id = asked.order_id
    qualify dense_rank() over (
        partition by asked.refund_id
        order by case
            when lines.order_line_id = asked.named_line_id then 1
            when lines.platform_sku_id = asked.platform_sku_id then 2
            when lines.merchant_code = asked.merchant_code then 3
            else 4
        end
    ) = 1
),

-- what refunds that name one line leave of its payment
counted as (
    select
        *,
        count(*) over (partition by refund_id) as line_count,
        has_succeeded and success_amount is not null as moves_money
    from matched
),

left_over as (
    select
        *,
        greatest(
            coalesce(paid_amount, 0) - coalesce(
                sum(success_amount) filter (where moves_money and line_count = 1)
                    over (partition by order_line_id),
                0
            ),
            0
        ) as remaining_amount
    from counted
),

weighed as (
    select
        *,
        case
            when line_count = 1 then 1
            when sum(remaining_amount) over a_refund > 0 then remaining_amount
            when sum(coalesce(paid_amount, 0)) over a_refund > 0 then coalesce(paid_amount, 0)
            else cast(line_qty as decimal(18, 2))
        end as weight
    from left_over
    window a_refund as (partition by refund_id)
),

{% set amounts = ['requested_amount', 'success_amount', 'freight_amount', 'platform_returned_amount'] %}
rounded as (
    select
        *,
        row_number() over (
            partition by refund_id order by weight > 0 desc, line_no desc, order_line_id desc
        ) = 1 as is_last,
        {%- for amount in amounts %}
        {{ rounded_part(amount, 'weight', 'refund_id') }} as part_of_{{ amount }}
        {{- "," if not loop.last }}
        {%- endfor %}
    from weighed
),

split as (
    select
        * replace (
            {%- for amount in amounts %}
            cast(
                part_of_{{ amount }} + if(
                    is_last, {{ amount }} - sum(part_of_{{ amount }}) over (partition by refund_id), 0
                ) as decimal(18, 2)
            ) as {{ amount }}{{ "," if not loop.last }}
            {%- endfor %}
        )
    from rounded
),

-- in the order in which the money went back, while something of the payment is left
applied as (
    select
        *,
        case when moves_money then success_amount else 0 end as moved_amount,
        sum(case when moves_money then success_amount else 0 end) over (
            partition by coalesce(order_line_id, refund_id)
            order by moved_at, refund_id
            rows between unbounded preceding and current row
        ) as moved_so_far
    from split
),

capped as (
    select
        *,
        cast(
            case
                when order_line_id is null then 0
                when paid_amount is null then moved_amount
                else greatest(
                    least(moved_amount, paid_amount - (moved_so_far - moved_amount)), 0
                )
            end as decimal(18, 2)
        ) as refund_amount
    from applied
),

-- Units are back when the goods came back, or never left and their money is returned.
returned as (
    select
        *,
        coalesce(case when line_count = 1 then qty end, case
            when refund_amount > 0 and refund_amount >= paid_amount then line_qty
        end) as refund_qty
    from capped
)

select
    concat_ws('/', refund_id, order_line_id) as refund_line_id,
    refund_id,
    order_id,
    order_line_id,
    platform,
    shop_id,
    type,
    phase,
    status_raw,
    case
        when status = 'success' and not has_succeeded then 'approved'
        else status
    end as status,
    requested_amount,
    case when has_succeeded then success_amount end as success_amount,
    refund_amount,
    freight_amount,
    platform_returned_amount,
    refund_qty,
    case
        when not has_succeeded or type in ('exchange', 'reship', 'price_protect', 'repair') then 0
        when is_goods_back then coalesce(refund_qty, 0)
        when (type = 'cancel_before_ship' or shipped_at is null or shipped_at > moved_at)
            and refund_amount + 0.01 >= paid_amount * coalesce(refund_qty, line_qty) / line_qty
            then coalesce(refund_qty, 0)
        else 0
    end as returned_qty,
    is_goods_back,
    created_at,
    case when has_succeeded then moved_at end as success_at,
    case when has_succeeded then {{ beijing_date('moved_at') }} end as refunded_on,
    modified_at,
    {{ beijing_date('paid_at') }} as ordered_on,
    coalesce(
        sum(refund_amount) over (partition by order_line_id)
            >= max(paid_amount) over (partition by order_line_id)
            and max(paid_amount) over (partition by order_line_id) > 0,
        false
    ) as is_line_refunded,
    coalesce(
        sum(refund_amount) over (partition by order_id) >= order_paid_amount
            and order_paid_amount > 0,
        false
    ) as is_order_refunded,
    feed,
    landed_on
from returned
