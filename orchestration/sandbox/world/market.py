"""What changes around the households: prices, rivals, dark platforms, faulty batches."""

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.world.calendar import AHEAD, Calendar, discount_grid, promotion_plan
from orchestration.sandbox.world.catalogue import CATEGORIES, SUPPLIERS, Catalogue
from orchestration.sandbox.world.config import Disturbance, WorldConfig
from orchestration.sandbox.world.listings import PLATFORMS

SUPPLIER_IDS = tuple(row[0] for row in SUPPLIERS)


@dataclass
class Market:
    """By day (first axis): `discount` and `promo` per SKU, `rival` and `war` per category,
    `dark` per shop, `faulty` per SKU, `fashion` (factor on demand) per brand, `appeal` (on the
    scale of tastes) per SKU; `stopped` are days on which a supplier delivers nothing."""

    plan: object
    discount: np.ndarray
    promo: np.ndarray
    rival: np.ndarray
    war: np.ndarray
    dark: np.ndarray
    faulty: np.ndarray
    fashion: np.ndarray
    appeal: np.ndarray
    stopped: dict[str, np.ndarray]
    calendar: Calendar
    goods: Catalogue

    def disturb(self, event: Disturbance) -> None:
        """Let `event` happen on top of everything else."""
        start = (event.starts_on - self.calendar.first).days
        window = slice(max(start, 0), max(start + event.days, 0))
        if event.kind in ("price_war", "competitor"):
            chosen = [i for i, c in enumerate(CATEGORIES) if event.target in ("", c)]
            if not chosen:
                raise ValueError(f"{event.target} is no category")
            for category in chosen:
                self.rival[window, category] += 1.5 * event.strength
                if event.kind == "competitor":  # known to everybody from now on
                    self.rival[window.stop :, category] += 0.9 * event.strength
                self.war[window, category] += event.strength
        elif event.kind == "platform_dark":
            shops = [i for i, platform in enumerate(PLATFORMS) if platform == event.target]
            if not shops:
                raise ValueError(f"{event.target} is no platform of this world")
            self.dark[window, shops] = True
        elif event.kind == "brand_shift":
            if event.target not in self.goods.brands:
                raise ValueError(f"{event.target} is no brand of this world")
            self.fashion[window, self.goods.brands.index(event.target)] *= event.strength
        elif event.kind == "mix_shift":
            if event.target not in CATEGORIES:
                raise ValueError(f"{event.target} is no category")
            category = CATEGORIES.index(event.target)
            of_category = self.goods.category == category
            members = np.flatnonzero(of_category & ~self.goods.is_sampler)
            # the halves are drawn, but the same day and category divide in the same way
            rng = np.random.default_rng([max(start, 0), category])
            pleases = rng.permutation(len(members)) < len(members) // 2
            self.appeal[window, members] += np.where(pleases, 1.0, -1.0) * event.strength
        else:
            if event.target not in SUPPLIER_IDS:
                raise ValueError(f"{event.target} is no supplier of this world")
            if event.target not in self.stopped:
                self.stopped[event.target] = np.zeros(len(self.rival) + 400, dtype=bool)
            self.stopped[event.target][window] = True


def market(rng: np.random.Generator, config: WorldConfig, goods: Catalogue, calendar: Calendar):
    """Promotions as planned, rivals that come and go, one faulty batch every other month."""
    span = config.days + AHEAD
    plan = promotion_plan(goods, rng, calendar)
    discount, promo = discount_grid(plan, len(goods), span)
    shape = (span, len(CATEGORIES))
    shocks = rng.normal(0, 0.05, shape)
    rival = np.zeros(shape)
    for day in range(1, span):
        rival[day] = 0.97 * rival[day - 1] + shocks[day]
    war = np.zeros(shape)
    for start in range(int(rng.integers(40, 120)), span, 160):
        category = int(rng.integers(len(CATEGORIES)))
        window = slice(start, start + int(rng.integers(14, 35)))
        rival[window, category] += 0.8
        war[window, category] += 0.6
    faulty = np.zeros((span, len(goods)), dtype=bool)
    sold = np.flatnonzero(~goods.is_sampler)
    for start in range(int(rng.integers(10, 60)), span, 61):
        faulty[start : start + int(rng.integers(10, 25)), rng.choice(sold, 2)] = True
    dark = np.zeros((span, len(PLATFORMS)), dtype=bool)
    fashion, appeal = np.ones((span, len(goods.brands))), np.zeros((span, len(goods)))
    made = Market(
        plan, discount, promo, rival, war, dark, faulty, fashion, appeal, {}, calendar, goods
    )
    for event in config.disturbances:
        made.disturb(event)
    return made
