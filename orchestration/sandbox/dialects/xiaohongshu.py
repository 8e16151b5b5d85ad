"""How Xiaohongshu tells the sandbox's truth: orders in 分, after-sales in yuan."""

from orchestration.sandbox.dialects import Extract
from orchestration.sandbox.dialects.states import order_states, refund_states
from orchestration.sandbox.dialects.xiaohongshu_reports import PLATFORM, REPORTS, epoch, record

_PHONE = "'1990000' || lpad(cast(s.order_no % 10000 as varchar), 4, '0')"
# a deposit is told once it is paid: beside what was paid, or inside
_HAS_DEPOSIT = "s.deposit_cents > 0 and not s.is_full_presale and s.deposit_at is not null"
_DEPOSIT = f"if({_HAS_DEPOSIT}, s.deposit_cents, 0)"
_APART = f"if({_HAS_DEPOSIT} and s.order_no % 2 = 0, s.deposit_cents, 0)"
_STATUS = """
    case
        when s.closed_at is not null then if(s.paid_at is null, 9, 8)
        when s.is_exchanging then 10
        when s.finished_at is not null then 7
        when s.shipped_at is not null then 6
        when s.paid_at is not null then case s.order_no % 9 when 0 then 2 when 1 then 3 else 4 end
        else 1
    end
"""
# 4 is late shipping to some shops and a presale to others
_TYPE = """
    case
        when s.order_kind in ('reissue', 'exchange') then 5
        when s.is_full_presale then if(s.order_no % 2 = 0, 3, 4)
        when s.deposit_cents > 0 then 2
        when s.order_no % 13 = 0 then 4
        else 1
    end
"""
_LINE = record(
    ("skuId", "i.platform_sku_id"),
    ("itemId", "i.platform_item_id"),
    ("skuName", "i.title"),
    ("erpcode", "coalesce(i.merchant_code, '')"),
    ("skuQuantity", "l.qty"),
    ("totalPaidAmount", f"l.paid_cents - if(l.paid_cents > 0, {_APART}, 0)"),
    ("totalMerchantDiscount", "l.seller_discount_cents"),
    ("totalRedDiscount", "l.platform_discount_cents"),
    ("totalTaxAmount", "0"),
    ("skuTag", "if(l.is_gift, 1, 0)"),
    ("kolId", "coalesce(s.kol_id, '')"),
    ("kolName", "if(s.kol_id is null, '', 'PII-达人' || right(s.kol_id, 3))"),
    ("isChannel", "false"),
    ("skuAfterSaleStatus", "1"),
    ("skuDetailList", "coalesce(if(" + _HAS_DEPOSIT + ", null, c.parts), own.parts, [])"),
)
_ORDER = record(
    ("orderId", "s.platform_order_id"),
    ("orderType", _TYPE),
    ("orderStatus", _STATUS),
    ("orderAfterSalesStatus", "coalesce(s.after_sale_status, 1)"),
    ("cancelStatus", "0"),
    ("createdTime", epoch("s.created_at")),
    ("paidTime", epoch("s.paid_at")),
    ("updateTime", epoch("s.modified_at")),
    ("deliveryTime", epoch("s.shipped_at")),
    ("cancelTime", epoch("s.closed_at")),
    ("finishTime", epoch("s.finished_at")),
    ("promiseLastDeliveryTime", epoch("s.ship_due_at")),
    (
        "presaleDeliveryStartTime",
        epoch(
            "if(s.is_full_presale, coalesce(s.ship_due_at, s.created_at + interval 20 day) "
            "- interval 5 day, null)"
        ),
    ),
    ("presaleDeliveryEndTime", epoch("if(s.is_full_presale, s.ship_due_at, null)")),
    ("totalPayAmount", f"s.goods_cents + s.freight_cents - {_APART}"),
    ("totalShippingFree", "s.freight_cents"),
    ("totalDepositAmount", _DEPOSIT),
    ("totalMerchantDiscount", "s.seller_cents"),
    ("totalRedDiscount", "s.platform_cents"),
    ("outPromotionAmount", "s.channel_cents"),
    ("totalChangePriceAmount", "0"),
    ("merchantActualReceiveAmount", "s.goods_cents + s.freight_cents + s.platform_cents"),
    ("orderTagList", "if(s.order_kind = 'sample', ['SAMPLE'], [])"),
    (
        "originalOrderId",
        "if(s.order_kind = 'exchange', "
        "coalesce(o.platform_order_id, 'P' || s.origin_order_no), '')",
    ),
    ("sellerRemarkFlag", "s.seller_flag"),
    ("sellerRemark", "'PII-备注'"),
    ("customerRemark", "if(s.order_no % 11 = 0, 'PII-' || " + _PHONE + ", '')"),
    ("receiverProvinceName", "'上海市'"),
    ("receiverName", "'PII-' || coalesce(s.household, s.order_no)"),
    ("receiverPhone", _PHONE),
    ("receiverAddress", "'PII-幸福路' || coalesce(s.household, s.order_no) || '号'"),
    ("openAddressId", "s.address_token"),
    ("whcode", "coalesce(s.warehouse, '')"),
    ("userId", "s.buyer_id"),
    ("skuList", "lines"),
)

_ORDERS = f"""
with {order_states(PLATFORM)},
totals as (
    select order_no, sum(paid_cents)::bigint as goods_cents,
        sum(seller_discount_cents)::bigint as seller_cents,
        sum(platform_discount_cents)::bigint as platform_cents,
        sum(channel_discount_cents)::bigint as channel_cents
    from order_lines semi join own using (order_no)
    group by order_no
),
after_sales as (
    select order_no, bucket_no,
        if(bool_or(success_at < bucket_end), 3, 2) as after_sale_status,
        bool_or(
            type = 'exchange' and coalesce(success_at, refunds.closed_at) >= bucket_end
        ) as is_exchanging
    from refunds
    join (select order_no, bucket_no, bucket_end from states) using (order_no)
    where refunds.created_at < bucket_end
    group by all
),
-- every second combination is taken apart, where its amounts come out even for one unit; one with
-- a refund only where no cent was rounded, since nobody says by which weights a refund goes apart
shares as (
    select c.*, p.platform_sku_id, l.paid_cents,
        sum(c.share_cents) over (partition by order_no, line_no) as all_share_cents,
        component_no = max(component_no) over (partition by order_no, line_no) as is_last,
        (order_no, line_no) in (select (order_no, line_no) from whole.refunds) as is_refunded,
        (2 * l.paid_cents * c.share_cents + all_share_cents) // (2 * all_share_cents) as rounded
    from order_components c
    join order_lines l using (order_no, line_no)
    join listings p using (listing_no)
    semi join own using (order_no)
    where p.listing_no % 2 = 0 and p.erp_code in (select bundle_code from bundles)
),
combined as (
    select order_no, line_no, list({{
            'skuId': platform_sku_id || '-' || component_no, 'erpCode': sku_code, 'barcode': '',
            'quantity': qty, 'pricePerSku': share_cents // qty,
            'paidAmountPerSku': part_cents // qty, 'depositAmountPerSku': 0
        }} order by component_no) as parts
    from (
        select *,
            if(
                is_last,
                paid_cents - sum(rounded) over (partition by order_no, line_no) + rounded,
                rounded
            )::bigint as part_cents
        from shares
    )
    group by all
    having bool_and(
        part_cents % qty = 0
        and (not is_refunded or part_cents * all_share_cents = paid_cents * share_cents)
    )
),
-- what is no combination is its own only part
plain as (
    select order_no, line_no, [{{
            'skuId': p.platform_sku_id, 'erpCode': coalesce(p.merchant_code, ''),
            'barcode': coalesce(p.barcode, ''), 'quantity': l.qty, 'pricePerSku': l.list_cents,
            'paidAmountPerSku': l.paid_cents // l.qty, 'depositAmountPerSku': 0
        }}] as parts
    from order_lines l
    join listings p using (listing_no)
    semi join own using (order_no)
    where p.units_per_pack = 1 and p.erp_code not in (select bundle_code from bundles)
),
detailed as (
    select s.order_no, s.bucket_no, list({_LINE} order by l.line_no) as lines
    from states s
    join order_lines l using (order_no)
    join listings i using (listing_no)
    left join combined c on c.order_no = l.order_no and c.line_no = l.line_no
    left join plain own on own.order_no = l.order_no and own.line_no = l.line_no
    group by all
)
select s.shop_id, s.bucket_no, s.platform_order_id as record_key, s.modified_at,
    cast({_ORDER} as varchar) as record
from (
    select * replace (coalesce(is_exchanging, false) as is_exchanging)
    from states
    join totals using (order_no)
    join detailed using (order_no, bucket_no)
    left join after_sales using (order_no, bucket_no)
) s
left join orders o on o.order_no = s.origin_order_no
"""

_TYPE_OF_RETURN = """
    case type when 'return_refund' then 1 when 'exchange' then 2 when 'refund_only' then 4
        when 'cancel_before_ship' then 5 else 6 end
"""
_STATE_OF_RETURN = """
    case state
        when 'success' then 4
        when 'refused' then 9
        when 'closed' then if(refund_no % 2 = 0, 5, 6)
        when 'approved' then case type when 'return_refund' then 2 when 'exchange' then 3 else 1 end
        else 1
    end
"""
_BASIC = (
    ("returnsId", "refund_ref"),
    ("returnType", _TYPE_OF_RETURN),
    ("reasonNameZh", "'PII-宝宝不喜欢'"),
    ("status", _STATE_OF_RETURN),
    ("userId", "buyer_id"),
    ("orderId", "platform_order_id"),
    ("applyTime", epoch("created_at")),
    ("updatedAt", epoch("modified_at")),
    ("desc", "'PII-请联系19900001234'"),
    ("expectedRefundAmountYuan", "requested_cents / 100"),
)
_DETAIL = record(
    *_BASIC,
    ("refundAmountYuan", "if(state = 'success', success_cents / 100, 0)"),
    ("refundStatus", "if(type = 'exchange', null, if(state = 'success', 2, 1))"),
    ("refundTime", epoch("if(state = 'success', success_at, null)")),
    ("appliedShipFeeAmountYuan", "0.0"),
    ("openAddressId", "address_token"),
    (
        "skus",
        "[{'skuId': platform_sku_id, 'boughtCount': bought, 'appliedCount': qty, 'price': "
        "list_cents / 100, 'appliedTotalAmountYuan': requested_cents / 100, 'skuERPCode': "
        "coalesce(merchant_code, '')}]",
    ),
)
# only the detail names the SKUs; 补寄 is no after-sale here
_REFUNDS = f"""
with {
    refund_states(
        PLATFORM,
        '''
    select r.*, o.shop_id, o.platform_order_id, o.buyer_id, o.address_token, l.list_cents,
        l.qty as bought, i.platform_sku_id, i.merchant_code
    from refunds r
    join own o using (order_no)
    join order_lines l using (order_no, line_no)
    join listings i using (listing_no)
    where r.type <> 'reship'
''',
    )
}
select shop_id, bucket_no, refund_ref || '/list' as record_key, modified_at,
    '{{"success":true,"error_code":0,"data":{{"totalCount":1,"pageNo":1,"afterSaleBasicInfos":['
    || cast({record(*_BASIC)} as varchar) || ']}}}}' as record
from states
union all
select shop_id, bucket_no, refund_ref || '/detail', modified_at,
    '{{"success":true,"error_code":0,"data":{{"afterSaleInfo":' || cast({_DETAIL} as varchar)
    || ',"logisticsInfo":{{}}}}}}'
from states
"""

EXTRACTS = (
    Extract(
        PLATFORM,
        "orders",
        _ORDERS,
        ('{"success":true,"error_code":0,"data":{"total":100,"pageNo":1,"orderList":[', "]}}"),
    ),
    Extract(PLATFORM, "refunds", _REFUNDS, ("", ""), page_size=1),
    *REPORTS,
)
