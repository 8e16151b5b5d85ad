"""The sheet that goes to suppliers: order lines grouped by supplier, one printed page each."""

import pandas as pd
from xlsxwriter.utility import xl_range, xl_range_abs, xl_rowcol_to_cell

from orchestration.outputs.wording import COLUMNS, texts
from orchestration.outputs.workbook_tables import ORDER_COLUMNS, Styles, excel_days, write_text

_PURCHASE_COLUMNS = (
    "sku_id",
    "sku_name",
    "warehouse_id",
    "order_qty",
    "pack_size",
    "unit_cost_amount",
    "order_amount",
    "order_by_date",
    "expected_on",
)
# Excel's own limit.
_MOST_BREAKS = 1023


def write_purchase_orders(sheet, styles: Styles, orders: pd.DataFrame, language: str) -> None:
    """Order lines grouped by supplier, subtotals, one printed page each; quantities follow Plan.

    Lines find theirs in the plan by its number: sorting or filtering the plan changes nothing here.
    `orders` are the rows of the plan sheet, in its order.
    """
    words = texts(language)
    headers = [COLUMNS[name].header(language) for name in _PURCHASE_COLUMNS]
    headers.insert(_PURCHASE_COLUMNS.index("pack_size") + 1, words["packs"])
    headers.append(words["line"])
    for at, width in enumerate((16, 28, 13, 12, 8, 8, 11, 14, 12, 12, 7)):
        sheet.set_column(at, at, width)
    for at, header in enumerate(headers):
        sheet.write_string(0, at, header, styles.header())
    sheet.set_row(0, 22)
    sheet.freeze_panes(1, 2)
    if orders.empty:
        sheet.write_string(1, 0, words["empty"])
    row, breaks = 1, []
    numbers = _plan_range(len(ORDER_COLUMNS), len(orders), words["plan"])
    cells = {
        name: _plan_range(ORDER_COLUMNS.index(name), len(orders), words["plan"])
        for name in ("order_qty", "unit_cost_amount", "order_amount")
    }
    for supplier, lines in _by_supplier(orders):
        title = words["no_supplier"] if not supplier else _supplier_title(lines, supplier)
        band = {"bold": True, "bg_color": "#DDEBF7"}
        for at in range(1, len(headers)):
            sheet.write_blank(row, at, None, styles.of("text", **band))
        write_text(sheet, row, 0, title, lambda more=band, **x: styles.of("text", **more, **x))
        first = row + 1
        days = {name: excel_days(lines[name]).tolist() for name in ("order_by_date", "expected_on")}
        records = lines.assign(**days).to_dict("records")
        for row, (index, line) in enumerate(zip(lines.index, records, strict=True), start=first):
            _write_purchase_line(sheet, styles, row, line, index + 1, numbers, cells)
            sheet.set_row(row, None, None, {"level": 1})
        row += 1
        _write_subtotal(sheet, styles, row, first, lines, words)
        row += 2
        breaks.append(row)
    if breaks:
        sheet.set_h_pagebreaks(breaks[:-1][:_MOST_BREAKS])
        sheet.ignore_errors({"number_stored_as_text": xl_range(1, 0, row, 2)})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)
    # Excel ignores page breaks on a sheet that is fitted to the page: scaled by hand instead.
    sheet.set_print_scale(68)
    sheet.set_margins(left=0.4, right=0.4)
    sheet.set_footer("&C&P / &N")


def _by_supplier(orders: pd.DataFrame):
    """(supplier_id or "", its rows by last day and SKU), the suppliers in id order, none last."""
    key = orders["supplier_id"].fillna("")
    groups = {supplier: lines for supplier, lines in orders.groupby(key, sort=True)}
    if "" in groups:
        groups[""] = groups.pop("")
    for supplier, lines in groups.items():
        yield supplier, lines.sort_values(["order_by_date", "sku_id", "warehouse_id"])


def _supplier_title(lines: pd.DataFrame, supplier: str) -> str:
    name = lines["supplier_name"].dropna()
    return f"{name.iloc[0]} ({supplier})" if len(name) else supplier


def _plan_range(at: int, count: int, plan: str) -> str:
    return f"'{plan}'!{xl_range_abs(1, at, count, at)}"


def _write_purchase_line(
    sheet, styles, row: int, line: dict, number: int, numbers: str, cells: dict[str, str]
) -> None:
    for at, name in enumerate(("sku_id", "sku_name", "warehouse_id")):
        if isinstance(line[name], str):
            write_text(sheet, row, at, line[name], lambda **x: styles.of("text", **x))

    own_number = xl_rowcol_to_cell(row, 10)

    def linked(at: int, name: str, kind: str) -> None:
        value = "" if pd.isna(line[name]) else line[name]
        there = f"INDEX({cells[name]},MATCH({own_number},{numbers},0))"
        sheet.write_formula(row, at, f'=IF({there}="","",{there})', styles.of(kind), value)

    linked(3, "order_qty", "qty")
    sheet.write_number(row, 4, line["pack_size"], styles.of("qty"))
    units, pack = xl_rowcol_to_cell(row, 3), xl_rowcol_to_cell(row, 4)
    packs = line["order_qty"] / line["pack_size"]
    sheet.write_formula(row, 5, f"={units}/{pack}", styles.of("packs"), packs)
    linked(6, "unit_cost_amount", "money")
    linked(7, "order_amount", "money")
    sheet.write_number(row, 8, line["order_by_date"], styles.of("date"))
    sheet.write_number(row, 9, line["expected_on"], styles.of("date"))
    sheet.write_number(row, 10, number, styles.of("qty", font_color="#7F7F7F"))


def _write_subtotal(sheet, styles, row: int, first: int, lines, words: dict[str, str]) -> None:
    """Units and money of a supplier's lines, and how many of them have no known cost."""
    total = {"bold": True, "top": 1}
    for at in range(11):
        sheet.write_blank(row, at, None, styles.of("text", **total))
    sheet.write_string(row, 0, words["subtotal"], styles.of("text", **total))
    units, amounts = (xl_range_abs(first, at, row - 1, at) for at in (3, 7))
    qty = float(lines["order_qty"].sum())
    sheet.write_formula(row, 3, f"=SUM({units})", styles.of("qty", **total), qty)
    known = lines["order_amount"].dropna()
    formula = f'=IF(COUNT({amounts})=0,"",SUM({amounts}))'
    value = float(known.sum()) if len(known) else ""
    sheet.write_formula(row, 7, formula, styles.of("money", **total), value)
    lacking = f"ROWS({amounts})-COUNT({amounts})"
    said = words["without_cost"].format(len(lines) - len(known)) if len(known) < len(lines) else ""
    before, after = words["without_cost"].split("{}")
    formula = f'=IF({lacking}=0,"","{before}"&{lacking}&"{after}")'
    sheet.write_formula(row, 8, formula, styles.of("text", **total), said)
