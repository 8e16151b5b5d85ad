"""A seeded world in one call: its truth, and what its shops land of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.sandbox.buckets import DAILY_DAYS, buckets_of
from orchestration.sandbox.defects import Defects
from orchestration.sandbox.dialects import all_extracts
from orchestration.sandbox.landing_writer import WriteReport, write_landing

DEFECTS_FILE = "defects.parquet"


@dataclass(frozen=True)
class GenerateReport:
    """What was generated: the simulated days, the truth's order lines and what landed."""

    first_day: date
    last_day: date
    orders: int
    order_lines: int
    written: WriteReport

    def __str__(self) -> str:
        w = self.written
        return (
            f"{self.orders:,} orders with {self.order_lines:,} lines from {self.first_day} to "
            f"{self.last_day}; {w.records:,} records in {w.files:,} files "
            f"({w.bytes / 2**20:,.0f} MiB), {w.damaged:,} of them damaged and {w.lost:,} for good"
        )


def generate(
    landing: Path,
    truth: Path,
    *,
    scale: str = "small",
    seed: int = 7,
    days: int | None = None,
    defects: Defects | str = "realistic",
    daily_days: int = DAILY_DAYS,
    progress: Callable[[str, int, int], object] | None = None,
) -> GenerateReport:
    """Simulate a world of `scale` and write its extracts to `landing`, its truth to `truth`.

    `days` overrides the scale's own length; the last `daily_days` of them land day by day, those
    before by the month. Equal arguments give equal files. `progress` is called with what is being
    done, how much is done and how much there is to do. Raises ValueError for an unknown scale or
    unknown defects.
    """
    from orchestration.sandbox.world import run  # noqa: PLC0415

    rates = Defects.named(defects) if isinstance(defects, str) else defects
    summary = run(truth, scale=scale, seed=seed, days=days, progress=progress)
    written = write_landing(
        landing,
        truth,
        extracts=all_extracts(),
        buckets=buckets_of(summary.first_day, summary.last_day, daily_days=daily_days),
        seed=seed,
        defects=rates,
        damage_file=truth / DEFECTS_FILE,
        progress=progress,
    )
    return GenerateReport(
        summary.first_day, summary.last_day, summary.orders, summary.order_lines, written
    )
