"""Loads: all of it or nothing, known files for nothing, and the same lake in any order."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_shop import DAY, KEY, ODD, Shop, line, order, page, text

from orchestration.landing import SOURCES, stage
from orchestration.landing.lake import completed_loads, ensure_lake
from orchestration.landing.ledger import Ledger, LedgerError
from orchestration.landing.privacy import Pseudonymiser

DAYS = [DAY + timedelta(days=n) for n in range(3)]


@pytest.fixture(autouse=True)
def _one_platform(monkeypatch):
    for platform in set(SOURCES):
        monkeypatch.delitem(SOURCES, platform)
    monkeypatch.setitem(SOURCES, "odd", ODD)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def state(shop: Shop) -> tuple[set, set]:
    """Every row with the first day it landed, and every broken record."""
    rows = shop.rows()
    first = rows.group_by("row_hash", "line_id", "qty", "status").agg(pl.col("landed_on").min())
    kept = shop.quarantine().select("landed_on", "field", "value", "reason", "raw", "record_id")
    return set(first.iter_rows()), set(kept.iter_rows())


# few orders, versions and faults, so that repeats, contradictions and broken lines are common
versions = st.sampled_from(["2026-06-28 10:00:00", "2026-06-28 11:00:00", None])
orders = st.builds(
    lambda tid, status, modified, nums: order(
        tid,
        status=status,
        modified=modified,
        orders={"order": [line(n, num=num) for n, num in enumerate(nums)]},
    ),
    st.integers(1, 3),
    st.sampled_from(["A", "B"]),
    versions,
    st.lists(st.integers(0, 2), max_size=2),
)
answers = st.lists(st.lists(orders, max_size=3), min_size=1, max_size=2).map(
    lambda pages: text(*(page(*records) for records in pages))
)
exports = st.lists(
    st.builds(
        lambda tid, oid, num, modified: f"{tid},{oid},u,A,S,{num},1,,{modified or ''}",
        *(st.integers(1, 2), st.integers(1, 2), st.integers(0, 2), versions),
    ),
    max_size=3,
).map(
    lambda rows: "\n".join(
        ["订单号,子单号,买家,订单状态,商家编码,数量,实付金额,下单时间,修改时间", *rows, ""]
    )
)
landed_files = st.tuples(st.sampled_from(DAYS), st.one_of(answers, exports))


@given(st.lists(landed_files, min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order_repetition_and_split_of_files_gives_the_same_lake(landed, random):
    with tempfile.TemporaryDirectory() as folder:
        at_once, split = Shop(Path(folder) / "at_once"), Shop(Path(folder) / "split")
        for number, (day, content) in enumerate(landed):
            at_once.land(content, f"{number}.json", day=day)
        at_once.load()
        shuffled = [*landed, random.choice(landed)]
        random.shuffle(shuffled)
        for number, (day, content) in enumerate(shuffled):
            split.land(content, f"{number}.json.gz", day=day)
            if random.random() < 0.6:
                split.load(first=day, last=day)
        split.load()
        assert state(at_once) == state(split)
        again = split.load()
        assert again.rows_loaded == again.rows_quarantined == 0


def test_a_load_writes_one_part_and_one_ledger_whatever_the_number_of_files(shop):
    for n in range(30):
        shop.land(page(order(n)), f"{n}.json", day=DAY + timedelta(days=n % 3))
    shop.load()
    files = sorted(
        p.relative_to(shop.lake).as_posix()
        for p in shop.lake.rglob("*.parquet")
        if p.stem[0] != "_"
    )
    (part,) = [file for file in files if file.startswith("odd/")]
    assert part.startswith("odd/orders/load_no=1/")
    assert [file for file in files if file.startswith("ledger/")] == ["ledger/odd/orders.parquet"]


def test_loads_are_numbered_and_what_is_complete_is_told(shop):
    ensure_lake(shop.lake)
    assert completed_loads(shop.lake) == {}
    for n in range(2):
        shop.land(page(order(n)), f"{n}.json")
        shop.load()
    shop.load()  # nothing new
    shop.land({"data": {"items": []}}, dataset="items")
    shop.load("items")
    assert completed_loads(shop.lake) == {"odd.orders": 2, "odd.items": 1}
    assert shop.rows().select("order_id", "load_no").rows() == [("0", 1), ("1", 2)]


@pytest.mark.parametrize(
    ("place", "name"),
    [(stage.Stage, "finish"), (stage.Stage, "_keep_faults"), (Ledger, "write")],
    ids=["in a batch", "after a part", "before the ledger"],
)
def test_a_load_cut_off_midway_loses_nothing_and_doubles_nothing(shop, monkeypatch, place, name):
    shop.land(page(order(0)), "0.json")
    shop.load()
    shop.land(page(order(1), order(2, status=[1])), "1.json")
    shop.land("订单号,子单号,数量\n3,31,1\n", "2.csv")
    with monkeypatch.context() as patch:
        calls = []

        def cut_off(*_arguments):
            calls.append(name)
            if len(calls) == (2 if name == "finish" else 1):
                raise KeyboardInterrupt
            return original(*_arguments)

        original = getattr(place, name)
        patch.setattr(place, name, cut_off)
        with pytest.raises(KeyboardInterrupt):
            shop.load()
    assert completed_loads(shop.lake) == {"odd.orders": 1}
    report = shop.load()
    assert (report.rows_loaded, report.rows_quarantined, report.rows_known) == (2, 1, 1)
    assert shop.rows().select("order_id", "load_no").rows() == [("0", 1), ("1", 2), ("3", 2)]
    assert shop.quarantine()["record_id"].to_list() == ["2"]
    left = [p for p in (shop.lake / ".loading").rglob("*") if p.is_file()]
    assert not left
    assert shop.load().rows_known == 4


def test_a_killed_process_leaves_a_lake_that_the_next_load_completes(shop):
    for n in range(40):
        shop.land(text(*(page(order(1000 * n + i)) for i in range(50))), f"{n}.json")
    program = (
        "import os, sys; sys.path[:0] = [os.getcwd(), os.path.join(os.getcwd(), 'tests')]\n"
        "from pathlib import Path\n"
        "from orchestration.landing import SOURCES, batches\n"
        "from orchestration.landing.stage import Stage\n"
        "from landing_shop import ODD, Shop\n"
        "batches.FILES, done, finish = 8, [], Stage.finish\n"
        "def dies(self, prepared):\n"
        "    finish(self, prepared)\n"
        "    done.append(1)\n"
        "    if len(done) == 3:\n"
        "        os.kill(os.getpid(), 9)\n"
        "Stage.finish = dies\n"
        "SOURCES['odd'] = ODD\n"
        f"Shop(Path({str(shop.landing.parent)!r})).load()\n"
    )
    root = Path(__file__).parent.parent
    killed = subprocess.run([sys.executable, "-c", program], cwd=root, check=False)
    assert killed.returncode == -9
    assert any((shop.lake / ".loading").rglob("*.parquet"))
    assert shop.rows().is_empty()
    report = shop.load()
    assert report.rows_loaded == 2000
    assert shop.rows()["order_id"].n_unique() == shop.rows().height == 2000


def test_a_known_file_is_not_opened_again(shop):
    path = shop.land(page(order(1), order(2, status=[1])))
    shop.load()
    found = path.stat()
    path.write_bytes(b"x" * found.st_size)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    report = shop.load()
    assert (report.rows_in, report.rows_known, report.rows_broken_before) == (2, 2, 1)


def test_a_file_that_changed_is_loaded_under_its_old_name(shop):
    shop.land(page(order(1)))
    shop.load()
    shop.land(page(order(1), order(2)))
    report = shop.load()
    assert (report.rows_loaded, report.rows_known) == (1, 1)
    shop.land(page(order(1)))  # and back: its records are known
    report = shop.load()
    assert (report.rows_loaded, report.rows_known) == (0, 1)
    assert sorted(shop.rows()["order_id"].to_list()) == ["1", "2"]


def test_a_file_is_known_by_its_content_under_another_name_but_not_on_another_day(shop):
    shop.land(page(order(1), order(2, status=[1])), "a.json")
    shop.load()
    shop.land(page(order(1), order(2, status=[1])), "b.json")
    report = shop.load()
    assert (report.files, report.rows_in, report.rows_known) == (2, 4, 4)
    assert report.rows_broken_before == 2
    shop.land(page(order(1), order(2, status=[1])), "c.json", day=DAYS[1])
    report = shop.load()
    assert (report.rows_loaded, report.rows_quarantined, report.rows_known) == (0, 1, 5)


def test_two_copies_landed_together_are_one_file(shop):
    for name in ("a.json", "b.json"):
        shop.land(page(order(1), order(2, status=[1])), name)
    report = shop.load()
    assert (report.files, report.rows_in, report.rows_loaded) == (2, 4, 1)
    assert (report.rows_quarantined, report.rows_broken_before) == (1, 1)
    assert shop.quarantine().height == 1


def test_records_of_any_version_are_known_from_an_earlier_load(shop):
    records = [order(n, modified=f"2026-06-{n:02} 10:00:00") for n in range(1, 28)]
    for n, record in enumerate(records):
        shop.land(page(record), f"{n}.json")
        if n % 9 == 0:
            shop.load()
    shop.load()
    shop.land(page(*records, order(99)), "all.json")
    report = shop.load()
    assert (report.rows_loaded, shop.rows().height) == (1, 28)


def test_rows_that_somebody_deleted_are_loaded_again(shop):
    for n in range(2):
        shop.land(page(order(n)), f"{n}.json")
        shop.load()
    shutil.rmtree(shop.lake / "odd/orders/load_no=2")
    assert shop.load().rows_loaded == 1
    assert shop.rows().select("order_id", "load_no").rows() == [("0", 1), ("1", 3)]


def test_a_lost_ledger_stops_the_load_and_leaves_the_rows_alone(shop):
    shop.land(page(order(1)))
    shop.load()
    (shop.lake / "ledger/odd/orders.parquet").unlink()
    with pytest.raises(LedgerError, match="restore it, or remove that folder"):
        shop.load()
    assert shop.rows().height == 1


def test_the_version_that_landed_first_wins_even_if_it_is_loaded_last(shop):
    for day in reversed(DAYS):
        shop.land(page(order(1)), day=day)
        assert shop.load(first=day, last=day).rows_loaded == 1
    assert shop.rows()["landed_on"].min() == DAYS[0]
    later = Shop(shop.landing.parent / "later")
    for day in DAYS:
        later.land(page(order(1)), day=day)
    report = later.load()
    assert (report.rows_loaded, report.rows_known) == (1, 2)


def test_thousands_of_known_files_cost_next_to_nothing(shop):
    content = text(page(order(1, modified="2025-01-01 10:00:00")))
    for day in [date(2025, 1, 1) + timedelta(days=n) for n in range(30)]:
        for n in range(100):
            shop.land(content, f"{n}", day=day)
    shop.load()
    shop.land(page(order(2)), "new.json")
    started = time.process_time()
    assert shop.load().rows_loaded == 1
    assert time.process_time() - started < 0.6


def test_no_two_shops_share_a_pseudonym_unless_its_scope_says_so(shop):
    for shop_id in ("shop1", "shop2"):
        shop.land(page(order(1)), shop_id=shop_id)
    shop.load()
    rows = shop.rows()
    assert rows["buyer_id"].n_unique() == 2
    assert rows["union_id"].n_unique() == 1
    names = Pseudonymiser(KEY, tenant="acme", platform="odd", shop_id="shop1")
    assert rows["buyer_id"][0] == names.pseudonym("u1")
    assert rows["union_id"][0] == names.pseudonym("x1", "unionid")
    assert names.pseudonym("u1") != names.pseudonym("u1", "unionid")


def test_nothing_below_the_lake_holds_what_identifies_a_person(shop):
    secret = {"uid": "PII-uid", "union": "PII-union", "phone": "19900000001"}
    receiver = {"receiver_name": "PII-张三", "receiver_mobile": "19900000002"}
    broken = [
        {"status": {"PII-key": "19900000003"}},
        {"seller": "other shop"},
        {"modified": "2027-01-01 00:00:00"},
        {"orders": {"order": [line(1, num="PII-num-is-declared-not") | {"memo": "PII-memo"}]}},
        {"orders": []},
        {"tid": None},
    ]
    records = [order(n, buyer=secret, **receiver) for n in range(3)]
    records += [order(9, buyer=secret, **receiver) | change for change in broken]
    records[-3]["orders"]["order"][0]["num"] = {"PII-object": "19900000004"}
    shop.land(text(page(*records), {"PII-envelope": receiver}, page({"id": "PII-other"})))
    shop.land('{"PII-cut": "19900000005"', "cut.json")
    header = "订单号,子单号,买家,数量,收件人,手机\n"
    rows = "5,51,PII-buyer,1,PII-name,19900000006\n6,61,PII-buyer,0,PII-name,19900000007\n"
    ragged = "7,71,PII-buyer,1,PII-name\n,,PII-buyer,,PII-name,\n"
    shop.land(header + rows + ragged, "a.csv")
    shop.land("<html>PII-page 19900000008</html>", "b.csv")
    report = shop.load()
    assert report.rows_loaded == 4
    assert report.rows_quarantined == 6 + 2 + 3
    found = [repr(report)]
    for path in shop.lake.rglob("*"):
        if path.suffix == ".parquet":
            found.append(repr(duckdb.sql(f"from '{path}'").fetchall()))
        if path.is_file():
            found.append(path.read_bytes().decode(errors="replace"))
    for marker in ("PII-", "1990000", "张三"):
        assert not [one[max(0, one.find(marker) - 200) :][:400] for one in found if marker in one]
