{{ config(materialized='view') }}

-- Order lines as they stood at the end of as_of, and which of them were demand. A refund is not
-- undone demand; a closed order that never took its final payment is no demand, nor is what was
-- ordered for another reason than to be used: samples, reissues, wholesale, suspected brush orders.
{% set end = end_of(as_of()) %}
with seen as (
    select
        * replace (
            case when deposit_paid_at < {{ end }} then deposit_paid_at end as deposit_paid_at,
            case when paid_at < {{ end }} then paid_at end as paid_at,
            case when shipped_at < {{ end }} then shipped_at end as shipped_at,
            case when finished_at < {{ end }} then finished_at end as finished_at,
            case when closed_at < {{ end }} then closed_at end as closed_at,
            case
                when last_event_on <= {{ as_of() }} or paid_on <= {{ as_of() }} then paid_amount
                else 0
            end as paid_amount,
            case
                when last_event_on <= {{ as_of() }} then lifecycle
                when paid_amount > 0 and refund_amount >= paid_amount then 'refunded'
                when finished_at < {{ end }} then 'completed'
                when shipped_at < {{ end }} then 'shipped'
                when paid_at < {{ end }} then 'paid'
                when deposit_paid_at < {{ end }} then 'deposit_paid'
                else 'created'
            end as lifecycle
        ),
        case when paid_on <= {{ as_of() }} then paid_on end as ds
    from {{ ref('int_order_lines') }}
    where created_on <= {{ as_of() }}
)

select
    * exclude (paid_on, last_event_on),
    sku_id || '@' || warehouse_id as unique_id,
    ds is not null
        and lifecycle not in ('created', 'deposit_paid', 'cancelled')
        and order_kind in ('sale', 'presale') as is_demand
from seen
