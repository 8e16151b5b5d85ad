"""The order lines that the truth implies, on orders small enough to work out by hand."""

from datetime import date, datetime

import polars as pl
import pytest

from orchestration.sandbox import truth


def frame(table: str, *rows: dict) -> pl.DataFrame:
    """Rows of a truth table; what is not given is null."""
    schema = truth.TABLES[table]
    assert all(row.keys() <= schema.keys() for row in rows)
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-05-{text}")


ORDER = {"platform": "taobao", "shop_no": 1, "erp_only": False, "order_kind": "sale"}
PAID_LATE = ORDER | {
    "order_no": 1,
    "platform_order_id": "t1",
    "created_at": at("01 23:59:50"),
    "paid_at": at("02 00:00:00"),
    "shipped_at": at("03 10:00:00"),
    "finished_at": at("09 10:00:00"),
}


@pytest.fixture
def tables() -> dict[str, pl.DataFrame]:
    """A paid set, a forfeited deposit, a whole refund, a split JD order, an ERP reissue."""
    orders = frame(
        "orders",
        PAID_LATE,
        ORDER
        | {
            "order_no": 2,
            "platform_order_id": "t2",
            "order_kind": "presale",
            "created_at": at("02 10:00:00"),
            "deposit_at": at("02 10:01:00"),
            "closed_at": at("06 10:00:00"),
        },
        ORDER
        | {
            "order_no": 3,
            "platform_order_id": "t3",
            "created_at": at("02 11:00:00"),
            "paid_at": at("02 11:01:00"),
            "closed_at": at("05 12:00:00"),
        },
        *(
            {**ORDER, "order_no": n, "platform": "jd", "shop_no": 2, "platform_order_id": f"j{n}"}
            | {"parent_order_no": parent, "created_at": at("02 12:00:00")}
            | {"paid_at": at("02 12:00:30")}
            for n, parent in ((4, None), (5, 4), (6, 4))
        ),
        ORDER
        | {"order_no": 7, "platform_order_id": "t1-B7", "erp_only": True, "order_kind": "reissue"}
        | {"created_at": at("04 12:00:00"), "paid_at": at("04 12:00:00")},
    )
    lines = frame(
        "order_lines",
        *(
            {"order_no": n, "line_no": 1, "listing_no": listing, "qty": 1, "is_gift": False}
            | {"paid_cents": cents, "gross_cents": cents}
            for n, listing, cents in (
                (1, 1, 1001),
                (2, 2, 5000),
                (3, 3, 700),
                (4, 2, 900),
                (5, 2, 600),
                (6, 2, 300),
                (7, 2, 0),
            )
        ),
    )
    parts = frame(
        "order_components",
        {"order_no": 1, "line_no": 1, "component_no": 1, "sku_code": "B", "qty": 1}
        | {"share_cents": 500},
        {"order_no": 1, "line_no": 1, "component_no": 2, "sku_code": "A", "qty": 2}
        | {"share_cents": 500},
        *(
            {"order_no": n, "line_no": 1, "component_no": 1, "sku_code": "A", "qty": 1}
            | {"share_cents": 500}
            for n in (2, 3, 4, 5, 6, 7)
        ),
    )
    refunds = frame(
        "refunds",
        {"order_no": 1, "line_no": 1, "success_cents": 101, "success_at": at("08 09:00:00")},
        {"order_no": 1, "line_no": 1, "success_cents": 0, "closed_at": at("04 09:00:00")},
        {"order_no": 3, "line_no": 1, "success_cents": 700, "success_at": at("05 12:00:00")},
    )
    return {
        "orders": orders,
        "order_lines": lines,
        "order_components": parts,
        "refunds": refunds,
        "shops": frame("shops", {"shop_no": 1, "shop_id": "甲"}, {"shop_no": 2, "shop_id": "乙"}),
        "listings": frame(
            "listings",
            {"listing_no": 1, "platform_sku_id": "s1", "mapped_by": "merchant_code"},
            {"listing_no": 2, "platform_sku_id": "s2", "mapped_by": "skumap"},
            {"listing_no": 3, "platform_sku_id": "s3", "mapped_by": "none"},
        ),
    }


def lifecycles(tables, day: int) -> dict[str, str]:
    lines = truth.order_lines_as_of(tables, date(2026, 5, day))
    return dict(lines.select("platform_order_id", "lifecycle").iter_rows())


def test_an_order_is_in_the_state_of_the_days_end(tables):
    assert lifecycles(tables, 1) == {"t1": "created"}
    jd = {"j5": "paid", "j6": "paid"}
    assert lifecycles(tables, 2) == {"t1": "paid", "t2": "deposit_paid", "t3": "paid", **jd}
    assert lifecycles(tables, 5)["t1"] == "shipped"
    assert lifecycles(tables, 5)["t3"] == "refunded"
    assert lifecycles(tables, 6)["t2"] == "cancelled"
    assert lifecycles(tables, 9)["t1"] == "completed"


def test_the_business_day_is_that_of_the_final_payment_in_beijing(tables):
    lines = truth.order_lines_as_of(tables, date(2026, 5, 9))
    days = dict(lines.select("platform_order_id", "biz_date").iter_rows())
    assert days["t1"] == date(2026, 5, 2)
    assert days["t2"] is None
    paid = dict(lines.select("platform_order_id", "is_paid").iter_rows())
    assert paid["t1"]
    assert not paid["t2"]
    assert lines.filter(pl.col("is_forfeited"))["platform_order_id"].to_list() == ["t2"]


def test_split_parents_and_what_only_the_erp_knows_are_left_out(tables):
    assert set(lifecycles(tables, 9)) == {"t1", "t2", "t3", "j5", "j6"}


def test_a_set_is_divided_by_shares_and_its_last_sku_takes_the_remainder(tables):
    """1001 in halves: 500.5 is rounded to 501, 500 are left."""
    lines = truth.order_lines_as_of(tables, date(2026, 5, 9)).filter(
        pl.col("platform_order_id") == "t1"
    )
    rows = lines.sort("sku_code").select("sku_code", "units", "paid_cents", "refund_cents")
    assert rows.rows() == [("A", 2, 501, 51), ("B", 1, 500, 50)]


def test_refunds_count_from_the_day_on_which_they_succeeded(tables):
    def refunded(day: int) -> dict[str, int]:
        lines = truth.order_lines_as_of(tables, date(2026, 5, day))
        sums = lines.group_by("platform_order_id").agg(pl.col("refund_cents").sum())
        return dict(sums.filter(pl.col("refund_cents") > 0).iter_rows())

    assert refunded(4) == {}
    assert refunded(5) == {"t3": 700}
    assert refunded(8) == {"t1": 101, "t3": 700}


def test_what_nothing_maps_keeps_no_sku_code(tables):
    lines = truth.order_lines_as_of(tables, date(2026, 5, 9))
    unmapped = lines.filter(pl.col("sku_code").is_null())
    assert unmapped["platform_sku_id"].to_list() == ["s3"]
    assert lines.columns[:4] == ["platform", "shop_id", "platform_order_id", "line_no"]


def test_a_truth_is_cleared_of_its_tables_and_nothing_else(tmp_path):
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "2026-05-01.parquet").touch()
    (tmp_path / "notes.txt").touch()
    truth.clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
