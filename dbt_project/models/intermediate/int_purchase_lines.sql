-- Lines of orders to suppliers as known at as_of. Drafts are not ordered yet, and what was called off
-- before anything came never was. Receipts may be ahead of what the order says of them.
with arrived as (
    select
        po_id,
        sku_id,
        sum(qty) as received_qty,
        max(received_on) as last_received_on
    from {{ ref('int_receipts') }}
    where po_id is not null
    group by all
),

erp as (
    select
        orders.* replace (
            coalesce(orders.warehouse_code, homes.warehouse_id, 'main') as warehouse_code
        ),
        -- receipts name no line: with several lines of one SKU the order's own count stands
        greatest(
            orders.received_qty,
            case
                when count(*) over (partition by orders.po_id, orders.sku_code) = 1
                    then coalesce(arrived.received_qty, 0)
                else 0
            end
        ) as arrived_qty,
        arrived.last_received_on
    from {{ ref('stg_jushuitan__purchase_orders') }} as orders
    left join arrived
        on arrived.po_id = orders.po_id
        and arrived.sku_id = orders.sku_code
    left join {{ ref('int_erp_homes') }} as homes
        on homes.platform = orders.platform
        and homes.shop_id = orders.shop_id
    where orders.status not in ('Creating', 'WaitConfirm', 'Delete')
        and coalesce(orders.ordered_at, orders.confirmed_at) < {{ end_of(as_of()) }}
)

select
    po_line_id,
    po_id,
    sku_code as sku_id,
    warehouse_code as warehouse_id,
    supplier_id,
    {{ beijing_date('coalesce(ordered_at, confirmed_at)') }} as ordered_on,
    {{ beijing_date('confirmed_at') }} as confirmed_on,
    {{ beijing_date('expected_at') }} as expected_on,
    case
        when status <> 'Confirmed' or arrived_qty >= ordered_qty
            then coalesce(last_received_on, {{ beijing_date('finished_at') }})
    end as received_on,
    cast(ordered_qty as double) as ordered_qty,
    cast(arrived_qty as double) as received_qty,
    status = 'Confirmed' and arrived_qty < ordered_qty as is_open,
    status
from erp
where status <> 'Cancelled' or arrived_qty > 0

union all by name

-- A line with a receipt day is closed: what is missing from it will not come any more. A line
-- without one is open for what has not been received yet.
select
    po_line_id,
    po_id,
    sku_id,
    warehouse_id,
    supplier_id,
    ordered_on,
    cast(null as date) as confirmed_on,
    expected_on,
    received_on,
    ordered_qty,
    received_qty,
    received_on is null and received_qty < ordered_qty as is_open,
    cast(null as varchar) as status
from {{ ref('stg_generic__purchase_orders') }}
