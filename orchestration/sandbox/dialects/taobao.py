"""How Taobao and Tmall tell the sandbox's truth: TOP responses, 生意参谋 files."""

from orchestration.sandbox.dialects import Extract
from orchestration.sandbox.dialects.text import (
    DAYS,
    known_orders,
    orders_of,
    record,
    time,
    yuan,
)

_PLATFORM = "taobao"


# An order's record changes with the order and with its refunds; it tells what has happened by the
# end of the bucket.
_CHANGES = """
    select order_no, unnest([
        created_at, deposit_at, paid_at, shipped_at, finished_at, closed_at
    ]) as changed_at
    from own
    union all
    select order_no, unnest([created_at, approved_at, success_at, closed_at])
    from refunds semi join own using (order_no)
"""
_REFUND_STATUS = """
    case
        when success_at < bucket_end then 'SUCCESS'
        when closed_at < bucket_end then if(status = 'refused', 'SELLER_REFUSE_BUYER', 'CLOSED')
        when approved_at < bucket_end and type = 'return_refund' then 'WAIT_BUYER_RETURN_GOODS'
        when approved_at < bucket_end and type = 'exchange' then 'WAIT_SELLER_CONFIRM_GOODS'
        else 'WAIT_SELLER_AGREE'
    end
"""
_STATUS = """
    case
        when closed_at is not null
            then if(paid_at is null, 'TRADE_CLOSED_BY_TAOBAO', 'TRADE_CLOSED')
        when finished_at is not null then 'TRADE_FINISHED'
        when shipped_at is not null then 'WAIT_BUYER_CONFIRM_GOODS'
        when paid_at is not null then 'WAIT_SELLER_SEND_GOODS'
        else 'WAIT_BUYER_PAY'
    end
"""
_STEP_STATUS = """
    case
        when deposit_cents > 0 and not is_full_presale then case
            when paid_at is not null then 'FRONT_PAID_FINAL_PAID'
            when deposit_at is null then 'FRONT_NOPAID_FINAL_NOPAID'
            when closed_at is not null then 'FRONT_PAID_FRONT_FORFEITED'
            else 'FRONT_PAID_FINAL_NOPAID'
        end
    end
"""
# older gifts have no mark of their own: a promotion names the item
_HAS_OLD_GIFT = "l.is_gift and l.order_no % 7 = 0"

_LINE = record(
    ("oid", "cast(l.platform_line_id as bigint)"),
    ("oid_str", "l.platform_line_id"),
    ("num_iid", "cast(i.platform_item_id as bigint)"),
    ("title", "i.title"),
    ("sku_id", "if(l.is_gift, '', i.platform_sku_id)"),
    ("outer_sku_id", "if(l.is_gift, null, i.merchant_code)"),
    ("outer_iid", "if(l.is_gift, i.merchant_code, null)"),
    ("num", "l.qty"),
    ("price", yuan("l.list_cents")),
    ("discount_fee", yuan("l.line_promo_cents")),
    ("adjust_fee", "'0.00'"),
    ("total_fee", yuan("l.gross_cents - l.line_promo_cents")),
    ("part_mjz_discount", yuan("l.seller_discount_cents - l.line_promo_cents")),
    ("divide_order_fee", yuan("l.paid_cents")),
    (
        "payment",
        "if(s.line_count = 1, "
        + yuan("l.paid_cents + s.freight_cents")
        + ", "
        + yuan("l.gross_cents - l.line_promo_cents")
        + ")",
    ),
    ("refund_status", "coalesce(r.status, 'NO_REFUND')"),
    ("refund_id", "r.refund_ref"),
    ("is_free_gift", f"if({_HAS_OLD_GIFT}, null, l.is_gift)"),
    ("gift_mids", f"if({_HAS_OLD_GIFT}, null, m.platform_line_id)"),
    ("store_code", "s.warehouse"),
    ("consign_time", time("s.shipped_at")),
    ("combine_item_info", "c.combined"),
)
_PROMOTION = record(
    ("id", "cast(coalesce(m.platform_line_id, l.platform_line_id) as bigint)"),
    ("promotion_name", "'店铺活动'"),
    ("promotion_id", "l.promo_id"),
    ("discount_fee", yuan("l.line_promo_cents")),
    ("gift_item_id", f"if({_HAS_OLD_GIFT}, i.platform_item_id, null)"),
    ("gift_item_num", f"if({_HAS_OLD_GIFT}, cast(l.qty as varchar), null)"),
)
_TRADE = record(
    ("tid", "cast(platform_order_id as bigint)"),
    ("tid_str", "platform_order_id"),
    ("type", f"if({_STEP_STATUS} is null, 'fixed', 'step')"),
    ("status", _STATUS),
    ("step_trade_status", _STEP_STATUS),
    ("new_presell", "if(is_full_presale, true, null)"),
    ("seller_nick", "shop_id"),
    ("buyer_nick", "'PII-b' || right(buyer_id, 2) || '**'"),
    ("buyer_open_uid", "buyer_id"),
    ("oaid", "address_token"),
    ("receiver_name", "'PII-' || coalesce(household, order_no) || '**'"),
    ("receiver_mobile", "'1990000' || lpad(cast(order_no % 10000 as varchar), 4, '0')"),
    ("receiver_address", "'PII-某某路' || coalesce(household, order_no) || '号'"),
    ("created", time("created_at")),
    # some pullers are given the deposit's time until the balance is paid
    (
        "pay_time",
        time("coalesce(paid_at, case when order_no % 2 = 0 then deposit_at end)"),
    ),
    ("consign_time", time("shipped_at")),
    ("end_time", time("coalesce(closed_at, finished_at)")),
    ("modified", time("modified_at")),
    ("send_time", "if(is_full_presale, " + time("ship_due_at") + ", null)"),
    # what was paid back is no longer in the payment
    ("payment", yuan("paid_cents + freight_cents - coalesce(refunded_cents, 0)")),
    ("total_fee", yuan("gross_cents")),
    ("post_fee", yuan("freight_cents")),
    ("coupon_fee", "platform_cents"),
    ("platform_subsidy_fee", "if(platform_cents > 0, " + yuan("platform_cents") + ", null)"),
    (
        "step_paid_fee",
        f"if({_STEP_STATUS} is null, null, "
        + yuan(
            "case when paid_at is not null then paid_cents + freight_cents "
            "when deposit_at is not null then deposit_cents else 0 end"
        )
        + ")",
    ),
    (
        "step_pay_details",
        f"if({_STEP_STATUS} is null, null, json_object('step_pay_detail', json_array("
        "json_object('id', 1, 'step_no', 1, 'pay_status', if(deposit_at is null, 1, 2), "
        f"'step_actual_pay_fee', {yuan('if(deposit_at is null, 0, deposit_cents)')}), "
        "json_object('id', 2, 'step_no', 2, 'pay_status', if(paid_at is null, 1, 2), "
        "'step_actual_pay_fee', "
        + yuan("if(paid_at is null, 0, paid_cents + freight_cents - deposit_cents)")
        + "))))",
    ),
    ("seller_flag", "seller_flag"),
    ("num_iid", "0"),
    (
        "promotion_details",
        "if(promotions is null, null, json_object('promotion_detail', promotions))",
    ),
    ("orders", "json_object('order', lines)"),
)

_ORDERS = f"""
with days as ({DAYS}),
own as ({orders_of(_PLATFORM)}),
changes as ({_CHANGES}),
states as (
    {known_orders("deposit_at", "paid_at", "shipped_at", "finished_at", "closed_at")}
),
totals as (
    select order_no, count(*) as line_count, sum(gross_cents)::bigint as gross_cents,
        sum(paid_cents)::bigint as paid_cents,
        sum(platform_discount_cents)::bigint as platform_cents
    from order_lines semi join own using (order_no)
    group by order_no
),
refund_states as (
    select order_no, line_no, bucket_no, refund_ref, created_at,
        {_REFUND_STATUS} as status,
        case when success_at < bucket_end then success_cents else 0 end as refunded_cents
    from refunds join (select order_no, bucket_no, bucket_end from states) using (order_no)
    where created_at < bucket_end
),
line_refunds as (
    select order_no, line_no, bucket_no, max_by(status, created_at) as status,
        max_by(refund_ref, created_at) as refund_ref
    from refund_states
    group by all
),
refunded as (
    select order_no, bucket_no, sum(refunded_cents)::bigint as refunded_cents
    from refund_states
    group by all
),
-- every second set is one that the platform takes apart itself
combined as (
    select order_no, line_no, json_object('combine_sub_item_do', list(json_object(
            'item_id', cast(p.platform_item_id as bigint),
            'outer_sku_id', c.sku_code,
            'quantity', c.qty // l.qty,
            'origin_fee', c.share_cents,
            'combine_sub_item_fee', c.share_cents,
            'ismain', c.component_no = 1
        ) order by c.component_no)) as combined
    from order_components c
    join order_lines l using (order_no, line_no)
    join listings p using (listing_no)
    semi join own using (order_no)
    where p.listing_no % 2 = 0 and p.erp_code in (select bundle_code from bundles)
    group by all
),
detailed as (
    select s.order_no, s.bucket_no,
        list({_LINE} order by l.line_no) as lines,
        list({_PROMOTION} order by l.line_no)
            filter (l.promo_id is not null or {_HAS_OLD_GIFT}) as promotions
    from (select * from states join totals using (order_no)) s
    join order_lines l using (order_no)
    join listings i using (listing_no)
    left join order_lines m on m.order_no = l.order_no and m.line_no = l.main_line_no
    left join line_refunds r
        on r.order_no = l.order_no and r.line_no = l.line_no and r.bucket_no = s.bucket_no
    left join combined c on c.order_no = l.order_no and c.line_no = l.line_no
    group by all
)
select shop_id, bucket_no, platform_order_id as record_key, modified_at,
    cast({_TRADE} as varchar) as record
from states
join totals using (order_no)
join detailed using (order_no, bucket_no)
left join refunded using (order_no, bucket_no)
"""

_REFUND = record(
    ("refund_id", "refund_ref"),
    ("seller_nick", "shop_id"),
    ("buyer_nick", "'PII-b' || right(buyer_id, 2) || '**'"),
    ("buyer_open_uid", "buyer_id"),
    ("tid", "cast(platform_order_id as bigint)"),
    ("oid", "cast(platform_line_id as bigint)"),
    ("num_iid", "cast(platform_item_id as bigint)"),
    ("outer_id", "merchant_code"),
    ("status", "top_status"),
    (
        "dispute_type",
        "case type when 'return_refund' then 'REFUND_AND_RETURN' "
        "when 'exchange' then 'TMALL_EXCHANGE' when 'reship' then 'RESHIPPING' "
        "when 'repair' then 'REPAIR' else 'REFUND' end",
    ),
    ("special_refund_type", "if(type = 'price_protect', '价保服务', null)"),
    ("refund_phase", "phase"),
    (
        "order_status",
        "case when top_status = 'SUCCESS' and fee_cents = paid_cents then 'TRADE_CLOSED' "
        "when finished_at <= modified_at then 'TRADE_FINISHED' "
        "when shipped_at <= modified_at then 'WAIT_BUYER_CONFIRM_GOODS' "
        "else 'WAIT_SELLER_SEND_GOODS' end",
    ),
    ("has_good_return", "type in ('return_refund', 'exchange')"),
    (
        "good_status",
        "case when type = 'cancel_before_ship' then 'BUYER_NOT_RECEIVED' "
        "when type = 'return_refund' and top_status = 'SUCCESS' then 'BUYER_RETURNED_GOODS' "
        "else 'BUYER_RECEIVED' end",
    ),
    ("num", "qty"),
    ("total_fee", yuan("paid_cents")),
    ("refund_fee", yuan("fee_cents")),
    ("payment", yuan("paid_cents - fee_cents")),
    ("reason", "'PII-不想要了'"),
    ("created", time("created_at")),
    ("end_time", time("if(ended_at < bucket_end, ended_at, null)")),
    ("modified", time("modified_at")),
)
_REFUNDS = f"""
with days as ({DAYS}),
own as ({orders_of(_PLATFORM)}),
told as (
    select r.*, o.shop_id, o.buyer_id, o.platform_order_id, o.shipped_at, o.finished_at,
        l.platform_line_id, l.paid_cents, i.platform_item_id, i.merchant_code,
        coalesce(r.success_at, r.closed_at) as ended_at
    from refunds r
    join own o using (order_no)
    join order_lines l using (order_no, line_no)
    join listings i using (listing_no)
),
states as (
    select told.*, bucket_no, bucket_end, changed.modified_at,
        {_REFUND_STATUS} as top_status,
        if(success_at < bucket_end, success_cents, requested_cents) as fee_cents
    from (
        select refund_no, bucket_no, bucket_end, max(changed_at) as modified_at
        from (
            select refund_no, unnest([created_at, approved_at, success_at, closed_at]) as changed_at
            from told
        )
        join days on cast(changed_at as date) = days.day
        group by all
    ) changed
    join told using (refund_no)
)
select shop_id, bucket_no, refund_ref as record_key, modified_at,
    cast({_REFUND} as varchar) as record
from states
"""

EXTRACTS = (
    Extract(
        _PLATFORM,
        "orders",
        _ORDERS,
        ('{"trades_sold_increment_get_response":{"has_next":false,"trades":{"trade":[', "]}}}"),
        page_size=50,
    ),
    Extract(
        _PLATFORM,
        "refunds",
        _REFUNDS,
        ('{"refunds_receive_get_response":{"has_next":false,"refunds":{"refund":[', "]}}}"),
    ),
)
