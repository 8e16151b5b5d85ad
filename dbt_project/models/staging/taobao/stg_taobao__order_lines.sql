{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='order_id'
) }}
with landed as (
    {{ current_orders('taobao', version='modified_at', names=['line_id']) }}
),

-- the steps are as the API told them last: a newer word of an export may be that all is paid
stepped as (
    select
        * replace (
            if(
                modified_at is null and step_status like '%FINAL_NOPAID' and paid_at is not null
                and regexp_matches(
                    status, '等待卖家发货|部分发货|等待买家确认|交易成功|交易关闭'
                ),
                'FRONT_PAID_FINAL_PAID', step_status
            ) as step_status
        )
    from landed
),

trades as (
    select
        * replace (
            concat_ws(':', platform, shop_id, order_id) as order_id,
            -- until the balance is paid, pay_time can only be the deposit's
            case
                when coalesce(step_status, 'FRONT_PAID_FINAL_PAID') = 'FRONT_PAID_FINAL_PAID'
                    then paid_at
            end as paid_at
        ),
        order_id as platform_order_id,
        step_status is not null or coalesce(order_type = 'step', false) as is_two_step,
        from_json(
            step_payments, '[{"step_no": "VARCHAR", "step_actual_pay_fee": "DECIMAL(18,2)"}]'
        ) as payments,
        from_json(
            promotions,
            '[{"id": "VARCHAR", "promotion_id": "VARCHAR", "gift_item_id": "VARCHAR", '
            || '"gift_item_num": "DOUBLE"}]'
        ) as promotion_list
    from stepped
),

line_counts as (
    select order_id, count(*) as line_count
    from trades
    group by order_id
),

-- Gifts of older trades are no sub-orders: only the promotion that gave them tells of them.
promised_gifts as (
    select
        order_id,
        gift.gift_item_id as item_id,
        min(gift.id) as main_line_id,
        sum(coalesce(gift.gift_item_num, 1)) as qty
    from (
        select order_id, unnest(promotion_list) as gift
        from trades
        where line_no = 1 and promotions like '%gift_item_id%'
    )
    where gift.gift_item_id is not null
    group by all
),

gifts_without_a_line as (
    select
        promised_gifts.*,
        row_number() over (partition by order_id order by item_id) as gift_no
    from promised_gifts
    anti join trades
        on promised_gifts.order_id = trades.order_id and promised_gifts.item_id = trades.item_id
),

lines as (
    select * from trades
    union all by name
    select
        trades.* replace (
            'gift-' || gifts_without_a_line.item_id as line_id,
            line_counts.line_count + gifts_without_a_line.gift_no as line_no,
            gifts_without_a_line.item_id as item_id,
            null as sku_id,
            null as item_code,
            null as sku_code,
            gifts_without_a_line.qty as qty,
            null as price_amount,
            null as discount_amount,
            null as adjust_amount,
            null as line_total_amount,
            null as shared_discount_amount,
            0 as divided_amount,
            true as is_free_gift,
            gifts_without_a_line.main_line_id as gift_line_ids,
            null as combined_items
        )
    from gifts_without_a_line
    inner join trades
        on gifts_without_a_line.order_id = trades.order_id and trades.line_no = 1
    inner join line_counts on gifts_without_a_line.order_id = line_counts.order_id
),

priced as (
    select
        lines.*,
        cast(price_amount * cast(qty as decimal(18, 3)) as decimal(18, 2)) as gross_amount,
        -- the `payment` of a trade's only line holds the freight, so it is not asked
        coalesce(
            divided_amount,
            line_total_amount - coalesce(shared_discount_amount, 0),
            case when line_count = 1 then payment_amount - coalesce(freight_amount, 0) end
        ) as paid_amount
    from lines
    inner join line_counts using (order_id)
),

-- What platform and payment channel bore is known for the trade only: it lies where a line was paid
-- less than the shop asked for; where no line was, it lies on all alike.
weighed as (
    select
        *,
        if(sum(shortfall) over (partition by order_id) > 0, shortfall, paid_amount) as weight
    from (
        select
            order_id,
            line_no,
            paid_amount,
            platform_subsidy_amount,
            alipay_point_amount,
            greatest(
                coalesce(line_total_amount - coalesce(shared_discount_amount, 0) - paid_amount, 0), 0
            ) as shortfall
        from priced
        where platform_subsidy_amount is not null or alipay_point_amount is not null
    )
),

rounded as (
    select
        *,
        {{ rounded_part('platform_subsidy_amount', 'weight', 'order_id') }} as subsidy_part,
        {{ rounded_part('alipay_point_amount', 'weight', 'order_id') }} as point_part,
        row_number() over (
            partition by order_id order by coalesce(weight > 0, false) desc, line_no desc
        ) = 1 as is_last
    from weighed
),

borne as (
    select
        order_id,
        line_no,
        subsidy_part + if(
            is_last, platform_subsidy_amount - sum(subsidy_part) over (partition by order_id), 0
        ) as platform_discount_amount,
        point_part + if(
            is_last, alipay_point_amount - sum(point_part) over (partition by order_id), 0
        ) as channel_discount_amount
    from rounded
),

-- gift_mids names a gift's goods, or the gifts of goods. Which of the two lines is the gift its
-- mark says, else what was paid for it, else what the shop asked for it, else that it names the
-- other.
tied as (
    select
        line.order_id,
        line.line_id,
        line.nth,
        line.other_id,
        case
            when line.is_free_gift then true
            when other.is_free_gift then false
            when other.line_id is null
                then line.paid_amount = 0
                    and count(other.line_id) over (partition by line.order_id, line.line_id) = 0
            when line.paid_amount = 0 and other.paid_amount = 0 then case
                when coalesce(line.line_total_amount, 0) <> coalesce(other.line_total_amount, 0)
                    then coalesce(line.line_total_amount, 0) < coalesce(other.line_total_amount, 0)
                else line.line_no > other.line_no
                    or not coalesce(contains(other.gift_line_ids, line.line_id), false)
            end
            when 0 in (line.paid_amount, other.paid_amount) then line.paid_amount = 0
        end as is_gift
    from (
        select
            order_id,
            line_id,
            line_no,
            is_free_gift,
            paid_amount,
            line_total_amount,
            trim(unnest(string_split(gift_line_ids, ','))) as other_id,
            generate_subscripts(string_split(gift_line_ids, ','), 1) as nth
        from priced
        where gift_line_ids is not null
    ) as line
    left join priced as other
        on line.order_id = other.order_id and line.other_id = other.line_id
    where line.other_id not in (line.line_id, '')
),

gifts as (
    select
        order_id,
        if(is_gift, line_id, other_id) as line_id,
        min_by(if(is_gift, other_id, line_id), nth) as main_line_id
    from tied
    where is_gift is not null
    group by all
),

named as (
    select
        priced.*,
        gifts.main_line_id,
        borne.platform_discount_amount,
        borne.channel_discount_amount,
        case
            when status in (
                'TRADE_NO_CREATE_PAY', 'WAIT_BUYER_PAY', 'PAY_PENDING', 'WAIT_PRE_AUTH_CONFIRM'
            ) or status like '%等待买家付款%'
                then if(step_status = 'FRONT_PAID_FINAL_NOPAID', 'deposit_paid', 'created')
            when status in ('WAIT_SELLER_SEND_GOODS', 'PAID_FORBID_CONSIGN')
                or status like '%等待卖家发货%'
                then 'paid'
            when status = 'SELLER_CONSIGNED_PART' or status like '%部分发货%' then 'part_shipped'
            when status in ('WAIT_BUYER_CONFIRM_GOODS', 'TRADE_BUYER_SIGNED')
                or status like '%等待买家确认%'
                then 'shipped'
            when status in ('TRADE_FINISHED', '交易成功') then 'completed'
            when status in ('TRADE_CLOSED', 'TRADE_CLOSED_BY_TAOBAO', '交易关闭') then 'closed'
            else if(paid_at is null, 'created', 'paid')
        end as lifecycle,
        list_filter(payments, lambda p: p.step_no = '1') as deposits,
        list_filter(payments, lambda p: p.step_no = '2') as balances,
        list_transform(
            from_json(
                combined_items,
                '[{"outer_sku_id": "VARCHAR", "outer_iid": "VARCHAR", "quantity": "DOUBLE", '
                || '"combine_sub_item_fee": "BIGINT"}]'
            ),
            lambda c: {
                'code': coalesce(nullif(c.outer_sku_id, ''), nullif(c.outer_iid, '')),
                'qty': c.quantity,
                'amount': cast(c.combine_sub_item_fee * 0.01 as decimal(18, 2))
            }
        ) as component_list,
        list_filter(
            promotion_list,
            lambda p: p.promotion_id is not null and p.id in (line_id, platform_order_id)
        ) as own_promotions,
        coalesce(is_free_gift, false)
            or gifts.main_line_id is not null
            or coalesce(
                paid_amount = 0 and list_contains(
                    list_transform(promotion_list, lambda p: p.gift_item_id), item_id
                ),
                false
            ) as is_gift
    from priced
    left join borne using (order_id, line_no)
    left join gifts using (order_id, line_id)
),

-- Both steps are paid for the trade: its goods share them as they share what is paid. Until the
-- balance is paid what is paid so far is the deposit.
steps as (
    select
        order_id,
        line_no,
        cast(
            coalesce(
                list_sum(list_transform(deposits, lambda p: p.step_actual_pay_fee)),
                if(paid_at is null, step_paid_amount, null)
            ) as decimal(18, 2)
        ) as trade_deposit,
        cast(
            list_sum(list_transform(balances, lambda p: p.step_actual_pay_fee)) as decimal(18, 2)
        ) as trade_balance,
        case
            when sum(paid_amount) over a_trade > 0 then coalesce(paid_amount, 0)
            when sum(gross_amount) over a_trade > 0 then coalesce(gross_amount, 0)
            else cast(1 as decimal(18, 2))
        end as weight
    from named
    where is_two_step and not is_gift
    window a_trade as (partition by order_id)
),

step_parts as (
    select
        *,
        {{ rounded_part('trade_deposit', 'weight', 'order_id') }} as deposit_part,
        {{ rounded_part('trade_balance', 'weight', 'order_id') }} as balance_part,
        row_number() over (partition by order_id order by weight > 0 desc, line_no desc) = 1
            as is_last
    from steps
),

stepwise as (
    select
        order_id,
        line_no,
        cast(
            deposit_part + if(
                is_last, trade_deposit - sum(deposit_part) over (partition by order_id), 0
            ) as decimal(18, 2)
        ) as deposit_amount,
        cast(
            balance_part + if(
                is_last, trade_balance - sum(balance_part) over (partition by order_id), 0
            ) as decimal(18, 2)
        ) as balance_amount
    from step_parts
)

select
    order_id,
    concat_ws(':', order_id, line_id) as order_line_id,
    platform,
    shop_id,
    platform_order_id,
    cast(null as varchar) as parent_order_id,
    cast(null as varchar) as root_order_id,
    line_no,
    item_id as platform_item_id,
    sku_id as platform_sku_id,
    coalesce(sku_code, item_code) as merchant_code,
    cast(null as varchar) as barcode,
    qty,
    gross_amount,
    cast(
        case
            when coalesce(discount_amount, shared_discount_amount, adjust_amount) is not null
                then coalesce(discount_amount, 0) + coalesce(shared_discount_amount, 0)
                    - coalesce(adjust_amount, 0)
        end as decimal(18, 2)
    ) as seller_discount_amount,
    cast(platform_discount_amount as decimal(18, 2)) as platform_discount_amount,
    cast(channel_discount_amount as decimal(18, 2)) as channel_discount_amount,
    cast(paid_amount as decimal(18, 2)) as paid_amount,
    cast(
        case when paid_amount is null then payment_amount - coalesce(freight_amount, 0) end
        as decimal(18, 2)
    ) as order_goods_amount,
    cast(
        case
            when paid_amount is null
                then if(is_gift, 0, gross_amount - coalesce(discount_amount, 0))
        end as decimal(18, 2)
    ) as allocation_base,
    cast(paid_amount + platform_discount_amount as decimal(18, 2)) as receivable_amount,
    freight_amount,
    created_at,
    -- no time is given for the deposit: it counts from the order
    case when step_status like 'FRONT_PAID%' then created_at end as deposit_paid_at,
    paid_at,
    coalesce(line_shipped_at, shipped_at) as shipped_at,
    case when lifecycle = 'completed' then ended_at end as finished_at,
    case when lifecycle = 'closed' then ended_at end as closed_at,
    timezone(
        'Asia/Shanghai', try_strptime(ship_by, ['%Y-%m-%d %H:%M:%S', '%Y-%m-%d'])
    ) as ship_due_at,
    modified_at as source_modified_at,
    deposit_amount,
    balance_amount,
    status as status_raw,
    lifecycle,
    coalesce(step_status = 'FRONT_PAID_FRONT_FORFEITED', false) as is_forfeited,
    is_gift,
    case
        when is_gift then order_id || ':' || coalesce(
            main_line_id,
            list_filter(
                promotion_list,
                lambda p: p.gift_item_id = item_id and p.id not in (platform_order_id, line_id)
            )[1].id
        )
    end as main_line_id,
    case
        when receipt_type is not null then 'topup'
        when order_type = 'fenxiao' then 'wholesale'
        when order_type = 'nopaid' then 'sample'
        when order_type = 'ec' then 'service'
        when is_two_step or is_new_presell or is_general_presell then 'presale'
        else 'sale'
    end as order_kind,
    cast(null as varchar) as channel,
    cast(null as varchar) as kol_id,
    cast(null as varchar) as room_id,
    buyer_id as buyer_key,
    case when buyer_id is not null then 'tb_open_uid' end as buyer_key_type,
    cast(null as varchar) as union_key,
    address_token as address_key,
    -- SC is the shop's own warehouse, whichever it is
    nullif(warehouse_code, 'SC') as warehouse_code,
    seller_flag,
    case
        when len(component_list) > 0
            and len(list_filter(component_list, lambda c: c.code is null)) = 0
            then cast(to_json(component_list) as varchar)
    end as components,
    platform || ':' || shop_id || ':' || own_promotions[1].promotion_id as promo_id,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from named
left join stepwise using (order_id, line_no)
