"""A line that a record tells several times: once where it says the same, else marked."""

from collections.abc import Sequence

import duckdb


def told_once(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    *,
    record: str,
    line: str,
    columns: Sequence[str],
    order: str,
) -> tuple[str, str] | None:
    """SQL of the rows of `table`, and of whether one says other things of its line than others do.

    None where no line is repeated: to look for repeats costs more than to ask whether there are
    any. `record` and `line` are the columns that name a record and its line, null where it has no
    name; of rows whose `columns` say the same, as of files put together, the first by `order` is
    kept.
    """
    of_line = f"{record}, {line}"
    repeats = connection.execute(
        f"select 1 from {table} where {line} is not null group by {of_line} "
        "having count(*) > 1 limit 1"
    ).fetchone()
    if repeats is None:
        return None
    once = (
        f"from {table} qualify {line} is null or row_number() over "
        f"(partition by {of_line}, hash({', '.join(columns)}) order by {order}) = 1"
    )
    return once, f"{line} is not null and count(*) over (partition by {of_line}) > 1"
