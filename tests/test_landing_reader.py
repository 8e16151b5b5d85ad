"""Files of every shape: what is read, what goes to quarantine, and what each reason says."""

import gzip
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from orchestration.landing import SOURCES
from orchestration.landing.lake import LoadReport, load_day

DAY = date(2026, 6, 28)
KEY = b"a key of at least sixteen bytes"
HEADER = "order_id,line_id,customer_id,sku_id,paid_at,qty,paid_amount,updated_at"
SOUND = "o1,1,u1,A,2026-06-28 20:01:45,2,10.50,2026-06-28 20:02:00"


class Shop:
    """One landing folder and its lake."""

    def __init__(self, root: Path) -> None:
        self.landing, self.lake = root / "landing", root / "lake"

    def land(self, content: bytes | str, name: str = "a.csv", dataset: str = "order_lines") -> Path:
        folder = self.landing / "acme/generic/shop1" / dataset / str(DAY)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self, dataset: str = "order_lines") -> LoadReport:
        return load_day(
            self.landing, self.lake, platform="generic", dataset=dataset, day=DAY, key=KEY
        )

    def rows(self, dataset: str = "order_lines") -> pl.DataFrame:
        return pl.read_parquet(self.lake / "generic" / dataset / "**/*.parquet").sort("source_row")

    def quarantine(self, dataset: str = "order_lines") -> pl.DataFrame:
        return pl.read_parquet(self.lake / "quarantine/generic" / dataset / "**/*.parquet").sort(
            "source_row"
        )


@pytest.fixture
def shop(tmp_path, monkeypatch):
    for platform in set(SOURCES) - {"generic"}:
        monkeypatch.delitem(SOURCES, platform)
    return Shop(tmp_path)


def orders(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


TEXT = orders("o1,1,u1,奶粉,2026-06-28 20:01:45,2,10.50,2026-06-28 20:02:00")


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("gbk"),
        TEXT.encode("utf-16"),
        gzip.compress(TEXT.encode()),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace(HEADER, HEADER.upper().replace(",", " , ")).encode(),
        parquet(pl.read_csv(io.StringIO(TEXT), infer_schema=False)),
        parquet(pl.read_csv(io.StringIO(TEXT), try_parse_dates=True)),
    ],
    ids=[
        "utf-8",
        "bom",
        "gbk",
        "utf-16",
        "gz",
        "tab",
        "semicolon",
        "crlf",
        "header",
        "parquet",
        "typed",
    ],
)
def test_every_accepted_shape_gives_the_same_record(shop, content):
    shop.land(content, name="misleading.xls")
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.files_unreadable) == (1, 1, 0)
    row = shop.rows().row(0, named=True)
    assert row["sku_id"] == "奶粉"
    assert row["paid_amount"] == Decimal("10.50")
    assert row["qty"] == 2.0
    assert row["paid_at"] == datetime(2026, 6, 28, 12, 1, 45, tzinfo=UTC)
    assert row["source_version"] == datetime(2026, 6, 28, 12, 2, tzinfo=UTC)
    assert row["warehouse_id"] == "main"
    assert row["lifecycle"] == "paid"
    assert row["source_row"] == 2


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (gzip.compress(TEXT.encode() * 50)[:60], "cut off"),
        (b"<html><body>please log in</body></html>", "web page"),
        (b"PK\x03\x04rest of a workbook", "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old workbook", "Excel"),
        (b"PAR1 and then nothing", "Parquet"),
        (b"order_id,line_id\n\xff\xff\xff\x80", "neither UTF-8 nor GBK"),
        (TEXT.encode("utf-16")[:-1], "neither UTF-8 nor GBK"),
        (TEXT.replace("paid_amount", "paid").encode(), "required column paid_amount"),
        (TEXT.replace("customer_id", "qty").encode(), "twice"),
        (orders('"o1,1,u1,A', SOUND, SOUND).encode(), "quotation mark"),
        (
            parquet(pl.read_csv(io.StringIO(TEXT)).with_columns(order_id=pl.lit(1.5e15))),
            "floating-point",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unreadable_file_stops_alone_and_says_what_to_do(shop, content, advice):
    shop.land(content, "broken.csv")
    shop.land(orders(SOUND), "sound.csv")
    report = shop.load()
    assert (report.files, report.files_unreadable, report.rows_loaded) == (2, 1, 1)
    kept = shop.quarantine()
    assert kept["field"].to_list() == [""]
    assert advice in kept["reason"][0]
    assert kept["source_file"][0].endswith("broken.csv")
    # it is still broken the next time, and says so
    assert shop.load().files_unreadable == 1


def test_an_unreadable_file_stays_where_it_landed_and_is_never_copied(shop):
    shop.land("snapshot_date,sku_id,phone\n2026-06-28,A,13800000000\n", "b.csv", "stock")
    assert shop.load("stock").files_unreadable == 1
    raw = shop.quarantine("stock")["raw"].to_list()
    assert raw == ['{"file_kept_at": "landing/acme/generic/shop1/stock/2026-06-28/b.csv"}']
    assert not any(b"13800000000" in p.read_bytes() for p in shop.lake.rglob("*") if p.is_file())


def test_rows_of_totals_are_left_out_and_counted(shop):
    shop.land(orders(SOUND, row_with(order_id="合计"), "Total,,,,,3,31.50,", "总计,31.50"))
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (1, 1, 0)
    assert report.rows_total_dropped == 3


def row_with(**changes: str) -> str:
    cells = dict(zip(HEADER.split(","), SOUND.split(","), strict=True)) | changes
    return ",".join(cells.values())


@pytest.mark.parametrize(
    ("changes", "field", "advice"),
    [
        ({"order_id": ""}, "order_id", "required"),
        ({"order_id": "1.23E+15"}, "order_id", "spreadsheet"),
        ({"customer_id": "1.23E+15"}, "customer_id", "spreadsheet"),
        ({"paid_at": "-"}, "paid_at", "required"),
        ({"paid_at": "1970-01-01 08:00:00"}, "paid_at", "placeholder"),
        ({"paid_at": "0001-01-01"}, "paid_at", "placeholder"),
        ({"paid_at": "0"}, "paid_at", "placeholder"),
        ({"paid_at": "2026-02-30"}, "paid_at", "not a time"),
        ({"qty": "0"}, "qty", "above 0"),
        ({"qty": "-1"}, "qty", "above 0"),
        ({"qty": "NaN"}, "qty", "finite"),
        ({"qty": "inf"}, "qty", "finite"),
        ({"qty": "1e999"}, "qty", "finite"),
        ({"qty": "两件"}, "qty", "finite"),
        ({"paid_amount": "1.234.50"}, "paid_amount", "1234.50"),
        ({"paid_amount": "-0.01"}, "paid_amount", "at least 0"),
        ({"paid_amount": "99999999999999999.00"}, "paid_amount", "1234.50"),
        ({"updated_at": "yesterday"}, "updated_at", "not a time"),
    ],
    ids=str,
)
def test_a_broken_record_is_kept_with_its_field_and_what_to_do(shop, changes, field, advice):
    shop.land(orders(SOUND, row_with(order_id="o2"), row_with(**{"order_id": "o3"} | changes)))
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (3, 2, 1)
    kept = shop.quarantine().row(0, named=True)
    assert (kept["source_row"], kept["field"]) == (4, field)
    assert advice in kept["reason"]


@pytest.mark.parametrize(
    ("dataset", "content", "field"),
    [
        (
            "promotions",
            "promo_id,sku_id,starts_on,ends_on,discount_rate\np,A,2026-06-02,2026-06-01,0.1\n",
            "ends_on",
        ),
        (
            "promotions",
            "promo_id,sku_id,starts_on,ends_on,discount_rate\np,A,2026-06-01,2026-06-02,20\n",
            "discount_rate",
        ),
        (
            "skus",
            "sku_id,launched_on,discontinued_on\nA,2026-06-02,2026-06-01\n",
            "discontinued_on",
        ),
        ("order_lines", HEADER + ",lifecycle\n" + SOUND + ",lost\n", "lifecycle"),
        ("order_lines", HEADER + ",is_gift\n" + SOUND + ",maybe\n", "is_gift"),
    ],
)
def test_domains_and_rules_between_columns_hold(shop, dataset, content, field):
    shop.land(content, dataset=dataset)
    assert shop.load(dataset).rows_quarantined == 1
    assert shop.quarantine(dataset)["field"].to_list() == [field]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234.50", "1234.50"),
        ("¥9", "9.00"),
        ("0.005", "0.01"),
        ("0.0049", "0.00"),
        ("90071992547409.93", "90071992547409.93"),
        ("2.675", "2.68"),
    ],
)
def test_money_is_exact_and_a_third_decimal_rounds_half_up(shop, text, amount):
    shop.land(orders(row_with(paid_amount=f'"{text}"')))
    shop.load()
    assert shop.rows()["paid_amount"].to_list() == [Decimal(amount)]


@pytest.mark.parametrize(
    "text",
    [
        "2026/6/28 20:01:45",
        "2026-06-28T12:01:45Z",
        "2026-06-28 20:01:45+08:00",
        "2026-06-28T20:01:45.000",
    ],
)
def test_times_are_beijing_time_unless_they_carry_an_offset(shop, text):
    shop.land(orders(row_with(paid_at=text)))
    shop.load()
    assert shop.rows()["paid_at"].to_list() == [datetime(2026, 6, 28, 12, 1, 45, tzinfo=UTC)]


def test_rows_keep_the_numbers_a_spreadsheet_shows(shop):
    shop.land(
        orders(
            row_with(order_id='"two\nlines"', sku_id="A"),
            row_with(order_id="o2"),
            "",
            "o3,1,u1",
            ",,,,,,,",
            row_with(order_id="o4"),
        )
    )
    report = shop.load()
    # an id with a line break is damaged; the blank rows 4 and 6 are no records
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (4, 2, 2)
    assert shop.rows()["source_row"].to_list() == [3, 7]
    assert shop.quarantine()["source_row"].to_list() == [2, 5]
    assert "fields" in shop.quarantine()["reason"][1]


def test_ids_that_lost_their_last_digits_all_over_the_file_are_refused(shop):
    rounded = [f"6937000{n}00000" for n in range(10_000_000, 10_000_006)]
    shop.land(orders(*(row_with(order_id=order) for order in rounded)), "rounded.csv")
    by_chance = [rounded[0], *(f"{n}" for n in range(69370001000000011, 69370001000000016))]
    shop.land(orders(*(row_with(order_id=order) for order in by_chance)), "chance.csv")
    report = shop.load()
    assert (report.rows_loaded, report.rows_quarantined) == (6, 6)
    assert set(shop.quarantine()["source_file"].str.split("/").list.last()) == {"rounded.csv"}


def rows_as(*encodings: str, sku: str = "奶粉") -> bytes:
    """Rows of Chinese SKUs, each in an encoding of its own."""
    rows = (row_with(order_id=f"o{n}", sku_id=sku) for n in range(len(encodings)))
    lines = (row.encode(encoding) for row, encoding in zip(rows, encodings, strict=True))
    return b"\n".join([HEADER.encode(), *lines]) + b"\n"


@pytest.mark.parametrize(
    ("content", "broken"),
    [
        (rows_as("utf-8", "gbk", "utf-8"), [3]),
        (rows_as("utf-8", "gbk"), [3]),
        (b"\xef\xbb\xbf" + rows_as("utf-8", "gbk", "gbk"), [3, 4]),
        (rows_as("utf-8", "utf-8") + row_with(updated_at="粉").encode()[:-1], [4]),
        (b"\xe5\xb0,\n" + rows_as("utf-8", "utf-8"), []),
        (rows_as("gbk", "gbk"), []),
        (rows_as("utf-8", "gbk", "utf-8") + b"o9,\xe5\xb0\n", [3, 5]),
        (rows_as("gbk", "utf-8", "gbk"), [3]),
        (rows_as("gbk", "gbk", "utf-8").rstrip(b"\n"), [4]),
    ],
    ids=[
        *("one", "one of two", "bom", "cut at the end", "above the header", "gbk", "short row"),
        *("one among gbk", "the last among gbk"),
    ],
)
def test_a_row_in_another_encoding_is_quarantined_and_the_others_are_read(shop, content, broken):
    shop.land(content)
    report = shop.load()
    assert (report.rows_quarantined, report.files_unreadable) == (len(broken), 0)
    assert set(shop.rows()["sku_id"]) == {"奶粉"}
    if broken:
        kept = shop.quarantine()
        assert kept["source_row"].to_list() == broken
        assert "row 3: " in report.messages[0] or "row 4: " in report.messages[0]
        assert "not in the encoding of the file" in kept["reason"][0]


def test_a_gbk_export_is_read_though_most_of_its_rows_might_be_utf_8(shop):
    # these two characters are two bytes each in GBK, and in UTF-8 two of Latin or Greek
    ambiguous = rows_as(*["gbk"] * 5, sku="模恰")
    assert ambiguous.decode()
    shop.land(ambiguous + row_with(order_id="o9", sku_id="奶粉").encode("gbk"))
    assert shop.load().rows_loaded == 6
    assert set(shop.rows()["sku_id"]) == {"模恰", "奶粉"}


def test_a_text_mark_around_an_id_is_taken_off(shop):
    shop.land(
        orders(
            row_with(order_id="'001"), row_with(order_id='"=""002"""'), row_with(order_id="\t003")
        )
    )
    shop.load()
    assert shop.rows()["order_id"].to_list() == ["001", "002", "003"]


def test_contradicting_records_keep_one_whatever_their_order(shop, tmp_path):
    twin = [row_with(qty="1"), row_with(qty="2")]
    shop.land(orders(*twin))
    other = Shop(tmp_path / "other")
    other.land(orders(*reversed(twin)))
    for one in (shop, other):
        report = one.load()
        assert (report.rows_loaded, report.rows_quarantined) == (1, 1)
        assert "contradicts" in one.quarantine()["reason"][0]
    assert shop.rows()["row_hash"].to_list() == other.rows()["row_hash"].to_list()


def test_a_header_without_rows_is_a_file_without_records(shop):
    shop.land(HEADER + "\n")
    report = shop.load()
    assert (report.files, report.rows_in, report.files_unreadable) == (1, 0, 0)
