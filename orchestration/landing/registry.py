"""The shop registry: which shops exist, whatever lands, so that a missing one is noticed."""

from orchestration.landing.schema import Column, Dataset

SHOPS = Dataset(
    "shops",
    "one shop of one platform",
    (
        Column(
            "shop_platform",
            "id",
            "the platform, by its folder's name",
            example="douyin",
            required=True,
            headers=("platform", "平台"),
        ),
        Column(
            "shop_code",
            "id",
            "the shop, by its folder's name",
            example="77977",
            required=True,
            headers=("shop_id", "店铺id"),
        ),
        Column("shop_name", "text", "what people call it", example="某抖店", headers=("店铺名称",)),
        Column("brand_id", "id", "the brand it sells; empty for several", example="youhe"),
        Column(
            "erp_shop_id",
            "id",
            "the shop as the ERP numbers it",
            example="12345",
            headers=("erp店铺编号",),
        ),
        Column(
            "default_warehouse_id",
            "id",
            "where it ships from when the platform does not say",
            example="10001",
            headers=("默认仓库",),
        ),
        Column("opened_on", "day", "first day of business", "date", "2023-03-01"),
        Column("closed_on", "day", "last day of business", "date", "2026-05-31"),
        Column(
            "has_order_feed",
            "flag",
            "whether its own orders land; false if they come through the ERP only",
            example="true",
        ),
        Column(
            "updated_at",
            "moment",
            "when this record was last changed; decides which version is the latest",
            "Beijing time",
            "2026-06-28 23:10:00",
        ),
    ),
    ("shop_platform", "shop_code"),
)

DATASETS = (SHOPS,)
