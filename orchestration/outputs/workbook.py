"""The plan as the Excel workbook a planner works in: exceptions first, then orders, then all."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import xlsxwriter

from ml.replenishment.contract import PLAN_COLUMNS
from ml.replenishment.difference import CHANGE_COLUMNS
from ml.replenishment.override_effect import EFFECT_COLUMNS
from orchestration.outputs.detail_series import detail_series
from orchestration.outputs.wording import texts
from orchestration.outputs.wording_sheets import OVERRIDE_COLUMNS, TRANSFER_COLUMNS
from orchestration.outputs.workbook_detail import write_detail
from orchestration.outputs.workbook_orders import write_purchase_orders
from orchestration.outputs.workbook_summary import write_summary
from orchestration.outputs.workbook_tables import (
    EXCEPTION_COLUMNS,
    LOOKUP_COLUMNS,
    ORDER_COLUMNS,
    Styles,
    write_glossary,
    write_sheet,
    write_table,
)

ALWAYS = ("summary", "exceptions", "plan", "purchase_orders", "all", "glossary")
SHEETS = (
    "summary",
    "exceptions",
    "plan",
    "purchase_orders",
    "transfers",
    "detail",
    "all",
    "changes",
    "overrides",
    "override_effects",
    "glossary",
    "detail_data",
)
# Excel stores no file without a creation date; an empty plan has no as_of to take it from.
_NO_DATE = dt.datetime(2000, 1, 1)  # noqa: DTZ001 -- the file format knows no time zones


def write_plan_workbook(
    plan: pd.DataFrame,
    path: Path,
    *,
    language: str = "zh",
    demand: pd.DataFrame | None = None,
    history: pd.DataFrame | None = None,
    forecast: pd.DataFrame | None = None,
    projection: pd.DataFrame | None = None,
    transfers: pd.DataFrame | None = None,
    changes: pd.DataFrame | None = None,
    overrides: pd.DataFrame | None = None,
    override_effects: pd.DataFrame | None = None,
    notices: Sequence[str] = (),
) -> Path:
    """Write the workbook and return `path`. Same plan, same bytes.

    `plan`: PLAN_COLUMNS in the order of `ml.replenishment.policy.plan`. `demand` draws a line
    chart of weekly totals on the summary: ds, y (null in the future), y_hat (null in the past).
    `history`, `forecast` and `projection` (as for `detail_series`) make the sheet of one SKU at a
    time; each of the other frames, as `ml.replenishment` names its columns, a sheet of its own.
    `notices` say at the top of the summary why to read the plan with care.
    Sheets: summary, exceptions, plan (rows to order; its quantities may be edited, amounts,
    purchase orders, totals and chart follow), purchase orders by supplier, transfers, SKU detail,
    all rows, changes, overrides and their effects, glossary. Text is never run as a formula.

    Raises ValueError when a plan column is missing or `language` has no wording.
    """
    missing = [column for column in PLAN_COLUMNS if column not in plan]
    if missing:
        raise ValueError(f"plan lacks the columns {missing}")
    words = texts(language)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    as_of = plan["as_of"].max() if len(plan) else None
    plan = plan.reset_index(drop=True)
    orders = plan[plan["order_qty"] > 0].reset_index(drop=True)
    exceptions = plan[plan["is_exception"]].reset_index(drop=True)
    with xlsxwriter.Workbook(str(draft), WORKBOOK_OPTIONS) as book:
        book.set_properties(
            {"title": words["title"], "created": as_of.to_pydatetime() if as_of else _NO_DATE}
        )
        styles = Styles(book)
        further = {
            "transfers": (transfers, TRANSFER_COLUMNS),
            "changes": (changes, CHANGE_COLUMNS),
            "overrides": (overrides, OVERRIDE_COLUMNS),
            "override_effects": (override_effects, EFFECT_COLUMNS),
        }
        further = {name: pair for name, pair in further.items() if pair[0] is not None}
        has_detail = projection is not None and history is not None and forecast is not None
        given = {*further, *(("detail", "detail_data") if has_detail else ())}
        names = [name for name in SHEETS if name in given or name in ALWAYS]
        sheets = {name: book.add_worksheet(words[name]) for name in names}
        write_summary(book, sheets["summary"], styles, plan, orders, demand, language, notices)
        write_table(sheets["exceptions"], styles, exceptions, EXCEPTION_COLUMNS, language)
        write_table(sheets["plan"], styles, orders, ORDER_COLUMNS, language, is_editable=True)
        write_purchase_orders(sheets["purchase_orders"], styles, orders, language)
        write_table(sheets["all"], styles, plan, LOOKUP_COLUMNS, language, is_wrapped=False)
        for name, (frame, columns) in further.items():
            write_sheet(sheets[name], styles, frame.reset_index(drop=True), columns, language)
        if has_detail:
            series = detail_series(plan, history, forecast, projection)
            write_detail(book, sheets["detail"], sheets["detail_data"], styles, series, language)
        write_glossary(sheets["glossary"], styles, language)
        colours = {"summary": "#1F4E79", "exceptions": "#C00000", "plan": "#2E7D32"}
        for name, colour in colours.items():
            sheets[name].set_tab_color(colour)
    draft.replace(path)
    return path


WORKBOOK_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "default_format_properties": {"font_name": "Microsoft YaHei", "font_size": 10},
}
