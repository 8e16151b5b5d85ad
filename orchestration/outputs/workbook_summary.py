"""The first sheet: the headline numbers, who gets how much, and how to read the rest."""

from collections.abc import Sequence

import pandas as pd
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from ml.replenishment.exceptions import AT_RISK
from orchestration.outputs.wording import EXCEPTIONS, texts
from orchestration.outputs.workbook_tables import ORDER_COLUMNS, Styles, write_text

_CHARTED_SUPPLIERS = 10
_MOST_NOTICES = 8
# what one line of the notices holds, columns 0 to 3 wide
_NOTICE_CHARACTERS = 74


def write_summary(
    book,
    sheet,
    styles: Styles,
    plan: pd.DataFrame,
    orders: pd.DataFrame,
    demand: pd.DataFrame | None,
    language: str,
    notices: Sequence[str] = (),
) -> None:
    """Notices in red, headlines, exceptions by kind, advice, suppliers with a chart, and a demand
    chart if given.

    Totals and supplier amounts are formulas over the plan sheet, so that an edit there shows here.
    """
    words = texts(language)
    sheet.hide_gridlines(2)
    for at, width in enumerate((34, 14, 10, 18, 3)):
        sheet.set_column(at, at, width)
    sheet.write_string(0, 0, words["title"], styles.of("text", bold=True, font_size=18, bottom=0))
    sheet.set_row(0, 30)
    if len(plan):
        as_of = f"{plan['as_of'].max():%Y-%m-%d}"
        sheet.write_string(1, 0, words["as_of"].format(as_of), styles.of("text", bottom=0))
    row = _write_notices(sheet, styles, notices, words)
    row = _write_headlines(sheet, styles, plan, orders, words, row)
    row = _write_exceptions(sheet, styles, plan, row + 1, language)
    sheet.write_string(
        row + 1, 0, words["how"], styles.of("text", bold=True, font_size=12, bottom=0)
    )
    for at in range(1, 5):
        sheet.merge_range(
            row + 1 + at,
            0,
            row + 1 + at,
            3,
            words[f"how_{at}"],
            styles.of("text", text_wrap=True, bottom=0),
        )
        sheet.set_row(row + 1 + at, 18)
    _write_suppliers(book, sheet, styles, orders, row + 7, words)
    if demand is not None and len(demand):
        _write_demand(book, sheet, styles, demand, words)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _write_notices(sheet, styles, notices: Sequence[str], words) -> int:
    """Why to read the plan with care, if there is a reason; returns the row to go on from."""
    if not notices:
        return 3
    shown = [words["notice"], *(f"· {reason}" for reason in notices[:_MOST_NOTICES])]
    if len(notices) > _MOST_NOTICES:
        shown.append(words["more_notices"].format(len(notices) - _MOST_NOTICES))
    style = styles.of("text", text_wrap=True, bg_color="#FCE4E4", font_color="#9C0006", bottom=0)
    for row, text in enumerate(shown, start=2):
        sheet.merge_range(row, 0, row, 3, "", style)
        sheet.write_string(row, 0, text, style)
        width = sum(2 if ord(char) > 0x2E7F else 1 for char in text)
        sheet.set_row(row, 15 * -(-width // _NOTICE_CHARACTERS))
    return len(shown) + 3


def _write_headlines(sheet, styles, plan, orders, words, row: int) -> int:
    tomorrow = plan["as_of"] + pd.Timedelta(days=1)
    counts = (
        ("rows", len(plan)),
        ("to_order", len(orders)),
        ("tomorrow", int((plan["order_by_date"] == tomorrow).sum())),
        ("exceptions_count", int(plan["is_exception"].sum())),
        ("doubted", int((plan["doubts"] != "").sum())),
        ("no_cost", int(orders["order_amount"].isna().sum())),
    )
    for key, value in counts:
        sheet.write_string(row, 0, words[key], styles.of("text"))
        sheet.write_number(row, 1, value, styles.of("qty", bold=True))
        row += 1
    for key, name, kind in (("order_qty", "order_qty", "qty"), ("amount", "order_amount", "money")):
        sheet.write_string(row, 0, words[key], styles.of("text"))
        style = styles.of(kind, bold=True)
        formula = f"=SUM({_plan_cells(orders, name, words)})"
        sheet.write_formula(row, 1, formula, style, float(orders[name].sum()))
        row += 1
    return row


def _write_exceptions(sheet, styles, plan, row: int, language: str) -> int:
    words = texts(language)
    sheet.write_string(row, 0, words["by_exception"], styles.header())
    sheet.write_string(row, 1, words["lines"], styles.header())
    for code, label in EXCEPTIONS[language].items():
        if code:
            row += 1
            sheet.write_string(row, 0, label, styles.of("text"))
            count = int((plan["exception"] == code).sum())
            sheet.write_number(row, 1, count, styles.of("qty"))
            colour = styles.alarm if code in AT_RISK else styles.caution
            rule = {"type": "cell", "criteria": ">", "value": 0, "format": colour}
            sheet.conditional_format(row, 1, row, 1, rule)
    return row + 1


def _write_suppliers(book, sheet, styles, orders, row: int, words) -> None:
    for at, key in enumerate(("by_supplier", "supplier_id", "lines", "amount")):
        sheet.write_string(row, at, words[key], styles.header())
    if orders.empty:
        sheet.write_string(row + 1, 0, words["empty"])
        return
    keys = orders["supplier_id"].fillna("")
    table = orders.groupby(keys).agg(
        name=("supplier_name", "first"),
        lines=("order_qty", "size"),
        amount=("order_amount", lambda amounts: amounts.sum(min_count=1)),
    )
    table = table.rename_axis("supplier").reset_index()
    table = table.sort_values(["amount", "supplier"], ascending=[False, True])
    ids = _plan_cells(orders, "supplier_id", words)
    amounts = _plan_cells(orders, "order_amount", words)
    first = row + 1
    for row, line in enumerate(table.itertuples(index=False), start=first):  # noqa: B020
        name = line.name if isinstance(line.name, str) else line.supplier
        name = name if line.supplier else words["no_supplier"]
        write_text(sheet, row, 0, name, lambda **x: styles.of("text", **x))
        write_text(sheet, row, 1, line.supplier, lambda **x: styles.of("text", **x))
        sheet.write_number(row, 2, line.lines, styles.of("qty"))
        wanted = xl_rowcol_to_cell(row, 1) if line.supplier else '""'
        known = f"SUMPRODUCT(--({ids}={wanted}),--ISNUMBER({amounts}))"
        formula = f'=IF({known}=0,"",SUMPRODUCT(--({ids}={wanted}),{amounts}))'
        value = "" if pd.isna(line.amount) else line.amount
        sheet.write_formula(row, 3, formula, styles.of("money"), value)
    total = styles.of("text", bold=True, top=1)
    sheet.write_string(row + 1, 0, words["total"], total)
    sheet.write_blank(row + 1, 1, None, total)
    sheet.write_number(row + 1, 2, len(orders), styles.of("qty", bold=True, top=1))
    parts = xl_range_abs(first, 3, row, 3)
    formula = f'=IF(COUNT({parts})=0,"",SUM({parts}))'
    style, known = styles.of("money", bold=True, top=1), orders["order_amount"].dropna()
    value = float(known.sum()) if len(known) else ""
    sheet.write_formula(row + 1, 3, formula, style, value)
    sheet.ignore_errors({"number_stored_as_text": xl_range_abs(first, 0, row, 1)})
    _insert_supplier_chart(book, sheet, words, first, min(row, first + _CHARTED_SUPPLIERS - 1))


def _insert_supplier_chart(book, sheet, words, first: int, last: int) -> None:
    chart = book.add_chart({"type": "bar"})
    name = words["summary"]
    chart.add_series(
        {
            "name": words["chart"],
            "categories": [name, first, 0, last, 0],
            "values": [name, first, 3, last, 3],
            "fill": {"color": "#2E75B6"},
            "gap": 60,
            "data_labels": {"value": True, "num_format": "#,##0"},
        }
    )
    chart.set_title({"name": words["chart"], "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "num_font": {"size": 9}})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    chart.set_size({"width": 620, "height": 340})
    sheet.insert_chart(3, 5, chart)


def _write_demand(book, sheet, styles, demand: pd.DataFrame, words) -> None:
    # The chart's numbers stand right of the page, where they can be read but don't print.
    at = 20
    headers = (words["week"], words["demand_history"], words["demand_forecast"])
    for offset, header in enumerate(headers):
        sheet.write_string(0, at + offset, header, styles.header())
        sheet.set_column(at + offset, at + offset, 11)
    for row, line in enumerate(demand.sort_values("ds").itertuples(index=False), start=1):
        sheet.write_datetime(row, at, line.ds.to_pydatetime(), styles.of("date"))
        for offset, value in ((1, line.y), (2, line.y_hat)):
            if not pd.isna(value):
                sheet.write_number(row, at + offset, value, styles.of("qty"))
    chart = book.add_chart({"type": "line"})
    looks = ({"color": "#404040", "width": 1.75}, {"color": "#C55A11", "width": 2.25})
    for offset, look in enumerate(looks, start=1):
        chart.add_series(
            {
                "name": headers[offset],
                "categories": [words["summary"], 1, at, len(demand), at],
                "values": [words["summary"], 1, at + offset, len(demand), at + offset],
                "line": look,
            }
        )
    chart.set_title({"name": words["demand"], "name_font": {"size": 12}})
    chart.set_x_axis(
        {
            "date_axis": True,
            # months are counted from here: from a 30th there is none in February
            "min": demand["ds"].min().replace(day=1).date(),
            "num_format": "yyyy-mm",
            "major_unit": 1,
            "major_unit_type": "months",
            "num_font": {"size": 9},
        }
    )
    grid = {"visible": True, "line": {"color": "#D9D9D9"}}
    chart.set_y_axis({"num_format": "#,##0", "min": 0, "major_gridlines": grid})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 620, "height": 340})
    sheet.insert_chart(22, 5, chart)
    sheet.print_area(0, 0, 60, 15)


def _plan_cells(orders: pd.DataFrame, name: str, words: dict[str, str]) -> str:
    at = ORDER_COLUMNS.index(name)
    return f"'{words['plan']}'!{xl_range_abs(1, at, max(len(orders), 1), at)}"
