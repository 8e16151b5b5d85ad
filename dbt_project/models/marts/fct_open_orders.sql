select
    sku_id || '@' || warehouse_id as unique_id,
    expected_on,
    sum(open_qty) as open_qty
from {{ ref('fct_purchase_orders') }}
where is_open
group by all
