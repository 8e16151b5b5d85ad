"""Where a JSON document holds what a dataset declares: one structure to parse it with, once.

Paths are keys joined by "."; alternatives are joined by "|". A key that some path reads as a
value and another as an object (or a list) is kept as JSON text and looked into afterwards.
"""

import json
from dataclasses import dataclass, field

from orchestration.landing.schema import Column, Dataset
from orchestration.landing.values import cleaned_in_sql, no_sentinel, quoted

_TEXT, _JSON = "VARCHAR", "JSON"


@dataclass
class Node:
    """A key of the documents: its own content (`wanted`), or the keys below it."""

    wanted: object = None
    below: dict[str, "Node"] = field(default_factory=dict)
    is_mixed: bool = False

    def add(self, keys: list[str], wanted: object) -> None:
        """Say that `wanted` is to be found under `keys`."""
        if not keys:
            self.is_mixed |= bool(self.below) or self.wanted not in (None, wanted)
            self.wanted = wanted
            return
        same = [key for key in self.below if key.lower() == keys[0].lower()]
        if same and keys[0] not in same:
            raise ValueError(f"'{keys[0]}' and '{same[0]}' differ in case only: read one of them")
        self.is_mixed |= self.wanted is not None
        self.below.setdefault(keys[0], Node()).add(keys[1:], wanted)

    def structure(self) -> object:
        """The structure as DuckDB's from_json takes it."""
        if self.is_mixed:
            return _JSON
        if self.wanted is not None:
            return self.wanted
        return {key: node.structure() for key, node in self.below.items()}

    def find(self, at: str, keys: list[str], wanted: object) -> str:
        """SQL for what is under `keys`, where `at` is SQL for this node's content."""
        if self.is_mixed:
            if wanted == _TEXT:
                return f"json_extract_string({at}, {quoted(json_path(keys))})"
            structure = wanted
            for key in reversed(keys):
                structure = {key: structure}
            found = f"from_json({at}, {quoted(json.dumps(structure))})"
            return found + "".join(f'."{key}"' for key in keys)
        if not keys:
            return at
        return self.below[keys[0]].find(f'{at}."{keys[0]}"', keys[1:], wanted)


def json_path(keys: list[str]) -> str:
    """A path as DuckDB's JSON functions take it."""
    return "$" + "".join(f'."{key}"' for key in keys)


def keys_of(path: str) -> list[str]:
    """The keys of a dotted path; none for the document itself."""
    return path.split(".") if path else []


class Record:
    """How to read the records of a dataset, and each record's lines."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._root, self._line = Node(), Node()
        for column in dataset.columns:
            root = self._line if column.level == "line" else self._root
            for path in _alternatives(column):
                root.add(keys_of(path), _wanted(column))
        if dataset.lines:
            self._root.add(keys_of(dataset.lines), self._lines)

    @property
    def structure(self) -> object:
        """The structure of one record."""
        return self._root.structure()

    @property
    def lines(self) -> str:
        """SQL: the list of lines of a record `r`."""
        return self._root.find("r", keys_of(self._dataset.lines), self._lines)

    def cells(self, columns: tuple[Column, ...], at: str) -> str:
        """SQL: the cleaned texts of columns, where `at` is SQL for their record or line."""
        root = self._line if at == "l" else self._root
        return ", ".join(f'{_cell(column, root, at)} as "t_{column.name}"' for column in columns)

    @property
    def _lines(self) -> list:
        return [self._line.structure()]


def _alternatives(column: Column) -> list[str]:
    return [path for path in column.api.split("|") if path]


def _wanted(column: Column) -> object:
    if column.kind != "list":
        return _TEXT
    if not column.fields:
        return [_TEXT]
    inner = Node()
    for path in column.fields:
        inner.add(keys_of(path), _TEXT)
    return [inner.structure()]


def _cell(column: Column, root: Node, at: str) -> str:
    paths = _alternatives(column)
    if not paths:
        return "cast(null as varchar)"
    found = [root.find(at, keys_of(path), _wanted(column)) for path in paths]
    if column.kind == "list":
        return _first([_list(column, one) for one in found])
    texts = [cleaned_in_sql(column, f"({one})") for one in found]
    if column.kind in ("moment", "day") and len(texts) > 1:
        texts = [no_sentinel(f"({text})") for text in texts]
    if column.kind == "length":
        texts = [length(column, f"({text})") for text in texts]
    return _first(texts)


def length(column: Column, text: str) -> str:
    """SQL: how many characters a text has, as text; 0 for the texts the column names."""
    boilerplate = ", ".join(quoted(one) for one in column.fields) or "''"
    return f"cast(case when {text} in ({boilerplate}) then 0 else length({text}) end as varchar)"


def _list(column: Column, found: str) -> str:
    if any("." in path for path in column.fields):
        packed = ", ".join(
            f'"{keys_of(path)[-1]}" := x.' + ".".join(f'"{key}"' for key in keys_of(path))
            for path in column.fields
        )
        found = f"list_transform({found}, lambda x: struct_pack({packed}))"
    return f"case when len({found}) > 0 then cast(to_json({found}) as varchar) end"


def _first(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"
