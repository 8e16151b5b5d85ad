"""One load of a dataset: batches of new files become parts of the lake, all of them or none."""

import hashlib
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from orchestration.landing.batches import Piece, batches, read_ahead
from orchestration.landing.content import EMPTY, JSON, Content, UnreadableFileError
from orchestration.landing.documents import documents
from orchestration.landing.layout import LandedFile
from orchestration.landing.ledger import Entry, Ledger
from orchestration.landing.manifest import Manifests
from orchestration.landing.outcome import Outcome
from orchestration.landing.quarantine import Quarantine, whole_file
from orchestration.landing.report import LoadReport, total
from orchestration.landing.schema import Dataset
from orchestration.landing.stage import AT_ONCE, Prepared, Stage, in_memory
from orchestration.landing.tables import rows_of

_NO_API = "this is JSON, and '{}' comes as an export: land it as CSV, xlsx or Parquet"

Progress = Callable[[LandedFile, LoadReport], object]


class Load:
    """Loads new files of one dataset into a lake, under the next number of its ledger.

    Everything is written beside the lake first. The last steps put the parts in their place and
    then the files into the ledger: whatever is cut off before is cleaned up by the next load.
    """

    def __init__(
        self,
        lake: Path,
        dataset: Dataset,
        *,
        platform: str,
        key: bytes,
        ledger: Ledger,
        progress: Progress | None = None,
    ) -> None:
        self._dataset = dataset
        self._key = key
        self._ledger = ledger
        self._number = ledger.last_load + 1
        place = f"{platform}/{dataset.name}"
        self._beside = lake / ".loading" / place
        folder = f"load_no={self._number}"
        self._moves = {
            self._beside / "parts": lake / place / folder,
            self._beside / "quarantine": lake / "quarantine" / place / folder,
        }
        self._progress = progress
        self._manifests = Manifests()
        self._reports: list[LoadReport] = []
        self._entries: list[Entry] = []
        self._loaded: dict[str, Entry] = {}  # by fingerprint
        self._open: dict[str, Outcome] = {}
        self._begun: set[str] = set()  # fingerprints
        self._copies: list[tuple[LandedFile, str]] = []  # files of these fingerprints

    def run(self, files: list[LandedFile]) -> LoadReport:
        """Load the files, the oldest landing day first."""
        shutil.rmtree(self._beside, ignore_errors=True)
        parts, aside = self._moves
        self._aside = Quarantine(aside / "quarantine.parquet")
        with in_memory() as self._connection:
            stage = Stage(
                self._connection,
                self._dataset,
                key=self._key,
                ledger=self._ledger,
                parts=parts,
                aside=self._aside,
            )
            with closing(stage):
                self._run(stage, batches(self._pieces(files)))
        for file, fingerprint in self._copies:
            self._add_known(file, self._loaded[fingerprint])
        self._aside.close()
        self._complete()
        told = tuple(self._manifests.messages)
        return total([*self._reports, LoadReport(messages=told)])

    def _run(self, stage: Stage, found: Iterator[list[Piece]]) -> None:
        """Prepare a few batches side by side, and finish them in their order."""
        waiting: deque[Future[Prepared]] = deque()
        with ThreadPoolExecutor(AT_ONCE) as workers:
            for batch in found:
                if len(waiting) >= AT_ONCE:
                    self._finish_batch(stage, waiting.popleft().result())
                landed = [(self._open[piece.file.source_file], piece) for piece in batch]
                waiting.append(workers.submit(stage.prepare, landed))
            while waiting:
                self._finish_batch(stage, waiting.popleft().result())

    def _finish_batch(self, stage: Stage, prepared: Prepared) -> None:
        stage.finish(prepared)
        for outcome, _ in prepared.batch:
            outcome.pieces -= 1
            self._settle(outcome)

    def _pieces(self, files: list[LandedFile]) -> Iterator[Piece]:
        """The pieces of the files that have something to load."""
        for file, content in read_ahead(files):
            fingerprint = _fingerprint(file, content)
            known = self._ledger.of_content(fingerprint)
            if known is not None:
                self._add_known(file, known)
                continue
            if fingerprint in self._begun:
                self._copies.append((file, fingerprint))
                continue
            self._begun.add(fingerprint)
            outcome = Outcome(file, fingerprint, self._manifests.promise(file.path))
            self._open[file.source_file] = outcome
            try:
                yield from self._of_file(file, content)
            except UnreadableFileError as error:
                self._aside.keep(file, None, str(error), whole_file(file))
                outcome.fault = str(error)
            outcome.is_ended = True
            self._settle(outcome)

    def _of_file(self, file: LandedFile, content: Content) -> Iterator[Piece]:
        if content.fault:
            raise UnreadableFileError(content.fault)
        if content.kind != JSON:
            found = rows_of(self._connection, content, self._dataset)
        elif any(column.api for column in self._dataset.columns):
            found = documents(content)
        else:
            raise UnreadableFileError(_NO_API.format(self._dataset.name))
        outcome, is_empty = self._open[file.source_file], True
        try:
            for piece in found:
                is_empty = False
                outcome.pieces += 1
                yield Piece(file, piece, content.size)
        except UnreadableFileError as error:
            if is_empty:
                raise
            # what stands before it in a large file is on its way into the lake
            self._aside.keep(file, None, f"after the rows read so far, {error}")
            outcome.keep_aside(0, str(error))
        if is_empty:
            raise UnreadableFileError(EMPTY)

    def _add_known(self, file: LandedFile, known: Entry) -> None:
        """A file of the same content, under another name or touched since."""
        self._entries.append(
            replace(known, source_file=file.source_file, size=file.size, mtime_ns=file.mtime_ns)
        )
        self._reports.append(known.report())

    def _settle(self, outcome: Outcome) -> None:
        """Enter a file that nothing more is to come of."""
        if outcome.pieces or not outcome.is_ended:
            return
        del self._open[outcome.file.source_file]
        entry, report = outcome.entry(self._number), outcome.report()
        self._entries.append(entry)
        self._loaded[entry.fingerprint] = entry
        self._reports.append(report)
        if self._progress is not None:
            self._progress(outcome.file, report)

    def _complete(self) -> None:
        for beside, place in self._moves.items():
            if beside.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                beside.rename(place)
        self._ledger.write(self._entries)
        shutil.rmtree(self._beside, ignore_errors=True)


def _fingerprint(file: LandedFile, content: Content) -> str:
    """12 hexadecimal digits of content and place; the file's own name plays no part."""
    place = (file.tenant, file.platform, file.shop_id, file.dataset, str(file.landed_on))
    text = "\x00".join((*place, content.fingerprint))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
