"""How much memory a process and its children hold at most, sampled from /proc."""

import os
import threading
from pathlib import Path
from types import TracebackType

PAGE = os.sysconf("SC_PAGE_SIZE")


class PeakMemory:
    """A context that samples the resident memory of this process tree ten times a second.

    `gib` is the largest sum seen; pages that processes share count once for each of them.
    """

    def __init__(self, every_seconds: float = 0.1) -> None:
        self._every, self._stop = every_seconds, threading.Event()
        self._bytes = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def gib(self) -> float:
        return self._bytes / 2**30

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self._bytes = max(self._bytes, resident_bytes(os.getpid()))


def resident_bytes(pid: int) -> int:
    """Resident bytes of a process and all its descendants."""
    parents, sizes = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # the name may hold blanks and brackets: fields start after the last of them
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended meanwhile
            parents[int(folder.name)], sizes[int(folder.name)] = int(fields[1]), int(fields[21])
    family, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return PAGE * sum(sizes.get(member, 0) for member in family)
