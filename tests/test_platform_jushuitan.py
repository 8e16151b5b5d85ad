"""聚水潭: the documented samples, the traps an ERP sets, and the sandbox's ERP and back."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import erp_truth
import pytest
from personal_data import scan
from platform_files import Shelf, erp_page, staging_project
from staged import Shop
from warehouse_run import build

from orchestration.assets.extract_health import registered_shops
from orchestration.landing.lake import completed_loads, ensure_lake
from orchestration.sandbox.buckets import buckets_of
from orchestration.sandbox.defects import Defects
from orchestration.sandbox.dialects import generic, jushuitan, jushuitan_supply, registry
from orchestration.sandbox.landing_writer import write_landing

AS_OF = "2026-06-28"
SANDBOX = jushuitan.ACCOUNT
STAGED = ("jushuitan", "registry", "generic")
NO_OTHER_TESTS = ("--indirect-selection", "empty", "--exclude-resource-type", "unit_test")


def beijing(text: str) -> datetime:
    """A moment of Beijing's clock."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def erp_order(o_id: int, status: str = "Sent", **more) -> dict:
    """An ERP order of one A for 90 yuan, as the API answers it."""
    item = {"oi_id": o_id * 10, "outer_oi_id": f"L{o_id}", "sku_id": "A", "qty": 1}
    item |= {"base_price": 100.0, "amount": 90.0, "is_gift": False, "item_status": ""}
    known = {"o_id": o_id, "so_id": f"P{o_id}", "shop_id": 12, "status": status}
    known |= {"type": "普通订单", "order_from": "", "order_date": "2026-06-01 10:00:00"}
    known |= {"pay_date": "2026-06-01 10:01:00", "modified": "2026-06-02 09:00:00"}
    known |= {"paid_amount": 90.0, "wms_co_id": 10001, "receiver_name": "PII-小满妈妈"}
    return known | {"items": [item | one for one in more.pop("items", [{}])]} | more


def link(sku_id: str, modified: str, **more) -> dict:
    """A link of the listing S of ERP shop 12."""
    return {"shop_id": 12, "shop_sku_id": "S", "link_sku_id": sku_id, "enabled": True} | {
        "modified": modified
    } | more  # fmt: skip


def level(sku_id: str, wms_co_id: int, qty: int) -> dict:
    """What a warehouse holds, changed long ago."""
    return {"sku_id": sku_id, "wms_co_id": wms_co_id, "qty": qty, "modified": ""}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return Shelf(tmp_path_factory.mktemp("erp"), ("jushuitan", "registry", "generic"))


@pytest.fixture(scope="module")
def first_build(shelf, tmp_path_factory):
    """A warehouse built while only the newest state of the ERP orders had landed."""
    land_traps(shelf)
    shelf.load()
    folder = tmp_path_factory.mktemp("dbt")
    project = staging_project(folder, *STAGED)
    build(shelf.lake, folder, as_of="2026-06-27", select="staging", project=project).close()
    return folder, {"as_of": "2026-06-27", "loads": completed_loads(shelf.lake)}


@pytest.fixture(scope="module")
def reports(shelf, first_build):
    assert first_build
    land_what_is_late(shelf)
    for dataset in ("orders", "stock", "purchase_orders"):
        shelf.sample(f"jushuitan/sample/{dataset}", "2025-11-11", f"{dataset}.json")
    shelf.sample("registry/all/shops", "2025-11-11", "shops.csv")
    write_landing(
        shelf.landing,
        erp_truth.orders() | erp_truth.supply(),
        extracts=[
            *(*jushuitan.EXTRACTS, *jushuitan_supply.EXTRACTS, *registry.EXTRACTS),
            *generic.EXTRACTS,
        ],
        buckets=buckets_of(erp_truth.FIRST, erp_truth.FIRST + timedelta(days=5), daily_days=4),
        seed=1,
        defects=Defects.none(),
        damage_file=shelf.lake.parent / "defects.parquet",
        tenant="acme",
    )
    return shelf.load()


@pytest.fixture(scope="module")
def complaint(shelf, first_build, reports):
    """What the check of the shop registry says while the new files come into the warehouse."""
    assert reports
    folder, since = first_build
    with pytest.raises(AssertionError) as told:
        build(
            shelf.lake,
            folder,
            as_of=AS_OF,
            since=since,
            command="build",
            select=["staging", "every_registered_shop_sends_orders", *NO_OTHER_TESTS],
            project=folder / "project",
        )
    return str(told.value)


@pytest.fixture(scope="module")
def warehouse(first_build, complaint):
    assert complaint
    connection = duckdb.connect(str(first_build[0] / "warehouse.duckdb"), read_only=True)
    connection.execute("set TimeZone = 'Asia/Shanghai'")
    return connection


def land_traps(shelf: Shelf) -> None:
    """Orders in account `orders`, links in `links`, stock in `stock`."""
    shelf.land(
        "jushuitan/orders/orders",
        "2026-06-02",
        erp_page(
            "orders",
            erp_order(1, "Split", items=[{"qty": 3}], is_split=True),
            erp_order(2, so_id="P1", order_from="SPLIT", items=[{"outer_oi_id": "L1", "qty": 2}]),
            erp_order(3, so_id="P1", order_from="SPLIT", items=[{"outer_oi_id": "L1"}]),
            erp_order(4, "Merged"),
            erp_order(5, items=[{"raw_so_id": "P5"}, {"oi_id": 51, "raw_so_id": "P4"}]),
            erp_order(6, type="补发订单", order_from="ERP"),
            erp_order(7, type="换货订单", order_from="ERP"),
            erp_order(8, type="分销Plus"),
            erp_order(9, order_from="COPY"),
            erp_order(10, items=[{}, {"oi_id": 101, "outer_oi_id": "G", "is_gift": True},
                                 {"oi_id": 102, "outer_oi_id": "", "is_gift": True}]),
            erp_order(11, items=[{"item_status": "Replaced"}, {"oi_id": 111, "sku_id": "B"}]),
        ),
    )  # fmt: skip
    shelf.land(
        "jushuitan/links/skumap", "2026-05-01", erp_page("datas", link("A", "2026-04-01 00:00:00"))
    )  # noqa: E501
    shelf.land(
        "jushuitan/links/skumap", "2026-06-10", erp_page("datas", link("B", "2026-06-10 12:00:00"))
    )  # noqa: E501
    shelf.land(
        "jushuitan/stock/stock",
        "2026-06-01",
        erp_page("inventorys", level("A", 0, 100), level("A", 1, 60), level("A", 2, 40),
             level("B", 1, 5)),
        is_full=True,
    )  # fmt: skip
    shelf.land(
        "jushuitan/stock/stock",
        "2026-06-02",
        erp_page("inventorys", level("A", 1, 58)),
        is_full=True,
    )
    shelf.land("jushuitan/stock/stock", "2026-06-03", erp_page("inventorys", level("A", 1, 57)))
    shelf.land(
        "jushuitan/jd cloud/stock", "2026-06-01", erp_page("inventorys", level("A", 1, 30)),
    )  # fmt: skip


def land_what_is_late(shelf: Shelf) -> None:
    """States that split and merged orders had before, and an answer that failed."""
    shelf.land(
        "jushuitan/orders/orders",
        "2026-06-03",
        erp_page(
            "orders",
            erp_order(1, "Delivering", modified="2026-06-01 12:00:00"),
            erp_order(4, "Delivering", modified="2026-06-01 12:00:00"),
        ),
    )
    shelf.land("jushuitan/orders/orders", "2026-06-03", {"code": 100, "msg": "sign error"})


def rows(warehouse, query: str) -> list[tuple]:
    return warehouse.sql(query).fetchall()


def test_the_sample_of_an_order_is_staged_as_documented(warehouse):
    assert rows(
        warehouse,
        "select order_id, order_line_id, so_id, outer_oi_id, merchant_code, platform_sku_id, qty, "
        "gross_amount, paid_amount, order_kind, lifecycle, is_gift, is_erp_gift, warehouse_code, "
        "created_at, paid_at, shipped_at from stg_jushuitan__order_lines where shop_id = 'sample' "
        "order by order_line_id",
    ) == [
        (
            *("jushuitan:sample:12345:6937000000000000001", f"jushuitan:sample:5550001:{oi_id}"),
            *("6937000000000000001", outer, sku, shop_sku, 1.0, Decimal(gross), Decimal(paid)),
            *(kind, "shipped", is_gift, False, "10001"),
            *(beijing(f"2025-10-{at}") for at in ("15 20:03:11", "20 20:01:45", "21 11:20:00")),
        )
        for oi_id, outer, sku, shop_sku, gross, paid, kind, is_gift in (
            (9001, "6937000000000000011", "NF-A3-800", "1700000000000001", "348.00", "288.00",
             "presale", False),
            (9002, "6937000000000000012", "GIFT-CUP", None, "39.00", "0.00", "sale", True),
        )
    ]  # fmt: skip


def test_the_sample_of_stock_is_a_total_of_no_warehouse(warehouse):
    assert rows(
        warehouse,
        "select snapshot_date, sku_code, warehouse_code, on_hand, reserved, in_transit_po, "
        "in_transit_transfer, return_in_transit, defective from stg_jushuitan__stock "
        "where shop_id = 'sample'",
    ) == [(date(2025, 11, 11), "NF-A2-800", None, 1250.0, 310.0, 2400.0, 0.0, 6.0, 3.0)]


def test_the_sample_of_a_purchase_order_has_half_of_it_still_to_come(warehouse):
    assert rows(
        warehouse,
        "select po_id, line_id, sku_code, supplier_id, warehouse_code, ordered_qty, received_qty, "
        "open_qty, unit_cost_amount, ordered_at, confirmed_at, expected_at, status "
        "from stg_jushuitan__purchase_orders where shop_id = 'sample'",
    ) == [
        (
            *("jushuitan:sample:88123", "551", "NF-A2-800", "1201", "10001"),
            *(2400.0, 1200.0, 1200.0, Decimal("151.00")),
            *(beijing("2025-10-22 10:11:00"), beijing("2025-10-22 15:00:00")),
            *(beijing("2025-11-05 00:00:00"), "Confirmed"),
        )
    ]


def test_an_answer_that_failed_with_http_200_is_refused_with_its_code_and_message(reports):
    report = reports["jushuitan.orders"]
    told = " ".join((*report.messages, *report.quarantine_reasons))
    assert "100" in told
    assert "sign error" in told


def test_a_purchase_order_without_a_status_is_named_for_nobody_knows_what_is_to_come(tmp_path):
    order = {"po_id": 7, "po_date": "2025-10-22 10:11:00", "supplier_id": 1201}
    order["items"] = [{"poi_id": 1, "sku_id": "A", "qty": 100}]
    shop = Shop(tmp_path, "jushuitan", "erp")
    answer = json.dumps({"code": 0, "data": {"datas": [order]}})
    shop.put("purchase_orders", "a.json", answer, "2025-11-12")
    report = shop.load("purchase_orders")
    assert (report.rows_loaded, report.rows_quarantined) == (0, 1)
    assert "status is required and empty" in report.messages[0]


def test_trap_15_of_a_parent_and_its_children_only_one_is_counted(warehouse):
    lines = rows(
        warehouse,
        "select erp_order_id, so_id, qty from stg_jushuitan__order_lines "
        "where shop_id = 'orders' and so_id in ('P1', 'P4', 'P5') order by all",
    )
    assert lines == [
        ("jushuitan:orders:2", "P1", 2.0),
        ("jushuitan:orders:3", "P1", 1.0),
        ("jushuitan:orders:5", "P4", 1.0),
        ("jushuitan:orders:5", "P5", 1.0),
    ]


def test_an_older_state_that_lands_late_brings_no_merged_or_split_order_back(warehouse):
    assert rows(
        warehouse,
        "select status_raw, qty from stg_jushuitan__orders where shop_id = 'orders' "
        "and erp_order_id in ('jushuitan:orders:1', 'jushuitan:orders:4') order by all",
    ) == [("Merged", 1.0), ("Split", 3.0)]


def test_trap_16_erp_orders_that_are_no_sales_say_so(warehouse):
    kinds = rows(
        warehouse,
        "select so_id, order_kind from stg_jushuitan__order_lines "
        "where shop_id = 'orders' and so_id in ('P2', 'P6', 'P7', 'P8', 'P9') order by all",
    )
    assert kinds == [
        *(("P6", "reissue"), ("P7", "exchange")),
        *(("P8", "wholesale"), ("P9", "reissue")),
    ]


def test_trap_17_a_gift_that_the_platform_never_showed_leaves_the_shelf_all_the_same(warehouse):
    assert rows(
        warehouse,
        "select outer_oi_id, is_gift, is_erp_gift, qty, paid_amount "
        "from stg_jushuitan__order_lines where so_id = 'P10' order by is_gift, is_erp_gift",
    ) == [
        ("L10", False, False, 1.0, Decimal("90.00")),
        ("G", True, False, 1.0, Decimal("0.00")),
        (None, True, True, 1.0, Decimal("0.00")),
    ]


@pytest.fixture
def staged_orders(tmp_path):
    """The staged lines of ERP orders that land together: chosen columns of each."""

    def stage(*orders, columns):
        shop = Shop(tmp_path, "jushuitan", "erp")
        content = json.dumps(erp_page("orders", *orders))
        shop.put("orders", "page.json", content, "2026-06-02")
        shop.load("orders")
        found = shop.staged("orders", "order_line_id", *columns)
        return [tuple(line[column] for column in columns) for line in found]

    return stage


def test_a_buyers_cash_of_0_beside_an_amount_was_not_told(staged_orders):
    items = [
        {"oi_id": 1, "buyer_paid_amount": 0},
        {"oi_id": 2, "buyer_paid_amount": 85.5},
        {"oi_id": 3, "buyer_paid_amount": ""},
        {"oi_id": 4, "buyer_paid_amount": 0, "amount": 0},
    ]
    paid = staged_orders(erp_order(1, items=items), columns=["paid_amount"])
    assert paid == [(Decimal(amount),) for amount in ("90.00", "85.50", "90.00", "0.00")]


def test_the_freight_of_a_merged_order_is_on_one_of_its_platform_orders(staged_orders):
    items = [
        {"oi_id": 1, "raw_so_id": "S1", "is_gift": True, "amount": 0},
        {"oi_id": 2, "raw_so_id": "S2"},
        {"oi_id": 3, "raw_so_id": "S2"},
        {"oi_id": 4, "raw_so_id": "S1"},
    ]
    merged = erp_order(1, order_from="MERGE", is_merge=True, freight=10, items=items)
    freight = staged_orders(merged, columns=["so_id", "freight_amount"])
    assert freight == [("S1", None), ("S2", 10), ("S2", 10), ("S1", None)]


def test_of_a_replaced_item_only_what_took_its_place_is_counted(warehouse):
    query = "select merchant_code from stg_jushuitan__order_lines where so_id = 'P11'"
    assert rows(warehouse, query) == [("B",)]


def test_trap_19_a_code_pointed_elsewhere_keeps_its_meaning_for_older_orders(warehouse):
    def meant(moment: str) -> list:
        return rows(
            warehouse,
            "select sku_code from stg_jushuitan__sku_map where shop_id = 'links' "
            f"and platform_sku_id = 'S' and is_enabled and timestamptz '{moment}+08' >= valid_from "
            f"and timestamptz '{moment}+08' < coalesce(valid_to, timestamptz '2099-01-01')",
        )

    assert meant("2024-01-01 00:00:00") == [("A",)]
    assert meant("2026-06-10 11:59:59") == [("A",)]
    assert meant("2026-06-10 12:00:00") == [("B",)]


def test_trap_25_absence_is_zero_only_where_the_extract_holds_all_there_is(warehouse):
    assert rows(
        warehouse,
        "select snapshot_date, sku_code, on_hand from stg_jushuitan__stock "
        "where shop_id = 'stock' and warehouse_code = '1' order by all",
    ) == [
        (date(2026, 6, 1), "A", 60.0),
        (date(2026, 6, 1), "B", 5.0),
        (date(2026, 6, 2), "A", 58.0),
        (date(2026, 6, 2), "B", 0.0),
        (date(2026, 6, 3), "A", 57.0),
    ]


def test_trap_26_registered_shops_without_orders_are_noticed(complaint):
    # 77977 and the sandbox's three; not the pdd shop, whose orders come through the ERP, nor
    # one that is closed or one that is yet to open
    assert "every_registered_shop_sends_orders" in complaint
    assert "Got 4 results" in complaint, complaint
    assert " ERROR=1 " in complaint, complaint


def test_a_shop_whose_row_of_the_registry_is_written_anew_is_one_shop(tmp_path):
    shop = Shop(tmp_path, "registry", "all")
    header = "shop_platform,shop_code,erp_shop_id\n"
    shop.put("shops", "a.csv", header + "Taobao,A,1\n", "2025-11-11")
    shop.put("shops", "a.csv", header + "taobao,A,2\n", "2025-11-12")
    shop.load("shops")
    assert shop.staged("shops", "platform", "shop_id", "erp_shop_id") == [
        {"platform": "taobao", "shop_id": "A", "erp_shop_id": "2"}
    ]
    assert registered_shops(shop.lake, date(2025, 11, 12)) == {"taobao/A"}


def test_two_shops_under_one_number_of_the_erp_are_named_before_their_orders_count_twice(tmp_path):
    shop = Shop(tmp_path, "registry", "all")
    rows = "shop_platform,shop_code,erp_shop_id\ntaobao,A,1\njd,J,1\njd,K,\ndouyin,D,\n"
    shop.put("shops", "a.csv", rows, "2025-11-11")
    shop.load("shops")
    select = ["stg_registry__shops", "an_erp_shop_is_one_shop", *NO_OTHER_TESTS]
    ensure_lake(shop.lake)
    with pytest.raises(AssertionError, match="Got 1 result"):
        build(shop.lake, tmp_path / "dbt", as_of="2025-11-12", select=select, command="build")


def test_a_state_of_stock_from_the_future_is_named(tmp_path):
    shop = Shop(tmp_path, "jushuitan", "erp")
    rows = [level("A", 1, 5) | {"modified": "2025-11-13 23:59:59"}]
    rows.append(level("B", 1, 5) | {"modified": "2025-12-11 09:00:00"})
    shop.put("stock", "a.json", json.dumps(erp_page("inventorys", *rows)), "2025-11-12")
    report = shop.load("stock")
    assert (report.rows_loaded, report.rows_quarantined) == (1, 1)
    assert "changed_at is from the future" in report.messages[0]


def test_trap_29_platform_held_stock_and_totals_are_told_apart_from_the_warehouses(warehouse):
    stock = rows(
        warehouse,
        "select shop_id, warehouse_code, on_hand from stg_jushuitan__stock "
        "where sku_code = 'A' and snapshot_date = '2026-06-01' and shop_id <> $sandbox "
        "order by all".replace("$sandbox", f"'{SANDBOX}'"),
    )
    assert stock == [("jd cloud", "1", 30.0), ("stock", "1", 60.0), ("stock", "2", 40.0)]


def test_the_sandbox_sends_the_orders_of_all_platforms_but_taobao_and_they_come_back(warehouse):
    assert rows(
        warehouse,
        "select so_id, merchant_code, qty, paid_amount, order_kind, lifecycle, is_erp_gift "
        f"from stg_jushuitan__order_lines where shop_id = '{SANDBOX}' order by all",
    ) == [
        (so_id, sku, qty, Decimal(paid), kind, lifecycle, is_gift)
        for so_id, sku, qty, paid, kind, lifecycle, is_gift in (
            ("douyin-11", "A", 1.0, "90.00", "presale", "shipped", False),
            ("douyin-2", "SET", 1.0, "90.00", "sale", "shipped", False),
            ("douyin-3", "B", 1.0, "90.00", "sale", "shipped", False),
            ("douyin-5", "A", 1.0, "90.00", "sale", "shipped", False),
            ("jd-1", "A", 2.0, "180.00", "sale", "shipped", False),
            ("jd-10", "A", 1.0, "90.00", "sale", "closed", False),
            ("jd-4", "A", 1.0, "90.00", "sale", "shipped", False),
            ("jd-4", "B", 1.0, "90.00", "sale", "shipped", False),
            ("jd-7", "A", 1.0, "90.00", "sale", "shipped", False),
            ("jd-7", "GIFT", 1.0, "0.00", "sale", "shipped", True),
            ("taobao-8", "A", 1.0, "0.00", "reissue", "shipped", False),
        )
    ]
    # behind them: one order merged into another, one split in two
    assert rows(
        warehouse,
        "select status_raw, count(*) from stg_jushuitan__orders "
        f"where shop_id = '{SANDBOX}' and status_raw in ('Merged', 'Split') group by all "
        "order by all",
    ) == [("Merged", 1), ("Split", 2)]


def test_the_sandbox_ships_what_its_shelves_lost(warehouse):
    assert rows(
        warehouse,
        "select so_id, sku_code, bundle_code, qty, warehouse_code "
        f"from stg_jushuitan__outbound where shop_id = '{SANDBOX}' order by all",
    ) == [
        ("douyin-11", "A", None, 1.0, "10001"),
        ("douyin-2", "A", "SET", 1.0, "10001"),
        ("douyin-2", "B", "SET", 1.0, "10001"),
        ("douyin-3", "B", None, 1.0, "10001"),
        ("douyin-5", "A", None, 1.0, "10001"),
        ("jd-1", "A", None, 2.0, "10001"),
        ("jd-4", "A", None, 1.0, "10001"),
        ("jd-4", "B", None, 1.0, "10002"),
        ("jd-7", "A", None, 1.0, "10001"),
        ("taobao-8", "A", None, 1.0, "10001"),
    ]


def test_the_sandbox_tells_every_night_of_stock_and_no_total_is_added(warehouse):
    stock = rows(
        warehouse,
        "select snapshot_date, warehouse_code, on_hand, is_full_extract from stg_jushuitan__stock "
        f"where shop_id = '{SANDBOX}' and on_hand > 0 order by all",
    )
    assert stock == sorted(
        (erp_truth.FIRST + timedelta(days=day), place, float(on_hand - day), True)
        for day in range(5)
        for place, on_hand in (("10001", 60), ("10002", 40))
    )


def test_the_sandbox_receives_purchase_orders_in_parts(warehouse):
    assert rows(
        warehouse,
        "select po_id, sku_code, ordered_qty, received_qty, open_qty, status "
        f"from stg_jushuitan__purchase_orders where shop_id = '{SANDBOX}' order by all",
    ) == [(f"jushuitan:{SANDBOX}:88", "A", qty, qty, 0.0, "Finished") for qty in (6.0, 24.0)]
    assert rows(
        warehouse,
        "select receipt_id, po_id, qty, supplier_id, expires_on from stg_jushuitan__receipts "
        f"where shop_id = '{SANDBOX}' order by all",
    ) == [
        (f"jushuitan:{SANDBOX}:{no}", f"jushuitan:{SANDBOX}:88", qty, "1201", date(2027, 12, 1))
        for no, qty in ((1, 20.0), (2, 4.0), (2, 6.0))
    ]


def test_the_sandbox_knows_what_a_bundle_and_a_link_meant_and_when(warehouse):
    always, change = beijing("2000-01-01 00:00:00"), beijing("2026-06-03 00:00:00")
    assert rows(
        warehouse,
        "select component_sku_code, qty, valid_from, valid_to from stg_jushuitan__bundles "
        f"where shop_id = '{SANDBOX}' and bundle_code = 'SET' order by valid_from, 1",
    ) == [
        ("A", 1.0, always, change),
        ("B", 1.0, always, change),
        ("A", 1.0, change, None),
        ("C", 2.0, change, None),
    ]
    assert rows(
        warehouse,
        "select sku_code, valid_from, valid_to from stg_jushuitan__sku_map "
        f"where shop_id = '{SANDBOX}' and platform_sku_id = 'sku-6' order by valid_from",
    ) == [("B", always, change), ("C", change, None)]


def test_the_sandbox_s_masters_come_back(warehouse):
    assert rows(
        warehouse,
        "select sku_code, stage, launched_on, discontinued_on, is_bundle, unit_cost_amount "
        f"from stg_jushuitan__skus where shop_id = '{SANDBOX}' and sku_code in ('A', 'C') "
        "order by 1",
    ) == [
        ("A", "1段", date(2025, 1, 1), None, False, Decimal("50.00")),
        ("C", "3段", date(2025, 1, 1), date(2026, 6, 4), False, Decimal("50.00")),
    ]
    assert rows(
        warehouse,
        "select supplier_id, sku_code, lead_time_days, pack_size, unit_cost_amount "
        f"from stg_jushuitan__supplier_skus where shop_id = '{SANDBOX}'",
    ) == [("1201", "A", 21.0, 6.0, Decimal("50.00"))]
    assert rows(
        warehouse,
        "select platform, shop_id, erp_shop_id from stg_registry__shops "
        "where shop_id like 's_' and erp_shop_id is not null order by all",
    ) == [("douyin", "s3", "13"), ("jd", "s1", "11"), ("taobao", "s2", "12")]


def test_the_sandbox_s_planners_keep_terms_and_promotions_in_generic_files(warehouse):
    assert rows(
        warehouse,
        "select supplier_id, sku_id, lead_time_days, review_period_days, moq, pack_size "
        "from stg_generic__suppliers order by all",
    ) == [("1201", "A", 21.0, 7.0, 12.0, 6.0), ("1201", None, 21.0, 7.0, None, None)]
    assert rows(
        warehouse, "select promo_id, sku_id, starts_on, discount_rate from stg_generic__promotions"
    ) == [("generic:planning:618-2026", "A", date(2026, 6, 3), 0.2)]


def test_a_sandbox_shop_without_a_puller_comes_back_from_generic_files(warehouse):
    assert rows(
        warehouse,
        "select order_id, merchant_code, warehouse_code, qty, gross_amount, paid_amount, "
        "lifecycle, shipped_at from stg_generic__order_lines",
    ) == [
        (
            *("generic:s4:generic-12", "A", "10001", 2.0, Decimal("100.00"), Decimal("90.00")),
            *("shipped", beijing("2026-06-02 10:00:00")),
        )
    ]
    assert rows(warehouse, "select success_amount, success_at from stg_generic__refunds") == [
        (Decimal("30.00"), beijing("2026-06-04 10:00:00"))
    ]
    assert rows(
        warehouse,
        "select (select count(*) from stg_generic__skus), count(*), sum(on_hand) "
        "from stg_generic__stock",
    ) == [(4, 10, 5.0 * (60 + 40) - 2 * (0 + 1 + 2 + 3 + 4))]
    assert rows(
        warehouse,
        "select ordered_qty, received_qty, received_on from stg_generic__purchase_orders "
        "order by 1",
    ) == [(6.0, 6.0, date(2026, 6, 4)), (24.0, 24.0, date(2026, 6, 4))]


def test_no_name_phone_or_raw_buyer_id_comes_through_the_erp(shelf, warehouse, tmp_path):
    raw = [f"open-{n}" for n in (1, 5, 10, "x")]
    assert scan(shelf.landing, raw[:1]), "the landed files do hold what is looked for"
    for platform in ("jushuitan", "generic", "registry", "quarantine"):
        assert scan(shelf.lake / platform, ["PII-", "1990000", *raw]) == []
    assert rows(warehouse, "select count(distinct buyer_key) > 5 from stg_jushuitan__orders") == [
        (True,)
    ]
    copy = tmp_path / "staged"
    copy.mkdir()
    for (table,) in rows(warehouse, "select table_name from duckdb_tables()"):
        warehouse.sql(f"from {table}").write_parquet(str(copy / f"{table}.parquet"))
    assert scan(copy, ["PII-", "1990000", *raw]) == []
