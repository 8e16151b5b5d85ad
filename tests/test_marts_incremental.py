"""An incremental build leaves the tables a full one would, in whatever loads the records came."""

import random
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from canonical_lake import empty_lake, land, stub_project
from warehouse_run import build

FIRST = date(2026, 6, 1)
LAST = date(2026, 6, 28)
SELECT = [
    "+fct_order_lines",
    "+fct_refunds",
    "+fct_demand_daily",
    "+dim_customer",
    "+dim_shop",
    "+dim_sku",
    "+dim_baby",
]
TABLES = (
    "fct_order_lines",
    "fct_refunds",
    "fct_demand_daily",
    "dim_customer",
    "dim_shop",
    "dim_sku",
    "int_order_lines",
    "int_refund_lines",
    "int_customer_ids",
    "int_account_days",
    "int_account_purchases",
    "dim_baby",
)
SHOPS = [("taobao", "s1", "1"), ("jd", "s1", "2"), ("douyin", "s9", "3")]


def at(day: date, hour: int = 12) -> datetime:
    return datetime.fromisoformat(f"{day} {hour:02d}:00:00+08:00")


class World:
    """Random orders that change for weeks, as records: (platform, dataset, landed_on, rows)."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.records: list[tuple[str, str, date, list[dict]]] = []
        self._masters()
        for number in range(60):
            self._order(number)

    def _put(self, platform: str, dataset: str, day: date, *rows: dict) -> None:
        if day <= LAST:
            self.records.append((platform, dataset, day, list(rows)))

    def _masters(self) -> None:
        for platform, shop, number in SHOPS:
            row = {"platform": platform, "shop_id": shop, "erp_shop_id": number}
            row |= {"has_order_feed": True}
            # where nobody states one, the ERP's only warehouse is home until there is another
            row |= {"default_warehouse_id": None if platform == "douyin" else "home"}
            self._put("registry", "shops", FIRST, row)
        for code, born in (("MILK", FIRST), ("WIPE", FIRST), ("LATE", FIRST + timedelta(18))):
            row = {"shop_id": "erp", "sku_code": code, "barcode": f"69{code}", "is_bundle": False}
            self._put("jushuitan", "skus", born, row)
            if code == "MILK":
                # its words change long after it was bought
                for day, stage in ((FIRST, "1段"), (FIRST + timedelta(24), "2段")):
                    words = {"sku_name": f"奶粉 {stage}", "category": f"奶粉{stage}"}
                    self._put("jushuitan", "skus", day, row | words)
        for day, qty in ((FIRST, 2), (FIRST + timedelta(15), 3)):
            # the same part of the bundle, told otherwise later
            row = {"shop_id": "erp", "bundle_code": "BOX", "component_sku_code": "MILK"}
            row |= {"qty": qty, "share_amount": 90, "valid_from": at(date(2000, 1, 1), 0)}
            self._put("jushuitan", "bundle", day, row)
        # and a bundle that holds the other
        row |= {"bundle_code": "CRATE", "component_sku_code": "BOX", "qty": 2}
        self._put("jushuitan", "bundle", FIRST, row)
        for day, code in ((FIRST, "MILK"), (FIRST + timedelta(20), "WIPE")):
            row = {"shop_id": "erp", "erp_shop_id": "1", "platform_sku_id": "linked"}
            row |= {"sku_code": code, "is_enabled": day != FIRST, "valid_from": at(day, 0)}
            self._put("jushuitan", "skumap", day, row)
        row = {"shop_id": "s1", "platform_item_id": "i", "platform_sku_id": "listed"}
        self._put("taobao", "items", FIRST, row)
        self._put("taobao", "items", FIRST + timedelta(17), row | {"barcode": "69WIPE"})
        row = {"member_key": "m", "tb_key": "c_1", "union_key": "u_2", "baby_no": 1}
        self._put("crm", "members", FIRST + timedelta(19), row)

    def _order(self, number: int) -> None:
        chance = self.chance
        platform, shop, erp_shop = chance.choice(SHOPS)
        made = FIRST + timedelta(chance.randrange(26))
        order = f"{platform}:{shop}:{number}"
        buyer = chance.randrange(8)
        common = {
            "order_id": order,
            "shop_id": shop,
            "platform_order_id": str(number),
            "created_at": at(made),
            "order_kind": "sale",
            "is_forfeited": False,
            "buyer_key": f"c_{buyer}",
            "union_key": f"u_{buyer}" if chance.random() < 0.3 else None,
        }
        lines = []
        for line_no in range(1, chance.randint(2, 4)):
            code = chance.choice(["MILK", "WIPE", "BOX", "CRATE", "LATE", None])
            gift = line_no == 3
            lines.append(
                common
                | {"order_line_id": f"{order}:{line_no}", "line_no": line_no, "is_gift": gift}
                | {"merchant_code": code, "qty": chance.randint(1, 3), "gross_amount": 100}
                | {"platform_sku_id": chance.choice(["linked", "listed", "other"])}
                | {"allocation_base": 0 if gift else chance.randint(1, 99)}
                | ({"order_goods_amount": 150} if platform == "jd" else {"paid_amount": 75})
            )
        steps = [("created", {}), ("paid", {"paid_at": at(made, 13)})]
        steps.append(("shipped", steps[-1][1] | {"shipped_at": at(made + timedelta(2))}))
        ends = at(made + timedelta(9))
        steps.append(("completed", steps[-1][1] | {"finished_at": ends}))
        if chance.random() < 0.2:
            steps[2:] = [("closed", steps[1][1] | {"closed_at": ends})]
        days = [made, made, made + timedelta(2), made + timedelta(9)]
        for day, (lifecycle, moments) in zip(days, steps, strict=False):
            version = {"lifecycle": lifecycle, "source_version": at(day, 10 + len(moments))}
            self._put(platform, "orders", day, *(line | moments | version for line in lines))
        if platform == "jd" and chance.random() < 0.3:
            child = {"order_id": f"{order}0", "parent_order_id": order}
            version = steps[1][1] | {"lifecycle": "paid"}
            rows = [
                x | child | version | {"order_line_id": f"{order}0:{x['line_no']}"} for x in lines
            ]
            self._put(platform, "orders", made + timedelta(3), *rows)
            if chance.random() < 0.7:
                self._split_again(platform, shop, order, made, [x | version for x in lines])
        if chance.random() < 0.5:
            self._refund(platform, shop, order, made, len(lines))
        if chance.random() < 0.6:
            erp = {"order_id": f"jushuitan:erp:{erp_shop}:{number}", "shop_id": "erp"}
            erp |= {"erp_order_id": f"jushuitan:erp:{number}", "erp_shop_id": erp_shop}
            erp |= {"order_line_id": f"jushuitan:erp:{number}:1", "so_id": str(number)}
            erp |= {"status_raw": "Sent", "is_gift": True, "is_erp_gift": True, "line_no": 1}
            erp |= {"merchant_code": "WIPE", "qty": 1, "paid_amount": 0, "lifecycle": "paid"}
            erp |= {"created_at": at(made), "paid_at": at(made, 13), "order_kind": "sale"}
            # the other warehouse opens after the first of two builds
            opened = made > LAST - timedelta(8)
            erp |= {"warehouse_code": "west" if opened else "east", "is_forfeited": False}
            if chance.random() < 0.2:
                erp |= {"lifecycle": "closed", "closed_at": at(made, 20)}
            if chance.random() < 0.3:
                erp |= {"order_kind": "reissue", "is_erp_gift": False}
            self._put("jushuitan", "orders", made + timedelta(1), erp)
            if chance.random() < 0.3:
                self._put(
                    "jushuitan", "orders", made + timedelta(6), erp | {"status_raw": "Merged"}
                )

    def _split_again(
        self, platform: str, shop: str, root: str, made: date, lines: list[dict]
    ) -> None:
        """Children one after the other of an order that is told late, or never, and refunded."""
        between = f"{root}-between"
        children = {f"{root}-{day}": (day, between) for day in (4, 8)}
        if self.chance.random() < 0.5:
            children[between] = (11, root)
        for child, (day, parent) in children.items():
            names = {"order_id": child, "parent_order_id": parent, "root_order_id": root}
            rows = [x | names | {"order_line_id": f"{child}:{x['line_no']}"} for x in lines]
            self._put(platform, "orders", made + timedelta(day), *rows)
        self._refund(platform, shop, between, made, 0)

    def _refund(self, platform: str, shop: str, order: str, made: date, lines: int) -> None:
        chance = self.chance
        asked = made + timedelta(chance.randint(1, 6))
        back = asked + timedelta(chance.randint(0, 9))
        line_no = chance.randint(0, lines)
        row = {
            "refund_id": f"{order}:r:1",
            "order_id": order,
            "order_line_id": f"{order}:{line_no}" if line_no else None,
            "shop_id": shop,
            "type": chance.choice(["return_refund", "refund_only", "cancel_before_ship"]),
            "requested_amount": 80,
            "qty": 1,
            "created_at": at(asked),
            "is_goods_back": chance.random() < 0.5,
            "feed": "r",
        }
        self._put(platform, "refunds", asked, row | {"status": "requested"})
        done = {"status": "success", "success_amount": chance.choice([10, 75, 150])}
        # some are known before the day they are dated
        landed = back - timedelta(chance.randint(0, 1)) if back > asked else back
        self._put(platform, "refunds", landed, row | done | {"success_at": at(back)})


class Loads:
    """A lake that is loaded in parts, and what a build of it has seen."""

    def __init__(self, lake: Path) -> None:
        self.lake = empty_lake(lake)
        self.numbers: dict[str, int] = {}
        self.last_days: dict[tuple[str, int], date] = {}

    def load(self, records: list) -> None:
        fresh = {(platform, dataset) for platform, dataset, _, _ in records}
        for key in fresh:
            self.numbers[".".join(key)] = self.numbers.get(".".join(key), 0) + 1
        for platform, dataset, day, rows in records:
            name = f"{platform}.{dataset}"
            number = self.numbers[name]
            self.last_days[name, number] = max(day, self.last_days.get((name, number), day))
            land(self.lake, platform, dataset, rows, landed_on=day, load_no=number)

    def seen(self, as_of: date) -> dict[str, object]:
        """What a build on this day has seen; a load of which something is still to come is not."""
        to_come = {name for (name, _), last in self.last_days.items() if last > as_of}
        seen = {name: number for name, number in self.numbers.items() if name not in to_come}
        return {"as_of": str(as_of), "loads": seen}


def contents(warehouse: duckdb.DuckDBPyConnection) -> dict[str, list]:
    found = {}
    for table in TABLES:
        columns = [
            name
            for name, *_ in warehouse.execute(f"describe {table}").fetchall()
            if name not in ("source_file", "load_no")
        ]
        found[table] = warehouse.execute(
            f"select {', '.join(columns)} from {table} order by all"
        ).fetchall()
    warehouse.close()
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return stub_project(tmp_path_factory.mktemp("incremental") / "project")


@pytest.fixture(scope="module")
def full_build(project, tmp_path_factory) -> Path:
    """Where one full build has been over all records, loaded at once and in order."""
    tmp = tmp_path_factory.mktemp("whole")
    loads = Loads(tmp / "lake")
    loads.load(sorted(World(7).records, key=lambda record: record[2]))
    build(loads.lake, tmp, as_of=LAST, select=SELECT, project=project).close()
    return tmp


@pytest.fixture(scope="module")
def whole(full_build):
    """What it made."""
    with duckdb.connect(str(full_build / "warehouse.duckdb"), read_only=True) as built:
        built.execute("set TimeZone = 'Asia/Shanghai'")
        return contents(built)


def test_the_tables_hold_what_the_comparison_is_about(whole):
    lifecycles = {row[-1] for row in whole["fct_order_lines"]}
    assert len(whole["fct_order_lines"]) > 100
    assert len(whole["fct_refunds"]) > 15
    assert {row[2] for row in whole["int_account_purchases"]} == {"formula 2"}
    assert whole["dim_baby"]
    assert lifecycles


def test_late_changes_refunds_and_links_that_come_incrementally_equal_a_full_build(
    whole, project, tmp_path
):
    records = World(7).records
    loads = Loads(tmp_path / "lake")
    as_of = LAST - timedelta(8)
    loads.load([r for r in records if r[2] <= as_of])
    build(loads.lake, tmp_path, as_of=as_of, select=SELECT, project=project).close()
    since = loads.seen(as_of)
    loads.load([r for r in records if r[2] > as_of])
    built = build(loads.lake, tmp_path, as_of=LAST, since=since, select=SELECT, project=project)

    assert differences(contents(built), whole) == {}


def test_days_that_land_backwards_and_twice_change_nothing(whole, project, tmp_path):
    records = World(7).records
    chance = random.Random(11)
    chance.shuffle(records)
    loads = Loads(tmp_path / "lake")
    # a third of the files is there a first time, some of it still to come as of that day
    loads.load(records[: len(records) // 3])
    early = LAST - timedelta(14)
    build(loads.lake, tmp_path, as_of=early, select=SELECT, project=project).close()
    since = loads.seen(early)
    loads.load(records[len(records) // 4 :])
    built = build(loads.lake, tmp_path, as_of=LAST, since=since, select=SELECT, project=project)

    assert differences(contents(built), whole) == {}


def test_a_full_build_over_what_is_there_replaces_it(full_build, whole, project, tmp_path):
    shutil.copytree(full_build, tmp_path, dirs_exist_ok=True)
    with build(
        *(tmp_path / "lake", tmp_path),
        as_of=LAST,
        select="+int_order_lines",
        project=project,
        full_refresh=False,
    ) as built:
        lines = built.execute("select count(*) from int_order_lines").fetchone()

    assert lines == (len(whole["int_order_lines"]),)


def differences(found: dict[str, list], wanted: dict[str, list]) -> dict[str, tuple]:
    """Table -> the first rows that only one side has."""
    return {
        table: (
            [row for row in found[table] if row not in wanted[table]][:3],
            [row for row in wanted[table] if row not in found[table]][:3],
        )
        for table in TABLES
        if found[table] != wanted[table]
    }
