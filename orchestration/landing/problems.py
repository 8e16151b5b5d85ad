"""What can be wrong with a record, each with what to do about it: SQL over text and values."""

from dataclasses import dataclass

from orchestration.landing.privacy import MASK
from orchestration.landing.schema import Column, Dataset
from orchestration.landing.values import FIRST_YEAR, LAST_YEAR, is_damaged_id, is_placeholder

CONTRADICTION = (
    "contradicts another record of this file with the same key and version: keep one of them, "
    "or give them different updated_at"
)

_TOTALS = ("合计", "总计", "小计", "total", "grand total")
_UNREADABLE = {
    "money": "is not an amount in yuan: write it like 1234.50",
    "number": "is not a finite number: write it like 12 or 0.15",
    "moment": "is not a time: write it like 2026-06-28 20:01:45",
    "day": "is not a date: write it like 2026-06-28",
    "flag": "is neither true nor false: write true or false",
}
_DAMAGED = "was damaged by a spreadsheet (digits lost): export it as text and do not re-save it"
_EMPTY = "is required and empty: fill it in"
_PLACEHOLDER = (
    f"is required and holds a placeholder (before {FIRST_YEAR} or after {LAST_YEAR}): fill in "
    "the real time"
)


@dataclass(frozen=True)
class Problems:
    """SQL of what is wrong with a record.

    `found` is true if anything is; `named` lists (field, value, reason) structs, columns in their
    order and rules last: dear, so it is for the few records that need it; `none` is its null.
    Both read the cleaned text as t_<column>, its moment as m_<column>, for personal columns
    d_<column> (damaged), and the typed value as <column>.
    """

    found: str
    named: str
    none: str = "cast(null as struct(field varchar, value varchar, reason varchar)[])"


def problems(dataset: Dataset, rounded: frozenset[str]) -> Problems:
    """The dataset's problems; `rounded` names the ids that lost digits throughout the file."""
    each = [p for column in dataset.columns for p in _of_column(column, dataset, rounded)]
    each += [
        (f"not ({rule.condition})", rule.field, f"cast({rule.field} as varchar)", rule.reason)
        for rule in dataset.rules
    ]
    named = ", ".join(_named(*problem) for problem in each)
    return Problems(
        found=" or ".join(f"coalesce({condition}, false)" for condition, *_ in each),
        named=f"list_filter([{named}], lambda p: p is not null)",
    )


def _named(condition: str, field: str, value: str, reason: str) -> str:
    text = f"{field} {reason}".replace("'", "''")
    return (
        f"case when {condition} then struct_pack(field := '{field}', value := {value}, "
        f"reason := '{text}') end"
    )


def _of_column(column: Column, dataset: Dataset, rounded: frozenset[str]) -> list[tuple]:
    name, text = column.name, f"t_{column.name}"
    value = f"'{MASK}'" if column.personal else text
    found = []
    if column.personal:
        found.append((f"d_{name}", _DAMAGED))
    elif column.kind == "id":
        found.append((is_damaged_id(text, is_rounded=name in rounded), _DAMAGED))
    if name in dataset.key and column.kind == "id":
        totals = ", ".join(f"'{word}'" for word in _TOTALS)
        found.append((f"lower({text}) in ({totals})", "marks a total row: remove it"))
    if column.required:
        found.append((f"{text} is null", _EMPTY))
    if column.kind in ("moment", "day"):
        placeholder = is_placeholder(text, f"m_{name}")
        unreadable = f"m_{name} is null and {text} is not null and not {placeholder}"
        found.append((unreadable, _UNREADABLE[column.kind]))
        if column.required:
            found.append((placeholder, _PLACEHOLDER))
    elif column.kind in _UNREADABLE:
        found.append((f"{name} is null and {text} is not null", _UNREADABLE[column.kind]))
    found += _out_of_domain(column)
    return [(condition, name, value, reason) for condition, reason in found]


def _out_of_domain(column: Column) -> list[tuple[str, str]]:
    bounds = (
        (column.above, "<=", "must be above {}: correct it or remove the record"),
        (column.at_least, "<", "must be at least {}: correct it or remove the record"),
        (column.at_most, ">", "must be at most {}: correct it or remove the record"),
    )
    found = [
        (f"{column.name} {sign} {bound}", reason.format(f"{bound:g}"))
        for bound, sign, reason in bounds
        if bound is not None
    ]
    if column.choices:
        allowed = ", ".join(f"'{choice}'" for choice in column.choices)
        found.append(
            (f"{column.name} not in ({allowed})", f"must be one of {', '.join(column.choices)}")
        )
    return found
