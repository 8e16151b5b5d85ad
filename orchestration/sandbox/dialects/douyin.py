"""How Douyin tells the sandbox's truth: orders, the list of after-sales and their details."""

from orchestration.sandbox.dialects import Extract
from orchestration.sandbox.dialects.douyin_reports import PLATFORM, REPORTS, epoch, record
from orchestration.sandbox.dialects.states import LINE_REFUNDS, order_states, refund_states

_PHONE = "'1990000' || lpad(cast(s.order_no % 10000 as varchar), 4, '0')"
# a deposit and a balance, the gift of such an order is of a type of its own
_IS_DEPOSIT = "s.deposit_cents > 0 and not s.is_full_presale"
_STATUS = """
    case
        when s.closed_at is not null then 4
        when s.finished_at is not null then 5
        when s.shipped_at is not null then 3
        when s.paid_at is not null then if(s.order_no % 7 = 0, 105, 2)
        when s.deposit_at is not null then 103
        else 1
    end
"""
_MAIN_STATUS = f"""
    case
        when s.closed_at is null or s.paid_at is null then {_STATUS}
        when s.shipped_at is null then 21
        else 22
    end
"""
# a sub-order that was paid back entirely is closed, whatever becomes of the order
_LINE_IS_BACK = "l.paid_cents > 0 and r.refunded_cents >= l.paid_cents"
# freight is on the first sub-order
_LINE_POST = "if(l.line_no = 1, s.freight_cents, 0)"
_LINE_PAY = f"l.paid_cents + l.channel_discount_cents + {_LINE_POST}"
# some pullers leave to the order what only one sub-order was paid for
_IS_SAID_ONCE = "s.order_no % 3 = 0 and s.paying_lines = 1"

_SUB_ORDER = record(
    ("order_id", "l.platform_line_id"),
    ("parent_order_id", "s.platform_order_id"),
    ("order_level", "3"),
    ("order_status", f"if({_LINE_IS_BACK}, 4, {_STATUS})"),
    ("main_status", f"if({_LINE_IS_BACK}, if(s.shipped_at is null, 21, 22), {_MAIN_STATUS})"),
    (
        "trade_type",
        "case when s.order_kind = 'sample' then if(s.order_no % 2 = 0, 10, 12) "
        f"when {_IS_DEPOSIT} then if(l.is_gift, 102, 2) else 0 end",
    ),
    ("pre_sale_type", "if(s.is_full_presale and not l.is_gift, 1, 0)"),
    ("create_time", epoch("s.created_at")),
    ("ship_time", epoch("s.shipped_at")),
    ("finish_time", epoch("s.finished_at")),
    ("exp_ship_time", epoch("s.ship_due_at")),
    ("appointment_ship_time", "0"),
    ("product_id", "cast(i.platform_item_id as bigint)"),
    ("product_id_str", "i.platform_item_id"),
    ("product_name", "i.title"),
    ("sku_id", "cast(i.platform_sku_id as bigint)"),
    ("out_sku_id", "'0'"),
    ("code", "coalesce(i.merchant_code, '')"),
    ("item_num", "l.qty"),
    ("origin_amount", "l.list_cents"),
    ("sum_amount", "l.gross_cents"),
    ("order_amount", _LINE_PAY),
    ("pay_amount", _LINE_PAY),
    ("post_amount", _LINE_POST),
    ("promotion_shop_amount", "l.seller_discount_cents"),
    ("promotion_platform_amount", f"if({_IS_SAID_ONCE}, null, l.platform_discount_cents)"),
    ("promotion_talent_amount", f"if({_IS_SAID_ONCE}, null, 0)"),
    ("promotion_pay_amount", f"if({_IS_SAID_ONCE}, null, l.channel_discount_cents)"),
    ("only_platform_cost_amount", "l.platform_discount_cents"),
    ("author_cost_amount", "0"),
    ("theme_type", "if(s.channel = 'live', '1', '0')"),
    ("ad_env_type", "if(s.channel in ('live', 'video'), s.channel, '')"),
    ("c_biz", "case when s.kol_id is not null then 2 when s.channel is null then 0 else 8 end"),
    ("author_id", "coalesce(cast(s.kol_id as bigint), 0)"),
    ("author_name", "if(s.kol_id is null, '', 'PII-达人' || right(s.kol_id, 3))"),
    ("room_id", "coalesce(cast(s.room_no as bigint), 0)"),
    ("room_id_str", "coalesce(s.room_no, '0')"),
    ("video_id", "if(s.channel = 'video', '73' || s.platform_order_id, '')"),
    ("given_product_type", "if(l.is_gift, 'FREE', 'MASTER')"),
    (
        "master_sku_order_id_list",
        "if(l.is_gift and m.platform_line_id is not null, [m.platform_line_id], [])",
    ),
    ("bundle_sku_info", "coalesce(c.parts, [])"),
    (
        "inventory_list",
        "[{'warehouse_id': '88' || s.order_no % 10, 'out_warehouse_id': "
        "coalesce(s.warehouse, ''), 'inventory_type': 1, 'count': l.qty}]",
    ),
    (
        "after_sale_info",
        "{'after_sale_status': case r.refund_state when 'success' then 12 when 'closed' then 28 "
        "when 'refused' then 27 when 'requested' then 6 else 0 end, 'after_sale_type': 0, "
        "'refund_status': case r.refund_state when 'success' then 3 when 'requested' then 1 "
        "else 0 end}",
    ),
    ("mask_post_receiver", "'PII-小*'"),
    ("mask_post_tel", _PHONE),
)

_PHASES = """
    case when s.deposit_cents > 0 and not s.is_full_presale then [
        {
            'phase_order_id': s.platform_order_id || '1', 'current_phase': 1, 'total_phase': 2,
            'pay_success': s.deposit_at is not null, 'phase_pay_time': DEPOSIT_TIME,
            'phase_pay_amount': if(s.deposit_at is null, 0, s.deposit_cents),
            'phase_payable_price': s.deposit_cents, 'sku_order_id': s.main_line_id
        },
        {
            'phase_order_id': s.platform_order_id || '2', 'current_phase': 2, 'total_phase': 2,
            'pay_success': s.paid_at is not null, 'phase_pay_time': BALANCE_TIME,
            'phase_pay_amount': if(s.paid_at is null, 0, s.goods_cents - s.deposit_cents),
            'phase_payable_price': s.goods_cents - s.deposit_cents, 'sku_order_id': s.main_line_id
        }
    ] else [] end
"""
_ORDER = record(
    ("shop_id", "cast(s.shop_id as bigint)"),
    ("shop_name", "'抖音小店'"),
    ("order_id", "s.platform_order_id"),
    ("parent_order_id", "'0'"),
    ("order_level", "2"),
    ("order_status", _STATUS),
    ("main_status", _MAIN_STATUS),
    ("create_time", epoch("s.created_at")),
    # the time of the deposit stands here until the balance is paid
    ("pay_time", epoch("coalesce(s.paid_at, case when s.order_no % 2 = 0 then s.deposit_at end)")),
    ("update_time", epoch("s.modified_at")),
    ("finish_time", epoch("s.finished_at")),
    ("ship_time", epoch("s.shipped_at")),
    ("exp_ship_time", epoch("s.ship_due_at")),
    ("pay_type", "if(s.goods_cents + s.freight_cents = 0, 7, 2)"),
    ("order_amount", "s.goods_cents + s.channel_cents + s.freight_cents"),
    ("pay_amount", "s.goods_cents + s.channel_cents + s.freight_cents"),
    ("post_amount", "s.freight_cents"),
    ("promotion_amount", "s.seller_cents + s.platform_cents"),
    ("promotion_shop_amount", "s.seller_cents"),
    ("promotion_platform_amount", "s.platform_cents"),
    ("promotion_talent_amount", "0"),
    ("promotion_pay_amount", "s.channel_cents"),
    ("doudian_open_id", "s.buyer_id"),
    ("open_id", "''"),
    ("open_address_id", "s.address_token"),
    ("encrypt_post_receiver", "'##PII-' || s.order_no || '#aXZ1=='"),
    ("encrypt_post_tel", f"'$$' || {_PHONE} || '$aXZ1==$'"),
    ("mask_post_receiver", "'PII-' || coalesce(s.household, s.order_no) || '*'"),
    ("mask_post_tel", _PHONE),
    ("mask_post_addr", "{'detail': 'PII-幸福路' || coalesce(s.household, s.order_no) || '号'}"),
    ("buyer_words", "if(s.order_no % 11 = 0, 'PII-请放门口 ' || " + _PHONE + ", '')"),
    ("seller_remark_stars", "s.seller_flag"),
    (
        "order_phase_list",
        _PHASES.replace("DEPOSIT_TIME", epoch("s.deposit_at")).replace(
            "BALANCE_TIME", epoch("s.paid_at")
        ),
    ),
    ("sku_order_list", "lines"),
)

_ORDERS = f"""
with {order_states(PLATFORM)},
totals as (
    select order_no, sum(paid_cents)::bigint as goods_cents,
        sum(seller_discount_cents)::bigint as seller_cents,
        sum(platform_discount_cents)::bigint as platform_cents,
        sum(channel_discount_cents)::bigint as channel_cents,
        count(*) filter (paid_cents > 0) as paying_lines,
        min_by(platform_line_id, line_no) filter (not is_gift) as main_line_id
    from order_lines semi join own using (order_no)
    group by order_no
),
line_refunds as ({LINE_REFUNDS}),
-- every second pack of equal parts is one that the platform takes apart itself
combined as (
    select order_no, line_no, list({{
            'product_id': p.platform_item_id, 'sku_id': p.platform_sku_id, 'code': c.sku_code,
            'item_num': c.qty // l.qty
        }} order by c.component_no) as parts
    from order_components c
    join order_lines l using (order_no, line_no)
    join listings p using (listing_no)
    semi join own using (order_no)
    where p.listing_no % 2 = 0 and p.erp_code in (select bundle_code from bundles)
    group by all
    having count(*) = 1
),
detailed as (
    select s.order_no, s.bucket_no, list({_SUB_ORDER} order by l.line_no) as lines
    from (select * from states join totals using (order_no)) s
    join order_lines l using (order_no)
    join listings i using (listing_no)
    left join order_lines m on m.order_no = l.order_no and m.line_no = l.main_line_no
    left join line_refunds r
        on r.order_no = l.order_no and r.line_no = l.line_no and r.bucket_no = s.bucket_no
    left join combined c on c.order_no = l.order_no and c.line_no = l.line_no
    group by all
)
select s.shop_id, s.bucket_no, s.platform_order_id as record_key, s.modified_at,
    cast({_ORDER} as varchar) as record
from (
    select * from states join totals using (order_no) join detailed using (order_no, bucket_no)
) s
"""

_REFUND_TYPE = """
    case type when 'return_refund' then 0 when 'refund_only' then 1 when 'cancel_before_ship' then 2
        when 'exchange' then 3 when 'price_protect' then 6 when 'reship' then 7 else 8 end
"""
_REFUND_STATE = """
    case state
        when 'success' then if(type = 'exchange', 14, 12)
        when 'refused' then 27
        when 'closed' then 28
        when 'approved' then case type when 'return_refund' then 7 when 'exchange' then 11
            when 'reship' then 8 else 6 end
        else 6
    end
"""
_REFUND_MONEY = "case state when 'success' then 3 when 'approved' then 2 else 1 end"
_ORDER_WAS = (
    "case when phase = 'aftersale' then 5 when type = 'cancel_before_ship' then 2 else 3 end"
)
_LISTED = record(
    (
        "aftersale_info",
        record(
            ("aftersale_id", "refund_ref"),
            ("aftersale_order_type", "1"),
            ("aftersale_type", _REFUND_TYPE),
            ("aftersale_status", _REFUND_STATE),
            ("refund_status", _REFUND_MONEY),
            ("related_id", "platform_line_id"),
            ("refund_amount", "requested_cents"),
            ("refund_post_amount", "0"),
            ("aftersale_num", "qty"),
            ("apply_time", epoch("created_at")),
            ("update_time", epoch("modified_at")),
            ("got_pkg", "if(type = 'cancel_before_ship', 0, 1)"),
            ("remark", "'PII-客户来电 19900001234'"),
        ),
    ),
    (
        "order_info",
        record(
            ("shop_order_id", "platform_order_id"),
            (
                "related_order_info",
                "[{'sku_order_id': platform_line_id, 'order_status': "
                f"{_ORDER_WAS}, 'pay_amount': paid_cents, 'aftersale_pay_amount': "
                "requested_cents, 'aftersale_item_num': qty, 'shop_sku_code': "
                "coalesce(merchant_code, ''), 'given_sku_order_ids': []}]",
            ),
        ),
    ),
    ("text_part", "{'reason_text': 'PII-宝宝不喜欢'}"),
)
_DETAIL = record(
    (
        "process_info",
        record(
            (
                "after_sale_info",
                record(
                    ("after_sale_id", "cast(refund_ref as bigint)"),
                    ("after_sale_type", _REFUND_TYPE),
                    ("after_sale_status", _REFUND_STATE),
                    ("refund_status", _REFUND_MONEY),
                    ("refund_total_amount", "requested_cents"),
                    ("refund_post_amount", "0"),
                    ("real_refund_amount", "if(state = 'success', success_cents, 0)"),
                    (
                        "platform_discount_return_amount",
                        "if(state = 'success', platform_returned_cents, 0)",
                    ),
                    ("kol_discount_return_amount", "0"),
                    ("after_sale_apply_count", "qty"),
                    ("need_return_count", "if(type in ('return_refund', 'exchange'), qty, 0)"),
                    ("apply_time", epoch("created_at")),
                    ("update_time", epoch("modified_at")),
                    ("refund_time", epoch("if(state = 'success', success_at, null)")),
                    ("post_receiver", "'##PII-收件人#'"),
                    ("reason_remark", "'PII-电话19900001234'"),
                ),
            ),
        ),
    ),
    (
        "order_info",
        record(
            ("shop_order_id", "cast(platform_order_id as bigint)"),
            (
                "sku_order_infos",
                "[{'sku_order_id': cast(platform_line_id as bigint), 'order_status': "
                f"{_ORDER_WAS}, 'pay_amount': paid_cents, 'after_sale_item_count': qty, "
                "'item_quantity': qty, 'shop_sku_code': coalesce(merchant_code, ''), "
                "'sku_id': cast(platform_sku_id as bigint)}]",
            ),
        ),
    ),
)
# the puller asks for the details of what has come to an end
_REFUNDS = f"""
with {
    refund_states(
        PLATFORM,
        '''
    select r.*, o.shop_id, o.platform_order_id, l.platform_line_id, l.paid_cents, i.platform_sku_id,
        i.merchant_code
    from refunds r
    join own o using (order_no)
    join order_lines l using (order_no, line_no)
    join listings i using (listing_no)
''',
    )
}
select shop_id, bucket_no, refund_ref || '/list' as record_key, modified_at,
    '{{"code":10000,"msg":"success","data":{{"has_more":false,"total":1,"items":['
    || cast({_LISTED} as varchar) || ']}}}}' as record
from states
union all
select shop_id, bucket_no, refund_ref || '/detail', modified_at,
    '{{"code":10000,"msg":"success","data":' || cast({_DETAIL} as varchar) || '}}'
from states
where state in ('success', 'closed', 'refused')
"""

EXTRACTS = (
    Extract(
        PLATFORM,
        "orders",
        _ORDERS,
        ('{"code":10000,"msg":"success","data":{"page":0,"size":100,"shop_order_list":[', "]}}"),
    ),
    Extract(PLATFORM, "refunds", _REFUNDS, ("", ""), page_size=1),
    *REPORTS,
)
