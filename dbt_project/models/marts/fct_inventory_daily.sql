select
    sku_id,
    warehouse_id,
    snapshot_date as ds,
    on_hand,
    reserved,
    on_hand - coalesce(reserved, 0) as available,
    in_transit_po,
    in_transit_transfer,
    return_in_transit,
    defective,
    source
from {{ ref('int_stock') }}
