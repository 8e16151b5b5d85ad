"""JSON text of a landed file as documents: one response, or one response or record per line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import pyarrow as pa

from orchestration.landing.content import LONGEST, MIB, Content, is_utf8, text_blocks

PIECE = 32 * MIB  # text of one batch

NO_UTF8 = "holds bytes that are neither UTF-8 nor GBK: write the page as UTF-8"
TOO_LONG = (
    f"is longer than {LONGEST // MIB} MB, more than any page of an API: write one response per "
    "line, with fewer records in each"
)

_NEWLINE = 10
_LINES = 1000  # that are looked at
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_SHORT = 8  # a line of so few bytes may be blank


@dataclass(frozen=True)
class Documents:
    """Some documents of a file: their text, the line each begins on, and lines refused at sight.

    `is_all` says that these are all the documents of the file.
    """

    texts: pa.LargeStringArray
    lines: np.ndarray
    refused: tuple[tuple[int, str], ...] = ()
    is_all: bool = True


def documents(content: Content) -> Iterator[Documents]:
    """The documents of a JSON file, in pieces of about PIECE bytes where it is large."""
    if content.data is not None:
        yield _split(content.data, 1, is_by_line=_is_by_line(content.data))
    elif _is_by_line(next(text_blocks(content))):
        yield from _line_by_line(content)
    elif content.size > LONGEST:
        yield Documents(_strings(b"", [0]), np.array([], np.int64), ((1, TOO_LONG),))
    else:
        yield _split(b"".join(text_blocks(content)), 1, is_by_line=False)


def _line_by_line(content: Content) -> Iterator[Documents]:
    line = 1
    for whole_lines, is_cut in _pieces(text_blocks(content)):
        found = _split(whole_lines, line, is_by_line=True)
        line += whole_lines.count(b"\n")
        refused = found.refused
        if is_cut:
            refused += ((line, TOO_LONG),)
            line += 1
        yield Documents(found.texts, found.lines, refused, is_all=False)


def _pieces(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Whole lines of about PIECE bytes, and whether a line that was too long followed them.

    The bytes of such a line are thrown away as they come, whatever its length.
    """
    held: list[bytes] = []  # whole lines
    begun: list[bytes] = []  # the line that has not ended yet
    is_too_long = False
    for block in blocks:
        first = block.find(b"\n") + 1
        if first:
            last = block.rfind(b"\n") + 1
            if is_too_long:
                yield b"".join(held), True
                held, is_too_long = [block[first:last]], False
            else:
                held += [*begun, block[:last]]
            begun = [block[last:]]
        elif not is_too_long:
            begun.append(block)
        if sum(map(len, begun)) > LONGEST:
            begun, is_too_long = [], True
        if sum(map(len, held)) >= PIECE:
            yield b"".join(held), False
            held = []
    rest = b"".join([*held, *begun])
    if rest or is_too_long:
        yield rest, is_too_long


def _is_by_line(start: bytes) -> bool:
    """Whether each line is a document: the first line is one, or another that nothing goes on with.

    Within a document over several lines a line may hold a whole record too, but then a comma or
    the end of its list follows.
    """
    lines = start.split(b"\n", _LINES)
    lines[_LINES:] = [rest[:1] for rest in lines[_LINES:]]
    lines = [line.rstrip() for line in lines if not line.isspace() and line]
    return (
        len(lines) <= 1
        or _is_whole(lines[0])
        or any(
            after[:1] in b"{[" and _is_whole(line)
            for line, after in zip_longest(lines, lines[1:], fillvalue=b"{")
        )
    )


def _is_whole(line: bytes) -> bool:
    """Whether a line is a document from its first to its last character, told by its brackets."""
    if line[:1] + line[-1:] not in (b"{}", b"[]"):
        return False
    bare = _STRING.sub(b"", line)
    return all(bare.count(opens) == bare.count(ends) for opens, ends in (b"{}", b"[]"))


def _split(data: bytes, first_line: int, *, is_by_line: bool) -> Documents:
    """Cut text into documents without copying it."""
    offsets = np.array([0, len(data)])
    if is_by_line:
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE) + 1
        last = [] if data.endswith(b"\n") else [len(data)]
        offsets = np.concatenate([[0], ends, last]).astype(np.int64)
    texts = _strings(data, offsets)
    lines = np.arange(first_line, first_line + len(texts))
    is_kept = np.ones(len(texts), bool)
    for at in np.flatnonzero(np.diff(offsets) <= _SHORT):
        is_kept[at] = bool(data[offsets[at] : offsets[at + 1]].strip())
    refused = []
    if not is_utf8(data):
        for at in np.flatnonzero(is_kept):
            if not is_utf8(data[offsets[at] : offsets[at + 1]]):
                is_kept[at] = False
                refused.append((int(lines[at]), NO_UTF8))
    if not is_kept.all():
        texts, lines = texts.filter(pa.array(is_kept)), lines[is_kept]
    return Documents(texts, lines, tuple(refused))


def _strings(data: bytes, offsets: np.ndarray | list[int]) -> pa.LargeStringArray:
    ends = pa.array(offsets, pa.int64()).buffers()[1]
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, ends, pa.py_buffer(data))
