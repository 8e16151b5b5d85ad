"""The churn list as the workbook a CRM operator works through from the top."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from orchestration.outputs.churn_wording import CHURN_COLUMNS, CHURN_TEXTS, CODES, CSV_COLUMNS
from orchestration.outputs.wording import texts
from orchestration.outputs.workbook import WORKBOOK_OPTIONS
from orchestration.outputs.workbook_tables import Styles, excel_days, write_text

MOST_LISTED = 3_000
_LINE_HEIGHT = 13.5
_NUMBERS = {"qty", "money", "percent", "date"}
_FROZEN = 2
_CENTRED = ("rank", "value_tier", "recency_days")
_WRAPPED = ("reasons", "suggested_play")
_FACT_WIDTH, _PLAY_WIDTH, _MEANING_WIDTH = 62, 60, 80


def write_churn_workbook(
    contacts: pd.DataFrame, plays: pd.DataFrame, path: Path, *, language: str = "zh"
) -> Path:
    """Write the workbook and return `path`. Same list, same bytes.

    `contacts`: what `ml.churn.action_list.churn_list` returns in `language`, `plays`: what
    `read_plays` does. Sheets: how to use it with totals, the first 3,000 to contact (medium or
    high risk, not held out) with a column to mark who was contacted, the hold-out among the same
    ranks, the table of plays, the glossary. Text is never run as a formula.

    Raises ValueError when `language` has no wording.
    """
    texts(language)  # refuses a language without wording
    words = CHURN_TEXTS[language]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    at_risk = contacts[contacts["risk_tier"] != "low"]
    asked = at_risk[~at_risk["is_holdout"]]
    listed = asked.head(MOST_LISTED).assign(contacted=None)
    deepest = listed["rank"].max() if len(listed) else 0
    held = at_risk[at_risk["is_holdout"] & (at_risk["rank"] <= deepest)]
    with xlsxwriter.Workbook(str(draft), WORKBOOK_OPTIONS) as book:
        book.set_properties({"title": words["title"], "created": _created(contacts)})
        styles = Styles(book)
        names = ("summary", "list", "holdout", "plays", "glossary")
        sheets = {name: book.add_worksheet(words[name]) for name in names}
        counts = len(listed), len(held)
        _write_summary(sheets["summary"], styles, contacts, asked, *counts, words)
        columns = list(CHURN_COLUMNS)
        _write_rows(sheets["list"], styles, listed, columns, language)
        columns.remove("contacted")
        _write_rows(sheets["holdout"], styles, held, columns, language)
        _write_plays(sheets["plays"], styles, plays, language)
        _write_glossary(sheets["glossary"], styles, language)
        for name, colour in (("summary", "#1F4E79"), ("list", "#C00000"), ("holdout", "#7F7F7F")):
            sheets[name].set_tab_color(colour)
    draft.replace(path)
    return path


def _created(contacts: pd.DataFrame):
    # Excel stores no file without a creation date; an empty list has no as_of to take it from.
    day = contacts["as_of"].max() if len(contacts) else pd.Timestamp("2000-01-01")
    return day.to_pydatetime()


def _write_summary(
    sheet, styles: Styles, contacts, asked, shown: int, held_shown: int, words
) -> None:
    sheet.set_column(0, 0, _FACT_WIDTH)
    sheet.set_column(1, 2, 20)
    sheet.write_string(0, 0, words["title"], styles.of("title", bold=True, font_size=16, bottom=0))
    window = contacts["outcome_days"].max()
    facts = [
        ("as_of", f"{contacts['as_of'].max():%Y-%m-%d}" if len(contacts) else ""),
        ("window", int(window) if pd.notna(window) else ""),
        ("customers", len(contacts)),
        ("to_contact", len(asked)),
        ("shown", shown),
        ("held", int(contacts["is_holdout"].sum())),
        ("held_shown", held_shown),
        ("at_stake", float(asked["value_at_stake_amount"].sum())),
    ]
    for row, (name, value) in enumerate(facts, start=2):
        sheet.write_string(row, 0, words[name], styles.of("text"))
        if isinstance(value, str):
            sheet.write_string(row, 1, value, styles.of("text", align="right", bold=True))
        else:
            sheet.write_number(row, 1, value, styles.of("qty", bold=True))
    row = len(facts) + 3
    for at, name in enumerate(("by_play", "count", "amount")):
        sheet.write_string(row, at, words[name], styles.header())
    by = asked.groupby("suggested_play")["value_at_stake_amount"].agg(["size", "sum"])
    by = by.reset_index().sort_values(["sum", "suggested_play"], ascending=[False, True])
    for play, count, amount in by.itertuples(index=False):
        row += 1
        sheet.set_row(row, _height(_lines(play, _FACT_WIDTH)))
        write_text(sheet, row, 0, play, lambda **x: styles.of("text", text_wrap=True, **x))
        sheet.write_number(row, 1, count, styles.of("qty"))
        sheet.write_number(row, 2, amount, styles.of("qty"))
    row += 2
    sheet.write_string(row, 0, words["how"], styles.of("title", bold=True, font_size=12, bottom=0))
    for step in words["steps"]:
        row += 1
        style = styles.of("step", text_wrap=True, bottom=0, valign="top")
        sheet.merge_range(row, 0, row, 2, step, style)
        sheet.set_row(row, 30)
    sheet.hide_gridlines(2)
    sheet.set_portrait()
    _page(sheet)


def _write_rows(
    sheet, styles: Styles, rows: pd.DataFrame, columns: Sequence[str], language
) -> None:
    for at, name in enumerate(columns):
        column = CHURN_COLUMNS[name]
        sheet.write_string(0, at, column.header(language), styles.header())
        sheet.set_column(at, at, column.width)
        _write_column(sheet, styles, at, rows[name], language)
    sheet.set_row(0, 32)
    for row, lines in enumerate(_line_counts(rows), start=1):
        sheet.set_row(row, _height(lines))
    last = max(len(rows), 1)
    if rows.empty:
        sheet.write_string(1, 0, CHURN_TEXTS[language]["empty"])
    risk = columns.index("risk_tier")
    high = CODES["risk_tier"][language]["high"]
    rule = {"type": "cell", "criteria": "==", "value": f'"{high}"', "format": styles.alarm}
    sheet.conditional_format(1, risk, last, risk, rule)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.freeze_panes(1, _FROZEN)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    _page(sheet)


def _write_column(sheet, styles: Styles, at: int, values: pd.Series, language: str) -> None:
    name = values.name
    kind = CHURN_COLUMNS[name].kind
    if kind == "code":
        words = CODES[name][language]
        values = values.map(lambda code: words.get(code, code))
    extra = {"indent": 1} if kind == "text" else {}
    if kind == "code" or name in _CENTRED:
        extra = {"align": "center"}
    if name in _WRAPPED:
        extra = {"text_wrap": True, "indent": 1}
    if name == "reasons":
        values = values.str.replace(r"[;；] ?", "\n", regex=True)
    if name == "contacted":
        extra = {"bg_color": "#FFFDE7", "border": 1, "border_color": "#BFBFBF"}
    style = styles.of(kind, **extra)
    if name == "contacted":
        for row in range(len(values)):
            sheet.write_blank(row + 1, at, None, style)
        return
    if kind == "date":
        values = excel_days(values)
    known = values.notna().to_numpy()
    cells = values.tolist()

    def styled(**more):
        return styles.of(kind, **extra, **more)

    for row in np.flatnonzero(~known):
        sheet.write_blank(row + 1, at, None, style)
    for row in np.flatnonzero(known):
        if kind in _NUMBERS:
            sheet.write_number(row + 1, at, cells[row], style)
        else:
            write_text(sheet, row + 1, at, str(cells[row]), styled)


def _line_counts(rows: pd.DataFrame) -> list[int]:
    """Lines the longest wrapped cell needs: no program fits heights when it opens a file."""
    wide = {name: CHURN_COLUMNS[name].width for name in _WRAPPED}
    plays = [_lines(text, wide["suggested_play"]) for text in rows["suggested_play"]]
    reasons = [
        sum(_lines(part, wide["reasons"]) for part in re.split("[;；] ?", text))
        for text in rows["reasons"]
    ]
    return [max(1, *lines) for lines in zip(plays, reasons, strict=True)]


def _lines(text: str, width: int) -> int:
    wide = sum(2 if ord(char) > 0x2E7F else 1 for char in text)
    return max(1, -(-wide // (width - 3)))


def _height(lines: int) -> float:
    return _LINE_HEIGHT * lines + 3


def _write_plays(sheet, styles: Styles, plays: pd.DataFrame, language: str) -> None:
    words = CHURN_TEXTS[language]
    sheet.merge_range(0, 0, 0, 4, words["plays_note"], styles.of("note", italic=True, bottom=0))
    shown = (("ending", 20), ("segment", 36), ("reason", 36), ("play", 22), ("words", _PLAY_WIDTH))
    said = {"ending": "ending_expected", "segment": "rfm_class", "reason": "reason"}
    for row, text in enumerate(plays[language], start=2):
        sheet.set_row(row, _height(_lines(text, _PLAY_WIDTH)))
    for at, (name, width) in enumerate(shown):
        sheet.write_string(1, at, words[name], styles.header())
        sheet.set_column(at, at, width)
        cells = plays[language if name == "words" else name].tolist()
        if name in said:
            known = CODES[said[name]][language]
            cells = [f"{code} ({known[code]})" if code in known else code for code in cells]
        for row, text in enumerate(cells, start=2):
            write_text(sheet, row, at, text, lambda **x: styles.of("text", text_wrap=True, **x))
    sheet.freeze_panes(2, 0)
    _page(sheet)


def _write_glossary(sheet, styles: Styles, language: str) -> None:
    words = CHURN_TEXTS[language]
    for at, (name, width) in enumerate((("term", 22), ("meaning", _MEANING_WIDTH), ("field", 24))):
        sheet.write_string(0, at, words[name], styles.header())
        sheet.set_column(at, at, width)
    explained = CHURN_COLUMNS | CSV_COLUMNS
    for row, (name, column) in enumerate(explained.items(), start=1):
        sheet.set_row(row, _height(_lines(column.meaning(language), _MEANING_WIDTH)))
        sheet.write_string(row, 0, column.header(language), styles.of("text", bold=True))
        sheet.write_string(row, 1, column.meaning(language), styles.of("text", text_wrap=True))
        sheet.write_string(row, 2, name, styles.of("text", font_color="#7F7F7F"))
    _page(sheet)


def _page(sheet) -> None:
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&P / &N")
