"""How the text of one cell becomes a value: mostly one SQL expression per kind."""

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.landing.schema import LAKE_TYPES, Column

FIRST_YEAR, LAST_YEAR = 2000, 2099

# what exports write for "nothing"; zero is a value and not among them
_MISSING = ("", "-", "--", "null", "none", "\\n", "n/a", "#n/a", "nat")
_BLANKS = " \t\r\n\u3000\ufeff"
_MOMENT_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M",
    "%Y%m%d",
    "%Y%m%d %H:%M:%S",
)
_MONEY = r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?"
_NUMBER = _MONEY + r"([eE][+-]?\d+)?"
_EXCEL_ID = r"\d(\.\d+)?[eE]\+\d+|\d{6,}\.0+"
_ROUNDED_ID = r"[1-9]\d{14}0+"
_OFFSET = r":\d{2}(\.\d+)?(Z|[+-]\d{2}(:?\d{2})?)$"
_ZERO_DATE = r"0+(\.0+)?|0000-.*|0000/.*"


def cleaned(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cells without blanks and without a spreadsheet's text marks (' or ="..."); null if missing.

    In Arrow rather than SQL: it touches every cell, and SQL took five times as long.
    """
    bare = pc.utf8_trim(cells, _BLANKS)
    marked = pc.is_in(pc.utf8_slice_codeunits(bare, 0, 1), pa.array(["=", "'"]))
    if pc.any(marked).as_py():
        bare = pc.replace_substring_regex(bare, r"^'(.*)$|^=\"([^\"]*)\"$", r"\1\2")
    missing = pc.is_in(pc.utf8_lower(bare), pa.array(_MISSING))
    return pc.if_else(missing, pa.scalar(None, pa.string()), bare)


def moment(text: str) -> str:
    """A time with an offset as it stands, one without as Beijing time; null if unreadable."""
    plain = f"replace(replace({text}, '/', '-'), 'T', ' ')"
    formats = ", ".join(f"'{f}'" for f in _MOMENT_FORMATS)
    return (
        f"case when regexp_matches({text}, '{_OFFSET}') then try_cast({plain} as timestamptz) "
        f"else timezone('Asia/Shanghai', try_strptime({plain}, [{formats}])) end"
    )


def is_placeholder(text: str, parsed: str) -> str:
    """Whether a time means "none": 0, 0000-00-00 and every moment outside 2000 to 2099."""
    return (
        f"case when {text} is null then false "
        f"when {parsed} is null then regexp_full_match({text}, '{_ZERO_DATE}') "
        f"else {parsed} < timestamptz '{FIRST_YEAR}-01-01 00:00:00+08' "
        f"or {parsed} >= timestamptz '{LAST_YEAR + 1}-01-01 00:00:00+08' end"
    )


def is_damaged_id(text: str, *, is_rounded: bool) -> str:
    """Whether a spreadsheet turned the id into a number; `is_rounded` as many_rounded found."""
    damaged = f"regexp_full_match({text}, '{_EXCEL_ID}') or regexp_matches({text}, '[\\r\\n]')"
    if is_rounded:
        damaged += f" or regexp_full_match({text}, '{_ROUNDED_ID}')"
    return f"coalesce({damaged}, false)"


def many_rounded(text: str) -> str:
    """An aggregate: all ids of over 15 digits, five at least, end in zeros from the 16th on.

    Spreadsheets keep 15 digits. A single id may end in zeros by chance, a whole column does not.
    """
    is_long = f"length({text}) > 15 and regexp_full_match({text}, '\\d+')"
    return (
        f"coalesce(count(distinct {text}) filter ({is_long}) >= 5 and "
        f"bool_and(regexp_full_match({text}, '{_ROUNDED_ID}')) filter ({is_long}), false)"
    )


def value(column: Column, text: str, parsed: str) -> str:
    """The typed value of one cell, null if it is missing or unreadable.

    `text` is the cleaned cell; `parsed` is its moment, for columns that hold times. Money goes
    from text to DECIMAL(18,2) without floating point, further decimals rounded half away from 0.
    """
    if column.kind in ("moment", "day"):
        as_type = parsed if column.kind == "moment" else f"cast({parsed} as date)"
        return f"case when not {is_placeholder(text, parsed)} then {as_type} end"
    if column.kind == "money":
        unsigned = f"ltrim({text}, '¥￥ ')"
        return (
            f"case when regexp_full_match({unsigned}, '{_MONEY}') "
            f"then try_cast(replace({unsigned}, ',', '') as {LAKE_TYPES['money']}) end"
        )
    if column.kind == "number":
        as_double = f"try_cast(replace({text}, ',', '') as double)"
        return (
            f"case when regexp_full_match({text}, '{_NUMBER}') and isfinite({as_double}) "
            f"then {as_double} end"
        )
    if column.kind == "flag":
        return (
            f"case when lower({text}) in ('true', 't', 'yes', 'y', '1', '是') then true "
            f"when lower({text}) in ('false', 'f', 'no', 'n', '0', '否') then false end"
        )
    plain = f"lower({text})" if column.choices else text
    return plain if column.default is None else f"coalesce({plain}, '{column.default}')"
