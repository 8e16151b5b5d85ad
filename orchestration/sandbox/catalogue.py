"""What the sandbox shop sells and who supplies it: invented brands, SKUs, terms."""

from dataclasses import dataclass

import numpy as np
import polars as pl

# supplier, mean lead time, its standard deviation, days between orders, units per carton, cartons
# of the least order; a brand buys from one supplier
SUPPLIERS = (
    ("S01", "禾苗乳业", 21, 4, 7, 6, 10),
    ("S02", "北牧乳品", 28, 7, 7, 6, 12),
    ("S03", "云朵纸品", 12, 3, 7, 4, 12),
    ("S04", "柔森卫生用品", 16, 4, 7, 4, 12),
    ("S05", "小谷粒食品", 14, 3, 7, 12, 5),
    ("S06", "知芽日化", 18, 5, 14, 12, 4),
    ("S07", "贝安器具", 30, 8, 14, 10, 3),
)

_NAMES = {
    "hemiao": "禾苗优护",
    "beimu": "北牧初源",
    "xiaolu": "小鹿安纯",
    "yunduo": "云朵宝",
    "rousen": "柔森",
    "mianmian": "绵绵熊",
    "guli": "小谷粒",
    "tiantian": "甜田",
    "zhiya": "知芽",
    "beian": "贝安",
}

# age in months from which and up to which a baby uses it
_FORMULA = (("1段", 0, 6), ("2段", 6, 12), ("3段", 12, 40))
_NAPPIES = (("NB", 0, 2), ("S", 2, 5), ("M", 5, 10), ("L", 10, 18), ("XL", 18, 30))
_PANTS = (("L", 10, 18), ("XL", 18, 26), ("XXL", 24, 36))
_FOODS = (("高铁米粉", 5, 14), ("果泥", 6, 26), ("细面条", 9, 32), ("溶豆", 8, 32))
_WASH = ("洗发沐浴露", "润肤霜", "护臀膏", "防晒乳")


@dataclass(frozen=True)
class Catalogue:
    """`skus` has one row per SKU; columns named slot, brand, weight, price etc. as arrays."""

    skus: pl.DataFrame
    suppliers: pl.DataFrame

    def array(self, column: str) -> np.ndarray:
        """One column of the SKU table."""
        return self.skus[column].to_numpy()


def catalogue(rng: np.random.Generator, days: int) -> Catalogue:
    """About 120 SKUs in six categories, and three samplers given away with orders.

    A slot is a set of SKUs that replace each other. `launched` and `discontinued` are days from
    the first simulated day (below zero: before it; `days` x 10: never).
    """
    rows = [*_formula(), *_nappies(), *_food(), *_care(), *_bottles(), *_samplers()]
    skus = pl.DataFrame(
        rows,
        schema=[
            "category",
            "slot",
            "brand",
            "detail",
            "months_from",
            "months_to",
            "price",
            "weight",
            "supplier",
            "shelf_life",
        ],
        orient="row",
    )
    count = skus.height
    jitter = np.exp(rng.normal(0, 0.25, count))
    price = np.maximum(np.round(skus["price"].to_numpy() * (0.95 + 0.1 * rng.random(count))), 1)
    is_sampler = (skus["slot"] == "sampler").to_numpy()
    launched, discontinued = _lifetimes(rng, days, is_sampler, skus["weight"].to_numpy())
    skus = skus.with_columns(
        sku_id=pl.Series([f"{100001 + i}" for i in range(count)]),
        weight=pl.Series(skus["weight"].to_numpy() * jitter),
        price=pl.Series(price),
        cost=pl.Series(np.round(price * rng.uniform(0.5, 0.68, count), 2)),
        is_sampler=pl.Series(is_sampler),
        launched=pl.Series(launched),
        discontinued=pl.Series(discontinued),
        sku_name=pl.col("brand").replace_strict(_NAMES) + " " + pl.col("detail"),
    )
    suppliers = pl.DataFrame(
        SUPPLIERS,
        schema=["supplier_id", "supplier_name", "lead", "lead_sd", "review", "pack", "cartons"],
        orient="row",
    )
    return Catalogue(skus, suppliers)


def _lifetimes(rng, days, is_sampler, weight) -> tuple[np.ndarray, np.ndarray]:
    """Some SKUs start late (two of them in the last quarter), some are given up."""
    count = len(weight)
    launched = -rng.integers(200, 900, count)
    discontinued = np.full(count, days * 10)
    open_to_change = rng.permutation(np.flatnonzero(~is_sampler))
    late, ended = open_to_change[:11], open_to_change[11:16]
    launched[late] = (days * rng.uniform(0.1, 0.8, len(late))).astype(int)
    launched[late[:2]] = days - np.array([70, 40])[: len(late[:2])]
    discontinued[ended] = (days * rng.uniform(0.45, 0.9, len(ended))).astype(int)
    return launched, discontinued


def _formula() -> list[tuple]:
    lines = (
        ("hemiao", "有机奶粉", 338, 1.0, "S01"),
        ("hemiao", "奶粉", 268, 1.5, "S01"),
        ("beimu", "A2奶粉", 358, 0.9, "S02"),
        ("beimu", "奶粉", 288, 1.2, "S02"),
        ("xiaolu", "羊奶粉", 318, 0.7, "S02"),
    )
    return [
        (
            "奶粉",
            f"formula {stage}",
            brand,
            f"{kind} {stage} {size}",
            a,
            b,
            price if size == "800g" else round(price * 0.56),
            w * (1 if size == "800g" else 0.35),
            supplier,
            540,
        )
        for brand, kind, price, w, supplier in lines
        for stage, a, b in _FORMULA
        for size in ("800g", "400g")
    ]


def _nappies() -> list[tuple]:
    brands = (
        ("yunduo", 109, 1.4, "S03"),
        ("mianmian", 89, 1.0, "S03"),
        ("rousen", 129, 0.8, "S04"),
        ("xiaolu", 99, 0.5, "S04"),
    )
    tape = [
        ("纸尿裤", f"nappy {size}", brand, f"纸尿裤 {size}码", a, b, price, w, supplier, 1095)
        for brand, price, w, supplier in brands
        for size, a, b in _NAPPIES
    ]
    pants = [
        ("纸尿裤", f"nappy {size}", brand, f"拉拉裤 {size}码", a, b, price + 10, w, supplier, 1095)
        for brand, price, w, supplier in brands
        for size, a, b in _PANTS
    ]
    return tape + pants


def _food() -> list[tuple]:
    flavours = {
        "高铁米粉": ("原味", "南瓜"),
        "果泥": ("苹果", "西梅", "蓝莓"),
        "细面条": ("原味", "胡萝卜"),
        "溶豆": ("草莓", "酸奶"),
    }
    return [
        (
            "辅食",
            f"food {food}",
            brand,
            f"{food} {flavour}味".replace("原味味", "原味"),
            a,
            b,
            price,
            w,
            "S05",
            365,
        )
        for brand, price, w in (("guli", 39, 1.3), ("tiantian", 35, 0.9))
        for food, a, b in _FOODS
        for flavour in flavours[food]
    ]


def _care() -> list[tuple]:
    wipes = [
        ("湿巾", "wipes", brand, f"手口湿巾 {size}", 0, 40, price, w, supplier, 730)
        for brand, w, supplier in (
            ("yunduo", 1.3, "S03"),
            ("mianmian", 1.0, "S03"),
            ("rousen", 0.7, "S04"),
        )
        for size, price in (("80抽x5包", 45), ("80抽x3包", 29), ("20抽x10包", 25))
    ]
    wash = [
        ("洗护", f"wash {kind}", brand, f"婴儿{kind} {size}", 0, 48, price, w, "S06", 1095)
        for brand, w in (("zhiya", 1.2), ("xiaolu", 0.8))
        for kind, price in zip(_WASH, (59, 69, 49, 79), strict=True)
        for size in ("标准装", "家庭装")
    ]
    return wipes + wash


def _bottles() -> list[tuple]:
    kinds = (
        ("玻璃奶瓶 160ml", 0, 6, 69),
        ("宽口奶瓶 240ml", 3, 18, 89),
        ("奶嘴 两只装", 0, 18, 39),
        ("学饮杯", 8, 36, 79),
    )
    return [
        ("奶瓶", f"bottle {kind}", brand, kind, a, b, price, w, "S07", 1825)
        for brand, w in (("beian", 1.2), ("zhiya", 0.8))
        for kind, a, b, price in kinds
    ]


def _samplers() -> list[tuple]:
    return [
        ("湿巾", "sampler", "yunduo", "湿巾 10抽 体验装", 0, 48, 5, 1.0, "S03", 730),
        ("洗护", "sampler", "zhiya", "润肤霜 20g 体验装", 0, 48, 9, 0.8, "S06", 1095),
        ("辅食", "sampler", "guli", "果泥 50g 体验装", 0, 48, 6, 0.6, "S05", 365),
    ]
