"""One SKU at a time: pick it, and its history, forecast and projected stock are drawn."""

import numpy as np
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from orchestration.outputs.detail_series import DetailSeries
from orchestration.outputs.wording import texts
from orchestration.outputs.workbook_tables import Styles, excel_day, write_text

# The most urgent rows; a sheet with all of 100,000 would take minutes to open.
MOST_SERIES = 3000
_TOP = 5


def write_detail(book, sheet, data, styles: Styles, series: DetailSeries, language: str) -> None:
    """`data` holds a line of numbers per series; `sheet` looks up the one that is picked.

    The first MOST_SERIES are kept. Weeks run down the page: left what sold and the forecast with
    its range, beside it the stock on the morning of a day a week, with and without the order. Where
    nothing is known stands #N/A, invisibly: a chart draws a gap there, but a zero for a blank.
    """
    words = texts(language)
    ids = series.unique_ids[:MOST_SERIES]
    data.hide()
    if not ids:
        sheet.write_string(0, 0, words["empty"])
        return
    weeks = series.past_weeks.append(series.ahead_weeks)
    blocks = {
        "demand_history": (series.past_weeks, series.past),
        "demand_forecast": (series.ahead_weeks, series.mean),
        "low": (series.ahead_weeks, series.low),
        "high": (series.ahead_weeks, series.high),
        "stock_without": (series.stock_days, series.without),
        "stock_with": (series.stock_days, series.within),
    }
    at = _write_data(data, styles, ids, blocks, words)
    names = list(blocks)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 8, 12)
    sheet.set_column(5, 5, 3)
    sheet.write_string(0, 0, words["pick"], styles.of("text", bold=True, bottom=0))
    picked = {"bg_color": "#FFFDE7", "bold": True, "border": 1, "border_color": "#BFBFBF"}
    sheet.merge_range(0, 1, 0, 4, "", styles.of("text", **picked))
    write_text(sheet, 0, 1, ids[0], lambda **more: styles.of("text", **picked, **more))
    lookup = _Lookup(words["detail_data"], len(ids), at)
    source = f"='{words['detail_data']}'!{xl_range_abs(1, 0, len(ids), 0)}"
    sheet.data_validation(0, 1, 0, 1, {"validate": "list", "source": source})
    left = {name: blocks[name] for name in names[:4]}
    right = {name: blocks[name] for name in names[4:]}
    _write_table(sheet, styles, 0, words["week"], weeks, left, lookup, words)
    _write_table(sheet, styles, 6, words["morning"], series.stock_days, right, lookup, words)
    sheet.set_row(_TOP - 1, 30)  # two lines of header
    last = (_TOP + len(weeks) - 1, _TOP + len(series.stock_days) - 1)
    error = {"type": "errors", "format": book.add_format({"font_color": "#FFFFFF"})}
    sheet.conditional_format(_TOP, 1, max(last), 8, error)
    _chart(book, sheet, words, "detail_demand", 0, (1, 2, 3, 4), last[0], "K2")
    _chart(book, sheet, words, "detail_stock", 6, (7, 8), last[1], "K21")
    sheet.freeze_panes(_TOP, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 1)


class _Lookup:
    """Formulas that fetch the picked series' numbers from the data sheet."""

    def __init__(self, data: str, count: int, first: dict[str, int]):
        self._data, self._count, self._first = data, count, first
        self._row = f"MATCH($B$1,'{data}'!{xl_range_abs(1, 0, count, 0)},0)"

    def formula(self, block: str, k: int) -> str:
        at = self._first[block] + k
        cell = f"INDEX('{self._data}'!{xl_range_abs(1, at, self._count, at)},{self._row})"
        return f'=IF({cell}="",NA(),{cell})'


def _write_table(
    sheet, styles, left: int, title: str, days, blocks: dict, lookup: _Lookup, words
) -> None:
    sheet.write_string(_TOP - 1, left, title, styles.header())
    for row, day in enumerate(days, start=_TOP):
        sheet.write_number(row, left, excel_day(day), styles.of("date"))
    for column, (name, (weeks, table)) in enumerate(blocks.items(), start=left + 1):
        sheet.write_string(_TOP - 1, column, words[name], styles.header())
        first = days.get_loc(weeks[0]) if len(weeks) else 0
        for k in range(len(weeks)):
            value = "#N/A" if np.isnan(table[0, k]) else float(table[0, k])
            cell = (_TOP + first + k, column)
            sheet.write_formula(*cell, lookup.formula(name, k), styles.of("number"), value)


def _write_data(data, styles, ids: list[str], blocks: dict, words) -> dict[str, int]:
    """The numbers, one line per series; returns the first column of each block."""
    data.write_string(0, 0, "unique_id", styles.header())
    for row, unique_id in enumerate(ids, start=1):
        data.write_string(row, 0, unique_id)
    first, at = {}, 1
    for name, (weeks, table) in blocks.items():
        first[name] = at
        for k, week in enumerate(weeks):
            data.write_string(0, at + k, f"{words[name]} {week:%Y-%m-%d}", styles.header())
        rows, columns = np.nonzero(~np.isnan(table[: len(ids)]))
        values = np.round(table[rows, columns], 1)
        for row, k, value in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True):
            data.write_number(row + 1, at + k, value)
        at += len(weeks)
    data.freeze_panes(1, 1)
    return first


_LOOKS = {
    1: {"color": "#404040", "width": 1.75},
    2: {"color": "#C55A11", "width": 2.25},
    3: {"color": "#F4B183", "width": 1, "dash_type": "dash"},
    4: {"color": "#F4B183", "width": 1, "dash_type": "dash"},
    7: {"color": "#C00000", "width": 1.75, "dash_type": "dash"},
    8: {"color": "#2E75B6", "width": 2.25},
}


def _chart(book, sheet, words, title: str, days: int, columns, last: int, corner: str) -> None:
    chart = book.add_chart({"type": "line"})
    name = words["detail"]
    for column in columns:
        chart.add_series(
            {
                "name": f"='{name}'!{xl_rowcol_to_cell(_TOP - 1, column, True, True)}",
                "categories": [name, _TOP, days, last, days],
                "values": [name, _TOP, column, last, column],
                "line": _LOOKS[column],
            }
        )
    chart.set_title({"name": words[title], "name_font": {"size": 12}})
    chart.set_x_axis(
        {
            "date_axis": True,
            "num_format": "mm-dd",
            "major_unit": 1,
            "major_unit_type": "months",
            "num_font": {"size": 9},
        }
    )
    grid = {"visible": True, "line": {"color": "#D9D9D9"}}
    chart.set_y_axis({"num_format": "#,##0", "min": 0, "major_gridlines": grid})
    chart.set_legend({"position": "bottom"})
    chart.show_blanks_as("gap")
    chart.set_size({"width": 640, "height": 340})
    sheet.insert_chart(corner, chart)
