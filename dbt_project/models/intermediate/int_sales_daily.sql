{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget('int_touched_days', 'ds') }}"
) }}

-- Gifts leave the shelf, so they count in demand_qty; they say nothing about price or orders.
select
    lines.unique_id,
    lines.sku_id,
    lines.warehouse_id,
    lines.ds,
    sum(lines.qty) as demand_qty,
    coalesce(sum(lines.qty) filter (where not lines.is_gift), 0) as sold_qty,
    -- by 8 bytes of its name an order is told apart from the day's others, at a fraction of the memory
    count(distinct hash(lines.order_id)) filter (where not lines.is_gift) as sold_orders,
    cast(coalesce(sum(lines.paid_amount) filter (where not lines.is_gift), 0) as decimal(18, 2))
        as paid_amount,
    case
        when sum(lines.gross_amount) filter (where not lines.is_gift) > 0
            then greatest(
                0,
                cast(
                    sum(lines.gross_amount - lines.paid_amount) filter (where not lines.is_gift)
                    as double
                ) / cast(sum(lines.gross_amount) filter (where not lines.is_gift) as double)
            )
    end as discount_rate
from {{ ref('int_visible_lines') }} as lines
{{ only_touched('lines', 'int_touched_days', 'ds') }}
where lines.is_demand
group by all
