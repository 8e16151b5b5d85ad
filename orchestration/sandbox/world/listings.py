"""Where it is sold: shops, bundles, and listings whose codes are not always right."""

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.world.catalogue import CATEGORIES, NEVER, Catalogue

# platform, shop_id, shop_name, brands it sells, the shop's id at the ERP
SHOPS = (
    ("taobao", "禾苗母婴旗舰店", "禾苗母婴旗舰店", ("hemiao",), "10170001"),
    ("taobao", "小云朵母婴专营店", "小云朵母婴专营店", ("yunduo", "xiaolu"), "10170002"),
    ("jd", "10284531", "禾苗云朵京东专营店", ("hemiao", "yunduo", "xiaolu"), "10170003"),
    ("douyin", "77977001", "禾苗云朵抖音小店", ("hemiao", "yunduo"), "10170004"),
    ("xiaohongshu", "63f0a1b2c3", "小云朵的小红书店", ("hemiao", "yunduo", "xiaolu"), "10170005"),
)
BACK_OFFICE = (
    ("jushuitan", "10170000", "聚水潭"),
    ("wecom", "ww5a17e0c1b2d3f4a5", "企业微信"),
    ("crm", "brand-crm", "会员中心"),
)
PLATFORMS = tuple(row[0] for row in SHOPS)

# links whose merchant code was pointed at another SKU one day
_REPOINTED = {"FD-HM-PUREA": "FD-HM-PUREP", "WS-YD-CREAM": "WS-YD-BUM", "DP-HM-M": "DP-HM-L"}
# second part of mixed bundles by first part's category
_PARTNERS = {"奶粉": ("WP-{b}-80x5", "WP-{b}-80x3"), "奶瓶": ("BT-{b}-NIP", "BT-{b}-BRUSH")}


@dataclass(frozen=True)
class Bundle:
    """A set sold under one code from day `starts` until before day `ends`."""

    code: str
    parts: tuple[int, int]
    qty: tuple[int, int]
    share: tuple[int, int]
    starts: int
    ends: int

    @property
    def cents(self) -> int:
        """The price of the set, the sum of its parts' shares."""
        return sum(self.share)


@dataclass(frozen=True)
class Variant:
    """A listing version while what it sells is composed in one way."""

    number: int
    shop: int
    code: str  # SKU or bundle
    merchant_code: str | None
    mapped_by: str
    barcode: str | None
    parts: tuple[int, int]
    qty: tuple[int, int]
    share: tuple[int, int]
    cents: int
    units_per_pack: int
    weight: float
    starts: int
    ends: int
    item_id: str
    sku_id: str


@dataclass(frozen=True)
class Listings:
    """One array entry per variant; `parts` and the like are [variant, 2] with SKU -1 for none."""

    variants: tuple[Variant, ...]
    bundles: tuple[Bundle, ...]
    number: np.ndarray
    shop: np.ndarray
    category: np.ndarray
    brand: np.ndarray
    parts: np.ndarray
    part_qty: np.ndarray
    part_share: np.ndarray
    list_cents: np.ndarray
    use: np.ndarray
    weight: np.ndarray
    months_from: np.ndarray
    months_to: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    is_gift: np.ndarray

    def __len__(self) -> int:
        return len(self.variants)


def listings(rng: np.random.Generator, goods: Catalogue, days: int) -> Listings:
    """Every SKU in the shops that carry its brand, bundles in most, samplers as gifts."""
    bundles = _bundles(goods, days)
    variants = tuple(_variants(rng, goods, bundles, days))
    parts = np.array([v.parts for v in variants])
    part_qty = np.array([v.qty for v in variants])
    main = parts[:, 0]
    same = (parts >= 0) & (goods.category[parts] == goods.category[main][:, None])
    return Listings(
        variants=variants,
        bundles=tuple(bundles),
        number=np.array([v.number for v in variants]),
        shop=np.array([v.shop for v in variants]),
        category=goods.category[main],
        brand=goods.brand[main],
        parts=parts,
        part_qty=part_qty,
        part_share=np.array([v.share for v in variants]),
        list_cents=np.array([v.cents for v in variants]),
        use=np.where(same, part_qty * goods.use[parts], 0.0).sum(axis=1),
        weight=np.array([v.weight for v in variants]) * goods.weight[main],
        months_from=goods.months_from[main],
        months_to=goods.months_to[main],
        starts=np.array([max(v.starts, goods.launched[v.parts[0]]) for v in variants]),
        ends=np.array([min(v.ends, goods.discontinued[v.parts[0]]) for v in variants]),
        is_gift=goods.is_sampler[main],
    )


def _bundles(goods: Catalogue, days: int) -> list[Bundle]:
    """Double and triple packs of formula and nappies, formula with wipes, bottle with teat.

    One in each brand's mixed sets gets another second part half-way.
    """
    index = {code: i for i, code in enumerate(goods.code)}
    found = []
    for i in np.flatnonzero(~goods.is_sampler & (goods.discontinued == NEVER)):
        code, category = str(goods.code[i]), CATEGORIES[goods.category[i]]
        packs = {"奶粉": (2, 3), "纸尿裤": (2,)}.get(category, ())
        if goods.use[i] < 1 or goods.launched[i] > 0:
            packs = ()
        for size in packs:
            cents = int(goods.list_cents[i]) * size * (97 - size) // 9700 * 100
            found.append(Bundle(f"{code}x{size}", (i, -1), (size, 0), (cents, 0), -NEVER, NEVER))
        partner = _partner(goods, index, i, 0)
        if partner < 0 or goods.launched[i] > 0:
            continue
        change = days // 2 if code.endswith("2-800") else NEVER
        later = _partner(goods, index, i, 1)
        found.append(_mixed(goods, i, partner, -NEVER, change if later >= 0 else NEVER))
        if change < NEVER and later >= 0:
            found.append(_mixed(goods, i, later, change, NEVER))
    return found


def _partner(goods: Catalogue, index: dict, i: int, which: int) -> int:
    category, brand = CATEGORIES[goods.category[i]], str(goods.code[i]).split("-")[1][:2]
    if category not in _PARTNERS or not str(goods.code[i]).endswith(("2-800", "3-800", "W240")):
        return -1
    return index.get(_PARTNERS[category][which].format(b=brand), -1)


def _mixed(goods: Catalogue, i: int, partner: int, starts: int, ends: int) -> Bundle:
    share = tuple(int(goods.list_cents[part]) * 94 // 100 for part in (i, partner))
    return Bundle(f"{goods.code[i]}-SET", (i, partner), (1, 1), share, starts, ends)


def _variants(rng, goods: Catalogue, bundles: list[Bundle], days: int):
    """Yield every variant; listings are numbered from 1, versions of one share platform ids."""
    number, unmapped = 0, False
    index = {code: i for i, code in enumerate(goods.code)}
    for shop, (platform, _, _, brands, _) in enumerate(SHOPS):
        items: dict[str, str] = {}
        carried = np.isin(np.array(goods.brands)[goods.brand], brands)
        for i in np.flatnonzero(carried):
            number += 1
            code = str(goods.code[i])
            ids = _ids(platform, number, items.setdefault(str(goods.item[i]), f"{len(items) + 1}"))
            packs = 2 if platform == "xiaohongshu" and code.endswith("80x3") else 1
            fault = _codes(rng, platform, code, str(goods.barcode[i]), goods)
            if platform == "douyin" and code.endswith("NOODLEC") and not unmapped:
                fault, unmapped = ("未知货号-01", "none", None), True
            offer = {
                "shop": shop,
                "code": code,
                "parts": (int(i), -1),
                "qty": (packs, 0),
                "share": (int(goods.list_cents[i]) * packs, 0),
                "cents": int(goods.list_cents[i]) * packs,
                "units_per_pack": packs,
                "weight": float(rng.lognormal(0, 0.15)) * (0.7 if packs > 1 else 1.0),
                "item_id": ids[0],
                "sku_id": ids[1],
            }
            names = ("merchant_code", "mapped_by", "barcode")
            later = index.get(_REPOINTED.get(code, ""), -1) if platform != "jd" else -1
            if later < 0 or goods.discontinued[i] < NEVER or goods.discontinued[later] < NEVER:
                yield Variant(number, **offer, **dict(zip(names, fault, strict=True)), **_ALWAYS)
                continue
            change = int(days * 0.6) + 9 * shop
            codes = {"merchant_code": code, "mapped_by": "merchant_code", "barcode": None}
            yield Variant(number, **offer, **codes, starts=-NEVER, ends=change)
            number += 1
            code = str(goods.code[later])
            offer |= {"code": code, "parts": (int(later), -1)}
            codes["merchant_code"] = code
            yield Variant(number, **offer, **codes, starts=change, ends=NEVER)
        known: dict[str, tuple] = {}
        for bundle in bundles:
            if not carried[bundle.parts[0]]:
                continue
            if bundle.code not in known:
                if rng.random() > 0.75:
                    continue
                number += 1
                ids = _ids(platform, number, f"9{number}")
                known[bundle.code] = (number, ids, _codes(rng, platform, bundle.code, None, goods))
            its_number, ids, (merchant_code, mapped_by, barcode) = known[bundle.code]
            yield Variant(
                its_number,
                shop=shop,
                code=bundle.code,
                merchant_code=merchant_code,
                mapped_by=mapped_by,
                barcode=barcode,
                parts=bundle.parts,
                qty=bundle.qty,
                share=bundle.share,
                cents=bundle.cents,
                units_per_pack=1,
                weight=float(0.5 * rng.lognormal(0, 0.15)),
                starts=bundle.starts,
                ends=bundle.ends,
                item_id=ids[0],
                sku_id=ids[1],
            )


_ALWAYS = {"starts": -NEVER, "ends": NEVER}


def _ids(platform: str, number: int, item: str) -> tuple[str, str]:
    """The platform's item and SKU ids in its own form."""
    k = int(item)
    if platform == "taobao":
        return f"{612_345_000_000 + k * 1013 + number // 1000:d}", f"{4567890000000 + number * 977}"
    if platform == "jd":
        return f"{10_020_000_000 + k * 11:d}", f"{100_012_000_000 + number * 131}"
    if platform == "douyin":
        return (
            f"{3_600_000_000_000_000_000 + k * 10_007 + 1}",
            f"{1_700_000_000_000_000 + number * 7 + 1}",
        )
    return f"66aa{k:04x}00c0ffee", f"66ab{number:06x}d0d0ca"


def _codes(rng, platform: str, code: str, barcode: str | None, goods: Catalogue) -> tuple:
    """(merchant code, rung of the ladder that maps it, barcode): one in seven is not plain."""
    draw = rng.random()
    if code.startswith("GF-"):
        return code, "merchant_code", None
    if draw < 0.05:
        return None, "skumap", None
    if draw < 0.08:
        return f"{code}-旧", "skumap", None
    if draw < 0.12 and barcode and platform in ("taobao", "xiaohongshu"):
        return None, "barcode", barcode
    if draw < 0.15 and barcode:  # somebody else's barcode, the code is right
        return code, "merchant_code", str(goods.barcode[int(rng.integers(len(goods)))])
    return code, "merchant_code", barcode if draw < 0.8 else None
