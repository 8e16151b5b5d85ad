"""The sandbox's world is seeded, its books balance, and its people behave for reasons."""

import csv
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest
from lived_world import TOWN, lived
from staged import PROJECT

from orchestration.sandbox import truth
from orchestration.sandbox.world import World, run, scale
from orchestration.sandbox.world.calendar import Calendar

MOMENTS = ("created_at", "deposit_at", "paid_at", "shipped_at", "finished_at")


@pytest.fixture(scope="module")
def tiny() -> dict[str, pl.DataFrame]:
    return lived(World(scale("tiny")))


@pytest.fixture(scope="module")
def town() -> dict[str, pl.DataFrame]:
    return lived(World(TOWN))


def lines_with_orders(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    listings = tables["listings"].select("listing_no", "erp_code", "units_per_pack", "is_gift")
    return (
        tables["order_lines"]
        .join(tables["orders"], on="order_no", suffix="_of_order")
        .join(listings, on="listing_no", suffix="_of_listing")
    )


# -- the same world again


def test_equal_seeds_give_equal_files_and_other_seeds_do_not(tmp_path):
    def files(name: str, seed: int) -> dict[str, bytes]:
        run(tmp_path / name, scale="tiny", seed=seed, days=35)
        found = sorted((tmp_path / name).rglob("*.parquet"))
        return {str(path.relative_to(tmp_path / name)): path.read_bytes() for path in found}

    first = files("world", 7)
    other = files("world", 8)
    assert first.keys() == other.keys()
    assert first["orders/2026-06-01.parquet"] != other["orders/2026-06-01.parquet"]
    assert first == files("world", 7), "what was there before is replaced"


def test_a_written_truth_reads_back_in_the_columns_that_were_promised(tmp_path):
    summary = run(tmp_path, scale="tiny", days=9)
    tables = truth.read(tmp_path)
    assert set(tables) == set(truth.TABLES)
    assert tables["orders"].collect().height == summary.orders > 0
    assert summary.last_day == scale("tiny").last_day
    for name, schema in truth.TABLES.items():
        assert dict(tables[name].collect_schema()) == schema, name


def test_a_run_in_two_parts_or_from_a_copy_is_the_run_at_once(tiny):
    world = World(scale("tiny"))
    parts = [lived(world, 77), lived(world, 20)]
    copy = world.fork()
    parts.append(lived(world, 20))
    for name, frame in lived(copy, 20).items():
        assert frame.equals(parts[-1][name]), name
    end = world.today
    for name, day in (("orders", "created_at"), ("stock", "ds"), ("contacts", "added_at")):
        whole = tiny[name].filter(pl.col(day).cast(pl.Date) < end).sort(pl.all())
        assert whole.equals(pl.concat([part[name] for part in parts]).sort(pl.all())), name


def test_every_table_has_rows(tiny):
    assert set(tiny) == set(truth.TABLES)
    empty = {name for name, frame in tiny.items() if not frame.height}
    assert empty == set()


# -- money


def test_every_line_paid_what_its_discounts_leave(tiny):
    lines = tiny["order_lines"]
    discounts = (
        pl.col("seller_discount_cents")
        + pl.col("platform_discount_cents")
        + pl.col("channel_discount_cents")
    )
    assert lines.filter(pl.col("gross_cents") != pl.col("list_cents") * pl.col("qty")).is_empty()
    assert lines.filter(pl.col("paid_cents") != pl.col("gross_cents") - discounts).is_empty()
    cents = [name for name in lines.columns if name.endswith("_cents")]
    assert lines.select(pl.min_horizontal(pl.col(cents).min())).item() >= 0
    promo_beyond = pl.col("line_promo_cents") > pl.col("seller_discount_cents")
    assert lines.filter(promo_beyond).is_empty()
    assert lines.filter(pl.col("is_gift"))["paid_cents"].sum() == 0


def test_jd_cash_is_divided_by_what_each_line_costs_after_its_own_promotion(town):
    """Rounded half up, the last line that costs anything takes the remainder."""
    parents = town["orders"]["parent_order_no"].drop_nulls()
    jd = lines_with_orders(town).filter(
        (pl.col("platform") == "jd") & ~pl.col("order_no").is_in(parents.implode())
    )
    rows = jd.with_columns(base=pl.col("gross_cents") - pl.col("line_promo_cents")).sort(
        "order_no", "line_no"
    )
    several = 0
    for order in rows.filter(pl.col("base") > 0).partition_by("order_no"):
        cash, bases = order["paid_cents"].sum(), order["base"].to_list()
        parts = [(2 * cash * b + sum(bases)) // (2 * sum(bases)) for b in bases[:-1]]
        assert order["paid_cents"].to_list() == [*parts, cash - sum(parts)]
        several += len(bases) > 1 and cash < sum(bases)
    assert several > 20
    coupons = rows.group_by("order_no").agg(
        platform=pl.col("platform_discount_cents").sum(),
        shop=(pl.col("seller_discount_cents") - pl.col("line_promo_cents")).sum(),
    )
    assert coupons.filter((pl.col("platform") % 100 != 0) | (pl.col("shop") % 100 != 0)).is_empty()


def test_no_line_gives_back_more_than_was_paid_and_only_success_moves_money(town):
    refunds = town["refunds"]
    lost = refunds.filter(pl.col("status") != "success")
    assert lost.height
    assert lost["success_cents"].sum() == 0
    assert lost["success_at"].null_count() == lost.height
    back = refunds.group_by("order_no", "line_no").agg(pl.col("success_cents").sum())
    lines = town["order_lines"].select("order_no", "line_no", "paid_cents")
    joined = back.join(lines, on=("order_no", "line_no"), how="left", validate="1:1")
    assert joined["paid_cents"].null_count() == 0
    assert joined.filter(pl.col("success_cents") > pl.col("paid_cents")).is_empty()
    assert set(refunds["type"]) == {
        "cancel_before_ship",
        "refund_only",
        "return_refund",
        "exchange",
        "reship",
        "price_protect",
    }


def test_a_paid_order_is_closed_exactly_when_all_its_money_went_back(town):
    back = town["refunds"].group_by("order_no").agg(pl.col("success_cents").sum())
    paid = town["order_lines"].group_by("order_no").agg(pl.col("paid_cents").sum())
    orders = (
        town["orders"]
        .filter(pl.col("paid_at").is_not_null())
        .join(paid, on="order_no")
        .join(back, on="order_no", how="left")
        .with_columns(pl.col("success_cents").fill_null(0))
    )
    whole = (pl.col("success_cents") == pl.col("paid_cents")) & (pl.col("paid_cents") > 0)
    assert orders.filter(whole).height > 100
    assert orders.filter(whole != pl.col("closed_at").is_not_null()).is_empty()


# -- time


def test_what_happens_to_an_order_happens_in_its_order(town):
    orders = town["orders"]
    for i, before in enumerate(MOMENTS):
        for after in MOMENTS[i + 1 :]:
            assert orders.filter(pl.col(after) < pl.col(before)).is_empty(), (before, after)
    assert orders.filter(pl.col("closed_at") <= pl.col("created_at")).is_empty()
    assert orders.filter(pl.col("closed_at") < pl.col("paid_at")).is_empty()
    assert orders.filter(pl.col("closed_at").is_not_null() & pl.col("finished_at").is_not_null())[
        "order_no"
    ].is_empty()
    open_ended = orders.filter(
        pl.all_horizontal(pl.col("paid_at", "finished_at", "closed_at").is_null())
    )
    assert open_ended.is_empty()


def test_refunds_and_reviews_come_after_what_they_are_about(town):
    orders = town["orders"].select("order_no", *MOMENTS)
    refunds = town["refunds"].join(orders, on="order_no", suffix="_of_order")
    assert refunds.filter(pl.col("created_at") < pl.col("paid_at")).is_empty()
    assert refunds.filter(pl.col("approved_at") < pl.col("created_at")).is_empty()
    assert refunds.filter(pl.col("success_at") < pl.col("approved_at")).is_empty()
    before = refunds.filter(pl.col("type") == "cancel_before_ship")
    assert before.filter(pl.col("success_at") > pl.col("shipped_at")).is_empty()
    after_end = (pl.col("created_at") > pl.col("finished_at")).fill_null(False)
    assert refunds.filter((pl.col("phase") == "aftersale") != after_end).is_empty()
    weeks_later = refunds.filter(pl.col("created_at") - pl.col("paid_at") > timedelta(days=21))
    assert weeks_later.height
    reviews = town["reviews"].join(orders, on="order_no", suffix="_of_order")
    assert reviews.filter(pl.col("created_at") < pl.col("finished_at")).is_empty()
    assert set(reviews["rating"]) == {1, 2, 3, 4, 5}


def test_some_orders_are_paid_after_midnight_of_the_day_they_were_made(town):
    other_day = pl.col("paid_at").dt.date() > pl.col("created_at").dt.date()
    assert town["orders"].filter(other_day & (pl.col("order_kind") == "sale")).height > 10


# -- stock


def test_stock_is_what_was_there_and_came_less_what_left(town):
    key = ("ds", "sku_code", "warehouse")
    lines = town["purchase_orders"].select("po_no", "line_no", "sku_code", "warehouse")
    came = (
        town["receipts"]
        .join(lines, on=("po_no", "line_no"))
        .group_by(ds=pl.col("received_at").dt.date(), sku_code="sku_code", warehouse="warehouse")
        .agg(came=pl.col("qty").sum())
    )
    left = (
        town["order_components"]
        .group_by(ds=pl.col("shipped_at").dt.date(), sku_code="sku_code", warehouse="warehouse")
        .agg(left=pl.col("qty").sum())
    )
    stock = (
        town["stock"]
        .join(came, on=key, how="left")
        .join(left, on=key, how="left")
        .sort("sku_code", "warehouse", "ds")
        .with_columns(pl.col("came", "left").fill_null(0))
        .with_columns(
            previous=pl.col("on_hand").shift().over("sku_code", "warehouse", order_by="ds")
        )
        .drop_nulls("previous")
    )
    assert stock["came"].sum() > 5000
    moved = pl.col("previous") + pl.col("came") - pl.col("left")
    assert stock.filter(moved != pl.col("on_hand")).is_empty()


def test_nothing_is_promised_that_is_not_there(town):
    stock = town["stock"]
    assert stock.select(pl.min_horizontal(pl.col("reserved", "in_transit").min())).item() == 0
    assert stock.filter(pl.col("reserved") > pl.col("on_hand")).is_empty()


def test_reservations_end_when_goods_leave_or_orders_fall_through():
    world = World(replace(scale("tiny"), households=120))
    for _ in world.run(45):
        pass
    assert world.shelf.reserved.sum() > 0
    # nobody comes any more
    world.families.wake[:] = 1 << 20
    world.families.run_out[:] = 1 << 20
    world.desk.oddities.rate = 0.0
    world.market.dark[:] = True
    for _ in world.run(70):
        pass
    assert world.shelf.reserved.sum() == 0


def test_the_default_planner_runs_short_on_three_to_six_percent_of_shelf_days(tiny):
    stock = tiny["stock"].join(tiny["skus"], on="sku_code").filter(~pl.col("is_sampler"))
    on_sale = stock.filter(
        (pl.col("ds") >= pl.col("launched_on"))
        & (pl.col("ds") < pl.col("discontinued_on").fill_null(date.max))
    )
    short = (on_sale["on_hand"] - on_sale["reserved"] <= 0).mean()
    assert 0.03 <= short <= 0.06


def test_what_was_wanted_is_sold_or_its_fate_is_known(town):
    demand = town["demand"]
    fate = (
        pl.col("sold_qty")
        - pl.col("substituted_in_qty")
        + pl.col("substituted_qty")
        + pl.col("lost_qty")
        + pl.col("postponed_qty")
    )
    assert demand.filter(fate != pl.col("wanted_qty")).is_empty()
    for name in ("lost_qty", "substituted_qty", "postponed_qty"):
        assert demand[name].sum() > 50, name


def test_suppliers_are_late_at_random_and_some_deliver_in_parts(town):
    first = (
        town["receipts"]
        .group_by("po_no", "line_no")
        .agg(pl.col("received_at").min(), parts=pl.len(), qty=pl.col("qty").sum())
    )
    lines = town["purchase_orders"].join(first, on=("po_no", "line_no"), suffix="_received")
    late = lines["received_at"] - lines["expected_at"] > timedelta(days=9)
    assert 0.01 < late.mean() < 0.25
    assert 0.05 < (lines["parts"] > 1).mean() < 0.3
    assert lines.filter(pl.col("qty_received") > pl.col("qty")).is_empty()
    assert lines.filter(pl.col("received_at") < pl.col("confirmed_at")).height < lines.height / 20


# -- policies


def generous(_day: date, state) -> pl.DataFrame:
    """Fill every shelf up to eighty days of sales, every day."""
    frame = state.frame().with_columns(
        position=pl.col("available") + pl.col("in_transit"),
        level=(pl.col("sold_28") / 28 * 80 + 25).ceil().cast(pl.Int64),
    )
    return frame.filter(pl.col("is_orderable") & (pl.col("position") < pl.col("level"))).select(
        "sku_code", "warehouse", qty=pl.col("level") - pl.col("position")
    )


def test_a_generous_policy_loses_fewer_sales_than_the_default(town):
    tables = lived(World(TOWN), 90, generous)

    def lost(demand: pl.DataFrame) -> float:
        demand = demand.filter(pl.col("ds") < TOWN.first_day + timedelta(days=90))
        return demand["lost_qty"].sum() / demand["wanted_qty"].sum()

    assert lost(tables["demand"]) < 0.4 * lost(town["demand"])


def test_a_policy_cannot_order_what_does_not_exist():
    world = World(scale("tiny"))
    code = str(world.goods.code[0])
    wrong = (("NF-X", "10001", 5), (code, "10009", 5), (code, "10001", -1), (code, "10001", 1.5))
    for sku, warehouse, qty in wrong:
        order = pl.DataFrame({"sku_code": [sku], "warehouse": [warehouse], "qty": [qty]})
        with pytest.raises(ValueError, match="a policy orders"):
            world.fork().advance(lambda *_, order=order: order)
    order = pl.DataFrame({"sku_code": [code], "warehouse": ["10001"], "qty": [7]})
    world.advance(lambda *_: order)
    assert world.shelf.in_transit[0, 0] == 7


# -- why people buy, and why they stop


def test_a_festival_moves_demand_and_leaves_a_dip_behind():
    """618 ends on June 20; its last wave begins on June 15, the first one on May 16."""
    last = date(2026, 7, 31)
    world = World(replace(TOWN, first_day=last - timedelta(days=119), days=120, brush_rate=0.0))
    tables = lived(world)
    daily = tables["demand"].group_by("ds").agg(pl.col("wanted_qty").sum())

    def mean(start: date, end: date) -> float:
        return daily.filter(pl.col("ds").is_between(start, end))["wanted_qty"].mean()

    usual = mean(date(2026, 4, 14), date(2026, 5, 4))
    assert mean(date(2026, 5, 16), date(2026, 5, 18)) > 3 * usual
    assert mean(date(2026, 6, 21), date(2026, 7, 8)) < 0.85 * usual
    assert mean(date(2026, 5, 9), date(2026, 5, 12)) < 0.9 * usual, "people wait for it"
    evening = tables["orders"].filter(pl.col("created_at").dt.date() == date(2026, 5, 16))
    rush = evening.filter(pl.col("created_at").dt.hour().is_in([20, 21]))
    assert rush.height > 0.4 * evening.height


def test_a_baby_is_bought_what_fits_its_age(town):
    """The second baby of a household counts as well; ages are in months of 30.4 days."""
    lines = lines_with_orders(town).filter(
        pl.col("order_kind").is_in(["sale", "presale"]) & ~pl.col("is_gift")
    )
    parts = town["order_components"].filter(pl.col("component_no") == 1)
    sold = (
        lines.join(parts, on=("order_no", "line_no"), suffix="_of_part")
        .join(town["skus"], on="sku_code", suffix="_of_sku")
        .join(town["households"], on="household", suffix="_of_home")
    )

    def fits(born: str) -> pl.Expr:
        months = (pl.col("created_at").dt.date() - pl.col(born)).dt.total_days() / 30.4375
        inside = (months >= pl.col("months_from") - 0.1) & (months < pl.col("months_to") + 0.1)
        return inside.fill_null(False)

    assert sold.filter(~fits("born_on") & ~fits("born_on_2")).is_empty()
    assert sold.filter(~fits("born_on") & fits("born_on_2")).height > 20


def test_who_lapsed_or_graduated_buys_no_more_and_nobody_did_both(town):
    homes = town["households"]
    lapsed, graduated = pl.col("lapsed_on").is_not_null(), pl.col("graduated_on").is_not_null()
    assert homes.filter(lapsed).height > 150
    assert homes.filter(graduated).height > 100
    assert homes.filter(lapsed & graduated).is_empty()
    assert homes.filter(pl.col("lapsed_on") <= pl.col("joined_on")).is_empty()
    assert homes.filter(pl.col("lapsed_on") > TOWN.last_day).is_empty()
    orders = town["orders"].filter(pl.col("order_kind").is_in(["sale", "presale"]))
    bought = orders.join(homes, on="household").with_columns(ds=pl.col("created_at").dt.date())
    for end in ("lapsed_on", "graduated_on"):
        assert bought.filter(pl.col("ds") > pl.col(end)).is_empty(), end
    assert bought.filter(pl.col("ds") < pl.col("joined_on")).is_empty()


def test_talks_die_down_before_a_household_leaves(town):
    homes = town["households"].filter(pl.col("lapsed_on").is_not_null())
    people = town["contacts"].unique("external_userid").join(homes, on="household")
    talks = town["interactions"].join(people, on="external_userid")
    before = (pl.col("lapsed_on") - pl.col("ds")).dt.total_days()
    early = talks.filter(before.is_between(50, 80))["chats"].sum()
    assert early > 20
    assert talks.filter(before.is_between(0, 15))["chats"].sum() < 0.25 * early


def test_people_look_before_they_buy(town):
    """The days before a wave fill carts."""
    daily = (
        town["item_daily"]
        .group_by("ds")
        .agg(pl.col("visitors", "add_to_cart_buyers", "paid_qty").sum())
        .sort("ds")
        .with_columns(carts=pl.col("add_to_cart_buyers") / pl.col("visitors"))
    )
    wave = date(2026, 5, 16)
    ahead = daily.filter(
        pl.col("ds").is_between(wave - timedelta(days=6), wave - timedelta(days=1))
    )
    usual = daily.filter(pl.col("ds").is_between(date(2026, 4, 10), date(2026, 5, 1)))
    assert ahead["carts"].mean() > 1.3 * usual["carts"].mean()
    assert ahead["visitors"].mean() > 1.2 * usual["visitors"].mean()
    assert daily.filter(pl.col("paid_qty") > 0).height > 150


# -- shops, codes and odd orders


def test_merchant_codes_are_sometimes_missing_wrong_or_pointed_elsewhere(town):
    listings = town["listings"]
    by = {
        kind: frame for (kind,), frame in listings.partition_by("mapped_by", as_dict=True).items()
    }
    assert {"merchant_code", "skumap", "barcode"} <= set(by)
    assert by["merchant_code"].filter(pl.col("merchant_code") != pl.col("erp_code")).is_empty()
    codes = set(town["skus"]["sku_code"]) | set(town["bundles"]["bundle_code"])
    assert not set(by["skumap"]["merchant_code"].drop_nulls()) & codes
    own = town["skus"].select(erp_code="sku_code", own="barcode")
    right = by["barcode"].join(own, on="erp_code", how="left")
    assert right.filter(pl.col("barcode").ne_missing(pl.col("own"))).is_empty()
    moved = listings.filter(pl.len().over("shop_no", "platform_sku_id") > 1).sort("valid_from")
    assert moved.height >= 2
    for versions in moved.partition_by("shop_no", "platform_sku_id"):
        assert versions["valid_to"][0] == versions["valid_from"][1]
        assert versions["erp_code"].n_unique() == versions.height
    of_lines = lines_with_orders(town).join(listings, on="listing_no", suffix="_of_version")
    day = pl.col("created_at").dt.date()
    late = (day >= pl.col("valid_to")) | (day < pl.col("valid_from"))
    repaired = pl.col("order_kind").is_in(["reissue", "exchange"])
    assert of_lines.filter(late & ~repaired).is_empty()


def test_what_leaves_the_shelf_is_what_the_listing_sells(town):
    parts = town["order_components"].join(
        lines_with_orders(town), on=("order_no", "line_no"), suffix="_of_line"
    )
    plain = parts.filter(pl.col("erp_code") == pl.col("sku_code"))
    assert plain.filter(
        pl.col("qty") != pl.col("qty_of_line") * pl.col("units_per_pack")
    ).is_empty()
    sets = parts.filter(pl.col("erp_code") != pl.col("sku_code")).join(
        town["bundles"],
        left_on=("erp_code", "sku_code"),
        right_on=("bundle_code", "component_sku_code"),
        how="left",
        suffix="_of_set",
    )
    day = pl.col("created_at").dt.date()
    held = sets.filter(
        (day >= pl.col("valid_from")) & (day < pl.col("valid_to").fill_null(date.max))
        | pl.col("order_kind").is_in(["reissue", "exchange"])
    )
    assert (
        held.unique(("order_no", "line_no", "component_no")).height
        == sets.unique(("order_no", "line_no", "component_no")).height
    )
    assert held.filter(pl.col("qty") != pl.col("qty_of_line") * pl.col("qty_of_set")).is_empty()
    assert sets.height > 100
    lone = town["order_lines"].join(
        town["order_components"], on=("order_no", "line_no"), how="anti"
    )
    assert lone.join(
        town["orders"], left_on="order_no", right_on="parent_order_no", how="anti"
    ).is_empty()


def test_split_jd_orders_have_a_parent_and_two_warehouses(town):
    orders = town["orders"]
    children = orders.filter(pl.col("parent_order_no").is_not_null())
    parents = orders.join(children, left_on="order_no", right_on="parent_order_no", how="semi")
    assert parents.height >= 5
    assert set(children["platform"]) == {"jd"}
    of_parent = children.group_by("parent_order_no").agg(pl.len(), pl.col("warehouse").n_unique())
    assert of_parent.filter((pl.col("len") != 2) | (pl.col("warehouse") != 2)).is_empty()
    assert (
        parents["shipped_at"].null_count() == parents["finished_at"].null_count() == parents.height
    )
    cents = town["order_lines"].group_by("order_no").agg(pl.col("paid_cents").sum())
    sums = (
        children.join(cents, on="order_no")
        .group_by("parent_order_no")
        .agg(pl.col("paid_cents").sum())
    )
    both = parents.join(cents, on="order_no").join(
        sums, left_on="order_no", right_on="parent_order_no", suffix="_of_children"
    )
    assert both.filter(pl.col("paid_cents") != pl.col("paid_cents_of_children")).is_empty()


def test_deposits_are_taken_before_a_wave_and_balances_from_its_evening_on(town):
    two_step = town["orders"].filter(pl.col("deposit_cents") > 0)
    assert two_step.height > 50
    assert set(two_step["platform"]) == {"taobao", "douyin", "xiaohongshu"}
    assert set(two_step["deposit_at"].drop_nulls().dt.date()) <= {
        date(2026, 5, day) for day in (13, 14, 15, 16)
    }
    balanced = two_step.filter(pl.col("paid_at").is_not_null())
    opens = datetime.combine(date(2026, 5, 16), time(20))
    assert balanced["paid_at"].min() >= opens
    forfeited = two_step.filter(pl.col("paid_at").is_null() & pl.col("deposit_at").is_not_null())
    assert forfeited.height
    assert forfeited["closed_at"].null_count() == forfeited["shipped_at"].drop_nulls().len() == 0
    cents = town["order_lines"].group_by("order_no").agg(pl.col("paid_cents").sum())
    assert (
        two_step.join(cents, on="order_no")
        .filter(pl.col("deposit_cents") >= pl.col("paid_cents"))
        .is_empty()
    )
    full = town["orders"].filter("is_full_presale")
    waits = (full["shipped_at"] - full["paid_at"]).dt.total_days()
    assert waits.mean() > 10


def test_some_crews_of_brush_orders_are_careless_and_some_are_not_and_nothing_leaves(town):
    brush = town["orders"].join(town["brush"], on="order_no")
    assert set(brush["order_kind"]) == {"brush"}
    assert brush["household"].null_count() == brush.height
    lines = town["order_lines"].join(brush, on="order_no")
    crews = lines.group_by("listing_no").agg(
        orders=pl.len(),
        addresses=pl.col("address_token").n_unique(),
        days=(pl.col("finished_at") - pl.col("paid_at")).dt.total_hours().max() / 24,
    )
    crews = crews.filter(pl.col("orders") >= 9)
    for careless in (pl.col("addresses") <= 5, pl.col("days") <= 3):
        assert 0 < crews.filter(careless).height < crews.height
    parts = town["order_components"].join(brush, on="order_no", how="semi")
    assert parts["shipped_at"].null_count() == parts.height == brush.height


def test_households_of_a_pick_up_station_share_an_address(town):
    known = town["orders"].filter(pl.col("household").is_not_null())
    sharing = known.group_by("address_token").agg(pl.col("household").n_unique())
    assert 0 < sharing.filter(pl.col("household") > 1).height < sharing.height / 10


def test_samples_and_repairs_cost_nothing_and_say_what_they_are(town):
    cents = town["order_lines"].group_by("order_no").agg(pl.col("paid_cents").sum())
    kinds = town["orders"].join(cents, on="order_no")
    odd = kinds.filter(pl.col("order_kind").is_in(["sample", "reissue", "exchange"]))
    assert odd.filter(pl.col("paid_cents") > 0).is_empty()
    samples = odd.filter(pl.col("order_kind") == "sample")
    assert set(samples["platform"]) <= {"douyin", "xiaohongshu"}
    assert samples["kol_id"].null_count() == 0
    repairs = odd.filter(pl.col("order_kind") != "sample")
    first = repairs.join(kinds, left_on="origin_order_no", right_on="order_no", suffix="_of_origin")
    assert first.height == repairs.height > 10
    assert first.filter(pl.col("created_at") < pl.col("created_at_of_origin")).is_empty()
    assert first.filter(pl.col("household").ne_missing(pl.col("household_of_origin"))).is_empty()
    hidden = pl.col("platform").is_in(["taobao", "douyin"])
    assert repairs.filter(hidden != pl.col("erp_only")).is_empty()


def test_live_sessions_run_past_midnight_and_count_their_orders(town):
    sessions = town["live_sessions"]
    assert (
        sessions.filter(pl.col("ended_at").dt.date() > pl.col("started_at").dt.date()).height > 10
    )
    live = town["orders"].filter(pl.col("channel") == "live")
    inside = live.join(sessions, on="room_no", suffix="_of_session")
    assert inside.height == live.height > 50
    assert inside.filter(
        ~pl.col("created_at").is_between(pl.col("started_at"), pl.col("ended_at"))
        | (pl.col("kol_id") != pl.col("kol_id_of_session"))
    ).is_empty()
    assert inside.filter(pl.col("created_at").dt.hour() < 2).height
    counted = live.filter(pl.col("paid_at").is_not_null()).group_by("room_no").len()
    both = sessions.join(counted, on="room_no", how="left").with_columns(pl.col("len").fill_null(0))
    assert both.filter(pl.col("len") != pl.col("paid_orders")).is_empty()


def test_daily_reports_add_up_to_the_orders_paid_that_day(town):
    own = town["orders"].join(
        town["orders"], left_on="order_no", right_on="parent_order_no", how="anti"
    )
    paid = (
        town["order_lines"]
        .filter(~pl.col("is_gift"))
        .join(own, on="order_no")
        .group_by(ds=pl.col("paid_at").dt.date(), listing_no="listing_no")
        .agg(qty=pl.col("qty").sum(), cents=pl.col("paid_cents").sum())
        .filter(pl.col("ds") <= TOWN.last_day)
    )
    reports = town["item_daily"].filter(pl.col("paid_qty") > 0)
    both = reports.join(paid, on=("ds", "listing_no"), how="full")
    assert both.filter(
        pl.col("qty").ne_missing(pl.col("paid_qty"))
        | pl.col("cents").ne_missing(pl.col("paid_cents"))
    ).is_empty()


def test_notes_count_up_over_their_life(town):
    notes = town["notes_daily"].sort("note_id", "ds")
    falls = pl.col("reads").diff().over("note_id", order_by="ds") < 0
    assert notes.filter(falls).is_empty()
    assert notes["reads"].sum() > 0
    assert notes.filter(pl.col("ds") < pl.col("published_at").dt.date()).is_empty()


# -- people


def test_ids_are_per_shop_and_the_truth_knows_which_are_one_household(town):
    orders = town["orders"].filter(pl.col("household").is_not_null())
    ids = orders.group_by("household").agg(pl.col("buyer_id").n_unique())
    assert (
        orders.group_by("shop_no", "buyer_id")
        .agg(pl.col("household").n_unique())["household"]
        .max()
        == 1
    )
    several = ids.filter(pl.col("buyer_id") > 1)
    assert several.height > 100
    pairs = town["duplicates"].group_by("household").len()
    joined = ids.join(pairs, on="household", how="left").with_columns(pl.col("len").fill_null(0))
    assert joined.filter(pl.col("len") != pl.col("buyer_id") - 1).is_empty()


def test_members_hide_or_mistype_birthdays(town):
    members = town["members"].join(town["households"], on="household")
    kinds = dict(members["birthday_kind"].value_counts().iter_rows())
    assert kinds["hidden"] > 0.15 * members.height
    assert kinds["wrong"] > 0.03 * members.height
    hidden = members.filter(pl.col("birthday_kind") == "hidden")
    assert hidden["birthday"].null_count() == hidden.height
    right = members.filter((pl.col("birthday_kind") == "right") & (pl.col("baby_no") == 1))
    assert right.filter(pl.col("birthday") != pl.col("born_on")).is_empty()
    assert members.filter(pl.col("baby_no") == 2).height > 10


def test_personal_data_can_be_told_by_its_mark(town):
    for table, name in (("households", "name"), ("members", "name"), ("contacts", "remark")):
        assert town[table].filter(~pl.col(name).str.starts_with("PII-")).is_empty()
    assert town["households"].filter(~pl.col("address").str.starts_with("PII-")).is_empty()
    assert town["orders"].filter(~pl.col("address_token").str.starts_with("PII-")).is_empty()
    phones = town["households"]["phone"]
    assert phones.str.starts_with("1990000").all()
    assert phones.n_unique() == TOWN.households


def test_order_and_line_ids_are_unique_and_never_end_in_a_zero(town):
    orders = town["orders"]
    assert orders.filter(pl.struct("platform", "platform_order_id").is_duplicated()).is_empty()
    lines = town["order_lines"].join(orders.select("order_no", "platform"), on="order_no")
    known = lines.drop_nulls("platform_line_id")
    assert set(known["platform"]) == {"taobao", "douyin"}
    assert known.filter(pl.struct("platform", "platform_line_id").is_duplicated()).is_empty()
    # JD's are short enough for a spreadsheet
    long = orders.filter((pl.col("platform") != "jd") & ~pl.col("erp_only"))["platform_order_id"]
    for ids in (long, known["platform_line_id"]):
        assert not ids.str.ends_with("0").any()


def test_every_year_has_its_spring_festival():
    first = date(2015, 1, 1)
    calendar = Calendar(first, (date(2026, 6, 28) - first).days + 1)
    with (PROJECT / "seeds" / "spring_festivals.csv").open() as seed:
        known = [date.fromisoformat(row["spring_festival_on"]) for row in csv.DictReader(seed)]
    paused = {calendar.day(int(n)) for n in np.flatnonzero(calendar.paused)}
    assert {day for day in known if day < date(2026, 6, 28)} <= paused
    fairs = {fair.name for fair in calendar.fairs}
    assert {f"年货节-{year}" for year in range(2015, 2027)} <= fairs


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"seed": -1}, "is no seed"),
        ({"days": 0}, "at least one day"),
        ({"days": 4198}, "4197 days at most"),
        ({"days": 10**7}, "4197 days at most"),
    ],
)
def test_a_world_that_cannot_be_says_why(asked, reason):
    with pytest.raises(ValueError, match=reason):
        scale("tiny", **asked)
