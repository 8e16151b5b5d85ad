"""An export of a batch becomes cells: text, workbook or Parquet, one row or several a record."""

import re
from collections.abc import Iterator

import duckdb
import polars as pl
import pyarrow as pa

from orchestration.landing import guesses
from orchestration.landing.content import (
    DELIMITED,
    PARQUET,
    WHOLE,
    Content,
    UnreadableFileError,
)
from orchestration.landing.delimited import delimited_rows
from orchestration.landing.headers import NoHeaderError
from orchestration.landing.json_paths import length
from orchestration.landing.parquet import parquet_rows
from orchestration.landing.records import scratch
from orchestration.landing.repeats import told_once
from orchestration.landing.rows import Rows
from orchestration.landing.schema import Dataset
from orchestration.landing.values import cleaned, quoted
from orchestration.landing.workbook import workbook_rows

_TOTALS = ("合计", "总计", "小计", "共计", "汇总", "全国", "total", "grandtotal")


def rows_of(
    connection: duckdb.DuckDBPyConnection, content: Content, dataset: Dataset
) -> Iterator[Rows]:
    """The rows of a file, in pieces where it is large; raises UnreadableFileError.

    No record is cut by the pieces, wherever in the file its rows stand.
    """
    try:
        if content.data is None and dataset.has_lines:
            yield from _record_by_record(connection, content, dataset)
        else:
            yield from _rows(connection, content, dataset)
    except NoHeaderError as error:
        other = guesses.like_header(error.names, dataset)
        advice = guesses.advice(other) or ": add it, or move the file to the folder of its dataset"
        raise UnreadableFileError(f"{error}{advice}") from error


def totals_pattern(dataset: Dataset) -> str:
    """What marks a row of totals, in lower case and without blanks: 合计, 本页合计：, 总计(3条)."""
    words = "|".join((*_TOTALS, *(re.escape(word.lower()) for word in dataset.totals)))
    return rf"(本页|全部|所有|全店|店铺)?({words})([(（].*[)）])?[:：]?"


def make_cells(connection: duckdb.DuckDBPyConnection, cells: pa.Table, dataset: Dataset) -> None:
    """Make `record_cells` of rows (with _file), and `totals`: rows of totals dropped, by file.

    is_line_twice marks rows of one named line that say different things.
    """
    texts = {f"t_{c.name}": cleaned(cells[c.name], c.kind) for c in dataset.columns}
    landed = {
        "_file": cells["_file"],
        "source_row": cells["source_row"],
        "first_cell": cleaned(cells["first_cell"]),
    }
    connection.register("landed", pa.table(landed | texts))
    keys = [f'"t_{name}"' for name in dataset.key]
    is_total = _is_total(dataset, keys)
    scratch(
        connection, "totals", f"select _file, count(*) as n from landed where {is_total} group by 1"
    )
    told, twice = f"from landed where not {is_total}", "false"
    repeats = dataset.line_key and told_once(
        connection,
        f"({told})",
        record=f"_file, {', '.join(keys)}",
        line=f'"t_{dataset.line_key}"',
        columns=[f'"t_{name}"' for name in dataset.column_names],
        order="source_row",
    )
    if repeats:
        told, twice = repeats
    scratch(
        connection,
        "record_cells",
        f"select {_numbers(dataset, keys)}, {_texts(dataset, keys)}, {twice} as is_line_twice "
        f"from ({told})",
    )
    connection.unregister("landed")


def _is_total(dataset: Dataset, keys: list[str]) -> str:
    # a text, such as a note's title, may be a word for totals
    ids = [f'"t_{name}"' for name in dataset.key if dataset.column(name).kind != "text"]
    marked = " or ".join(_says_total(dataset, cell) for cell in ids)
    keyless = " or ".join(f"{key} is null" for key in keys)
    first = _says_total(dataset, "first_cell")
    return f"coalesce({marked} or ({first} and ({keyless})), false)"


def _says_total(dataset: Dataset, cell: str) -> str:
    """SQL: whether a cell marks a row of totals; one that begins with a digit never does."""
    bare = f"lower(regexp_replace({cell}, '[\s\u3000]', '', 'g'))"
    pattern = quoted(totals_pattern(dataset))
    return f"case when {cell} > ':' then regexp_full_match({bare}, {pattern}) else false end"


def _numbers(dataset: Dataset, keys: list[str]) -> str:
    """SQL: which record a row belongs to, and where in it; a record is named by its first row."""
    if not dataset.has_lines:
        return "_file, source_row as _row, source_row, 1 as line_no"
    record = _record(keys)
    return (
        f"_file, min(source_row) over (partition by {record}) as _row, source_row, "
        f"row_number() over (partition by {record} order by source_row) as line_no"
    )


def _record(keys: list[str]) -> str:
    """SQL: the rows of one key are a record; a row without its whole key is one by itself."""
    keyless = " or ".join(f"{key} is null" for key in keys)
    return f"_file, {', '.join(keys)}, case when {keyless} then source_row end"


def _texts(dataset: Dataset, keys: list[str]) -> str:
    """SQL: the texts; what only the first row of a record says holds for all of its rows."""
    texts = []
    for column in dataset.columns:
        text = f'"t_{column.name}"'
        told = text
        if column.kind == "length":
            told = length(column, text)
        if dataset.has_lines and column.level == "record" and column.name not in dataset.key:
            first = f"first_value({told} ignore nulls) over (partition by {_record(keys)} "
            told = f"coalesce({told}, {first}order by source_row))"
        texts.append(f"{told} as {text}")
    return ", ".join(texts)


def _rows(
    connection: duckdb.DuckDBPyConnection, content: Content, dataset: Dataset
) -> Iterator[Rows]:
    if content.kind == PARQUET:
        return parquet_rows(connection, content, dataset)
    if content.kind == DELIMITED:
        return delimited_rows(content, dataset, totals_pattern(dataset))
    return workbook_rows(content, dataset)


def _record_by_record(
    connection: duckdb.DuckDBPyConnection, content: Content, dataset: Dataset
) -> Iterator[Rows]:
    """The rows of a large file whose records have several, read once per share of the keys."""
    shares = content.size // WHOLE + 1
    for share in range(shares):
        kept, others = [], []
        for rows in _rows(connection, content, dataset):
            keys = pl.from_arrow(rows.cells.select(list(dataset.key)))
            is_own = (keys.hash_rows(seed=0) % shares == share).to_arrow()
            kept.append(rows.cells.filter(is_own))
            others.append(rows)
        yield Rows(
            pa.concat_tables(kept),
            others[0].ignored,
            tuple(row for rows in others for row in rows.broken) if share == 0 else (),
            sum(rows.totals for rows in others) if share == 0 else 0,
            is_all=False,
            has_lost=others[0].has_lost,
        )
