"""Every trap of extracts has its test, and here are those that belong to no platform alone.

Elsewhere they stand with their platform: test_trap_01 is the first of SCHEMAS' thirty, and so on.
"""

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from staged import FIXTURES, Shop

TRAPS = 30
NICK = "某某母婴旗舰店"


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, "taobao", NICK)


def lake_rows(shop: Shop, dataset: str, columns: str) -> list[tuple]:
    files = f"{shop.lake}/taobao/{dataset}/**/*.parquet"
    return duckdb.sql(f"select {columns} from read_parquet('{files}') order by all").fetchall()


def test_each_of_the_thirty_traps_has_a_test_that_is_named_after_it():
    tests = "".join(p.read_text("utf-8") for p in Path(__file__).parent.glob("test_*.py"))
    named = {int(number) for number in re.findall(r"def test_trap_(\d\d)_", tests)}
    assert named == set(range(1, TRAPS + 1))


def test_trap_02_a_page_lost_while_paging_is_seen_against_the_promised_count(shop):
    shop.fixture("orders", "trades_sold_increment.json", "2025-10-20")
    folder = shop.landing / "t" / "taobao" / NICK / "orders" / "2025-10-20"
    (folder / "_manifest.json").write_text(json.dumps({"rows": 3, "full": False}))
    report = shop.load("orders")

    assert report.manifest_mismatches == 1
    (message,) = report.messages
    assert "3" in message
    assert "_manifest.json" in message or "manifest" in message
    assert report.rows_loaded == 1, "what is there loads all the same"


def test_trap_03_a_refund_weeks_later_changes_the_order_and_the_old_version_is_kept(shop):
    text = (FIXTURES / "taobao" / "trades_sold_increment.json").read_text("utf-8")
    shop.put("orders", "page.json", text, "2025-10-20")
    shop.load("orders")
    late = text.replace('"2025-10-20 20:02:10"', '"2025-12-15 09:00:00"').replace(
        '"WAIT_SELLER_SEND_GOODS"', '"TRADE_CLOSED"'
    )
    assert late != text
    shop.put("orders", "page.json", late, "2025-12-15")
    shop.load("orders")

    before = shop.staged("order_lines", "lifecycle", as_of="2025-12-14")
    after = shop.staged("order_lines", "lifecycle", as_of="2025-12-15")
    assert {row["lifecycle"] for row in before} == {"paid"}
    assert {row["lifecycle"] for row in after} == {"closed"}
    assert len(before) == len(after) == 2
    assert len(lake_rows(shop, "orders", "row_hash")) == 4, "both versions, two lines each"


def test_trap_10_money_is_exact_and_a_dash_is_no_zero(shop):
    shop.fixture("item_daily", "item_report.csv", "2025-10-20")
    shop.load("item_daily")

    (day,) = shop.staged("item_daily", "paid_amount", "views")
    assert day["paid_amount"] == Decimal("889090.50")
    assert day["views"] == 31022
    files = f"{shop.lake}/taobao/item_daily/**/*.parquet"
    kinds = dict(
        duckdb.sql(
            f"select column_name, column_type from (describe from read_parquet('{files}'))"
        ).fetchall()
    )
    money = [kind for name, kind in kinds.items() if name.endswith("_amount")]
    assert money
    assert set(money) == {"DECIMAL(18,2)"}
    (refunded,) = [name for name in kinds if "refund" in name]
    assert lake_rows(shop, "item_daily", refunded) == [(None,)]


def test_trap_24_visitors_of_two_days_stay_two_counts(shop):
    shop.fixture("item_daily", "item_report.csv", "2025-10-20")
    next_day = date(2025, 10, 20) + timedelta(days=1)
    shop.fixture(
        "item_daily",
        "item_report.csv",
        f"{next_day}",
        lambda text: text.replace("2025-10-20", f"{next_day}"),
    )
    shop.load("item_daily")

    days = shop.staged("item_daily", "ds", "visitors")
    assert [day["ds"] for day in days] == [date(2025, 10, 20), next_day]
    assert [day["visitors"] for day in days] == [12480, 12480], "never added up"
