"""What people and spreadsheets leave in cells: read where it has one meaning, else named."""

from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_shop import ODD, Shop, order, page

from orchestration.landing import SOURCES, tables
from orchestration.landing.records import Shape, judge
from orchestration.landing.stage import in_memory

HEADER = "订单号,订单状态,实付金额,修改时间,子单号,商家编码,数量\n"
ID = "2768543210987654321"
WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setitem(SOURCES, "odd", ODD)
    return Shop(tmp_path)


def row(**cells: str) -> str:
    told = {
        "订单号": ID,
        "订单状态": "paid",
        "实付金额": "10.50",
        "修改时间": "2026-06-28 20:02:00",
    }
    told |= {"子单号": "11", "商家编码": "A", "数量": "2"}
    return HEADER + ",".join(
        f'"{cells.get(name, told[name])}"' for name in HEADER.strip().split(",")
    )


def landed(shop: Shop, **cells: str) -> tuple[pl.DataFrame, list[str]]:
    shop.land(row(**cells), "a.csv")
    report = shop.load()
    return shop.rows() if report.rows_loaded else None, list(report.messages)


@pytest.mark.parametrize(
    "written",
    [
        f"'{ID}",
        f"'{ID}'",
        f"{ID}\t",
        f"\t{ID}\t\t",
        f'=""{ID}""',
        f"\u00a0{ID}\u3000",
        f"\ufeff{ID}",
        "27685432\ufeff10987654321",
        f"\u202a{ID}\u202c",
        f"{ID[:5]}\u200b{ID[5:]}",
        ID.translate(WIDE),
        f"＇{ID}",
        f"'{ID.translate(WIDE)}\t",
    ],
)  # fmt: skip
def test_an_id_is_the_same_whatever_marks_it_came_with(shop, written):
    rows, messages = landed(shop, 订单号=written)
    assert (rows["order_id"].to_list(), messages) == ([ID], [])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("ＮＦ－Ａ２－８００", "NF-A2-800"),
        ("NF-A2-800\u200b", "NF-A2-800"),
        ("NF A2", "NF A2"),
        ("奶粉（２段）", "奶粉（２段）"),
        ("A①", "A①"),
        ("00123", "00123"),
    ],
)
def test_a_merchant_code_stays_as_typed_but_for_its_width(shop, written, code):
    """From an export as from the API, or a line of the one would not be found in the other."""
    rows, _ = landed(shop, 商家编码=written)
    assert rows["sku_id"].to_list() == [code]
    other = page(order(2, orders={"order": [{"oid": 1, "num": 1, "sku": written}]}))
    shop.land(other, "b.json")
    shop.load()
    assert shop.rows()["sku_id"].to_list() == [code, code]


AMOUNTS = {
    "1,234.50": "1234.50",
    "￥1,234.50": "1234.50",
    "¥ 1234.5": "1234.50",
    "-¥1,234.50": "-1234.50",
    "¥-1234.50": "-1234.50",
    "￥－1,234.50": "-1234.50",
    "−12.00": "-12.00",
    "１，２３４．５０": "1234.50",
    "1234.50元": "1234.50",
    "1,234.50 元": "1234.50",
    "\u202d12.00\u202c": "12.00",
    "＋12": "12.00",
    "—": None,
    "——": None,
    "－": None,
}


@pytest.mark.parametrize("written", AMOUNTS)
def test_an_amount_of_one_meaning_is_read(shop, written):
    rows, messages = landed(shop, 实付金额=written)
    amount = AMOUNTS[written]
    assert (rows["paid_amount"].to_list(), messages) == ([amount and Decimal(amount)], [])


@pytest.mark.parametrize(
    "written",
    [
        "12,5",
        "1,23.00",
        "1.234,50",
        "1.2万",
        "(12.00)",
        "$12.00",
        "12-",
        "--12",
        "-¥-12",
        "约12",
        "Ⅻ",
    ],
)
def test_an_amount_of_two_meanings_is_named(shop, written):
    rows, messages = landed(shop, 实付金额=written)
    assert rows is None
    assert "paid_amount is not an amount in yuan: write it like 1234.50" in str(messages)


@pytest.mark.parametrize(
    "cells",
    [
        {"数量": "２"},
        {"数量": "2\u200b"},
        {"修改时间": "２０２６－０６－２８　２０：０２：００"},
        {"修改时间": "2026-06-28\u00a020:02:00"},
        {"修改时间": "2026年06月28日 20:02:00"},
    ],
)
def test_numbers_and_times_are_read_in_full_width(shop, cells):
    rows, messages = landed(shop, **cells)
    assert messages == []
    assert rows["qty"].to_list() == [2.0]
    assert str(rows["changed_at"][0]) == "2026-06-28 12:02:00+00:00"


def test_a_header_is_known_with_what_nobody_sees_in_it(shop):
    shop.land(row().replace("订单号", "\u200b订单号\u202c"), "a.csv")
    assert shop.load().rows_loaded == 1


def read(column: str, written: list[str]) -> list:
    """The values of cells of an export, as they go into the lake."""
    texts = {name: pl.Series([None] * len(written), dtype=pl.String) for name in COLUMNS}
    texts[column] = pl.Series(written, dtype=pl.String)
    cells = pl.DataFrame(texts).with_columns(
        source_row=pl.int_range(pl.len()), first_cell=pl.lit("x"), _file=pl.lit(0, pl.Int64)
    )
    with in_memory() as connection:
        connection.execute(
            "create temp table files as select 0 as _file, now() as _landed_at, 't' as tenant, "
            "'odd' as platform, 's' as shop_id, 'k' as _inner_shop, 'k' as _outer_shop, "
            "'k' as _inner_unionid, 'k' as _outer_unionid"
        )
        tables.make_cells(connection, cells.to_arrow(), ODD["orders"])
        judge(connection, Shape(ODD["orders"], False))
        found = connection.sql(f'select "v_{column}" from record_values order by source_row')
        return [value for (value,) in found.fetchall()]


COLUMNS = ODD["orders"].column_names
SLOW = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
UNSEEN = st.text(st.sampled_from("\u200b\u200e\u202a\u202c\u2060\ufeff"), max_size=2)
EDGE = st.text(st.sampled_from(" \t\u3000\u00a0\u200b\ufeff"), max_size=3)


@st.composite
def dressed(draw, plain: st.SearchStrategy[str], marks: tuple[str, ...] = ("", "'")) -> tuple:
    """A text and the same as a cell may hold it."""
    text = draw(plain)
    at = draw(st.integers(0, len(text)))
    wide = text.translate(WIDE) if draw(st.booleans()) else text
    mark = draw(st.sampled_from(marks))
    return text, draw(EDGE) + mark + wide[:at] + draw(UNSEEN) + wide[at:] + draw(EDGE)


@SLOW
@given(st.lists(dressed(st.from_regex(r"[1-9][0-9]{3,18}", fullmatch=True)), min_size=40))
def test_whatever_an_id_is_dressed_in_it_is_the_same_id(pairs):
    assert read("sku_id", [cell for _, cell in pairs]) == [text for text, _ in pairs]


@SLOW
@given(
    st.lists(
        dressed(
            st.decimals(-99_999_999, 99_999_999, places=2).map(lambda d: f"{d:,}"),
            ("", "'"),
        ),
        min_size=40,
    )
)
def test_whatever_an_amount_is_dressed_in_it_is_the_same_amount(pairs):
    told = [Decimal(text.replace(",", "")) for text, _ in pairs]
    assert read("paid_amount", [cell for _, cell in pairs]) == told


@SLOW
@given(st.lists(st.text("0123456789,.-+¥￥元（）０９，．－ ", max_size=9), min_size=40))
def test_no_text_is_read_as_another_amount_than_its_digits_say(cells):
    narrow = {wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
    for cell, value in zip(cells, read("paid_amount", cells), strict=True):
        if value is not None:
            bare = "".join(c for c in cell.translate(narrow) if c not in "¥￥元 ")
            assert value == Decimal(bare.replace(",", "")).quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert all(len(group) == 3 for group in bare.split(".")[0].split(",")[1:])
