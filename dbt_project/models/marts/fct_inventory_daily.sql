select
    sku_id,
    warehouse_id,
    snapshot_date as ds,
    on_hand,
    reserved,
    on_hand - coalesce(reserved, 0) as available
from {{ ref('stg_generic__stock') }}
