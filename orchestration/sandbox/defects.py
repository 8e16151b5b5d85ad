"""What goes wrong between a platform and the landing folder: its rates, and where it strikes."""

import random
from dataclasses import dataclass, fields

API_HARM = ("broken_page", "error_page", "truncated")
EXPORT_HARM = ("html", "excel_ids", "truncated")


@dataclass(frozen=True)
class Defects:
    """Rates of defects: the share of daily pulls, or of files, that have one.

    Pulls: one may be `missing`, what it would have brought comes with the next; one may begin
    `overlap_hours` before its window (`overlapping`).
    Harmless to a file: a `copied_page`; the whole file once more days later (`stale_copy`); a
    `total_row` where the export has one; `gbk`; `bom`; `marked_ids` behind a quotation mark, a
    tab or ="..."; an `extra_field`; a `renamed_column` that may be missing; beside it an
    `empty_file`, an `unknown_envelope` or a copy in a `wrong_shop`.
    Harmful, at most one to a file: a `broken_page`, an `error_page` in place of one, a
    `truncated` archive, a log-in page saved as .xls (`html`), ids that Excel turned into numbers
    (`excel_ids`). Of these files the share `recovered` is pulled again.
    """

    overlapping: float = 0.0
    overlap_hours: int = 6
    missing: float = 0.0
    copied_page: float = 0.0
    stale_copy: float = 0.0
    total_row: float = 0.0
    gbk: float = 0.0
    bom: float = 0.0
    marked_ids: float = 0.0
    extra_field: float = 0.0
    renamed_column: float = 0.0
    empty_file: float = 0.0
    unknown_envelope: float = 0.0
    wrong_shop: float = 0.0
    broken_page: float = 0.0
    error_page: float = 0.0
    truncated: float = 0.0
    html: float = 0.0
    excel_ids: float = 0.0
    recovered: float = 1.0

    def __post_init__(self) -> None:
        for rate in fields(self):
            if rate.name != "overlap_hours" and not 0 <= getattr(self, rate.name) <= 1:
                raise ValueError(f"{rate.name} is a share: it must be between 0 and 1")
        for harm in (API_HARM, EXPORT_HARM):
            if sum(getattr(self, kind) for kind in harm) > 1:
                raise ValueError(f"{', '.join(harm)} add up to more than 1: a file has one of them")

    @classmethod
    def none(cls) -> "Defects":
        """Pullers that never fail."""
        return cls()

    @classmethod
    def realistic(cls) -> "Defects":
        """What a decent puller and a person with a browser do: rare, and mostly mended."""
        return cls(
            overlapping=0.5,
            missing=0.01,
            copied_page=0.02,
            stale_copy=0.01,
            total_row=0.9,
            gbk=0.2,
            bom=0.2,
            marked_ids=0.2,
            extra_field=0.02,
            renamed_column=0.01,
            empty_file=0.003,
            unknown_envelope=0.002,
            wrong_shop=0.002,
            broken_page=0.003,
            error_page=0.003,
            truncated=0.002,
            html=0.005,
            excel_ids=0.005,
            recovered=0.9,
        )

    @classmethod
    def heavy(cls) -> "Defects":
        """Every defect, often; a third of the harmful ones for good."""
        return cls(
            overlapping=0.8,
            missing=0.08,
            copied_page=0.2,
            stale_copy=0.1,
            total_row=0.9,
            gbk=0.4,
            bom=0.3,
            marked_ids=0.4,
            extra_field=0.15,
            renamed_column=0.1,
            empty_file=0.03,
            unknown_envelope=0.03,
            wrong_shop=0.05,
            broken_page=0.05,
            error_page=0.03,
            truncated=0.03,
            html=0.05,
            excel_ids=0.05,
            recovered=0.67,
        )

    @classmethod
    def named(cls, name: str) -> "Defects":
        """The defects of one of the names none, realistic and heavy."""
        known = {"none": cls.none, "realistic": cls.realistic, "heavy": cls.heavy}
        if name not in known:
            raise ValueError(f"there are no defects '{name}': choose one of {', '.join(known)}")
        return known[name]()


@dataclass(frozen=True)
class Fate:
    """What happens to one file. `at` places its damage or its copied page, from 0 to 1;
    `days_late` is when its stale copy lands; `harm` and `mark` may be empty."""

    harm: str
    is_recovered: bool
    at: float
    encoding: str
    mark: str
    days_late: int
    is_copied: bool
    is_stale_copied: bool
    is_extended: bool
    is_renamed: bool
    has_total: bool
    has_empty_beside: bool
    has_unknown_beside: bool
    is_in_wrong_shop: bool


class Fates:
    """Draws what happens from the name of a pull or file, so that order plays no part."""

    def __init__(self, defects: Defects, seed: int) -> None:
        self.defects = defects
        self._seed = seed

    def is_missing(self, pull: str) -> bool:
        """Whether a daily pull did not run."""
        return self._chance("missing", pull).random() < self.defects.missing

    def is_overlapping(self, pull: str) -> bool:
        """Whether a pull begins before its window."""
        return self._chance("overlapping", pull).random() < self.defects.overlapping

    def of_file(self, source_file: str, *, is_export: bool, is_packed: bool) -> Fate:
        """What happens to the file of that name."""
        rates, chance = self.defects, self._chance("file", source_file)
        kinds = EXPORT_HARM if is_export else API_HARM
        drawn, harm = chance.random(), ""
        for kind in kinds:
            drawn -= getattr(rates, kind)
            if drawn < 0:
                harm = kind
                break
        if harm == "truncated" and not is_packed:
            harm = ""
        encoding = "gb18030" if chance.random() < rates.gbk and is_export else "utf-8"
        if chance.random() < rates.bom and encoding == "utf-8":
            encoding = "utf-8-sig"
        mark = chance.choice(("'", "\t", "=")) if chance.random() < rates.marked_ids else ""
        return Fate(
            harm=harm,
            is_recovered=chance.random() < rates.recovered,
            at=chance.random(),
            encoding=encoding,
            mark=mark if is_export else "",
            days_late=chance.randint(2, 5),
            is_copied=chance.random() < rates.copied_page and not is_export,
            is_stale_copied=chance.random() < rates.stale_copy,
            is_extended=chance.random() < rates.extra_field,
            is_renamed=chance.random() < rates.renamed_column and is_export,
            has_total=chance.random() < rates.total_row and is_export,
            has_empty_beside=chance.random() < rates.empty_file,
            has_unknown_beside=chance.random() < rates.unknown_envelope and not is_export,
            is_in_wrong_shop=chance.random() < rates.wrong_shop,
        )

    def _chance(self, what: str, name: str) -> random.Random:
        return random.Random(f"{self._seed}/{what}/{name}")
