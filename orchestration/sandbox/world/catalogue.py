"""What the world's brands sell and who supplies it: SKUs, bundles, suppliers' terms."""

from dataclasses import dataclass

import numpy as np

CATEGORIES = ("奶粉", "纸尿裤", "湿巾", "辅食", "洗护", "奶瓶")
NEVER = 30_000

BRANDS = (("hemiao", "禾苗", "HM"), ("yunduo", "云朵宝", "YD"), ("xiaolu", "小鹿安纯", "XL"))

# supplier, name, mean lead time, its standard deviation, days between orders, units per carton,
# cartons of the least order
SUPPLIERS = (
    ("1201", "禾苗乳业", 21, 4, 7, 6, 2),
    ("1202", "北牧乳品", 28, 6, 7, 6, 2),
    ("1203", "云朵纸品", 12, 3, 7, 4, 3),
    ("1204", "柔森卫生用品", 16, 4, 7, 4, 3),
    ("1205", "小谷粒食品", 14, 3, 7, 12, 1),
    ("1206", "知芽日化", 18, 5, 14, 12, 1),
    ("1207", "贝安器具", 26, 6, 14, 10, 1),
)

# category, code, name, stage, from month, to month, list price in yuan, use per unit, weight,
# shelf life, suppliers by brand, belongs to the core assortment of the first two brands
_ITEMS = (
    *(
        (
            "奶粉",
            f"NF-{{b}}{n}-{g}",
            f"奶粉{n}段 {g}g",
            f"{n}段",
            a,
            z,
            p,
            u,
            w,
            540,
            "112",
            g == 800,
        )
        for n, a, z, p, u, w, g in (
            (1, 0, 6, 298, 1.0, 1.0, 800),
            (2, 6, 12, 288, 1.0, 1.0, 800),
            (3, 12, 36, 268, 1.0, 1.0, 800),
            (4, 36, 60, 238, 1.0, 1.0, 800),
            (1, 0, 6, 168, 0.5, 0.3, 400),
            (2, 6, 12, 162, 0.5, 0.3, 400),
            (3, 12, 36, 152, 0.5, 0.3, 400),
            (4, 36, 60, 138, 0.5, 0.3, 400),
        )
    ),
    *(
        ("纸尿裤", f"DP-{{b}}-{s}", f"纸尿裤 {s}码", s, a, z, p, 1.0, 1.0, 1095, "334", core)
        for s, a, z, p, core in (
            ("NB", 0, 2, 89, True),
            ("S", 2, 5, 99, True),
            ("M", 5, 10, 109, True),
            ("L", 10, 18, 119, True),
            ("XL", 18, 30, 125, False),
        )
    ),
    *(
        ("纸尿裤", f"DL-{{b}}-{s}", f"拉拉裤 {s}码", s, a, z, p, 1.0, 0.8, 1095, "334", core)
        for s, a, z, p, core in (
            ("M", 6, 10, 119, False),
            ("L", 10, 18, 129, False),
            ("XL", 16, 28, 135, True),
            ("XXL", 24, 42, 139, True),
        )
    ),
    *(
        ("湿巾", f"WP-{{b}}-{c}", f"手口湿巾 {c}", "", 0, 46, p, u, w, 730, "334", core)
        for c, p, u, w, core in (
            ("80x5", 45, 1.0, 1.0, True),
            ("80x3", 29, 0.6, 0.7, False),
            ("20x10", 25, 0.5, 0.5, False),
        )
    ),
    *(
        ("辅食", f"FD-{{b}}-{c}", n, "", a, z, p, 1.0, w, 365, "555", core)
        for c, n, a, z, p, w, core in (
            ("RICE", "高铁米粉 原味", 5, 14, 39, 1.0, True),
            ("RICEP", "高铁米粉 南瓜", 5, 14, 42, 0.6, False),
            ("PUREA", "果泥 苹果", 6, 26, 32, 0.9, False),
            ("PUREP", "果泥 西梅", 6, 26, 32, 0.7, False),
            ("NOODLE", "细面条 原味", 9, 34, 28, 0.8, False),
            ("NOODLEC", "细面条 胡萝卜", 9, 34, 29, 0.6, False),
            ("PUFF", "溶豆 草莓", 8, 34, 36, 0.9, False),
        )
    ),
    *(
        ("洗护", f"WS-{{b}}-{c}", n, "", 0, 52, p, u, w, 1095, "666", core)
        for c, n, p, u, w, core in (
            ("BATH", "婴儿洗发沐浴露", 59, 1.0, 1.0, True),
            ("BATHL", "婴儿洗发沐浴露 家庭装", 95, 2.0, 0.6, False),
            ("CREAM", "婴儿润肤霜", 69, 1.0, 0.9, False),
            ("CREAML", "婴儿润肤霜 家庭装", 109, 2.0, 0.5, False),
            ("BUM", "婴儿护臀膏", 49, 0.8, 0.6, False),
            ("SUN", "婴儿防晒乳", 79, 0.8, 0.6, False),
            ("LAUNDRY", "婴儿洗衣液", 55, 1.2, 0.8, False),
        )
    ),
    *(
        ("奶瓶", f"BT-{{b}}-{c}", n, "", a, z, p, 1.0, w, 1825, "777", core)
        for c, n, a, z, p, w, core in (
            ("G160", "玻璃奶瓶 160ml", 0, 6, 69, 1.0, False),
            ("W240", "宽口奶瓶 240ml", 3, 20, 89, 1.0, True),
            ("NIP", "奶嘴 两只装", 0, 20, 39, 0.9, False),
            ("CUP", "学饮杯", 8, 40, 79, 0.8, False),
            ("BRUSH", "奶瓶刷", 0, 20, 29, 0.4, False),
            ("STER", "保温杯", 20, 50, 99, 0.4, False),
        )
    ),
)
_SAMPLERS = (
    ("湿巾", "GF-{b}-WIPE10", "湿巾 10抽 体验装", "", 0, 60, 5, 0.1, 1.0, 730, "334", True),
    ("洗护", "GF-{b}-CREAM20", "润肤霜 20g 体验装", "", 0, 60, 9, 0.1, 1.0, 1095, "666", False),
    ("辅食", "GF-{b}-PUREE50", "果泥 50g 体验装", "", 0, 60, 6, 0.1, 1.0, 365, "555", False),
)
_BRAND_PRICE = (1.0, 0.9, 1.12)
_BRAND_WEIGHT = (1.0, 1.1, 0.7)


_CORE_OF_FIRST_ONLY = (
    "DP-{b}-NB",
    "DP-{b}-S",
    "DP-{b}-M",
    "DL-{b}-XL",
    "WP-{b}-80x5",
    "FD-{b}-RICE",
    "WS-{b}-BATH",
    "BT-{b}-W240",
)


@dataclass(frozen=True)
class Catalogue:
    """One array entry per SKU; `use` is how many standard units one unit is worth."""

    code: np.ndarray
    name: np.ndarray
    item: np.ndarray
    stage: np.ndarray
    brand: np.ndarray
    category: np.ndarray
    months_from: np.ndarray
    months_to: np.ndarray
    list_cents: np.ndarray
    cost_cents: np.ndarray
    use: np.ndarray
    weight: np.ndarray
    shelf_life: np.ndarray
    supplier: np.ndarray  # index into suppliers
    pack: np.ndarray
    moq: np.ndarray
    launched: np.ndarray
    discontinued: np.ndarray
    is_sampler: np.ndarray
    second_warehouse: np.ndarray  # kept in the second warehouse too
    barcode: np.ndarray
    brands: tuple[str, ...]

    @property
    def lead(self) -> np.ndarray:
        """Mean lead time of each SKU's supplier in days."""
        return np.array([row[2] for row in SUPPLIERS])[self.supplier]

    @property
    def review(self) -> np.ndarray:
        """Days between orders to each SKU's supplier."""
        return np.array([row[4] for row in SUPPLIERS])[self.supplier]

    def __len__(self) -> int:
        return len(self.code)


def catalogue(rng: np.random.Generator, days: int, assortment: str) -> Catalogue:
    """The assortment: "full" has 120 SKUs of three brands and nine samplers, "core" 20 and 2."""
    full = assortment == "full"
    rows, brand = [], []
    for number in range(3 if full else 2):
        for item in (*_ITEMS, *_SAMPLERS):
            if full or (item[-1] and not (number == 1 and item[1] in _CORE_OF_FIRST_ONLY)):
                rows.append(item)
                brand.append(number)
    brand = np.array(brand)
    count = len(rows)
    column = list(zip(*rows, strict=True))
    marks = [BRANDS[b][2] for b in brand]
    code = np.array([text.format(b=mark) for text, mark in zip(column[1], marks, strict=True)])
    sampler = np.array([text.startswith("GF-") for text in code])
    price = np.array(column[6]) * np.array(_BRAND_PRICE)[brand] * rng.uniform(0.96, 1.04, count)
    list_cents = np.maximum(np.round(price), 1).astype(np.int64) * 100
    ninety = ~sampler & (rng.random(count) < 0.35)  # prices such as 89.90
    list_cents = np.where(ninety, list_cents - 10, list_cents)
    supplier = np.array([int(text[b]) - 1 for text, b in zip(column[10], brand, strict=True)])
    pack = np.array([row[5] for row in SUPPLIERS])[supplier]
    launched, discontinued = _lifetimes(rng, days, sampler, full)
    weight = np.array(column[8]) * np.array(_BRAND_WEIGHT)[brand]
    return Catalogue(
        code=code,
        name=np.array([f"{BRANDS[b][1]} {n}" for b, n in zip(brand, column[2], strict=True)]),
        item=np.array([text.rsplit("-", 1)[0] for text in code]),
        stage=np.array(column[3]),
        brand=brand,
        category=np.array([CATEGORIES.index(c) for c in column[0]]),
        months_from=np.array(column[4]),
        months_to=np.array(column[5]),
        list_cents=list_cents,
        cost_cents=np.round(list_cents * rng.uniform(0.42, 0.6, count)).astype(np.int64),
        use=np.array(column[7]),
        weight=weight * np.exp(rng.normal(0, 0.2, count)),
        shelf_life=np.array(column[9]),
        supplier=supplier,
        pack=pack,
        moq=pack * np.array([row[6] for row in SUPPLIERS])[supplier],
        launched=launched,
        discontinued=discontinued,
        is_sampler=sampler,
        second_warehouse=_second(rng, sampler, weight, full),
        barcode=_barcodes(count),
        brands=tuple(BRANDS[b][0] for b in range(3 if full else 2)),
    )


def _lifetimes(rng, days: int, sampler: np.ndarray, full: bool) -> tuple[np.ndarray, np.ndarray]:
    """Some SKUs start late (two of them in the last quarter), some are given up."""
    count = len(sampler)
    launched = -rng.integers(200, 900, count)
    discontinued = np.full(count, NEVER)
    late = 8 if full else 1
    free = rng.permutation(np.flatnonzero(~sampler))
    chosen, ended = free[:late], free[late : late + (5 if full else 1)]
    launched[chosen] = (days * rng.uniform(0.1, 0.8, late)).astype(int)
    launched[chosen[:2]] = np.maximum(days - np.array([70, 40])[: len(chosen[:2])], 1)
    discontinued[ended] = (days * rng.uniform(0.45, 0.9, len(ended))).astype(int)
    return launched, discontinued


def _second(rng, sampler: np.ndarray, weight: np.ndarray, full: bool) -> np.ndarray:
    """A tenth of the slower SKUs is kept in the first warehouse only."""
    kept = np.ones(len(sampler), dtype=bool)
    slow = np.flatnonzero((weight < 0.75) & ~sampler)
    if full:
        kept[rng.permutation(slow)[:12]] = False
    return kept


def _barcodes(count: int) -> np.ndarray:
    """13 digits that begin with 69 and end with the check digit."""
    body = [f"6990{100_000_00 + i * 37:08d}" for i in range(count)]
    check = [(10 - sum(int(d) * (1, 3)[k % 2] for k, d in enumerate(b)) % 10) % 10 for b in body]
    return np.array([b + str(c) for b, c in zip(body, check, strict=True)])
