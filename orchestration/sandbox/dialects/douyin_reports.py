"""How Douyin tells the rest of it: products, 罗盘 product days, live sessions and reviews."""

from orchestration.sandbox.dialects import Extract
from orchestration.sandbox.dialects.text import time, yuan

PLATFORM = "douyin"


def epoch(moment: str) -> str:
    """A moment in Beijing as epoch seconds; 0 for what has not happened."""
    return f"coalesce(cast(epoch({moment}) as bigint) - 28800, 0)"


def record(*fields: tuple[str, str]) -> str:
    """A JSON object, with its nulls: cheaper than leaving them out."""
    return "to_json({" + ", ".join(f"'{name}': {value}" for name, value in fields) + "})"


_SKU = record(
    ("id", "cast(platform_sku_id as bigint)"),
    ("product_id", "cast(platform_item_id as bigint)"),
    ("product_id_str", "platform_item_id"),
    ("code", "coalesce(merchant_code, '')"),
    ("out_sku_id", "0"),
    ("price", "list_cents"),
    ("stock_num", "1000"),
    ("prehold_stock_num", "0"),
    ("sku_type", "0"),
    ("barcode", "coalesce(barcode, '')"),
    ("update_time", epoch("cast(since as timestamp)")),
)
_PRODUCTS = f"""
select shop_id, bucket_no, platform_sku_id as record_key, cast(since as timestamp) as modified_at,
    cast({_SKU} as varchar) as record
from (
    select l.*, s.shop_id, b.bucket_no, greatest(l.valid_from, s.opened_on) as since
    from listings l
    join shops s using (shop_no)
    join buckets b on l.valid_from <= b.last_day
        and (l.valid_to is null or l.valid_to > b.last_day)
    where l.platform = '{PLATFORM}'
)
"""

_ITEM_DAILY = f"""
with items as (
    select s.shop_id, b.bucket_no, d.ds, l.platform_item_id, min(l.title) as title,
        sum(visitors)::bigint as visitors, sum(views)::bigint as views,
        sum(add_to_cart_buyers)::bigint as carts, sum(add_to_cart_qty)::bigint as cart_qty,
        sum(favourites)::bigint as favourites, sum(paid_buyers)::bigint as buyers,
        sum(paid_qty)::bigint as qty, sum(paid_cents)::bigint as paid_cents,
        sum(refund_cents)::bigint as refund_cents
    from item_daily d
    join buckets b on d.ds between b.first_day and b.last_day
    join listings l using (listing_no)
    join shops s using (shop_no)
    where l.platform = '{PLATFORM}'
    group by all
)
select shop_id, bucket_no, ds || '/' || platform_item_id as record_key,
    cast(ds as timestamp) + interval 86399 second as modified_at,
    concat_ws(',',
        ds, '"' || replace(title, '"', '""') || '"', platform_item_id,
        {yuan("paid_cents")}, buyers, qty, buyers, visitors * 4, visitors, views, carts, cart_qty,
        favourites, if(refund_cents = 0, '-', {yuan("refund_cents")}),
        round(0.9 + (visitors % 10) / 100.0, 2) * 100 || '%'
    ) as record
from items
"""
_ITEM_DAILY_HEADER = (
    "日期,商品标题,商品编号,成交金额,成交订单数,成交件数,成交人数,曝光人数,点击人数,点击次数,加购人数,"
    "加购件数,收藏人数,退款金额,好评率"
)
_ITEM_DAILY_TOTALS = f"""
select s.shop_id, b.bucket_no, concat_ws(',',
        '总计', '-', '-', {yuan("sum(paid_cents)")}, sum(paid_buyers), sum(paid_qty),
        sum(paid_buyers), '-', '-', '-', '-', '-', '-', '-', '-'
    ) as line
from item_daily d
join buckets b on d.ds between b.first_day and b.last_day
join listings l using (listing_no)
join shops s using (shop_no)
where l.platform = '{PLATFORM}'
group by all
"""

# every third export says how long a session was instead of when it ended
_LIVE = f"""
select s.shop_id, b.bucket_no, v.room_no || '/' || v.started_at as record_key,
    v.ended_at as modified_at,
    concat_ws(',',
        v.room_no, v.kol_id, 'PII-主播' || right(v.kol_id, 2),
        {time("v.started_at")},
        if(b.bucket_no % 3 = 0, '-', {time("v.ended_at")}),
        cast(epoch(v.ended_at - v.started_at) as bigint) // 3600 || '小时'
            || cast(epoch(v.ended_at - v.started_at) as bigint) % 3600 // 60 || '分'
            || cast(epoch(v.ended_at - v.started_at) as bigint) % 60 || '秒',
        v.impressions, v.visitors, v.views, v.clicks, v.paid_orders, {yuan("v.paid_cents")},
        v.new_followers, {yuan("v.spend_cents")}
    ) as record
from live_sessions v
join shops s using (shop_no)
join buckets b on cast(v.ended_at as date) between b.first_day and b.last_day
where s.platform = '{PLATFORM}'
"""
_LIVE_HEADER = (
    "直播ID,达人ID,达人昵称,开播时间,下播时间,直播时长,直播间曝光次数,直播间观看人数,直播间观看次数,商品点击人数,"
    "成交订单数,成交金额,新增粉丝数,消耗"
)

_REVIEWS = f"""
select s.shop_id, b.bucket_no, l.platform_line_id as record_key, r.created_at as modified_at,
    concat_ws(',',
        '80' || r.review_no, o.platform_order_id, l.platform_line_id, i.platform_item_id, r.rating,
        if(r.text_kind = 'default', '该用户没有填写评价', '"PII-宝宝爱喝, 电话19900001234"'),
        {time("r.created_at")}
    ) as record
from reviews r
join orders o using (order_no)
join shops s using (shop_no)
join order_lines l using (order_no, line_no)
join listings i using (listing_no)
join buckets b on cast(r.created_at as date) between b.first_day and b.last_day
where o.platform = '{PLATFORM}' and not coalesce(o.erp_only, false)
"""
_REVIEWS_HEADER = "评价ID,订单编号,子订单编号,商品ID,评分,评价内容,评价时间"

REPORTS = (
    Extract(
        PLATFORM,
        "products",
        _PRODUCTS,
        ('{"code":10000,"msg":"success","data":[', "]}"),
        is_full=True,
    ),
    Extract(
        PLATFORM,
        "item_daily",
        _ITEM_DAILY,
        header=_ITEM_DAILY_HEADER,
        footer_query=_ITEM_DAILY_TOTALS,
        extension="csv",
    ),
    Extract(PLATFORM, "live_session", _LIVE, header=_LIVE_HEADER, extension="csv"),
    Extract(PLATFORM, "reviews", _REVIEWS, header=_REVIEWS_HEADER, extension="csv"),
)
