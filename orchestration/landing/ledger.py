"""The ledger of a dataset: which files are loaded, and which loads are complete."""

import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.landing.layout import LandedFile
from orchestration.landing.report import LoadReport

_SCHEMA = pa.schema(
    {
        "source_file": pa.string(),
        "size": pa.int64(),
        "mtime_ns": pa.int64(),
        "fingerprint": pa.string(),
        "landed_on": pa.date32(),
        "load_no": pa.int64(),
        "rows_in": pa.int64(),
        "rows_loaded": pa.int64(),
        "rows_quarantined": pa.int64(),
        "rows_total_dropped": pa.int64(),
        "is_unreadable": pa.bool_(),
        "columns_ignored": pa.list_(pa.string()),
        "messages": pa.list_(pa.string()),
        "first_version": pa.timestamp("us", tz="UTC"),
        "last_version": pa.timestamp("us", tz="UTC"),
    }
)


@dataclass(frozen=True)
class Entry:
    """One loaded file: where it lay, what it held, and by which load it came."""

    source_file: str
    size: int
    mtime_ns: int
    fingerprint: str
    landed_on: date
    load_no: int
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_total_dropped: int = 0
    is_unreadable: bool = False
    columns_ignored: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    first_version: datetime | None = None
    last_version: datetime | None = None

    def report(self) -> LoadReport:
        """The report of this file now that it is known."""
        return _report(_table([self]))


class LedgerError(ValueError):
    """The lake has rows of which no ledger tells where they came from."""


class Ledger:
    """The files of one dataset that are loaded; a load is complete once it is written here.

    Nothing is ever taken out: a file that changed has an entry for each of its contents. Raises
    LedgerError if the lake has loads and the ledger is gone.
    """

    def __init__(self, lake: Path, platform: str, dataset: str) -> None:
        self._path = lake / "ledger" / platform / f"{dataset}.parquet"
        self._loads = lake / platform / dataset
        self._quarantine = lake / "quarantine" / platform / dataset
        if self._path.exists():
            self._table = pq.read_table(self._path, schema=_SCHEMA)
        elif any(_number(folder) for folder in self._loads.glob("load_no=*")):
            raise LedgerError(
                f"{self._path} is gone while {self._loads} has loads: restore it, or remove that "
                "folder to load everything that landed anew"
            )
        else:  # before the first load there is a ledger, so that a missing one is a lost one
            self._table = _SCHEMA.empty_table()
            self._save()
        self._contents: dict[str, int] | None = None
        self._ranges: list[dict] | None = None
        # the number of a load that was deleted is not given again
        self.last_load: int = pc.max(self._table["load_no"]).as_py() or 0
        self._forget_lost_loads()

    def sort_out(self, files: list[LandedFile]) -> tuple[list[LandedFile], LoadReport]:
        """The files not loaded yet, and the report of the others, of which nothing is read."""
        columns = (self._table[name].to_pylist() for name in ("source_file", "size", "mtime_ns"))
        loaded = {key: at for at, key in enumerate(zip(*columns, strict=True))}
        new, known = [], []
        for file in files:
            at = loaded.get((file.source_file, file.size, file.mtime_ns))
            known.append(at) if at is not None else new.append(file)
        return new, _report(self._table.take(pa.array(known, pa.int64())))

    def of_content(self, fingerprint: str) -> Entry | None:
        """The entry of a file with this content, under whatever name it was loaded."""
        if self._contents is None:
            fingerprints = self._table["fingerprint"].to_pylist()
            self._contents = {one: at for at, one in enumerate(fingerprints)}
        at = self._contents.get(fingerprint)
        return None if at is None else Entry(**self._table.slice(at, 1).to_pylist()[0])

    def loads_between(self, first: datetime, last: datetime) -> list[Path]:
        """The folders of the loads that may hold a version from `first` to `last`."""
        if self._ranges is None:
            self._ranges = (
                self._table.group_by("load_no")
                .aggregate([("first_version", "min"), ("last_version", "max")])
                .to_pylist()
            )
        return [
            self._loads / f"load_no={one['load_no']}"
            for one in self._ranges
            if one["first_version_min"] is not None
            and one["first_version_min"] <= last
            and one["last_version_max"] >= first
        ]

    def clean_up(self) -> None:
        """Remove what a load left that did not come to its end."""
        for folder in (*self._loads.glob("load_no=*"), *self._quarantine.glob("load_no=*")):
            if _number(folder) > self.last_load:
                shutil.rmtree(folder)

    def write(self, entries: list[Entry]) -> None:
        """Add the files of a load, all or none: this is what makes it complete."""
        self._table = pa.concat_tables([self._table, _table(entries)])
        self._save()

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f".{self._path.name}.new")
        pq.write_table(self._table, fresh, compression="zstd")
        fresh.replace(self._path)

    def _forget_lost_loads(self) -> None:
        """Files whose rows somebody deleted from the lake are to be loaded again."""
        loaded = self._table.filter(pc.greater(self._table["rows_loaded"], 0))
        lost = [
            number
            for number in pc.unique(loaded["load_no"]).to_pylist()
            if not (self._loads / f"load_no={number}").is_dir()
        ]
        if lost:
            gone = pc.is_in(self._table["load_no"], pa.array(lost, pa.int64()))
            self._table = self._table.filter(pc.invert(gone))


def last_loads(lake: Path, landed_by: date = date.max) -> dict[str, int]:
    """ "<platform>.<dataset>" -> the last complete load of which, and of all before it, every file
    had landed by that day."""
    loads = {}
    for path in sorted((lake / "ledger").glob("*/*.parquet")):
        if path.name.startswith("."):
            continue
        entries = pq.read_table(path, columns=["load_no", "landed_on"])
        later = entries.filter(pc.greater(entries["landed_on"], landed_by))
        if len(later):
            number = pc.min(later["load_no"]).as_py() - 1
        else:
            number = pc.max(entries["load_no"]).as_py() or 0
        if number:
            loads[f"{path.parent.name}.{path.stem}"] = number
    return loads


def newest_loaded_day(lake: Path) -> date | None:
    """The newest landing day of all files that were loaded, None before the first load."""
    paths = [p for p in (lake / "ledger").glob("*/*.parquet") if not p.name.startswith(".")]
    days = (pc.max(pq.read_table(p, columns=["landed_on"])["landed_on"]).as_py() for p in paths)
    return max(filter(None, days), default=None)


def _number(folder: Path) -> int:
    return int(folder.name.removeprefix("load_no="))


def _table(entries: list[Entry]) -> pa.Table:
    columns = {name: [getattr(one, name) for one in entries] for name in _SCHEMA.names}
    return pa.table(columns, schema=_SCHEMA)


def _report(known: pa.Table) -> LoadReport:
    """The report of files the ledger knows; one that could not be read stays a problem."""
    unreadable = known.filter(known["is_unreadable"])
    ignored = pc.list_flatten(known["columns_ignored"])
    rows = pc.sum(known["rows_in"]).as_py() or 0
    told = tuple(pc.list_flatten(unreadable["messages"]).to_pylist())
    return LoadReport(
        files=known.num_rows,
        rows_in=rows,
        rows_known=rows,
        rows_broken_before=pc.sum(known["rows_quarantined"]).as_py() or 0,
        columns_ignored=tuple(sorted(pc.unique(ignored).to_pylist())),
        files_unreadable=unreadable.num_rows,
        file_faults=told,
        messages=told,
    )
