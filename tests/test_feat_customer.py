"""What is known of a customer at a day: numbers for everyone, whatever a single record says."""

from datetime import date

import pandas as pd
import pytest
import sql_model

from ml.columns import FEAT_CUSTOMER

AS_OF = date(2026, 6, 28)


@pytest.fixture
def connection():
    """A slice, its usual gap, and a customer with one purchase day; no refunds."""
    with sql_model.warehouse() as opened:
        opened.execute("create table int_slices as select date '2026-06-28' as as_of")
        opened.execute(
            "create table int_expected_gaps as select date '2026-06-28' as as_of, "
            "null::varchar as category, 45 as gap_days"
        )
        opened.execute(
            "create table int_customer_lines as select 'c' as customer_id, "
            "date '2026-06-20' as ds, 'milk' as category, 'b' as brand_id"
        )
        opened.execute(
            "create table fct_refunds as select '' as platform, '' as shop_id, '' as buyer_key, "
            "date '2026-06-21' as ordered_on, date '2026-06-21' as refunded_on, "
            "0.0 as refund_amount, false as is_of_demand"
        )
        opened.execute(
            "create table int_customer_ids as select '' as platform, '' as shop_id, "
            "'' as buyer_key, 'c' as customer_id"
        )
        yield opened


def features(connection, **day) -> pd.DataFrame:
    known = {
        "customer_id": "c", "ds": date(2026, 6, 20), "order_count": 1, "line_count": 1,
        "discounted_line_count": 0, "qty": 2.0, "gift_qty": 1.0, "paid_amount": 10.0,
        "platform": "jd", "category": "milk", "gap_days": None,
    } | day  # fmt: skip
    bought = pd.DataFrame([known]).astype({"gap_days": "Int64"})
    connection.register("bought", bought)
    connection.execute("create table int_customer_days as select * from bought")
    sql_model.create(connection, "feat_customer", as_of=AS_OF, customer_slices=1)
    table = connection.sql("select * from feat_customer").df()
    return table.assign(as_of=pd.to_datetime(table["as_of"]))


def test_a_third_of_what_came_was_a_gift(connection):
    table = FEAT_CUSTOMER.check(features(connection))
    assert table["gift_share"].tolist() == [pytest.approx(1 / 3)]


def test_an_order_of_no_units_is_no_hole_in_the_table(connection):
    table = FEAT_CUSTOMER.check(features(connection, qty=0.0, gift_qty=0.0, paid_amount=0.0))
    assert table["gift_share"].tolist() == [0.0]
    assert table["frequency"].tolist() == [1.0]
