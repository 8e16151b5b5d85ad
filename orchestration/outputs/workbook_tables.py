"""The sheets of rows: tables with headers, filters and colours, purchase orders, the glossary."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_col_to_name, xl_range, xl_rowcol_to_cell

from ml.replenishment.exceptions import AT_RISK
from orchestration.outputs.csv_files import FORMULA_STARTS
from orchestration.outputs.wording import CODES, COLUMNS, EXCEPTIONS, FLAGS, texts
from orchestration.outputs.wording_sheets import SHEET_CODES, SHEET_COLUMNS

EXCEPTION_COLUMNS = (
    "exception",
    "sku_id",
    "sku_name",
    "warehouse_id",
    "supplier_name",
    "order_qty",
    "order_by_date",
    "expected_on",
    "bound_by",
    "cost_if_not_ordered_amount",
    "confidence",
    "reason",
    "drivers",
    "doubts",
    "on_hand",
    "on_order",
    "inventory_position",
    "days_of_cover",
    "order_amount",
)
ORDER_COLUMNS = (
    "priority",
    "sku_id",
    "sku_name",
    "warehouse_id",
    "supplier_id",
    "supplier_name",
    "order_qty",
    "unit_cost_amount",
    "order_amount",
    "order_by_date",
    "expected_on",
    "exception",
    "reason",
    "drivers",
    "doubts",
    "bound_by",
    "cost_if_not_ordered_amount",
    "confidence",
    "override",
    "planned_qty",
    "abc_class",
    "on_hand",
    "reserved",
    "on_order",
    "transfer_in_qty",
    "transfer_out_qty",
    "inventory_position",
    "lost_before_qty",
    "demand_mean_qty",
    "demand_low_qty",
    "demand_high_qty",
    "service_level",
    "order_up_to_level",
    "safety_stock_qty",
    "days_of_cover",
    "days_of_cover_after",
    "lead_time_days",
    "moq",
    "pack_size",
    "pallet_qty",
    "prebuild_qty",
    "moved_demand_qty",
)
# Every row, the columns a planner looks up; the CSV has them all.
LOOKUP_COLUMNS = (
    "sku_id",
    "sku_name",
    "warehouse_id",
    "supplier_name",
    "abc_class",
    "order_qty",
    "order_by_date",
    "exception",
    "on_hand",
    "reserved",
    "on_order",
    "inventory_position",
    "demand_mean_qty",
    "order_up_to_level",
    "reorder_point",
    "days_of_cover",
    "lead_time_days",
    "moq",
    "pack_size",
    "model",
    "doubts",
    "reason",
)
WRAPPED = ("reason", "drivers", "doubts")
# Excel's own limit, less the header and the line that says what was left out.
MOST_ROWS = 1_048_574
_LINE_HEIGHT = 13.5
_NUMBER_FORMATS = {
    "qty": "#,##0",
    "packs": "General",  # a broken pack must show
    "number": "#,##0.0",
    "money": "#,##0.00",
    "percent": "0.0%",
    "days": "0.0",
    "date": "yyyy-mm-dd",
}


class Styles:
    """The formats of one workbook, each made once."""

    def __init__(self, book):
        self._book = book
        self._made = {}
        self.alarm = book.add_format({"bg_color": "#FCE4E4", "font_color": "#9C0006"})
        self.caution = book.add_format({"bg_color": "#FFF3CD", "font_color": "#7F6000"})

    def of(self, kind: str, **properties):
        """Format for a column kind ("qty", "money", "date", "text", ...) with extra properties."""
        key = (kind, tuple(sorted(properties.items())))
        if key not in self._made:
            look = {"valign": "vcenter", "bottom": 1, "bottom_color": "#E3E3E3", **properties}
            if kind == "date":
                look["align"] = "center"
            if kind in _NUMBER_FORMATS:
                look["num_format"] = _NUMBER_FORMATS[kind]
            self._made[key] = self._book.add_format(look)
        return self._made[key]

    def header(self):
        """White on blue, wrapped, bordered."""
        return self.of(
            "header",
            bold=True,
            font_color="#FFFFFF",
            bg_color="#1F4E79",
            text_wrap=True,
            align="center",
            border=1,
            border_color="#BFBFBF",
        )


def write_text(sheet, row: int, column: int, text: str, style) -> None:
    """Write a string cell; one that looks like a formula is marked so that editing keeps it text.

    `style` is a function of extra format properties.
    """
    if not text:
        sheet.write_blank(row, column, None, style())
    elif text.startswith(FORMULA_STARTS):
        sheet.write_string(row, column, text, style(quote_prefix=True))
    else:
        sheet.write_string(row, column, text, style())


def write_table(
    sheet,
    styles: Styles,
    frame: pd.DataFrame,
    columns: Sequence[str],
    language: str,
    *,
    is_editable: bool = False,
    is_wrapped: bool = True,
) -> None:
    """One plan-shaped frame as a filtered table below frozen headers.

    With `is_editable` the order quantity is marked as an input, the amount is a formula of it, and
    a last column numbers the lines.
    At most MOST_ROWS rows; the line after them says how many there were.
    """
    words = texts(language)
    for at, name in enumerate(columns):
        sheet.write_string(0, at, COLUMNS[name].header(language), styles.header())
        sheet.set_column(at, at, COLUMNS[name].width)
    sheet.set_row(0, 32)
    shown = frame.iloc[:MOST_ROWS]
    for at, name in enumerate(columns):
        extra = {}
        if is_wrapped and name in WRAPPED:
            extra = {"text_wrap": True}
        if is_editable and name == "order_qty":
            extra = {"bg_color": "#FFFDE7", "bold": True, "border": 1, "border_color": "#BFBFBF"}
        write_column(sheet, styles, at, shown[name], language, **extra)
    if is_editable:
        _write_amounts(sheet, styles, shown, columns)
        _write_line_numbers(sheet, styles, len(shown), len(columns), words["line"])
    if is_wrapped:
        for row, lines in enumerate(_line_counts(shown), start=1):
            sheet.set_row(row, _LINE_HEIGHT * lines + 3)
    last = max(len(shown), 1)
    if frame.empty:
        sheet.write_string(1, 0, words["empty"])
    if len(frame) > len(shown):
        sheet.write_string(len(shown) + 1, 0, words["cut"].format(len(frame)))
    sheet.autofilter(0, 0, last, len(columns) - 1 + is_editable)
    sheet.freeze_panes(1, columns.index("sku_name") + 1)
    sheet.ignore_errors({"number_stored_as_text": xl_range(1, 0, last, len(columns) - 1)})
    _colour_exceptions(sheet, styles, columns, last, language)
    _page(sheet, len(columns))


def write_column(sheet, styles: Styles, at: int, values: pd.Series, language: str, **extra) -> None:
    """The cells of one plan column from row 1 on, nulls left blank."""
    name, kind = values.name, SHEET_COLUMNS[values.name].kind
    if kind == "code":
        labels = (CODES | SHEET_CODES)[name][language]
        values = values.map(lambda code: labels.get(code, code))
    elif kind == "flag":
        values = values.map(FLAGS[language])
    nulls = values.isna().to_numpy()
    style = styles.of(kind, **extra)
    if kind == "date":
        values = excel_days(values)
    cells = values.tolist()
    if kind in _NUMBER_FORMATS:
        for row in np.flatnonzero(~nulls):
            sheet.write_number(row + 1, at, cells[row], style)
        return

    def styled(**more):
        return styles.of(kind, **extra, **more)

    for row in np.flatnonzero(~nulls):
        write_text(sheet, row + 1, at, str(cells[row]), styled)


def excel_days(dates: pd.Series) -> pd.Series:
    """Dates as Excel counts them, in days; null where there is none."""
    return (pd.to_datetime(dates) - pd.Timestamp("1899-12-30")).dt.days


def excel_day(day: pd.Timestamp) -> int:
    """One day as Excel counts it."""
    return (day - pd.Timestamp("1899-12-30")).days


def write_sheet(
    sheet, styles: Styles, frame: pd.DataFrame, columns: Sequence[str], language: str
) -> None:
    """Any frame with SHEET_COLUMNS as a filtered table below a frozen header; says when empty."""
    for at, name in enumerate(columns):
        sheet.write_string(0, at, SHEET_COLUMNS[name].header(language), styles.header())
        sheet.set_column(at, at, SHEET_COLUMNS[name].width)
        write_column(sheet, styles, at, frame[name].iloc[:MOST_ROWS], language)
    sheet.set_row(0, 32)
    if frame.empty:
        sheet.write_string(1, 0, texts(language)["empty"])
    last = max(len(frame), 1)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.freeze_panes(1, 1)
    sheet.ignore_errors({"number_stored_as_text": xl_range(1, 0, last, len(columns) - 1)})
    _page(sheet, len(columns))


def _write_amounts(sheet, styles: Styles, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    at = columns.index("order_amount")
    qty, cost = columns.index("order_qty"), columns.index("unit_cost_amount")
    style = styles.of("money")
    for row, amount in enumerate(frame["order_amount"].tolist(), start=1):
        units, price = xl_rowcol_to_cell(row, qty), xl_rowcol_to_cell(row, cost)
        value = "" if np.isnan(amount) else amount
        sheet.write_formula(row, at, f'=IF({price}="","",{units}*{price})', style, value)


def _write_line_numbers(sheet, styles: Styles, count: int, at: int, title: str) -> None:
    # Purchase orders find their line by this number, so that sorting the plan mixes nothing up.
    sheet.write_string(0, at, title, styles.header())
    sheet.set_column(at, at, 8)
    for number in range(1, count + 1):
        sheet.write_number(number, at, number, styles.of("qty", font_color="#7F7F7F"))


def _line_counts(frame: pd.DataFrame) -> list[int]:
    """Lines the longest wrapped cell of each row needs: no program fits heights when it opens."""
    counts = (
        [
            -(-sum(2 if ord(char) > 0x2E7F else 1 for char in text) // (COLUMNS[name].width - 2))
            for text in frame[name].tolist()
        ]
        for name in WRAPPED
    )
    return [max(1, *lines) for lines in zip(*counts, strict=True)]


def _colour_exceptions(sheet, styles, columns, last: int, language: str) -> None:
    letter = xl_col_to_name(columns.index("exception"))
    labels = EXCEPTIONS[language]
    others = tuple(code for code in labels if code not in ("", *AT_RISK))
    for codes, style in ((AT_RISK, styles.alarm), (others, styles.caution)):
        tests = ",".join(f'${letter}2="{labels[code]}"' for code in codes)
        rule = {"type": "formula", "criteria": f"=OR({tests})", "format": style}
        end = columns.index("warehouse_id")
        sheet.conditional_format(1, 0, last, end, rule)
        at = columns.index("exception")
        if at > end:
            sheet.conditional_format(1, at, last, at, rule)


def _page(sheet, n_columns: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(9 if n_columns < 12 else 8)  # A4, A3
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C&P / &N")


def write_glossary(sheet, styles: Styles, language: str) -> None:
    """What each column means, with its name in the CSV."""
    words = texts(language)
    for at, (key, width) in enumerate((("term", 16), ("meaning", 78), ("field", 22))):
        sheet.write_string(0, at, words[key], styles.header())
        sheet.set_column(at, at, width)
    for row, (name, column) in enumerate(COLUMNS.items(), start=1):
        sheet.write_string(row, 0, column.header(language), styles.of("text", bold=True))
        sheet.write_string(row, 1, column.meaning(language), styles.of("text", text_wrap=True))
        sheet.write_string(row, 2, name, styles.of("text", font_color="#7F7F7F"))
    sheet.freeze_panes(1, 0)
    sheet.fit_to_pages(1, 0)
    sheet.set_paper(9)
