"""Tables that say what there is: shops, SKUs, bundles, listings, suppliers, households."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from orchestration.sandbox.world import names
from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.catalogue import BRANDS, CATEGORIES, NEVER, SUPPLIERS, Catalogue
from orchestration.sandbox.world.families import CITIES, FAR, Families
from orchestration.sandbox.world.ledger import conform
from orchestration.sandbox.world.listings import BACK_OFFICE, SHOPS, Listings, Variant
from orchestration.sandbox.world.people import GROUPS
from orchestration.sandbox.world.shelf import WAREHOUSE_NAMES, WAREHOUSES

_OPENED_BEFORE = timedelta(days=900)


def registers(
    goods: Catalogue, offers: Listings, calendar: Calendar, plan: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """All tables that are known from the first day on."""
    made = {
        "shops": _shops(calendar.first),
        "warehouses": {
            "warehouse": list(WAREHOUSES),
            "warehouse_name": list(WAREHOUSE_NAMES),
            "city": ["杭州", "广州"],
        },
        "brands": {
            "brand_id": list(goods.brands),
            "brand_name": [b[1] for b in BRANDS[: len(goods.brands)]],
        },
        "skus": _skus(goods, calendar),
        "bundles": _bundles(goods, offers, calendar),
        "listings": _listings(goods, offers, calendar),
        "suppliers": {
            "supplier_id": [row[0] for row in SUPPLIERS],
            "name": [row[1] for row in SUPPLIERS],
            "lead_time_days": [row[2] for row in SUPPLIERS],
            "lead_time_sd_days": [row[3] for row in SUPPLIERS],
            "review_period_days": [row[4] for row in SUPPLIERS],
        },
        "supplier_skus": {
            "supplier_id": [SUPPLIERS[s][0] for s in goods.supplier],
            "sku_code": goods.code,
            "lead_time_days": goods.lead,
            "pack_size": goods.pack,
            "moq": goods.moq,
            "cost_cents": goods.cost_cents,
        },
        "promotions": _promotions(goods, calendar, plan),
        "groups": _groups(calendar.first),
    }
    return {table: conform(table, columns) for table, columns in made.items()}


def _shops(first: date) -> dict:
    rows = [
        (i + 1, platform, shop_id, name, brands[0] if len(brands) == 1 else None, erp, True)
        for i, (platform, shop_id, name, brands, erp) in enumerate(SHOPS)
    ]
    rows += [
        (len(SHOPS) + 1 + i, platform, shop_id, name, None, None, False)
        for i, (platform, shop_id, name) in enumerate(BACK_OFFICE)
    ]
    fields = ("shop_no", "platform", "shop_id", "shop_name", "brand_id", "erp_shop_id")
    columns = dict(zip((*fields, "has_order_feed"), zip(*rows, strict=True), strict=True))
    columns = {name: list(values) for name, values in columns.items()}
    return columns | {
        "default_warehouse": [WAREHOUSES[0]] * len(rows),
        "opened_on": [first - _OPENED_BEFORE] * len(rows),
    }


def _day(calendar: Calendar, index: int) -> date | None:
    """The date of a day index; long before the first day for -NEVER, None for NEVER."""
    if index >= NEVER:
        return None
    return calendar.day(index) if index > -NEVER else calendar.first - _OPENED_BEFORE


def _skus(goods: Catalogue, calendar: Calendar) -> dict:
    return {
        "sku_code": goods.code,
        "item_code": goods.item,
        "sku_name": goods.name,
        "brand_id": [goods.brands[b] for b in goods.brand],
        "category": [CATEGORIES[c] for c in goods.category],
        "stage": [text or None for text in goods.stage.tolist()],
        "months_from": goods.months_from,
        "months_to": goods.months_to,
        "list_cents": goods.list_cents,
        "cost_cents": goods.cost_cents,
        "supplier_id": [SUPPLIERS[s][0] for s in goods.supplier],
        "barcode": goods.barcode,
        "shelf_life_days": goods.shelf_life,
        "launched_on": [_day(calendar, i) for i in goods.launched],
        "discontinued_on": [_day(calendar, i) for i in goods.discontinued],
        "is_sampler": goods.is_sampler,
    }


def _bundles(goods: Catalogue, offers: Listings, calendar: Calendar) -> dict:
    rows = [
        (b.code, goods.code[p], q, s, _day(calendar, b.starts), _day(calendar, b.ends))
        for b in offers.bundles
        for p, q, s in zip(b.parts, b.qty, b.share, strict=True)
        if p >= 0
    ]
    fields = ("bundle_code", "component_sku_code", "qty", "share_cents", "valid_from", "valid_to")
    return {name: [row[i] for row in rows] for i, name in enumerate(fields)}


def _listings(goods: Catalogue, offers: Listings, calendar: Calendar) -> dict:
    """One row per number; a bundle composed anew under its code stays one listing."""
    of_number: dict[int, list[Variant]] = {}
    for variant in offers.variants:
        of_number.setdefault(variant.number, []).append(variant)
    first = [versions[0] for versions in of_number.values()]
    sold = [goods.name[v.parts[0]] + ("" if v.parts[1] < 0 else " 组合装") for v in first]
    return {
        "listing_no": [v.number for v in first],
        "platform": [SHOPS[v.shop][0] for v in first],
        "shop_no": [v.shop + 1 for v in first],
        "platform_item_id": [v.item_id for v in first],
        "platform_sku_id": [v.sku_id for v in first],
        "merchant_code": [v.merchant_code for v in first],
        "barcode": [v.barcode for v in first],
        "erp_code": [v.code for v in first],
        "list_cents": [v.cents for v in first],
        "units_per_pack": [v.units_per_pack for v in first],
        "valid_from": [_day(calendar, v.starts) for v in first],
        "valid_to": [_day(calendar, versions[-1].ends) for versions in of_number.values()],
        "title": [
            f"{name} {'' if v.qty[0] < 2 else f'{v.qty[0]}件装'}".strip()
            for v, name in zip(first, sold, strict=True)
        ],
        "mapped_by": [v.mapped_by for v in first],
        "is_gift": [bool(goods.is_sampler[v.parts[0]]) for v in first],
    }


def _promotions(goods: Catalogue, calendar: Calendar, plan: pl.DataFrame) -> dict:
    return {
        "promo_id": plan["promo_id"],
        "promo_name": plan["promo_name"],
        "sku_code": goods.code[plan["sku"].to_numpy()],
        "starts_on": [calendar.day(i) for i in plan["starts"]],
        "ends_on": [calendar.day(i) for i in plan["ends"]],
        "discount_rate": plan["discount_rate"],
    }


def _groups(first: date) -> dict:
    number = np.arange(1, GROUPS + 1)
    return {
        "group_no": number,
        "chat_id": [f"wrGROUP{n:06d}" for n in number],
        "name": [f"育儿交流群{n}" for n in number],
        "owner": names.staff_ids((number - 1) % 12),
        "created_at": pl.Series([first - timedelta(days=300 - int(n)) for n in number]).cast(
            pl.Datetime("us")
        ),
    }


def households(state: Families, calendar: Calendar, today: int) -> pl.DataFrame:
    """Every household as it has turned out until day `today`."""
    who = np.arange(len(state))

    def dated(index: np.ndarray, known: np.ndarray) -> pl.Series:
        days = np.where(known, index, 0).astype("timedelta64[D]")
        series = pl.Series(np.datetime64(calendar.first, "D") + days)
        return series.set(pl.Series(~known), None)

    always = np.ones(len(who), dtype=bool)
    known = state.joined <= today
    lapsed = state.lapsed <= today
    platform = np.array([row[0] for row in SHOPS])
    frame = {
        "household": who,
        "born_on": dated(state.born, always),
        "born_on_2": dated(state.born_2, state.born_2 < FAR),
        "joined_on": dated(state.joined, always),
        "lapsed_on": dated(state.lapsed, lapsed & known),
        "graduated_on": dated(state.graduates, (state.graduates <= today) & ~lapsed & known),
        "city": [CITIES[c] for c in state.city],
        "warehouse": np.array(WAREHOUSES)[state.south.astype(int)],
        "home_platform": platform[state.home_shop],
        "name": names.mothers(who),
        "phone": names.phones(who),
        "address": "PII-"
        + pl.Series(np.array(CITIES)[state.city])
        + pl.Series(who).cast(pl.String),
    }
    return conform("households", frame)
