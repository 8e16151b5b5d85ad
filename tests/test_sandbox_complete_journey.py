"""The real baskets arrive whole, thin products pooled, assumptions said."""

from datetime import date

import polars as pl
import pytest

from orchestration.landing.lake import landed_days, load_range
from orchestration.sandbox.complete_journey import WEEKS_TO_STAND_ALONE, write_landing

KEY = b"a key of at least sixteen bytes"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    root = tmp_path_factory.mktemp("real")
    note = write_landing(root / "landing")
    first, last = landed_days(root / "landing")
    reports, tables = {}, {}
    for name in ("order_lines", "skus", "stock", "suppliers"):
        reports[name] = load_range(
            root / "landing",
            root / "lake",
            platform="generic",
            dataset=name,
            first=first,
            last=last,
            key=KEY,
        )
        tables[name] = pl.read_parquet(root / "lake/generic" / name / "**/*.parquet")
    return note, reports, tables, last


def test_every_basket_line_up_to_the_last_full_sunday_is_there(loaded):
    note, reports, tables, last = loaded
    assert note.as_of == last == date(2017, 12, 31)
    assert note.order_lines + note.lines_left_out == 19_285
    assert reports["order_lines"].rows_loaded == note.order_lines == tables["order_lines"].height
    assert all(report.rows_quarantined == 0 for report in reports.values())
    assert tables["order_lines"]["customer_id"].n_unique() == note.customers


def test_only_products_sold_often_enough_stand_alone(loaded):
    note, _, tables, _ = loaded
    lines = tables["order_lines"].with_columns(
        week=pl.col("paid_at").dt.convert_time_zone("Asia/Shanghai").dt.truncate("1w")
    )
    alone = lines.filter(pl.col("sku_id").str.starts_with("p") & ~is_pool())
    weeks = alone.group_by("sku_id").agg(pl.col("week").n_unique())
    assert weeks.height == note.skus_alone
    assert weeks["week"].min() >= WEEKS_TO_STAND_ALONE
    names = tables["skus"].filter(is_pool())["sku_name"]
    assert names.len() == note.skus_pooled
    assert names.str.contains("thin products pooled").all()


def test_every_sold_sku_has_a_master_row_terms_and_a_snapshot(loaded):
    _, _, tables, last = loaded
    sold = set(tables["order_lines"]["sku_id"])
    assert sold == set(tables["skus"]["sku_id"]) == set(tables["stock"]["sku_id"])
    assert set(tables["skus"]["supplier_id"]) <= set(tables["suppliers"]["supplier_id"])
    assert tables["stock"]["snapshot_date"].unique().to_list() == [last]


def test_the_note_says_the_assumptions_in_both_languages(loaded):
    note, *_ = loaded
    english, chinese = " ".join(note.sentences_en), "".join(note.sentences_zh)
    assert f"{note.order_lines:,}" in english
    assert f"{note.order_lines:,}" in chinese
    assert "Assumed" in english
    assert "假设" in chinese


def is_pool() -> pl.Expr:
    return pl.col("sku_id").str.starts_with("pool-")
