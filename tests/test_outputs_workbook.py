"""The workbook, opened again: sheets, numbers, formulas, colours, and no text that runs."""

import datetime as dt
import re

import numpy as np
import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.datetime import to_excel

from ml.columns import INVENTORY_POSITION
from ml.demand.forecaster import FAMILIES
from ml.replenishment.difference import CHANGE_COLUMNS
from ml.replenishment.policy import FALLBACK_MODEL, Policy, plan
from orchestration.outputs.churn_wording import CHURN_COLUMNS
from orchestration.outputs.wording import CODES, COLUMNS, MODELS, TEXTS
from orchestration.outputs.wording_sheets import OVERRIDE_COLUMNS, SHEET_COLUMNS, TRANSFER_COLUMNS
from orchestration.outputs.workbook import write_plan_workbook

AS_OF = dt.date(2025, 6, 8)
SHEETS = {
    "zh": ["总览", "异常", "订货计划", "采购单(按供应商)", "全部商品", "说明"],
    "en": ["Summary", "Exceptions", "Plan", "Orders by supplier", "All SKUs", "Glossary"],
}


def make_plan(language="zh", **changes):
    values = {
        "sku_id": ["0001", "0002", "0003", "0004"],
        "warehouse_id": "main",
        "supplier_id": ["P1", "P2", None, "P1"],
        "supplier_name": ["贝因供应链", "杭州优宝", None, "贝因供应链"],
        "sku_name": "婴儿奶粉",
        "category": "milk",
        "abc_class": "A",
        "on_hand": [2.0, 16.0, 16.0, 100.0],
        "reserved": 0.0,
        "on_order": 0.0,
        "next_expected_on": pd.NaT,
        "stock_snapshot_date": pd.Timestamp(AS_OF),
        "lead_time_days": 14.0,
        "lead_time_sd_days": 0.0,
        "review_period_days": 7.0,
        "moq": 1.0,
        "pack_size": 6.0,
        "unit_cost_amount": [10.0, 20.0, None, 30.0],
        "shelf_life_days": None,
        "discontinued_on": pd.NaT,
        "has_stock_snapshot": True,
        "is_stock_guessed": False,
        "has_supplier_terms": True,
        "last_26w_demand_qty": 182.0,
        **changes,
    }
    frame = pd.DataFrame(values)
    frame["unique_id"] = frame["sku_id"] + "@" + frame["warehouse_id"]
    weeks = np.arange(1, 6)
    cumulative = pd.concat(
        pd.DataFrame({"unique_id": u, "cutoff": pd.Timestamp("2025-06-02"), "periods": weeks})
        for u in frame["unique_id"]
    )
    for name in ("y_hat", "p10", "p50", "p90", "p95"):
        cumulative[name] = 7.0 * cumulative["periods"]
    return plan(
        frame[list(INVENTORY_POSITION.columns)],
        cumulative,
        as_of=AS_OF,
        cutoff=pd.Timestamp("2025-06-02"),
        policy=Policy(unmet_demand="owed"),
        language=language,
    )


def opened(path, **options):
    return openpyxl.load_workbook(path, **options)


def table(sheet):
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_has_its_sheets_headers_and_rows(tmp_path, language):
    path = write_plan_workbook(make_plan(language), tmp_path / "p.xlsx", language=language)
    book = opened(path, data_only=True)
    assert book.sheetnames == SHEETS[language]
    for name in book.sheetnames:
        assert len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\]", name)
    sku, qty = ("商品编码", "建议订货量") if language == "zh" else ("SKU", "Order qty")
    names = SHEETS[language]
    assert [row[sku] for row in table(book[names[1]])] == ["0001", "0003"]
    assert {row[sku]: row[qty] for row in table(book[names[2]])} == {
        "0001": 24,
        "0002": 6,
        "0003": 6,
    }
    assert len(table(book[names[4]])) == 4


@pytest.mark.parametrize("columns", [SHEET_COLUMNS, CHURN_COLUMNS])
def test_no_word_of_a_header_is_wider_than_its_column(columns):
    for column in columns.values():
        assert max(map(len, column.en.split())) < column.width, column.en
        assert len(column.zh) <= column.width, column.zh


def test_the_plan_which_is_read_on_its_first_day_speaks_of_no_tomorrow():
    assert "明天" not in str([TEXTS["zh"], CODES["priority"]["zh"], COLUMNS["priority"]])
    assert "tomorrow" not in str([*TEXTS["en"].values(), CODES["priority"]["en"]])


def test_the_baseline_is_named_for_both_that_it_does():
    """A shop of a few months has no last year."""
    assert MODELS["zh"]["seasonal_naive"] == "去年同期或近期平均"


def test_tables_are_frozen_filtered_coloured_and_typed(tmp_path):
    book = opened(write_plan_workbook(make_plan(), tmp_path / "p.xlsx"))
    for name, frozen in (("异常", "D2"), ("订货计划", "D2"), ("全部商品", "C2")):
        sheet = book[name]
        assert sheet.freeze_panes == frozen
        assert sheet.auto_filter.ref.startswith("A1:")
        rules = [rule for ranged in sheet.conditional_formatting for rule in ranged.rules]
        assert any("到货前会断货" in rule.formula[0] for rule in rules)
    headers = [cell.value for cell in book["订货计划"][1]]
    row = book["订货计划"][2]
    assert row[headers.index("最晚下单日")].number_format == "yyyy-mm-dd"
    assert row[headers.index("最晚下单日")].value == dt.datetime(2025, 6, 9)  # noqa: DTZ001
    assert row[headers.index("进价(元)")].number_format == "#,##0.00"
    assert row[headers.index("服务水平")].number_format == "0.0%"
    assert row[headers.index("商品编码")].data_type == "s"
    assert book["订货计划"].row_dimensions[2].height > 20


def test_an_edited_quantity_moves_the_amount_the_purchase_order_and_the_total(tmp_path):
    path = write_plan_workbook(make_plan(), tmp_path / "p.xlsx")
    formulas, values = opened(path), opened(path, data_only=True)
    headers = [cell.value for cell in formulas["订货计划"][1]]
    amount = headers.index("订货金额(元)")
    assert formulas["订货计划"][2][amount].value == '=IF(H2="","",G2*H2)'
    assert values["订货计划"][2][amount].value == 240
    order = next(row for row in formulas["采购单(按供应商)"].iter_rows() if row[0].value == "0001")
    assert order[10].value == 1
    found = "INDEX('订货计划'!$G$2:$G$4,MATCH(K3,'订货计划'!$AQ$2:$AQ$4,0))"
    assert order[3].value == f'=IF({found}="","",{found})'
    assert [cell.value for cell in formulas["订货计划"]["AQ"]] == ["行号", 1, 2, 3]
    totals = {
        row[0].value: (row[1].value, values["总览"].cell(row[0].row, 2).value)
        for row in formulas["总览"].iter_rows(max_col=2)
    }
    assert totals["订货金额(元)"] == ("=SUM('订货计划'!$I$2:$I$4)", 360)
    assert totals["建议订货件数"] == ("=SUM('订货计划'!$G$2:$G$4)", 36)


def test_suppliers_add_up_and_have_a_chart(tmp_path):
    path = write_plan_workbook(make_plan(), tmp_path / "p.xlsx")
    book, values = opened(path), opened(path, data_only=True)
    rows = list(values["总览"].iter_rows(max_col=4, values_only=True))
    start = next(n for n, row in enumerate(rows) if row[0] == "按供应商")
    assert rows[start + 1 : start + 5] == [
        ("贝因供应链", "P1", 1, 240),
        ("杭州优宝", "P2", 1, 120),
        ("(无供应商)", None, 1, None),
        ("合计", None, 3, 360),
    ]
    assert len(book["总览"]._charts) == 1
    orders = [row[0].value for row in book["采购单(按供应商)"].iter_rows()]
    assert orders.index("贝因供应链 (P1)") < orders.index("杭州优宝 (P2)")
    assert orders.count("小计") == 3
    assert len(book["采购单(按供应商)"].row_breaks.brk) == 2


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_supplier_whose_costs_are_unknown_has_no_amount_of_zero(tmp_path, language):
    costs = {"supplier_id": ["P1", "P1", "P2", "P1"], "unit_cost_amount": [10.0, None, None, 30.0]}
    path = write_plan_workbook(make_plan(language, **costs), tmp_path / "p.xlsx", language=language)
    book, formulas = opened(path, data_only=True), opened(path)
    words, sheet = TEXTS[language], SHEETS[language][3]
    subtotals = [row for row in book[sheet].iter_rows() if row[0].value == words["subtotal"]]
    said = words["without_cost"].format(1)
    assert [(row[3].value, row[7].value, row[8].value) for row in subtotals] == [
        (30, 240, said),
        (6, None, said),
    ]
    at = subtotals[1][7].coordinate
    assert formulas[sheet][at].value == '=IF(COUNT($H$8)=0,"",SUM($H$8))'
    summary = book[SHEETS[language][0]].iter_rows(max_col=4, values_only=True)
    assert {row[1]: row[3] for row in summary if row[1] in ("P1", "P2")} == {"P1": 240, "P2": None}


def test_a_listing_that_nobody_can_order_stands_among_exceptions_and_in_no_order(tmp_path):
    unknown = {
        "sku_id": ["0001", "0002", "taobao:9", "0004"],
        "sku_name": ["婴儿奶粉", "婴儿奶粉", None, "婴儿奶粉"],
        "on_hand": [2.0, 16.0, None, 100.0],
        "stock_snapshot_date": [pd.Timestamp(AS_OF)] * 2 + [pd.NaT, pd.Timestamp(AS_OF)],
        "has_stock_snapshot": [True, True, False, True],
        "lead_time_days": [14.0, 14.0, None, 14.0],
    }
    path = write_plan_workbook(make_plan(**unknown), tmp_path / "p.xlsx")
    book = opened(path, data_only=True)
    (row,) = [row for row in table(book["异常"]) if row["商品编码"] == "taobao:9"]
    assert (row["异常"], row["建议订货量"], row["受限于"]) == ("未对应货号", 0, "未对应货号")
    for name in ("订货计划", "采购单(按供应商)"):
        cells = {cell for row in book[name].iter_rows(values_only=True) for cell in row}
        assert not cells & {"taobao:9", "(无供应商)"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_the_glossary_and_the_advice_say_of_the_plan_is_so(language):
    rows = make_plan(language)
    parts = {"on_hand": 1, "expiring_qty": -1, "reserved": -1, "on_order": 1}
    parts |= {"transfer_in_qty": 1, "transfer_out_qty": -1}
    total = sum(sign * rows[name] for name, sign in parts.items())
    assert np.allclose(rows["inventory_position"], total)
    said = COLUMNS["inventory_position"].meaning(language).lower()
    assert all(COLUMNS[name].header(language).lower() in said for name in parts)
    assert rows["priority"].is_monotonic_increasing
    assert COLUMNS["priority"].header(language).lower() in TEXTS[language]["how_2"]


def test_one_sku_is_picked_from_a_list_and_its_numbers_follow(tmp_path):
    rows = make_plan().iloc[:2]
    weeks = pd.date_range("2025-05-26", periods=3, freq="W-MON")
    ids = ["0001@main", "0003@main"]
    series = [
        pd.DataFrame({"unique_id": u, "ds": weeks, "y": [k, k + 1, k + 2]})
        for k, u in enumerate(ids)
    ]
    history = pd.concat(series)
    forecast = pd.DataFrame({"unique_id": ids, "ds": pd.Timestamp("2025-06-16"), "y_hat": [7.0, 8]})
    stock = pd.DataFrame({"unique_id": ids[:1], "ds": pd.Timestamp(AS_OF)})
    stock = stock.assign(stock_without_qty=2.0, stock_with_qty=26.0)
    path = write_plan_workbook(
        rows, tmp_path / "p.xlsx", history=history, forecast=forecast, projection=stock
    )
    book, values = opened(path), opened(path, data_only=True)
    sheet = values["单品明细"]
    assert sheet["B1"].value == "0001@main"
    assert [sheet.cell(row, 2).value for row in (6, 7, 8)] == [0, 1, 2]
    assert (sheet["C9"].value, sheet["H6"].value, sheet["I6"].value) == (7, 2, 26)
    assert book["单品明细"].row_dimensions[5].height == 30  # two lines of header
    assert len(book["单品明细"]._charts) == 2
    choice = book["单品明细"].data_validations.dataValidation[0]
    assert choice.formula1 == "'明细数据'!$A$2:$A$3"
    assert book["单品明细"]["C9"].value.startswith("=IF(INDEX('明细数据'!")
    assert book["明细数据"].sheet_state == "hidden"


def test_transfers_changes_and_overrides_have_their_sheets(tmp_path):
    moves = pd.DataFrame(columns=list(TRANSFER_COLUMNS))
    changes = pd.DataFrame([["S0", "奶粉", "main", 0, 12, 12, "库存-12"]], columns=CHANGE_COLUMNS)
    line = ["S0", "", "hold", "", "2025-06-30", "小王", "=停产", "applied", "", 1]
    overrides = pd.DataFrame([line], columns=OVERRIDE_COLUMNS)
    path = write_plan_workbook(
        make_plan(), tmp_path / "p.xlsx", transfers=moves, changes=changes, overrides=overrides
    )
    book = opened(path)
    assert book["调拨"]["A2"].value == "没有需要列出的行。"
    assert [cell.value for cell in book["与上期相比"][2]][-2:] == [12, "库存-12"]
    shown = [cell.value for cell in book["人工调整"][2]]
    assert (shown[2], shown[7]) == ("暂停", "已生效")
    assert book["人工调整"]["G2"].quotePrefix


def test_a_demand_history_adds_a_second_chart(tmp_path):
    demand = pd.DataFrame(
        {
            "ds": pd.date_range("2025-05-19", periods=4, freq="W-MON"),
            "y": [5.0, 6.0, 7.0, np.nan],
            "y_hat": [np.nan, np.nan, np.nan, 8.0],
        }
    )
    book = opened(write_plan_workbook(make_plan(), tmp_path / "p.xlsx", demand=demand))
    charts = book["总览"]._charts
    assert len(charts) == 2
    # counted from a first of a month, each month has its mark
    first = to_excel(dt.date(2025, 5, 1))
    assert [chart.x_axis.scaling.min for chart in charts] == [None, first]


def test_text_is_never_run_as_a_formula(tmp_path):
    evil = '=HYPERLINK("http://x","y")'
    rows = make_plan(
        sku_name=evil, supplier_name=["=1+1", "+2", "@SUM(A1)", "-3"], supplier_id="=A1"
    )
    book = opened(write_plan_workbook(rows, tmp_path / "p.xlsx"))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
                    is_ours = cell.data_type == "f" and cell.value.startswith(
                        ("=IF(", "=SUM(", "=SUMPRODUCT(--(", "=D")
                    )
                    assert is_ours or (cell.data_type == "s" and cell.quotePrefix)
    texts = [cell.value for row in book["全部商品"].iter_rows() for cell in row]
    assert evil in texts


def test_the_same_plan_gives_the_same_bytes_and_is_dated_by_its_data(tmp_path):
    rows = make_plan()
    one = write_plan_workbook(rows, tmp_path / "a.xlsx").read_bytes()
    two = write_plan_workbook(rows, tmp_path / "b.xlsx").read_bytes()
    assert one == two
    created = opened(tmp_path / "a.xlsx").properties.created
    assert created.date() == AS_OF
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.xlsx", "b.xlsx"]


@pytest.mark.parametrize("keep", [slice(0, 0), slice(3, 4)])
def test_a_plan_with_nothing_to_order_still_opens(tmp_path, keep):
    book = opened(write_plan_workbook(make_plan().iloc[keep], tmp_path / "p.xlsx"))
    assert book["订货计划"]["A2"].value == "没有需要列出的行。"


def test_a_missing_column_and_an_unknown_language_are_refused(tmp_path):
    with pytest.raises(ValueError, match="doubts"):
        write_plan_workbook(make_plan().drop(columns="doubts"), tmp_path / "p.xlsx")
    with pytest.raises(ValueError, match="no wording in 'fr'"):
        write_plan_workbook(make_plan(), tmp_path / "p.xlsx", language="fr")
    assert list(tmp_path.iterdir()) == []


def test_every_model_that_can_make_a_forecast_has_a_name_planners_know():
    for words in MODELS.values():
        assert {*FAMILIES, "cold_start", FALLBACK_MODEL} <= words.keys()


def test_the_summary_begins_with_why_to_read_the_plan_with_care(tmp_path):
    told = [f"jd/orders: reason {k}" for k in range(10)]
    path = write_plan_workbook(make_plan(), tmp_path / "p.xlsx", notices=told)
    cells = [row[0] for row in opened(path)["总览"].iter_rows(max_col=1)]
    texts = [cell.value for cell in cells]
    assert texts[2].startswith("请先读")
    assert texts[3:11] == [f"· {reason}" for reason in told[:8]]
    assert texts[11] == "另有 2 条，见 read_first.txt。"
    assert cells[3].fill.start_color.rgb == "FFFCE4E4"
    calm = opened(write_plan_workbook(make_plan(), tmp_path / "q.xlsx"))["总览"]
    quiet = [row[0] for row in calm.iter_rows(values_only=True, max_col=1)]
    assert not any("请先读" in str(text) for text in quiet)
    assert texts.index("商品×仓库数") == quiet.index("商品×仓库数") + 10
