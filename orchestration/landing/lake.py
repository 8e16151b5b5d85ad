"""Landed files become typed Parquet versions in the lake: once each, in any order."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.landing import SOURCES, quarantine
from orchestration.landing.layout import (
    LandedFile,
    check_layout,
    landed_days,
    landed_files,
)
from orchestration.landing.privacy import Pseudonymiser
from orchestration.landing.reader import UnreadableFileError, in_memory, read_records
from orchestration.landing.records import typed_records
from orchestration.landing.schema import QUARANTINE_TYPES, Dataset, arrow_schema

__all__ = ["LoadReport", "check_layout", "ensure_lake", "landed_days", "load_day", "load_range"]


@dataclass(frozen=True)
class LoadReport:
    """What a load did: rows_in = rows_loaded + rows_quarantined + rows_known, always.

    A file that cannot be read at all counts under `files_unreadable`, with no rows.
    Of rows_known, `rows_broken_before` were put in quarantine by an earlier load.
    `quarantine_reasons` counts broken rows by reason; `messages` are for people.
    """

    files: int = 0
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_known: int = 0
    rows_broken_before: int = 0
    columns_ignored: tuple[str, ...] = ()
    quarantine_reasons: dict[str, int] = field(default_factory=dict)
    files_unreadable: int = 0
    messages: tuple[str, ...] = ()

    def __add__(self, other: "LoadReport") -> "LoadReport":
        return LoadReport(
            files=self.files + other.files,
            rows_in=self.rows_in + other.rows_in,
            rows_loaded=self.rows_loaded + other.rows_loaded,
            rows_quarantined=self.rows_quarantined + other.rows_quarantined,
            rows_known=self.rows_known + other.rows_known,
            rows_broken_before=self.rows_broken_before + other.rows_broken_before,
            columns_ignored=tuple(sorted({*self.columns_ignored, *other.columns_ignored})),
            quarantine_reasons=dict(
                Counter(self.quarantine_reasons) + Counter(other.quarantine_reasons)
            ),
            files_unreadable=self.files_unreadable + other.files_unreadable,
            messages=self.messages + other.messages,
        )


def ensure_lake(lake: Path) -> None:
    """Write the zero-row file of every dataset and of the quarantine: a glob always matches."""
    for platform, datasets in SOURCES.items():
        for name, dataset in datasets.items():
            _ensure_schema(lake / platform / name, dataset.lake_types)
            _ensure_schema(lake / "quarantine" / platform / name, QUARANTINE_TYPES)


def load_day(
    landing: Path,
    lake: Path,
    *,
    platform: str,
    dataset: str,
    day: date,
    key: bytes,
    tenant: str | None = None,
) -> LoadReport:
    """Load what landed for one dataset on `day`, of all shops; see load_range."""
    return load_range(
        landing,
        lake,
        platform=platform,
        dataset=dataset,
        first=day,
        last=day,
        key=key,
        tenant=tenant,
    )


def load_range(
    landing: Path,
    lake: Path,
    *,
    platform: str,
    dataset: str,
    first: date,
    last: date,
    key: bytes,
    tenant: str | None = None,
    progress: Callable[[LandedFile, LoadReport], object] | None = None,
) -> LoadReport:
    """Load what landed for one dataset from `first` to `last` (inclusive), of all shops.

    Every file is loaded once: its ledger entry says so. A record is written once: a repeat with
    the same content and version, landed on the same day or later, counts as known. So loading
    again, or days in another order, leaves the same records, each with its earliest landing day.
    `key` is the secret of the pseudonyms. Raises LayoutError, and KeyError for a platform or a
    dataset that SOURCES does not name.
    """
    declared = SOURCES[platform][dataset]
    ensure_lake(lake)
    report = LoadReport()
    with in_memory() as connection:
        seen = _Seen(connection, lake / platform / dataset)
        for file in landed_files(
            landing, platform=platform, dataset=dataset, first=first, last=last, tenant=tenant
        ):
            one = _load_file(connection, lake, file, declared, key=key, seen=seen)
            report += one
            if progress is not None:
                progress(file, one)
    return report


class _Seen:
    """The records the lake already holds: row_hash and earliest landing day."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection = connection
        connection.execute(
            "create temp table seen as select row_hash, landed_on, "
            "parse_filename(filename) as name from read_parquet(?, filename = true, "
            "hive_partitioning = false)",
            [_glob(folder)],
        )

    def split(self, records: pa.Table, landed_on: date, own_name: str) -> tuple[pa.Table, int]:
        """The records not yet known on that day, and how many are known."""
        self._connection.register("records", records)
        fresh = self._connection.sql(
            "select * from records where row_hash not in "
            "(select row_hash from seen where landed_on <= ? and name <> ?) order by source_row",
            params=[landed_on, own_name],
        ).to_arrow_table()
        self._connection.register("fresh", fresh)
        self._connection.execute(
            "insert into seen select row_hash, landed_on, ? from fresh", [own_name]
        )
        return fresh, records.num_rows - fresh.num_rows


def _load_file(
    connection: duckdb.DuckDBPyConnection,
    lake: Path,
    file: LandedFile,
    dataset: Dataset,
    *,
    key: bytes,
    seen: _Seen,
) -> LoadReport:
    content = file.path.read_bytes()
    fingerprint = _fingerprint(file, content)
    place = Path(file.platform) / file.dataset / f"landed={file.landed_on}"
    ledger = lake / "ledger" / place / f"{fingerprint}.json"
    target = lake / place / f"{fingerprint}.parquet"
    if ledger.exists():
        entry = json.loads(ledger.read_text(encoding="utf-8"))
        if target.exists() or not entry["rows_loaded"]:
            return _known(entry)
    kept_aside = lake / "quarantine" / place / f"{fingerprint}.parquet"
    pseudonymiser = Pseudonymiser(
        key, tenant=file.tenant, platform=file.platform, shop_id=file.shop_id
    )
    try:
        records = read_records(connection, content, dataset)
    except UnreadableFileError as error:
        details = quarantine.keep_whole_file(lake, file, dataset, error, fingerprint)
        _write(quarantine.quarantine_table(file, details), kept_aside, QUARANTINE_TYPES)
        report = LoadReport(files=1, files_unreadable=1, messages=(f"{file.source_file}: {error}",))
        _write_ledger(ledger, file, report)
        return report
    judged = typed_records(
        connection, records.table, dataset, lineage=_lineage(file), pseudonymiser=pseudonymiser
    )
    rejected = judged.filter(pa.compute.is_valid(judged["field"]))
    sound = judged.filter(pa.compute.is_null(judged["field"]))
    unique = sound.filter(pa.compute.invert(sound["is_repeat"])).select(list(dataset.lake_types))
    fresh, known = seen.split(unique, file.landed_on, target.name)
    details = quarantine.joined(
        quarantine.broken_row_details(records.broken, dataset, records.columns_ignored),
        quarantine.judged_details(rejected),
    )
    report = LoadReport(
        files=1,
        rows_in=records.table.num_rows + len(records.broken),
        rows_loaded=fresh.num_rows,
        rows_quarantined=len(details["reason"]),
        rows_known=known + sound.num_rows - unique.num_rows,
        columns_ignored=records.columns_ignored,
        quarantine_reasons=dict(Counter(_kind_of(reason) for reason in details["reason"])),
        messages=_messages(file, len(details["reason"])),
    )
    if fresh.num_rows:
        _write(fresh, target, dataset.lake_types)
    if details["reason"]:
        _write(quarantine.quarantine_table(file, details), kept_aside, QUARANTINE_TYPES)
    _write_ledger(ledger, file, report)
    return report


def _known(entry: dict) -> LoadReport:
    """The report of a file the ledger knows; one that could not be read stays a problem."""
    unreadable = entry["files_unreadable"]
    return LoadReport(
        files=1,
        rows_in=entry["rows_in"],
        rows_known=entry["rows_in"],
        rows_broken_before=entry["rows_quarantined"],
        columns_ignored=tuple(entry["columns_ignored"]),
        files_unreadable=unreadable,
        messages=tuple(entry["messages"]) if unreadable else (),
    )


def _fingerprint(file: LandedFile, content: bytes) -> str:
    """12 hexadecimal digits of content and place; the file's own name plays no part."""
    place = (file.tenant, file.platform, file.shop_id, file.dataset, str(file.landed_on))
    digest = hashlib.sha256("\x00".join(place).encode())
    digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:12]


def _lineage(file: LandedFile) -> dict[str, object]:
    return {
        "tenant": file.tenant,
        "platform": file.platform,
        "shop_id": file.shop_id,
        "landed_on": file.landed_on,
        "source_file": file.source_file,
    }


def _kind_of(reason: str) -> str:
    """A reason without the numbers of its row, so that equal problems count together."""
    return re.sub(r"has \d+ fields", "has a wrong number of fields", reason)


def _messages(file: LandedFile, broken: int) -> tuple[str, ...]:
    if not broken:
        return ()
    return (f"{file.source_file}: {broken} rows went to quarantine, each with its reason",)


def _glob(folder: Path) -> str:
    return f"{folder.as_posix()}/**/*.parquet"


def _ensure_schema(folder: Path, types: dict[str, str]) -> None:
    target, wanted = folder / "_schema.parquet", arrow_schema(types)
    if not target.exists() or not pq.read_schema(target).equals(wanted):
        _write(wanted.empty_table(), target, types)


def _write(table: pa.Table, target: Path, types: dict[str, str]) -> None:
    """Write Parquet whole or not at all, with exactly the declared columns and types."""
    typed = table.select(list(types)).cast(arrow_schema(types))
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    pq.write_table(typed, fresh, compression="zstd")
    fresh.replace(target)


def _write_ledger(target: Path, file: LandedFile, report: LoadReport) -> None:
    entry = {"source_file": file.source_file, "shop_id": file.shop_id, **asdict(report)}
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    fresh.write_text(json.dumps(entry, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(target)
