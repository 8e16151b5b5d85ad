"""How Taobao's back office and the rest of TOP tell it: items, reviews, 生意参谋 item days."""

from orchestration.sandbox.dialects import Extract
from orchestration.sandbox.dialects.text import orders_of, record, time, yuan

_PLATFORM = "taobao"

_SKU = record(
    ("sku_id", "cast(platform_sku_id as bigint)"),
    ("num_iid", "cast(platform_item_id as bigint)"),
    ("outer_id", "merchant_code"),
    ("barcode", "barcode"),
    ("price", yuan("list_cents")),
    ("quantity", "1000"),
    ("with_hold_quantity", "0"),
    ("status", "'normal'"),
)
_ITEM = record(
    ("num_iid", "cast(platform_item_id as bigint)"),
    ("nick", "shop_id"),
    ("title", "title"),
    ("outer_id", "item_code"),
    ("price", yuan("item_cents")),
    ("num", "1000 * coalesce(len(skus), 1)"),
    ("approve_status", "'onsale'"),
    ("sub_stock", "2"),
    ("modified", time("modified_at")),
    ("skus", "if(skus is null, null, json_object('sku', skus))"),
)
_ITEMS = f"""
with current_listings as (
    select l.*, s.shop_id, b.bucket_no, greatest(l.valid_from, s.opened_on) as since
    from listings l
    join shops s using (shop_no)
    join buckets b on l.valid_from <= b.last_day
        and (l.valid_to is null or l.valid_to > b.last_day)
    where l.platform = '{_PLATFORM}'
),
items as (
    select shop_id, bucket_no, platform_item_id, min(title) as title,
        min(merchant_code) filter (is_gift) as item_code,
        min(list_cents) as item_cents,
        cast(max(since) as timestamp) as modified_at,
        list({_SKU} order by platform_sku_id) filter (not is_gift) as skus
    from current_listings
    group by all
)
select shop_id, bucket_no, platform_item_id as record_key, modified_at,
    cast({_ITEM} as varchar) as record
from items
"""


def _with_commas(number: str) -> str:
    """A count as 生意参谋 writes it: commas by the thousand, and then quoted."""
    text = f"format('{{:,}}', {number})"
    return f"if({number} >= 1000, '\"' || {text} || '\"', {text})"


def _yuan_with_commas(cents: str) -> str:
    yuan = f"format('{{:,}}', ({cents}) // 100) || '.' || lpad((({cents}) % 100)::varchar, 2, '0')"
    return f"if({cents} >= 100000, '\"' || {yuan} || '\"', {yuan})"


# A day's first report counts some purchases that are taken out of the next one.
_ITEM_DAILY = f"""
with told as (
    select b.bucket_no, d.ds, b.first_day = b.last_day and d.ds = b.last_day as is_first_word, d.*
        exclude (ds)
    from item_daily d
    join buckets b on d.ds between
        if(b.first_day = b.last_day, b.first_day - 3, b.first_day) and b.last_day
),
items as (
    select s.shop_id, t.bucket_no, t.ds, l.platform_item_id, min(l.title) as title,
        min(l.merchant_code) as merchant_code,
        sum(t.visitors)::bigint as visitors, sum(t.views)::bigint as views,
        sum(t.favourites)::bigint as favourites,
        sum(t.add_to_cart_qty)::bigint as add_to_cart_qty,
        sum(t.add_to_cart_buyers)::bigint as add_to_cart_buyers,
        sum(t.paid_buyers)::bigint as paid_buyers,
        sum(t.paid_qty)::bigint as paid_qty,
        sum(t.paid_cents)::bigint as paid_cents,
        sum(t.refund_cents)::bigint as refund_cents,
        bool_or(t.is_first_word and hash(l.platform_item_id, t.ds) % 8 = 0) as is_corrected
    from told t
    join listings l using (listing_no)
    join shops s using (shop_no)
    where l.platform = '{_PLATFORM}'
    group by all
)
select shop_id, bucket_no, ds || '/' || platform_item_id as record_key,
    cast(ds as timestamp) + interval 86399 second as modified_at,
    concat_ws(',',
        ds, platform_item_id, '"' || replace(title, '"', '""') || '"',
        coalesce(merchant_code, '-'),
        {_with_commas("visitors")}, {_with_commas("views")},
        {_with_commas("favourites")}, {_with_commas("add_to_cart_qty")},
        {_with_commas("add_to_cart_buyers")},
        {_with_commas("paid_buyers + if(is_corrected, 1, 0)")},
        {_with_commas("paid_qty + if(is_corrected, 1, 0)")},
        {_yuan_with_commas("paid_cents + if(is_corrected, 9900, 0)")},
        if(refund_cents = 0, '-', {_yuan_with_commas("refund_cents")})
    ) as record
from items
"""
_ITEM_DAILY_HEADER = (
    "生意参谋平台\n商品 > 商品排行 > 全部商品\n统计周期,日\n\n"
    "统计日期,商品ID,商品名称,货号,商品访客数,商品浏览量,商品收藏人数,商品加购件数,商品加购人数,"
    "支付买家数,支付件数,支付金额,成功退款金额"
)

_RATE = record(
    ("tid", "cast(platform_order_id as bigint)"),
    ("oid", "cast(platform_line_id as bigint)"),
    ("num_iid", "cast(platform_item_id as bigint)"),
    ("role", "'buyer'"),
    ("nick", "'PII-b' || right(buyer_id, 2) || '**'"),
    ("rated_nick", "shop_id"),
    ("result", "case when rating >= 4 then 'good' when rating = 3 then 'neutral' else 'bad' end"),
    (
        "content",
        "if(text_kind = 'default', '此用户没有填写评价。', 'PII-宝宝很喜欢，电话19900001234')",
    ),
    ("created", time("reviewed_at")),
    ("valid_score", "true"),
)
_REVIEWS = f"""
with own as ({orders_of(_PLATFORM)}),
told as (
    select o.shop_id, b.bucket_no, o.platform_order_id, o.buyer_id, l.platform_line_id,
        i.platform_item_id, r.rating, r.text_kind, r.created_at as reviewed_at
    from reviews r
    join own o using (order_no)
    join order_lines l using (order_no, line_no)
    join listings i using (listing_no)
    join buckets b on cast(r.created_at as date) between b.first_day and b.last_day
)
select shop_id, bucket_no, platform_line_id as record_key, reviewed_at as modified_at,
    cast({_RATE} as varchar) as record
from told
"""

EXTRACTS = (
    Extract(
        _PLATFORM,
        "items",
        _ITEMS,
        ('{"items_onsale_get_response":{"items":{"item":[', "]}}}"),
        page_size=200,
        is_full=True,
    ),
    Extract(
        _PLATFORM,
        "item_daily",
        _ITEM_DAILY,
        header=_ITEM_DAILY_HEADER,
        extension="csv",
    ),
    Extract(
        _PLATFORM,
        "reviews",
        _REVIEWS,
        ('{"traderates_get_response":{"trade_rates":{"trade_rate":[', "]}}}"),
        page_size=150,
    ),
)
