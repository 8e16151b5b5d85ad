"""How JD's back office tells the sandbox's truth: 商智 SKU days and reviews, as files."""

from orchestration.sandbox.dialects import Extract

_PLATFORM = "jd"


def _quoted(text: str) -> str:
    return f"""'"' || replace({text}, '"', '""') || '"'"""


# No line of the report says what the platform itself adds below: the row of all SKUs.
_DAYS_OF_SKUS = f"""
    select s.shop_id, b.bucket_no, d.ds, l.platform_sku_id, min(l.title) as title,
        sum(d.paid_cents)::bigint as paid_cents, sum(d.paid_qty)::bigint as paid_qty,
        sum(d.paid_buyers)::bigint as paid_buyers, sum(d.visitors)::bigint as visitors,
        sum(d.views)::bigint as views, sum(d.add_to_cart_buyers)::bigint as add_to_cart_buyers,
        sum(d.refund_cents)::bigint as refund_cents
    from item_daily d
    join buckets b on d.ds between b.first_day and b.last_day
    join listings l using (listing_no)
    join shops s using (shop_no)
    where l.platform = '{_PLATFORM}'
    group by all
"""
_ITEM_DAILY_HEADER = (
    "时间,SKU,SKU名称,成交金额,成交商品件数,成交单量,成交客户数,商品访客数,商品浏览量,加购客户数,"
    "下单金额,取消及售后退款金额"
)


def _row(ds: str, sku: str, name: str) -> str:
    return f"""concat_ws(',',
        {ds}, {sku}, {name}, cast(paid_cents * 0.01 as varchar), paid_qty, paid_buyers,
        paid_buyers, visitors, views, add_to_cart_buyers, cast(paid_cents * 0.01 as varchar),
        cast(refund_cents * 0.01 as varchar)
    )"""


_ITEM_DAILY = f"""
select shop_id, bucket_no, ds || '/' || platform_sku_id as record_key,
    cast(ds as timestamp) + interval 86399 second as modified_at,
    {_row("ds", "platform_sku_id", _quoted("title"))} as record
from ({_DAYS_OF_SKUS})
"""
_ITEM_DAILY_TOTALS = f"""
select shop_id, bucket_no, {_row("'合计'", "'-'", "'-'")} as line
from (
    select shop_id, bucket_no, sum(paid_cents)::bigint as paid_cents,
        sum(paid_qty)::bigint as paid_qty, sum(paid_buyers)::bigint as paid_buyers,
        sum(visitors)::bigint as visitors, sum(views)::bigint as views,
        sum(add_to_cart_buyers)::bigint as add_to_cart_buyers,
        sum(refund_cents)::bigint as refund_cents
    from ({_DAYS_OF_SKUS})
    group by all
)
"""

_REVIEWS = f"""
select s.shop_id, b.bucket_no, cast(r.review_no as varchar) as record_key,
    r.created_at as modified_at,
    concat_ws(',',
        r.review_no, o.platform_order_id, i.platform_sku_id, r.rating,
        if(r.text_kind = 'default', '此用户没有填写评价。', '"PII-宝宝很喜欢，电话19900001234"'),
        strftime(r.created_at, '%Y-%m-%d %H:%M:%S'), 'PII-jd_' || right(o.buyer_id, 2)
    ) as record
from reviews r
join orders o using (order_no)
join shops s using (shop_no)
join order_lines l using (order_no, line_no)
join listings i using (listing_no)
join buckets b on cast(r.created_at as date) between b.first_day and b.last_day
where o.platform = '{_PLATFORM}' and not coalesce(o.erp_only, false)
"""

EXTRACTS = (
    Extract(
        _PLATFORM,
        "item_daily",
        _ITEM_DAILY,
        header=_ITEM_DAILY_HEADER,
        footer_query=_ITEM_DAILY_TOTALS,
        extension="csv",
    ),
    Extract(
        _PLATFORM,
        "reviews",
        _REVIEWS,
        header="评价编号,订单编号,商品编号,评分,评价内容,评价时间,用户昵称",
        extension="csv.gz",
    ),
)
