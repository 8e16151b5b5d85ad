{{ config(materialized='view') }}

-- Which lines were demand, and on which Beijing day. A refund is not undone demand; a closed
-- order that never took its final payment is no demand.
select
    *,
    paid_on as ds,
    sku_id || '@' || warehouse_id as unique_id,
    paid_on is not null and lifecycle not in ('created', 'deposit_paid', 'cancelled') as is_demand
from {{ ref('stg_generic__order_lines') }}
