"""One batch of pieces through the door: cells, values, judgement, then a part of the lake."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.landing import quarantine, tables
from orchestration.landing.batches import Piece
from orchestration.landing.documents import Documents
from orchestration.landing.json_reader import read_documents
from orchestration.landing.layout import LandedFile
from orchestration.landing.ledger import Ledger
from orchestration.landing.outcome import Outcome
from orchestration.landing.privacy import Pseudonymiser
from orchestration.landing.records import Rounded, Shape, digest, judge, name_faults, scratch
from orchestration.landing.refusals import Refused
from orchestration.landing.schema import Dataset
from orchestration.landing.values import quoted

AT_ONCE = max(1, min(2, os.cpu_count() or 1))  # batches; more of them would need more memory

Batch = list[tuple[Outcome, Piece]]


def in_memory() -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own in Beijing time that reaches for no extension and for no disk."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": "1200MB",
            "temp_directory": "",  # raw buyers' ids are in memory and must stay there
            "preserve_insertion_order": "false",
            "threads": "1",  # batches run side by side instead
        }
    )
    connection.execute("set global TimeZone = 'Asia/Shanghai'")
    connection.execute("set enable_progress_bar = false")
    return connection


@dataclass(frozen=True)
class Prepared:
    """A batch that is read and judged on a connection of its own, and not yet in the lake."""

    connection: duckdb.DuckDBPyConnection
    batch: Batch
    shape: Shape
    rounded: Rounded
    refused: list[Refused]
    totals: list[tuple[int, int]]

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes of the batch's files, in the order of their numbers."""
        return [outcome for outcome, _ in self.batch]

    @property
    def rows_before(self) -> int:
        """How many records the parts of a large JSON file before this one hold."""
        outcome, piece = self.batch[0]
        return outcome.records if self.shape.is_api and not piece.content.is_all else 0


class Stage:
    """Takes batches of one dataset to the folder `parts`.

    `prepare` may work on several batches at once, each in its own thread. `finish` takes them one
    by one in the order of their landing days, so that a record keeps its earliest day.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        dataset: Dataset,
        *,
        key: bytes,
        ledger: Ledger,
        parts: Path,
        aside: quarantine.Quarantine,
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._key = key
        self._ledger = ledger
        self._parts = parts
        self._aside = aside
        self._cursors: list[duckdb.DuckDBPyConnection] = []
        connection.execute(
            "create table seen (number uhugeint, landed_on date, version timestamptz)"
        )

    def prepare(self, batch: Batch) -> Prepared:
        """Read and judge pieces that are all documents, or all rows."""
        connection = self._connection.cursor()
        self._cursors.append(connection)
        pieces = [piece for _, piece in batch]
        is_api = isinstance(pieces[0].content, Documents)
        has_lost = not is_api and any(piece.content.has_lost for piece in pieces)
        shape = Shape(self._dataset, is_api, has_lost)
        refused, totals = [], []
        self._register_files(connection, [outcome for outcome, _ in batch])
        if shape.is_api:
            refused = read_documents(connection, _documents(pieces), self._dataset)
        else:
            tables.make_cells(connection, _cells(pieces), self._dataset)
            totals = connection.sql("from totals").fetchall()
        return Prepared(connection, batch, shape, judge(connection, shape), refused, totals)

    def finish(self, prepared: Prepared) -> None:
        """Write what is new; say in the outcomes of the files what became of their records."""
        with prepared.connection as connection:
            self._cursors.remove(connection)
            if not prepared.shape.is_api:
                _tell_layout(prepared)
            self._tell_known(prepared)
            self._write_part(prepared)
            self._keep_faults(prepared)
            if prepared.shape.is_api:
                self._refuse_documents(prepared)
            else:
                self._keep_broken_rows(prepared)
            _count(prepared)

    def close(self) -> None:
        """Let go of the batches that a load cut off midway did not finish."""
        for cursor in self._cursors:
            cursor.close()

    def _register_files(
        self, connection: duckdb.DuckDBPyConnection, outcomes: list[Outcome]
    ) -> None:
        scopes = sorted({c.scope for c in self._dataset.columns if c.personal})
        files = [outcome.file for outcome in outcomes]
        columns = {
            "_file": pa.array(range(len(files)), pa.int64()),
            "landed_on": [file.landed_on for file in files],
            "source_file": [file.source_file for file in files],
            "is_full_extract": [outcome.promise.is_full for outcome in outcomes],
        }
        shop = ("tenant", "platform", "shop_id")
        columns |= {name: [getattr(file, name) for file in files] for name in shop}
        pads = {tuple(getattr(f, name) for name in shop): self._pads(f, scopes) for f in files}
        landed_at = "timezone('Asia/Shanghai', cast(landed_on as timestamp)) as _landed_at"
        connection.register("paths", pa.table(columns))
        connection.register("shops", pa.Table.from_pylist(list(pads.values())))
        scratch(
            connection,
            "files",
            f"select *, {landed_at} from paths join shops using ({', '.join(shop)})",
        )
        connection.unregister("paths")
        connection.unregister("shops")

    def _pads(self, file: LandedFile, scopes: list[str]) -> dict[str, object]:
        """What the pseudonyms of a shop are made with, scope by scope."""
        shop = {"tenant": file.tenant, "platform": file.platform, "shop_id": file.shop_id}
        names = Pseudonymiser(self._key, **shop)
        pads: dict[str, object] = {}
        for scope in scopes:
            pads[f"_inner_{scope}"], pads[f"_outer_{scope}"] = names.pads(scope)
        return shop | pads

    def _tell_known(self, prepared: Prepared) -> None:
        """`fresh`: the sound records that are neither in the lake nor in this load already."""
        connection = prepared.connection
        span = connection.sql(
            "select min(version), max(version) from judged where not is_wrong"
        ).fetchall()[0]
        # by their versions whole parts of the lake are passed over
        earlier = ["select number, landed_on from seen where version between $1 and $2"]
        folders = self._ledger.loads_between(*span) if span[0] is not None else []
        if folders:
            files = ", ".join(quoted(f"{folder.as_posix()}/*.parquet") for folder in folders)
            earlier.append(
                "select number, l.landed_on from (select row_hash, landed_on from read_parquet("
                f"[{files}], hive_partitioning = false) where source_version between $1 and $2 "
                f"and line_no <= 1) l join judged on {digest('l')} = {digest('judged')}"
            )
        connection.execute(
            "create or replace temp table fresh as with candidates as ("
            "select judged.*, landed_on from judged join files using (_file) "
            "where not is_wrong and not is_contradicted and not is_repeat"
            "), earlier as (select number, min(landed_on) as known_since "
            f"from ({' union all '.join(earlier)}) group by number) "
            "select _file, _row, version, row_hash, number, landed_on from candidates "
            "left join earlier using (number) "
            "where known_since is null or known_since > landed_on",
            list(span),
        )
        connection.execute("insert into seen select number, landed_on, version from fresh")

    def _write_part(self, prepared: Prepared) -> None:
        connection, shape = prepared.connection, prepared.shape
        if not connection.sql("select count(*) from fresh").fetchall()[0][0]:
            return
        content = [outcome.fingerprint for outcome in prepared.outcomes]
        content += [str(prepared.batch[0][0].records), str(shape.is_api)]
        name = hashlib.sha256("".join(content).encode()).hexdigest()[:12]
        self._parts.mkdir(parents=True, exist_ok=True)
        connection.execute(
            f"copy (select {shape.row}, tenant, platform, shop_id, files.landed_on, source_file, "
            f"cast(r.source_row + {prepared.rows_before} as bigint) as source_row, "
            f"cast({shape.line_no} as bigint) as line_no, version as source_version, row_hash, "
            f"is_full_extract from {shape.source} join fresh using (_file, _row) "
            f"join files using (_file)) to {quoted(str(self._parts / f'{name}.parquet'))} "
            "(format parquet, compression zstd, compression_level 1)"
        )

    def _keep_faults(self, prepared: Prepared) -> None:
        connection = prepared.connection
        wrong = "select count(*) from judged where is_wrong or is_contradicted"
        if not connection.sql(wrong).fetchall()[0][0]:
            return
        name_faults(connection, prepared.shape, prepared.rounded)
        row = f"_row + {prepared.rows_before}"
        self._aside.keep_all(
            connection.sql(
                f"select tenant, platform, shop_id, {quoted(self._dataset.name)} as dataset, "
                f"landed_on, source_file, {row} as source_row, field, value, reason, raw, "
                "record_id from faults join files using (_file) order by _file, _row"
            ).to_arrow_table()
        )
        faults = connection.sql(
            f"select _file, reason, count(*), min({row}) from faults group by 1, 2 order by 1, 4"
        ).fetchall()
        for at, reason, count, first in faults:
            prepared.outcomes[at].add_faults(reason, count, first)

    def _refuse_documents(self, prepared: Prepared) -> None:
        by_file: dict[int, list[Refused]] = {at: [] for at in range(len(prepared.batch))}
        for one in prepared.refused:
            by_file[one.file].append(one)
        for at, (outcome, piece) in enumerate(prepared.batch):
            found = by_file[at] + [Refused(at, *one) for one in piece.content.refused]
            pages = len(piece.content.lines) + len(piece.content.refused)
            where = quarantine.whole_file(outcome.file)
            outcome.pages_read += pages - len(found)
            for one in sorted(found, key=lambda one: one.line):
                self._aside.keep(outcome.file, one.line, f"line {one.line} {one.reason}", where)
                outcome.refuse_page(one.line, one.reason)

    def _keep_broken_rows(self, prepared: Prepared) -> None:
        for outcome, piece in prepared.batch:
            rows = piece.content
            outcome.totals += rows.totals
            for row in rows.broken:
                raw = quarantine.broken_row(row, self._dataset, rows.ignored)
                self._aside.keep(outcome.file, row.source_row, row.reason, raw)
                outcome.keep_aside(row.source_row, row.reason)
        for at, count in prepared.totals:
            prepared.outcomes[at].totals += count


def _tell_layout(prepared: Prepared) -> None:
    for outcome, piece in prepared.batch:
        rows = piece.content
        outcome.ignored, outcome.sheets, outcome.notes = rows.ignored, rows.sheets, rows.messages


def _count(prepared: Prepared) -> None:
    counted = prepared.connection.sql(
        "select _file, count(*), count(fresh.row_hash), min(fresh.version), max(fresh.version) "
        "from judged left join fresh using (_file, _row) group by _file"
    ).fetchall()
    for at, *counts in counted:
        prepared.outcomes[at].add_records(*counts)


def _documents(pieces: list[Piece]) -> pa.Table:
    files = [np.full(len(piece.content.lines), at) for at, piece in enumerate(pieces)]
    return pa.table(
        {
            "_file": np.concatenate(files),
            "_doc": np.concatenate([piece.content.lines for piece in pieces]),
            "text": pa.chunked_array([p.content.texts for p in pieces], pa.large_string()),
        }
    )


def _cells(pieces: list[Piece]) -> pa.Table:
    cells = [piece.content.cells for piece in pieces]
    numbered = [
        rows.append_column("_file", pa.array(np.full(rows.num_rows, at), pa.int64()))
        for at, rows in enumerate(cells)
    ]
    return pa.concat_tables(numbered)
