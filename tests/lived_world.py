"""Sandbox worlds lived through in memory, for tests that look at their truth."""

from dataclasses import replace

import polars as pl

from orchestration.sandbox.world import World, scale

TOWN = replace(scale("tiny", days=180), households=2000)  # enough people for averages


def lived(world: World, days: int | None = None, policy=None) -> dict[str, pl.DataFrame]:
    """All tables of a run, its chunks put together."""
    chunks = [chunk.tables for chunk in world.run(days, policy)]
    names = {name for tables in chunks for name in tables}
    return {name: pl.concat([t[name] for t in chunks if name in t]) for name in names}
