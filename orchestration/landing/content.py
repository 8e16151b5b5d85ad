"""The bytes of a landed file: unpacked as a stream, told by what they are, never by their name."""

import codecs
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

JSON, DELIMITED, WORKBOOK, PARQUET = "json", "delimited", "workbook", "parquet"
PARTLY_UTF8 = "utf-8 in part"  # an encoding: what is not UTF-8 is read as LOST
PARTLY_GBK = "gbk in part"  # an encoding: lines of UTF-8 are read as LOST
LOST = "\ufffd"

MIB = 1 << 20
WHOLE = 64 * MIB  # a larger file is read in pieces
LONGEST = 64 * MIB  # no document and no line may be longer: parsed, it takes six times as much

_BLOCK = 1 * MIB
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"
_NOT_ASCII = re.compile(rb"[\x80-\xff]+")

DAMAGED_GZIP = (
    "the gzip archive is cut off or damaged, so nothing in it can be trusted: transfer the file "
    "again"
)
NO_TEXT = "the bytes are neither UTF-8 nor GBK text: write it as UTF-8"
EMPTY = "the file is empty: extract it again"
_WEB_PAGE = (
    "this is a web page (HTML), whatever its name says: often a log-in page or a table "
    "saved by the browser; export it again as CSV or xlsx"
)
_XML = (
    "this is XML, whatever its name says: ask the API for JSON (often format=json), or export it "
    "as CSV or xlsx"
)
_WRAPPED = (
    "this is JSON inside {}: let the puller write the JSON alone, one answer a file or one a line"
)
_ELEMENTS = rb"(\s*<[?!/]?[\w:.-]+[^<>]*>)*?"
_JSON_IN_XML = re.compile(_ELEMENTS + rb"\s*<([\w:.-]+)[^<>]*>\s*(<!\[CDATA\[)?\s*[{\[]")
_JSON_IN_CALL = re.compile(rb"([A-Za-z_$][\w.$]*)\(\s*[{\[]")
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|table|div|script|meta|style)\b", re.I)


class UnreadableFileError(ValueError):
    """A file that cannot be read at all; the message says what to do about it."""


@dataclass(frozen=True)
class Content:
    """What a file holds; `fault` says why nothing can be read from it.

    `data` is all of it (text as UTF-8), or None where it has more than WHOLE bytes: then
    `text_blocks` streams it.
    """

    path: Path
    kind: str
    fingerprint: str
    size: int
    encoding: str = ""
    data: bytes | None = None
    fault: str = ""


def read(path: Path) -> Content:
    """Read a file once through, keeping it if it is not too large; faults are told, not raised."""
    digest = hashlib.sha256()
    blocks, size = [], 0
    try:
        for block in _unpacked(path, digest):
            size += len(block)
            blocks.append(block)
            if size > WHOLE:
                del blocks[1:]
        kind = kind_of(blocks[0][:4096] if blocks else b"")
        if size > WHOLE:
            encoding = _encoding_of_stream(path, kind) if kind in (JSON, DELIMITED) else ""
            return Content(path, kind, digest.hexdigest(), size, encoding)
        data, encoding = b"".join(blocks), ""
        if kind in (JSON, DELIMITED):
            encoding = _encoding_of(data, kind)
            data = data.removeprefix(_BOM)
            if encoding == PARTLY_UTF8:
                data = data.decode(errors="replace").encode()
            elif encoding == PARTLY_GBK:
                data = _from_gbk(data, kind)
            elif encoding != "utf-8":
                data = data.decode(encoding).encode()
        return Content(path, kind, digest.hexdigest(), size, encoding, data)
    except UnreadableFileError as error:
        return Content(path, "", digest.hexdigest(), size, fault=str(error))


def kind_of(start: bytes) -> str:
    """JSON, DELIMITED, WORKBOOK or PARQUET; raises UnreadableFileError for a web page, or none."""
    if start[:4] == b"PAR1":
        return PARQUET
    if start[:4] == _ZIP or start[:8] == _OLE2:
        return WORKBOOK
    text = start
    if start[:2] in _UTF16:
        text = start[: len(start) // 2 * 2].decode("utf-16", errors="ignore").encode()
    text = text.removeprefix(_BOM).lstrip(_BLANKS)
    if not text:
        raise UnreadableFileError(EMPTY)
    if text[:1] == b"<":
        wrapped = _JSON_IN_XML.match(text)
        if wrapped and not _HTML.search(wrapped[0]):
            raise UnreadableFileError(_WRAPPED.format(f"<{wrapped[2].decode()}>"))
        raise UnreadableFileError(_WEB_PAGE if _HTML.search(text) else _XML)
    called = _JSON_IN_CALL.match(text)
    if called:
        raise UnreadableFileError(_WRAPPED.format(f"{called[1].decode()}(…)"))
    return JSON if text[:1] in (b"{", b"[") else DELIMITED


def text_blocks(content: Content) -> Iterator[bytes]:
    """The text of a large file as UTF-8, in blocks that may end anywhere."""
    blocks = _unpacked(content.path)
    if content.encoding == "utf-8":
        yield next(blocks).removeprefix(_BOM)
        yield from blocks
        return
    if content.encoding == PARTLY_GBK:
        yield from (_from_gbk(block, content.kind) for block in whole_lines(blocks))
        return
    if content.encoding == PARTLY_UTF8:
        decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    else:
        decoder = codecs.getincrementaldecoder(content.encoding)()
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def _unpacked(path: Path, digest=None) -> Iterator[bytes]:
    """The file's bytes in blocks, gunzipped if they are gzip; `digest` is fed the raw bytes."""
    with path.open("rb") as file:
        raw = file.read(_BLOCK)
        is_gzip = raw[:2] == _GZIP
        member, is_open = zlib.decompressobj(31), False
        while raw:
            if digest is not None:
                digest.update(raw)
            while raw and is_gzip:
                try:
                    block = member.decompress(raw, 4 * _BLOCK)
                except zlib.error as error:
                    raise UnreadableFileError(DAMAGED_GZIP) from error
                is_open = True
                if block:
                    yield block
                raw = member.unconsumed_tail
                if member.eof:
                    # several archives one after the other are one file; zeros fill up a block
                    raw = member.unused_data.lstrip(b"\x00")
                    member, is_open = zlib.decompressobj(31), False
            if raw:
                yield raw
            raw = file.read(_BLOCK)
        if is_open:
            raise UnreadableFileError(DAMAGED_GZIP)


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8, some ten times as fast as decoding them."""
    if not data:
        return True
    offsets = pa.array([0, len(data)], pa.int64()).buffers()[1]
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _encoding_of(data: bytes, kind: str) -> str:
    if data[:2] in _UTF16:
        return _encoding([data], "utf-16")
    if b"\x00" in data:
        raise UnreadableFileError(NO_TEXT)
    return _encoding_of_blocks(lambda: [data], kind)


def _encoding_of_stream(path: Path, kind: str) -> str:
    if next(_unpacked(path))[:2] in _UTF16:
        return _encoding(_unpacked(path), "utf-16")
    if any(b"\x00" in block for block in _unpacked(path)):
        raise UnreadableFileError(NO_TEXT)
    return _encoding_of_blocks(lambda: whole_lines(_unpacked(path)), kind)


def _encoding_of_blocks(blocks: Callable[[], Iterable[bytes]], kind: str) -> str:
    """UTF-8, or GBK, if most lines that tell are; pages of JSON, or rows, may be broken alone."""
    if all(map(is_utf8, blocks())):
        return "utf-8"
    telling: Counter[bool | None] = Counter()
    for block in blocks():
        telling.update(map(_tells_utf8, () if block.isascii() else block.splitlines()))
    is_marked = next(iter(blocks())).startswith(_BOM)
    if is_marked or 0 < telling[True] >= telling[False]:
        return "utf-8" if kind == JSON else PARTLY_UTF8
    try:
        if telling[True]:
            _encoding((_without_utf8(block, b"?") for block in blocks()), "gb18030")
            return PARTLY_GBK
        return _encoding(blocks(), "gb18030")
    except UnreadableFileError:
        if kind == JSON:
            return "utf-8"
        raise


def _tells_utf8(line: bytes) -> bool | None:
    """Whether a line is UTF-8 rather than GBK; None if it may be both.

    A Chinese character takes three bytes of UTF-8. Two bytes may as well be one of GBK.
    """
    if line.isascii():
        return None
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return False
    return True if max(text) > "\u07ff" else None


def _from_gbk(lines: bytes, kind: str) -> bytes:
    """Lines of GBK as UTF-8; one of UTF-8 is LOST in an export, and no text at all in JSON."""
    parts = _without_utf8(lines, b"\xff").split(b"\xff")  # no byte of GBK
    lost = b"\xff" if kind == JSON else LOST.encode()
    return lost.join(part.decode("gb18030", "replace").encode() for part in parts)


def _without_utf8(lines: bytes, mark: bytes) -> bytes:
    """Lines of which those that tell UTF-8 have `mark` for what is not ASCII."""
    return b"".join(
        _NOT_ASCII.sub(mark, line) if _tells_utf8(line) else line
        for line in lines.splitlines(keepends=True)
    )


def whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut at ends of lines; only a line longer than LONGEST stays in parts."""
    begun: list[bytes] = []
    for block in blocks:
        head, newline, tail = block.rpartition(b"\n")
        if newline:
            yield b"".join([*begun, head, newline])
            begun = [tail]
        else:
            begun.append(block)
        if sum(map(len, begun)) > LONGEST:
            yield b"".join(begun)
            begun = []
    if begun:
        yield b"".join(begun)


def _encoding(blocks: Iterable[bytes], encoding: str) -> str:
    """`encoding` if all the blocks can be read with it; raises UnreadableFileError."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(NO_TEXT) from error
    return encoding
