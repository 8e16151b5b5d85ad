-- One SKU of an order. totalPaidAmount is what was paid for all of its units; the deposit of a
-- two-step order is beside it unless 商家应收 shows that it is inside already.
{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='order_id'
) }}
-- getOrderList may come without SKUs: such a record never stands in for one that has them
with landed as (
    {{ current_orders(
        'xiaohongshu', version='updated_at', names=['sku_id', 'sku_code'],
        condition='coalesce(sku_id, sku_code) is not null',
        among_equals="coalesce(sku_tag in ('1', '是', 'true'), false), -qty, line_no"
    ) }}
),

read as (
    select
        * replace (concat_ws(':', platform, shop_id, order_id) as order_id),
        order_id as platform_order_id,
        coalesce(sku_id, sku_code) as sku_key,
        coalesce(sku_tag in ('1', '是', 'true'), false) as is_gift,
        -- what an export says was to pay is newer than the API's word beside it
        updated_at is null and payable_amount is not null
        and (channel_discount is not null or coalesce(total_channel_amount, 0) = 0) as is_exported,
        coalesce(
            if(is_exported, null, paid_amount),
            payable_amount - coalesce(channel_discount, 0)
        ) as line_amount,
        coalesce(order_type = '2' or contains(order_type, '定金'), false)
            and coalesce(total_deposit_amount, 0) > 0 as is_two_step,
        from_json(
            details,
            '[{"skuId": "VARCHAR", "erpCode": "VARCHAR", "quantity": "BIGINT", '
            || '"pricePerSku": "BIGINT", "paidAmountPerSku": "BIGINT", '
            || '"depositAmountPerSku": "BIGINT"}]'
        ) as parts
    from landed
),

-- a quantity of a component is that of the line or of one unit: whichever adds up to the amount
counted as (
    select
        *,
        list_sum([coalesce(part.paidAmountPerSku, 0) * part.quantity for part in parts])
            as parts_fen,
        if(
            abs(parts_fen - line_amount * 100) <= abs(parts_fen * qty - line_amount * 100),
            1, qty
        ) as times,
        cast(
            list_sum([coalesce(part.depositAmountPerSku, 0) * part.quantity for part in parts])
            * times * 0.01 as decimal(18, 2)
        ) as parts_deposit,
        cast(
            list_sum([coalesce(part.pricePerSku, 0) * part.quantity for part in parts])
            * times * 0.01 as decimal(18, 2)
        ) as parts_price,
        -- 商家应收 is cash + deposit + the platform's part
        is_two_step and coalesce(
            if(
                is_exported, null,
                total_receive_amount - total_pay_amount - coalesce(total_red_amount, 0)
            ),
            sum(receive_amount - payable_amount - coalesce(red_discount, 0))
                over (partition by order_id),
            1
        ) > 0 as is_deposit_apart
    from read
),

shares as (
    select
        *,
        coalesce(nullif(parts_deposit, 0), line_amount, 0) as deposit_weight,
        line_no = max(case when deposit_weight > 0 then line_no end) over an_order
            as takes_deposit_rest,
        line_no = max(case when line_amount > 0 then line_no end) over an_order
            as takes_channel_rest,
        {{ rounded_part('total_deposit_amount', 'deposit_weight', 'order_id') }} as deposit_part,
        {{ rounded_part('total_channel_amount', 'coalesce(line_amount, 0)', 'order_id') }}
            as channel_part
    from counted
    window an_order as (partition by order_id)
),

paid as (
    select
        * replace (
            coalesce(
                channel_discount,
                if(total_channel_amount = 0, 0, null),
                channel_part + if(
                    takes_channel_rest,
                    total_channel_amount - sum(channel_part) over (partition by order_id),
                    0
                )
            ) as channel_discount
        ),
        cast(
            case
                when is_two_step and not is_gift then deposit_part + if(
                    takes_deposit_rest,
                    total_deposit_amount - sum(deposit_part) over (partition by order_id),
                    0
                )
            end as decimal(18, 2)
        ) as deposit_amount,
        cast(
            line_amount + if(is_deposit_apart, coalesce(deposit_amount, 0), 0) as decimal(18, 2)
        ) as cash_amount
    from shares
),

told as (
    select
        *,
        cast(
            coalesce(
                gross_amount,
                if(is_gift, parts_price, null),
                cash_amount + coalesce(merchant_discount, 0) + coalesce(red_discount, 0)
                + coalesce(channel_discount, 0)
            ) as decimal(18, 2)
        ) as list_amount,
        case
            when status in ('8', '9') or regexp_matches(status, '关闭|取消') then 'closed'
            when status = '7' or contains(status, '完成') then 'completed'
            when status = '6' or regexp_matches(status, '待收货|已发货') then 'shipped'
            when status = '5' or contains(status, '部分发货') then 'part_shipped'
            when status in ('2', '3', '4') or regexp_matches(status, '待发货|待配货|处理中|清关')
                then 'paid'
            when status = '1' or contains(status, '待付款')
                then if(is_two_step, 'deposit_paid', 'created')
            -- an exchange that is asked for keeps the order where it was
            when finished_at is not null then 'completed'
            when shipped_at is not null then 'shipped'
            when paid_at is not null then 'paid'
            else 'created'
        end as lifecycle,
        case
            when contains(tags, '"SAMPLE"') or contains(mark, '拿样') then 'sample'
            when order_type = '5' or regexp_matches(order_type, '换货|补发')
                then if(original_order_id is null, 'reissue', 'exchange')
            when order_type in ('2', '3') or contains(order_type, '预售')
                or (order_type = '4' and presale_from_at is not null) then 'presale'
            else 'sale'
        end as order_kind,
        row_number() over (partition by order_id, sku_key order by is_gift, line_no)
            as occurrence_no,
        concat_ws(
            ':', order_id, left(md5(concat_ws(':', order_id, sku_key, occurrence_no)), 16)
        ) as order_line_id,
        -- of one unit of the SKU
        [
            {
                'code': nullif(part.erpCode, ''),
                'qty': part.quantity * times / qty,
                'amount': cast(
                    (
                        coalesce(part.paidAmountPerSku, 0)
                        + if(is_deposit_apart, coalesce(part.depositAmountPerSku, 0), 0)
                    ) * part.quantity * times / qty * 0.01 as decimal(18, 2)
                )
            }
            for part in parts
        ] as components
    from paid
)

select
    order_id,
    order_line_id,
    platform,
    shop_id,
    platform_order_id,
    cast(null as varchar) as parent_order_id,
    cast(null as varchar) as root_order_id,
    line_no,
    item_id as platform_item_id,
    sku_id as platform_sku_id,
    sku_code as merchant_code,
    barcode,
    qty,
    list_amount as gross_amount,
    cast(if(is_gift, list_amount - cash_amount, merchant_discount) as decimal(18, 2))
        as seller_discount_amount,
    red_discount as platform_discount_amount,
    cast(channel_discount as decimal(18, 2)) as channel_discount_amount,
    cash_amount as paid_amount,
    cast(null as decimal(18, 2)) as order_goods_amount,
    cast(null as decimal(18, 2)) as allocation_base,
    cast(
        coalesce(receive_amount, cash_amount + coalesce(red_discount, 0)) as decimal(18, 2)
    ) as receivable_amount,
    shipping_amount as freight_amount,
    created_at,
    -- no time is given for the deposit: it counts from the order
    if(is_two_step, created_at, null) as deposit_paid_at,
    if(lifecycle in ('created', 'deposit_paid'), null, paid_at) as paid_at,
    shipped_at,
    if(lifecycle = 'completed', finished_at, null) as finished_at,
    if(lifecycle = 'closed', coalesce(closed_at, finished_at, updated_at), null) as closed_at,
    coalesce(ship_due_at, presale_from_at) as ship_due_at,
    updated_at as source_modified_at,
    deposit_amount,
    cast(
        if(
            lifecycle in ('created', 'deposit_paid') or paid_at is null,
            null, cash_amount - deposit_amount
        ) as decimal(18, 2)
    ) as balance_amount,
    status as status_raw,
    lifecycle,
    lifecycle = 'closed' and is_two_step and paid_at is null
    and coalesce(after_sale_status, '') not in ('3', '售后完成') as is_forfeited,
    is_gift,
    case
        when is_gift and count(*) filter (where not is_gift) over (partition by order_id) = 1
            then min(order_line_id) filter (where not is_gift) over (partition by order_id)
    end as main_line_id,
    order_kind,
    cast(null as varchar) as channel,
    kol_id,
    cast(null as varchar) as room_id,
    buyer_id as buyer_key,
    if(buyer_id is null, null, 'xhs_user_id') as buyer_key_type,
    cast(null as varchar) as union_key,
    address_token as address_key,
    warehouse_code,
    seller_flag,
    -- a plain SKU is listed as its own only component
    case
        when (len(parts) > 1 or parts[1].skuId <> sku_id)
            and len([part for part in components if part.code is null]) = 0
            then cast(to_json(components) as varchar)
    end as components,
    cast(null as varchar) as promo_id,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from told
