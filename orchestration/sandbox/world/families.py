"""Households: when babies are born, what they use at which age, what their parents are like."""

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.catalogue import CATEGORIES
from orchestration.sandbox.world.listings import PLATFORMS, SHOPS

MONTH = 30.4375
MONTHS = 64
FAR = np.int32(1 << 20)  # a day that never comes

# share of households that buy the category at all from shops like these; first month of need
# (least, most), last month (least, most)
_ADOPTION = {
    "奶粉": (0.46, (0, 7), (20, 44)),
    "纸尿裤": (0.52, (0, 2), (25, 38)),
    "湿巾": (0.42, (0, 3), (30, 46)),
    "辅食": (0.38, (5, 8), (20, 33)),
    "洗护": (0.34, (0, 6), (30, 52)),
    "奶瓶": (0.26, (0, 5), (16, 40)),
}
CITIES = ("杭州", "上海", "南京", "北京", "济南", "武汉", "广州", "深圳", "成都", "长沙")
_CITY_ODDS = np.array([0.14, 0.17, 0.09, 0.11, 0.07, 0.1, 0.11, 0.09, 0.07, 0.05])
_SOUTH = np.array([False] * 6 + [True] * 4)
# how much each shop is liked on average
_SHOP_TASTE = np.array([0.75, 0.65, 0.7, 0.45, 0.0])


def use_per_day() -> np.ndarray:
    """Standard units a baby uses up a day, by category and whole month of age."""
    month = np.arange(MONTHS) + 0.5
    table = np.zeros((len(CATEGORIES), MONTHS))
    # 800 g of formula: some 110 g a day at its peak, a glass or two for a toddler
    table[0] = np.interp(month, [0, 1, 4, 8, 12, 18, 36, 60], [70, 90, 115, 100, 70, 50, 40, 35])
    table[0] /= 800
    # packs of nappies: fewer a day, but fewer in a pack as sizes grow
    table[1] = np.interp(month, [0, 3, 12, 24, 36, 45], [10, 8, 6, 4.5, 2.5, 1.2]) / np.interp(
        month, [0, 3, 12, 24], [84, 76, 60, 46]
    )
    table[2] = np.interp(month, [0, 6, 24, 48], [16, 14, 9, 5]) / 400
    table[3] = np.interp(month, [4, 6, 12, 24, 34], [0.0, 0.10, 0.2, 0.15, 0.08])
    table[4] = 1 / 50
    table[5] = np.interp(month, [0, 2, 10, 24, 48], [1 / 40, 1 / 45, 1 / 70, 1 / 120, 1 / 160])
    return table


@dataclass
class Families:
    """State per household (first axis) and category (second); days count from the first one."""

    born: np.ndarray
    born_2: np.ndarray
    joined: np.ndarray
    fades: np.ndarray  # day from which more and more is bought elsewhere
    lapsed: np.ndarray
    graduates: np.ndarray
    thrift: np.ndarray
    city: np.ndarray
    south: np.ndarray
    home_shop: np.ndarray
    brand_taste: np.ndarray
    shop_taste: np.ndarray
    annoyance: np.ndarray
    uses: np.ndarray
    pace: np.ndarray
    start_month: np.ndarray
    end_month: np.ndarray
    last_brand: np.ndarray
    run_out: np.ndarray
    wake: np.ndarray
    ids_used: np.ndarray
    first_id: np.ndarray

    def __len__(self) -> int:
        return len(self.born)


def families(rng: np.random.Generator, count: int, calendar: Calendar, brands: int) -> Families:
    """Households that are customers on the first day or become so later, more at festivals."""
    days = calendar.days
    odds = 1.0 + 0.08 * np.arange(days) / 365 + 2.2 * calendar.pull[:days]
    share_now = 420 / (420 + odds.sum())  # at first as many as some fourteen months bring
    old = rng.random(count) < share_now
    joined = np.where(
        old, -rng.integers(1, 700, count), rng.choice(days, count, p=odds / odds.sum())
    ).astype(np.int32)
    joined.sort()
    # most come shortly before or after birth, some with an older child
    age = np.where(
        rng.random(count) < 0.62, rng.gamma(2.0, 1.7, count) - 1.6, rng.uniform(3, 28, count)
    )
    born = (joined - age * MONTH).astype(np.int32)
    gap = rng.uniform(20, 44, count) * MONTH
    second = rng.random(count) < 0.16
    born_2 = np.where(second, born + gap, FAR).astype(np.int32)
    shape = (count, len(CATEGORIES))
    low = np.array([_ADOPTION[c][1] for c in CATEGORIES], dtype=np.float32)
    high = np.array([_ADOPTION[c][2] for c in CATEGORIES], dtype=np.float32)
    start = low[:, 0] + (low[:, 1] - low[:, 0]) * rng.random(shape, dtype=np.float32) ** 2
    end = high[:, 0] + (high[:, 1] - high[:, 0]) * rng.random(shape, dtype=np.float32)
    uses = rng.random(shape) < np.array([_ADOPTION[c][0] for c in CATEGORIES])
    uses[~uses.any(axis=1), 1] = True
    city = rng.choice(len(CITIES), count, p=_CITY_ODDS).astype(np.int8)
    shop_taste = _SHOP_TASTE + rng.gumbel(0, 1.1, (count, len(SHOPS)))
    # two thirds hardly ever leave their platform
    faithful = rng.random(count) < 0.66
    home = shop_taste.argmax(axis=1)
    platform = np.unique(PLATFORMS, return_inverse=True)[1]
    shop_taste += np.where(faithful[:, None] & (platform == platform[home][:, None]), 2.8, 0.0)
    youngest = np.where(second, born_2, born)
    last = np.where(uses, end, 0).max(axis=1)
    state = Families(
        born=born,
        born_2=born_2,
        joined=joined,
        fades=np.full(count, FAR, dtype=np.int32),
        lapsed=np.full(count, FAR, dtype=np.int32),
        graduates=(youngest + last * MONTH).astype(np.int32) + 1,
        thrift=rng.beta(2, 2.2, count).astype(np.float32),
        city=city,
        south=_SOUTH[city],
        home_shop=home.astype(np.int8),
        brand_taste=rng.gumbel(0, 0.9, (count, brands)).astype(np.float32),
        shop_taste=shop_taste.astype(np.float32),
        annoyance=np.zeros(count, dtype=np.float32),
        uses=uses,
        pace=np.exp(rng.normal(0, 0.22, shape)).astype(np.float32),
        start_month=start.astype(np.float32),
        end_month=end.astype(np.float32),
        last_brand=np.full(shape, -1, dtype=np.int8),
        run_out=np.zeros(shape, dtype=np.float32),
        wake=np.zeros(shape, dtype=np.int32),
        ids_used=np.zeros(count, dtype=np.int32),
        first_id=np.full(count, -1, dtype=np.int8),
    )
    # who is a customer already has something at home
    begin = np.maximum(joined[:, None], (born[:, None] + start * MONTH)).astype(np.float32)
    state.run_out[:] = np.where(
        begin < 0, rng.uniform(-1, 26, shape), begin + rng.uniform(-3, 6, shape)
    )
    state.wake[:] = np.where(uses, np.maximum(state.run_out - rng.uniform(2, 9, shape), begin), FAR)
    return state
