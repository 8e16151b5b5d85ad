"""What a load did, in numbers and in messages for people."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LoadReport:
    """What a load did: rows_in = rows_loaded + rows_quarantined + rows_known, always.

    Rows are records: an order counts once, however many lines it has. A page of JSON that cannot
    be read counts as one row of quarantine, since nobody knows how many records it holds. A file
    that cannot be read at all counts under `files_unreadable`, with no rows. Rows of totals are
    no records: `rows_total_dropped` counts those left out of the files read now.
    Of rows_known, `rows_broken_before` were put in quarantine by an earlier load.
    `quarantine_reasons` counts broken rows by reason; `messages` are for people.
    `manifest_mismatches` counts files with another number of records than their manifest says.
    `file_faults` names those files and the unreadable ones, each with why.
    """

    files: int = 0
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_known: int = 0
    rows_broken_before: int = 0
    rows_total_dropped: int = 0
    columns_ignored: tuple[str, ...] = ()
    quarantine_reasons: dict[str, int] = field(default_factory=dict)
    files_unreadable: int = 0
    manifest_mismatches: int = 0
    file_faults: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    def __add__(self, other: "LoadReport") -> "LoadReport":
        return total((self, other))


def total(reports: tuple[LoadReport, ...] | list[LoadReport]) -> LoadReport:
    """Several reports as one."""
    reasons: Counter[str] = Counter()
    for report in reports:
        reasons.update(report.quarantine_reasons)
    return LoadReport(
        files=sum(r.files for r in reports),
        rows_in=sum(r.rows_in for r in reports),
        rows_loaded=sum(r.rows_loaded for r in reports),
        rows_quarantined=sum(r.rows_quarantined for r in reports),
        rows_known=sum(r.rows_known for r in reports),
        rows_broken_before=sum(r.rows_broken_before for r in reports),
        rows_total_dropped=sum(r.rows_total_dropped for r in reports),
        columns_ignored=tuple(sorted({name for r in reports for name in r.columns_ignored})),
        quarantine_reasons=dict(reasons),
        files_unreadable=sum(r.files_unreadable for r in reports),
        manifest_mismatches=sum(r.manifest_mismatches for r in reports),
        file_faults=tuple(fault for r in reports for fault in r.file_faults),
        messages=tuple(message for r in reports for message in r.messages),
    )
