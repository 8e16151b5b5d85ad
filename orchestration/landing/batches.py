"""Landed files in batches of a bounded size, read ahead while the batch before is worked on."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from orchestration.landing.content import MIB, WHOLE, Content, read
from orchestration.landing.documents import PIECE, Documents
from orchestration.landing.layout import LandedFile
from orchestration.landing.rows import Rows

FILES = 256  # of one batch

_AHEAD = 96 * MIB  # of unpacked text waiting
_RATIO = 16  # JSON unpacks to so many times its size


@dataclass(frozen=True)
class Piece:
    """A file, or a part of a large one: its documents, or its rows."""

    file: LandedFile
    content: Documents | Rows
    size: int


def read_ahead(files: Iterable[LandedFile]) -> Iterator[tuple[LandedFile, Content]]:
    """The content of the files, in their order."""
    waiting: deque[tuple[LandedFile, Future, int]] = deque()
    with ThreadPoolExecutor(2) as readers:
        held = 0
        for file in files:
            size = min(WHOLE, _RATIO * file.size)
            while waiting and held + size > _AHEAD:
                first, content, released = waiting.popleft()
                held -= released
                yield first, content.result()
            waiting.append((file, readers.submit(read, file.path), size))
            held += size
        while waiting:
            first, content, _ = waiting.popleft()
            yield first, content.result()


def batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Pieces together while they are small and of one kind; a part of a large file is alone."""
    batch: list[Piece] = []
    size = 0
    for piece in pieces:
        alone = not piece.content.is_all
        other = batch and type(batch[0].content) is not type(piece.content)
        if batch and (alone or other or size + piece.size > PIECE or len(batch) >= FILES):
            yield batch
            batch, size = [], 0
        batch.append(piece)
        size += piece.size
        if alone:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
