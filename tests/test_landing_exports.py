"""Back-office exports: headers wherever they stand, workbooks, orders over several rows."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import xlsxwriter
from landing_shop import ODD, Shop

from orchestration.landing import SOURCES

PREAMBLE = "某某旗舰店,,,\n统计周期:2026-06-28,,,\n,,,\n\n"
HEADER = "统计日期,商品ID,商品名称,访客数,支付金额,退款率"
ROWS = '2026-06-28,"\t612345678901",某奶粉,"12,480","889,090.50",12.5%\n2026-06-28,\'7,x,3,-,-\n'
LINES = "订单号,子单号,买家,订单状态,商家编码,数量,实付金额,下单时间,修改时间"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    for platform in set(SOURCES) - {"jd"}:
        monkeypatch.delitem(SOURCES, platform)
    monkeypatch.setitem(SOURCES, "odd", ODD)
    return Shop(tmp_path)


def workbook(*rows: list, sheets: tuple[str, ...] = ("数据",)) -> bytes:
    """A workbook whose last sheet has the rows."""
    return workbook_of(dict.fromkeys(sheets[:-1], []) | {sheets[-1]: rows})


def workbook_of(sheets: dict[str, list[list]]) -> bytes:
    """A workbook of sheets with these rows."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, date):
                        style = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
                        sheet.write_datetime(at, column, cell, style)
                    elif cell is not None:
                        sheet.write(at, column, cell)
    return buffer.getvalue()


def packed(*names: str) -> bytes:
    """A zip archive of files of these names, as a back office sends several reports."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, HEADER + "\n" + ROWS)
    return buffer.getvalue()


def with_dimension(content: bytes, dimension: str) -> bytes:
    """The workbook, declaring another dimension than it has."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename.startswith("xl/worksheets/sheet"):
                start, _, rest = data.partition(b'<dimension ref="')
                data = (
                    start
                    + b'<dimension ref="'
                    + dimension.encode()
                    + b'"'
                    + rest.partition(b'"')[2]
                )
            new.writestr(item, data)
    return buffer.getvalue()


BOOK = workbook(
    ["某某旗舰店"],
    ["说明", None, "由平台导出"],
    [],
    ["统计日期", "商品ID", "商品名称", "访客数", "支付金额", "退款率"],
    [date(2026, 6, 28), 612345678901, "某奶粉", 12480, 889090.5, "12.5%"],
    ["2026-06-28", "7", "x", "3", "-", None],
)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + "\n" + ROWS,
        PREAMBLE + HEADER + "\n" + ROWS,
        PREAMBLE.replace(",", "") + HEADER + "\n" + ROWS,
        (PREAMBLE + HEADER + "\n" + ROWS).encode("gbk"),
        "\ufeff" + HEADER.replace(",", "\t,") + "\t\n" + ROWS,
        (HEADER.replace("访客数", "商品访客数") + "\n" + ROWS),
        "基本信息,,,流量,,\n" + HEADER + "\n" + ROWS,
        (HEADER + "\n" + ROWS).replace("\n", ",\n").replace("退款率,", "退款率", 1),
        HEADER + "\n" + ROWS + "合计,-,-,12483,889090.50,-\n",
        HEADER + "\n全国,,,5,5,\n" + ROWS,
        BOOK,
        with_dimension(BOOK, "A1"),
        with_dimension(BOOK, "A1:XFD1048576"),
        workbook(
            ["统计日期", "商品ID", "访客数", "支付金额", "退款率"],
            ["2026-06-28", "612345678901", "12,480", "889,090.50", 0.125],
            ["2026-06-28", "7", 3, "-", "-"],
            ["合计", "-", 12483, 889090.5, "-"],
            sheets=("说明", "数据"),
        ),
    ],
    ids=[
        *("plain", "preamble", "short preamble", "gbk", "tabs in the header", "other name"),
        *("grouped header", "comma at the end", "totals below", "totals above", "xlsx"),
        *("dimension too small", "dimension too large", "second sheet"),
    ],
)
def test_every_shape_of_an_export_gives_the_same_rows(shop, content):
    shop.land(content, "misleading.csv", "item_daily")
    report = shop.load("item_daily")
    assert (report.rows_in, report.rows_loaded, report.files_unreadable) == (2, 2, 0)
    rows = shop.rows("item_daily")
    assert rows["item_id"].to_list() == ["612345678901", "7"]
    assert rows["ds"].to_list() == [date(2026, 6, 28)] * 2
    assert rows["visitors"].to_list() == [12480.0, 3.0]
    assert rows["paid_amount"].to_list() == [Decimal("889090.50"), None]
    assert rows["refund_rate"].to_list() == [0.125, None]


def test_all_sheets_with_the_header_are_read_and_the_others_are_named(shop):
    header = ["订单号", "子单号", "数量", "商家编码"]
    sheets = {
        "说明": [["由平台导出"]],
        "1": [header, ["1", "11", "2", "A"], ["2", "21", "1", "A"]],
        "空": [],
        "2": [["续"], header[::-1], ["B", "1", "22", "2"], ["B", "0", "31", "3"]],
        "对账": [["订单号", "订单号"]],
    }
    shop.land(workbook_of(sheets), "a.xlsx")
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (3, 2, 1)
    rows = shop.rows()
    # an order goes on from one sheet to the next
    assert rows["line_id"].to_list() == ["11", "21", "22"]
    assert rows["source_row"].to_list() == [2, 3, 40_000_003]
    assert rows["line_no"].to_list() == [1, 1, 2]
    assert shop.quarantine()["source_row"].to_list() == [40_000_004]
    told = [message.partition("a.xlsx: ")[2] for message in report.messages]
    assert told[:2] == [
        "sheet '说明' is passed over, it has no header of 'orders'",
        "sheet '对账' is passed over, the column 订单号 is there twice: keep one of them",
    ]
    assert "row 4 of sheet '2': qty must be above 0" in told[2]


def test_rows_are_numbered_as_a_spreadsheet_shows_them(shop):
    shop.land(PREAMBLE + HEADER + "\n" + ROWS, dataset="item_daily")
    shop.load("item_daily")
    assert shop.rows("item_daily")["source_row"].to_list() == [6, 7]


def test_columns_nobody_declared_are_reported_and_their_values_go_nowhere(shop):
    shop.land(HEADER + "\n" + ROWS.replace("x", "PII-name"), dataset="item_daily")
    assert shop.load("item_daily").columns_ignored == ("商品名称",)
    files = [path for path in shop.lake.rglob("*") if path.is_file()]
    assert not any(b"PII-name" in path.read_bytes() for path in files)


def test_totals_are_left_out_whatever_their_row_looks_like(shop):
    totals = "总计,,,1,1,\n,合计,,1,1,\n小计,5\nTOTAL,-,-,1,1,-\n"
    totals += "合计：,合计：,x,1,1,\n,本页 合 计,,1,1,\n总计（2条）,5\nGrand Total:,-,-,1,1,-\n"
    totals += "全店合计,-,x,1,1,\n"
    shop.land(HEADER + "\n" + ROWS + totals, dataset="item_daily")
    report = shop.load("item_daily")
    assert (report.rows_in, report.rows_total_dropped) == (2, 9)


def test_a_row_of_totals_is_no_order(shop):
    """Its label may fill every cell of an id: a merged cell that was taken apart."""
    shop.land(LINES + "\n1,11,u,PAID,A,2,10.50,2026-06-28,2026-06-28\n合计：,合计：,,,,2,10.50,,\n")
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.rows_total_dropped) == (1, 1, 1)


BROKEN = {
    "empty": (b"", "the file is empty: extract it again"),
    "web page": (b"<table><tr><td>\xcd\xb3</td></tr></table>", "export it again as CSV or xlsx"),
    "zip archive": (packed("1.csv", "2.csv"), "a zip archive (2 files): unpack it"),
    "not a workbook": (b"PK\x03\x04rest", "workbook is cut off, damaged or protected"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 rest", "workbook is cut off, damaged"),
    "no header": (
        "a,b\n1,2\n",
        "none of the first 2 rows is a header with the required column ds or 统计日期, "
        "item_id or 商品ID, visitors or 访客数 or 商品访客数 of 'item_daily' (recognised: none)",
    ),
    "column missing": (
        HEADER.replace("访客数", "访客") + "\n" + ROWS,
        "the required column visitors or 访客数 or 商品访客数",
    ),
    "header too late": ("x\n" * 12 + HEADER + "\n" + ROWS, "none of the first"),
    "twice": (HEADER.replace("退款率", "访客数") + "\n" + ROWS, "column 访客数 is there twice"),
    "of another dataset": (
        LINES + "\n1,11,u,PAID,A,2,10.50,2026-06-28,2026-06-28\n",
        "it looks like odd/orders: move it to that folder",
    ),
    "sheet without header": (workbook(["a", "b"], [1, 2]), "none of the first 2 rows"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_export_nobody_can_read_stops_alone_and_says_what_to_do(shop, kind):
    content, advice = BROKEN[kind]
    shop.land(content, "broken.xls", "item_daily")
    shop.land(HEADER + "\n" + ROWS, "sound.csv", "item_daily")
    report = shop.load("item_daily")
    assert (report.files, report.files_unreadable, report.rows_loaded) == (2, 1, 2)
    assert advice in report.messages[0]
    assert report.messages[0].startswith("acme/odd/shop1/item_daily/2026-06-28/broken.xls: ")


def test_a_row_of_another_width_is_quarantined_alone(shop):
    shop.land(
        HEADER + "\n" + ROWS + "2026-06-28,8,一,二,3,4,5,6,7\n2026-06-28,9\n", dataset="item_daily"
    )
    report = shop.load("item_daily")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (4, 2, 2)
    assert shop.quarantine("item_daily")["source_row"].to_list() == [4, 5]
    assert "look for a missing or an unquoted separator" in report.messages[0]


@pytest.mark.parametrize("cell", ["x" * 200_000, '"x\ry"'], ids=["huge", "of two lines"])
def test_a_row_of_another_width_is_quarantined_alone_whatever_its_cells_hold(shop, cell):
    broken = f"2026-06-28,8,{cell},2,3,4,5\n"
    shop.land(HEADER + "\n" + ROWS + broken + "2026-06-28,9,x,1,1,\n", dataset="item_daily")
    report = shop.load("item_daily")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (4, 3, 1)
    assert shop.quarantine("item_daily")["source_row"].to_list() == [4]
    assert "row 4: has 7 fields where the header has 6" in report.messages[0]


@pytest.mark.parametrize(
    "numbers",
    [["6.94E+18"], [6937000000000000001.0], [f"69370{n}0000000000" for n in range(100, 106)]],
    ids=["exponent", "number of a sheet", "zeros throughout"],
)
def test_ids_that_a_spreadsheet_damaged_are_refused(shop, numbers):
    rows = [[date(2026, 6, 28), number, "x", 1, 1, 0] for number in numbers]
    shop.land(workbook(HEADER.split(","), *rows), "a.xlsx", "item_daily")
    report = shop.load("item_daily")
    assert report.rows_quarantined == len(numbers)
    assert "damaged by a spreadsheet" in shop.quarantine("item_daily")["reason"][0]


def lines_of(*rows: str) -> str:
    return "\n".join([LINES, *rows]) + "\n"


def test_the_rows_of_an_order_are_its_lines_wherever_they_stand(shop):
    shop.land(
        lines_of(
            "'1,11,u1,PAID,A,2,10.50,2026-06-28 20:01:45,2026-06-28 20:02:00",
            "2,21,u2,PAID,B,1,5,2026-06-28,2026-06-28 20:02:00",
            '"=""1""",12,,,奶粉,1,,,',
        )
    )
    report = shop.load()
    assert (report.rows_in, report.rows_loaded) == (2, 2)
    rows = shop.rows().sort("order_id", "line_no")
    assert rows["order_id"].to_list() == ["1", "1", "2"]
    assert rows["line_no"].to_list() == [1, 2, 1]
    assert rows["source_row"].to_list() == [2, 4, 3]
    # what the first row says of the order holds for all of its rows
    assert rows["status"].to_list() == ["PAID"] * 3
    assert rows["paid_amount"].to_list() == [Decimal("10.50"), Decimal("10.50"), Decimal("5.00")]
    assert rows["buyer_id"].n_unique() == 2
    assert rows["row_hash"].n_unique() == 2
    assert rows["created_at"][1] == datetime(2026, 6, 28, 12, 1, 45, tzinfo=UTC)


def test_a_merged_cell_says_the_same_of_all_its_rows_and_no_number_twice(shop):
    rows = [
        ["订单号", "子单号", "数量", "商家编码", "实付金额", "订单状态"],
        ["1", "11", 2, "A", 10.5, "PAID"],
        [None, "12", 1, "B", None, None],
        ["2", "21", 1, "A", 3, "PAID"],
    ]
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
        for column in (0, 4, 5):
            sheet.merge_range(1, column, 2, column, rows[1][column])
    shop.land(buffer.getvalue(), "a.xlsx")
    report = shop.load()
    assert (report.rows_loaded, report.rows_quarantined) == (2, 0)
    lines = shop.rows("orders").sort("line_id").select("order_id", "line_id", "qty", "status")
    assert lines.rows() == [
        ("1", "11", 2.0, "PAID"),
        ("1", "12", 1.0, "PAID"),
        ("2", "21", 1.0, "PAID"),
    ]


def test_a_day_that_is_still_to_come_is_no_report(shop):
    rows = "2026-06-29,8,x,1,1,-\n2026-06-30,9,x,1,1,-\n"
    shop.land(HEADER + "\n" + rows, dataset="item_daily")
    report = shop.load("item_daily")
    assert (report.rows_loaded, report.rows_quarantined) == (1, 1)
    assert "ds is from the future" in report.messages[0]


def test_an_order_with_one_broken_row_is_quarantined_whole(shop):
    shop.land(
        lines_of(
            "1,11,u1,PAID,A,2,10.50,2026-06-28,2026-06-28 20:02:00",
            "1,12,u1,PAID,A,0,10.50,2026-06-28,2026-06-28 20:02:00",
            "2,21,u2,PAID,B,1,5,2026-06-28,2026-06-28 20:02:00",
            ",31,u2,PAID,B,1,5,2026-06-28,2026-06-28 20:02:00",
            ",32,u2,PAID,B,1,5,2026-06-28,2026-06-28 20:02:00",
        )
    )
    report = shop.load()
    # a row without its order's number is a record by itself
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (4, 1, 3)
    assert shop.rows()["order_id"].to_list() == ["2"]
    kept = shop.quarantine()
    assert kept["record_id"].to_list() == ["1", "", ""]
    assert kept["field"].to_list() == ["qty", "order_id", "order_id"]


def test_exports_are_in_yuan_and_beijing_time_whatever_the_api_writes(shop):
    header = LINES + ",coupon_amount,paid_at"
    row = "1,11,u1,PAID,A,2,10.50,2026-06-28,2026-06-28 20:02:00,5.00,2026-06-28 20:01:45"
    shop.land(header + "\n" + row + "\n")
    shop.load()
    rows = shop.rows()
    assert rows["coupon_amount"].to_list() == [Decimal("5.00")]
    assert rows["paid_at"].to_list() == [datetime(2026, 6, 28, 12, 1, 45, tzinfo=UTC)]
