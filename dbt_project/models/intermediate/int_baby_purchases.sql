-- What tells a baby's age: one row per customer, month and kind of product with an age of use.
-- Gifts are what the shop chose, and brush orders are nobody's need: neither is among the lines.
select
    lines.customer_id,
    year(lines.ds) * 12 + month(lines.ds) - 1 as month,
    stages.product_stage,
    stages.months_from,
    stages.months_to,
    stages.edge_months,
    count(*) as lines
from {{ ref('int_customer_lines') }} as lines
inner join {{ ref('int_consumption_stages') }} as stages using (sku_id)
group by all
