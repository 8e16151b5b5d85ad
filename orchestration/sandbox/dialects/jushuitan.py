"""How 聚水潭 tells the sandbox's orders and parcels: merged, split, swapped, with gifts of its own.

Like the real puller it sees no orders of 淘系, only what the ERP itself makes for those shops.
"""

from orchestration.sandbox.dialects import Extract

ACCOUNT = "10170000"

_CTES = """
    with pulls as (
        select bucket_no, unnest(range(first_day, last_day + 1, interval 1 day))::date as day,
            cast(last_day + 1 as timestamp) as bucket_end
        from buckets
    ),
    own as (
        select o.*, s.erp_shop_id, s.shop_name, coalesce(o.erp_only, false) as is_erp_order
        from orders o join shops s using (shop_no)
        where s.erp_shop_id is not null
            and (o.platform <> 'taobao' or coalesce(o.erp_only, false))
    ),
    places as (
        select order_no, line_no, min(warehouse) as warehouse
        from order_components semi join own using (order_no)
        group by all
    ),
    -- staff split an order whose goods lie in two warehouses, and some long ones
    own_lines as (
        select l.*, i.platform_sku_id, i.merchant_code, i.erp_code, i.title,
            l.qty * coalesce(i.units_per_pack, 1) as units,
            coalesce(p.warehouse, own.warehouse) as place,
            i.erp_code in (select bundle_code from bundles) as is_bundle,
            dense_rank() over (
                partition by l.order_no
                order by coalesce(p.warehouse, own.warehouse),
                    l.order_no % 23 = 0 and l.line_no > 1 and not own.is_erp_order
            ) as part
        from order_lines l
        join own using (order_no)
        left join listings i using (listing_no)
        left join places p on l.order_no = p.order_no and l.line_no = p.line_no
    ),
    parts as (
        select order_no, max(part) as parts, sum(paid_cents) as goods_cents
        from own_lines group by all
    ),
    -- and send in one parcel what one buyer paid for on one day
    parcels as (
        select own.*, parts.parts, parts.goods_cents,
            case when parts.parts = 1 and own.order_kind in ('sale', 'presale')
                    and own.shipped_at is not null and not own.is_erp_order
                then hash(
                    own.shop_no, own.buyer_id, own.address_token, own.warehouse,
                    cast(own.paid_at as date), cast(own.shipped_at as date)
                )
                else hash(own.order_no)
            end as parcel
        from own join parts using (order_no)
    ),
    grouped as (
        select *,
            min(order_no) over (partition by parcel) as head_no,
            count(*) over (partition by parcel) > 1 as is_merged,
            max(paid_at) over (partition by parcel) as merged_at
        from parcels
    ),
    touched as (
        select order_no, bucket_no, bucket_end, max(happened_at) as modified_at
        from (
            select order_no, unnest([
                created_at, deposit_at, paid_at, merged_at, shipped_at,
                case when shipped_at is null then closed_at end
            ]) as happened_at
            from grouped
        ) as events
        join pulls on cast(events.happened_at as date) = pulls.day
        group by all
    ),
    states as (
        select grouped.* replace (
                case when deposit_at < bucket_end then deposit_at end as deposit_at,
                case when paid_at < bucket_end then paid_at end as paid_at,
                case when shipped_at < bucket_end then shipped_at end as shipped_at,
                case when shipped_at is null and closed_at < bucket_end then closed_at end
                    as closed_at,
                is_merged and merged_at < bucket_end as is_merged,
                if(parts > 1 and paid_at < bucket_end, parts, 1) as parts
            ),
            bucket_no, bucket_end, modified_at
        from touched join grouped using (order_no)
    ),
    -- one document per order; once split one more for each part
    documents as (
        select *, unnest(range(0, if(parts > 1, parts, 0) + 1)) as part from states
    )
"""

_STATUS = """
    case
        when d.parts > 1 and d.part = 0 then 'Split'
        when d.is_merged and d.order_no <> d.head_no then 'Merged'
        when d.closed_at is not null then 'Cancelled'
        when d.shipped_at is not null then 'Sent'
        when d.paid_at is null then 'WaitPay'
        when d.order_no % 50 = 1 then 'Question'
        else ['WaitConfirm', 'Delivering'][1 + d.order_no % 2]
    end
"""
_SHOP_STATUS = """
    case
        when d.is_erp_order then ''
        when d.closed_at is not null then
            if(d.platform = 'jd', 'TRADE_CANCELED', if(d.platform = 'douyin', '4', '9'))
        when d.shipped_at is not null then
            if(d.platform = 'jd', 'WAIT_GOODS_RECEIVE_CONFIRM', if(d.platform = 'douyin', '3', '6'))
        when d.paid_at is not null then
            if(d.platform = 'jd', 'WAIT_SELLER_STOCK_OUT', if(d.platform = 'douyin', '2', '4'))
        else if(d.platform = 'jd', 'NOT_PAY', '1')
    end
"""


def _time(moment: str) -> str:
    return f"coalesce(strftime({moment}, '%Y-%m-%d %H:%M:%S'), '')"


def _yuan(cents: str) -> str:
    return f"({cents}) * 0.01"


def _item(oi_id: str, sku_id: str, amount: str, status: str) -> str:
    """One item of a document as JSON; `l` is its line, `o` the line's own order."""
    return f"""json_object(
        'oi_id', {oi_id},
        'outer_oi_id', if(o.is_erp_order, '', coalesce(
            l.platform_line_id, o.platform_order_id || '-' || l.line_no
        )),
        'raw_so_id', if(d.is_merged, o.platform_order_id, ''),
        'sku_id', {sku_id},
        'shop_sku_id', coalesce(l.platform_sku_id, ''),
        'name', l.title,
        'qty', l.units,
        'price', round({amount} / l.units, 2),
        'base_price', round({_yuan("l.gross_cents")} / l.units, 2),
        'amount', {amount},
        'buyer_paid_amount',
            if(d.platform in ('jd', 'douyin'), {_yuan("l.paid_cents")}, null),
        'is_gift', l.is_gift,
        'is_presale', o.order_kind = 'presale',
        'refund_status', 'none',
        'item_status', {status},
        'sku_type', if(l.is_bundle, 'combine', 'normal')
    )"""


# what the ERP books: what the buyer pays and, where the platform tells, what the platform adds
_AMOUNT = _yuan(
    "l.paid_cents + if(d.platform in ('jd', 'douyin'), coalesce(l.platform_discount_cents, 0), 0)"
)
_OLD_CODE = "coalesce(l.merchant_code like '%-旧' and not l.is_gift, false)"
_NEW_ITEM = _item("l.order_no * 1000 + l.line_no * 10 + 1", "l.erp_code", _AMOUNT, "''")
_OLD_ITEM = _item("l.order_no * 1000 + l.line_no * 10", "l.merchant_code", _AMOUNT, "''")
_SWAPPED_ITEM = _OLD_ITEM.replace("'item_status', ''", "'item_status', 'Replaced'")
_ITEMS = f"""
    -- whose lines an order's document tells: its own, and once merged those of all
    , members as (
        select order_no, order_no as member_no from grouped
        union all
        select head_no, order_no from grouped where is_merged and order_no <> head_no
    ),
    sold as (
        select d.order_no, d.bucket_no, d.part, l.order_no as line_order, l.line_no,
            l.place, unnest(if(not ({_OLD_CODE}),
                [struct_pack(item := {_NEW_ITEM}, cents := l.paid_cents)],
                if(d.paid_at is null,
                    [struct_pack(item := {_OLD_ITEM}, cents := l.paid_cents)],
                    [
                        struct_pack(item := {_SWAPPED_ITEM}, cents := cast(0 as bigint)),
                        struct_pack(item := {_NEW_ITEM}, cents := l.paid_cents)
                    ]
                )
            )) as content
        from documents d
        join members m on m.order_no = d.order_no and (m.member_no = d.order_no or d.is_merged)
        join grouped o on o.order_no = m.member_no
        join own_lines l on l.order_no = m.member_no and (d.part = 0 or l.part = d.part)
    ),
    -- a sampler that staff put into one parcel in ninety, and no platform knows of
    added as (
        select d.order_no, d.bucket_no, d.part, d.order_no as line_order, 99 as line_no,
            d.warehouse as place,
            struct_pack(item := json_object(
                'oi_id', d.order_no * 1000 + 999,
                'outer_oi_id', '',
                'raw_so_id', '',
                'sku_id', s.sku_code,
                'shop_sku_id', '',
                'name', s.sku_name,
                'qty', 1,
                'price', 0,
                'base_price', {_yuan("s.list_cents")},
                'amount', 0,
                'is_gift', true,
                'is_presale', false,
                'refund_status', 'none',
                'item_status', '',
                'sku_type', 'normal'
            ), cents := cast(0 as bigint)) as content
        from documents d
        join (select * from skus where is_sampler order by sku_code limit 1) s
            on d.order_no % 89 = 7
        where d.paid_at is not null and d.parts = 1 and not d.is_merged and not d.is_erp_order
            and d.order_kind in ('sale', 'presale')
    ),
    contents as (
        select order_no, bucket_no, part, sum(content.cents) as paid_cents,
            first(place order by line_order, line_no) as place,
            to_json(list(content.item order by line_order, line_no, content.cents)) as items
        from (select * from sold union all select * from added)
        group by all
    )
"""

ORDERS = f"""
    {_CTES} {_ITEMS}
    select '{ACCOUNT}' as shop_id, d.bucket_no,
        cast(d.order_no * 10 + d.part as varchar) as record_key, d.modified_at,
        cast(json_object(
            'o_id', d.order_no * 10 + d.part,
            'so_id', d.platform_order_id,
            'shop_id', cast(d.erp_shop_id as bigint),
            'shop_name', d.shop_name,
            'status', {_STATUS},
            'shop_status', {_SHOP_STATUS},
            'type', case d.order_kind
                when 'reissue' then '补发订单' when 'exchange' then '换货订单' else '普通订单' end,
            'order_from', case
                when d.is_erp_order then 'ERP'
                when d.part > 0 then 'SPLIT'
                when d.is_merged and d.order_no = d.head_no then 'MERGE'
                else '' end,
            'order_date', {_time("d.created_at")},
            'pay_date', {_time("coalesce(d.paid_at, d.deposit_at)")},
            'send_date', {_time("case when d.parts = 1 or d.part > 0 then d.shipped_at end")},
            'modified', {_time("d.modified_at")},
            'pay_amount', {_yuan("c.paid_cents + if(d.part < 2, d.freight_cents, 0)")},
            'paid_amount', {
    _yuan(
        "case when d.paid_at is not null then c.paid_cents + if(d.part < 2, d.freight_cents, 0) "
        "when d.deposit_at is not null then d.deposit_cents else 0 end"
    )
},
            'freight', {_yuan("if(d.part < 2, d.freight_cents, 0)")},
            'wms_co_id', c.place,
            'link_o_id', if(d.part > 0, cast(d.order_no * 10 as varchar), ''),
            'is_merge', d.is_merged and d.order_no = d.head_no,
            'is_split', d.parts > 1,
            'open_id', d.buyer_id,
            'shop_buyer_id', 'PII-' || left(d.buyer_id, 3) || '**',
            'receiver_name', 'PII-收件人' || coalesce(d.household, d.order_no),
            'receiver_mobile', '1990000' || lpad(cast(d.order_no % 10000 as varchar), 4, '0'),
            'receiver_address', 'PII-某某路' || coalesce(d.household, d.order_no) || '号',
            'remark', if(d.seller_flag > 0, 'PII-备注 ' || d.order_no, ''),
            'ts', epoch_ms(d.modified_at),
            'items', c.items
        ) as varchar) as record
    from documents d
    join contents c using (order_no, bucket_no, part)
"""

# what left the shelf, document by document and warehouse by warehouse
OUTBOUND = f"""
    {_CTES},
    left_parts as (
        select c.order_no, l.part, c.warehouse, c.component_no, c.line_no, c.sku_code, c.qty,
            c.share_cents, c.shipped_at,
            dense_rank() over (partition by c.order_no order by c.warehouse) as place_no,
            l.is_gift, l.is_bundle, l.erp_code, l.platform_line_id
        from order_components c
        join own_lines l using (order_no, line_no)
        where c.shipped_at is not null
    ),
    shipped as (
        select g.order_no, g.platform_order_id, g.is_erp_order, g.erp_shop_id, g.household,
            if(g.parts > 1, p.part, 0) as part, p.warehouse, p.place_no,
            pulls.bucket_no,
            max(p.shipped_at) as shipped_at,
            to_json(list(json_object(
                'sku_id', p.sku_code,
                'qty', p.qty,
                'combine_sku_id', if(p.is_bundle, p.erp_code, ''),
                'is_gift', p.is_gift,
                'sale_amount', {_yuan("p.share_cents")},
                'outer_oi_id', if(g.is_erp_order, '', coalesce(
                    p.platform_line_id, g.platform_order_id || '-' || p.line_no
                )),
                'raw_so_id', g.platform_order_id
            ) order by p.line_no, p.component_no)) as items
        from left_parts p
        join grouped g using (order_no)
        join pulls on cast(p.shipped_at as date) = pulls.day
        group by all
    )
    select '{ACCOUNT}' as shop_id, bucket_no,
        cast(order_no * 100 + part * 10 + place_no as varchar) as record_key,
        shipped_at as modified_at,
        cast(json_object(
            'io_id', order_no * 100 + part * 10 + place_no,
            'o_id', order_no * 10 + part,
            'so_id', platform_order_id,
            'shop_id', cast(erp_shop_id as bigint),
            'status', 'Confirmed',
            'io_date', {_time("shipped_at")},
            'modified', {_time("shipped_at")},
            'wms_co_id', warehouse,
            'receiver_name', 'PII-收件人' || coalesce(household, order_no),
            'receiver_mobile', '1990000' || lpad(cast(order_no % 10000 as varchar), 4, '0'),
            'items', items
        ) as varchar) as record
    from shipped
"""


def page(records: str) -> tuple[str, str]:
    """A page of openweb's answer around records of that name."""
    before = f'{{"code":0,"msg":"","data":{{"page_index":1,"page_size":100,"{records}":['
    return before, '],"has_next":false}}'


EXTRACTS = (
    Extract("jushuitan", "orders", ORDERS, page("orders")),
    Extract("jushuitan", "outbound", OUTBOUND, page("datas")),
)
