"""What a dataset declares: its columns, their kinds and limits, its key and its rules."""

from dataclasses import dataclass

import pyarrow as pa

LAKE_TYPES = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "money": "DECIMAL(18,2)",
    "number": "DOUBLE",
    "moment": "TIMESTAMPTZ",
    "day": "DATE",
    "flag": "BOOLEAN",
    "list": "VARCHAR",
    "length": "DOUBLE",
}

LINEAGE_TYPES = {
    "tenant": "VARCHAR",
    "platform": "VARCHAR",
    "shop_id": "VARCHAR",
    "landed_on": "DATE",
    "source_file": "VARCHAR",
    "source_row": "BIGINT",
    "line_no": "BIGINT",
    "source_version": "TIMESTAMPTZ",
    "row_hash": "VARCHAR",
    "is_full_extract": "BOOLEAN",
}

QUARANTINE_TYPES = {
    "tenant": "VARCHAR",
    "platform": "VARCHAR",
    "shop_id": "VARCHAR",
    "dataset": "VARCHAR",
    "landed_on": "DATE",
    "source_file": "VARCHAR",
    "source_row": "BIGINT",
    "field": "VARCHAR",
    "value": "VARCHAR",
    "reason": "VARCHAR",
    "raw": "VARCHAR",
    "record_id": "VARCHAR",
}

_API_UNITS = {"money": ("fen",), "moment": ("epoch_s", "epoch_ms"), "day": ("epoch_s", "epoch_ms")}


_ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "DECIMAL(18,2)": pa.decimal128(18, 2),
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}


def arrow_schema(types: dict[str, str]) -> pa.Schema:
    """The Arrow schema of columns given by their DuckDB types."""
    return pa.schema({name: _ARROW_TYPES[kind] for name, kind in types.items()})


@dataclass(frozen=True)
class Column:
    """One landed column.

    `kind` is a key of LAKE_TYPES. `above` (exclusive), `at_least` and `at_most` (inclusive) bound
    money and numbers; `choices` bounds text. `default` fills a missing value. A `personal` column
    becomes a pseudonym at the door and its raw value is never written; `scope` is the namespace
    of that pseudonym: "shop" for a name of one shop only, anything else for a name that all shops
    of the tenant share ("unionid", "member", "taobao").

    `api` says where an API record holds the value: keys joined by ".", alternatives by "|", the
    first that is there wins; `level` "line" reads it from each element of `Dataset.lines`.
    `api_unit` is "fen" for money, "epoch_s" or "epoch_ms" for times; without it an API writes
    yuan and Beijing time as text, as exports always do. `headers` are the names the column has in
    back-office exports, besides its own. A column of kind "list" keeps of each object of a nested
    list its `fields` only, as JSON text. A column of kind "length" keeps how many characters a
    text has, 0 if it is one of `fields`, and drops the text before anything else sees it.
    """

    name: str
    kind: str
    meaning: str
    unit: str = ""
    example: str = ""
    required: bool = False
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    choices: tuple[str, ...] = ()
    default: str | None = None
    personal: bool = False
    scope: str = "shop"
    api: str = ""
    api_unit: str = ""
    level: str = "record"
    headers: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in LAKE_TYPES:
            raise ValueError(f"{self.name}: '{self.kind}' is no kind ({', '.join(LAKE_TYPES)})")
        if self.name in LINEAGE_TYPES:
            raise ValueError(
                f"{self.name}: the lake gives every row this column itself; choose another name "
                "and say in `api` and `headers` what the source calls it"
            )
        if self.level not in ("record", "line"):
            raise ValueError(f"{self.name}: level is 'record' or 'line', not '{self.level}'")
        if self.api_unit and self.api_unit not in _API_UNITS.get(self.kind, ()):
            raise ValueError(f"{self.name}: '{self.api_unit}' is no unit of kind {self.kind}")


@dataclass(frozen=True)
class Rule:
    """A condition between columns of one row, in SQL over the typed columns; null passes."""

    condition: str
    field: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """One dataset of a platform: `key` names the columns that identify a record.

    `envelopes` are the dotted paths under which an API response holds its list of records ("" for
    a bare record); `lines` is the path of a record's own list of lines, each of which becomes a
    row. `version` is the column that dates a version of a record; where it is missing the landed
    day does. `success` is an envelope field and its values that mean success. The column
    `shop_marker` must equal the shop_id of the folder. `totals` are more words that mark a row of
    totals in a key column. `line_key` is the column that names a line of a record, where there is
    one: a line that is repeated is told once.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    envelopes: tuple[str, ...] = ()
    lines: str = ""
    version: str = "updated_at"
    success: tuple[str, tuple[str, ...]] = ("", ())
    shop_marker: str = ""
    totals: tuple[str, ...] = ()
    line_key: str = ""

    def __post_init__(self) -> None:
        names = self.column_names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{self.name}: declares {', '.join(twice)} twice")
        for name in (*self.key, *filter(None, [self.shop_marker])):
            if name not in names or self.column(name).level == "line":
                raise ValueError(f"{self.name}: '{name}' is no column of the record")
        if self.line_key and self.line_key not in {c.name for c in self.line_columns}:
            raise ValueError(f"{self.name}: '{self.line_key}' is no column of a line")
        if self.envelopes and not self.lines and self.line_columns:
            raise ValueError(f"{self.name}: has columns of lines, but `lines` says not where")

    def column(self, name: str) -> Column:
        """The declared column of that name; raises KeyError."""
        return {column.name: column for column in self.columns}[name]

    @property
    def record_columns(self) -> tuple[Column, ...]:
        """The columns that a record has once."""
        return tuple(column for column in self.columns if column.level == "record")

    @property
    def line_columns(self) -> tuple[Column, ...]:
        """The columns that each line of a record has."""
        return tuple(column for column in self.columns if column.level == "line")

    @property
    def has_lines(self) -> bool:
        """Whether a record may hold several lines, each of which becomes a row."""
        return bool(self.lines or self.line_columns)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The landed columns in their declared order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that a file must have and that no record may leave empty."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def has_personal_data(self) -> bool:
        """Whether a column identifies a person, or may: people put anything into free text."""
        return any(column.personal or column.kind == "length" for column in self.columns)

    @property
    def lake_types(self) -> dict[str, str]:
        """Column name -> DuckDB type of the dataset's Parquet files in the lake."""
        return {c.name: LAKE_TYPES[c.kind] for c in self.columns} | LINEAGE_TYPES
