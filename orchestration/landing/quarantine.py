"""What could not be loaded: kept with its place, its value and what to do about it."""

import json
import shutil
from pathlib import Path

import pyarrow as pa

from orchestration.landing.layout import LandedFile
from orchestration.landing.privacy import MASK
from orchestration.landing.reader import BrokenRow, UnreadableFileError
from orchestration.landing.schema import QUARANTINE_TYPES, Dataset, arrow_schema

_DETAILS = ("source_row", "field", "value", "reason", "raw")


def quarantine_table(file: LandedFile, details: dict[str, list]) -> pa.Table:
    """The file's quarantine rows from their columns source_row, field, value, reason, raw."""
    count = len(details["reason"])
    scope = {
        "tenant": file.tenant,
        "platform": file.platform,
        "shop_id": file.shop_id,
        "dataset": file.dataset,
        "landed_on": file.landed_on,
        "source_file": file.source_file,
    }
    columns = {name: [value] * count for name, value in scope.items()} | details
    return pa.table(columns, schema=arrow_schema(QUARANTINE_TYPES))


def broken_row_details(
    rows: tuple[BrokenRow, ...], dataset: Dataset, columns_ignored: tuple[str, ...]
) -> dict[str, list]:
    """Details of rows whose fields cannot be told apart.

    Where such a row may hold a buyer's id or an undeclared column, its text is not kept: nobody
    can say which of its fields to leave out.
    """
    withheld = dataset.has_personal_data or bool(columns_ignored)
    return {
        "source_row": [row.source_row for row in rows],
        "field": [""] * len(rows),
        "value": [None] * len(rows),
        "reason": [row.reason for row in rows],
        "raw": [MASK if withheld else row.text for row in rows],
    }


def judged_details(rejected: pa.Table) -> dict[str, list]:
    """Details of records that were read and found wrong."""
    return {name: rejected.column(name).to_pylist() for name in _DETAILS}


def joined(*details: dict[str, list]) -> dict[str, list]:
    """Details one after the other."""
    return {name: [value for part in details for value in part[name]] for name in _DETAILS}


def keep_whole_file(
    lake: Path, file: LandedFile, dataset: Dataset, error: UnreadableFileError, fingerprint: str
) -> dict[str, list]:
    """Details of a file that cannot be read; its bytes are copied if they can name nobody.

    A file of a dataset with buyers, or with columns nobody declared, stays in landing only: a
    copy would carry its buyers into the lake.
    """
    names_people = dataset.has_personal_data or error.may_identify_people
    kept = None
    if not names_people:
        target = lake / "quarantine" / "files" / f"{fingerprint}-{file.path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        shutil.copyfile(file.path, fresh)
        fresh.replace(target)
        kept = target.relative_to(lake).as_posix()
    where = {"file_kept_at": kept or f"landing/{file.source_file}"}
    return {
        "source_row": [None],
        "field": [""],
        "value": [None],
        "reason": [f"{error}"],
        "raw": [json.dumps(where, ensure_ascii=False)],
    }
