"""A lake in the shape of the staging tables, and the dbt project that reads it: marts by hand."""

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path

import duckdb

import dbt_project
from orchestration.landing.lake import ensure_lake

PROJECT = Path(dbt_project.__file__).parent
PLATFORMS = ("taobao", "jd", "douyin", "xiaohongshu")
LINEAGE = {
    "tenant": "varchar",
    "platform": "varchar",
    "shop_id": "varchar",
    "landed_on": "date",
    "source_file": "varchar",
    "source_row": "bigint",
    "line_no": "bigint",
    "source_version": "timestamptz",
    "row_hash": "varchar",
    "is_full_extract": "boolean",
}


def _columns(**types: str) -> dict[str, str]:
    return {name: kind for kind, names in types.items() for name in names.split()}


_MONEY = "decimal(18,2)"
_LINE = _columns(
    varchar="order_id order_line_id platform shop_id platform_order_id parent_order_id"
    " root_order_id"
    " platform_item_id platform_sku_id merchant_code barcode status_raw lifecycle"
    " main_line_id order_kind channel kol_id room_id buyer_key buyer_key_type union_key"
    " address_key warehouse_code seller_flag components promo_id",
    double="qty",
    bigint="line_no",
    timestamptz="created_at deposit_paid_at paid_at shipped_at finished_at closed_at"
    " ship_due_at source_modified_at",
    boolean="is_forfeited is_gift",
) | dict.fromkeys(
    (
        "gross_amount",
        "seller_discount_amount",
        "platform_discount_amount",
        "channel_discount_amount",
        "paid_amount",
        "order_goods_amount",
        "allocation_base",
        "receivable_amount",
        "freight_amount",
        "deposit_amount",
        "balance_amount",
    ),
    _MONEY,
)
_REFUND = _columns(
    varchar="refund_id order_id order_line_id platform_sku_id merchant_code platform shop_id type"
    " phase status_raw status feed",
    double="qty",
    timestamptz="created_at success_at modified_at",
    boolean="is_goods_back",
) | dict.fromkeys(
    ("requested_amount", "success_amount", "freight_amount", "platform_returned_amount"), _MONEY
)
_LISTING = _columns(
    varchar="platform shop_id platform_item_id platform_sku_id merchant_code barcode components",
    double="platform_stock units_per_pack",
) | {"list_price_amount": _MONEY}


@dataclass(frozen=True)
class Table:
    """A staging table that reads lake rows of its own shape; `key` names the record."""

    model: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    is_incremental: bool = False


TABLES: dict[tuple[str, str], Table] = {
    **{
        (p, "orders"): Table(f"stg_{p}__order_lines", _LINE, ("order_id",), True) for p in PLATFORMS
    },
    **{
        (p, "refunds"): Table(f"stg_{p}__refunds", _REFUND, ("refund_id",), True) for p in PLATFORMS
    },
    ("taobao", "items"): Table(
        "stg_taobao__listings", _LISTING, ("shop_id", "platform_item_id", "platform_sku_id")
    ),
    ("xiaohongshu", "items"): Table(
        "stg_xiaohongshu__listings", _LISTING, ("shop_id", "platform_item_id", "platform_sku_id")
    ),
    ("jushuitan", "orders"): Table(
        "stg_jushuitan__orders",
        _LINE
        | _columns(
            varchar="erp_order_id erp_shop_id so_id outer_oi_id erp_type order_from sku_type"
            " item_status",
            boolean="is_erp_gift",
        ),
        ("erp_order_id",),
        True,
    ),
    ("jushuitan", "outbound"): Table(
        "stg_jushuitan__outbound",
        _columns(
            varchar="outbound_id outbound_line_id platform shop_id erp_shop_id erp_order_id so_id"
            " outer_oi_id sku_code bundle_code warehouse_code status_raw",
            double="qty",
            timestamptz="shipped_at",
            boolean="is_gift",
        ),
        ("outbound_id",),
        True,
    ),
    ("jushuitan", "skus"): Table(
        "stg_jushuitan__skus",
        _columns(
            varchar="platform shop_id sku_code item_code sku_name barcode brand_id category"
            " supplier_id stage",
            double="shelf_life_days",
            boolean="is_bundle",
            date="launched_on discontinued_on",
        )
        | dict.fromkeys(["list_price_amount", "unit_cost_amount"], _MONEY),
        ("shop_id", "sku_code"),
    ),
    ("jushuitan", "bundle"): Table(
        "stg_jushuitan__bundles",
        _columns(
            varchar="platform shop_id bundle_code component_sku_code",
            double="qty",
            timestamptz="valid_from valid_to",
        )
        | {"share_amount": _MONEY},
        ("shop_id", "bundle_code", "component_sku_code", "valid_from"),
    ),
    ("jushuitan", "skumap"): Table(
        "stg_jushuitan__sku_map",
        _columns(
            varchar="platform shop_id erp_shop_id platform_sku_id sku_code",
            boolean="is_enabled",
            timestamptz="valid_from valid_to",
        ),
        ("shop_id", "erp_shop_id", "platform_sku_id", "sku_code", "valid_from"),
    ),
    ("registry", "shops"): Table(
        "stg_registry__shops",
        _columns(
            varchar="platform shop_id shop_name brand_id erp_shop_id default_warehouse_id",
            boolean="has_order_feed",
            date="opened_on closed_on",
        ),
        ("platform", "shop_id"),
    ),
    ("crm", "members"): Table(
        "stg_crm__members",
        _columns(
            varchar="member_key union_key tb_key phone_key platform shop_id level source"
            " born_precision",
            timestamptz="joined_at",
            bigint="baby_no",
            date="born_on due_on",
            boolean="is_birthday_plausible consent_marketing",
        ),
        ("member_key", "baby_no"),
    ),
}


def stub_project(target: Path) -> Path:
    """A copy of the dbt project whose staging tables of TABLES read the lake as it is."""
    ignored = shutil.ignore_patterns("target", "logs", "__pycache__", ".user.yml")
    shutil.copytree(PROJECT, target, ignore=ignored)
    for (platform, dataset), table in TABLES.items():
        stub = target / "models" / "staging" / platform / f"{table.model}.sql"
        stub.write_text(_stub(platform, dataset, table), encoding="utf-8")
    # the detection of brush orders learns; here nothing is suspected
    (target / "models/intermediate/int_brush_orders.py").unlink(missing_ok=True)
    (target / "models/intermediate/int_brush_orders.sql").write_text(
        "select '' as order_id, 0.0 as brush_score, '' as brush_reasons, false as is_suspected\n",
        encoding="utf-8",
    )
    return target


def _stub(platform: str, dataset: str, table: Table) -> str:
    lineage = [c for c in ("source_version", "row_hash", "landed_on", "source_file", "load_no")]
    columns = ", ".join([*table.columns, *lineage])
    if table.is_incremental:
        (key,) = table.key
        config = (
            "{{ config(materialized='incremental', incremental_strategy='delete+insert', "
            f"unique_key='{key}') }}}}\n"
        )
        rows = f"current_records('{platform}', '{dataset}', '{key}', '{key}')"
    else:
        config = ""
        rows = f"current_rows('{platform}', '{dataset}', {list(table.key)})"
    return f"{config}select {columns} from ({{{{ {rows} }}}})\n"


def empty_lake(lake: Path) -> Path:
    """A lake without a row, whose datasets of TABLES have the shape of their staging tables."""
    ensure_lake(lake)
    for (platform, dataset), table in TABLES.items():
        schema = lake / platform / dataset / "load_no=0" / "_schema.parquet"
        schema.parent.mkdir(parents=True, exist_ok=True)
        _write(schema, table.columns | LINEAGE, [])
    return lake


def land(
    lake: Path,
    platform: str,
    dataset: str,
    rows: Iterable[Mapping[str, object]],
    *,
    landed_on: date,
    load_no: int,
    file: str = "",
) -> None:
    """Write one load's rows as landing does: a record's rows share its version and its hash.

    A row may say its `source_version`; else the start of the landed day is it.
    """
    table = TABLES[platform, dataset]
    types = table.columns | LINEAGE
    written = []
    keyed = sorted(rows, key=lambda row: repr([row.get(c) for c in table.key]))
    for _, record in groupby(keyed, key=lambda row: repr([row.get(c) for c in table.key])):
        lines = list(record)
        digest = hashlib.md5(repr([sorted(line.items(), key=str) for line in lines]).encode())
        for line_no, line in enumerate(lines, start=1):
            defaults = {
                "platform": platform,
                "line_no": line_no,
                "source_version": f"{landed_on} 00:00:00+08",
            }
            lineage = {
                "tenant": "demo",
                "landed_on": landed_on,
                "source_file": file or f"{platform}/{dataset}/{landed_on}",
                "row_hash": digest.hexdigest(),
            }
            written.append(defaults | dict(line) | lineage)
    folder = lake / platform / dataset / f"load_no={load_no}"
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{len(list(folder.iterdir())):012d}.parquet", types, written)


def _write(target: Path, types: Mapping[str, str], rows: list[dict[str, object]]) -> None:
    unknown = {name for row in rows for name in row} - set(types)
    if unknown:
        raise ValueError(f"no such columns: {sorted(unknown)}")
    connection = _typing()
    declared = ", ".join(f"{name} {kind}" for name, kind in types.items())
    connection.execute(f"create or replace table landed ({declared})")
    if rows:
        marks = ", ".join("?" * len(types))
        values = [[row.get(name) for name in types] for row in rows]
        connection.executemany(f"insert into landed values ({marks})", values)
    connection.execute(f"copy landed to '{target}' (format parquet)")


@cache
def _typing() -> duckdb.DuckDBPyConnection:
    """One database for all files: opening it costs more than writing them."""
    return duckdb.connect()
