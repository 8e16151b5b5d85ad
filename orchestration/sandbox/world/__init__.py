"""A seeded world of families and shops, simulated day by day under any ordering policy."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.sandbox import truth
from orchestration.sandbox.world.config import DISTURBANCES, Disturbance, WorldConfig, scale
from orchestration.sandbox.world.planner import Policy, State
from orchestration.sandbox.world.world import Chunk, World

__all__ = [
    "DISTURBANCES",
    "Chunk",
    "Disturbance",
    "Policy",
    "RunSummary",
    "State",
    "World",
    "WorldConfig",
    "run",
    "scale",
]

_scale = scale


@dataclass(frozen=True)
class RunSummary:
    """What a run simulated and wrote."""

    first_day: date
    last_day: date
    orders: int
    order_lines: int


def run(
    folder: Path,
    *,
    scale: str = "small",
    seed: int = 7,
    days: int | None = None,
    policy: Policy | None = None,
    progress: Callable[[str, int, int], object] | None = None,
) -> RunSummary:
    """Simulate a world of `scale` and write its truth tables to `folder`, a month at a time.

    Tables that `folder` already has are replaced. `progress` is called with what is being done,
    days done and days to do.
    """
    config = _scale(scale, seed=seed, days=days)
    world = World(config)
    truth.clear(folder)
    orders = lines = 0
    for chunk in world.run(policy=policy):
        truth.write(folder, chunk)
        orders += chunk.tables["orders"].height if "orders" in chunk.tables else 0
        lines += chunk.tables["order_lines"].height if "order_lines" in chunk.tables else 0
        if progress:
            progress("simulating", world.day, config.days)
    return RunSummary(config.first_day, config.last_day, orders, lines)
