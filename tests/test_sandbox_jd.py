"""The sandbox's JD dialect: what it writes of a truth comes back."""

from datetime import date
from decimal import Decimal

import hand_made_truth
import pytest
from personal_data import scan
from staged import Shop, allocated

from orchestration.sandbox.buckets import buckets_of
from orchestration.sandbox.defects import Defects
from orchestration.sandbox.dialects import jd, jd_reports
from orchestration.sandbox.landing_writer import write_landing

VENDER = "10284531"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """The hand-made truth, written by the dialect and loaded."""
    folder, shop = tmp_path_factory.mktemp("jd"), hand_made_truth.jd()
    written = Shop(folder, "jd", VENDER)
    write_landing(
        written.landing,
        shop.truth(),
        extracts=jd.EXTRACTS + jd_reports.EXTRACTS,
        buckets=buckets_of(date(2026, 5, 1), date(2026, 6, 30), daily_days=10),
        seed=1,
        defects=Defects(total_row=1.0),
        damage_file=folder / "damage.parquet",
        tenant="t",
    )
    report = written.load("orders", "refunds", "cancellations", "item_daily", "reviews")
    assert (report.files_unreadable, report.rows_quarantined) == (0, 0), report
    assert report.rows_total_dropped == 1
    return written, shop


def by_order(written: Shop) -> dict[str, list[dict]]:
    """Order number -> its staged lines."""
    found: dict[str, list[dict]] = {}
    for line in sorted(written.staged("order_lines"), key=lambda line: line["line_no"]):
        found.setdefault(line["order_id"], []).append(line)
    return found


def test_the_dialect_tells_orders_whose_lines_are_allocated_what_they_were_paid(sandbox):
    written, shop = sandbox
    names = {
        order["order_no"]: f"jd:{VENDER}:{order['platform_order_id']}"
        for order in shop.rows["orders"]
    }
    truth: dict[str, list[tuple]] = {}
    for line in shop.rows["order_lines"]:
        paid = Decimal(line["paid_cents"]).scaleb(-2)
        told = (float(line["qty"]), paid, line["is_gift"])
        truth.setdefault(names[line["order_no"]], []).append(told)

    found = {
        order_id: [
            (line["qty"], paid, line["is_gift"])
            for line, paid in zip(lines, allocated(lines), strict=True)
        ]
        for order_id, lines in by_order(written).items()
    }
    assert found == truth


def test_the_dialect_tells_every_state_an_order_can_end_in(sandbox):
    written, _ = sandbox
    states = {
        int(order_id[-2:]): (
            lines[0]["lifecycle"],
            lines[0]["order_kind"],
            lines[0]["paid_at"] is not None,
            lines[0]["shipped_at"] is not None,
            (lines[0]["parent_order_id"] or "")[-1:],
        )
        for order_id, lines in by_order(written).items()
    }
    assert states == {
        1: ("completed", "sale", True, True, ""),
        2: ("paid", "sale", True, False, ""),
        3: ("shipped", "sale", True, True, "2"),
        4: ("shipped", "sale", True, True, "2"),
        5: ("closed", "sale", True, False, ""),
        6: ("shipped", "sale", True, True, ""),
        7: ("paid", "reissue", True, False, ""),
        11: ("completed", "sale", True, True, ""),
        12: ("created", "sale", False, False, ""),
    }


def test_the_dialect_tells_discounts_by_who_bears_them(sandbox):
    written, _ = sandbox
    nappies, wipes, gift = by_order(written)[f"jd:{VENDER}:2768543210987600001"]
    told = [
        (line["seller_discount_amount"], line["platform_discount_amount"])
        for line in (nappies, wipes, gift)
    ]
    assert told == [
        (Decimal("33.69"), Decimal("17.79")),
        (Decimal("6.31"), Decimal("8.21")),
        (Decimal("0.00"), Decimal("0.00")),
    ]


def test_the_dialect_tells_refunds_in_the_feed_they_belong_to(sandbox):
    written, _ = sandbox
    found = written.staged(
        "refunds", "right(refund_id, 6) as id", "type", "status", "platform_sku_id", "qty",
        "success_amount",
    )  # fmt: skip
    nappies, wipes = "4567890123401", "4567890123402"
    assert [tuple(refund.values()) for refund in found] == [
        ("100001", "cancel_before_ship", "success", None, None, Decimal("331.00")),
        ("100003", "cancel_before_ship", "success", wipes, 1, Decimal("119.00")),
        ("100004", "return_refund", "success", nappies, 1, Decimal("113.26")),
        ("100005", "refund_only", "success", wipes, 1, Decimal("30.00")),
        ("100006", "exchange", "closed", wipes, 1, None),
        ("100007", "price_protect", "approved", nappies, 0, None),
    ]


def test_the_dialect_tells_sku_days_and_reviews(sandbox):
    written, _ = sandbox
    days = written.staged("item_daily", "platform_sku_id", "visitors", "paid_qty", "paid_amount")
    assert [tuple(day.values()) for day in days] == [
        ("4567890123401", 2_610.0, 104.0, Decimal("22126.00")),
        ("4567890123402", 2_600.0, 108.0, Decimal("22994.00")),
    ]
    (review,) = written.staged("reviews", "rating", "platform_sku_id", "content_length > 0 as own")
    assert tuple(review.values()) == (4.0, "4567890123401", True)


def test_nothing_the_dialect_plants_reaches_the_lake(sandbox):
    written, _ = sandbox
    assert scan(written.landing, ["PII-"])
    assert scan(written.lake, ["PII", "1990000", "宝宝很喜欢"]) == []
