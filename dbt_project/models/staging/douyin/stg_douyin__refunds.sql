{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='told_as'
) }}
-- One after-sale and one sub-order of it. Douyin tells of an after-sale twice: the list says what
-- was asked for, the detail what was paid back, and both are needed, so they are joined here. An
-- after-sale of a whole order is split by what was asked for each sub-order. An export has a row for
-- each sub-order, with what was paid back for it.
with landed as (
    {{ current_records(
        'douyin', 'refunds',
        "concat_ws(':', platform, shop_id, 'a', aftersale_id, case when updated_at is null then concat_ws(':', 'e', related_id) when detail_id is null then 'l' else 'd' end)",
        together="concat_ws(':', platform, shop_id, 'a', aftersale_id)"
    ) }}
),

read as (
    select
        * replace (
            {%- for amount in ['goods_amount', 'promotion_pay_amount', 'post_amount'] %}
            cast(
                if(updated_at is null, sum({{ amount }}) over a_telling, {{ amount }})
                as decimal(18, 2)
            ) as {{ amount }}{{ "," if not loop.last }}
            {%- endfor %}
        ),
        case when updated_at is null and related_id is not null then {
            'sku_order_id': related_id,
            'fen': cast((goods_amount - coalesce(promotion_pay_amount, 0)) * 100 as bigint),
            'sku_code': sku_code
        } end as exported,
        from_json(
            skus,
            '[{"sku_order_id": "VARCHAR", "aftersale_pay_amount": "BIGINT", '
            || '"aftersale_item_num": "DOUBLE", "order_status": "VARCHAR", '
            || '"after_sale_item_count": "DOUBLE", "pay_amount": "BIGINT", '
            || '"shop_sku_code": "VARCHAR", "sku_id": "VARCHAR"}]'
        ) as parts
    from landed
    window a_telling as (partition by platform, shop_id, aftersale_id, updated_at is null)
),

-- the newest of list and detail says where it stands; what only one of them knows is kept
joined as (
    select
        platform,
        shop_id,
        aftersale_id,
        {%- for column in ['order_id', 'related_id', 'aftersale_type', 'aftersale_status',
            'refund_status', 'shipped_text', 'qty', 'return_qty', 'post_amount', 'goods_amount',
            'promotion_pay_amount', 'sku_code', 'applied_at', 'updated_at', 'source_file'] %}
        max_by({{ column }}, (source_version, detail_id is not null, row_hash))
            filter (where {{ column }} is not null) as {{ column }},
        {%- endfor %}
        max(requested_amount) as listed_amount,
        max(total_amount) as total_amount,
        max(real_amount) as real_amount,
        max(coalesce(platform_amount, 0) + coalesce(talent_amount, 0))
            filter (where coalesce(platform_amount, talent_amount) is not null)
            as platform_returned_amount,
        max(refunded_at) as refunded_at,
        bool_or(detail_id is not null) as has_detail,
        -- the list knows what each sub-order's part was asked for
        max_by(parts, (detail_id is null, source_version)) filter (where len(parts) > 0) as parts,
        list(exported order by exported.sku_order_id) filter (where exported is not null)
            as exported,
        max(load_no) as load_no,
        max(source_version) as source_version,
        max(row_hash) as row_hash,
        max(landed_on) as landed_on
    from read
    group by all
),

named as (
    select
        *,
        concat_ws(':', platform, shop_id, 'a', aftersale_id) as aftersale_key,
        concat_ws(':', platform, shop_id, order_id) as full_order_id,
        case
            when aftersale_type in ('2', '4', '5') or regexp_matches(aftersale_type, '未发货|发货前')
                then 'cancel_before_ship'
            when aftersale_type = '3' or contains(aftersale_type, '换货') then 'exchange'
            when aftersale_type = '6' or contains(aftersale_type, '价保') then 'price_protect'
            when aftersale_type = '7' or contains(aftersale_type, '补寄') then 'reship'
            when aftersale_type = '8' or contains(aftersale_type, '维修') then 'repair'
            when aftersale_type = '1' or aftersale_type like '%仅退款%'
                then if(shipped_text = '未发货', 'cancel_before_ship', 'refund_only')
            else 'return_refund'
        end as type,
        coalesce(listed_amount, total_amount - coalesce(post_amount, 0), goods_amount)
            as requested_amount,
        -- real_refund_amount has the freight inside; a row of the export is what was paid back
        coalesce(
            real_amount - coalesce(post_amount, 0),
            if(has_detail, null, goods_amount - coalesce(promotion_pay_amount, 0))
        ) as real_goods_amount
    from joined
),

stated as (
    select
        *,
        case
            when aftersale_status in ('27', '29') or contains(aftersale_status, '拒绝') then 'refused'
            when aftersale_status = '28' or regexp_matches(aftersale_status, '关闭|失败|撤销')
                then 'closed'
            -- a word of an export is newer than the API's status of the money
            when contains(aftersale_status, '成功') then 'success'
            when aftersale_status in ('12', '14', '51', '53')
                then case
                    when refund_status = '4' then 'closed'
                    -- granted, but the money is still on its way
                    when refund_status in ('1', '2') and type not in ('exchange', 'reship', 'repair')
                        then 'approved'
                    else 'success'
                end
            when aftersale_status in ('11', '13', '3') or regexp_matches(aftersale_status, '待收货|待商家收货|退货中')
                then 'goods_in_transit'
            when aftersale_status in ('7', '8') or regexp_matches(aftersale_status, '待买家退货|待商家发货')
                then 'approved'
            else 'requested'
        end as status
    from named
),

-- what an export says of each sub-order goes before what was asked for it, unless it leaves some out
told as (
    select
        * replace (
            {{ parts_as_exported('sku_order_id', {
                'sku_order_id': 'e.sku_order_id',
                'aftersale_pay_amount': 'e.fen',
                'aftersale_item_num': 'e.asked.aftersale_item_num',
                'order_status': 'e.asked.order_status',
                'after_sale_item_count': 'e.asked.after_sale_item_count',
                'pay_amount': 'e.asked.pay_amount',
                'shop_sku_code': 'coalesce(e.asked.shop_sku_code, e.sku_code)',
                'sku_id': 'e.asked.sku_id'
            }) }} as parts
        )
    from stated
),

-- one row per sub-order; without any, one row for the sub-order it is related to
parts as (
    select
        * exclude (parts, exported),
        unnest(
            if(len(parts) > 0, parts, [{
                'sku_order_id': if(related_id = order_id, null, related_id),
                'aftersale_pay_amount': null,
                'aftersale_item_num': null,
                'order_status': null,
                'after_sale_item_count': null,
                'pay_amount': null,
                'shop_sku_code': sku_code,
                'sku_id': null
            }])
        ) as part,
        generate_subscripts(if(len(parts) > 0, parts, [null]), 1) as part_no,
        greatest(len(parts), 1) as part_count
    from told
),

weighed as (
    select
        *,
        cast(
            if(
                part_count = 1, 1,
                coalesce(part.aftersale_pay_amount, part.pay_amount, 0) * 0.01
            ) as decimal(18, 2)
        ) as weight,
        part_no = max(case when weight > 0 then part_no end) over an_aftersale as is_last,
        {%- for amount in ['requested_amount', 'real_goods_amount', 'post_amount',
            'platform_returned_amount'] %}
        {{ rounded_part(amount, 'weight', 'aftersale_key') }}
            as part_of_{{ amount }}{{ "," if not loop.last }}
        {%- endfor %}
    from parts
    window an_aftersale as (partition by aftersale_key)
),

split as (
    select
        * replace (
            {%- for amount in ['requested_amount', 'real_goods_amount', 'post_amount',
                'platform_returned_amount'] %}
            cast(
                part_of_{{ amount }} + if(
                    is_last,
                    {{ amount }} - sum(part_of_{{ amount }}) over (partition by aftersale_key),
                    0
                ) as decimal(18, 2)
            ) as {{ amount }}{{ "," if not loop.last }}
            {%- endfor %}
        )
    from weighed
)

select
    concat_ws(':', aftersale_key, if(part_count = 1, null, part.sku_order_id)) as refund_id,
    full_order_id as order_id,
    full_order_id || ':' || part.sku_order_id as order_line_id,
    nullif(part.sku_id, '0') as platform_sku_id,
    part.shop_sku_code as merchant_code,
    platform,
    shop_id,
    type,
    case
        when type = 'cancel_before_ship' or part.order_status in ('2', '3') then 'onsale'
        else 'aftersale'
    end as phase,
    aftersale_status as status_raw,
    status,
    coalesce(
        part.aftersale_item_num, part.after_sale_item_count, if(part_count = 1, qty, null)
    ) as qty,
    requested_amount,
    case when status = 'success' then real_goods_amount end as success_amount,
    post_amount as freight_amount,
    platform_returned_amount,
    applied_at as created_at,
    case when status = 'success' then coalesce(refunded_at, updated_at, source_version) end
        as success_at,
    updated_at as modified_at,
    type in ('return_refund', 'exchange', 'repair') and coalesce(return_qty, 1) > 0
        as is_goods_back,
    'a' as feed,
    aftersale_key as told_as,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from split
