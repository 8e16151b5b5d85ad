"""What can be wrong with a record, each with what to do about it: SQL over text and values."""

from dataclasses import dataclass

from orchestration.landing.content import LOST
from orchestration.landing.privacy import MASK
from orchestration.landing.schema import Column, Dataset
from orchestration.landing.values import (
    FIRST_YEAR,
    LAST_YEAR,
    is_damaged_id,
    is_in_other_unit,
    is_placeholder,
    quoted,
)

CONTRADICTION = (
    "contradicts another record of this file with the same key and version: keep one of them, "
    "or give them different times of change"
)
NOT_ONE_VALUE = "(withheld: a list or an object, of which nobody said what it may hold)"

_UNREADABLE = {
    "money": "is not an amount in yuan: write it like 1234.50",
    "fen": "is not a whole number of fen (分): write it like 53800",
    "number": "is not a finite number: write it like 12 or 0.15",
    "moment": "is not a time: write it like 2026-06-28 20:01:45",
    "day": "is not a date: write it like 2026-06-28",
    "epoch_s": "is not a time in seconds since 1970: write it like 1762790400",
    "epoch_ms": "is not a time in milliseconds since 1970: write it like 1762790400000",
    "flag": "is neither true nor false: write true or false",
}
_OTHER_UNIT = {
    "epoch_s": "is in milliseconds where seconds since 1970 belong: divide it by 1000",
    "epoch_ms": "is in seconds where milliseconds since 1970 belong: multiply it by 1000",
}
_DAMAGED = "was damaged by a spreadsheet (digits lost): export it as text and do not re-save it"
_ROUNDED = "was damaged: read the numbers of the JSON as text, floating point loses digits"
_LOST = (
    f"holds bytes that are not in the encoding of the file (here {LOST}): write the row anew, and "
    "the file as UTF-8"
)
_EMPTY = "is required and empty: fill it in"
_PLACEHOLDER = (
    f"is required and holds a placeholder (before {FIRST_YEAR} or after {LAST_YEAR}): fill in "
    "the real time"
)
_LIST = "holds a list or an object where one value belongs: the source changed its format"
_FUTURE = "is from the future, later than the day after it landed: check the clock of its source"
_TWICE = "stands several times in this record and says different things: keep the newest"
_NO_LINES = "has no lines: pull the detail, list calls return partial fields"


@dataclass(frozen=True)
class Problem:
    """One thing that can be wrong: three SQL expressions and the field it is about."""

    condition: str
    field: str
    value: str
    reason: str


def any_of(problems: list[Problem]) -> str:
    """SQL: whether anything is wrong."""
    return " or ".join(f"coalesce({p.condition}, false)" for p in problems) or "false"


def named(problems: list[Problem]) -> str:
    """SQL: a list of (field, value, reason), in the order given; dear, so for few records only."""
    each = ", ".join(
        f"case when {p.condition} then struct_pack(field := {quoted(p.field)}, "
        f"value := cast({p.value} as varchar), reason := {p.reason}) end"
        for p in problems
    )
    return f"list_filter([{each}], lambda p: p is not null)"


def of_cells(
    columns: tuple[Column, ...], *, is_api: bool, rounded: dict[str, str]
) -> list[Problem]:
    """What each cell can have, in the order of the columns.

    Reads the cleaned text as t_<column>, its moment as m_<column> and its value as v_<column>.
    `rounded` holds, for ids whose long values lost digits in some file, the SQL condition that
    names these files.
    """
    return [p for column in columns for p in _of_cell(column, is_api, rounded)]


def of_lost(columns: tuple[Column, ...]) -> list[Problem]:
    """What cells can have of a file that holds bytes which are no text."""
    return [
        _problem(
            f"contains(\"t_{column.name}\", '{LOST}')",
            column.name,
            shown(column, is_api=False),
            _LOST,
        )
        for column in columns
    ]


def of_records(dataset: Dataset, *, is_api: bool) -> list[Problem]:
    """What a record can have as a whole; reads _version, lines and the file's columns."""
    found = []
    if dataset.shop_marker:
        marker = f"t_{dataset.shop_marker}"
        text = f'{quoted(dataset.shop_marker + " says this belongs to shop ")} || "{marker}"'
        advice = quoted(": move the file to that shop's folder, or log the puller in as this shop")
        reason = f"{text} || ', not to ' || shop_id || {advice}"
        found.append(Problem(f'"{marker}" <> shop_id', dataset.shop_marker, f'"{marker}"', reason))
    if dataset.version in dataset.column_names:
        late = "_version >= _landed_at + interval 2 day"
        found.append(_problem(late, dataset.version, "_version", _FUTURE))
    for name in dataset.key:
        if dataset.column(name).kind in ("day", "moment"):
            late = f'"m_{name}" >= _landed_at + interval 2 day'
            found.append(_problem(late, name, f'"v_{name}"', _FUTURE))
    if is_api and dataset.lines and needs_lines(dataset):
        found.append(_problem("coalesce(len(lines), 0) = 0", dataset.lines, "null", _NO_LINES))
    return found


def of_lines(dataset: Dataset, *, is_api: bool) -> list[Problem]:
    """What a line can have as a whole; reads is_line_twice."""
    if not dataset.line_key:
        return []
    value = shown(dataset.column(dataset.line_key), is_api=is_api)
    return [_problem("is_line_twice", dataset.line_key, value, _TWICE)]


def of_rules(dataset: Dataset) -> list[Problem]:
    """The rules between columns of a row; read the values under the columns' own names."""
    return [
        _problem(f"not ({rule.condition})", rule.field, f'"{rule.field}"', rule.reason)
        for rule in dataset.rules
    ]


def needs_lines(dataset: Dataset) -> bool:
    """Whether a record without lines is a broken one, not one that happens to have none."""
    return any(column.required for column in dataset.line_columns)


def _problem(condition: str, field: str, value: str, reason: str) -> Problem:
    return Problem(condition, field, value, quoted(f"{field} {reason}"))


def shown(column: Column, *, is_api: bool) -> str:
    """SQL of a cell's text as people may see it; nothing personal, nothing undeclared."""
    text = f'"t_{column.name}"'
    if column.personal:
        return f"case when {text} is not null then {quoted(MASK)} end"
    if is_api and column.kind != "list":
        return f"case when {_opens(text)} then {quoted(NOT_ONE_VALUE)} else {text} end"
    return text


def _opens(text: str) -> str:
    """SQL: whether a text begins as a JSON list or object does."""
    return f"(ord({text}) = 91 or ord({text}) = 123)"


def _of_cell(column: Column, is_api: bool, rounded: dict[str, str]) -> list[Problem]:
    text, parsed, value = (f'"{prefix}_{column.name}"' for prefix in "tmv")
    lost_digits = rounded.get(column.name, "false")
    found = []
    if is_api and column.kind in ("id", "text"):
        several = f"case when {_opens(text)} then json_valid({text}) end"
        found.append((several, _LIST))
    if column.personal or column.kind == "id":
        reason = _ROUNDED if is_api else _DAMAGED
        found.append((is_damaged_id(text, rounded=lost_digits), reason))
    if column.required:
        found.append((f"{text} is null", _EMPTY))
    if column.kind in ("moment", "day"):
        placeholder = is_placeholder(text, parsed)
        unreadable = f"case when {parsed} is null then {text} is not null and not {placeholder} end"
        unit = column.api_unit if is_api and column.api_unit else column.kind
        found.append((unreadable, _UNREADABLE[unit]))
        if column.required:
            found.append((placeholder, _PLACEHOLDER))
    elif column.kind in _UNREADABLE:
        unit = column.api_unit if is_api and column.api_unit else column.kind
        found.append((f"{value} is null and {text} is not null", _UNREADABLE[unit]))
    found += _out_of_domain(column, value)
    display = shown(column, is_api=is_api)
    return [
        Problem(condition, column.name, display, _reason(column, text, reason))
        for condition, reason in found
    ]


def _reason(column: Column, text: str, reason: str) -> str:
    """SQL of a reason; that of an unreadable epoch names the other unit where that would fit."""
    told = quoted(f"{column.name} {reason}")
    if column.api_unit not in _OTHER_UNIT or reason != _UNREADABLE[column.api_unit]:
        return told
    likely = quoted(f"{column.name} {_OTHER_UNIT[column.api_unit]}")
    return f"case when {is_in_other_unit(column, text)} then {likely} else {told} end"


def _out_of_domain(column: Column, value: str) -> list[tuple[str, str]]:
    bounds = (
        (column.above, "<=", "must be above {}: correct it or remove the record"),
        (column.at_least, "<", "must be at least {}: correct it or remove the record"),
        (column.at_most, ">", "must be at most {}: correct it or remove the record"),
    )
    found = [
        (f"{value} {sign} {bound}", reason.format(f"{bound:g}"))
        for bound, sign, reason in bounds
        if bound is not None
    ]
    if column.choices:
        allowed = ", ".join(quoted(choice) for choice in column.choices)
        found.append((f"{value} not in ({allowed})", f"must be one of {', '.join(column.choices)}"))
    return found
