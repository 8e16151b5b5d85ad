"""A tiny world with every defect, loaded and built once for all tests and workers of a run."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from filelock import FileLock

from benchmarks.pipeline import MARTS, Place, build, load_all
from orchestration.sandbox.defects import Defects
from orchestration.sandbox.generate import DEFECTS_FILE, generate


@dataclass(frozen=True)
class TinyWorld:
    """Its landing and truth folders, the place of its lake and warehouse, and its last day."""

    landing: Path
    truth: Path
    place: Place
    as_of: date

    @property
    def damage_file(self) -> Path:
        """What was damaged on its way to the landing folder."""
        return self.truth / DEFECTS_FILE


def tiny_world(folder: Path) -> TinyWorld:
    """Generate, load and build it below `folder`, once for all processes; later ones find it."""
    landing, truth, place = folder / "landing", folder / "truth", Place(folder / "state")
    folder.mkdir(exist_ok=True)
    made = folder / "last_day"
    with FileLock(folder / "lock"):
        if not made.exists():
            # nothing damaged is pulled again: all of it has to be in quarantine
            defects = replace(Defects.heavy(), recovered=0.0)
            report = generate(
                landing, truth, scale="tiny", days=75, daily_days=10, defects=defects, seed=11
            )
            load_all(landing, place.lake)
            build(place, as_of=report.last_day, select=MARTS)
            made.write_text(report.last_day.isoformat())
    return TinyWorld(landing, truth, place, date.fromisoformat(made.read_text()))
