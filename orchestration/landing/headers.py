"""Which column of an export is which declared one, and in which row its header stands."""

import re
import unicodedata
from dataclasses import dataclass

from orchestration.landing.content import UnreadableFileError
from orchestration.landing.schema import Dataset
from orchestration.landing.values import INVISIBLE

FIRST_ROWS = 12  # an export's preamble is shorter


class NoHeaderError(UnreadableFileError):
    """No row names the required columns; `names` is every name in the row that comes closest."""

    def __init__(self, reason: str, names: set[str], recognised: int) -> None:
        super().__init__(reason)
        self.names = names
        self.recognised = recognised


@dataclass(frozen=True)
class Header:
    """The header of an export: its row among the first ones and where each column stands."""

    row: int
    positions: dict[str, int]
    width: int
    ignored: tuple[str, ...]


def plain(name: str) -> str:
    """A header's name as it is compared: no blanks, no marks, half-width, lower case."""
    folded = re.sub(INVISIBLE, "", unicodedata.normalize("NFKC", name)).strip("'\"=")
    return "".join(folded.split()).lower()


def known_names(dataset: Dataset) -> dict[str, str]:
    """Every name a header may use -> the declared column; a column's own name goes first."""
    names = {plain(alias): c.name for c in reversed(dataset.columns) for alias in c.headers}
    return names | {plain(c.name): c.name for c in dataset.columns}


def find_header(rows: list[list[str]], dataset: Dataset) -> Header:
    """The row that names most declared columns; raises NoHeaderError if a required one lacks."""
    names = [[plain(name) for name in row] for row in rows[:FIRST_ROWS]]
    known = known_names(dataset)
    found = [len({known[name] for name in row if name in known}) for row in names]
    at = max(range(len(found)), key=found.__getitem__, default=None)
    header = names[at] if at is not None else []
    positions = _positions(header, dataset)
    missing = [name for name in dataset.required if name not in positions]
    if missing or not positions:
        reason = _lacks(missing, positions, dataset, len(names))
        raise NoHeaderError(reason, set(header), len(positions))
    used = set(positions.values())
    ignored = tuple(rows[at][i].strip() for i, name in enumerate(header) if name and i not in used)
    return Header(at, positions, len(header), ignored)


def _positions(header: list[str], dataset: Dataset) -> dict[str, int]:
    """Declared column -> its place; of several names of a column the first declared one wins."""
    positions = {}
    for column in dataset.columns:
        for name in (plain(column.name), *map(plain, column.headers)):
            if name in header:
                if header.count(name) > 1:
                    raise UnreadableFileError(f"the column {name} is there twice: keep one of them")
                positions[column.name] = header.index(name)
                break
    return positions


def _lacks(missing: list[str], positions: dict[str, int], dataset: Dataset, rows: int) -> str:
    wanted = ", ".join(" or ".join((name, *dataset.column(name).headers)) for name in missing)
    found = ", ".join(positions) or "none"
    return (
        f"none of the first {rows} rows is a header with the required "
        f"column {wanted or '(any declared one)'} of '{dataset.name}' (recognised: {found})"
    )
