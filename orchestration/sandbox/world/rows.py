"""Columns of equal length that are filtered, joined and grouped together."""

from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass
class Rows:
    """Base of records whose fields are all arrays of one length."""

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self.__dataclass_fields__))))

    def take(self, which: np.ndarray) -> Self:
        """The rows that a mask or an index array picks."""
        if isinstance(which, np.ndarray) and which.dtype == bool:
            which = which.nonzero()[0]
        return type(self)(**{name: column[which] for name, column in vars(self).items()})

    @classmethod
    def concat(cls, parts: list[Self]) -> Self:
        """All rows of all parts, in their order."""
        names = cls.__dataclass_fields__
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


def first_in_group(group: np.ndarray) -> np.ndarray:
    """Which entries begin a new group; `group` is sorted."""
    begins = np.ones(len(group), dtype=bool)
    np.not_equal(group[1:], group[:-1], out=begins[1:])
    return begins


def place_in_group(group: np.ndarray) -> np.ndarray:
    """0, 1, 2, … within each run of equal values; `group` is sorted."""
    at = np.arange(len(group))
    return at - np.maximum.accumulate(np.where(first_in_group(group), at, 0))


def split(total: np.ndarray, weight: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Divide each group's `total` by `weight`, in whole cents.

    `group` numbers the entries' groups from 0, sorted; `total` has one entry per group. Every
    part is rounded half up but the group's last with a weight, which takes the remainder. A
    group without weight gets nothing.
    """
    count = len(total)
    whole = np.bincount(group, weight, count).astype(np.int64)[group]
    whole = np.maximum(whole, 1)
    part = (2 * total[group] * weight + whole) // (2 * whole)
    weighed = np.flatnonzero(weight > 0)
    last = np.full(count, -1)
    last[group[weighed]] = weighed  # the later entry wins
    has = last >= 0
    given = np.bincount(group, part, count).astype(np.int64)
    part[last[has]] += (total - given)[has]
    return part
