"""What the sandbox's truth says of the stock-outs that the tables mark."""

from datetime import date, timedelta

import duckdb
import polars as pl
import pytest

from benchmarks.detection import stockouts

MONDAY = date(2026, 6, 1)
TRUTH = {"lost_qty": 0, "substituted_qty": 0, "postponed_qty": 0}


@pytest.fixture
def found(tmp_path):
    """Two weeks of one series: it sells 2 a day; more is wanted on two days, one of them marked."""
    days = [MONDAY + timedelta(days=n) for n in range(14)]
    wanted = [
        TRUTH | {"ds": ds, "sku_code": "A", "warehouse": 10001, "wanted_qty": 2} for ds in days
    ]
    wanted[1] |= {"wanted_qty": 10, "lost_qty": 5, "substituted_qty": 2, "postponed_qty": 1}
    wanted[9] |= {"wanted_qty": 4, "lost_qty": 2}
    (tmp_path / "demand").mkdir()
    pl.DataFrame(wanted).write_parquet(tmp_path / "demand" / "part.parquet")
    marked = pl.DataFrame(
        {
            "unique_id": "A@10001",
            "ds": days,
            "demand_qty": [2.0] * 14,
            "is_stockout": [n in (1, 2) for n in range(14)],
        }
    )
    weeks = pl.DataFrame(
        {"unique_id": "A@10001", "ds": [days[0], days[7]], "is_stockout": [True, False]}
    )
    with duckdb.connect() as connection:
        connection.register("fct_demand_daily", marked.to_arrow())
        connection.register("feat_demand", weeks.to_arrow())
        return stockouts(connection, tmp_path)


def test_units_missed_count_where_they_were_lost_replaced_or_put_off(found):
    assert found["missed"] == 10
    assert found["missed_on_marked_days"] == pytest.approx(8 / 10)


def test_a_day_marked_for_nothing_is_told_by_what_was_wanted_then(found):
    assert found["wanted_on_days_marked_for_nothing"] == pytest.approx(2 / 38)


def test_weeks_in_stock_see_more_of_what_was_wanted_than_all_weeks(found):
    assert found["seen_in_all_weeks"] == pytest.approx(28 / 38)
    assert found["seen_in_stock_weeks"] == pytest.approx(14 / 16)
