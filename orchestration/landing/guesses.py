"""What a file in the wrong folder looks like: the dataset of another name that would read it."""

import json
from collections.abc import Iterator

import duckdb

from orchestration.landing import SOURCES
from orchestration.landing.headers import known_names
from orchestration.landing.json_paths import json_path, keys_of
from orchestration.landing.schema import Dataset

_RECORD = 200_000  # a longer first record tells nothing that a part of it does not


def like_document(connection: duckdb.DuckDBPyConnection, text: str, own: Dataset) -> str:
    """The "platform/dataset" whose envelope and key a JSON document has, or an empty text."""
    others = [(name, other) for name, other in _others(own) if other.envelopes]
    paths = sorted({envelope for _, other in others for envelope in other.envelopes})
    kinds = connection.execute(
        "select json_type($1, $2)", [text, [json_path(keys_of(path)) for path in paths]]
    ).fetchall()[0][0]
    records = {}
    for path, kind in zip(paths, kinds, strict=True):
        if kind in ("ARRAY", "OBJECT"):
            first = json_path(keys_of(path)) + ("[0]" if kind == "ARRAY" else "")
            record = connection.execute("select json_extract($1, $2)", [text, first]).fetchall()
            record = record[0][0]
            if record and len(record) < _RECORD:
                records[path] = json.loads(record)
    scores = {
        name: max(
            (_declared(other, records[p]) for p in other.envelopes if p in records), default=0
        )
        for name, other in others
    }
    best = max(scores, key=scores.get, default="")
    return best if scores.get(best) else ""


def like_header(names: set[str], own: Dataset) -> str:
    """The "platform/dataset" all of whose required columns a header has, or an empty text."""
    scores = {}
    for name, other in _others(own):
        found = {column for known, column in known_names(other).items() if known in names}
        if found >= set(other.required) and set(other.key) <= found:
            scores[name] = len(found)
    return max(scores, key=scores.get, default="")


def advice(name: str) -> str:
    """The end of a message: where the file seems to belong."""
    return f"; it looks like {name}: move it to that folder" if name else ""


def _others(own: Dataset) -> Iterator[tuple[str, Dataset]]:
    for platform, datasets in SOURCES.items():
        for name, dataset in datasets.items():
            if dataset is not own:
                yield f"{platform}/{name}", dataset


def _declared(dataset: Dataset, record: object) -> int:
    """How many declared columns a record has; none if it lacks a part of the key."""
    found = {
        column.name
        for column in dataset.record_columns
        if any(_has(record, keys_of(path)) for path in column.api.split("|") if path)
    }
    in_api = {name for name in dataset.key if dataset.column(name).api}
    has_lines = dataset.lines and _has(record, keys_of(dataset.lines))
    return len(found) + 5 * bool(has_lines) if in_api and in_api <= found else 0


def _has(record: object, keys: list[str]) -> bool:
    for key in keys:
        if not isinstance(record, dict) or key not in record:
            return False
        record = record[key]
    return record is not None
