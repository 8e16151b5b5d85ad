"""From the click to the signature: payment, deposits and balances, parcels, JD's split orders."""

import numpy as np

from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.listings import PLATFORMS
from orchestration.sandbox.world.orders import DAY, NONE, PRESALE, SALE, Lines, Orders
from orchestration.sandbox.world.rows import place_in_group

_JD = PLATFORMS.index("jd")
_UNPAID = 0.042
_FORFEITS = 0.06
_NO_DEPOSIT = 0.02


def pay(rng: np.random.Generator, orders: Orders, calendar: Calendar, day: int) -> None:
    """Set payment moments; unpaid orders close, forfeited deposits too."""
    count = len(orders)
    wait = np.exp(rng.normal(3.3, 1.0, count)).astype(np.int64) + 2
    dawdles = rng.random(count) < 0.025
    wait = np.where(dawdles, rng.integers(1800, 20 * 3600, count), wait)
    unpaid = rng.random(count) < _UNPAID
    orders.paid = np.where(unpaid, NONE, orders.created + wait)
    # a reminder is ignored until the platform closes the order
    orders.closed = np.where(unpaid, orders.created + rng.choice([1800, 3600, DAY], count), NONE)
    first, second = _twins(orders)
    for name in ("paid", "closed"):
        getattr(orders, name)[second] = getattr(orders, name)[first]
    two_step = np.flatnonzero((orders.kind == PRESALE) & ~orders.full_presale)
    if len(two_step):
        _pay_in_two_steps(rng, orders, two_step, int(calendar.balance_on[day]))


def _pay_in_two_steps(rng, orders: Orders, which: np.ndarray, balance_day: int) -> None:
    count = len(which)
    created = orders.created[which]
    draw = rng.random(count)
    never = draw < _NO_DEPOSIT
    forfeits = ~never & (draw < _NO_DEPOSIT + _FORFEITS)
    soon = np.minimum(rng.exponential(5400, count), 12_000).astype(np.int64)
    late = rng.integers(0, 2 * DAY, count) + 4 * 3600
    opens = balance_day * DAY + 20 * 3600
    balance = opens + np.where(rng.random(count) < 0.75, soon, late)
    orders.deposit_at[which] = np.where(never, NONE, created + 20 + rng.integers(0, 240, count))
    orders.paid[which] = np.where(never | forfeits, NONE, balance)
    ends = np.where(never, created + 1800, opens + 4 * DAY)
    orders.closed[which] = np.where(never | forfeits, ends, NONE)


def ship(rng: np.random.Generator, orders: Orders, calendar: Calendar) -> None:
    """Set promised shipping, shipping and the end of all paid orders."""
    count = len(orders)
    paid = np.maximum(orders.paid, 0)
    paid_day = paid // DAY
    early = paid % DAY < 15 * 3600
    draw = rng.random(count)
    lag = np.where(early, (draw > 0.5) + (draw > 0.92), 1 + (draw > 0.8)).astype(np.int64)
    index = np.minimum(paid_day, len(calendar.pull) - 1)
    lag += rng.poisson(2.0 * calendar.peak[index] + 0.5 * calendar.pull[index])
    weeks = rng.integers(10, 36, count)
    lag = np.where(orders.full_presale, weeks - rng.integers(0, 4, count), lag)
    promise = np.where(orders.full_presale, weeks, 2)
    orders.due = np.where(orders.paid >= 0, paid + promise * DAY, NONE)
    shipped_day = _next_open(calendar, paid_day + lag)
    shipped = shipped_day * DAY + rng.integers(9 * 3600, 21 * 3600, count)
    # packed on the day of payment: at least half an hour after it, else the day after
    hasty = shipped < paid + 1800
    shipped = np.where(hasty, paid + 1800 + rng.integers(0, 3600, count), shipped)
    tight = hasty & (shipped // DAY != paid_day)
    shipped = np.where(
        tight, (paid_day + 1) * DAY + rng.integers(9 * 3600, 21 * 3600, count), shipped
    )
    orders.shipped = np.where(orders.paid >= 0, shipped, NONE)
    road = rng.integers(1 * DAY, 4 * DAY, count)
    patience = np.where(rng.random(count) < 0.4, 10.0, rng.uniform(0.1, 8.0, count))
    patience = np.where(orders.shop == _JD, rng.uniform(0.05, 1.0, count), patience)
    end = shipped + road + (patience * DAY).astype(np.int64)
    orders.finished = np.where(orders.paid >= 0, end, NONE)


def _twins(orders: Orders) -> tuple[np.ndarray, np.ndarray]:
    """Positions of JD orders that left one checkout from two warehouses, first and second."""
    jd = np.flatnonzero((orders.shop == _JD) & (orders.kind == SALE))
    twin = np.flatnonzero(np.diff(orders.household[jd]) == 0)
    return jd[twin], jd[twin + 1]


def _next_open(calendar: Calendar, day: np.ndarray) -> np.ndarray:
    """The day itself or the first one after it on which parcels move."""
    last = len(calendar.paused) - 1
    closed = calendar.paused
    following = np.arange(len(closed))
    for i in range(last - 1, -1, -1):
        if closed[i]:
            following[i] = following[i + 1]
    return np.where(day > last, day, following[np.minimum(day, last)])


def split_orders(orders: Orders, lines: Lines) -> tuple[Orders, Lines]:
    """Put a JD parent before children that left one checkout from two warehouses.

    The parent repeats the children's lines and has neither shipping nor an end of its own.
    """
    first, second = _twins(orders)
    both_paid = (orders.paid[first] >= 0) & (orders.paid[second] >= 0)
    first, second = first[both_paid], second[both_paid]
    if not len(first):
        return orders, lines
    parents = orders.take(first)
    for name in ("shipped", "finished", "closed"):
        getattr(parents, name)[:] = NONE
    count = len(orders)
    parent_of = np.full(count, NONE)
    parent_of[first] = parent_of[second] = count + np.arange(len(first))
    orders.parent = parent_of
    parents.parent[:] = NONE
    copied = lines.take(parent_of[lines.order] >= 0)
    copied.order = parent_of[copied.order]
    copied = copied.take(np.argsort(copied.order, kind="stable"))
    # a gift's main line moves with its order's lines
    offset = place_in_group(copied.order) + 1 - copied.line_no
    copied.main_line = np.where(copied.main_line > 0, copied.main_line + offset, copied.main_line)
    copied.line_no = copied.line_no + offset
    copied.leaves = np.zeros(len(copied), dtype=bool)
    return Orders.concat([orders, parents]), Lines.concat([lines, copied])


def number(orders: Orders, lines: Lines, first_number: int):
    """(orders, lines, where each line went), sorted by creation, parents before children.

    Orders are numbered from `first_number`.
    """
    is_child = orders.parent >= 0
    order = np.lexsort((np.arange(len(orders)), is_child, orders.household, orders.created))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    numbered = orders.take(order)
    numbered.number = first_number + np.arange(len(order))
    linked = numbered.parent >= 0
    numbered.parent[linked] = first_number + place[numbered.parent[linked]]
    moved = lines.take(slice(None))
    moved.order = place[lines.order]
    sequence = np.lexsort((moved.line_no, moved.order))
    where = np.empty(len(sequence), dtype=np.int64)
    where[sequence] = np.arange(len(sequence))
    return numbered, moved.take(sequence), where
