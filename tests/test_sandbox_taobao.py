"""The sandbox's Taobao dialect: what it writes of a truth comes back."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import hand_made_truth
import pytest
from personal_data import scan
from staged import Shop

from orchestration.sandbox.buckets import buckets_of
from orchestration.sandbox.defects import Defects
from orchestration.sandbox.dialects import taobao, taobao_reports
from orchestration.sandbox.landing_writer import write_landing

BEIJING = timezone(timedelta(hours=8))
NICK = "某某母婴旗舰店"


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """The hand-made truth, written by the dialect and loaded."""
    folder, shop = tmp_path_factory.mktemp("taobao"), hand_made_truth.taobao()
    written = Shop(folder, "taobao", NICK)
    write_landing(
        written.landing,
        shop.truth(),
        extracts=taobao.EXTRACTS + taobao_reports.EXTRACTS,
        buckets=buckets_of(date(2026, 5, 1), date(2026, 6, 30), daily_days=10),
        seed=1,
        defects=Defects.none(),
        damage_file=folder / "damage.parquet",
        tenant="t",
    )
    report = written.load("orders", "refunds", "items", "item_daily", "reviews")
    assert (report.files_unreadable, report.rows_quarantined) == (0, 0), report
    return written, shop


def test_the_dialect_tells_lines_from_which_the_truth_comes_back(sandbox):
    written, shop = sandbox
    known = {order["order_no"]: order for order in shop.rows["orders"] if not order["erp_only"]}
    truth = [
        (
            f"taobao:{NICK}:{known[line['order_no']]['platform_order_id']}",
            float(line["qty"]),
            Decimal(line["paid_cents"]).scaleb(-2),
            line["is_gift"],
            known[line["order_no"]].get("paid_at"),
        )
        for line in shop.rows["order_lines"]
        if line["order_no"] in known
    ]
    found = written.staged(
        "order_lines", "order_id", "qty", "paid_amount", "is_gift",
        "timezone('Asia/Shanghai', paid_at) as paid_at",
    )  # fmt: skip
    assert sorted(truth, key=str) == sorted((tuple(line.values()) for line in found), key=str)


def test_the_dialect_tells_every_state_an_order_can_end_in(sandbox):
    written, _ = sandbox
    found = written.staged(
        "order_lines", "right(platform_order_id, 1)::int as no", "lifecycle", "order_kind",
        "is_forfeited", "paid_at is not null as is_paid", "freight_amount", "deposit_amount",
    )  # fmt: skip
    assert sorted({tuple(line.values()) for line in found}, key=str) == [
        (1, "completed", "sale", False, True, Decimal("6.00"), None),
        (2, "paid", "presale", False, True, Decimal("0.00"), Decimal("100.00")),
        (2, "paid", "presale", False, True, Decimal("0.00"), None),  # its gift
        (3, "closed", "presale", True, False, Decimal("0.00"), Decimal("100.00")),
        (4, "closed", "sale", False, True, Decimal("6.00"), None),
        (5, "closed", "sale", False, False, Decimal("0.00"), None),
        (6, "completed", "sale", False, True, Decimal("0.00"), None),
        (7, "paid", "presale", False, True, Decimal("0.00"), None),
    ]


def test_the_dialect_tells_discounts_gifts_and_sets_as_they_are(sandbox):
    written, _ = sandbox
    found = {
        (line["no"], line["line_no"]): line
        for line in written.staged(
            "order_lines", "right(platform_order_id, 1)::int as no", "line_no",
            "seller_discount_amount", "platform_discount_amount", "components", "main_line_id",
            "order_line_id", "ship_due_at", "promo_id",
        )
    }  # fmt: skip
    assert found[1, 1]["seller_discount_amount"] == Decimal("50.00")
    assert found[1, 1]["platform_discount_amount"] == Decimal("20.00")
    assert found[1, 1]["promo_id"] == f"taobao:{NICK}:P618"
    assert found[2, 1]["components"] == '[{"code":"NF-A2-800","qty":2.0,"amount":598.00}]'
    assert found[2, 2]["main_line_id"] == found[2, 1]["order_line_id"]
    assert found[7, 1]["ship_due_at"] == at("2026-07-15 23:59:59")


def test_the_dialect_tells_refunds_from_which_the_truth_comes_back(sandbox):
    written, shop = sandbox
    end = datetime(2026, 7, 1)  # noqa: DTZ001
    truth = [
        (
            f"taobao:{NICK}:r:{refund['refund_ref']}",
            refund["type"],
            {"success": "success", "refused": "refused"}[refund["status"]]
            if refund.get("success_at", refund.get("closed_at")) < end
            else "approved",
            Decimal(refund["success_cents"]) / 100 if refund.get("success_at", end) < end else None,
            float(refund["qty"]),
            refund["type"] == "return_refund",
        )
        for refund in shop.rows["refunds"]
    ]
    found = written.staged(
        "refunds", "refund_id", "type", "status", "success_amount", "qty", "is_goods_back"
    )
    assert [tuple(refund.values()) for refund in found] == sorted(truth)


def test_the_dialect_tells_item_days_listings_and_reviews(sandbox):
    written, _ = sandbox
    days = written.staged("item_daily", "ds", "platform_item_id", "visitors", "paid_amount")
    assert [tuple(day.values()) for day in days] == [
        (date(2026, 6, 29), "612345678901", 12_480.0, Decimal("889090.50")),
        (date(2026, 6, 30), "612345678903", 5.0, days[1]["paid_amount"]),
    ]
    listings = written.staged("listings", "merchant_code", "platform_sku_id", "list_price_amount")
    assert [tuple(listing.values()) for listing in listings] == [
        ("GIFT-WIPE-80", None, Decimal("19.90")),
        ("NF-A2-800", "4567890123401", Decimal("299.00")),
        ("NF-A2-800x2", "4567890123402", Decimal("598.00")),
        ("WIPE-80", "4567890123403", Decimal("19.90")),
    ]
    reviews = written.staged("reviews", "rating", "content_length > 0 as is_written")
    assert [tuple(review.values()) for review in reviews] == [(1.0, True), (5.0, False)]


def test_nothing_the_dialect_plants_reaches_the_lake(sandbox):
    written, _ = sandbox
    assert scan(written.landing, ["PII-"])
    assert scan(written.lake, ["PII", "1990000", "宝宝很喜欢"]) == []
