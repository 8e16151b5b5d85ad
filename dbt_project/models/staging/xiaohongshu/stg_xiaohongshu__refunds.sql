{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='told_as'
) }}
-- One after-sale and one SKU of it. The list says what was asked for, the detail what was paid back;
-- both are needed, so they are joined here. An export has a row for each of the goods, with its part
-- of the money. Where it names no SKU, the whole lies on the order: names of goods change, so only
-- rows of the newest day that tells of the after-sale count.
with landed as (
    {{ current_records(
        'xiaohongshu', 'refunds',
        "concat_ws(':', platform, shop_id, 'r', returns_id, case when updated_at is null then concat_ws(':', 'e', sku_id, if(sku_id is null, item_name, null)) when detail_id is null then 'l' else 'd' end)",
        together="concat_ws(':', platform, shop_id, 'r', returns_id)"
    ) }}
),

standing as (
    select *
    from landed
    window an_aftersale as (partition by platform, shop_id, returns_id)
    qualify updated_at is not null or source_version >= if(
        sku_id is null,
        max(source_version) filter (where updated_at is null) over an_aftersale,
        coalesce(
            max(source_version) filter (where updated_at is null and sku_id is null)
                over an_aftersale,
            source_version
        )
    )
),

read as (
    select
        * replace (
            {%- for amount in ['expected_amount', 'refund_amount'] %}
            cast(
                if(updated_at is null, sum({{ amount }}) over a_telling, {{ amount }})
                as decimal(18, 2)
            ) as {{ amount }}{{ "," if not loop.last }}
            {%- endfor %}
        ),
        case
            when updated_at is null and bool_and(sku_id is not null) over a_telling
                then {'skuId': sku_id, 'amount': coalesce(refund_amount, expected_amount)}
        end as exported,
        from_json(
            skus,
            '[{"skuId": "VARCHAR", "appliedCount": "DOUBLE", "price": "DECIMAL(18,2)", '
            || '"appliedTotalAmountYuan": "DECIMAL(18,2)", "skuERPCode": "VARCHAR"}]'
        ) as parts
    from standing
    window a_telling as (partition by platform, shop_id, returns_id, updated_at is null)
),

-- the newest of list and detail says where it stands; what only one of them knows is kept
joined as (
    select
        platform,
        shop_id,
        returns_id,
        {%- for column in ['order_id', 'return_type', 'status', 'refund_status',
            'expected_amount', 'refund_amount', 'shipping_amount', 'applied_at', 'refunded_at',
            'received_at', 'updated_at', 'source_file'] %}
        max_by({{ column }}, (source_version, detail_id is not null, row_hash))
            filter (where {{ column }} is not null) as {{ column }},
        {%- endfor %}
        max_by(parts, (source_version, row_hash)) filter (where len(parts) > 0) as parts,
        list(exported order by exported.skuId) filter (where exported is not null) as exported,
        max(load_no) as load_no,
        max(source_version) as source_version,
        max(row_hash) as row_hash,
        max(landed_on) as landed_on
    from read
    group by all
),

named as (
    select
        * rename (status as status_raw),
        concat_ws(':', platform, shop_id, 'r', returns_id) as returns_key,
        concat_ws(':', platform, shop_id, order_id) as full_order_id,
        case
            when return_type = '2' or contains(return_type, '换货') then 'exchange'
            when return_type = '6' or contains(return_type, '价保') then 'price_protect'
            when return_type = '5' or contains(return_type, '未发货') then 'cancel_before_ship'
            when return_type in ('3', '4') or contains(return_type, '仅退款') then 'refund_only'
            when contains(return_type, '补') then 'reship'
            when contains(return_type, '维修') then 'repair'
            else 'return_refund'
        end as type,
        case
            when status in ('9', '9001') or contains(status, '拒绝') then 'refused'
            when status in ('5', '6') or regexp_matches(status, '取消|关闭') then 'closed'
            -- a word of an export is newer than the API's status of the money
            when contains(status, '完成') then 'success'
            when status = '4'
                then if(
                    refund_status is not null and refund_status <> '2'
                    and return_type not in ('2'),
                    'approved', 'success'
                )
            when status in ('3', '12', '13', '14') or contains(status, '待收货')
                then 'goods_in_transit'
            when status in ('2', '11') or regexp_matches(status, '待寄回|转退款') then 'approved'
            else 'requested'
        end as status
    from joined
),

-- what an export says of each SKU goes before what was asked for it, unless it leaves some out
told as (
    select
        * replace (
            {{ parts_as_exported('skuId', {
                'skuId': 'e.skuId',
                'appliedCount': 'e.asked.appliedCount',
                'price': 'e.asked.price',
                'appliedTotalAmountYuan': 'e.amount',
                'skuERPCode': 'e.asked.skuERPCode'
            }) }} as parts
        )
    from named
),

parts as (
    select
        * exclude (parts, exported),
        unnest(if(len(parts) > 0, parts, [null])) as part,
        generate_subscripts(if(len(parts) > 0, parts, [null]), 1) as part_no,
        greatest(coalesce(len(parts), 0), 1) as part_count
    from told
),

weighed as (
    select
        *,
        cast(
            if(
                part_count = 1, 1,
                coalesce(part.appliedTotalAmountYuan, part.price * part.appliedCount, 0)
            ) as decimal(18, 2)
        ) as weight,
        part_no = max(case when weight > 0 then part_no end) over (partition by returns_key)
            as is_last,
        {%- for amount in ['expected_amount', 'refund_amount', 'shipping_amount'] %}
        {{ rounded_part(amount, 'weight', 'returns_key') }}
            as part_of_{{ amount }}{{ "," if not loop.last }}
        {%- endfor %}
    from parts
),

split as (
    select
        * replace (
            {%- for amount in ['expected_amount', 'refund_amount', 'shipping_amount'] %}
            cast(
                part_of_{{ amount }} + if(
                    is_last,
                    {{ amount }} - sum(part_of_{{ amount }}) over (partition by returns_key),
                    0
                ) as decimal(18, 2)
            ) as {{ amount }}{{ "," if not loop.last }}
            {%- endfor %}
        )
    from weighed
)

select
    concat_ws(':', returns_key, if(part_count = 1, null, part.skuId)) as refund_id,
    full_order_id as order_id,
    -- of several lines of one SKU the one that was paid for: after-sales do not say which
    full_order_id || ':' || left(md5(full_order_id || ':' || part.skuId || ':1'), 16)
        as order_line_id,
    part.skuId as platform_sku_id,
    nullif(part.skuERPCode, '') as merchant_code,
    platform,
    shop_id,
    type,
    if(type = 'cancel_before_ship', 'onsale', 'aftersale') as phase,
    status_raw,
    status,
    part.appliedCount as qty,
    cast(expected_amount - coalesce(shipping_amount, 0) as decimal(18, 2)) as requested_amount,
    case
        when status = 'success'
            then cast(refund_amount - coalesce(shipping_amount, 0) as decimal(18, 2))
    end as success_amount,
    shipping_amount as freight_amount,
    cast(null as decimal(18, 2)) as platform_returned_amount,
    applied_at as created_at,
    case
        when status = 'success'
            then coalesce(refunded_at, received_at, updated_at, source_version)
    end as success_at,
    updated_at as modified_at,
    type in ('return_refund', 'exchange', 'repair') as is_goods_back,
    'r' as feed,
    returns_key as told_as,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from split
