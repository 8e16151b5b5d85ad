"""Landed files become typed Parquet versions in the lake: once each, in any order."""

from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
from filelock import FileLock

from orchestration.landing import SOURCES
from orchestration.landing.layout import check_layout, landed_days, landed_files
from orchestration.landing.ledger import Ledger, last_loads, newest_loaded_day
from orchestration.landing.load import Load, Progress
from orchestration.landing.report import LoadReport
from orchestration.landing.schema import QUARANTINE_TYPES, arrow_schema

__all__ = [
    "LoadReport",
    "check_layout",
    "completed_loads",
    "ensure_lake",
    "landed_days",
    "load_day",
    "load_range",
    "newest_loaded_day",
]


def ensure_lake(lake: Path) -> None:
    """Write the zero-row file of every dataset and of the quarantine: a glob always matches."""
    for platform, datasets in SOURCES.items():
        for name, dataset in datasets.items():
            _ensure_schema(lake / platform / name, dataset.lake_types)
            _ensure_schema(lake / "quarantine" / platform / name, QUARANTINE_TYPES)


def completed_loads(lake: Path, landed_by: date = date.max) -> dict[str, int]:
    """ "<platform>.<dataset>" -> the number of its last complete load; without those never loaded.

    A load counts if all files of it and of every load before it had landed by `landed_by`. The rows
    of load n lie in the folder `load_no=n` of the dataset.
    """
    return last_loads(lake, landed_by)


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
    progress: Progress | None = None,
) -> LoadReport:
    """Load what landed for one dataset from `first` to `last` (inclusive), of all shops.

    Every file is loaded once: the ledger knows it by path, size and time, or by its content. A
    record is written once: a repeat with the same content and version, landed on the same day or
    later, counts as known. So loading again, or days in another order, leaves the same records,
    each with its earliest landing day. A load cut off midway leaves nothing; the next one does it
    all. `key` is the secret of the pseudonyms. Raises LayoutError, and KeyError for a platform or
    a dataset that SOURCES does not name.
    """
    declared = SOURCES[platform][dataset]
    ensure_lake(lake)
    files = landed_files(
        landing, platform=platform, dataset=dataset, first=first, last=last, tenant=tenant
    )
    (lake / "ledger" / platform).mkdir(parents=True, exist_ok=True)
    with FileLock(lake / "ledger" / platform / f".{dataset}.lock"):
        ledger = Ledger(lake, platform, dataset)
        ledger.clean_up()
        new, report = ledger.sort_out(files)
        if not new:
            return report
        load = Load(lake, declared, platform=platform, key=key, ledger=ledger, progress=progress)
        return report + load.run(new)


def _ensure_schema(folder: Path, types: dict[str, str]) -> None:
    target, wanted = folder / "load_no=0" / "_schema.parquet", _no_rows(tuple(types.items()))
    if target.exists() and target.read_bytes() == wanted:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    fresh.write_bytes(wanted)
    fresh.replace(target)


@cache
def _no_rows(types: tuple[tuple[str, str], ...]) -> bytes:
    """A Parquet file with these columns and no rows."""
    buffer = BytesIO()
    pq.write_table(arrow_schema(dict(types)).empty_table(), buffer)
    return buffer.getvalue()
