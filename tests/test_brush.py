"""Brush orders: what counts as evidence, and what the evidence adds up to."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pytest
import sql_model

from ml import brush

BEIJING = ZoneInfo("Asia/Shanghai")
AS_OF = date(2026, 6, 28)
NOON = datetime(2026, 5, 4, 12, tzinfo=BEIJING)  # a Monday

ORDER_LINES = """
    order_id varchar, parent_order_id varchar, root_order_id varchar,
    platform varchar, shop_id varchar,
    buyer_key varchar, address_key varchar, seller_flag varchar, order_kind varchar,
    is_gift boolean, platform_sku_id varchar, platform_item_id varchar, qty double,
    gross_amount decimal(18, 2), paid_amount decimal(18, 2), order_goods_amount decimal(18, 2),
    paid_at timestamptz, shipped_at timestamptz, finished_at timestamptz
"""
REVIEWS = "order_id varchar, rating double, created_at timestamptz"


def order(order_id: str, **fields) -> dict:
    """One line of an order that nothing is odd about."""
    paid_at = fields.get("paid_at", NOON)
    return {
        "order_id": order_id,
        "platform": "taobao",
        "shop_id": "s",
        "buyer_key": f"buyer of {order_id}",
        "address_key": f"address of {order_id}",
        "order_kind": "sale",
        "is_gift": False,
        "platform_sku_id": "sku",
        "qty": 1,
        "gross_amount": 100,
        "paid_amount": 90,
        "paid_at": paid_at,
        "shipped_at": paid_at + timedelta(hours=20),
        "finished_at": paid_at + timedelta(days=6),
    } | fields


def evidence(lines: list[dict], reviews: list[dict] = (), *, as_of: date = AS_OF) -> pd.DataFrame:
    """int_brush_features of these order lines, by order_id."""
    with sql_model.warehouse() as connection:
        _fill(connection, "int_lines", ORDER_LINES, lines)
        _fill(connection, "stg_taobao__reviews", REVIEWS, reviews)
        sql_model.create(connection, "int_paid_orders", as_of=as_of)
        sql_model.create(connection, "int_brush_features", as_of=as_of, order_platforms=["taobao"])
        return connection.execute("from int_brush_features").df().set_index("order_id")


def _fill(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[dict]) -> None:
    connection.execute(f"create table {name} ({columns})")
    for row in rows:
        marks = ", ".join("?" * len(row))
        connection.execute(
            f"insert into {name} ({', '.join(row)}) values ({marks})", list(row.values())
        )


def test_accounts_at_one_address_count_once_each_and_only_within_a_week_and_a_shop():
    same = {"address_key": "one room"}
    lines = [
        order("a", **same),
        order("b", **same, paid_at=NOON + timedelta(days=3)),
        order("c", **same, paid_at=NOON + timedelta(days=6)),
        order("c again", **same, buyer_key="buyer of c", paid_at=NOON + timedelta(days=6, hours=1)),
        order("late", **same, paid_at=NOON + timedelta(days=20)),
        order("elsewhere", **same, shop_id="other"),
        order("unknown", address_key=None),
    ]

    found = evidence(lines)["address_buyers"].to_dict()

    assert found == {
        "a": 3,
        "b": 3,
        "c": 3,
        "c again": 3,
        "late": 1,
        "elsewhere": 1,
        "unknown": 1,
    }


def test_a_family_that_orders_every_week_is_one_account_at_its_address():
    lines = [
        order(f"o{n}", buyer_key="b", address_key="home", paid_at=NOON + timedelta(days=n))
        for n in range(6)
    ]

    assert set(evidence(lines)["address_buyers"]) <= {0, 1}


def test_a_burst_is_of_lone_orders_for_one_listing_in_one_shop():
    burst = [order(f"b{n}", paid_at=NOON + timedelta(seconds=10 * n)) for n in range(9)]
    others = [
        order("two units", qty=2),
        order("other listing", platform_sku_id="other"),
        order("other shop", shop_id="other"),
        order("regular", buyer_key="regular"),
        order("regular again", buyer_key="regular", paid_at=NOON + timedelta(days=30)),
        order("an hour later", paid_at=NOON + timedelta(hours=1)),
    ]

    found = evidence(burst + others)["burst_orders"].to_dict()

    assert [found[f"b{n}"] for n in range(9)] == [9] * 9
    assert {found[line["order_id"]] for line in others} == {1}


def test_a_flash_sale_that_draws_regular_customers_too_is_no_burst():
    lone = [order(f"b{n}", paid_at=NOON + timedelta(seconds=10 * n)) for n in range(9)]
    regular = [order(f"r{n}", qty=2, paid_at=NOON + timedelta(seconds=30 * n)) for n in range(3)]

    assert set(evidence(lone + regular)["burst_orders"]) == {1}


def test_a_gift_is_missed_only_where_the_others_of_the_week_got_one():
    gift = {"is_gift": True, "platform_sku_id": "cup", "paid_amount": 0}
    given = [line for n in range(11) for line in (order(f"g{n}"), order(f"g{n}", **gift))]
    lines = [
        *given,
        order("without"),
        order("week later", paid_at=NOON + timedelta(days=7)),
        order("two units", qty=2),
    ]

    found = evidence(lines)["missed_gift_rate"].to_dict()

    assert found["without"] == pytest.approx(11 / 12)
    assert found["g0"] == found["week later"] == found["two units"] == 0


def test_gifts_say_nothing_about_units_listings_or_price():
    gift = {"is_gift": True, "platform_sku_id": "cup", "gross_amount": 39, "paid_amount": 0}
    found = evidence([order("o"), order("o", **gift, qty=3), order("p")])

    assert found.loc["o", "units"] == 1
    assert found.loc["o", "is_lone"]
    assert found.loc["o", "price_gap"] == found.loc["p", "price_gap"] == 0


def test_what_happens_after_as_of_is_not_seen():
    paid_at = datetime(2026, 6, 28, 9, tzinfo=BEIJING)
    lines = [
        order("rushed", paid_at=paid_at, finished_at=datetime(2026, 6, 29, 0, tzinfo=BEIJING)),
        order("done", paid_at=paid_at, finished_at=datetime(2026, 6, 28, 23, 59, tzinfo=BEIJING)),
        order("tomorrow", paid_at=datetime(2026, 6, 29, 0, tzinfo=BEIJING)),
        order("unpaid", paid_at=NOON) | {"paid_at": None},
        order("sample", order_kind="sample"),
    ]
    reviews = [
        {"order_id": "rushed", "rating": 5, "created_at": datetime(2026, 6, 29, 1, tzinfo=BEIJING)}
    ]

    found = evidence(lines, reviews)

    assert set(found.index) == {"rushed", "done"}
    assert pd.isna(found.loc["rushed", "hours_to_finish"])
    assert pd.isna(found.loc["rushed", "hours_to_review"])
    assert found.loc["done", "hours_to_finish"] == pytest.approx(15, abs=0.02)


def test_an_order_split_into_parcels_is_counted_by_its_parcels():
    lines = [
        order("parent", platform="jd"),
        order("child 1", platform="jd", parent_order_id="parent"),
        order("child 2", platform="jd", parent_order_id="parent"),
    ]

    assert set(evidence(lines).index) == {"child 1", "child 2"}


def test_an_order_split_twice_is_counted_by_its_last_parcels():
    lines = [
        order("root", platform="jd"),
        order("last 1", platform="jd", parent_order_id="never told", root_order_id="root"),
        order("last 2", platform="jd", parent_order_id="never told", root_order_id="root"),
    ]

    assert set(evidence(lines).index) == {"last 1", "last 2"}


def test_a_platform_without_paid_lines_is_priced_by_the_order():
    lines = [
        *(order(f"o{n}", platform="jd", paid_amount=None, order_goods_amount=90) for n in range(5)),
        order("dear", platform="jd", paid_amount=None, order_goods_amount=100),
    ]

    assert evidence(lines).loc["dear", "price_gap"] == pytest.approx(0.10)


def quiet(count: int = 2000, *, seed: int = 1, platform: str = "taobao") -> pd.DataFrame:
    """Evidence of ordinary orders, all in the sample, all candidates."""
    chance = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "order_id": [f"{platform}{n:05}" for n in range(count)],
            "platform": platform,
            "shop": f"{platform}:s",
            "seller_flag": np.where(chance.random(count) < 0.05, "3", None),
            "units": chance.integers(1, 4, count).astype(float),
            "paid_hour": chance.integers(6, 24, count),
            "buyer_orders": chance.integers(1, 9, count),
            "is_lone": chance.random(count) < 0.1,
            "address_buyers": np.where(chance.random(count) < 0.01, 4, 1),
            "burst_orders": 1,
            "usual_burst_orders": 0.0,
            "hours_to_ship": chance.gamma(4, 6, count),
            "hours_to_finish": 40 + chance.gamma(4, 30, count),
            "hours_to_review": np.where(
                chance.random(count) < 0.1, 60 + chance.gamma(3, 40, count), np.nan
            ),
            "rating": 5.0,
            "missed_gift_rate": 0.0,
            "price_gap": chance.normal(0, 0.03, count),
            "is_candidate": True,
            "is_sample": True,
        }
    )


def with_orders(frame: pd.DataFrame, *orders: dict) -> pd.DataFrame:
    """The frame, and orders like its first but for what is given."""
    usual = frame.iloc[0].to_dict() | {
        "seller_flag": None,
        "is_lone": False,
        "address_buyers": 1,
        "hours_to_review": np.nan,
        "hours_to_finish": 150.0,
        "hours_to_ship": 24.0,
        "units": 1.0,
        "buyer_orders": 3,
        "price_gap": 0.0,
        "is_sample": False,
    }
    added = [usual | {"order_id": f"z{n}"} | fields for n, fields in enumerate(orders)]
    return pd.concat([frame, pd.DataFrame(added)], ignore_index=True)


def scored(frame: pd.DataFrame) -> pd.DataFrame:
    return brush.score(frame).set_index("order_id")


def test_accounts_at_one_address_whose_parcels_arrive_in_hours_are_suspected():
    found = scored(
        with_orders(
            quiet(), {"address_buyers": 9, "hours_to_finish": 9.0, "is_lone": True, "units": 1.0}
        )
    )

    assert found.loc["z0", "is_suspected"]
    assert found.loc["z0", "brush_reasons"].startswith("shared_address,rushed,one_off_buyer")
    assert found["is_suspected"].sum() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"price_gap": -0.6},
        {"is_lone": True, "price_gap": -0.5, "units": 1.0},
        {"is_lone": True, "paid_hour": 3, "price_gap": 0.4},
        {"address_buyers": 6},
        {"hours_to_finish": 20.0},
    ],
    ids=["cheap", "cheap, once, one unit", "night", "office address", "quick courier"],
)
def test_weak_signs_and_single_signs_never_make_an_order_suspected(fields):
    found = scored(with_orders(quiet(), fields))

    assert not found.loc["z0", "is_suspected"]


def test_a_sign_that_most_orders_of_a_platform_show_says_nothing_there():
    both = {"hours_to_finish": 12.0, "hours_to_review": 20.0, "is_lone": True}
    slow = quiet()
    quick = quiet(platform="douyin", seed=2).assign(hours_to_finish=12.0, hours_to_review=20.0)

    found = scored(with_orders(pd.concat([slow, quick]), both, both | {"platform": "douyin"}))

    assert found.loc["z0", "is_suspected"]
    assert not found.loc["z1", "is_suspected"]
    assert found.loc["z1", "brush_reasons"] == "one_off_buyer"
    there = found[found.index.str.startswith("douyin")]["brush_reasons"]
    assert not there.str.contains("rushed|quick_review").any()


def test_a_flag_speaks_where_a_shop_uses_it_for_brush_orders_and_only_there():
    clear = {"address_buyers": 9, "hours_to_finish": 9.0, "is_lone": True}
    doubtful = {"hours_to_finish": 20.0}
    marked = [clear | {"seller_flag": "5"}] * 60
    frame = with_orders(
        pd.concat([quiet(), quiet(platform="jd")]),
        *marked,
        doubtful | {"seller_flag": "5"},
        doubtful | {"seller_flag": "3"},
        doubtful | {"seller_flag": "5", "platform": "jd", "shop": "jd:s"},
    )

    found = scored(frame)

    assert found.loc["z60", "is_suspected"]
    assert "flag" in found.loc["z60", "brush_reasons"]
    assert not found.loc[["z61", "z62"], "is_suspected"].any()


def test_an_order_is_no_witness_to_its_own_flag():
    frame = with_orders(quiet(), {"hours_to_finish": 20.0, "is_lone": True, "seller_flag": "9"})

    assert "flag" not in scored(frame).loc["z0", "brush_reasons"]


def test_an_order_still_on_its_way_is_not_cleared_by_what_cannot_be_known_yet():
    strong = {"address_buyers": 9, "is_lone": True}
    found = scored(
        with_orders(quiet(), strong | {"hours_to_finish": np.nan}, strong | {"hours_to_finish": 99})
    )

    assert found.loc["z0", "brush_score"] > found.loc["z1", "brush_score"]


def test_neither_the_order_of_the_rows_nor_the_run_changes_a_score():
    frame = with_orders(
        pd.concat([quiet(), quiet(platform="jd", seed=3)]),
        *[{"address_buyers": 9, "hours_to_finish": 9.0, "seller_flag": "5"}] * 30,
    )
    shuffled = frame.sample(frac=1, random_state=5)

    pd.testing.assert_frame_equal(brush.score(frame), brush.score(shuffled), check_exact=True)


def test_nothing_to_score_gives_an_empty_table():
    found = brush.score(quiet(3).iloc[:0])

    assert list(found.columns) == ["order_id", "brush_score", "brush_reasons", "is_suspected"]
    assert found.empty


def test_only_candidates_are_scored():
    frame = quiet(100).assign(is_candidate=lambda f: f["order_id"] < "taobao00010")

    assert list(brush.score(frame)["order_id"]) == [f"taobao{n:05}" for n in range(10)]
