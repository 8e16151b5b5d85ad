"""What nobody can read in the landed files, and whether another file brings it after all."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_COLUMNS = {
    "platform": pa.string(),
    "dataset": pa.string(),
    "shop_id": pa.string(),
    "source_file": pa.string(),
    "record_key": pa.string(),
    "modified_at": pa.timestamp("us"),
    "kind": pa.string(),
    "is_recovered": pa.bool_(),
}


class DamageLog:
    """Collects damaged records; one is recovered if it is readable elsewhere, as new or newer."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        empty = pa.table({name: pa.array([], kind) for name, kind in _COLUMNS.items()})
        self._connection.register("empty", empty)
        self._connection.execute("create table damaged as select * from empty")

    def note(
        self, pulled: pa.Table, hits: Sequence[tuple[np.ndarray, dict[str, object]]], **scope: str
    ) -> None:
        """Note what was hit in the pulls of one dataset, and what they bring of earlier damage.

        `pulled` has shop_id, record_key and modified_at; a hit is the row numbers in it and the
        source_file, kind and is_recovered of the file they were in. Pulls are noted in the order
        in which they were made.
        """
        if hits:
            self._add(pulled, hits, scope)
        is_readable = np.ones(pulled.num_rows, dtype=bool)
        for rows, _ in hits:
            is_readable[rows] = False
        readable = pulled.select(["shop_id", "record_key", "modified_at"])
        self._connection.register("readable", readable.filter(pa.array(is_readable)))
        self._connection.execute(
            """
            update damaged set is_recovered = true from readable r
            where not is_recovered and platform = ? and dataset = ?
                and damaged.shop_id = r.shop_id and damaged.record_key = r.record_key
                and r.modified_at >= damaged.modified_at
            """,
            [scope["platform"], scope["dataset"]],
        )
        self._connection.unregister("readable")

    def _add(self, pulled: pa.Table, hits: Sequence, scope: dict[str, str]) -> None:
        for rows, file in hits:
            some = pulled.take(pa.array(rows))
            said = scope | file
            columns = [
                some[name].cast(kind)
                if name in some.column_names
                else pa.array([said[name]] * some.num_rows, kind)
                for name, kind in _COLUMNS.items()
            ]
            self._connection.register("more", pa.table(columns, names=list(_COLUMNS)))
            self._connection.execute("insert into damaged select * from more")

    def table(self) -> pa.Table:
        """What was damaged so far; the log is closed."""
        table = self._connection.sql("select * from damaged").to_arrow_table()
        self._connection.close()
        return table


def keep_damage(parts: Sequence[pa.Table], target: Path) -> tuple[int, int]:
    """Write what was damaged as Parquet, in a fixed order.

    Returns how many records were damaged, and how many of them are in no other file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    empty = pa.table({name: pa.array([], kind) for name, kind in _COLUMNS.items()})
    table = pa.concat_tables([empty, *parts]).sort_by([(name, "ascending") for name in _COLUMNS])
    pq.write_table(table, target)
    recovered = pc.sum(table["is_recovered"]).as_py() or 0
    return table.num_rows, table.num_rows - recovered
