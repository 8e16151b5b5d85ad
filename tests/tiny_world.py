"""A tiny world with every defect, loaded and built once for all tests of a run."""

import atexit
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

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


@cache
def tiny_world() -> TinyWorld:
    """Generate, load and build it on the first call; the folder goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="stork-tiny-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    landing, truth, place = folder / "landing", folder / "truth", Place(folder / "state")
    # nothing damaged is pulled again: all of it has to be in quarantine
    defects = replace(Defects.heavy(), recovered=0.0)
    report = generate(
        landing, truth, scale="tiny", days=75, daily_days=10, defects=defects, seed=11
    )
    load_all(landing, place.lake)
    build(place, as_of=report.last_day, select=MARTS)
    return TinyWorld(landing, truth, place, report.last_day)
