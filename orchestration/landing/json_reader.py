"""JSON documents of a batch become cells: whatever envelope they came in, parsed once."""

import json

import duckdb
import pyarrow as pa

from orchestration.landing import refusals
from orchestration.landing.json_paths import Node, Record, json_path, keys_of
from orchestration.landing.records import scratch
from orchestration.landing.refusals import Refused
from orchestration.landing.repeats import told_once
from orchestration.landing.schema import Dataset
from orchestration.landing.values import quoted

_AT_ONCE = 4 << 20  # bytes of text: a document that is taken apart is in memory several times


def read_documents(
    connection: duckdb.DuckDBPyConnection, documents: pa.Table, dataset: Dataset
) -> list[Refused]:
    """Make `record_cells` (and `line_cells`) of documents, which have _file, _doc and text.

    _doc is the line a document begins on. A record's number in its file counts the records of the
    documents that are read; returned are those of which nothing is.
    """
    record = Record(dataset)
    connection.register("documents", documents)
    _parse(connection, record, dataset)
    _parse_single_ones(connection, record, dataset)
    refused = refusals.without_records(connection, dataset)
    _make_cells(connection, record, dataset)
    if _parse_single_lines(connection, record, dataset):
        _make_cells(connection, record, dataset)
    strangers = refusals.without_keys(connection, dataset)
    if strangers:
        refused += strangers
        connection.execute(
            "delete from parsed where (_file, _doc) in (select (unnest($1), unnest($2)))",
            [[one.file for one in strangers], [one.line for one in strangers]],
        )
        _make_cells(connection, record, dataset)
    connection.execute("drop table parsed")
    connection.unregister("documents")
    return refused


def _parse(connection: duckdb.DuckDBPyConnection, record: Record, dataset: Dataset) -> None:
    """`parsed`: each document's records, null where it holds no list of them where it should."""
    root, records = Node(), [record.structure]
    envelopes = [keys_of(path) for path in dataset.envelopes if path]
    field, values = dataset.success
    codes = [keys_of(path) for path in field.split("|") if path]
    for keys in envelopes:
        root.add(keys, records)
    for keys in codes:
        root.add(keys, "VARCHAR")
    found = [root.find("j", keys, records) for keys in envelopes]
    found.append(f"from_json(cast(null as json), {quoted(json.dumps(records))})")
    has_failed = "false"
    if codes:
        code = ", ".join(root.find("j", keys, "VARCHAR") for keys in codes)
        allowed = ", ".join(quoted(value.lower()) for value in values)
        has_failed = f"coalesce(lower(coalesce({code}, null)) not in ({allowed}), false)"
    structure = json.dumps(root.structure() or {"": "VARCHAR"})
    scratch(
        connection,
        "parsed",
        f"select _file, _doc, {has_failed} as has_failed, coalesce({', '.join(found)}) as records "
        f"from (select _file, _doc, try(from_json(text, {quoted(structure)})) as j "
        "from documents)",
    )


def _parse_single_ones(
    connection: duckdb.DuckDBPyConnection, record: Record, dataset: Dataset
) -> None:
    """Documents that hold one record instead of a list, or are a record, or a list of records."""
    cases = []
    for path in filter(None, dataset.envelopes):
        at = quoted(json_path(keys_of(path)))
        cases.append(
            f"when json_type(text, {at}) = 'OBJECT' then '[' || json_extract(text, {at}) || ']'"
        )
    if "" in dataset.envelopes:
        is_record, is_list = (_has_key(dataset, start) for start in ("$", "$[0]"))
        cases.append(f"when {is_record} then '[' || text || ']'")
        cases.append(f"when json_type(text) = 'ARRAY' and {is_list} then text")
    if not cases:
        return
    scratch(
        connection,
        "odd",
        "select _file, _doc, sum(strlen(text)) over (order by _file, _doc rows between unbounded "
        f"preceding and current row) // {_AT_ONCE} as chunk from parsed "
        "join documents using (_file, _doc) where not has_failed and records is null",
    )
    structure = quoted(json.dumps([record.structure]))
    for (chunk,) in connection.sql("select distinct chunk from odd order by 1").fetchall():
        connection.execute(
            "update parsed set records = found.records from ("
            f"select _file, _doc, from_json(wrapped, {structure}) as records from ("
            f"select _file, _doc, case {' '.join(cases)} end as wrapped from documents "
            f"semi join (from odd where chunk = {int(chunk)}) using (_file, _doc) "
            "where json_valid(text)) where wrapped is not null) found "
            "where parsed._file = found._file and parsed._doc = found._doc"
        )


def _parse_single_lines(
    connection: duckdb.DuckDBPyConnection, record: Record, dataset: Dataset
) -> bool:
    """Whether records had their only line by itself, as converters from XML write it: now read."""
    if not dataset.lines:
        return False
    keys = keys_of(dataset.lines)
    found = connection.execute(
        "select _file, _doc, text from documents semi join "
        "(from record_cells where lines is null) using (_file, _doc) "
        "where regexp_matches(text, $1)",
        [rf'"{keys[-1]}"\s*:\s*\{{'],
    ).fetchall()
    for file, doc, text in found:
        # every value is read as text, so no digit is lost
        answer = json.loads(text, parse_int=str, parse_float=str, strict=False)
        places = (_under(answer, keys_of(path)) for path in dataset.envelopes)
        records = next(place for place in places if isinstance(place, dict | list))
        records = records if isinstance(records, list) else [records]
        for one in records:
            holder = _under(one, keys[:-1])
            if isinstance(holder, dict) and isinstance(holder.get(keys[-1]), dict):
                holder[keys[-1]] = [holder[keys[-1]]]
        connection.execute(
            f"update parsed set records = from_json($1, {quoted(json.dumps([record.structure]))}) "
            "where _file = $2 and _doc = $3",
            [json.dumps(records), file, doc],
        )
    return bool(found)


def _under(content: object, keys: list[str]) -> object:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _has_key(dataset: Dataset, start: str) -> str:
    """SQL: whether the object at `start` has every part of the key that an API must give."""
    parts = []
    for name in [name for name in dataset.key if name in dataset.required] or dataset.key:
        paths = [path for path in dataset.column(name).api.split("|") if path]
        found = [
            f"json_exists(text, {quoted(start + json_path(keys_of(path))[1:])})" for path in paths
        ]
        parts += [f"({' or '.join(found)})"] if found else []
    return " and ".join(parts) or "false"


def _make_cells(connection: duckdb.DuckDBPyConnection, record: Record, dataset: Dataset) -> None:
    # apart from the records, which a window would carry along
    scratch(connection, "sizes", "select _file, _doc, len(records) as n, has_failed from parsed")
    scratch(
        connection,
        "numbered",
        "select _file, _doc, coalesce(sum(n) over (partition by _file order by _doc "
        "rows between unbounded preceding and 1 preceding), 0)::bigint as before from sizes "
        "where not has_failed",
    )
    columns = dataset.record_columns if dataset.lines else dataset.columns
    lines = f", {record.lines} as lines" if dataset.lines else ""
    scratch(
        connection,
        "record_cells",
        "select _file, _doc, before + nth as _row, before + nth as source_row, 1 as line_no, "
        f"{record.cells(columns, 'r')}{lines} from (select _file, _doc, unnest(records) as r, "
        "generate_subscripts(records, 1) as nth from parsed) join numbered using (_file, _doc)",
    )
    if dataset.lines:
        scratch(
            connection,
            "line_cells",
            "select _file, _row, line_no, false as is_line_twice, "
            f"{record.cells(dataset.line_columns, 'l')} from ("
            "select _file, _row, generate_subscripts(lines, 1) as line_no, unnest(lines) as l "
            "from record_cells)",
        )
    repeats = dataset.line_key and told_once(
        connection,
        "line_cells",
        record="_file, _row",
        line=f'"t_{dataset.line_key}"',
        columns=[f'"t_{column.name}"' for column in dataset.line_columns],
        order="line_no",
    )
    if repeats:
        told, twice = repeats
        once = f"select * replace ({twice} as is_line_twice) from ({told})"
        scratch(connection, "line_cells", once)
