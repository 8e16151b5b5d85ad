"""A landing folder and its lake, for tests of what goes through the door."""

import gzip
import json
from datetime import date
from pathlib import Path

import polars as pl

from orchestration.landing.lake import LoadReport, load_range
from orchestration.landing.schema import Column, Dataset

KEY = b"a key of at least sixteen bytes"
DAY = date(2026, 6, 28)

# a platform as odd as the real ones are: 64-bit ids, fen beside yuan, epochs beside Beijing text
ORDERS = Dataset(
    "orders",
    "orders of a platform that exists in tests only",
    (
        Column(
            "order_id", "id", "the order", api="tid_str|tid", required=True, headers=("订单号",)
        ),
        Column("shop_name", "text", "the shop", api="seller"),
        Column("status", "text", "where it stands", api="status", headers=("订单状态",)),
        Column("paid_amount", "money", "paid", "yuan", api="pay.amount", headers=("实付金额",)),
        Column("coupon_amount", "money", "coupon", "yuan", api="coupon", api_unit="fen"),
        Column("created_at", "moment", "placed", api="created", headers=("下单时间",)),
        Column("paid_at", "moment", "paid", api="paid_s", api_unit="epoch_s"),
        Column("done_at", "moment", "done", api="done_ms", api_unit="epoch_ms"),
        Column("due_on", "day", "promised", api="due|due_again"),
        Column("changed_at", "moment", "changed", api="modified", headers=("修改时间",)),
        Column("buyer_id", "id", "who", api="buyer.uid", personal=True, headers=("买家",)),
        Column("union_id", "id", "who", api="buyer.union", personal=True, scope="unionid"),
        Column("coupons", "list", "coupons", api="coupon_list", fields=("type", "info.price")),
        Column(
            "line_id", "id", "the line", api="oid", level="line", required=True, headers=("子单号",)
        ),
        Column("sku_id", "id", "the sku", api="sku|item.sku", level="line", headers=("商家编码",)),
        Column(
            *("qty", "number", "units"),
            api="num",
            level="line",
            required=True,
            above=0,
            headers=("数量",),
        ),
        Column("is_gift", "flag", "a gift", api="gift", level="line"),
        Column(
            *("parts", "list", "parts of a bundle"),
            api="parts.part|parts",
            level="line",
            fields=("code", "n"),
        ),
    ),
    ("order_id",),
    envelopes=("list_response.trades.trade", "detail_response.trade", ""),
    lines="orders.order",
    version="changed_at",
    success=("code", ("0",)),
    shop_marker="shop_name",
)

ITEMS = Dataset(
    "items",
    "items of the same platform, some without SKUs",
    (
        Column("item_id", "id", "the item", api="id", required=True),
        Column("price_amount", "money", "price", "yuan", api="price"),
        Column("sku_id", "id", "the SKU", api="id", level="line"),
    ),
    ("item_id",),
    envelopes=("data.items",),
    lines="skus",
)

DAILY = Dataset(
    "item_daily",
    "an export of the same platform, day by day",
    (
        Column("ds", "day", "the day", required=True, headers=("统计日期",)),
        Column("item_id", "id", "the item", required=True, headers=("商品ID",)),
        Column("visitors", "number", "people", required=True, headers=("访客数", "商品访客数")),
        Column("paid_amount", "money", "paid", "yuan", headers=("支付金额",)),
        Column("refund_rate", "number", "share", "0 to 1", headers=("退款率",)),
    ),
    ("ds", "item_id"),
    version="",
)

ODD = {dataset.name: dataset for dataset in (ORDERS, ITEMS, DAILY)}


def line(oid: object = 11, **more: object) -> dict:
    """A line as the platform writes it."""
    return {"oid": oid, "sku": "A", "num": 2, "gift": False, "title": "undeclared"} | more


def order(tid: object = 1, **more: object) -> dict:
    """An order as the platform writes it, with one line unless others are given."""
    record = {
        "tid": tid,
        "status": "PAID",
        "pay": {"amount": "10.50"},
        "coupon": 500,
        "created": "2026-06-28 20:01:45",
        "paid_s": 1782648105,
        "done_ms": 0,
        "modified": "2026-06-28 20:02:00",
        "buyer": {"uid": "u1", "union": "x1"},
        "receiver_name": "undeclared",
        "orders": {"order": [line()]},
    }
    return record | more


def page(*records: object, **more: object) -> dict:
    """A page of orders in the platform's envelope."""
    return {"code": 0, "list_response": {"trades": {"trade": list(records)}}} | more


def text(*pages: object) -> str:
    """Pages as JSON, one a line."""
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in pages)


class Shop:
    """One landing folder and its lake."""

    def __init__(self, root: Path, platform: str = "odd") -> None:
        self.landing, self.lake = root / "landing", root / "lake"
        self.platform = platform

    def land(
        self,
        content: bytes | str | dict,
        name: str = "a.json",
        dataset: str = "orders",
        day: date = DAY,
        shop_id: str = "shop1",
    ) -> Path:
        folder = self.landing / "acme" / self.platform / shop_id / dataset / str(day)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        if isinstance(content, dict):
            content = text(content)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    def load(
        self, dataset: str = "orders", first: date = date.min, last: date = date.max
    ) -> LoadReport:
        report = load_range(
            self.landing,
            self.lake,
            platform=self.platform,
            dataset=dataset,
            first=first,
            last=last,
            key=KEY,
        )
        assert report.rows_in == report.rows_loaded + report.rows_quarantined + report.rows_known
        return report

    def rows(self, dataset: str = "orders") -> pl.DataFrame:
        folder = self.lake / self.platform / dataset
        rows = pl.read_parquet(folder / "**/*.parquet", hive_partitioning=True)
        return rows.sort("source_file", "source_row", "line_no")

    def quarantine(self, dataset: str = "orders") -> pl.DataFrame:
        folder = self.lake / "quarantine" / self.platform / dataset
        return pl.read_parquet(folder / "**/*.parquet").sort("source_file", "source_row")
