"""The landing writer: what each pull brings, the same bytes again, and every defect as dialled."""

import gzip
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import polars as pl
import pyarrow.parquet as pq
import pytest
from staged import Shop

from orchestration.landing import SOURCES
from orchestration.sandbox.buckets import buckets_of, groups_of
from orchestration.sandbox.defects import Defects, Fates
from orchestration.sandbox.dialects import Extract, all_extracts
from orchestration.sandbox.landed_file import damaged
from orchestration.sandbox.landing_writer import write_landing

FIRST, LAST = date(2026, 1, 10), date(2026, 3, 31)
BUCKETS = buckets_of(FIRST, LAST, daily_days=20)
CHANGES = """
    select o.*, b.bucket_no, '27685432109' || lpad(order_no::varchar, 8, '0') as id,
        greatest(created_at, case when shipped_at <= b.last_day + 1 then shipped_at
            else created_at end) as modified
    from orders o join buckets b on created_at::date between b.first_day and b.last_day
        or shipped_at::date between b.first_day and b.last_day
"""
ORDERS = Extract(
    platform="taobao",
    dataset="orders",
    query=f"""
        select 'shop ' || shop_no as shop_id, bucket_no, id as record_key, modified as modified_at,
            to_json(struct_pack(tid_str := id, seller_nick := 'shop ' || shop_no,
                is_shipped := modified = shipped_at, modified := modified)) as record
        from ({CHANGES})
    """,
    envelope=('{"trades_sold_increment_get_response":{"trades":{"trade":[', "]}}}"),
    page_size=5,
)
EXPORT = Extract(
    platform="taobao",
    dataset="item_daily",
    query=f"""
        select 'shop ' || shop_no as shop_id, bucket_no, id as record_key, modified as modified_at,
            modified::date || ',' || id || ',"1,234.50",好<奶粉' as record
        from ({CHANGES})
    """,
    header="店铺报表\n统计日期,商品ID,支付金额,商品名称",
    footer_query="select 'shop 1' as shop_id, bucket_no, '合计,-,9.00,-' as line from buckets",
    extension="csv",
)


def truth(orders: int = 400) -> dict[str, pl.DataFrame]:
    start = datetime.combine(FIRST, time(1))
    minutes = [int(n * 80 * 1440 / orders) for n in range(orders)]
    created = [start + timedelta(minutes=m) for m in minutes]
    return {
        "orders": pl.DataFrame(
            {
                "order_no": range(orders),
                "shop_no": ["1" if n % 3 else "2" for n in range(orders)],
                "created_at": created,
                "shipped_at": [m + timedelta(hours=20 + n % 90) for n, m in enumerate(created)],
            }
        )
    }


def land(folder: Path, *extracts: Extract, defects: Defects | None = None, **more) -> Path:
    more = {"truth": truth(), "buckets": BUCKETS, "seed": 1} | more
    write_landing(
        folder / "landing",
        extracts=extracts,
        defects=defects or Defects.none(),
        damage_file=folder / "defects.parquet",
        **more,
    )
    return folder / "landing"


def records(path: Path) -> list[dict]:
    lines = gzip.decompress(path.read_bytes()).decode("utf-8-sig").splitlines()
    pages = [json.loads(line) for line in lines]
    return [r for p in pages for r in p["trades_sold_increment_get_response"]["trades"]["trade"]]


def readable(landing: Path) -> list[tuple[str, str, dict]]:
    """Shop, landed day and record, of every file without harm."""
    return [
        (path.parts[-4], path.parts[-2], record)
        for path in sorted(landing.rglob("*.jsonl.gz"))
        if path.stat().st_size
        for record in records(path)
    ]


def newest(found: list[tuple[str, str, dict]]) -> dict[str, dict]:
    latest: dict[str, dict] = {}
    for _, _, record in found:
        known = latest.get(record["tid_str"], record)
        latest[record["tid_str"]] = max(known, record, key=lambda r: r["modified"])
    return latest


def digest(landing: Path) -> dict[str, str]:
    return {
        path.relative_to(landing).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(landing.rglob("*"))
        if path.is_file()
    }


def test_history_is_pulled_by_the_month_and_the_last_days_by_the_day():
    assert [b.last_day for b in BUCKETS[:3]] == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 11),
    ]
    assert [b.last_day for b in BUCKETS[3:]] == [date(2026, 3, 12 + n) for n in range(20)]
    days = [(b.last_day - b.first_day).days + 1 for b in BUCKETS]
    assert sum(days) == (LAST - FIRST).days + 1
    groups = groups_of(BUCKETS, days=7)
    assert sum(groups, ()) == BUCKETS
    assert [len(group) for group in groups] == [1, 1, 1, 7, 7, 6]


def test_every_bucket_brings_what_changed_in_it_to_the_folder_of_its_last_day(tmp_path):
    found = readable(land(tmp_path, ORDERS))

    shipped = Counter(record["is_shipped"] for _, day, record in found if day == "2026-03-20")
    assert set(shipped) == {True, False}
    for shop, day, record in found:
        assert record["seller_nick"] == shop
        assert record["modified"][:10] <= day
    assert len(newest(found)) == 400


def test_a_page_holds_no_more_than_its_size(tmp_path):
    path = next(land(tmp_path, ORDERS).rglob("*2026-01-31/*.gz"))
    pages = gzip.decompress(path.read_bytes()).decode().splitlines()

    sizes = [page.count("tid_str") for page in pages]
    assert set(sizes[:-1]) == {5}
    assert 1 <= sizes[-1] <= 5


def test_a_large_pull_becomes_several_files(tmp_path, monkeypatch):
    monkeypatch.setattr("orchestration.sandbox.landing_writer.RECORDS_OF_A_FILE", 20)
    landing = land(tmp_path, ORDERS)

    files = sorted(p.name for p in landing.rglob("*shop 1/orders/2026-02-28/*"))
    assert files == [f"orders-20260228-{n:03d}.jsonl.gz" for n in range(1, len(files) + 1)]
    assert len(files) > 3
    assert len(newest(readable(landing))) == 400


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(tmp_path):
    once, again, other = (
        digest(land(tmp_path / name, ORDERS, EXPORT, defects=Defects.heavy(), seed=seed))
        for name, seed in (("once", 5), ("again", 5), ("other", 6))
    )
    assert once == again
    assert once != other


def test_how_many_buckets_are_written_together_changes_no_byte(tmp_path, monkeypatch):
    at_once = digest(land(tmp_path / "once", ORDERS, EXPORT, defects=Defects.heavy()))
    monkeypatch.setattr("orchestration.sandbox.landing_writer.ORDERS_OF_A_GROUP", 10)
    one_by_one = digest(land(tmp_path / "singly", ORDERS, EXPORT, defects=Defects.heavy()))
    assert at_once == one_by_one


def test_a_missing_day_comes_with_the_next_pull_that_ran(tmp_path):
    landing = land(tmp_path, ORDERS, defects=Defects(missing=0.5))
    found = readable(landing)

    days = {path.parts[-2] for path in landing.rglob("*shop 1/orders/*/*.gz")}
    assert len(days) < len(BUCKETS) - 3
    assert str(LAST) in days
    assert newest(found) == newest(readable(land(tmp_path / "whole", ORDERS)))
    once = Counter((shop, day, record["tid_str"]) for shop, day, record in found)
    assert max(once.values()) == 1


def test_an_overlapping_pull_repeats_the_last_hours_of_the_one_before(tmp_path):
    plain = readable(land(tmp_path / "plain", ORDERS))
    overlapping = readable(land(tmp_path / "more", ORDERS, defects=Defects(overlapping=1.0)))

    repeated = Counter(map(repr, overlapping)) - Counter(map(repr, plain))
    assert not Counter(map(repr, plain)) - Counter(map(repr, overlapping))
    assert sum(repeated.values()) > 10
    versions = Counter((r["tid_str"], r["modified"]) for _, _, r in overlapping)
    assert max(versions.values()) == 2
    extra = [found for found in overlapping if repr(found) in repeated]
    for _, day, record in extra:
        before = max(b.last_day for b in BUCKETS if str(b.last_day) < day)
        assert record["modified"][:10] == str(before)
        assert record["modified"][11:] >= "18:00"


def test_a_stale_copy_lands_days_after_the_newer_version(tmp_path):
    landing = land(tmp_path, ORDERS, defects=Defects(stale_copy=1.0))

    late = sorted(landing.rglob("*-late.jsonl.gz"))
    assert late
    for path in late:
        pulled_on = datetime.strptime(path.name[7:15], "%Y%m%d").date()  # noqa: DTZ007
        assert date.fromisoformat(path.parts[-2]) > pulled_on or pulled_on == LAST


def harmed(folder: Path, extract: Extract, **defects: float) -> tuple[Path, list[dict]]:
    landing = land(folder, extract, defects=Defects(**defects))
    return landing, pq.read_table(folder / "defects.parquet").to_pylist()


@pytest.mark.parametrize("kind", ["broken_page", "error_page", "truncated"])
def test_what_an_api_file_lost_is_named_record_by_record(tmp_path, kind):
    landing, rows = harmed(tmp_path, ORDERS, **{kind: 0.5, "recovered": 0.5})

    assert {row["kind"] for row in rows} == {kind}
    assert {row["is_recovered"] for row in rows} == {True, False}
    for name in {row["source_file"] for row in rows}:
        content = (landing / name).read_bytes()
        if kind == "truncated":
            with pytest.raises(EOFError):
                gzip.decompress(content)
            continue
        keys = set(re.findall(r'"tid_str":"(\d+)"', gzip.decompress(content).decode()))
        lost = {row["record_key"] for row in rows if row["source_file"] == name}
        if kind == "error_page":
            assert not lost & keys
        else:
            assert len(lost - keys) >= 1
            assert 1 <= len(lost) <= 5


API = [extract for extract in all_extracts() if extract.envelope is not None]


@pytest.mark.parametrize("extract", API, ids=lambda one: f"{one.platform} {one.dataset}")
def test_every_platform_refuses_a_call_too_many_in_its_own_way(tmp_path, extract):
    declared = SOURCES[extract.platform][extract.dataset]
    fate = Fates(Defects(error_page=1.0), 1).of_file("a", is_export=False, is_packed=True)
    shop = Shop(tmp_path, extract.platform, "s1")
    shop.put(
        extract.dataset, "a.json", damaged(extract, declared, ["{}"], b"", fate).content, f"{LAST}"
    )
    report = shop.load(extract.dataset)
    assert (report.rows_loaded, report.files_unreadable) == (0, 1)
    assert "is the answer of a call that failed" in report.messages[0]


def test_the_first_pull_is_never_lost_for_good(tmp_path):
    days = buckets_of(FIRST, FIRST + timedelta(days=9))
    defects = Defects(truncated=1.0, recovered=0.0)
    land(tmp_path, ORDERS, defects=defects, buckets=days)
    rows = pq.read_table(tmp_path / "defects.parquet").to_pylist()
    kept = {row["source_file"].split("/")[-2] for row in rows if row["is_recovered"]}
    assert kept == {str(FIRST)}
    assert not all(row["is_recovered"] for row in rows)


def test_a_record_is_lost_for_good_only_if_no_file_brings_it_as_new(tmp_path):
    landing, rows = harmed(tmp_path, ORDERS, truncated=0.4, recovered=0.5)
    versions: dict[tuple[str, str], str] = {}
    for path in landing.rglob("*.jsonl.gz"):
        if any(
            row["source_file"].endswith(path.name)
            and row["shop_id"] == path.parts[-4]
            and row["source_file"].split("/")[-2] == path.parts[-2]
            for row in rows
        ):
            continue
        for record in records(path):
            key = (path.parts[-4], record["tid_str"])
            versions[key] = max(versions.get(key, ""), record["modified"])

    assert rows
    for row in rows:
        best = versions.get((row["shop_id"], row["record_key"]), "")
        assert row["is_recovered"] == (best >= str(row["modified_at"]))


def test_a_damaged_month_of_history_is_always_pulled_again(tmp_path):
    _, rows = harmed(tmp_path, ORDERS, truncated=1.0, recovered=0.0)

    months = [row for row in rows if "-202601" in row["source_file"]]
    assert months
    assert all(row["is_recovered"] for row in months)
    assert not all(row["is_recovered"] for row in rows)


def test_a_log_in_page_lands_as_xls_and_excel_damages_only_ids(tmp_path):
    landing, rows = harmed(tmp_path / "html", EXPORT, html=1.0)
    pages = list(landing.rglob("*.xls"))
    assert pages
    assert all(page.read_bytes().startswith(b"<html>") for page in pages)
    assert len(rows) > 400

    landing, rows = harmed(tmp_path / "excel", EXPORT, excel_ids=1.0, recovered=0.0)
    text = next(landing.rglob("*2026-03-31/*.csv")).read_text("utf-8")
    assert "2.76854E+18" in text
    assert '"1,234.50"' in text
    assert "2026-03-31" in text
    assert {row["kind"] for row in rows} == {"excel_ids"}


def test_an_export_may_be_gbk_have_a_mark_and_marked_ids_and_a_total(tmp_path):
    def texts(name: str, **rates) -> list[bytes]:
        landing = land(tmp_path / name, EXPORT, defects=Defects(**rates))
        return [path.read_bytes() for path in sorted(landing.rglob("*.csv"))]

    plain = texts("plain")
    assert not any("合计" in content.decode() for content in plain)
    for one, other in zip(plain, texts("gbk", gbk=1.0), strict=True):
        assert other.decode("gbk") == one.decode()
    assert all(content.startswith(b"\xef\xbb\xbf") for content in texts("bom", bom=1.0))
    totals = texts("total", total_row=1.0)
    assert any(content.decode().endswith("合计,-,9.00,-\n") for content in totals)
    marks = {
        mark
        for content in texts("marks", marked_ids=1.0)
        for mark in re.findall(r',([\'\t]|=")27685432109\d{8}', content.decode())
    }
    assert marks == {"'", "\t", '="'}


def test_a_new_field_is_in_every_record_of_the_file_and_a_new_column_in_every_line(tmp_path):
    defects = Defects(extra_field=1.0, total_row=1.0)
    landing = land(tmp_path, ORDERS, EXPORT, defects=defects)

    assert all("new_risk_level" in record for _, _, record in readable(landing))
    for path in landing.rglob("*.csv"):
        _, header, *lines = path.read_text("utf-8").splitlines()
        assert header.endswith(",新增指标")
        assert all(line.endswith((",1", "合计,-,9.00,-,")) for line in lines)


def test_an_empty_file_and_an_unknown_answer_land_beside_the_good_one(tmp_path):
    landing = land(tmp_path, ORDERS, defects=Defects(empty_file=1.0, unknown_envelope=1.0))

    names = sorted(p.name for p in landing.rglob("*shop 1/orders/2026-03-31/*"))
    assert names == [
        "orders-20260331-001-empty.jsonl.gz",
        "orders-20260331-001-unknown.json",
        "orders-20260331-001.jsonl.gz",
    ]


def test_a_workbook_opens_and_holds_every_cell_as_text(tmp_path):
    workbook = replace(EXPORT, extension="xlsx")
    landing = land(tmp_path, workbook, defects=Defects(total_row=1.0))

    folder = landing / "sandbox/taobao/shop 1/item_daily/2026-03-31"
    sheet = openpyxl.load_workbook(folder / "item_daily-20260331-001.xlsx").active
    first, header, *lines, total = sheet.iter_rows(values_only=True)
    assert first[0] == "店铺报表"
    assert header == ("统计日期", "商品ID", "支付金额", "商品名称")
    assert lines[0][1:] == (lines[0][1], "1,234.50", "好<奶粉")
    assert re.fullmatch(r"\d{19}", lines[0][1])
    assert total[0] == "合计"


def test_without_defects_nothing_is_damaged_and_rates_are_shares(tmp_path):
    land(tmp_path, ORDERS, EXPORT)
    assert pq.read_table(tmp_path / "defects.parquet").num_rows == 0
    assert Defects.none() == Defects()
    with pytest.raises(ValueError, match="share"):
        Defects(gbk=1.2)
    with pytest.raises(ValueError, match="add up"):
        Defects(broken_page=0.6, truncated=0.6)
