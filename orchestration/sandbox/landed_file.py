"""One landed file: its pages and lines as text, its bytes, and what a defect does to them."""

import csv
import gzip
import html
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.landing.schema import Dataset
from orchestration.sandbox.buckets import Bucket
from orchestration.sandbox.defects import Fate, Fates
from orchestration.sandbox.dialects import Extract

_LONG_ID = re.compile(r"(?<![\w.:-])\d{12,}(?![\w.:-])")
_BARE_ID = re.compile(r"(^|,)(\d{12,})(?=,|$)", re.MULTILINE)
_MARKS = {"'": r"\1'\2", "\t": "\\1\t\\2", "=": r'\1="\2"'}
_LOG_IN_PAGE = "<html><head><title>登录</title></head><body>登录已失效，请重新登录</body></html>"
_FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)

_FULL = b'{"full": true}\n'
_UNKNOWN = b'{"request_id":"0a1b2c","things":[{"id":"1"}],"next":"/v2/things?page=2"}\n'


class FileFolder:
    """Writes files below the landing folder and counts them."""

    def __init__(self, landing: Path) -> None:
        self._landing = landing
        self.files = self.records = self.bytes = 0

    def write(self, source_file: str, content: bytes, records: int = 0) -> None:
        """Write a file whole; `records` of them are in it."""
        target = self._landing / source_file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self.files += 1
        self.records += records
        self.bytes += len(content)


@dataclass(frozen=True)
class Pull:
    """What goes into one file. `later` is its bucket and those after it, for files that land
    again; `other_shop` is whose folder it may also end up in."""

    extract: Extract
    declared: Dataset | None
    tenant: str
    shop_id: str
    other_shop: str | None
    part: int
    records: Sequence[str]
    footers: Sequence[str]
    later: Sequence[Bucket]

    def path(self, suffix: str = "", *, days_later: int = 0, shop_id: str | None = None) -> str:
        """Where a file of it lands, below the landing folder."""
        bucket = self.later[min(days_later, len(self.later) - 1)]
        extract, own = self.extract, self.later[0]
        name = f"{extract.dataset}-{own.landed_on:%Y%m%d}-{self.part:03d}{suffix}"
        folder = f"{self.tenant}/{extract.platform}/{shop_id or self.shop_id}/{extract.dataset}"
        return f"{folder}/{bucket.landed_on}/{name}.{extract.extension}"

    @property
    def is_versioned(self) -> bool:
        """Whether its records say when they changed; if not, what lands last counts."""
        return self.declared is not None and self.declared.version in self.declared.column_names


@dataclass(frozen=True)
class Hit:
    """The records that a damaged file lost, by position, and what is said about all of them."""

    lost: Sequence[int]
    said: dict[str, object]


def write_pull(folder: FileFolder, pull: Pull, fates: Fates) -> Hit | None:
    """Write one file as fate has it, and what fate puts beside it."""
    extract, own = pull.extract, pull.path()
    is_export = extract.envelope is None
    fate = fates.of_file(own, is_export=is_export, is_packed=extract.extension.endswith("gz"))
    if extract.is_full:
        folder.write(f"{own.rsplit('/', 1)[0]}/_manifest.json", _FULL)
    _write_beside(folder, pull, fate)
    if not fate.harm:
        content = content_of(extract, pull.declared, pull.records, pull.footers, fate)
        folder.write(own, content, len(pull.records))
        return None
    clean = content_of(extract, pull.declared, pull.records, pull.footers)
    damage = damaged(extract, pull.declared, pull.records, clean, fate)
    name = own.removesuffix(f".{extract.extension}") + ".xls" if fate.harm == "html" else own
    folder.write(name, damage.content, len(pull.records))
    # nobody overlooks that a month is missing, or the first pull, which brings all there was before
    first = pull.later[0]
    is_recovered = fate.is_recovered or not first.is_daily or first.no == 0
    if is_recovered:
        # without a version the copy would count as newer than what came between
        days_later = 1 if pull.is_versioned else 0
        folder.write(pull.path("-again", days_later=days_later), clean, len(pull.records))
    said = {"source_file": name, "kind": fate.harm, "is_recovered": is_recovered}
    return Hit(damage.lost, said)


def _write_beside(folder: FileFolder, pull: Pull, fate: Fate) -> None:
    if fate.has_empty_beside:
        folder.write(pull.path("-empty"), b"")
    if fate.has_unknown_beside:
        folder.write(pull.path("-unknown").replace(pull.extract.extension, "json"), _UNKNOWN)
    has_version = pull.is_versioned and not fate.harm
    if fate.is_stale_copied and has_version:
        clean = content_of(pull.extract, pull.declared, pull.records, pull.footers)
        path = pull.path("-late", days_later=fate.days_late)
        folder.write(path, clean, len(pull.records))
    is_marked = pull.declared is not None and pull.declared.shop_marker
    if fate.is_in_wrong_shop and is_marked and pull.other_shop is not None:
        clean = content_of(pull.extract, pull.declared, pull.records, pull.footers)
        folder.write(pull.path("-moved", shop_id=pull.other_shop), clean, len(pull.records))


@dataclass(frozen=True)
class Damage:
    """The bytes of a damaged file and which of its records nobody can read any more."""

    content: bytes
    lost: Sequence[int]


def content_of(
    extract: Extract,
    declared: Dataset | None,
    records: Sequence[str],
    footers: Sequence[str] = (),
    fate: Fate | None = None,
) -> bytes:
    """The bytes of a file of these records: as the platform sends it, or with a harmless defect."""
    if fate is not None and not fate.has_total:
        footers = ()
    if fate is not None and fate.is_extended:
        records, footers = _extended(extract, records), [f"{line}," for line in footers]
    if extract.envelope is not None:
        lines = _pages(extract, records)
        if fate is not None and fate.is_copied:
            lines.insert(at(fate.at, lines), lines[at(fate.at, lines)])
        return _packed(extract, "\n".join(lines) + "\n", fate.encoding if fate else "utf-8")
    header = extract.header
    if fate is not None and fate.is_extended:
        header = f"{header},新增指标"
    if fate is not None and fate.is_renamed:
        header = _renamed(header, declared, fate.at)
    if extract.extension.startswith("xlsx"):
        return _workbook("\n".join([header, *records, *footers]))
    body = "\n".join(records)
    if fate is not None and fate.mark:
        body = _BARE_ID.sub(_MARKS[fate.mark], body)
    text = "\n".join([header, body, *footers]) + "\n"
    return _packed(extract, text, fate.encoding if fate else extract.encoding)


def damaged(
    extract: Extract, declared: Dataset | None, records: Sequence[str], clean: bytes, fate: Fate
) -> Damage:
    """The file after its harmful defect; `clean` are its bytes without."""
    if fate.harm == "truncated":
        kept = max(12, int(len(clean) * (0.3 + 0.6 * fate.at)))
        return Damage(clean[: min(kept, len(clean) - 9)], range(len(records)))
    if fate.harm == "html":
        return Damage(_LOG_IN_PAGE.encode(), range(len(records)))
    if fate.harm == "excel_ids":
        after = [_LONG_ID.sub(_as_excel_shows, record) for record in records]
        lost = tuple(n for n, (a, b) in enumerate(zip(records, after, strict=True)) if a != b)
        return Damage(content_of(extract, declared, after), lost)
    lines = _pages(extract, records)
    page = at(fate.at, lines)
    if fate.harm == "error_page":
        lines[page] = _error(declared)
    else:
        lines[page] = lines[page][: int(len(lines[page]) * (0.2 + 0.6 * fate.at))]
    first = page * extract.page_size
    lost = range(first, min(first + extract.page_size, len(records)))
    return Damage(_packed(extract, "\n".join(lines) + "\n", "utf-8"), lost)


def at(share: float, things: Sequence) -> int:
    """The place in a list that a share from 0 to 1 points to."""
    return min(int(share * len(things)), len(things) - 1)


def _pages(extract: Extract, records: Sequence[str]) -> list[str]:
    before, after = extract.envelope
    size = extract.page_size
    return [
        before + ",".join(records[first : first + size]) + after
        for first in range(0, max(len(records), 1), size)
    ]


def _extended(extract: Extract, records: Sequence[str]) -> list[str]:
    if extract.envelope is None:
        return [f"{record},1" for record in records]
    return ['{"new_risk_level":"A",' + record[1:] for record in records]


def _renamed(header: str, declared: Dataset | None, share: float) -> str:
    """The header with another name for a column that may be missing and identifies nobody."""
    if declared is None or declared.has_personal_data:
        return header
    *preamble, names = header.split("\n")
    cells = names.split(",")
    needed = {*declared.key, *declared.required, declared.version, declared.shop_marker}
    optional = {
        name for c in declared.columns if c.name not in needed for name in (c.name, *c.headers)
    }
    places = [n for n, cell in enumerate(cells) if cell in optional]
    if places:
        place = places[at(share, places)]
        cells[place] = f"{cells[place]}(新口径)"
    return "\n".join([*preamble, ",".join(cells)])


def _as_excel_shows(number: re.Match) -> str:
    mantissa, exponent = f"{int(number[0]):.5e}".split("e")
    return f"{mantissa}E+{int(exponent)}"


def _error(declared: Dataset | None) -> str:
    """What the platform answers to a call too many: HTTP says 200, the envelope says no."""
    field = declared.success[0].split("|")[0] if declared else ""
    if not field:
        return json.dumps({"error_response": {"code": 7, "msg": "App Call Limited"}})
    answer: object = {"msg": "调用过于频繁，请稍后再试"}
    *outer, last = field.split(".")
    answer = {last: "isv.call-limited", **answer}
    for key in reversed(outer):
        answer = {key: answer}
    return json.dumps(answer, ensure_ascii=False)


def _packed(extract: Extract, text: str, encoding: str) -> bytes:
    content = text.encode(encoding, errors="strict")
    return gzip.compress(content, 1, mtime=0) if extract.extension.endswith("gz") else content


def _workbook(text: str) -> bytes:
    """A workbook of one sheet, every cell text, written as XML in one go."""
    rows = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>"
        for row in csv.reader(io.StringIO(html.escape(text, quote=False)))
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in (*_PARTS, ("xl/worksheets/sheet1.xml", _SHEET.format(rows=rows))):
            entry = zipfile.ZipInfo(name, _FIRST_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, '<?xml version="1.0" encoding="UTF-8"?>' + part)
    return out.getvalue()


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET = f'<worksheet xmlns="{_MAIN}"><sheetData>{{rows}}</sheetData></worksheet>'
_PARTS = (
    (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        "</Types>",
    ),
    (
        "_rels/.rels",
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    ),
    (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    ),
    (
        "xl/_rels/workbook.xml.rels",
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    ),
)
