"""How the text of one cell becomes a value: one SQL expression per kind, the common case first.

DuckDB computes an expression that occurs twice once and for all rows, even if both places are
seldom reached branches of a `case`: what is dear stands in one place only.
"""

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.landing.schema import LAKE_TYPES, Column

FIRST_YEAR, LAST_YEAR = 2000, 2099

# what exports write for "nothing"; zero is a value and not among them
_MISSING = ("", "-", "--", "null", "none", "\\n", "n/a", "#n/a", "nat")
_DASHES = ("—", "——", "–")
_BLANKS = " \t\r\n\u3000\ufeff\xa0"
# soft hyphens, marks of joining and of direction: what web pages and spreadsheets leave in a copy
INVISIBLE = "[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
_WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_NARROW = "".join(chr(code) for code in range(0x21, 0x7F))
# a code that is Chinese in part stays as it was typed
_ONLY_WIDE_ID = "^[!-~！-～]+$"
_ONLY_WIDE_NUMBER = "^[ -~\xa0　！-～¥￥−﹣年月日时分秒元是否]+$"
_MOMENT_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M",
    "%Y%m%d",
    "%Y%m%d %H:%M:%S",
    "%Y年%m月%d日",
    "%Y年%m月%d日%H时%M分%S秒",
    "%Y年%m月%d日 %H:%M:%S",
)
_PLAIN_MONEY = r"[+-]?\d+(\.\d*)?\s*"
_MONEY = r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?"
_PRICE = r"([+-]?[¥￥ ]*|[¥￥ ]+[+-])(\d+|\d{1,3}(,\d{3})+)(\.\d*)?( ?元)?"
_NUMBER = _MONEY + r"([eE][+-]?\d+)?"
_WHOLE = r"[+-]?\d+(\.0*)?\s*"
_EXCEL_ID = r"\d(\.\d+)?[eE]\+\d+|\d\.\d+[eE]\d+|\d{6,}\.0+"
_ROUNDED_ID = r"[1-9]\d{14}0+"
_OFFSET = r":\d{2}(\.\d+)?(Z|[+-]\d{2}(:?\d{2})?)$"
_ZERO_DATE = r"0+(\.0+)?|0000-.*|0000/.*"
_SENTINEL = r"0+(\.0+)?|-\d+|0000.*|0001.*|1970.01.01.*"

_BEIJING_US = 8 * 3_600_000_000
_EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000}
_UNSET_US = 86_400_000_000  # 1970-01-01 anywhere
_FIRST_US = 946_656_000_000_000  # 2000-01-01 00:00 Beijing
_LAST_US = 4_102_416_000_000_000  # 2100-01-01 00:00 Beijing
# a JSON number of more digits is rounded to binary before anyone can read its cents
_SURE_OF_CENTS = 10_000_000_000_000


def cleaned(cells: pa.ChunkedArray, kind: str = "text") -> pa.ChunkedArray:
    """Cells without blanks and without a spreadsheet's text marks (' or ="..."); null if missing.

    In all but texts, characters that nobody sees are taken out, and full-width ones are read as
    their plain form. In Arrow rather than SQL: it touches every cell, and SQL took five times as
    long.
    """
    bare = pc.utf8_trim(cells, _BLANKS)
    if kind not in ("text", "length", "list"):
        bare = _plain(bare, _ONLY_WIDE_ID if kind == "id" else _ONLY_WIDE_NUMBER)
    marked = pc.is_in(pc.utf8_slice_codeunits(bare, 0, 1), pa.array(["=", "'"]))
    if pc.any(marked).as_py():
        bare = pc.replace_substring_regex(bare, r"^'(.*?)'?$|^=\"([^\"]*)\"$", r"\1\2")
        bare = pc.utf8_trim(bare, _BLANKS)
    missing = pc.is_in(pc.utf8_lower(bare), pa.array([*_MISSING, *_DASHES]))
    return pc.if_else(missing, pa.scalar(None, pa.string()), bare)


def _plain(cells: pa.ChunkedArray, only_wide: str) -> pa.ChunkedArray:
    """Cells without what is invisible, those that match in half width."""
    if pc.all(pc.string_is_ascii(cells)).as_py() is not False:
        return cells
    seen = pc.utf8_trim(pc.replace_substring_regex(cells, INVISIBLE, ""), _BLANKS)
    narrow = pc.replace_substring(pc.utf8_normalize(seen, "NFKC"), "\u2212", "-")
    return pc.if_else(pc.match_substring_regex(seen, only_wide), narrow, seen)


def quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def cleaned_in_sql(column: Column, text: str) -> str:
    """The same for a value out of JSON, which has no text marks and rarely a blank.

    Comparisons of whole texts: lower(), `in` or a trim for every value would cost several times
    as much.
    """
    words = dict.fromkeys(form(w) for w in _MISSING for form in (str, str.upper, str.title))
    is_word = " or ".join(f"{text} = {quoted(word)}" for word in words)
    blanks = " || ".join(f"chr({ord(blank)})" for blank in _BLANKS)
    bare = text
    if column.kind == "id":
        is_bare = f"{text} > '!' and {text}[-1] > '!' and strlen({text}) = length({text})"
        bare = f"regexp_replace({text}, {quoted(INVISIBLE)}, '', 'g')"
        narrow = f"translate({bare}, {quoted(_WIDE)}, {quoted(_NARROW)})"
        bare = f"case when regexp_matches({bare}, '{_ONLY_WIDE_ID}') then {narrow} else {bare} end"
    elif column.kind in ("text", "length"):
        is_bare = (
            f"{text} > '!' and {text}[-1] > '!' and {text}[-1] <> '\u3000' "
            f"and not ({text} >= '\u3000' and {text} < '\u3001')"
        )
    else:  # a value that begins with a digit is read whatever blanks follow it
        is_bare = f"{text} >= '0' and {text} < ':'"
    return (
        f"case when {text} is null or {is_word} then null when {is_bare} then {text} "
        f"else nullif(trim({bare}, {blanks}), '') end"
    )


def no_sentinel(text: str) -> str:
    """The text of a time, null where it means "not yet"."""
    return f"case when not regexp_full_match({text}, '{_SENTINEL}') then {text} end"


def moment(column: Column, text: str, *, is_api: bool) -> str:
    """A time with an offset as it stands, one without as Beijing time; null if unreadable."""
    if is_api and column.api_unit:
        per_unit = _EPOCHS[column.api_unit]
        number = f"try_cast({text} as bigint)"
        return (
            f"case when {number} < {_UNSET_US // per_unit} then make_timestamptz(0) "
            f"when {_is_time(number, per_unit)} then make_timestamptz({number} * {per_unit}) end"
        )
    plain = f"replace(replace({text}, '/', '-'), 'T', ' ')"
    dashed = f"translate({text}, '/', '-')"
    formats = ", ".join(f"'{f}'" for f in _MOMENT_FORMATS)
    return (
        f"case when strlen({text}) = 19 and {text}[17] = ':' and "
        f"try_cast({text} as timestamp) is not null "
        f"then make_timestamptz(epoch_us(try_cast({text} as timestamp)) - {_BEIJING_US}) "
        f"when regexp_matches({text}, '{_OFFSET}') then try_cast({dashed} as timestamptz) "
        f"else timezone('Asia/Shanghai', try_strptime({plain}, [{formats}])) end"
    )


def is_in_other_unit(column: Column, text: str) -> str:
    """Whether an epoch is a time of 2000 to 2099 if seconds are read as milliseconds, or back."""
    (other,) = (per_unit for unit, per_unit in _EPOCHS.items() if unit != column.api_unit)
    return f"coalesce({_is_time(f'try_cast({text} as bigint)', other)}, false)"


def is_placeholder(text: str, parsed: str) -> str:
    """Whether a time means "none": 0, 0000-00-00 and every moment outside 2000 to 2099.

    Of epochs only those up to the first day of 1970 do: any other is one in a wrong unit.
    """
    return (
        f"case when {text} is null then false "
        f"when {parsed} is null then regexp_full_match({text}, '{_ZERO_DATE}') "
        f"else {_outside_time(parsed)} end"
    )


def is_damaged_id(text: str, *, rounded: str = "false") -> str:
    """Whether a spreadsheet turned the id into a number; `rounded` says when to doubt zeros."""
    damaged = f"regexp_full_match({text}, '{_EXCEL_ID}') or regexp_matches({text}, '[\\r\\n]')"
    seldom = f"case when regexp_matches({text}, '[.+\\r\\n]') then {damaged} else false end"
    if rounded != "false":
        seldom += f" or ({rounded} and regexp_full_match({text}, '{_ROUNDED_ID}|\\d{{16,}}00'))"
    return f"coalesce({seldom}, false)"


def may_be_rounded(text: str) -> str:
    """An aggregate: half of the ids too long for a spreadsheet or a JSON number end in a zero."""
    ends_so = f"avg(if(suffix({text}, '0'), 1, 0)) filter (strlen({text}) > 15)"
    return f"coalesce({ends_so} >= 0.5, false)"


def many_rounded(text: str) -> str:
    """An aggregate: the long ids, five different ones at least, lost the digits past a limit.

    Spreadsheets keep 15 digits, JSON numbers read as floating point 17. One id in a hundred ends
    in two zeros by chance, four of five never do: what is sound among them came another way. One
    in ten ends in a zero, so an id of 16 digits is doubted only where all of them do.
    """
    found = []
    for longer_than, pattern, share in ((15, _ROUNDED_ID, 1), (16, r"\d{15,}00", 0.8)):
        is_long = f"length({text}) > {longer_than} and regexp_full_match({text}, '\\d+')"
        has_lost = f"{is_long} and regexp_full_match({text}, '{pattern}')"
        every, lost = (f"count(distinct {text}) filter ({which})" for which in (is_long, has_lost))
        found.append(f"{lost} >= greatest(5, {share} * {every})")
    return " or ".join(found)


def value(column: Column, text: str, parsed: str, *, is_api: bool) -> str:
    """The typed value of one cell, null if it is missing or unreadable.

    `text` is the cleaned cell; `parsed` is its moment, for columns that hold times. Money goes
    from text to DECIMAL(18,2) without floating point, further decimals rounded half away from 0.
    """
    if column.kind == "moment":
        return f"case when not ({_outside_time(parsed)}) then {parsed} end"
    if column.kind == "day":
        day = f"cast(make_timestamp(epoch_us({parsed}) + {_BEIJING_US}) as date)"
        return f"case when not ({_outside_time(parsed)}) then {day} end"
    if column.kind == "money":
        return _money(text, is_fen=is_api and column.api_unit == "fen", is_api=is_api)
    if column.kind == "number":
        return _number(text)
    if column.kind == "length":
        return f"try_cast({text} as double)"
    if column.kind == "flag":
        return (
            f"case when {text} = 'true' then true when {text} = 'false' then false "
            f"when lower({text}) in ('true', 't', 'yes', 'y', '1', '是') then true "
            f"when lower({text}) in ('false', 'f', 'no', 'n', '0', '否') then false end"
        )
    plain = f"lower({text})" if column.choices else text
    return plain if column.default is None else f"coalesce({plain}, {quoted(column.default)})"


def _is_time(number: str, per_unit: int) -> str:
    return f"{number} >= {_FIRST_US // per_unit} and {number} < {_LAST_US // per_unit}"


def _outside_time(parsed: str) -> str:
    micros = f"epoch_us({parsed})"
    return f"{micros} < {_FIRST_US} or {micros} >= {_LAST_US}"


def _money(text: str, *, is_fen: bool, is_api: bool) -> str:
    money = LAKE_TYPES["money"]
    if is_fen:
        exact = (
            f"case when regexp_full_match({text}, '{_WHOLE}') then try_cast("
            f"try_cast({text} as decimal(18,0)) * cast(0.01 as decimal(3,2)) as {money}) end"
        )
    else:
        exact = (
            f"case when regexp_full_match({text}, '{_PLAIN_MONEY}') "
            f"then try_cast({text} as {money}) "
            f"when regexp_full_match({text}, '{_PRICE}') "
            f"then try_cast(translate({text}, '¥￥元, ', '') as {money}) end"
        )
    if not is_api:
        return exact
    return f"case when abs({exact}) < {_SURE_OF_CENTS} then {exact} end"


def _number(text: str) -> str:
    plain = f"try_cast(replace({text}, ',', '') as double)"
    share = f"try_cast(replace(rtrim({text}, '% '), ',', '') as double) / 100"
    return (
        f"case when regexp_full_match({text}, '{_NUMBER}\\s*') and isfinite({plain}) then {plain} "
        f"when regexp_full_match({text}, '{_MONEY} ?%') then {share} end"
    )
