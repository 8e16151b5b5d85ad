"""One batch of pieces through the door: cells, values, judgement, then a part of the lake."""

import hashlib
import os
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
from orchestration.landing.records import Rounded, Shape, judge, name_faults, scratch
from orchestration.landing.refusals import Refused
from orchestration.landing.schema import Dataset
from orchestration.landing.values import quoted


def in_memory() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection of its own in Beijing time that reaches for no extension and no disk."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": "1500MB",
            "temp_directory": "",  # raw buyers' ids are in memory and must stay there
            "preserve_insertion_order": "false",
            "threads": str(max(1, min(4, os.cpu_count() or 1))),
        }
    )
    connection.execute("set TimeZone = 'Asia/Shanghai'")
    return connection


class Stage:
    """Takes batches of one dataset, in the order of their landing days, to the folder `parts`."""

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
        self._pads: dict[tuple[str, str, str], dict[str, bytes]] = {}
        connection.execute(
            "create table seen (number uhugeint, landed_on date, version timestamptz)"
        )

    def take(self, batch: list[tuple[Outcome, Piece]]) -> None:
        """Load the pieces of a batch, and say in the outcomes of their files what became of them."""
        documents = [(o, p) for o, p in batch if isinstance(p.content, Documents)]
        rows = [(o, p) for o, p in batch if not isinstance(p.content, Documents)]
        if documents:
            self._take(documents, is_api=True)
        if rows:
            self._take(rows, is_api=False)

    def _take(self, batch: list[tuple[Outcome, Piece]], *, is_api: bool) -> None:
        shape = Shape(self._dataset, is_api)
        outcomes = [outcome for outcome, _ in batch]
        self._register_files(outcomes, is_api=is_api)
        if is_api:
            self._read_documents(batch)
        else:
            self._read_rows(batch)
        rounded = judge(self._connection, shape)
        self._tell_known()
        self._write_part(shape, outcomes)
        self._keep_faults(shape, rounded, outcomes)
        self._count(outcomes)

    def _register_files(self, outcomes: list[Outcome], *, is_api: bool) -> None:
        scopes = sorted({c.scope for c in self._dataset.columns if c.personal})
        files = [outcome.file for outcome in outcomes]
        columns = {
            "_file": list(range(len(files))),
            "tenant": [file.tenant for file in files],
            "platform": [file.platform for file in files],
            "shop_id": [file.shop_id for file in files],
            "landed_on": [file.landed_on for file in files],
            "source_file": [file.source_file for file in files],
            "is_full_extract": [outcome.promise.is_full for outcome in outcomes],
            # the rows of a large file's parts are numbered on; rows of exports know their numbers
            "_rows_before": [outcome.rows if is_api else 0 for outcome in outcomes],
        }
        pads = [self._pads_of(file, scopes) for file in files]
        columns |= {name: [one[name] for one in pads] for name in (pads[0] if pads else {})}
        self._connection.register("paths", pa.table(columns))
        scratch(
            self._connection,
            "files",
            "select *, timezone('Asia/Shanghai', cast(landed_on as timestamp)) as _landed_at "
            "from paths",
        )
        self._connection.unregister("paths")

    def _pads_of(self, file: LandedFile, scopes: list[str]) -> dict[str, bytes]:
        shop = (file.tenant, file.platform, file.shop_id)
        if shop not in self._pads:
            names = Pseudonymiser(
                self._key, tenant=file.tenant, platform=file.platform, shop_id=file.shop_id
            )
            pads = {scope: names.pads(scope) for scope in scopes}
            self._pads[shop] = {
                f"_{side}_{scope}": pads[scope][at]
                for scope in scopes
                for at, side in enumerate(("inner", "outer"))
            }
        return self._pads[shop]

    def _read_documents(self, batch: list[tuple[Outcome, Piece]]) -> None:
        texts, files, lines = [], [], []
        for at, (_, piece) in enumerate(batch):
            texts.append(piece.content.texts)
            files.append(np.full(len(piece.content.lines), at))
            lines.append(piece.content.lines)
        documents = pa.table(
            {
                "_file": np.concatenate(files),
                "_doc": np.concatenate(lines),
                "text": pa.chunked_array(texts, pa.large_string()),
            }
        )
        refused = read_documents(self._connection, documents, self._dataset)
        for at, (_, piece) in enumerate(batch):
            refused += [Refused(at, line, reason) for line, reason in piece.content.refused]
        by_file: dict[int, list[Refused]] = {}
        for one in sorted(refused, key=lambda one: (one.file, one.line)):
            by_file.setdefault(one.file, []).append(one)
        for at, found in by_file.items():
            outcome, piece = batch[at]
            known = len(piece.content.lines) + len(piece.content.refused)
            if piece.content.is_all and len(found) == known:
                outcome.refuse(found[0].reason, pages=known)
                continue
            for one in found:
                self._aside.keep(outcome.file, one.line, f"line {one.line} {one.reason}")
                outcome.keep_aside(one.line, one.reason)

    def _read_rows(self, batch: list[tuple[Outcome, Piece]]) -> None:
        cells = []
        for at, (outcome, piece) in enumerate(batch):
            rows = piece.content
            cells.append(rows.cells.append_column("_file", pa.array([at] * rows.cells.num_rows)))
            outcome.ignored = rows.ignored
            outcome.totals += rows.totals
            for row in rows.broken:
                raw = quarantine.broken_row(row, self._dataset, rows.ignored)
                self._aside.keep(outcome.file, row.source_row, row.reason, raw)
                outcome.keep_aside(row.source_row, row.reason)
        tables.make_cells(self._connection, pa.concat_tables(cells), self._dataset)
        for at, count in self._connection.sql("from totals").fetchall():
            batch[at][0].totals += count

    def _tell_known(self) -> None:
        """`fresh`: the sound records that are neither in the lake nor in this load already."""
        span = self._connection.sql(
            "select min(version), max(version) from judged where not is_wrong"
        ).fetchall()[0]
        folders = self._ledger.loads_between(*span) if span[0] is not None else []
        # a filter on the version lets whole parts of the lake be passed over
        earlier = ["select number, landed_on from seen where version between $1 and $2"]
        if folders:
            files = ", ".join(quoted(f"{folder.as_posix()}/*.parquet") for folder in folders)
            earlier.append(
                "select number, l.landed_on from (select row_hash, landed_on from read_parquet("
                f"[{files}], hive_partitioning = false) where source_version between $1 and $2 "
                "and line_no <= 1) l join judged using (row_hash)"
            )
        self._connection.execute(
            "create or replace temp table fresh as with candidates as ("
            "select judged.*, landed_on from judged join files using (_file) "
            "where not is_wrong and not is_contradicted and not is_repeat), "
            f"earlier as (select number, min(landed_on) as known_since from ({' union all '.join(earlier)}) group by number) "
            "select _file, _row, version, row_hash, number, landed_on from candidates "
            "left join earlier using (number) "
            "where known_since is null or known_since > landed_on",
            list(span),
        )
        self._connection.execute("insert into seen select number, landed_on, version from fresh")

    def _write_part(self, shape: Shape, outcomes: list[Outcome]) -> None:
        if not self._connection.sql("select count(*) from fresh").fetchall()[0][0]:
            return
        content = "".join(outcome.fingerprint for outcome in outcomes)
        rows = outcomes[0].rows if len(outcomes) == 1 else 0
        name = hashlib.sha256(f"{content}{rows}{shape.is_api}".encode()).hexdigest()[:12]
        self._parts.mkdir(parents=True, exist_ok=True)
        self._connection.execute(
            f"copy (select {shape.row}, tenant, platform, shop_id, files.landed_on, source_file, "
            f"cast(r.source_row + _rows_before as bigint) as source_row, "
            f"cast({shape.line_no} as bigint) as line_no, version as source_version, row_hash, "
            f"is_full_extract from {shape.source} join fresh using (_file, _row) "
            f"join files using (_file)) to {quoted(str(self._parts / f'{name}.parquet'))} "
            "(format parquet, compression zstd)"
        )

    def _keep_faults(self, shape: Shape, rounded: Rounded, outcomes: list[Outcome]) -> None:
        if not self._connection.sql(
            "select count(*) from judged where is_wrong or is_contradicted"
        ).fetchall()[0][0]:
            return
        name_faults(self._connection, shape, rounded)
        self._aside.keep_all(
            self._connection.sql(
                f"select tenant, platform, shop_id, {quoted(self._dataset.name)} as dataset, "
                "landed_on, source_file, cast(_row + _rows_before as bigint) as source_row, "
                "field, value, reason, raw, record_id from faults join files using (_file) "
                "order by _file, _row"
            ).to_arrow_table()
        )
        faults = self._connection.sql(
            "select _file, reason, count(*), min(_row + _rows_before) from faults "
            "join files using (_file) group by all order by 1, 4"
        ).fetchall()
        for at, reason, count, row in faults:
            outcomes[at].add_faults(reason, count, row)

    def _count(self, outcomes: list[Outcome]) -> None:
        counted = self._connection.sql(
            "select _file, count(*), count(fresh.row_hash), min(fresh.version), max(fresh.version) "
            "from judged left join fresh using (_file, _row) group by _file"
        ).fetchall()
        for at, *counts in counted:
            outcomes[at].add_records(*counts)
