"""How JD tells the sandbox's truth: POP orders and both of its refund feeds."""

from orchestration.sandbox.dialects import Extract
from orchestration.sandbox.dialects.text import (
    DAYS,
    known_orders,
    orders_of,
    record,
    time,
    yuan,
)

_PLATFORM = "jd"


# old orders have their states in pinyin
_STATUS = """
    case
        when closed_at is not null then 'TRADE_CANCELED'
        when finished_at is not null then if(order_no % 11 = 0, 'WanCheng', 'FINISHED_L')
        when shipped_at is not null then 'WAIT_GOODS_RECEIVE_CONFIRM'
        when paid_at is not null
            then if(order_no % 11 = 0, 'DengDaiChuKu', 'WAIT_SELLER_STOCK_OUT')
        else 'NOT_PAY'
    end
"""
_CASH = "paid_cents + freight_cents"
# wallet money, and pullers that do not ask for actualPay
_IS_OLD_PULL = "order_no % 5 = 0"
_BALANCE = f"if({_IS_OLD_PULL}, least(1000, paid_cents // 2), 0)"

_ITEM = record(
    ("skuId", "i.platform_sku_id"),
    ("wareId", "if(l.order_no % 13 = 0, null, i.platform_item_id)"),
    ("outerSkuId", "i.merchant_code"),
    ("skuName", "i.title"),
    ("jdPrice", "if(l.is_gift, '0.00', " + yuan("l.list_cents") + ")"),
    ("itemTotal", "cast(l.qty as varchar)"),
)
_ORDER = record(
    ("orderId", "platform_order_id"),
    ("directParentOrderId", "coalesce(parent_id, '0')"),
    ("parentOrderId", "coalesce(parent_id, '0')"),
    ("orderType", "'22'"),
    ("payType", "'4'"),
    ("orderState", _STATUS),
    (
        "returnOrder",
        "case order_kind when 'reissue' then '1' when 'exchange' then '2' else '0' end",
    ),
    ("pin", "'PII-jd_' || right(buyer_id, 4)"),
    ("xid_buyer", "buyer_id"),
    ("orderStartTime", time("created_at")),
    ("paymentConfirmTime", "coalesce(" + time("paid_at") + ", '0001-01-01 00:00:00')"),
    ("outBoundDate", time("shipped_at")),
    (
        "orderEndTime",
        "coalesce(" + time("coalesce(closed_at, finished_at)") + ", '1970-01-01 08:00:00')",
    ),
    ("modified", time("modified_at")),
    ("orderTotalPrice", yuan("told_cents")),
    ("sellerDiscount", yuan("own_promo_cents + shop_cents")),
    ("orderSellerPrice", yuan("told_cents - own_promo_cents - shop_cents")),
    ("freightPrice", yuan("freight_cents")),
    ("balanceUsed", yuan(_BALANCE)),
    ("orderPayment", yuan(f"{_CASH} - {_BALANCE}")),
    ("actualPay", f"if({_IS_OLD_PULL}, null, " + yuan(_CASH) + ")"),
    ("storeOrder", "'云仓订单'"),
    ("storeId", "warehouse"),
    (
        "consigneeInfo",
        "json_object('fullname', 'PII-' || coalesce(household, order_no) || '**', "
        "'mobile', '1990000' || lpad(cast(order_no % 10000 as varchar), 4, '0'), "
        "'fullAddress', 'PII-某某路' || coalesce(household, order_no) || '号', "
        "'oaid', address_token)",
    ),
    ("itemInfoList", "items"),
    ("couponDetailList", "list_filter(coupons || shared_coupons, lambda c: c is not null)"),
)


def _coupon(kind: str, cents: str, *more: tuple[str, str]) -> str:
    """A discount, or null where it is none."""
    told = record(("couponType", kind), ("couponPrice", yuan(cents)), *more)
    return f"if({cents} > 0, {told}, null)"


_OWN_PROMOTION = _coupon(
    "if(l.order_no % 2 = 0, '30', '30-单品促销优惠')",
    "if(l.is_gift, 0, l.line_promo_cents)",
    ("skuId", "i.platform_sku_id"),
)
_SHARED = ", ".join(
    (
        _coupon("if(order_no % 3 = 0, '100-店铺优惠', '100')", "shop_cents"),
        _coupon("if(order_no % 3 = 0, '39', '41')", "platform_cents"),
        _coupon("'52'", "if(order_no % 23 = 0, 500, 0)"),
    )
)

_ORDERS = f"""
with days as ({DAYS}),
own as ({orders_of(_PLATFORM)}),
changes as (
    select order_no, unnest([
        created_at, deposit_at, paid_at, shipped_at, finished_at, closed_at
    ]) as changed_at
    from own
),
states as ({known_orders("paid_at", "shipped_at", "finished_at", "closed_at")}),
totals as (
    select order_no,
        sum(if(is_gift, 0, gross_cents))::bigint as told_cents,
        sum(if(is_gift, 0, line_promo_cents))::bigint as own_promo_cents,
        sum(if(is_gift, 0, seller_discount_cents - line_promo_cents))::bigint as shop_cents,
        sum(platform_discount_cents)::bigint as platform_cents,
        sum(paid_cents)::bigint as paid_cents
    from order_lines semi join own using (order_no)
    group by order_no
),
detailed as (
    select l.order_no,
        list({_ITEM} order by l.line_no) as items,
        list({_OWN_PROMOTION} order by l.line_no) as coupons
    from order_lines l
    join listings i using (listing_no)
    semi join own using (order_no)
    group by all
),
told as (
    select states.*, totals.* exclude (order_no), items, coupons,
        parents.platform_order_id as parent_id, [{_SHARED}] as shared_coupons
    from states
    join totals using (order_no)
    join detailed using (order_no)
    left join own parents on parents.order_no = states.parent_order_no
)
select shop_id, bucket_no, platform_order_id as record_key, modified_at,
    cast({_ORDER} as varchar) as record
from told
"""

# Cancelling a whole order is one refund; a part of one names its SKU.
_REFUNDS_BY_FEED = f"""
with days as ({DAYS}),
own as ({orders_of(_PLATFORM)}),
refunded as (
    select r.*, o.shop_id, o.buyer_id, o.platform_order_id, i.platform_sku_id, i.title,
        l.paid_cents, l.qty as line_qty,
        sum(l.paid_cents) over (partition by r.order_no, r.type, r.created_at) as same_cents,
        row_number() over (
            partition by r.order_no, r.type, r.created_at order by r.line_no
        ) as place
    from refunds r
    join own o using (order_no)
    join order_lines l using (order_no, line_no)
    join listings i using (listing_no)
),
placed as (
    select refunded.*, type = 'cancel_before_ship' as is_cancellation,
        order_cents, same_cents = order_cents as is_whole
    from refunded
    join (
        select order_no, sum(paid_cents)::bigint as order_cents from order_lines group by order_no
    ) using (order_no)
),
changed as (
    select refund_no, bucket_no, bucket_end, max(changed_at) as modified_at
    from (
        select refund_no, unnest([created_at, approved_at, success_at, closed_at]) as changed_at
        from placed
    )
    join days on cast(changed_at as date) = days.day
    group by all
),
states as (select * from placed join changed using (refund_no))
"""

_SERVICE_STATUS = """
    case
        when success_at < bucket_end then 10010
        when closed_at < bucket_end then if(status = 'refused', 10004, 10011)
        when approved_at < bucket_end then if(is_goods_expected, 10005, 10007)
        else 10001
    end
"""
_SERVICE = record(
    ("afsRefundId", "if(has_money, refund_no, null)"),
    ("status", "if(has_money, 13, null)"),
    ("completeTime", "if(has_money, " + time("success_at") + ", null)"),
    ("refoundAmount", "if(has_money, success_cents * 0.01, null)"),
    (
        "sameOrderServiceBill",
        "json_object('serviceId', refund_ref, 'orderId', cast(platform_order_id as bigint), "
        "'skuId', cast(platform_sku_id as bigint), 'wareName', title, 'wareNum', qty, "
        "'customerExpect', expect, 'customerExpectName', expect_name, "
        "'serviceStatus', service_status, 'actualPayPrice', requested_cents * 0.01, "
        "'customerName', 'PII-' || right(buyer_id, 4) || '**', "
        "'customerTel', '1990000' || lpad(cast(order_no % 10000 as varchar), 4, '0'), "
        f"'applyTime', {time('created_at')}, 'updateTime', {time('modified_at')})",
    ),
)
_REFUNDS = f"""
{_REFUNDS_BY_FEED},
told as (
    select *, {_SERVICE_STATUS} as service_status,
        success_at < bucket_end and type not in ('exchange', 'reship', 'repair') as has_money,
        case type when 'return_refund' then 10 when 'exchange' then 20 when 'repair' then 30
            when 'reship' then 70 else 80 end as expect,
        case type when 'return_refund' then '退货' when 'exchange' then '换货'
            when 'repair' then '维修' when 'reship' then '补发' when 'price_protect' then '价保'
            else '仅退款' end as expect_name
    from (
        select *, type in ('return_refund', 'exchange', 'repair') as is_goods_expected from states
    )
    where not is_cancellation
)
select shop_id, bucket_no, refund_ref as record_key, modified_at,
    cast({_SERVICE} as varchar) as record
from told
"""

_CANCELLATION = record(
    ("id", "refund_ref"),
    ("orderId", "platform_order_id"),
    ("buyerName", "'PII-jd_' || right(buyer_id, 4)"),
    ("buyerId", "'PII-jd_' || right(buyer_id, 4)"),
    (
        "status",
        "case when success_at < bucket_end then 3 "
        "when closed_at < bucket_end then if(status = 'refused', 2, 11) "
        "when approved_at < bucket_end then 1 else 0 end",
    ),
    ("partRefundType", "if(is_whole, 0, 1)"),
    ("skuId", "if(is_whole, null, platform_sku_id)"),
    ("skuCount", "if(is_whole, null, qty)"),
    ("applyRefundSum", "sum_cents"),
    ("reason", "'PII-不想要了'"),
    ("applyTime", time("created_at")),
    (
        "checkTime",
        time(
            "case when success_at < bucket_end then success_at "
            "when closed_at < bucket_end then closed_at "
            "when approved_at < bucket_end then approved_at end"
        ),
    ),
    ("modified", time("modified_at")),
)
_CANCELLATIONS = f"""
{_REFUNDS_BY_FEED},
told as (
    select *, if(is_whole, order_cents, requested_cents) as sum_cents
    from states
    where is_cancellation and (not is_whole or place = 1)
)
select shop_id, bucket_no, refund_ref as record_key, modified_at,
    cast({_CANCELLATION} as varchar) as record
from told
"""

EXTRACTS = (
    Extract(
        _PLATFORM,
        "orders",
        _ORDERS,
        (
            '{"jingdong_pop_order_search_responce":{"code":"0","searchorderinfo_result":'
            '{"apiResult":{"success":true},"orderInfoList":[',
            "]}}}",
        ),
    ),
    Extract(
        _PLATFORM,
        "refunds",
        _REFUNDS,
        (
            '{"jingdong_asc_serviceAndRefund_view_responce":{"code":"0","pageResult":'
            '{"success":true,"code":"00000","data":[',
            "]}}}",
        ),
        page_size=50,
    ),
    Extract(
        _PLATFORM,
        "cancellations",
        _CANCELLATIONS,
        (
            '{"jingdong_pop_afs_soa_refundapply_queryPageList_responce":{"code":"0",'
            '"queryResult":{"success":true,"result":[',
            "]}}}",
        ),
        page_size=50,
    ),
)
