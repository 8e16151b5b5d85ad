-- One shelf, one truth: two shops that report the same warehouse are not added up.
select
    snapshot_date,
    sku_id,
    warehouse_id,
    on_hand,
    reserved,
    landed_on
from {{ source('generic', 'stock') }}
where landed_on <= {{ as_of() }}
    and snapshot_date <= {{ as_of() }}
{{ latest_version(['snapshot_date', 'sku_id', 'warehouse_id']) }}
