-- One shelf, one truth: two shops that report the same warehouse are not added up.
with current_stock as (
    {{ current_rows('generic', 'stock', ['snapshot_date', 'sku_id', 'warehouse_id']) }}
)

select
    snapshot_date,
    sku_id,
    warehouse_id,
    on_hand,
    reserved,
    landed_on
from current_stock
where snapshot_date <= {{ as_of() }}
