{{ config(materialized='view') }}

-- What known customers paid for: no gifts, no guests.
select
    lines.customer_id,
    lines.ds,
    lines.order_line_id,
    lines.component_no,
    lines.order_id,
    lines.platform,
    lines.shop_id,
    lines.sku_id,
    skus.category,
    skus.brand_id,
    lines.qty,
    lines.gross_amount,
    lines.paid_amount
from {{ ref('fct_order_lines') }} as lines
left join {{ ref('int_skus') }} as skus using (sku_id)
where lines.is_demand
    and not lines.is_gift
    and lines.customer_id is not null
