"""Plans that never change: each in a folder named by all that went into it, with its manifest."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class ArchivedPlan:
    """One plan on disk: `manifest` as it was written, tables read when asked for."""

    folder: Path
    manifest: dict

    @property
    def plan_id(self) -> str:
        return self.manifest["plan_id"]

    def table(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        rows: pc.Expression | None = None,
    ) -> pd.DataFrame:
        """One of its tables: orders, transfers, overrides, changes; whole, or a part of it."""
        path = self.folder / f"{name}.parquet"
        return pd.read_parquet(path, columns=columns and list(columns), filters=rows)


class PlanArchive:
    """`<folder>/<as_of>/<plan_id>/`, and per day the mark of the plan that counts."""

    def __init__(self, folder: Path):
        self.folder = folder

    def keep(
        self, as_of: date, inputs: dict, tables: dict[str, pd.DataFrame], told: dict
    ) -> ArchivedPlan:
        """Write a plan and mark it as the day's; the same `inputs` again write nothing.

        `inputs`: all that decides the plan, as JSON; their hash is its id. `tables`: its frames.
        `told`: further facts for the manifest. A folder once written is never written again.
        """
        plan_id = plan_id_of(inputs)
        day = self.folder / as_of.isoformat()
        folder = day / plan_id
        if not (folder / MANIFEST).exists():
            before = self.of_day(as_of)
            draft = day / f".{plan_id}.new"
            draft.mkdir(parents=True, exist_ok=True)
            for name, table in tables.items():
                table.to_parquet(draft / f"{name}.parquet", index=False)
            manifest = {
                "plan_id": plan_id,
                "as_of": as_of.isoformat(),
                "replaces": before.plan_id if before else None,
                **inputs,
                **told,
                "files": {p.name: _sha256(p.read_bytes()) for p in sorted(draft.iterdir())},
            }
            text = json.dumps(manifest, ensure_ascii=False, indent=1, default=str)
            (draft / MANIFEST).write_text(text + "\n", encoding="utf-8")
            draft.replace(folder)
        mark = day / "current"
        fresh = mark.with_name(".current.new")
        fresh.write_text(plan_id + "\n")
        fresh.replace(mark)
        return self._open(folder)

    def of_day(self, as_of: date) -> ArchivedPlan | None:
        """The plan that counts for a day, None without one."""
        mark = self.folder / as_of.isoformat() / "current"
        return self._open(mark.parent / mark.read_text().strip()) if mark.exists() else None

    def before(self, as_of: date) -> ArchivedPlan | None:
        """The newest plan of an earlier day, None without one."""
        earlier = [plan_day for plan_day in self.days() if plan_day < as_of]
        return self.of_day(earlier[-1]) if earlier else None

    def overridden(self, before: date, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """These columns of the overridden rows of each earlier day's plan, oldest first.

        Of a plan without an override only the manifest is read: every night reads all of them.
        """
        for plan_day in self.days():
            if plan_day < before and (plan := self.of_day(plan_day)).manifest["overrides_applied"]:
                yield plan.table("orders", columns, pc.field("planned_qty").is_valid())

    def days(self) -> list[date]:
        """Days that have a plan, oldest first."""
        marks = sorted(self.folder.glob("????-??-??/current"))
        return [date.fromisoformat(mark.parent.name) for mark in marks]

    def _open(self, folder: Path) -> ArchivedPlan:
        return ArchivedPlan(folder, json.loads((folder / MANIFEST).read_text(encoding="utf-8")))


def plan_id_of(inputs: dict) -> str:
    """Twelve characters that differ when anything in `inputs` does."""
    return _sha256(json.dumps(inputs, sort_keys=True, default=str).encode())[:12]


def fingerprint(frame: pd.DataFrame) -> str:
    """Hash of a frame's columns and values; the order of its rows does not matter."""
    rows = pd.util.hash_pandas_object(frame.astype(object).where(frame.notna(), None), index=False)
    digest = hashlib.sha256(",".join(map(str, frame.columns)).encode())
    digest.update(np.sort(rows.to_numpy()).tobytes())
    return digest.hexdigest()[:16]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
