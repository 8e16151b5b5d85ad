"""What could not be loaded: kept with its place, its value and what to do about it."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.landing.layout import LandedFile
from orchestration.landing.privacy import MASK
from orchestration.landing.rows import BrokenRow
from orchestration.landing.schema import QUARANTINE_TYPES, Dataset, arrow_schema

_SCHEMA = arrow_schema(QUARANTINE_TYPES)
_TOGETHER = 5_000  # rows written at once


class Quarantine:
    """The quarantine of one load: one Parquet file, written as the load goes along."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[dict[str, object]] = []

    def keep(self, file: LandedFile, row: int | None, reason: str, raw: str | None = None) -> None:
        """Keep what has no fields: a file, a page, or a row that cannot be told apart."""
        self._waiting.append(
            {
                "tenant": file.tenant,
                "platform": file.platform,
                "shop_id": file.shop_id,
                "dataset": file.dataset,
                "landed_on": file.landed_on,
                "source_file": file.source_file,
                "source_row": row,
                "field": "",
                "reason": reason,
                "raw": raw,
            }
        )
        if len(self._waiting) >= _TOGETHER:
            self._write_waiting()

    def keep_all(self, rows: pa.Table) -> None:
        """Keep rows that have the columns of the quarantine."""
        if not rows.num_rows:
            return
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._path, _SCHEMA, compression="zstd")
        self._writer.write_table(rows.select(_SCHEMA.names).cast(_SCHEMA))

    def close(self) -> None:
        """End the file, if there is one."""
        self._write_waiting()
        if self._writer is not None:
            self._writer.close()

    def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        self.keep_all(pa.Table.from_pylist(waiting, schema=_SCHEMA))


def whole_file(file: LandedFile) -> str:
    """The raw text of a file nothing is read from: where it lies; it is not copied."""
    return json.dumps({"file_kept_at": f"landing/{file.source_file}"}, ensure_ascii=False)


def broken_row(row: BrokenRow, dataset: Dataset, ignored: tuple[str, ...]) -> str:
    """The raw text of a row whose fields cannot be told apart.

    Where it may hold a buyer's id or an undeclared column it is withheld: nobody can say which of
    its fields to leave out.
    """
    return MASK if dataset.has_personal_data or ignored else row.text
