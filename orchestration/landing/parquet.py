"""Parquet files as rows of text, the text a CSV of the same table would hold."""

import io
from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.landing.content import Content, UnreadableFileError
from orchestration.landing.headers import Header, find_header
from orchestration.landing.rows import Rows, pick
from orchestration.landing.schema import Dataset

_DAMAGED = "the Parquet file is cut off or damaged: transfer it again"
_ROWS = 200_000


def parquet_rows(
    connection: duckdb.DuckDBPyConnection, content: Content, dataset: Dataset
) -> Iterator[Rows]:
    """The rows of a Parquet file, in pieces; raises UnreadableFileError."""
    try:
        source = io.BytesIO(content.data) if content.data is not None else content.path
        file = pq.ParquetFile(source)
        header = find_header([file.schema_arrow.names], dataset)
        _refuse_floating_ids(file.schema_arrow, header, dataset)
        first, is_all = 2, file.metadata.num_rows <= _ROWS
        batches = file.iter_batches(batch_size=_ROWS) if file.metadata.num_rows else []
        for batch in batches:
            cells = pa.table(batch).rename_columns([f"f{i}" for i in range(header.width)])
            numbers = np.arange(first, first + batch.num_rows)
            table = pick(_as_text(connection, cells), header, numbers, dataset)
            yield Rows(table, header.ignored, is_all=is_all)
            first += batch.num_rows
        if not file.metadata.num_rows:
            nothing = pa.table({name: pa.array([], pa.string()) for name in _names(header)})
            yield Rows(pick(nothing, header, np.array([]), dataset), header.ignored)
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableFileError(_DAMAGED) from error


def _names(header: Header) -> list[str]:
    return [f"f{i}" for i in range(header.width)]


def _refuse_floating_ids(schema: pa.Schema, header: Header, dataset: Dataset) -> None:
    for column in dataset.columns:
        at = header.positions.get(column.name)
        if at is not None and column.kind == "id" and pa.types.is_floating(schema.types[at]):
            raise UnreadableFileError(
                f"the ids in {column.name} are stored as floating-point numbers, which lose "
                "digits: write them as text"
            )


def _as_text(connection: duckdb.DuckDBPyConnection, cells: pa.Table) -> pa.Table:
    """Every value as the text a CSV would hold; moments with a zone keep their offset."""
    connection.register("cells", cells)
    text = connection.sql("select cast(columns(*) as varchar) from cells").to_arrow_table()
    connection.unregister("cells")
    return text
