"""How Xiaohongshu tells the rest of it: SKUs of items, 创作中心 notes and reviews."""

from orchestration.sandbox.dialects import Extract
from orchestration.sandbox.dialects.text import time

PLATFORM = "xiaohongshu"


def epoch(moment: str) -> str:
    """A moment in Beijing as epoch milliseconds; 0 for what has not happened."""
    return f"coalesce(cast(epoch_ms({moment}) as bigint) - 28800000, 0)"


def record(*fields: tuple[str, str]) -> str:
    """A JSON object, with its nulls: cheaper than leaving them out."""
    return "to_json({" + ", ".join(f"'{name}': {value}" for name, value in fields) + "})"


_ITEM = record(
    ("item", "{'id': platform_item_id, 'name': title}"),
    (
        "sku",
        record(
            ("id", "platform_sku_id"),
            ("erpCode", "coalesce(merchant_code, '')"),
            ("barcode", "coalesce(barcode, '')"),
            ("price", "list_cents"),
            ("stock", "1000"),
            ("ipq", "units_per_pack"),
            ("unionItemDetails", "coalesce(parts, [])"),
            ("updateTime", epoch("cast(since as timestamp)")),
        ),
    ),
)
_ITEMS = f"""
with packs as (
    select bundle_code, list({{'erpCode': component_sku_code, 'ipq': qty}}) as parts
    from bundles
    group by all
    having count(*) = 1
)
select shop_id, bucket_no, platform_sku_id as record_key, cast(since as timestamp) as modified_at,
    cast({_ITEM} as varchar) as record
from (
    select l.*, s.shop_id, b.bucket_no, greatest(l.valid_from, s.opened_on) as since, packs.parts
    from listings l
    join shops s using (shop_no)
    join buckets b on l.valid_from <= b.last_day
        and (l.valid_to is null or l.valid_to > b.last_day)
    left join packs on packs.bundle_code = l.erp_code
    where l.platform = '{PLATFORM}'
)
"""

# counters to date as the centre shows them on the day of the export
_NOTES = f"""
select s.shop_id, b.bucket_no, n.note_id as record_key,
    cast(n.ds as timestamp) + interval 86399 second as modified_at,
    concat_ws(',',
        n.title, strftime(n.published_at, '%Y年%m月%d日%H时%M分%S秒'), '图文',
        n.impressions, n.reads, round(n.reads / greatest(n.impressions, 1), 4),
        n.likes, n.comments, n.favourites, n.new_followers, n.shares, 12.5, '-'
    ) as record
from notes_daily n
join buckets b on n.ds = b.last_day
join shops s using (shop_no)
where s.platform = '{PLATFORM}'
"""
_NOTES_HEADER = (
    "最多导出排序后前1000条笔记\n"
    "笔记标题,首次发布时间,体裁,曝光,观看量,封面点击率,点赞,评论,收藏,涨粉,分享,人均观看时长,弹幕"
)

_REVIEWS = f"""
select s.shop_id, b.bucket_no, '90' || r.review_no as record_key, r.created_at as modified_at,
    concat_ws(',',
        '90' || r.review_no, o.platform_order_id, i.platform_item_id, i.platform_sku_id, r.rating,
        if(r.text_kind = 'default', '此用户没有填写评价', '"PII-宝宝很喜欢, 电话19900001234"'),
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
_REVIEWS_HEADER = "评价ID,订单号,商品ID,规格ID,评分,评价内容,评价时间"

REPORTS = (
    Extract(
        PLATFORM,
        "items",
        _ITEMS,
        ('{"success":true,"error_code":0,"data":{"data":[', "]}}"),
        is_full=True,
    ),
    Extract(PLATFORM, "note_daily", _NOTES, header=_NOTES_HEADER, extension="xlsx", is_full=True),
    Extract(PLATFORM, "reviews", _REVIEWS, header=_REVIEWS_HEADER, extension="csv"),
)
