-- Each landing says how things stood when it was pulled; a state also says how they stood on the
-- day it came about. A total of all warehouses, of which nothing says where it lies, has no
-- warehouse_code.
with landings as (
    select
        *,
        coalesce(nullif(wms_co_id, '0'), '') as place,
        row_number() over (
            partition by shop_id, sku_id, coalesce(nullif(wms_co_id, '0'), ''), landed_on
            order by changed_at desc nulls last, row_hash desc
        ) = 1 as is_newest
    from {{ source('jushuitan', 'stock') }}
    where landed_on <= {{ as_of() }}
),

-- a total of all warehouses is a sum of rows that are there anyway where the same landing has them
reports as (
    select *
    from landings
    qualify place <> '' or not bool_or(place <> '') over (
        partition by shop_id, sku_id, landed_on
    )
),

dated as (
    select *, landed_on as snapshot_date from reports where is_newest
    union all
    select *, {{ beijing_date('changed_at') }} as snapshot_date from reports
    where changed_at is not null
),

newest as (
    select * from dated
    where snapshot_date <= {{ as_of() }}
    qualify row_number() over (
        partition by shop_id, sku_id, place, snapshot_date
        order by changed_at desc nulls last, landed_on, row_hash desc, source_file
    ) = 1
),

-- Only an extract that holds all there is says by silence that a SKU is gone; one of which
-- something could not be read does not.
complete_days as (
    select
        platform,
        shop_id,
        place,
        landed_on,
        max(load_no) as load_no,
        max(source_version) as source_version,
        min(source_file) as source_file
    from landings
    where is_full_extract
    group by all
),

whole_days as (
    select complete_days.*
    from complete_days
    anti join {{ source('jushuitan_quarantine', 'stock') }} as broken
        on complete_days.shop_id = broken.shop_id and complete_days.landed_on = broken.landed_on
),

known as (
    select shop_id, sku_id, place, min(landed_on) as first_landed_on
    from landings
    group by all
),

gone as (
    select whole_days.*, known.sku_id
    from whole_days
    inner join known
        on whole_days.shop_id = known.shop_id
            and whole_days.place = known.place
            and whole_days.landed_on > known.first_landed_on
    anti join newest
        on whole_days.shop_id = newest.shop_id
            and whole_days.place = newest.place
            and known.sku_id = newest.sku_id
            and whole_days.landed_on = newest.snapshot_date
),

states as (
    select
        platform,
        shop_id,
        snapshot_date,
        coalesce(changed_at, timezone('Asia/Shanghai', cast(landed_on as timestamp))) as snapshot_at,
        sku_id as sku_code,
        place,
        qty as on_hand,
        coalesce(order_lock, 0) as reserved,
        coalesce(purchase_qty, 0) as in_transit_po,
        coalesce(allocate_qty, 0) as in_transit_transfer,
        coalesce(return_qty, 0) as return_in_transit,
        coalesce(defective_qty, 0) as defective,
        coalesce(is_full_extract, false) as is_full_extract,
        load_no,
        source_version,
        row_hash,
        landed_on,
        source_file
    from newest
    union all
    select
        platform,
        shop_id,
        landed_on as snapshot_date,
        timezone('Asia/Shanghai', cast(landed_on as timestamp)) as snapshot_at,
        sku_id as sku_code,
        place,
        0 as on_hand,
        0 as reserved,
        0 as in_transit_po,
        0 as in_transit_transfer,
        0 as return_in_transit,
        0 as defective,
        true as is_full_extract,
        load_no,
        source_version,
        null as row_hash,
        landed_on,
        source_file
    from gone
)

-- on a day of which warehouses report, their reports are the truth and not the total
select
    * exclude (place),
    nullif(place, '') as warehouse_code
from states
qualify place <> '' or not bool_or(place <> '') over (
    partition by shop_id, sku_code, snapshot_date
)
