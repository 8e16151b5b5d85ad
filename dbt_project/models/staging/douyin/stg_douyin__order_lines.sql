-- One sub-order (商品单) of a shop order. The buyer's cash for its goods is pay_amount less the
-- freight and the 支付优惠 inside it; what Douyin states for the order only is shared among the
-- sub-orders by pay_amount.
{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='order_id'
) }}
{%- set shared = ['post_amount', 'promotion_pay_amount', 'promotion_platform_amount',
    'promotion_talent_amount'] %}
{%- set state -%}
    case
        when MAIN in ('21', '22', '39') then 'closed'
        when STATUS in ('4', '已取消', '已关闭', '交易关闭') then 'closed'
        when STATUS in ('5', '已完成', '交易完成') then 'completed'
        when STATUS in ('3', '已发货', '待收货') then 'shipped'
        when STATUS in ('101', '部分发货') then 'part_shipped'
        when STATUS in ('2', '105', '已支付', '备货中', '待发货') then 'paid'
        when STATUS in ('103', '部分支付', '待付尾款') then 'deposit_paid'
        when STATUS in ('1', '待支付', '待付款', '待确认') then 'created'
    end
{%- endset %}
with landed as (
    {{ current_orders('douyin', version='updated_at', names=['line_id']) }}
),

read as (
    select
        * replace (
            concat_ws(':', platform, shop_id, order_id) as order_id,
            coalesce(created_at, order_created_at) as created_at,
            coalesce(paid_at, order_paid_at) as paid_at,
            coalesce(shipped_at, order_shipped_at) as shipped_at,
            coalesce(finished_at, order_finished_at) as finished_at,
            coalesce(appointed_at, ship_due_at, order_ship_due_at) as ship_due_at
        ),
        order_id as platform_order_id,
        coalesce(line_status, order_status) as status_raw,
        -- an export states in words, and of sub-orders only, what the API told before it as numbers
        coalesce(not regexp_full_match(line_status, '\d+'), false) as is_in_words,
        {{ state | replace('STATUS', 'line_status') | replace('MAIN', 'line_main_status') }}
            as own_state,
        case when not is_in_words then
            {{ state | replace('STATUS', 'order_status') | replace('MAIN', 'order_main_status') }}
        end as order_state,
        nullif(regexp_extract(master_ids, '\d+'), '') as master_id,
        -- exports do not say what is a gift: nothing to pay beside something to pay
        coalesce(
            given_product_type = 'FREE' or trade_type = '102'
            or given_product_type is null and (trade_type is null or updated_at is null)
            and pay_amount = 0 and sum(pay_amount) over an_order > 0,
            false
        ) as is_gift,
        from_json(
            phases,
            '[{"current_phase": "INTEGER", "total_phase": "INTEGER", "pay_success": "BOOLEAN", '
            || '"phase_pay_time": "BIGINT", "phase_pay_amount": "BIGINT", '
            || '"sku_order_id": "VARCHAR"}]'
        ) as all_phases,
        coalesce(order_post_amount, sum(post_amount) over an_order) as freight_amount,
        sum(pay_amount) over an_order as lines_pay_amount
    from landed
    window an_order as (partition by platform, shop_id, order_id)
),

-- a gift is paid for when its goods are; what is paid in one phase has no deposit
phased as (
    select
        *,
        list_filter(
            all_phases,
            lambda p: coalesce(p.sku_order_id in (line_id, master_id), false)
                and coalesce(p.total_phase, 2) > 1
        ) as own_phases,
        list_filter(own_phases, lambda p: p.pay_success and p.phase_pay_time > 0) as paid_phases,
        len(own_phases) > 0 as is_two_step,
        to_timestamp(
            list_max([p.phase_pay_time for p in paid_phases if p.current_phase = 1])
        ) as deposit_paid_at,
        coalesce(
            to_timestamp(list_max(
                [p.phase_pay_time for p in paid_phases if p.current_phase = p.total_phase]
            )),
            if(is_in_words and own_state not in ('created', 'deposit_paid'), paid_at, null)
        ) as balance_paid_at,
        cast(
            list_sum([p.phase_pay_amount for p in paid_phases if p.current_phase = 1]) / 100
            as decimal(18, 2)
        ) as phase_deposit_amount
    from read
),

-- what Douyin states for the order only is shared by pay_amount
shares as (
    select
        *,
        line_no = max(case when pay_amount > 0 then line_no end) over an_order as is_last,
        {%- for amount in shared %}
        count({{ amount }}) over an_order = 0 as shares_{{ amount }},
        {{ rounded_part('order_' ~ amount, 'coalesce(pay_amount, 0)', 'order_id') }}
            as part_of_{{ amount }}{{ "," if not loop.last }}
        {%- endfor %}
    from phased
    window an_order as (partition by order_id)
),

amounts as (
    select
        * replace (
            {%- for amount in shared %}
            cast(
                case
                    when shares_{{ amount }} then part_of_{{ amount }} + if(
                        is_last,
                        order_{{ amount }}
                        - sum(part_of_{{ amount }}) over (partition by order_id),
                        0
                    )
                    else coalesce({{ amount }}, 0)
                end as decimal(18, 2)
            ) as {{ amount }}{{ "," if not loop.last }}
            {%- endfor %}
        ),
        -- freight is inside pay_amount unless the sub-orders add up to the order without it
        coalesce(lines_pay_amount = order_pay_amount - freight_amount, false) as is_freight_apart,
        count(coalesce(platform_cost_amount, author_cost_amount)) over (partition by order_id) > 0
            as knows_cost
    from shares
),

paid as (
    select
        *,
        cast(
            pay_amount
            - if(is_freight_apart, 0, coalesce(post_amount, 0))
            - coalesce(promotion_pay_amount, 0) as decimal(18, 2)
        ) as paid_amount,
        coalesce(sum_amount, cast(price_amount * qty as decimal(18, 2))) as gross_amount,
        coalesce(promotion_platform_amount + coalesce(promotion_talent_amount, 0),
            promotion_talent_amount) as platform_discount_amount
    from amounts
),

-- a sub-order that is paid back is closed while the order goes on: that is a partial refund and
-- changes no lifecycle. An export does not tell of the order: its furthest open sub-order does
stated as (
    select
        *,
        case
            when order_state = 'closed' then 'closed'
            when own_state = 'closed' and order_state is null
                then coalesce(furthest_state, 'closed')
            when own_state = 'closed' then order_state
            else coalesce(own_state, order_state)
        end as stated
    from (
        select
            *,
            max_by(own_state, list_position(
                ['created', 'deposit_paid', 'paid', 'part_shipped', 'shipped', 'completed'], own_state
            )) filter (where own_state <> 'closed') over (partition by order_id) as furthest_state
        from paid
    )
),

told as (
    select
        * replace (if(is_two_step, balance_paid_at, paid_at) as paid_at),
        case
            when stated = 'closed' then 'closed'
            when deposit_paid_at is not null and balance_paid_at is null
                and not (is_in_words and coalesce(stated <> 'created', false))
                then 'deposit_paid'
            when stated is not null then stated
            when shipped_at is not null then 'shipped'
            when if(is_two_step, balance_paid_at, paid_at) is not null then 'paid'
            else 'created'
        end as lifecycle,
        case
            when trade_type in ('10', '11', '12', '5')
                or regexp_matches(trade_type, '样|福袋|抽奖|0元') then 'sample'
            when trade_type = '103' or contains(trade_type, '收款') then 'topup'
            when trade_type in ('2', '102') or contains(trade_type, '预售')
                or pre_sale_type in ('1', '2') or is_two_step then 'presale'
            else 'sale'
        end as line_kind,
        case
            when theme_type = '1' or ad_env_type = 'live' or contains(content_kind, '直播')
                or coalesce(room_id, '0') <> '0' then 'live'
            when ad_env_type = 'video' or contains(content_kind, '视频')
                or coalesce(video_id, '0') <> '0' then 'video'
            when contains(content_kind, '搜索') or contains(entrance, '搜索') then 'search'
            when contains(content_kind, '商品卡') or c_biz = '8' then 'card'
        end as channel,
        -- what is in one bundle; Douyin does not say what part of the price is whose
        [
            {
                'code': nullif(part.code, ''),
                'qty': part.item_num,
                'amount': cast(null as decimal(18, 2))
            }
            for part in from_json(bundle_skus, '[{"code": "VARCHAR", "item_num": "DOUBLE"}]')
        ] as parts
    from stated
)

select
    order_id,
    concat_ws(':', order_id, line_id) as order_line_id,
    platform,
    shop_id,
    platform_order_id,
    case
        when parent_order_id not in ('0', platform_order_id)
            then concat_ws(':', platform, shop_id, parent_order_id)
    end as parent_order_id,
    cast(null as varchar) as root_order_id,
    line_no,
    nullif(item_id, '0') as platform_item_id,
    nullif(sku_id, '0') as platform_sku_id,
    coalesce(sku_code, nullif(out_sku_id, '0')) as merchant_code,
    barcode,
    qty,
    gross_amount,
    cast(
        gross_amount - paid_amount - platform_discount_amount - coalesce(promotion_pay_amount, 0)
        as decimal(18, 2)
    ) as seller_discount_amount,
    cast(platform_discount_amount as decimal(18, 2)) as platform_discount_amount,
    promotion_pay_amount as channel_discount_amount,
    paid_amount,
    cast(null as decimal(18, 2)) as order_goods_amount,
    cast(null as decimal(18, 2)) as allocation_base,
    cast(
        case
            when knows_cost
                then paid_amount + coalesce(platform_cost_amount, 0)
                    + coalesce(author_cost_amount, 0)
        end as decimal(18, 2)
    ) as receivable_amount,
    cast(freight_amount as decimal(18, 2)) as freight_amount,
    created_at,
    deposit_paid_at,
    paid_at,
    shipped_at,
    case when lifecycle = 'completed' then finished_at end as finished_at,
    case when lifecycle = 'closed' then coalesce(finished_at, updated_at) end as closed_at,
    ship_due_at,
    updated_at as source_modified_at,
    if(is_gift, null, phase_deposit_amount) as deposit_amount,
    cast(
        case
            when not is_gift and balance_paid_at is not null
                then paid_amount - phase_deposit_amount
        end as decimal(18, 2)
    ) as balance_amount,
    status_raw,
    lifecycle,
    lifecycle = 'closed' and deposit_paid_at is not null and balance_paid_at is null
    and coalesce(refund_status, '') <> '3' as is_forfeited,
    is_gift,
    case when is_gift and master_id is not null then concat_ws(':', order_id, master_id) end
        as main_line_id,
    case
        when is_gift then coalesce(
            min_by(line_kind, line_no) filter (where not is_gift) over (partition by order_id),
            line_kind
        )
        else line_kind
    end as order_kind,
    channel,
    nullif(author_id, '0') as kol_id,
    nullif(room_id, '0') as room_id,
    buyer_id as buyer_key,
    case when buyer_id is not null then 'dy_open_id' end as buyer_key_type,
    cast(null as varchar) as union_key,
    address_token as address_key,
    list_reverse_sort([
        {'units': shelf.count, 'code': shelf.out_warehouse_id}
        for shelf in from_json(
            inventories, '[{"out_warehouse_id": "VARCHAR", "count": "DOUBLE"}]'
        )
        if coalesce(shelf.out_warehouse_id, '') not in ('', '0')
    ])[1].code as warehouse_code,
    seller_flag,
    case
        when len(parts) > 0 and len([part for part in parts if part.code is null]) = 0
            then cast(to_json(parts) as varchar)
    end as components,
    cast(null as varchar) as promo_id,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from told
