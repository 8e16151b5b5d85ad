-- One shelf, one truth: of several reports on a SKU in a warehouse the latest of the day counts, the
-- ERP's before a plain file's, and none are added up. A total of all warehouses lies in the account's
-- one warehouse; where there are several, as the SKU was last counted in them, in whole units, and
-- in `main` where it never was.
{% set quantities = ['on_hand', 'reserved', 'in_transit_po', 'in_transit_transfer',
    'return_in_transit', 'defective'] %}
with erp as (
    select
        stock.platform,
        stock.shop_id,
        stock.snapshot_date,
        stock.snapshot_at,
        stock.sku_code,
        {%- for quantity in quantities %}
        cast(stock.{{ quantity }} as double) as {{ quantity }},
        {%- endfor %}
        stock.warehouse_code,
        homes.warehouse_id as home_id
    from {{ ref('stg_jushuitan__stock') }} as stock
    left join {{ ref('int_erp_homes') }} as homes
        on homes.platform = stock.platform and homes.shop_id = stock.shop_id
    where stock.snapshot_date <= {{ as_of() }}
),

counted as (
    select * from erp where warehouse_code is not null
),

totals as (
    select * from erp where warehouse_code is null and home_id is null
),

places as (
    select distinct platform, shop_id, sku_code, warehouse_code
    from counted
),

-- what the last count before each total says of each warehouse
last_counts as (
    select
        totals.* exclude (warehouse_code),
        counted.warehouse_code,
        greatest(counted.on_hand, 0) as counted_qty
    from (
        select totals.* exclude (warehouse_code), places.warehouse_code
        from totals
        inner join places using (platform, shop_id, sku_code)
    ) as totals
    asof join counted
        on counted.platform = totals.platform
        and counted.shop_id = totals.shop_id
        and counted.sku_code = totals.sku_code
        and counted.warehouse_code = totals.warehouse_code
        and totals.snapshot_date > counted.snapshot_date
),

-- a total of nothing is nothing everywhere
weighed as (
    select
        *,
        case
            when sum(counted_qty) over a_total > 0 then counted_qty
            when on_hand <= 0 then 1
        end as weight
    from last_counts
    window a_total as (partition by platform, shop_id, sku_code, snapshot_date)
),

shared as (
    select
        *,
        sum(weight) over (
            partition by platform, shop_id, sku_code, snapshot_date order by warehouse_code
        ) as weight_so_far,
        sum(weight) over (partition by platform, shop_id, sku_code, snapshot_date) as total_weight
    from weighed
    where weight is not null
),

placed as (
    select
        * exclude (warehouse_code, home_id),
        coalesce(warehouse_code, home_id) as warehouse_id,
        if(warehouse_code is null, 'home', 'counted') as placement
    from erp
    where coalesce(warehouse_code, home_id) is not null
    union all by name
    select
        platform,
        shop_id,
        snapshot_date,
        snapshot_at,
        sku_code,
        {%- for quantity in quantities %}
        if(
            weight_so_far = total_weight,
            {{ quantity }},
            round({{ quantity }} * weight_so_far / total_weight)
        ) - round({{ quantity }} * (weight_so_far - weight) / total_weight) as {{ quantity }},
        {%- endfor %}
        warehouse_code as warehouse_id,
        'shared' as placement
    from shared
    union all by name
    select
        totals.* exclude (warehouse_code, home_id),
        'main' as warehouse_id,
        'main' as placement
    from totals
    anti join shared using (platform, shop_id, sku_code, snapshot_date)
),

-- once the warehouses are told apart, nothing lies in `main` any more
emptied as (
    select
        placed.platform,
        placed.shop_id,
        placed.snapshot_date,
        max(placed.snapshot_at) as snapshot_at,
        placed.sku_code,
        'main' as warehouse_id,
        {%- for quantity in quantities %}
        0 as {{ quantity }},
        {%- endfor %}
        'counted' as placement
    from placed
    inner join (
        select platform, shop_id, sku_code, min(snapshot_date) as first_date
        from placed
        where placement = 'main'
        group by all
    ) as unplaced
        on unplaced.platform = placed.platform
        and unplaced.shop_id = placed.shop_id
        and unplaced.sku_code = placed.sku_code
        and unplaced.first_date < placed.snapshot_date
    where placed.placement <> 'main'
    group by all
),

reports as (
    select * exclude (platform, sku_code), sku_code as sku_id, platform as source
    from (
        select * from placed
        union all by name
        select * from emptied
    )
    union all by name
    select
        snapshot_date,
        sku_id,
        warehouse_id,
        on_hand,
        reserved,
        'generic' as source,
        'counted' as placement
    from {{ ref('stg_generic__stock') }}
)

select
    snapshot_date,
    sku_id,
    warehouse_id,
    {%- for quantity in quantities %}
    {{ quantity }},
    {%- endfor %}
    source,
    shop_id,
    placement
from reports
where snapshot_date <= {{ as_of() }}
qualify row_number() over (
    partition by sku_id, warehouse_id, snapshot_date
    order by source desc, snapshot_at desc, shop_id
) = 1
