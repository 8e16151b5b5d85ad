"""What becomes of one file in a load, put together from its pieces."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from orchestration.landing.layout import LandedFile
from orchestration.landing.ledger import Entry
from orchestration.landing.manifest import Promise
from orchestration.landing.report import LoadReport
from orchestration.landing.rows import SHEET


@dataclass
class Outcome:
    """One file so far: its records, what was wrong with them, and whether it could be read."""

    file: LandedFile
    fingerprint: str
    promise: Promise
    rows: int = 0
    pages_read: int = 0
    pages_refused: int = 0
    records: int = 0  # rows without the pages and rows that could not be read
    loaded: int = 0
    quarantined: int = 0
    totals: int = 0
    ignored: tuple[str, ...] = ()
    sheets: dict[int, str] = field(default_factory=dict)  # as in Rows
    notes: tuple[str, ...] = ()  # what else people should know
    reasons: Counter[str] = field(default_factory=Counter)
    first_fault: str = ""
    fault: str = ""  # why nothing can be read from it
    pieces: int = 0  # that are still under way
    is_ended: bool = False  # no piece follows
    first_version: datetime | None = None
    last_version: datetime | None = None

    def keep_aside(self, row: int, reason: str) -> None:
        """A page or a row that cannot be read goes to quarantine: it counts as one row."""
        self.rows += 1
        self.quarantined += 1
        self.reasons[_kind_of(reason)] += 1
        self.first_fault = self.first_fault or f"{self._place(row)}: {reason}"

    def refuse_page(self, line: int, reason: str) -> None:
        """A page of JSON goes to quarantine; a file of nothing else cannot be read at all."""
        self.pages_refused += 1
        self.keep_aside(line, reason)

    @property
    def unreadable(self) -> str:
        """Why nothing can be read from the file, empty if something can."""
        if self.fault or not self.pages_refused or self.pages_read:
            return self.fault
        first = next(iter(self.reasons))
        pages = self.pages_refused
        return first if pages == 1 else f"none of its {pages} pages can be read, the first {first}"

    def add_records(
        self, rows: int, loaded: int, first: datetime | None, last: datetime | None
    ) -> None:
        """Records that were read, whatever became of them."""
        self.rows += rows
        self.records += rows
        self.loaded += loaded
        versions = [one for one in (self.first_version, self.last_version, first, last) if one]
        self.first_version = min(versions, default=None)
        self.last_version = max(versions, default=None)

    def add_faults(self, reason: str, count: int, row: int) -> None:
        """Of the records, those with this reason to be in quarantine."""
        self.quarantined += count
        self.reasons[_kind_of(reason)] += count
        self.first_fault = self.first_fault or f"{self._place(row)}: {reason}"

    @property
    def is_mismatch(self) -> bool:
        """Whether the manifest promised another number of records."""
        promised = self.promise.rows
        return promised is not None and not self.unreadable and promised != self.rows

    def report(self) -> LoadReport:
        """The file's share of the load's report."""
        if self.unreadable:
            told = self.messages()
            return LoadReport(files=1, files_unreadable=1, file_faults=told, messages=told)
        return LoadReport(
            files=1,
            rows_in=self.rows,
            rows_loaded=self.loaded,
            rows_quarantined=self.quarantined,
            rows_known=self.rows - self.loaded - self.quarantined,
            rows_total_dropped=self.totals,
            columns_ignored=self.ignored,
            quarantine_reasons=dict(self.reasons),
            manifest_mismatches=int(self.is_mismatch),
            file_faults=self._mismatch(),
            messages=self.messages(),
        )

    def messages(self) -> tuple[str, ...]:
        """What people should know about the file."""
        if self.unreadable:
            return (f"{self.file.source_file}: {self.unreadable}",)
        told = [f"{self.file.source_file}: {note}" for note in self.notes]
        if self.quarantined:
            told.append(
                f"{self.file.source_file}: {self.quarantined} rows went to quarantine, each with "
                f"its reason; {self.first_fault}"
            )
        return (*told, *self._mismatch())

    def _mismatch(self) -> tuple[str, ...]:
        if not self.is_mismatch:
            return ()
        return (
            f"{self.file.source_file}: has {self.rows} records where its manifest says "
            f"{self.promise.rows}: pull it again, or correct the manifest",
        )

    def _place(self, row: int) -> str:
        place, row_of_sheet = divmod(row, SHEET)
        if place in self.sheets:
            return f"row {row_of_sheet} of sheet '{self.sheets[place]}'"
        return f"row {row}"

    def entry(self, load_no: int) -> Entry:
        """The file's line in the ledger."""
        is_read = not self.unreadable
        return Entry(
            source_file=self.file.source_file,
            size=self.file.size,
            mtime_ns=self.file.mtime_ns,
            fingerprint=self.fingerprint,
            landed_on=self.file.landed_on,
            load_no=load_no,
            rows_in=self.rows if is_read else 0,
            rows_loaded=self.loaded if is_read else 0,
            rows_quarantined=self.quarantined if is_read else 0,
            rows_total_dropped=self.totals if is_read else 0,
            is_unreadable=not is_read,
            columns_ignored=self.ignored,
            messages=self.messages(),
            first_version=self.first_version,
            last_version=self.last_version,
        )


def _kind_of(reason: str) -> str:
    """A reason without the numbers of its row, so that equal problems count together."""
    return re.sub(
        r"has \d+ fields where the header has \d+", "has a wrong number of fields", reason
    )
