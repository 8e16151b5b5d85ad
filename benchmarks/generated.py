"""The sandbox's own demand: landed, loaded and built, then its feature tables as a panel."""

from datetime import date
from pathlib import Path

import pandas as pd

from benchmarks.frames import Frames
from benchmarks.pipeline import MARTS, Place, build, load_all, sandbox
from orchestration.landing.layout import landed_days

FEATURES = ("--select", "+path:models/features", *MARTS[2:])


def read(folder: Path, *, scale: str = "small", seed: int = 7) -> Frames:
    """Weekly demand of SKU x warehouse with attributes and the plan of promotions.

    The world is generated and built below `folder` once and found there again. Weeks whose
    festival share is above zero are events. Takes minutes the first time.
    """
    world = sandbox(folder, scale=scale, seed=seed, days=None, defects="realistic")
    place = Place(folder / f"demand-{scale}-{seed}")
    wanted = [place.exports / f"{name}.parquet" for name in _TABLES]
    if not all(path.exists() for path in wanted):
        last: date = landed_days(world / "landing")[1]
        load_all(world / "landing", place.lake)
        build(place, as_of=last, select=FEATURES)
    panel, static, known = (pd.read_parquet(path) for path in wanted)
    if "festival_share" in known:
        known = known.assign(is_event=(known["festival_share"] > 0).astype(float))
    return Frames(panel, static, known)


_TABLES = ("feat_demand", "feat_demand_static", "feat_known_future")
