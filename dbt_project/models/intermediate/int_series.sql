{{ config(materialized='view') }}

select
    unique_id,
    sku_id,
    warehouse_id,
    min(ds) as first_sold_on,
    max(ds) as last_sold_on
from {{ ref('int_sales_daily') }}
group by all
