"""Orders of back-office exports: the same lines however they are cut over files, days and loads."""

import json
import random
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import staged
from staged import Shop

from orchestration.landing.lake import ensure_lake

SHOP = "s1"
CREATED = "2025-10-20 10:00:00"
STATES = {
    "taobao": {"paid": "买家已付款，等待卖家发货", "shipped": "卖家已发货，等待买家确认"},
    "jd": {"paid": "等待出库", "shipped": "等待确认收货"},
    "douyin": {"paid": "待发货", "shipped": "已发货"},
    "xiaohongshu": {"paid": "待发货", "shipped": "待收货"},
}
HEADERS = {  # order, line, merchant code, units, price, payment, status, placed, paid
    "taobao": "主订单编号 子订单编号 商家编码 购买数量 商品价格 买家实付金额 订单状态 订单创建时间 "
    "订单付款时间",
    "jd": "订单号 商品名称 商家SKUID 订购数量 京东价 应付金额 订单状态 下单时间 付款确认时间",
    "douyin": "主订单编号 子订单编号 商家编码 商品数量 商品单价 订单应付金额 订单状态 订单提交时间 "
    "支付完成时间",
    "xiaohongshu": "订单号 规格ID 商家编码 SKU件数 商品总价(元) 用户应付金额(元) 订单状态 "
    "订单创建时间 支付时间",
}
COLUMNS = ("platform_order_id", "merchant_code", "qty", "lifecycle")


def export(platform: str, *lines: tuple[int, str, int, str]) -> str:
    """A report of lines: order, merchant code, units and state of each."""
    rows = [
        f"{order},{order}{ord(code)},{code},{qty},10.00,30.00,{STATES[platform][state]},"
        f"{CREATED},{CREATED}"
        for order, code, qty, state in lines
    ]
    return "\n".join([HEADERS[platform].replace(" ", ","), *rows])


def answer(platform: str, *lines: tuple[int, str, int, str], modified: str) -> str:
    """The order of these lines as the platform's API tells it, all of one state."""
    number, _, _, state = lines[0]
    is_shipped, epoch = (
        state == "shipped",
        int(datetime.fromisoformat(f"{modified}+08:00").timestamp()),
    )
    if platform == "taobao":
        orders = [
            {"oid": int(f"{number}{ord(code)}"), "outer_sku_id": code, "num": qty, "price": "10.00"}
            for _, code, qty, _ in lines
        ]
        status = "WAIT_BUYER_CONFIRM_GOODS" if is_shipped else "WAIT_SELLER_SEND_GOODS"
        trade = {"tid": number, "status": status, "created": CREATED, "pay_time": CREATED}
        trade |= {"modified": modified, "seller_flag": 3, "orders": {"order": orders}}
        return json.dumps({"trade_fullinfo_get_response": {"trade": trade}})
    if platform == "jd":
        status = "WAIT_GOODS_RECEIVE_CONFIRM" if is_shipped else "WAIT_SELLER_STOCK_OUT"
        order = {"orderId": str(number), "orderState": status, "orderStartTime": CREATED}
        order |= {
            "modified": modified,
            "xid_buyer": "o*demo",
            "itemInfoList": [
                {"skuId": f"9{ord(code)}", "outerSkuId": code, "itemTotal": str(qty)}
                for _, code, qty, _ in lines
            ],
        }
        found = {"orderInfo": order}
        return json.dumps({"jingdong_pop_order_get_responce": {"orderDetailInfo": found}})
    if platform == "douyin":
        order = {"order_id": str(number), "order_status": 3 if is_shipped else 2}
        order |= {"create_time": 1760925600, "update_time": epoch, "doudian_open_id": "1@#demo"}
        order["sku_order_list"] = [
            {"order_id": f"{number}{ord(code)}", "code": code, "item_num": qty, "room_id": 7}
            for _, code, qty, _ in lines
        ]
        return json.dumps({"code": 10000, "data": {"shop_order_detail": order}})
    order = {"orderId": str(number), "orderStatus": 6 if is_shipped else 4, "userId": "5f00demo"}
    order |= {
        "createdTime": 1760925600000,
        "updateTime": epoch * 1000,
        "skuList": [
            {"skuId": f"{number}{ord(code)}", "erpcode": code, "skuQuantity": qty, "kolId": "k1"}
            for _, code, qty, _ in lines
        ],
    }
    return json.dumps({"success": True, "data": {"orderList": [order]}})


def lines_of(shop: Shop) -> list[tuple]:
    return [tuple(line.values()) for line in shop.staged("order_lines", *COLUMNS)]


@pytest.mark.parametrize("platform", STATES)
def test_the_lines_of_an_order_may_come_in_several_files_of_a_day(tmp_path, platform):
    parts = [export(platform, (1, "A", 1, "paid")), export(platform, (1, "B", 2, "paid"))]
    for name, order in (("a", parts), ("b", parts[::-1])):
        shop = Shop(tmp_path / name, platform, SHOP)
        for number, part in enumerate(order):
            shop.put("orders", f"{number}.csv", part, "2025-10-21")
        shop.load("orders")
        assert lines_of(shop) == [("1", "A", 1.0, "paid"), ("1", "B", 2.0, "paid")]
        numbers = [line["line_no"] for line in shop.staged("order_lines", "line_no")]
        assert len(set(numbers)) == 2


@pytest.mark.parametrize("platform", STATES)
@pytest.mark.parametrize("days", [("2025-10-21", "2025-10-22"), ("2025-10-22", "2025-10-21")])
def test_a_later_export_of_some_lines_leaves_the_others(tmp_path, platform, days):
    files = {
        "2025-10-21": export(platform, (1, "A", 1, "paid"), (1, "B", 2, "paid")),
        "2025-10-22": export(platform, (1, "B", 2, "shipped")),
    }
    shop = Shop(tmp_path, platform, SHOP)
    for day in days:
        shop.put("orders", "a.csv", files[day], day)
        shop.load("orders")
    (a, b) = lines_of(shop)
    assert (a[1], b) == ("A", ("1", "B", 2.0, "shipped"))


def test_an_answer_of_the_api_tells_its_order_whole(tmp_path):
    shop = Shop(tmp_path, "taobao", SHOP)
    shop.put(
        "orders", "a.csv", export("taobao", (1, "A", 1, "paid"), (1, "C", 1, "paid")), "2025-10-21"
    )
    told = answer(
        "taobao", (1, "A", 1, "shipped"), (1, "B", 2, "shipped"), modified="2025-10-21 12:00:00"
    )
    shop.put("orders", "a.json", told, "2025-10-22")
    shop.load("orders")
    assert lines_of(shop) == [("1", "A", 1.0, "shipped"), ("1", "B", 2.0, "shipped")]


@pytest.mark.parametrize("platform", ["taobao", "douyin"])
def test_a_sub_order_in_several_rows_of_a_file_is_one_line_or_no_order(tmp_path, platform):
    """As reports that overlap are put together into one file."""
    lines = [(1, "A", 1, "paid"), (1, "B", 2, "paid"), (2, "A", 1, "paid")]
    overlap = [*lines, (1, "B", 2, "paid"), (2, "A", 1, "shipped")]
    shop = Shop(tmp_path, platform, SHOP)
    shop.put("orders", "a.csv", export(platform, *overlap), "2025-10-21")
    report = shop.load("orders")
    assert (report.rows_loaded, report.rows_quarantined) == (1, 1)
    assert any("line_id stands several times" in message for message in report.messages)
    assert lines_of(shop) == [("1", "A", 1.0, "paid"), ("1", "B", 2.0, "paid")]


class Table:
    """A staging table that is kept from load to load, as dbt keeps it."""

    def __init__(self, lake: Path, model: str) -> None:
        self._lake, self._model, self._loads = lake, model, None
        self._connection = duckdb.connect()
        self._connection.execute("set TimeZone = 'Asia/Shanghai'")

    def build(self, load_no: int) -> None:
        """Build it anew the first time, and then take in what was loaded since."""
        run, name = self._connection.execute, self._model
        query = staged.sql(self._lake, name, "2026-12-31", self._loads)
        run(f"create or replace temp table fresh as {query}")
        if self._loads is None:
            run(f"create table {name} as from fresh")
        run(f"delete from {name} where order_id in (select order_id from fresh)")
        run(f"insert into {name} by name from fresh")
        platform = name.split("__")[0].removeprefix("stg_")
        self._loads = {f"{platform}.orders": load_no}

    def rows(self) -> list[dict]:
        found = self._connection.sql(f"from {self._model} order by all")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def files_of(platform: str, chance: random.Random) -> list[tuple[str, str, str]]:
    """Day, name and content of some files: few orders and lines, so that many tell of the same."""
    files = []
    for number in range(8):
        day = f"2025-10-{chance.randint(21, 23)}"
        lines = [
            (order, code, 1 + (code == "B"), chance.choice(["paid", "shipped"]))
            for order in (1, 2, 3)
            for code in "ABC"
            if chance.random() < 0.4
        ]
        own = [line for line in lines if line[0] == 1]
        if own and number % 3 == 0:
            modified = f"{day} {chance.randint(8, 20):02d}:00:00"
            files.append((day, f"{number}.json", answer(platform, *own, modified=modified)))
        elif lines:
            files.append((day, f"{number}.csv", export(platform, *lines)))
    return files


@pytest.mark.parametrize("platform", STATES)
@pytest.mark.parametrize("seed", range(3))
def test_the_order_and_the_loads_of_exports_decide_nothing(tmp_path, platform, seed):
    chance = random.Random(seed)
    files = files_of(platform, chance)
    at_once = Shop(tmp_path / "once", platform, SHOP)
    for day, name, content in files:
        at_once.put("orders", name, content, day)
    assert at_once.load("orders").rows_quarantined == 0

    one_by_one = Shop(tmp_path / "parts", platform, SHOP)
    ensure_lake(one_by_one.lake)
    table = Table(one_by_one.lake, f"stg_{platform}__order_lines")
    chance.shuffle(files)
    for load_no, (day, name, content) in enumerate(files, start=1):
        one_by_one.put("orders", name, content, day)
        one_by_one.load("orders")
        table.build(load_no)
        assert table.rows() == one_by_one.staged("order_lines")

    told = "* exclude (load_no, source_file)"  # of equal files of a day the first is named
    assert one_by_one.staged("order_lines", told) == at_once.staged("order_lines", told)
