"""Where stock lies that the ERP tells only as a total, and which count of it is the last."""

import json
from datetime import date

import pytest
from staged import Shop
from warehouse_run import build

AS_OF = date(2025, 11, 12)


def page(key, *records):
    return json.dumps({"code": 0, "data": {"has_next": False, key: list(records)}})


def stock(sku, warehouse, qty, day, reserved=0):
    """One SKU's count, `warehouse` 0 for the total of all."""
    moment = f"2025-11-{day:02d} 01:00:00"
    record = {"sku_id": sku, "wms_co_id": warehouse, "qty": qty, "order_lock": reserved}
    return record | {"modified": moment}


def order(number, shop, sku, warehouse):
    return {
        "o_id": number,
        "so_id": f"so{number}",
        "shop_id": shop,
        "status": "Sent",
        "type": "普通订单",
        "order_date": "2025-11-10 20:03:11",
        "pay_date": "2025-11-10 20:04:00",
        "modified": "2025-11-11 11:20:02",
        "wms_co_id": warehouse,
        "items": [{"oi_id": number, "sku_id": sku, "qty": 1, "amount": 50, "base_price": 60}],
    }


def purchase(sku, warehouse):
    return {
        "po_id": f"po {sku}",
        "po_date": "2025-11-01 10:00:00",
        "confirm_date": "2025-11-01 15:00:00",
        "modified": "2025-11-01 15:00:00",
        "status": "Confirmed",
        "supplier_id": 1,
        "wms_co_id": warehouse,
        "items": [{"poi_id": 1, "sku_id": sku, "qty": 40, "in_qty": 0}],
    }


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("stock")
    registry = Shop(tmp, "registry", "main")
    registry.put(
        "shops",
        "shops.csv",
        "platform,shop_id,shop_name,erp_shop_id\npinduoduo,p1,P,1\npinduoduo,p2,Q,2\n",
        "2025-11-12",
    )
    registry.load("shops")

    # one warehouse, which orders and purchases name, and once they do not
    one = Shop(tmp, "jushuitan", "one")
    one.put("stock", "a.json", page("inventorys", stock("ONE", 0, 1250, 11, 310)), "2025-11-12")
    one.put(
        "orders",
        "a.json",
        page("orders", order(1, 1, "ONE", 10001), order(2, 1, "ONE", 0)),
        "2025-11-12",
    )
    purchases = page("datas", purchase("ONE", 10001), purchase("ONE TOO", ""))
    one.put("purchase_orders", "a.json", purchases, "2025-11-12")
    # its warehouse was asked for once, and never again
    one.put("stock", "w.json", page("inventorys", stock("ONCE", 10001, 500, 1)), "2025-11-01")
    for day, qty in ((2, 400), (5, 90), (12, 0)):
        records = page("inventorys", stock("ONCE", 0, qty, day))
        one.put("stock", "t.json", records, f"2025-11-{day:02d}")
    one.load("stock", "orders", "purchase_orders")

    # two warehouses
    two = Shop(tmp, "jushuitan", "two")
    two.put(
        "stock",
        "a.json",
        page(
            "inventorys",
            stock("TWO", 7, 60, 1),
            stock("TWO", 8, 40, 1),
            stock("TWO", 0, 100, 1),
            stock("SOLD", 7, 6, 1),
            stock("SOLD", 8, 4, 1),
            stock("NEW", 0, 70, 1),
            stock("LATER", 0, 30, 1),
            stock("BACK", 7, 0, 1),
        ),
        "2025-11-01",
    )
    two.put(
        "stock",
        "b.json",
        page(
            "inventorys",
            stock("TWO", 0, 11, 9, 3),
            stock("SOLD", 0, 0, 9),
            stock("LATER", 7, 20, 9),
            stock("BACK", 0, 5, 9),
        ),
        "2025-11-09",
    )
    two.put("orders", "a.json", page("orders", order(3, 2, "TWO", 7)), "2025-11-12")
    two.load("stock", "orders")

    select = ["+fct_inventory_position", "+fct_inventory_daily", "+mart_data_issues"]
    with build(one.lake, tmp / "built", as_of=AS_OF, select=select) as connection:
        yield connection


@pytest.fixture
def position(warehouse):
    """unique_id -> (on_hand, reserved, on_order, recent demand) of a SKU, wherever it lies."""

    def read(sku):
        found = warehouse.execute(
            "select unique_id, on_hand, reserved, on_order, last_26w_demand_qty "
            "from fct_inventory_position where sku_id = ? order by all",
            [sku],
        ).fetchall()
        return {unique_id: tuple(numbers) for unique_id, *numbers in found}

    return read


def test_a_total_lies_in_the_one_warehouse_of_the_account_with_its_demand_and_purchases(position):
    assert position("ONE") == {"ONE@10001": (1250, 310, 40, 2)}
    assert position("ONE TOO") == {"ONE TOO@10001": (None, None, 40, 0)}


def test_a_total_that_is_newer_than_the_count_of_the_warehouse_is_the_truth(position, warehouse):
    assert position("ONCE") == {"ONCE@10001": (0, 0, 0, 0)}
    assert warehouse.execute(
        "select ds, on_hand from fct_inventory_daily where sku_id = 'ONCE' order by all"
    ).fetchall() == [
        (date(2025, 11, day), qty) for day, qty in ((1, 500), (2, 400), (5, 90), (12, 0))
    ]


def test_a_newer_total_of_several_warehouses_lies_as_the_last_count_did(position):
    assert position("TWO") == {"TWO@7": (7, 2, 0, 1), "TWO@8": (4, 1, 0, 0)}
    assert position("SOLD") == {"SOLD@7": (0, 0, 0, 0), "SOLD@8": (0, 0, 0, 0)}


def test_a_sku_that_only_a_total_tells_of_does_not_vanish(position):
    assert position("NEW") == {"NEW@main": (70, 0, 0, 0)}
    assert position("BACK") == {"BACK@7": (0, 0, 0, 0), "BACK@main": (5, 0, 0, 0)}


def test_a_count_by_warehouse_takes_the_place_of_an_earlier_total(position):
    assert position("LATER") == {"LATER@7": (20, 0, 0, 0), "LATER@main": (0, 0, 0, 0)}


def test_what_is_not_told_by_warehouse_is_said(warehouse):
    assert warehouse.execute(
        "select platform, shop_id, record_count from mart_data_issues "
        "where issue = 'stock_total_only'"
    ).fetchall() == [("jushuitan", "two", 4)]
    guessed = "select unique_id from fct_inventory_position where is_stock_guessed order by all"
    assert [row for (row,) in warehouse.execute(guessed).fetchall()] == [
        *("BACK@main", "NEW@main", "SOLD@7", "SOLD@8", "TWO@7", "TWO@8")
    ]
