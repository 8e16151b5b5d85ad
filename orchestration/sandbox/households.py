"""What households want to buy: babies eat and grow, parents wait for festivals, some leave."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from orchestration.sandbox.catalogue import Catalogue
from orchestration.sandbox.promotions import SPRING_FESTIVALS, Festival

_DAYS_A_MONTH = 30.4


@dataclass(frozen=True)
class Habit:
    """How one category is bought: share of households, days a unit lasts, units a purchase."""

    share: float
    from_month: float
    to_month: float
    unit_days: float
    units: tuple[int, ...]
    units_odds: tuple[float, ...]
    winter: float  # extra use in January over the year's mean; below zero: a summer category
    slots: tuple[str, ...]


HABITS = {
    "奶粉": Habit(
        0.58,
        0,
        38,
        8.5,
        (1, 2, 3, 4),
        (0.25, 0.45, 0.2, 0.1),
        0.04,
        ("formula 1段", "formula 2段", "formula 3段"),
    ),
    "纸尿裤": Habit(
        0.72,
        0,
        32,
        11,
        (1, 2, 3),
        (0.35, 0.45, 0.2),
        0.10,
        ("nappy NB", "nappy S", "nappy M", "nappy L", "nappy XL", "nappy XXL"),
    ),
    "湿巾": Habit(0.60, 0, 40, 14, (1, 2, 3), (0.4, 0.4, 0.2), -0.06, ("wipes",)),
    "辅食": Habit(
        0.55,
        6,
        30,
        6,
        (1, 2, 3),
        (0.25, 0.45, 0.3),
        -0.05,
        ("food 高铁米粉", "food 果泥", "food 细面条", "food 溶豆"),
    ),
    "洗护": Habit(
        0.45,
        0,
        46,
        48,
        (1, 2),
        (0.8, 0.2),
        0.18,
        ("wash 洗发沐浴露", "wash 润肤霜", "wash 护臀膏", "wash 防晒乳"),
    ),
    "奶瓶": Habit(
        0.35,
        0,
        20,
        70,
        (1, 2),
        (0.8, 0.2),
        -0.05,
        ("bottle 玻璃奶瓶 160ml", "bottle 宽口奶瓶 240ml", "bottle 奶嘴 两只装", "bottle 学饮杯"),
    ),
}


@dataclass(frozen=True)
class Households:
    """One entry per household; moments are days from the first simulated day."""

    born: np.ndarray
    joined: np.ndarray
    left: np.ndarray
    thrift: np.ndarray
    warehouse: np.ndarray


def households(
    rng: np.random.Generator, count: int, *, first: date, days: int, fairs: list[Festival]
) -> Households:
    """Draw households that are or become customers within the simulated days.

    A tenth more join each year, more of them at festivals; thrifty ones leave sooner.
    """
    span = np.arange(-900, days)
    odds = 1.0 + 0.1 * span / 365
    for fair in fairs:
        start = (fair.starts_on - first).days
        odds[(span >= start) & (span <= (fair.ends_on - first).days)] *= 1 + fair.pull
    joined = rng.choice(span, count, p=odds / odds.sum())
    # most start before or soon after birth, some with an older child
    age = np.where(
        rng.random(count) < 0.65, rng.gamma(2.0, 1.6, count) - 1.5, rng.uniform(3, 26, count)
    )
    thrift = rng.beta(2, 2.2, count)
    stays = rng.gamma(0.9, 560, count) * np.exp(0.9 * (0.5 - thrift)) + 14
    return Households(
        born=(joined - age * _DAYS_A_MONTH).astype(int),
        joined=joined,
        left=(joined + stays).astype(int),
        thrift=thrift,
        warehouse=(rng.random(count) < 0.42).astype(int),
    )


@dataclass(frozen=True)
class Wishes:
    """Intended purchases, one entry per line: what would be bought if all was in stock."""

    household: np.ndarray
    day: np.ndarray
    sku: np.ndarray
    qty: np.ndarray


def wishes(
    rng: np.random.Generator,
    people: Households,
    goods: Catalogue,
    *,
    first: date,
    days: int,
    fairs: list[Festival],
    discount: np.ndarray,
) -> Wishes:
    """Every purchase each household intends; `discount` is the depth by day and SKU."""
    parts = []
    for category, habit in HABITS.items():
        uses = np.flatnonzero(rng.random(len(people.born)) < habit.share)
        household, day, qty = _purchases(
            rng, people, uses, habit, first=first, days=days, fairs=fairs
        )
        sku = _choices(rng, people, goods, habit, household, day, discount)
        found = sku >= 0
        parts.append((household[found], day[found], sku[found], qty[found]))
        if category == "奶粉":
            milk = parts[-1]
    parts.append(_samplers(rng, goods, milk))
    household, day, sku, qty = (np.concatenate(column) for column in zip(*parts, strict=True))
    keep = (day >= 0) & (day < days)
    return Wishes(household[keep], day[keep], sku[keep], qty[keep])


def _purchases(rng, people, uses, habit, *, first, days, fairs):
    """Let each household run through one category, all of them one purchase at a time."""
    start = np.maximum(people.joined[uses], people.born[uses] + habit.from_month * _DAYS_A_MONTH)
    end = np.minimum(people.left[uses], people.born[uses] + habit.to_month * _DAYS_A_MONTH)
    pace = habit.unit_days * np.exp(rng.normal(0, 0.25, len(uses)))
    clock = start + rng.gamma(1.0, habit.unit_days, len(uses))
    alive = clock < np.minimum(end, days)
    found = []
    while alive.any():
        uses, clock, end, pace = uses[alive], clock[alive], end[alive], pace[alive]
        qty = rng.choice(habit.units, len(uses), p=habit.units_odds)
        day, at_fair = _to_fair(rng, clock, people.thrift[uses], fairs, first)
        qty = np.where(at_fair, np.ceil(qty * rng.uniform(1.2, 2.2, len(qty))), qty).astype(int)
        day = np.where(at_fair, day, _to_order_day(day, uses, first))
        day = _around_spring_festival(rng, day, first)
        found.append((uses, day.astype(int), qty))
        # about to leave: a last spell of buying elsewhere now and then
        fading = np.where(end - clock < 60, rng.uniform(1.0, 1.9, len(uses)), 1.0)
        use = 1 + habit.winter * np.cos(2 * np.pi * (_day_of_year(day, first) - 15) / 365)
        gap = qty * pace * fading / use * rng.gamma(8, 1 / 8, len(uses))
        clock = np.maximum(day, clock) + np.maximum(gap, 3)
        alive = clock < np.minimum(end, days)
    return (np.concatenate(column) for column in zip(*found, strict=True))


def _to_fair(rng, clock, thrift, fairs, first):
    """Who is due shortly before or soon after a festival's peak may buy at the peak instead."""
    day, moved = clock.copy(), np.zeros(len(clock), dtype=bool)
    for fair in fairs:
        start = (fair.starts_on - first).days
        peaks = start + np.array(fair.peaks)
        peak = peaks[rng.integers(0, len(peaks), len(clock))] + rng.integers(0, 3, len(clock))
        wait = peak - clock  # below zero: it would have to be bought earlier than due
        eager = rng.random(len(clock)) < fair.pull * (0.45 + thrift)
        early = 10 + 22 * fair.pull
        takes = eager & (wait > -early) & (wait < 9) & ~moved
        day = np.where(takes, peak, day)
        moved |= takes
    return day, moved


def _to_order_day(day, household, first):
    """Gather what a household buys within five days into one order, rather at weekends."""
    phase = (household * 7919) % 5
    grid = np.floor((day + phase) / 5)
    # one draw per household and grid cell, the same in every category
    draw = ((household * 2654435761 + grid.astype(np.int64) * 40503) % 1009) / 1009
    cell = (grid * 5 - phase).astype(int)
    weekday = (cell[:, None] + np.arange(5) + first.weekday()) % 7
    odds = np.array([1.0, 0.95, 0.95, 1.0, 1.05, 1.25, 1.3])[weekday].cumsum(axis=1)
    return cell + (odds / odds[:, -1:] <= draw[:, None]).sum(axis=1)


def _around_spring_festival(rng, day, first):
    """Parcels stand still around the lunar new year: most buy some days later."""
    for lunar in SPRING_FESTIVALS.values():
        offset = day - (lunar - first).days
        stuck = (offset >= -5) & (offset <= 5) & (rng.random(len(day)) < 0.6)
        day = np.where(stuck, day + 6 - offset + rng.integers(0, 16, len(day)), day)
    return day


def _day_of_year(day, first: date):
    return (day + (first - date(first.year, 1, 1)) / timedelta(1)) % 365


def _choices(rng, people, goods, habit, household, day, discount):
    """The SKU of each purchase: a logit over those that fit the age, with lasting tastes."""
    brands, brand = np.unique(goods.array("brand"), return_inverse=True)
    brand_taste = rng.gumbel(0, 1.3, (len(people.born), len(brands)))
    months = (day - people.born[household]) / _DAYS_A_MONTH
    options = np.flatnonzero(np.isin(goods.array("slot"), habit.slots))
    taste = brand_taste[:, brand[options]] + rng.gumbel(0, 0.8, (len(people.born), len(options)))
    inside = np.clip(day, 0, len(discount) - 1)
    appeal = np.log(goods.array("weight")[options]) + taste[household]
    appeal += rng.gumbel(0, 0.45, appeal.shape)
    appeal += 6.0 * discount[inside][:, options]
    appeal -= (
        1.2
        * np.abs(people.thrift[household][:, None] - 0.5)
        * (goods.array("price")[options] / goods.array("price")[options].mean() - 1)
    )
    season = np.cos(2 * np.pi * (day % 365) / 365)[:, None]
    slots = goods.array("slot")[options]
    appeal += (
        np.where(slots == "wash 防晒乳", 1.4, np.where(slots == "wash 润肤霜", -1.1, 0)) * season
    )
    unfit = (
        (months[:, None] < goods.array("months_from")[options])
        | (months[:, None] >= goods.array("months_to")[options])
        | (day[:, None] < goods.array("launched")[options])
        | (day[:, None] >= goods.array("discontinued")[options])
    )
    appeal[unfit] = -np.inf
    best = appeal.argmax(axis=1)
    return np.where(np.isinf(appeal.max(axis=1)), -1, options[best])


def _samplers(rng, goods, milk):
    """Large formula orders come with a sampler, most of them."""
    household, day, _, qty = milk
    given = np.flatnonzero((qty >= 3) & (rng.random(len(qty)) < 0.5))
    samplers = np.flatnonzero(goods.array("is_sampler"))
    return (
        household[given],
        day[given],
        rng.choice(samplers, len(given)),
        np.ones(len(given), dtype=int),
    )
