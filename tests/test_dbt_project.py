"""The dbt project: its doors equal ml.columns, its words are all said, the future cannot leak."""

import hashlib
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from warehouse_run import build

import dbt_project
from ml import columns
from orchestration.landing.generic import DATASETS
from orchestration.landing.lake import ensure_lake

PROJECT = Path(dbt_project.__file__).parent
AS_OF = date(2026, 6, 28)  # a Sunday
EXPORTS = {
    "fct_inventory_position",
    "fct_open_orders",
    "mart_data_issues",
    "feat_demand",
    "feat_demand_static",
    "feat_known_future",
    "feat_customer",
    "feat_customer_events",
    "feat_customer_births",
    "feat_customer_talks",
}
SPECS = [spec for spec in vars(columns).values() if isinstance(spec, columns.FrameSpec)]
KINDS = {
    "varchar": "text",
    "double": "number",
    "bigint": "number",
    "integer": "number",
    "decimal(18,2)": "number",
    "boolean": "flag",
    "date": "date",
    "timestamp with time zone": "date",
}


def described_models() -> dict[str, dict]:
    """Model name -> its entry in the YAML beside it."""
    files = PROJECT.glob("models/**/_*__models.yml")
    return {m["name"]: m for f in files for m in yaml.safe_load(f.read_text("utf-8"))["models"]}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_frame_that_python_reads_equals_the_contract_of_its_table(spec):
    entry = described_models()[spec.name]["columns"]

    assert {c["name"]: KINDS[c["data_type"]] for c in entry} == spec.columns
    assert [c["name"] for c in entry] == list(spec.columns)

    promised = {c["name"] for c in entry if {"type": "not_null"} in c.get("constraints", [])}
    assert set(spec.columns) - promised <= set(spec.nullable)


def test_every_model_and_every_column_is_described():
    entries = described_models()

    models = {f.stem for suffix in ("sql", "py") for f in PROJECT.glob(f"models/**/*.{suffix}")}
    assert set(entries) == models - {"__init__"}
    for entry in entries.values():
        assert entry["description"].strip(), entry["name"]
        silent = [c["name"] for c in entry["columns"] if not c.get("description", "").strip()]
        assert not silent, (entry["name"], silent)


def test_every_folder_has_an_owner_and_a_group():
    config = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))
    models = config["models"]["stork"]

    assert models["+meta"]["dagster"]["owners"] == ["team:data"]
    for folder in (PROJECT / "models").iterdir():
        if folder.is_dir():
            assert models[folder.name]["+group"] == folder.name


def moment(day: date, hour: int = 12) -> datetime:
    """`hour` o'clock in Beijing on `day`."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 8)


def land(lake: Path, dataset: str, landed_on: date, rows: list[dict], load_no: int = 1) -> None:
    """Write rows as landing does: typed as the dataset declares, with their lineage."""
    types = next(d for d in DATASETS if d.name == dataset).lake_types
    folder = lake / "generic" / dataset / f"load_no={load_no}"
    folder.mkdir(parents=True, exist_ok=True)
    lineage = {
        "tenant": "demo",
        "platform": "generic",
        "shop_id": "s1",
        "landed_on": landed_on,
        "source_file": f"demo/generic/s1/{dataset}/{landed_on}/rows.csv",
    }
    table = []
    for position, row in enumerate(rows, start=2):
        version = {"source_version": row.get("updated_at", moment(landed_on, 0))}
        row_hash = hashlib.md5(repr(sorted(row.items())).encode()).hexdigest()
        row = row | lineage | version | {"source_row": position, "row_hash": row_hash}
        table.append([row.get(column) for column in types])
    with duckdb.connect() as connection:
        declared = ", ".join(f"{name} {kind}" for name, kind in types.items())
        connection.execute(f"create table landed ({declared})")
        connection.executemany(f"insert into landed values ({', '.join('?' * len(types))})", table)
        connection.execute(f"copy landed to '{folder}/{len(list(folder.iterdir())):012d}.parquet'")


def order_line(order_id: str, paid_on: date, **fields) -> dict:
    return {
        "order_id": order_id,
        "line_id": "1",
        "customer_id": "c_1",
        "sku_id": "A",
        "warehouse_id": "east",
        "ordered_at": moment(paid_on),
        "paid_at": moment(paid_on),
        "qty": 1,
        "gross_amount": 100,
        "paid_amount": 90,
        "lifecycle": "completed",
        "is_gift": False,
    } | fields


def land_a_small_shop(lake: Path) -> None:
    """Three SKUs, two warehouses, 30 customers, a quarter of a year that ends at AS_OF."""
    ensure_lake(lake)
    chance = random.Random(7)
    days = [AS_OF - timedelta(n) for n in range(90, -1, -1)]
    orders = [
        order_line(
            f"o{n}",
            day,
            customer_id=f"c_{chance.randrange(30)}",
            sku_id=chance.choice("ABC"),
            warehouse_id=chance.choice(["east", "west"]),
            qty=chance.randint(1, 4),
            is_gift=chance.random() < 0.1,
        )
        for n, day in enumerate(chance.choices(days, k=400))
    ]
    land(lake, "order_lines", AS_OF, orders)
    land(
        lake,
        "skus",
        AS_OF,
        [
            {"sku_id": s, "category": f"cat {s}", "supplier_id": "S", "list_price_amount": 100}
            for s in "ABC"
        ],
    )
    land(
        lake,
        "stock",
        AS_OF,
        [
            {"snapshot_date": day, "sku_id": s, "warehouse_id": w, "on_hand": chance.choice([0, 9])}
            for day in days
            for s in "ABC"
            for w in ("east", "west")
        ],
    )
    land(lake, "suppliers", AS_OF, [{"supplier_id": "S", "lead_time_days": 14, "moq": 10}])
    land(lake, "purchase_orders", AS_OF, [purchase(received_on=None, received_qty=None)])
    land(
        lake,
        "promotions",
        AS_OF,
        [
            {
                "promo_id": "p",
                "sku_id": "A",
                "starts_on": AS_OF + timedelta(1),
                "ends_on": AS_OF + timedelta(7),
                "discount_rate": 0.3,
            }
        ],
    )


def purchase(**fields) -> dict:
    return {
        "po_id": "po",
        "line_id": "1",
        "sku_id": "A",
        "warehouse_id": "east",
        "supplier_id": "S",
        "ordered_on": AS_OF - timedelta(10),
        "expected_on": AS_OF + timedelta(4),
        "ordered_qty": 50,
    } | fields


def spoil_the_future(lake: Path) -> None:
    """Absurd records that landed after AS_OF, or that landed in time about days after it."""
    later = AS_OF + timedelta(3)
    absurd = {"qty": 1e9, "gross_amount": 1e9, "paid_amount": 1e9, "updated_at": moment(later)}
    rewritten = [order_line(f"o{n}", AS_OF, customer_id="c_new", **absurd) for n in range(400)]
    land(lake, "order_lines", later, rewritten, load_no=2)
    land(lake, "order_lines", AS_OF, [order_line("tomorrow", later, **absurd)])
    known = {"snapshot_date": later, "sku_id": "A", "warehouse_id": "east"}
    land(lake, "stock", AS_OF, [known | {"on_hand": 1e9}])
    land(lake, "stock", later, [known | {"snapshot_date": AS_OF, "on_hand": 1e9}])
    land(
        lake,
        "purchase_orders",
        AS_OF,
        [
            purchase(received_on=later, received_qty=1e9, updated_at=moment(later)),
            purchase(po_id="later", ordered_on=later, ordered_qty=1e9),
        ],
    )
    land(lake, "skus", later, [{"sku_id": s, "category": "absurd"} for s in "ABCX"])
    land(lake, "suppliers", later, [{"supplier_id": "S", "lead_time_days": 1e6, "moq": 1e9}])
    plan = {"starts_on": AS_OF - timedelta(90), "ends_on": later, "discount_rate": 0.99}
    land(lake, "promotions", later, [{"promo_id": "q", "sku_id": s} | plan for s in "ABC"])


def fingerprints(warehouse: duckdb.DuckDBPyConnection) -> dict[str, tuple]:
    """Mart or feature -> how many rows it has and a digest of them, whatever their order."""
    names = sorted(
        f.stem for folder in ("marts", "features") for f in PROJECT.glob(f"models/{folder}/*.sql")
    )
    return {
        name: warehouse.execute(
            f"select count(*), bit_xor(hash(rows)), sum(hash(rows)) from {name} as rows"
        ).fetchone()
        for name in names
    }


def test_the_project_builds_passes_its_tests_and_no_future_record_moves_a_byte(tmp_path):
    lake, exports = tmp_path / "lake", tmp_path / "exports"
    land_a_small_shop(lake)
    # the story runs the unit tests
    with build(lake, tmp_path, as_of=AS_OF, command="build", unit_tests=False) as warehouse:
        tables = fingerprints(warehouse)
    before = {path.stem: path.read_bytes() for path in exports.glob("*.parquet")}
    assert set(before) == EXPORTS

    spoil_the_future(lake)
    with build(lake, tmp_path, as_of=AS_OF) as warehouse:
        after = fingerprints(warehouse)

    assert [name for name in tables if after[name] != tables[name]] == []
    moved = [name for name in before if (exports / f"{name}.parquet").read_bytes() != before[name]]
    assert not moved


def test_the_festivals_of_every_year_are_there_and_the_lunar_ones_move_with_the_new_year():
    with duckdb.connect() as connection:
        for seed in ("festivals", "spring_festivals", "cn_calendar"):
            path = PROJECT / "seeds" / f"{seed}.csv"
            connection.execute(f"create table {seed} as from read_csv('{path}')")
        years = connection.execute(
            "select event, count(distinct year) from festivals where event <> '88' group by event"
        ).fetchall()
        offsets = connection.execute(
            "select distinct event, phase, spring_festival_on - starts_on, "
            "spring_festival_on - ends_on from festivals join spring_festivals using (year) "
            "where event in ('年货节', '春节') order by all"
        ).fetchall()
        free = connection.execute(
            "select count(*) from spring_festivals join cn_calendar on ds = spring_festival_on "
            "where holiday_name = '春节'"
        ).fetchone()

    assert dict(years) == dict.fromkeys(
        ["年货节", "春节", "38", "六一", "618", "99", "双11", "双12"], 13
    )
    assert free == (13,)
    assert offsets == [
        ("年货节", "peak", 35, 33),
        ("年货节", "spot", 32, 12),
        ("年货节", "warmup", 40, 36),
        ("春节", "pause", 7, -7),
    ]
