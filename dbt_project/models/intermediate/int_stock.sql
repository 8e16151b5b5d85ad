-- One shelf, one truth: of several reports on a SKU in a warehouse the latest of the day counts, the
-- ERP's before a plain file's, and none are added up.
with reports as (
    select
        snapshot_date,
        sku_code as sku_id,
        coalesce(warehouse_code, 'main') as warehouse_id,
        cast(on_hand as double) as on_hand,
        cast(reserved as double) as reserved,
        cast(in_transit_po as double) as in_transit_po,
        cast(in_transit_transfer as double) as in_transit_transfer,
        cast(return_in_transit as double) as return_in_transit,
        cast(defective as double) as defective,
        platform as source,
        snapshot_at,
        shop_id
    from {{ ref('stg_jushuitan__stock') }}
    union all
    select
        snapshot_date,
        sku_id,
        warehouse_id,
        on_hand,
        reserved,
        null,
        null,
        null,
        null,
        'generic' as source,
        null as snapshot_at,
        null as shop_id
    from {{ ref('stg_generic__stock') }}
)

select * exclude (snapshot_at, shop_id)
from reports
where snapshot_date <= {{ as_of() }}
qualify row_number() over (
    partition by sku_id, warehouse_id, snapshot_date
    order by source desc, snapshot_at desc, shop_id
) = 1
