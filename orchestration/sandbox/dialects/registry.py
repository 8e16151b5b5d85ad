"""The sandbox's shop registry: written once, when the first pull runs."""

from orchestration.sandbox.dialects import Extract

_SHOPS = """
    select 'registry' as shop_id, bucket_no, platform || '@' || shop_id as record_key,
        cast(first_day as timestamp) as modified_at,
        concat_ws(',', platform, shop_id, shop_name, coalesce(brand_id, ''),
            coalesce(erp_shop_id, ''), coalesce(default_warehouse, ''), opened_on, '',
            coalesce(has_order_feed, true)
        ) as record
    from shops
    join buckets on bucket_no = 0
    where platform in ('taobao', 'jd', 'douyin', 'xiaohongshu')
"""

EXTRACTS = (
    Extract(
        "registry",
        "shops",
        _SHOPS,
        header="platform,shop_id,shop_name,brand_id,erp_shop_id,default_warehouse_id,opened_on,"
        "closed_on,has_order_feed",
        extension="csv",
    ),
)
