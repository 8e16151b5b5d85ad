{{ config(materialized='view') }}

-- Order lines as they stood at the end of as_of, and which of them were demand. A refund is not
-- undone demand; a closed order that never took its final payment is no demand, nor is what was
-- ordered for another reason than to be used: samples, reissues, wholesale, suspected brush orders.
{% set end = end_of(as_of()) %}
with known as (
    select
        lines.*,
        coalesce(
            greatest(created_at, deposit_paid_at, paid_at, shipped_at, finished_at, closed_at)
                < {{ end }},
            true
        ) as is_settled
    from {{ ref('int_order_lines') }} as lines
    where lines.created_on <= {{ as_of() }}
),

-- a person's word goes before the model's
suspected as (
    select order_id, brush_score, brush_reasons
    from {{ ref('int_brush_orders') }}
    anti join {{ ref('brush_overrules') }} as overruled using (order_id)
    where is_suspected
),

seen as (
    select
        known.* replace (
            case when deposit_paid_at < {{ end }} then deposit_paid_at end as deposit_paid_at,
            case when paid_at < {{ end }} then paid_at end as paid_at,
            case when shipped_at < {{ end }} then shipped_at end as shipped_at,
            case when finished_at < {{ end }} then finished_at end as finished_at,
            case when closed_at < {{ end }} then closed_at end as closed_at,
            case when is_settled or paid_at < {{ end }} then paid_amount else 0 end as paid_amount,
            case
                when is_settled then lifecycle
                when paid_amount > 0 and refund_amount >= paid_amount then 'refunded'
                when finished_at < {{ end }} then 'completed'
                when shipped_at < {{ end }} then 'shipped'
                when paid_at < {{ end }} then 'paid'
                when deposit_paid_at < {{ end }} then 'deposit_paid'
                else 'created'
            end as lifecycle,
            case
                when known.order_kind in ('sale', 'presale') and suspected.order_id is not null
                    then 'suspected_brush'
                else known.order_kind
            end as order_kind
        ),
        case when paid_at < {{ end }} then paid_on end as ds,
        coalesce(known.warehouse_code, shops.default_warehouse_id, 'main') as warehouse_id
    from known
    left join suspected
        on suspected.order_id = known.order_id
    left join {{ ref('stg_registry__shops') }} as shops
        on shops.platform = known.platform
        and shops.shop_id = known.shop_id
)

select
    * exclude (is_settled, warehouse_code, paid_on),
    sku_id || '@' || warehouse_id as unique_id,
    order_kind = 'suspected_brush' as is_brush_suspected,
    ds is not null
        and lifecycle not in ('created', 'deposit_paid', 'cancelled')
        and order_kind in ('sale', 'presale') as is_demand
from seen
