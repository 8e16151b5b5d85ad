"""The generated shop is the same for the same seed, and its books balance."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from orchestration.landing import SOURCES
from orchestration.landing.lake import landed_days, load_range
from orchestration.sandbox.promotions import festivals
from orchestration.sandbox.shop import generate

KEY = b"a key of at least sixteen bytes"
LAST = date(2026, 6, 28)
SMALL = {"last_day": LAST, "days": 182, "household_count": 700}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    landing = tmp_path_factory.mktemp("shop") / "landing"
    return landing, generate(landing, **SMALL)


@pytest.fixture(scope="module")
def tables(world, tmp_path_factory):
    """The latest version of every record, by dataset, and the load reports."""
    landing, note = world
    lake = tmp_path_factory.mktemp("lake")
    first, last = landed_days(landing)
    found, reports = {}, {}
    for name, dataset in SOURCES["generic"].items():
        reports[name] = load_range(
            landing, lake, platform="generic", dataset=name, first=first, last=last, key=KEY
        )
        found[name] = (
            pl.read_parquet(lake / "generic" / name / "**/*.parquet")
            .sort("source_version", "row_hash")
            .unique(list(dataset.key), keep="last")
        )
    return found, reports, note


def contents(landing: Path) -> dict[str, bytes]:
    files = (path for path in landing.rglob("*") if path.is_file())
    return {path.relative_to(landing).as_posix(): path.read_bytes() for path in files}


def test_equal_seeds_give_equal_bytes_and_other_seeds_another_shop(world, tmp_path):
    landing, note = world
    assert generate(tmp_path / "again", **SMALL) == note
    assert contents(tmp_path / "again") == contents(landing)
    generate(tmp_path / "again", seed=8, **SMALL)
    assert contents(tmp_path / "again") != contents(landing)


def test_everything_loads_except_the_rows_broken_on_purpose(tables):
    found, reports, note = tables
    assert {name for name, r in reports.items() if r.rows_quarantined} == {"order_lines"}
    orders = reports["order_lines"]
    assert (orders.rows_quarantined, orders.files_unreadable) == (6, 0)
    assert orders.rows_known > 0  # the file that was pulled twice
    assert found["order_lines"].height == note.order_lines
    assert sum(report.files for report in reports.values()) == note.files


def test_stock_moves_by_sales_and_receipts_and_never_below_zero(tables):
    found, _, _ = tables
    day = {"snapshot_date": "ds", "received_on": "ds"}
    beijing = pl.col("paid_at").dt.convert_time_zone("Asia/Shanghai").dt.date()
    keys = ["sku_id", "warehouse_id", "ds"]
    sold = found["order_lines"].with_columns(ds=beijing).group_by(keys).agg(out=pl.sum("qty"))
    came = (
        found["purchase_orders"]
        .filter(pl.col("received_on").is_not_null())
        .rename({"received_on": day["received_on"]})
        .group_by(keys)
        .agg(came=pl.sum("received_qty"))
    )
    stock = (
        found["stock"]
        .rename({"snapshot_date": "ds"})
        .join(sold, on=keys, how="left")
        .join(came, on=keys, how="left")
        .sort(keys)
        .with_columns(pl.col("out", "came").fill_null(0))
        .with_columns(before=pl.col("on_hand").shift(1).over("sku_id", "warehouse_id"))
        .drop_nulls("before")
    )
    assert found["stock"]["on_hand"].min() >= 0
    assert stock.height > 20_000
    assert (stock["before"] - stock["out"] + stock["came"]).equals(
        stock["on_hand"], null_equal=False
    )


def test_shelves_run_empty_at_times_and_lose_sales(tables):
    _, _, note = tables
    assert 0.01 < note.stockout_share < 0.12
    assert note.lost_lines > 0


def test_orders_to_suppliers_are_open_late_and_in_whole_cartons(tables):
    found, _, _ = tables
    terms = found["suppliers"].filter(pl.col("sku_id").is_null())
    orders = found["purchase_orders"].join(
        terms.select("supplier_id", "moq", "pack_size"), on="supplier_id"
    )
    assert (orders["ordered_qty"] % orders["pack_size"]).sum() == 0
    assert (orders["ordered_qty"] >= orders["moq"]).all()
    open_ = orders.filter(pl.col("received_on").is_null())
    assert open_.height > 0
    assert (open_["ordered_on"] <= LAST).all()
    assert (orders["received_on"] > orders["expected_on"]).any()


def test_nothing_is_known_before_it_happened(tables):
    found, _, _ = tables
    landed = pl.col("landed_on")
    beijing = pl.col("updated_at").dt.convert_time_zone("Asia/Shanghai").dt.date()
    for table in found.values():
        assert table.filter(beijing > landed).is_empty()
        assert table.filter(landed > LAST).is_empty()
    promotions = found["promotions"]
    assert (promotions["starts_on"] > LAST).any()  # planned ones are known ahead


def test_gifts_are_free_and_refunds_never_exceed_what_was_paid(tables):
    found, _, _ = tables
    lines = found["order_lines"]
    assert lines.filter("is_gift").height > 0
    assert lines.filter("is_gift")["paid_amount"].sum() == 0
    assert lines.filter(pl.col("refund_amount") > pl.col("paid_amount")).is_empty()
    assert (lines["refund_amount"] > 0).any()
    assert (lines["paid_amount"] <= lines["gross_amount"]).all()


def test_the_range_changes_some_skus_start_late_and_some_end(tables):
    found, _, _ = tables
    first = LAST - timedelta(days=SMALL["days"] - 1)
    skus = found["skus"]
    assert skus.height > 100
    assert (skus["launched_on"] > first).any()
    assert skus["discontinued_on"].drop_nulls().len() > 0


def test_festivals_draw_more_buyers_than_the_weeks_around_them(tmp_path):
    note = generate(tmp_path, last_day=date(2025, 12, 28), days=182, household_count=700)
    lines = pl.concat(
        pl.read_csv(path, infer_schema=False)
        for path in tmp_path.glob("demo/generic/shop1/order_lines/*/order_lines.csv")
        if path.parent.name < "2025-11-30"
    ).unique(["order_id", "line_id"])
    daily = lines.group_by(pl.col("paid_at").str.slice(0, 10).alias("ds")).agg(
        qty=pl.col("qty").cast(pl.Int64).sum()
    )
    fair = next(f for f in festivals(note.first_day, note.as_of) if f.name == "双11-2025")
    during = daily.filter(
        pl.col("ds").is_between(pl.lit(str(fair.starts_on)), pl.lit(str(fair.ends_on)))
    )
    before = daily.filter(pl.col("ds").is_between(pl.lit("2025-09-15"), pl.lit("2025-10-10")))
    assert during["qty"].mean() > 1.2 * before["qty"].mean()
