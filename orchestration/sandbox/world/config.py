"""What can be chosen about the sandbox's world: size, days, seed and disturbances."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

FIRST_DAY, LAST_DAY = date(2015, 1, 1), date(2026, 6, 28)
DISTURBANCES = (
    *("price_war", "competitor", "platform_dark", "supplier_failure"),
    *("brand_shift", "mix_shift"),
)
_TARGETED = ("platform_dark", "supplier_failure", "brand_shift", "mix_shift")


@dataclass(frozen=True)
class Disturbance:
    """Something that goes wrong from `starts_on` for `days` days.

    kind: "price_war" (a rival sells far below us; `target`: a category or "" for all),
    "competitor" (a rival opens and stays attractive; `target` as above), "platform_dark" (a
    platform sells and shows nothing; `target`: the platform), "supplier_failure" (nothing
    arrives; `target`: the supplier), "brand_shift" (a brand wins its customers from other shops or
    loses them to these; `target`: the brand; `strength`: what the change alone makes of its demand,
    1.6 is 60 % more), "mix_shift" (half the SKUs of a category please more and half less;
    `target`: the category). `strength` scales the first two and the last, 1 is severe.
    """

    kind: str
    starts_on: date
    days: int
    target: str = ""
    strength: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in DISTURBANCES:
            raise ValueError(f"{self.kind} is none of {', '.join(DISTURBANCES)}")
        if self.kind in _TARGETED and not self.target:
            raise ValueError(f"{self.kind} needs a target")
        if self.strength < 0:
            raise ValueError(f"a strength of {self.strength} is below zero")


@dataclass(frozen=True)
class WorldConfig:
    """Equal configurations give equal bytes. `assortment` is "full" (120 SKUs) or "core" (20)."""

    seed: int = 7
    first_day: date = LAST_DAY - timedelta(days=727)
    days: int = 728
    households: int = 20_000
    assortment: str = "full"
    brush_rate: float = 0.012  # brush orders per order
    disturbances: tuple[Disturbance, ...] = ()

    def __post_init__(self) -> None:
        if self.days < 1 or self.households < 1:
            raise ValueError("a world needs at least one day and one household")
        if self.seed < 0:
            raise ValueError(f"{self.seed} is no seed: choose a whole number from 0 on")
        if self.assortment not in ("full", "core"):
            raise ValueError(f"{self.assortment} is neither full nor core")

    @property
    def last_day(self) -> date:
        """The last simulated day."""
        return self.first_day + timedelta(days=self.days - 1)


_SCALES = {
    "tiny": WorldConfig(
        first_day=LAST_DAY - timedelta(days=239), days=240, households=300, assortment="core"
    ),
    "small": WorldConfig(),
    "medium": WorldConfig(households=70_000),
    "large": WorldConfig(households=345_000),
}


def scale(name: str, *, seed: int = 7, days: int | None = None) -> WorldConfig:
    """The configuration called tiny, small, medium or large; `days` end on the same last day.

    Raises ValueError for days before FIRST_DAY, of which no lunar year is known.
    """
    if name not in _SCALES:
        raise ValueError(f"{name} is none of {', '.join(_SCALES)}")
    config = replace(_SCALES[name], seed=seed)
    if days is None:
        return config
    most = (config.last_day - FIRST_DAY).days + 1
    if days > most:
        raise ValueError(f"a world may begin on {FIRST_DAY}: ask for {most} days at most")
    return replace(config, days=days, first_day=config.last_day - timedelta(days=days - 1))
