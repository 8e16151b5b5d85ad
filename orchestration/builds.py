"""What the last whole dbt build had seen: it decides what the next one may leave as it is."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from orchestration.files import write_atomically
from orchestration.landing.lake import completed_loads
from orchestration.settings import DBT_PROJECT_DIR

PROJECT_FILES = {".sql", ".py", ".yml", ".csv"}


@dataclass(frozen=True)
class Build:
    """One whole build: its as-of day, the loads the lake held, and the dbt project it ran.

    `loads` maps "<platform>.<dataset>" to the number of the last load it saw whole: what landed
    after `as_of` it could not see.
    """

    as_of: str
    loads: dict[str, int]
    project: str

    @classmethod
    def of_today(cls, lake: Path, as_of: date) -> "Build":
        """What a build that starts now will have seen."""
        return cls(as_of.isoformat(), completed_loads(lake, as_of), project_fingerprint())

    def since(self, last: "Build | None") -> dict[str, object] | None:
        """What dbt is told as `since`, or None when everything must be built anew.

        Nothing is kept when there is no last build, when the tables' own definition changed, when
        the as-of day went back (what was visible then is not any more) or when the lake lost
        loads it had.
        """
        if last is None or last.project != self.project or last.as_of > self.as_of:
            return None
        if any(self.loads.get(name, 0) < number for name, number in last.loads.items()):
            return None
        return {"as_of": last.as_of, "loads": last.loads}


def read_build(path: Path) -> Build | None:
    """The last whole build that succeeded, None before the first or where its note is damaged."""
    try:
        return Build(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def keep_build(path: Path, build: Build) -> None:
    """Remember a build that succeeded as a whole."""
    text = json.dumps(asdict(build), indent=1)
    write_atomically(path, lambda fresh: fresh.write_text(text, encoding="utf-8"))


def project_fingerprint() -> str:
    """What the dbt project's files hold, as 16 hexadecimal digits."""
    found = DBT_PROJECT_DIR.rglob("*")
    # dbt names folders of compiled tests after the files they come from
    files = sorted(p for p in found if p.suffix in PROJECT_FILES and p.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(DBT_PROJECT_DIR).as_posix().encode() + b"\x00")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
