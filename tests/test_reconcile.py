"""Reconciliation finds a cent, a unit or a day that is off; only quarantine excuses an order."""

from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.nightly import differing
from benchmarks.pipeline import MARTS, Place, build, load_all
from orchestration.sandbox import truth
from orchestration.sandbox.reconcile import PlatformResult, reconcile

AS_OF = date(2026, 6, 28)
NOON = datetime.combine(date(2026, 6, 20), datetime.min.time()) + timedelta(hours=12)
FILE = "sandbox/taobao/旗舰店/orders/2026-06-20/orders-001.jsonl.gz"


def frame(table: str, rows: list[dict]) -> pl.DataFrame:
    """Rows of a truth table; what they do not say is null, false or nothing."""
    schema = truth.TABLES[table]
    nothing = {pl.Boolean: False}
    full = [
        {name: row.get(name, nothing.get(kind)) for name, kind in schema.items()} for row in rows
    ]
    return pl.DataFrame(full, schema=schema)


def write_truth(folder: Path, orders: int = 3) -> Path:
    """`orders` paid orders of one line each, one of them partly refunded."""
    numbers = range(1, orders + 1)
    line = {"line_no": 1, "listing_no": 1, "qty": 2, "gross_cents": 59_600, "paid_cents": 53_800}
    tables = {
        "shops": [
            {"shop_no": 1, "platform": "taobao", "shop_id": "旗舰店", "has_order_feed": True}
        ],
        "listings": [{"listing_no": 1, "platform_sku_id": "901", "mapped_by": "merchant_code"}],
        "orders": [
            {
                "order_no": n,
                "platform": "taobao",
                "shop_no": 1,
                "platform_order_id": f"t{n}",
                "created_at": NOON,
                "paid_at": NOON,
                "order_kind": "sale",
            }
            for n in numbers
        ],
        "order_lines": [line | {"order_no": n, "platform_line_id": f"l{n}"} for n in numbers],
        "order_components": [
            {
                "order_no": n,
                "line_no": 1,
                "component_no": 1,
                "sku_code": "NF-1",
                "qty": 2,
                "share_cents": 100,
            }
            for n in numbers
        ],
        "refunds": [
            {
                "refund_no": 1,
                "order_no": 2,
                "line_no": 1,
                "success_cents": 1_200,
                "success_at": NOON,
                "refund_ref": "r1",
            }
        ],
    }
    truth.write(
        folder,
        type("Days", (), {"name": "all", "tables": {t: frame(t, r) for t, r in tables.items()}})(),
    )
    return folder


def fact(number: int, **changed) -> dict:
    return {
        "platform": "taobao",
        "shop_id": "旗舰店",
        "order_line_id": f"taobao:旗舰店:t{number}:l{number}",
        "platform_order_id": f"t{number}",
        "sku_id": "NF-1",
        "sku_mapping_step": "merchant_code",
        "is_gift": False,
        "qty": 2.0,
        "paid_amount": 538.00,
        "refund_amount": 12.00 if number == 2 else 0.0,
        "lifecycle": "paid",
        "order_kind": "sale",
        "is_forfeited": False,
        "paid_at": "2026-06-20 12:00:00+08",
    } | changed


class Case:
    """A truth, a warehouse and a lake side by side."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth = write_truth(folder / "truth")
        self.facts = [fact(n) for n in (1, 2, 3)]
        self.damage: list[dict] = []
        self.quarantine: list[dict] = []

    def result(self) -> PlatformResult:
        warehouse = self.folder / "stork.duckdb"
        warehouse.unlink(missing_ok=True)
        with duckdb.connect(warehouse) as connection:
            facts = pa.Table.from_pylist(self.facts)
            connection.register("facts", facts)
            connection.execute(
                "create table fct_order_lines as select * replace ("
                "paid_amount::decimal(18,2) as paid_amount, paid_at::timestamptz as paid_at, "
                "refund_amount::decimal(18,2) as refund_amount) from facts"
            )
        damage = self.folder / "defects.parquet"
        text = ("platform", "dataset", "shop_id", "source_file", "record_key", "kind")
        schema = pa.schema([(n, pa.string()) for n in text] + [("is_recovered", pa.bool_())])
        pq.write_table(pa.Table.from_pylist(self.damage, schema=schema), damage)
        kept = self.folder / "lake" / "quarantine" / "taobao" / "orders" / "one.parquet"
        kept.parent.mkdir(parents=True, exist_ok=True)
        schema = pa.schema([("source_file", pa.string()), ("record_id", pa.string())])
        pq.write_table(pa.Table.from_pylist(self.quarantine, schema=schema), kept)
        (result,) = reconcile(self.truth, damage, self.folder / "lake", warehouse, AS_OF)
        return result

    def lose(self, number: int, *, dataset: str = "orders", key: str = "", **more) -> None:
        """An order's record is damaged for good, and quarantine holds the file."""
        self.facts = [f for f in self.facts if f["platform_order_id"] != f"t{number}"]
        lost = {
            "platform": "taobao",
            "dataset": dataset,
            "shop_id": "旗舰店",
            "source_file": FILE,
            "record_key": key or f"t{number}",
            "kind": "broken_page",
            "is_recovered": False,
        }
        self.damage.append(lost | more)
        self.quarantine.append({"source_file": FILE, "record_id": None})


@pytest.fixture
def case(tmp_path) -> Case:
    return Case(tmp_path)


def test_equal_lines_are_counted_and_nothing_else(case):
    result = case.result()
    assert (result.orders, result.compared, result.equal, result.held) == (3, 3, 3, 0)
    assert result.mismatches == 0
    assert result.examples == ()


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"qty": 1.0}, "units"),
        ({"paid_amount": 538.01}, "paid amount"),
        ({"refund_amount": 0.01}, "refunds"),
        ({"lifecycle": "shipped"}, "lifecycle"),
        ({"paid_at": "2026-06-21 00:00:00+08"}, "business date"),
        ({"paid_at": None}, "business date"),
    ],
)
def test_a_line_that_is_off_is_found_and_shown(case, changed, kind):
    case.facts[0] |= changed
    result = case.result()
    assert result.kinds == {kind: 1}
    assert result.mismatches == 1
    assert "旗舰店 t1 NF-1" in result.examples[0]


def test_the_business_date_is_beijings(case):
    case.facts[0]["paid_at"] = "2026-06-19 16:00:00+00"
    assert case.result().mismatches == 0
    case.facts[0]["paid_at"] = "2026-06-19 15:59:59+00"
    assert case.result().kinds == {"business date": 1}


def test_a_line_too_many_and_a_line_too_few_are_found(case):
    case.facts.append(fact(9))
    del case.facts[0]
    assert case.result().kinds == {"missing": 1, "not in the truth": 1}


def test_a_line_that_is_there_twice_is_found(case):
    case.facts.append(fact(1))
    assert case.result().kinds == {"not in the truth": 1}


def test_an_order_that_quarantine_names_is_held_and_not_compared(case):
    case.lose(1)
    result = case.result()
    assert (result.held_orders, result.held, result.compared, result.mismatches) == (1, 1, 2, 0)


@pytest.mark.parametrize("key", ["r1", "r1/list", "r1/detail"])
def test_a_refund_that_quarantine_names_holds_its_order(case, key):
    case.lose(2, dataset="refunds", key=key)
    assert case.result().held_orders == 1
    assert case.result().mismatches == 0


def test_an_order_missing_without_a_quarantine_record_is_a_mismatch(case):
    case.lose(1)
    case.quarantine.clear()
    assert case.result().kinds == {"missing": 1}


def test_a_quarantine_record_that_names_another_order_excuses_nothing(case):
    case.lose(1)
    case.quarantine[0]["record_id"] = "t3"
    assert case.result().kinds == {"missing": 1}


def test_a_lost_version_of_which_a_newer_one_is_there_excuses_nothing(case):
    case.lose(1, is_recovered=True)
    assert case.result().kinds == {"missing": 1}


def test_another_shops_damage_excuses_nothing(case):
    case.lose(1, shop_id="专营店")
    assert case.result().kinds == {"missing": 1}


def test_a_sku_nobody_can_map_is_compared_as_unknown(case):
    case.facts[0] |= {"sku_id": "taobao:901", "sku_mapping_step": "unmapped"}
    assert case.result().kinds == {"missing": 1, "not in the truth": 1}


def test_a_generated_world_with_every_defect_equals_its_truth(world):
    results = reconcile(
        world.truth, world.damage_file, world.place.lake, world.place.warehouse, world.as_of
    )

    assert {r.platform for r in results} == {"douyin", "jd", "taobao", "xiaohongshu"}
    assert [r.examples for r in results] == [()] * 4
    assert [r.mismatches for r in results] == [0] * 4
    assert sum(r.compared for r in results) > 500
    assert 0 < sum(r.held for r in results) < 50


def test_landing_days_loaded_in_another_order_give_the_same_tables(world, tmp_path):
    place = Place(tmp_path)
    days = sorted({date.fromisoformat(p.name) for p in world.landing.glob("*/*/*/*/*/")})
    for part in (days[8:], days[:4], days[4:8]):
        load_all(world.landing, place.lake, first=part[0], last=part[-1])
    build(place, as_of=world.as_of, select=MARTS)

    assert len(days) > 10
    marts = {"prefixes": ("fct_", "dim_", "mart_")}
    assert differing(world.place.warehouse, place.warehouse, **marts) == {}
