"""Cells of many files as text in; typed, pseudonymised, hashed and judged records out, in SQL.

A batch is a handful of temporary tables. `files` says what each file's path says about it.
`record_cells` holds the cleaned text of a record's own columns (t_<column>), `line_cells` that of
its lines where a record holds them in a list. `record_values` and `line_values` are the same,
typed (v_<column>), and `judged` has one row per record: its hash, its version, its faults.
"""

from dataclasses import dataclass

import duckdb

from orchestration.landing import problems
from orchestration.landing.privacy import pseudonym_in_sql
from orchestration.landing.schema import Column, Dataset
from orchestration.landing.values import (
    is_damaged_id,
    many_rounded,
    may_be_rounded,
    moment,
    value,
)

RECORD, LINE = "record", "line"

Rounded = dict[str, str]  # id column -> SQL condition: the files where most of them lost digits


@dataclass(frozen=True)
class Shape:
    """How the cells of a batch lie: from an API or an export, lines apart or each row a line.

    `has_lost` says that in some cells LOST stands for bytes that are no text.
    """

    dataset: Dataset
    is_api: bool
    has_lost: bool = False

    @property
    def lines_apart(self) -> bool:
        """Whether the lines of a record have tables of their own."""
        return self.is_api and bool(self.dataset.lines)

    @property
    def levels(self) -> dict[str, tuple[Column, ...]]:
        """Level -> the columns its tables hold."""
        if self.lines_apart:
            return {RECORD: self.dataset.record_columns, LINE: self.dataset.line_columns}
        return {RECORD: self.dataset.columns}

    @property
    def source(self) -> str:
        """SQL: every row of the batch, typed; r is the record, l its line."""
        if self.lines_apart:
            return "record_values r left join line_values l using (_file, _row)"
        return "record_values r"

    @property
    def line_no(self) -> str:
        """SQL: the row's position in its record, 0 where a record has no lines."""
        return "coalesce(l.line_no, 0)" if self.lines_apart else "r.line_no"

    @property
    def row(self) -> str:
        """SQL: the declared columns of `source` under their own names."""
        return ", ".join(
            f'{"l" if self.lines_apart and c.level == LINE else "r"}."v_{c.name}" as "{c.name}"'
            for c in self.dataset.columns
        )


def scratch(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """Make or replace a temporary table."""
    connection.execute(f"create or replace temp table {name} as {query}")


def judge(connection: duckdb.DuckDBPyConnection, shape: Shape) -> Rounded:
    """From the cells of a batch make its values and `judged`; returns what name_faults needs.

    `judged` has _file, _row, record_id (the key's columns joined by ":"), version, row_hash,
    is_wrong (something is wrong with the record or one of its lines), is_contradicted (another
    record of the file has its key and version and goes before it) and is_repeat (the batch holds
    the same record before). Of two row_hashes the greater is of the record that tells more.
    """
    rounded: Rounded = {}
    for level, columns in shape.levels.items():
        rounded |= _rounded(connection, level, columns)
        found = problems.any_of(_problems(shape, level, rounded))
        scratch(
            connection,
            f"{level}_values",
            f"select {_kept(shape, level)}, {found} as _wrong from ({_typed(shape, level)})",
        )
    scratch(connection, "judged", _judged(shape))
    return rounded


def name_faults(connection: duckdb.DuckDBPyConnection, shape: Shape, rounded: Rounded) -> None:
    """Make `faults`: one row per wrong or contradicted record.

    It has _file, _row, source_row, record_id, field and value of the first problem, reason (all
    of them) and raw (the record's cells as JSON, nothing personal and nothing undeclared).
    """
    wrong = "(select _file, _row from judged where is_wrong)"
    found, raws = [], []
    for level, columns in shape.levels.items():
        cells = ", ".join(
            f'"{c.name}" := {problems.shown(c, is_api=shape.is_api)}' for c in columns
        )
        line = "line_no" if shape.lines_apart and level == LINE else "0 as line_no"
        listed = problems.named(_problems(shape, level, rounded))
        scratch(
            connection,
            f"{level}_faults",
            f"select _file, _row, {line}, {listed} as problems, struct_pack({cells}) as raw "
            f"from ({_typed(shape, level)}) semi join {wrong} using (_file, _row)",
        )
        found.append(f"select _file, _row, line_no, 0 as part, problems from {level}_faults")
        raws.append(f"select _file, _row, line_no, raw from {level}_faults")
    if shape.dataset.rules:
        listed = problems.named(problems.of_rules(shape.dataset))
        found.append(
            f"select _file, _row, line_no, 1 as part, {listed} as problems from (select _file, "
            f"_row, {shape.line_no} as line_no, {shape.row} from {shape.source}) "
            f"semi join {wrong} using (_file, _row)"
        )
    raw = "to_json(r.raw)"
    lines = ""
    if shape.lines_apart:
        raw = "json_merge_patch(to_json(r.raw), json_object('lines', lines))"
        lines = (
            "left join (select _file, _row, to_json(list(raw order by line_no)) as lines from "
            "line_faults where len(problems) > 0 group by all) l using (_file, _row)"
        )
    scratch(
        connection,
        "faults",
        f"""
        with problem as (
            select _file, _row, line_no, part, generate_subscripts(problems, 1) as nth,
                unnest(problems) as p
            from ({" union all ".join(found)})
        ), joined as (
            select _file, _row, arg_min(p.field, (line_no, part, nth)) as field,
                arg_min(p.value, (line_no, part, nth)) as value,
                array_to_string(list_slice(list_distinct(list(p.reason)), 1, 12), '; ') as reason
            from problem group by _file, _row
        ), raws as (
            select _file, _row, cast({raw} as varchar) as raw
            from (select _file, _row, first(raw order by line_no) as raw from record_faults
                  group by all) r {lines}
        )
        select _file, _row, record_id, field, value, reason, raw
        from joined join raws using (_file, _row) join judged using (_file, _row)
        union all
        select _file, _row, record_id, '{shape.dataset.key[0]}', record_id,
            '{shape.dataset.key[0]} {problems.CONTRADICTION}', null
        from judged where is_contradicted
        """,
    )


def _problems(shape: Shape, level: str, rounded: Rounded) -> list[problems.Problem]:
    columns = shape.levels[level]
    found = problems.of_lost(columns) if shape.has_lost else []
    found += problems.of_cells(columns, is_api=shape.is_api, rounded=rounded)
    if level == RECORD:
        found += problems.of_records(shape.dataset, is_api=shape.is_api)
    if level == (LINE if shape.lines_apart else RECORD):
        found += problems.of_lines(shape.dataset, is_api=shape.is_api)
    return found


def _rounded(connection: duckdb.DuckDBPyConnection, level: str, columns: tuple) -> Rounded:
    """The id columns whose long ids lost the digits a spreadsheet or a double cannot hold."""
    ids = [column.name for column in columns if column.kind == "id"]
    doubted = []
    if ids:
        doubts = ", ".join(may_be_rounded(f'"t_{name}"') for name in ids)
        rows = connection.sql(f"select {doubts} from {level}_cells group by _file").fetchall()
        doubted = [name for at, name in enumerate(ids) if any(row[at] for row in rows)]
    files: Rounded = {}
    for name in doubted:
        surely = many_rounded(f'"t_{name}"')
        lost = connection.sql(
            f"select _file from {level}_cells group by _file having {surely}"
        ).fetchall()
        if lost:
            files[name] = f"_file in ({', '.join(str(file) for (file,) in lost)})"
    return files


def _typed(shape: Shape, level: str) -> str:
    """SQL: the cells of a level with their files, moments (m_) and values (v_)."""
    columns = shape.levels[level]
    moments = "".join(
        f', {moment(c, _text(c), is_api=shape.is_api)} as "m_{c.name}"'
        for c in columns
        if c.kind in ("moment", "day")
    )
    values = ", ".join(f'{_value(c, shape.is_api)} as "v_{c.name}"' for c in columns)
    typed = (
        f"select *, {values} from (select *{moments} from {level}_cells join files using (_file))"
    )
    if level == LINE:
        return typed
    version = "_landed_at"
    if shape.dataset.version in shape.dataset.column_names:
        dated = f'"m_{shape.dataset.version}"'
        column = shape.dataset.column(shape.dataset.version)
        version = f'coalesce(case when "v_{column.name}" is not null then {dated} end, _landed_at)'
    return f"select *, {version} as _version from ({typed})"


def _value(column: Column, is_api: bool) -> str:
    if column.personal:
        damaged = is_damaged_id(_text(column))
        name = pseudonym_in_sql(
            _text(column), f'"_inner_{column.scope}"', f'"_outer_{column.scope}"'
        )
        return f"case when not {damaged} then {name} end"
    return value(column, _text(column), f'"m_{column.name}"', is_api=is_api)


def _text(column: Column) -> str:
    return f'"t_{column.name}"'


def _kept(shape: Shape, level: str) -> str:
    """SQL: what the values of a level keep of its cells."""
    columns = shape.levels[level]
    values = ", ".join(f'"v_{c.name}"' for c in columns)
    parts = ", ".join(f"cast({_hashed(c)} as varchar)" for c in columns)
    content = f"cast(to_json([{parts}]) as varchar) as _content" if parts else "'[]' as _content"
    told = " + ".join(f'cast("v_{c.name}" is not null as integer)' for c in columns)
    content += f", {told or 0} as _told"
    if level == LINE:
        return f"_file, _row, line_no, {values}, {content}"
    key = [
        f'"v_{name}"'
        if shape.dataset.column(name).personal
        else f'coalesce(cast("v_{name}" as varchar), "t_{name}")'
        for name in shape.dataset.key
    ]
    record_id = " || ':' || ".join(f"coalesce({part}, '')" for part in key)
    whole = record_id if len(key) == 1 else f"cast(to_json([{', '.join(key)}]) as varchar)"
    return (
        f"_file, _row, source_row, line_no, _version, {record_id} as _record_id, "
        f"{whole} as _key, {values}, {content}"
    )


def _hashed(column: Column) -> str:
    """A value whose text does not depend on the time zone."""
    return f'epoch_us("v_{column.name}")' if column.kind == "moment" else f'"v_{column.name}"'


def digest(table: str) -> str:
    """SQL: what a row_hash of a table ends in; lakes written before hold nothing else."""
    return f"right({table}.row_hash, 32)"


def _judged(shape: Shape) -> str:
    rows = _rows(shape)
    # lines are added up, so that a record stays the same in whatever order they come
    if shape.dataset.has_lines:
        rows = f"""
            select _file, _row, any_value(record_id) as record_id, any_value(_key) as _key,
                max(version) as version, bool_or(is_wrong) as is_wrong,
                any_value(record_part) as record_part,
                concat_ws(' ', count(line_part), sum(md5_number_lower(line_part))) as line_part,
                cast(any_value(record_told) + sum(line_told) as bigint) as told
            from ({rows}) group by _file, _row
        """
    else:
        rows = f"select *, line_told as told from ({rows})"
    # A list and the details of a record come with one version, and the list tells a part of it: so
    # the hash begins with how much was told. To say less is no contradiction in an API. The letter
    # keeps hash and count from making up a long number where a file stores one after the other.
    same = "is_wrong, _file, _key, version" + (", told" if shape.is_api else "")
    return f"""
        with hashed as (
            select _file, _row, record_id, _key, version, is_wrong, told,
                concat_ws(chr(31), tenant, platform, shop_id, cast(epoch_us(version) as varchar),
                    record_part, coalesce(line_part, '')) as content
            from ({rows}) join files using (_file)
        ), numbered as (
            select * exclude (content), format('n{{:06d}}-{{}}', told, md5(content)) as row_hash,
                md5_number(content) as number
            from hashed
        ), compared as (
            select *, not is_wrong and row_hash <> max(row_hash) over same_version
                as is_contradicted
            from numbered
            window same_version as (partition by {same})
        )
        select *, row_number() over same_record > 1 as is_repeat
        from compared
        window same_record as (
            partition by is_wrong or is_contradicted, row_hash order by _file, _row
        )
    """


def _rows(shape: Shape) -> str:
    """SQL: of every row its record, what goes into the hash, and whether it is wrong."""
    parts = (
        "'' as record_part, r._content as line_part, 0 as record_told, r._told as line_told, "
        "r._wrong as is_wrong"
    )
    if shape.lines_apart:
        parts = (
            "r._content as record_part, l._content as line_part, "
            "r._told as record_told, coalesce(l._told, 0) as line_told, "
            "r._wrong or coalesce(l._wrong, false) as is_wrong"
        )
    told = f"_file, _row, r._record_id as record_id, r._key, r._version as version, {parts}"
    if not shape.dataset.rules:
        return f"select {told} from {shape.source}"
    breaks = problems.any_of(problems.of_rules(shape.dataset))
    return (
        "select _file, _row, record_id, _key, version, record_part, line_part, "
        "record_told, line_told, "
        f"is_wrong or {breaks} as is_wrong from (select {told}, {shape.row} from {shape.source})"
    )
