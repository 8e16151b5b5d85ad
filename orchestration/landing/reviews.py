"""Reviews of every platform: who rated which line how, and how much they wrote, never what."""

from collections.abc import Mapping
from dataclasses import replace

from orchestration.landing.schema import Column, Dataset

# what platforms write for a buyer who wrote nothing: it counts as no characters at all
DEFAULT_TEXTS = (
    "此用户没有填写评价。",
    "此用户没有填写评价",
    "此用户没有填写评论!",
    "该用户没有填写评价",
    "用户未填写评价内容",
    "用户没有填写评价内容",
    "评价方未及时做出评价,系统默认好评!",
    "评价方未及时做出评价，系统默认好评！",
    "系统默认好评",
    "默认好评",
    "好评！",
    "好评!",
)
RATINGS = (
    *("1", "2", "3", "4", "5", "1.0", "2.0", "3.0", "4.0", "5.0"),
    *("1星", "2星", "3星", "4星", "5星", "1分", "2分", "3分", "4分", "5分"),
    *("good", "neutral", "bad", "好评", "中评", "差评"),
)

_COLUMNS = (
    Column(
        "review_id",
        "id",
        "the review, where the platform numbers them",
        example="1099283744",
        headers=("评价id", "评价编号", "评论id"),
    ),
    Column(
        "order_id",
        "id",
        "the order it is about",
        example="2768543210987654321",
        headers=("订单号", "订单编号", "订单id", "主订单编号", "主订单号"),
    ),
    Column(
        "line_id",
        "id",
        "the line within the order",
        example="2768543210988654321",
        headers=("子订单编号", "子订单号", "子订单id", "商品单id"),
    ),
    Column(
        "platform_item_id",
        "id",
        "the listing",
        example="612345678901",
        headers=("商品id", "商品编号", "宝贝id", "spu id", "spuid"),
    ),
    Column(
        "platform_sku_id",
        "id",
        "the variant of the listing",
        example="4567890123456",
        headers=("skuid", "sku id", "sku编号", "sku编码", "规格id"),
    ),
    Column(
        "rating",
        "text",
        "1 to 5 stars, or good, neutral, bad",
        example="5",
        choices=RATINGS,
        headers=("评分", "商品评分", "评价星级", "星级", "评价等级", "评价结果"),
    ),
    Column(
        "content_length",
        "length",
        "characters the buyer wrote; 0 for a platform's standard text; the text is not kept",
        "characters",
        "18",
        headers=("评论", "评论内容", "评价内容", "初评内容", "评价"),
        fields=DEFAULT_TEXTS,
    ),
    Column(
        "created_at",
        "moment",
        "when it was written",
        "Beijing time",
        "2025-11-02 21:04:00",
        required=True,
        headers=("评价时间", "评论时间", "初评时间", "评价创建时间"),
    ),
)


def dataset(
    *,
    api: Mapping[str, str] | None = None,
    envelopes: tuple[str, ...] = (),
    created_unit: str = "",
    headers: Mapping[str, tuple[str, ...]] | None = None,
    success: tuple[str, tuple[str, ...]] = ("", ()),
    shop_marker: str = "",
) -> Dataset:
    """The reviews of one platform.

    `api` maps a column to where an API record holds it, `headers` replaces the names an export
    gives a column, `created_unit` is the unit of the API's created_at. A review has no time of
    change, so the one that landed last is the current one.
    """
    api, headers = api or {}, headers or {}
    columns = tuple(
        replace(
            column,
            api=api.get(column.name, ""),
            api_unit=created_unit if column.name == "created_at" else "",
            headers=headers.get(column.name, column.headers),
        )
        for column in _COLUMNS
    )
    return Dataset(
        "reviews",
        "one buyer's word on one line; the words themselves stay outside",
        columns,
        (
            "review_id",
            "order_id",
            "line_id",
            "platform_item_id",
            "platform_sku_id",
            "created_at",
        ),
        envelopes=envelopes,
        version="",
        success=success,
        shop_marker=shop_marker,
    )
