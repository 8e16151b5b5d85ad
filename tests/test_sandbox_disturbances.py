"""What goes wrong in a sandbox world does what it says, from its day on, to what it names."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from lived_world import TOWN, lived

from orchestration.sandbox.world import Disturbance, World, scale
from orchestration.sandbox.world.catalogue import CATEGORIES
from orchestration.sandbox.world.listings import SHOPS


@pytest.fixture(scope="module")
def spring() -> World:
    """The town in the middle of March, a quiet time."""
    world = World(TOWN)
    for _ in world.run((date(2026, 3, 15) - TOWN.first_day).days):
        pass
    return world


def orders_in(world: World, days: int = 56) -> tuple[int, int, dict[str, pl.DataFrame]]:
    """(orders of households, households that lapsed, tables) of the coming days."""
    tables = lived(world, days)
    kept = tables["orders"].filter(pl.col("household").is_not_null())
    return kept.height, tables["households"]["lapsed_on"].is_not_null().sum(), tables


def test_a_price_war_and_a_new_competitor_take_orders_and_households_away(spring):
    calm, calm_lapsed, _ = orders_in(spring.fork())
    for kind in ("price_war", "competitor"):
        world = spring.fork()
        world.disturb(Disturbance(kind, spring.today + timedelta(days=7), 40, strength=1.5))
        orders, lapsed, _ = orders_in(world)
        assert orders < 0.85 * calm, kind
        assert lapsed > calm_lapsed + 20, kind


def test_a_dark_platform_sells_and_shows_nothing_until_it_is_back(spring):
    world = spring.fork()
    gone = (spring.today + timedelta(days=7), spring.today + timedelta(days=20))
    world.disturb(Disturbance("platform_dark", gone[0], 14, "douyin"))
    _, _, tables = orders_in(world)
    orders = tables["orders"].filter(
        (pl.col("platform") == "douyin") & ~pl.col("order_kind").is_in(["reissue", "exchange"])
    )
    dark = pl.col("created_at").dt.date().is_between(*gone)
    assert orders.filter(dark).is_empty()
    assert orders.filter(~dark).height > 100
    douyin = {v.number for v in spring.offers.variants if SHOPS[v.shop][0] == "douyin"}
    traffic = tables["item_daily"].filter(
        pl.col("listing_no").is_in(list(douyin)) & pl.col("ds").is_between(*gone)
    )
    assert traffic.height > 100
    assert traffic.filter(pl.col("visitors") > 0).is_empty()


def test_a_world_may_be_disturbed_from_its_first_day_on():
    config = scale("tiny")
    event = Disturbance("platform_dark", config.first_day, 20, "jd")
    orders = lived(World(replace(config, disturbances=(event,))), 20)["orders"]
    assert set(orders["platform"]) == {"taobao", "douyin", "xiaohongshu"}


def test_a_failing_supplier_delivers_nothing_and_everything_later(spring):
    world = spring.fork()
    start = spring.today + timedelta(days=3)
    world.disturb(Disturbance("supplier_failure", start, 30, "1203"))
    _, _, tables = orders_in(world)
    _, _, calm = orders_in(spring.fork())

    def receipts(of: dict[str, pl.DataFrame]) -> pl.DataFrame:
        day = pl.col("received_at").dt.date()
        return of["receipts"].filter(day.is_between(start, start + timedelta(days=29)))

    orders = tables["purchase_orders"].filter(pl.col("supplier_id") == "1203")
    assert receipts(tables).join(orders, on=("po_no", "line_no"), how="semi").is_empty()
    assert receipts(tables).height < receipts(calm).height
    assert tables["demand"]["lost_qty"].sum() > 1.3 * calm["demand"]["lost_qty"].sum()


@pytest.fixture(scope="module")
def summer() -> World:
    """A town with all goods after fifty days."""
    world = World(replace(scale("tiny", days=100), households=6000, assortment="full"))
    for _ in world.run(50):
        pass
    return world


def wanted_by_sku(world: World, days: int = 42) -> np.ndarray:
    """Units that households wanted of each SKU in the coming days."""
    units = np.zeros(len(world.goods))
    for _ in range(days):
        world.advance()
        told = world.ledger.take("demand")["demand"]
        np.add.at(units, told["sku"], told["wanted_qty"])
    return units


@pytest.mark.parametrize(("strength", "least", "most"), [(1.6, 1.4, 1.85), (0.5, 0.35, 0.6)])
def test_a_brand_wins_or_loses_as_many_customers_as_told_and_the_others_none(
    summer, strength, least, most
):
    calm, changed = summer.fork(), summer.fork()
    changed.disturb(Disturbance("brand_shift", summer.today, 50, "yunduo", strength))
    before, after = wanted_by_sku(calm), wanted_by_sku(changed)
    own = summer.goods.brand == summer.goods.brands.index("yunduo")
    assert least <= after[own].sum() / before[own].sum() <= most
    assert after[~own].sum() == pytest.approx(before[~own].sum(), rel=0.12)


def test_a_mix_shift_moves_demand_within_its_category(summer):
    calm, changed = summer.fork(), summer.fork()
    changed.disturb(Disturbance("mix_shift", summer.today, 50, "辅食"))
    food = summer.goods.category == CATEGORIES.index("辅食")
    food &= ~summer.goods.is_sampler
    appeal = changed.market.appeal[summer.day]
    assert (appeal[~food] == 0).all()
    before, after = wanted_by_sku(calm), wanted_by_sku(changed)
    assert after[appeal > 0].sum() > 1.25 * before[appeal > 0].sum()
    assert after[appeal < 0].sum() < 0.7 * before[appeal < 0].sum()
    assert after[food].sum() == pytest.approx(before[food].sum(), rel=0.3)


def test_what_comes_after_a_disturbance_is_over_is_no_longer_disturbed(spring):
    market = spring.fork().market
    for kind, target in (("brand_shift", "hemiao"), ("mix_shift", "奶粉")):
        market.disturb(Disturbance(kind, spring.today, 7, target, 0.5))
    for grid, neutral in ((market.fashion, 1), (market.appeal, 0)):
        assert (grid[spring.day : spring.day + 7] != neutral).any(axis=1).all()
        assert (grid[: spring.day] == neutral).all()
        assert (grid[spring.day + 7 :] == neutral).all()


def test_a_disturbance_names_what_it_disturbs_and_cannot_change_the_past(spring):
    with pytest.raises(ValueError, match="none of"):
        Disturbance("flood", spring.today, 3)
    with pytest.raises(ValueError, match="needs a target"):
        Disturbance("platform_dark", spring.today, 3)
    with pytest.raises(ValueError, match="below zero"):
        Disturbance("brand_shift", spring.today, 3, "hemiao", -1)
    for kind, target in (
        *(("platform_dark", "ebay"), ("supplier_failure", "9"), ("price_war", "酒")),
        *(("brand_shift", "无名"), ("mix_shift", "酒")),
    ):
        with pytest.raises(ValueError, match="no "):
            spring.disturb(Disturbance(kind, spring.today, 3, target))
    with pytest.raises(ValueError, match="is over"):
        spring.disturb(Disturbance("price_war", spring.today - timedelta(days=1), 3))
