{{ config(materialized='view') }}
-- Merged and split orders live on in the orders made of them; a replaced item never left.
select *
from {{ ref('stg_jushuitan__orders') }}
where status_raw not in ('Merged', 'Split')
    and coalesce(item_status, '') <> 'Replaced'
    and merchant_code is not null
