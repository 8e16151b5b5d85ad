"""Files larger than memory should hold go through in pieces, with the same rows as in one."""

import gzip
import io
import tracemalloc

import polars as pl
import pytest
from landing_shop import ODD, Shop, line, order, page, text

from orchestration.landing import SOURCES, content, delimited, documents, parquet, tables

KIB = 1024


@pytest.fixture
def shops(tmp_path, monkeypatch):
    """A shop whose files are read whole, and one whose files are large."""
    for platform in set(SOURCES):
        monkeypatch.delitem(SOURCES, platform)
    monkeypatch.setitem(SOURCES, "odd", ODD)

    def shrink():
        for module in (content, tables):
            monkeypatch.setattr(module, "WHOLE", 24 * KIB)
        monkeypatch.setattr(documents, "PIECE", 24 * KIB)
        for module in (content, documents):
            monkeypatch.setattr(module, "LONGEST", 64 * KIB)
        monkeypatch.setattr(content, "_BLOCK", KIB)
        monkeypatch.setattr(delimited, "_PIECE", 12 * KIB)
        monkeypatch.setattr(parquet, "_ROWS", 40)
        return Shop(tmp_path / "large")

    return Shop(tmp_path / "whole"), shrink


def rows(shop: Shop, dataset: str = "orders") -> pl.DataFrame:
    return shop.rows(dataset).drop("load_no").sort("source_row", "line_no")


ORDERS = [order(n, orders={"order": [line(n), line(n + 1000, num=n % 4)]}) for n in range(300)]
PAGES = text(*(page(*ORDERS[n : n + 5]) for n in range(0, 300, 5)))
HEADER = "订单号,子单号,买家,订单状态,商家编码,数量,实付金额,下单时间,修改时间\n"
LINES = "".join(
    f"{n % 150},{n},u{n % 7},已付款,奶粉{n},{n % 9},10.50,2026-06-28,2026-06-28 20:02:00\n"
    for n in range(600)
)
IN_GBK = (HEADER + LINES).encode("gbk")
DAYS = "统计日期,商品ID,访客数,支付金额\n" + "".join(
    f"2026-06-28,{n},{n},1.00\n" if n % 50 else f"2026-06-28,{n},{n},1.00,,\n合计,,9,9\n"
    for n in range(1, 1600)
)


@pytest.mark.parametrize(
    ("dataset", "landed"),
    [
        ("orders", PAGES.encode()),
        ("orders", gzip.compress(PAGES.encode())),
        ("orders", text(*ORDERS).encode("gbk")),
        ("orders", PAGES.encode("utf-16")),
        ("orders", PAGES.replace("\n", "\r\n").encode()),
        ("orders", (HEADER + LINES).encode()),
        ("orders", gzip.compress((HEADER + LINES).encode("gbk"))),
        ("item_daily", DAYS.encode()),
        ("orders", (HEADER + LINES).encode().replace("奶粉7".encode(), "奶粉7".encode()[1:])),
        ("orders", IN_GBK.replace("已付款,奶粉7".encode("gbk"), "已付款,奶粉7".encode())),
        ("orders", text(*ORDERS).encode("gbk") + text(order(999)).encode()),
    ],
    ids=[
        *("pages", "gz", "gbk", "utf-16", "crlf", "export", "export in gbk and gz", "days"),
        *("broken text", "utf-8 among gbk", "a page of utf-8 among gbk"),
    ],
)
def test_a_large_file_gives_the_same_rows_as_a_small_one(shops, dataset, landed):
    whole, shrink = shops
    whole.land(landed, dataset=dataset)
    at_once = whole.load(dataset)
    large = shrink()
    large.land(landed, dataset=dataset)
    in_pieces = large.load(dataset)
    assert rows(whole, dataset).equals(rows(large, dataset))
    assert at_once.rows_quarantined > 0
    kept = [shop.quarantine(dataset).sort("source_row") for shop in (whole, large)]
    assert kept[0].equals(kept[1])
    counts = [(r.rows_in, r.rows_loaded, r.rows_total_dropped) for r in (at_once, in_pieces)]
    assert counts[0] == counts[1]
    parts = [p for p in (large.lake / "odd" / dataset).rglob("*.parquet") if p.stem != "_schema"]
    assert len(parts) > 1
    assert large.load(dataset).rows_known == in_pieces.rows_in


def test_a_large_parquet_file_gives_all_of_its_rows(shops):
    frame = pl.DataFrame(
        {"ds": ["2026-06-28"] * 200, "item_id": [str(n) for n in range(200)], "visitors": [1] * 200}
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    large = shops[1]()
    large.land(buffer.getvalue(), dataset="item_daily")
    assert large.load("item_daily").rows_loaded == 200
    assert large.rows("item_daily")["source_row"].to_list() == list(range(2, 202))


def test_a_line_that_is_too_long_stops_alone(shops):
    large = shops[1]()
    endless = '{"tid": 1, "title": "' + "x" * 300 * KIB + '"}\n'
    large.land(PAGES + endless + text(page(order(999))))
    report = large.load()
    assert report.files_unreadable == 0
    assert large.rows()["order_id"].to_list().count("999") == 1
    broken = large.quarantine().filter(pl.col("field") == "")
    assert broken["source_row"].to_list() == [61]
    assert "longer than" in broken["reason"][0]
    assert "one response per line" in broken["reason"][0]


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_document_that_is_too_long_is_refused(shops, end):
    large = shops[1]()
    large.land('{"tid": 1, "title": "' + "x" * 300 * KIB + '"}' + end, "one.json")
    large.land("{\n " + '"tid": 1, \n "title": "' + "x" * 300 * KIB + '"\n}' + end, "laid_out.json")
    report = large.load()
    assert report.files_unreadable == 2
    assert all("longer than" in message for message in report.messages)


def test_an_endless_line_is_never_held_whole(shops):
    large = shops[1]()
    endless = "奶粉".encode() * 8_000 * KIB
    large.land(gzip.compress(b'{"tid": "' + endless + b'"}\n', 1), "bomb.json")
    large.land(gzip.compress(b"a,b\n" + endless, 1), "bomb.csv")
    lines = (endless[: 3 * KIB] + b"\n") * 6_000
    header = DAYS.partition("\n")[0].encode() + b"\n"
    large.land(gzip.compress(header + lines, 1), "lines.csv", "item_daily")
    tracemalloc.start()
    report = large.load() + large.load("item_daily")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (report.files_unreadable, report.rows_quarantined) == (2, 6_000)
    assert peak < 24_000 * KIB


def test_a_large_archive_that_is_cut_off_gives_no_row_at_all(shops):
    large = shops[1]()
    large.land(gzip.compress(PAGES.encode(), 0)[:-2000])
    report = large.load()
    assert (report.files_unreadable, report.rows_in) == (1, 0)
    assert large.rows().is_empty()


def test_a_row_that_never_ends_in_a_large_export_is_told(shops):
    large = shops[1]()
    large.land(DAYS + '2026-06-28,"9,9\n' + DAYS, dataset="item_daily")
    report = large.load("item_daily")
    assert report.rows_loaded > 0
    assert any("cannot be told apart" in reason for reason in report.quarantine_reasons)
