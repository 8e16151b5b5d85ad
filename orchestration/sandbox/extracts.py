"""The sandbox shop's day book as the generic source's tables, each row with its visible_on day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from orchestration.sandbox.catalogue import Catalogue
from orchestration.sandbox.households import Households, Wishes
from orchestration.sandbox.stockroom import WAREHOUSES, Flow

_TIME = "%Y-%m-%d %H:%M:%S"
_ANNOUNCED_DAYS_AHEAD = 120


@dataclass(frozen=True)
class World:
    """Everything that happened between two days."""

    first: date
    last: date
    goods: Catalogue
    people: Households
    wanted: Wishes
    place: np.ndarray
    moved: Flow
    plan: pl.DataFrame
    discount: np.ndarray
    promotion: np.ndarray

    def day(self, name: str) -> pl.Expr:
        """The date of a column of days from the first."""
        return pl.lit(self.first) + pl.duration(days=pl.col(name))

    @property
    def sku_ids(self) -> np.ndarray:
        """The id of each SKU index."""
        return self.goods.array("sku_id")


def order_lines(world: World, rng: np.random.Generator) -> pl.DataFrame:
    """Served wishes as order lines; a refunded line has a second, later version."""
    sold = world.moved.sold
    household, day = world.wanted.household[sold], world.wanted.day[sold]
    sku, qty = world.wanted.sku[sold], world.wanted.qty[sold]
    is_gift = world.goods.array("is_sampler")[sku]
    list_cents = np.round(world.goods.array("price")[sku] * 100).astype(np.int64)
    coupon = np.where(
        rng.random(len(sku)) < world.people.thrift[household] * 0.5, rng.choice([3, 5, 8]), 0
    )
    rate = np.clip(world.discount[day, sku] * 100 + coupon, 0, 60).round().astype(np.int64)
    gross = list_cents * qty
    paid = np.where(is_gift, 0, gross * (100 - rate) // 100)
    which = pl.Series(world.promotion[day, sku])
    order_no = day * np.int64(100_000) + household
    second = 8 * 3600 + (order_no * 48271 % 53_000)  # one moment per order, 8:00 to 22:43
    frame = pl.DataFrame(
        {
            "order_no": order_no,
            "customer_no": household,
            "sku_id": world.sku_ids[sku],
            "warehouse_id": np.array(WAREHOUSES)[world.place[sold]],
            "day": day,
            "second": second,
            "qty": qty,
            "gross": gross,
            "paid": paid,
            "is_gift": is_gift,
            "promo_id": world.plan["promo_id"].gather(which.set(which < 0, None)),
        }
    )
    frame = frame.group_by("order_no", "sku_id", "is_gift", maintain_order=True).agg(
        pl.exclude("qty", "gross", "paid").first(), pl.col("qty", "gross", "paid").sum()
    )
    frame = frame.sort("day", "second", "order_no", "is_gift", "sku_id")
    moment = pl.lit(datetime.combine(world.first, datetime.min.time())) + pl.duration(
        days="day", seconds="second"
    )
    frame = frame.select(
        order_id=pl.format("A{}", (pl.col("order_no") + 10_000_000_000)),
        line_id=pl.int_range(pl.len()).over("order_no") + 1,
        customer_id=pl.format("u{}", pl.col("customer_no") + 100_000),
        sku_id="sku_id",
        warehouse_id="warehouse_id",
        ordered_at=moment - pl.duration(seconds=45),
        paid_at=moment,
        shipped_at=pl.lit(None, dtype=pl.Datetime),
        qty="qty",
        gross_amount="gross",
        paid_amount="paid",
        refund_amount=pl.lit(0, dtype=pl.Int64),
        refunded_at=pl.lit(None, dtype=pl.Datetime),
        is_gift="is_gift",
        promo_id=pl.when(~pl.col("is_gift")).then("promo_id"),
        lifecycle=pl.lit("paid"),
        updated_at=moment + pl.duration(seconds=5),
        visible_on=moment.dt.date(),
    )
    versions = pl.concat([frame, _refunded(frame, rng)], how="vertical_relaxed")
    return versions.sort("updated_at", "order_id", "line_id").with_columns(
        pl.col("ordered_at", "paid_at", "shipped_at", "refunded_at", "updated_at").dt.strftime(
            _TIME
        ),
        *(_yuan(name) for name in ("gross_amount", "paid_amount", "refund_amount")),
    )


def _refunded(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """One line in forty is refunded within two weeks, three in four of them in full."""
    draw = pl.Series(rng.random(frame.height))
    later = pl.Series(rng.integers(2 * 86_400, 14 * 86_400, frame.height))
    whole = pl.Series(rng.random(frame.height) < 0.75)
    lines = frame.with_columns(draw=draw, later=later, whole=whole).filter(
        (pl.col("draw") < 0.025) & ~pl.col("is_gift")
    )
    refunded_at = pl.col("paid_at") + pl.duration(seconds="later")
    amount = pl.when("whole").then("paid_amount").otherwise(pl.col("paid_amount") * 3 // 10)
    return lines.with_columns(
        shipped_at=pl.col("paid_at") + pl.duration(hours=20),
        refund_amount=amount,
        refunded_at=refunded_at,
        lifecycle=pl.when("whole").then(pl.lit("refunded")).otherwise(pl.lit("completed")),
        updated_at=refunded_at,
        visible_on=refunded_at.dt.date(),
    ).drop("draw", "later", "whole")


def stock(world: World) -> pl.DataFrame:
    """Stock at the end of each day of every SKU from its launch until it is gone."""
    days, skus, places = world.moved.on_hand.shape
    day, sku, place = (index.ravel() for index in np.indices((days, skus, places)))
    launched, ended = world.goods.array("launched"), world.goods.array("discontinued")
    on_hand = world.moved.on_hand.ravel()
    shown = (day >= launched[sku]) & ((day < ended[sku] + 30) | (on_hand > 0))
    return pl.DataFrame(
        {
            "day": day[shown],
            "sku_id": world.sku_ids[sku[shown]],
            "warehouse_id": np.array(WAREHOUSES)[place[shown]],
            "on_hand": on_hand[shown].astype(np.int64),
        }
    ).select(
        snapshot_date=world.day("day"),
        sku_id="sku_id",
        warehouse_id="warehouse_id",
        on_hand="on_hand",
        reserved=pl.lit(0),
        updated_at=pl.format("{} 23:30:00", world.day("day")),
        visible_on=world.day("day"),
    )


def purchase_orders(world: World) -> pl.DataFrame:
    """Each order once when it is sent and once more when it has arrived."""
    orders = world.moved.orders.with_row_index("number").with_columns(
        sku_id=pl.Series(world.sku_ids[world.moved.orders["sku"].to_numpy()]),
        supplier_id=pl.Series(world.goods.array("supplier")[world.moved.orders["sku"].to_numpy()]),
        warehouse_id=pl.Series(
            np.array(WAREHOUSES)[world.moved.orders["place"].to_numpy()], dtype=pl.String
        ),
    )
    sent = orders.select(
        po_id=pl.format("PO{}", pl.col("number") + 100_001),
        line_id=pl.lit("1"),
        sku_id="sku_id",
        warehouse_id="warehouse_id",
        supplier_id="supplier_id",
        ordered_on=world.day("ordered"),
        expected_on=world.day("expected"),
        received_on=pl.lit(None, dtype=pl.Date),
        ordered_qty=pl.col("qty").cast(pl.Int64),
        received_qty=pl.lit(0, dtype=pl.Int64),
        updated_at=pl.format("{} 18:00:00", world.day("ordered")),
        visible_on=world.day("ordered"),
    )
    arrived = sent.with_columns(
        received_on=orders.select(world.day("received")).to_series(),
        received_qty=pl.col("ordered_qty"),
        updated_at=orders.select(pl.format("{} 07:00:00", world.day("received"))).to_series(),
        visible_on=orders.select(world.day("received")).to_series(),
    )
    return pl.concat([sent, arrived]).sort("updated_at", "po_id")


def skus(world: World) -> pl.DataFrame:
    """The SKU master: each SKU from 30 days before its launch, again when it is given up."""
    last = (world.last - world.first).days
    months = pl.col("months_from").cast(pl.String) + "-" + pl.col("months_to").cast(pl.String) + "m"
    known = world.goods.skus.with_columns(known=pl.max_horizontal(pl.col("launched") - 30, 0))
    first = known.select(
        sku_id="sku_id",
        sku_name="sku_name",
        brand_id="brand",
        category="category",
        baby_stage=months,
        unit_cost_amount=pl.col("cost").round(2),
        list_price_amount=pl.col("price").round(2),
        supplier_id="supplier",
        shelf_life_days="shelf_life",
        launched_on=world.day("launched"),
        discontinued_on=pl.lit(None, dtype=pl.Date),
        updated_at=pl.format("{} 09:00:00", world.day("known")),
        visible_on=world.day("known"),
    )
    ended = known["discontinued"] <= last
    given_up = first.filter(ended).with_columns(
        discontinued_on=known.filter(ended).select(world.day("discontinued")).to_series(),
        updated_at=known.filter(ended)
        .select(pl.format("{} 09:00:00", world.day("discontinued") - timedelta(days=21)))
        .to_series(),
        visible_on=known.filter(ended)
        .select(world.day("discontinued") - timedelta(days=21))
        .to_series(),
    )
    return pl.concat([first, given_up])


def suppliers(world: World) -> pl.DataFrame:
    """Terms of each supplier, and for the dearest SKU of each its own least quantity."""
    terms = world.goods.suppliers.select(
        supplier_id="supplier_id",
        sku_id=pl.lit(None, dtype=pl.String),
        supplier_name="supplier_name",
        lead_time_days="lead",
        lead_time_sd_days="lead_sd",
        review_period_days="review",
        moq=pl.col("pack") * pl.col("cartons"),
        pack_size="pack",
        unit_cost_amount=pl.lit(None, dtype=pl.Float64),
        updated_at=pl.lit(f"{world.first} 09:00:00"),
        visible_on=pl.lit(world.first),
    )
    dearest = (
        world.goods.skus.filter(~pl.col("is_sampler"))
        .sort("cost", "sku_id", descending=True)
        .group_by("supplier", maintain_order=True)
        .first()
        .select(supplier_id="supplier", own="sku_id", cost="cost")
    )
    own = (
        terms.join(dearest, on="supplier_id", maintain_order="left")
        .with_columns(sku_id="own", unit_cost_amount="cost")
        .select(terms.columns)
    )
    return pl.concat([terms, own])


def promotions(world: World) -> pl.DataFrame:
    """Past and planned promotions, each known some months ahead."""
    return world.plan.with_columns(
        known=pl.max_horizontal(pl.col("starts") - _ANNOUNCED_DAYS_AHEAD, 0),
        sku_id=pl.Series(world.sku_ids[world.plan["sku"].to_numpy()]),
    ).select(
        promo_id="promo_id",
        sku_id="sku_id",
        starts_on=world.day("starts"),
        ends_on=world.day("ends"),
        discount_rate="discount_rate",
        promo_name="promo_name",
        updated_at=pl.format("{} 09:00:00", world.day("known")),
        visible_on=world.day("known"),
    )


def _yuan(name: str) -> pl.Expr:
    """Whole cents as yuan text, without a detour through floating point."""
    cents = (pl.col(name) % 100).cast(pl.String).str.zfill(2)
    return pl.format("{}.{}", pl.col(name) // 100, cents).alias(name)
