"""Visitors, views, carts and favourites per listing and day: interest that comes before sales."""

import numpy as np

from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.listings import PLATFORMS, Listings
from orchestration.sandbox.world.market import Market
from orchestration.sandbox.world.orders import DAY, Lines, Orders

_RING = 128  # no payment or refund is further ahead, in days
_LOOKS = 1.1  # visits a day of a household that will soon run out
_XHS = PLATFORMS.index("xiaohongshu")


class Traffic:
    """Keeps what is paid and refunded on coming days, and how popular each listing is."""

    def __init__(self, offers: Listings, market: Market, calendar: Calendar) -> None:
        self.offers, self.market, self.calendar = offers, market, calendar
        self.count = int(offers.number.max()) + 1
        self.popular = offers.weight.astype(float).copy()
        self._paid = np.zeros((3, _RING, self.count), dtype=np.int64)
        self._refunded = np.zeros((_RING, self.count), dtype=np.int64)

    def paid(self, orders: Orders, lines: Lines) -> None:
        """Book buyers, units and cents on the day of each payment; `lines` without parents'."""
        some = (orders.paid[lines.order] >= 0) & ~lines.is_gift
        day = orders.paid[lines.order[some]] // DAY % _RING
        number = self.offers.number[lines.variant[some]]
        for ring, amount in zip(self._paid, (1, lines.qty[some], lines.paid[some]), strict=True):
            np.add.at(ring, (day, number), amount)

    def refunded(self, variant: np.ndarray, moment: np.ndarray, cents: np.ndarray) -> None:
        """Book successful refunds on their day."""
        np.add.at(self._refunded, (moment // DAY % _RING, self.offers.number[variant]), cents)

    def rows(self, rng, day: int, pressure: np.ndarray, wishes: np.ndarray, warmth: float):
        """One row per listing on sale or paid for today.

        `pressure` counts households that will run out soon, by category and month of age;
        `wishes` are today's choices by variant.
        """
        offers = self.offers
        self.popular = 0.97 * self.popular + 0.03 * wishes
        summed = np.concatenate([np.zeros((len(pressure), 1)), np.cumsum(pressure, axis=1)], axis=1)
        months = summed.shape[1] - 1
        near = (
            summed[offers.category, np.minimum(offers.months_to, months)]
            - summed[offers.category, np.minimum(offers.months_from, months)]
        )
        open_today = (offers.starts <= day) & (day < offers.ends) & ~offers.is_gift
        shown = open_today & ~self.market.dark[day, offers.shop]
        weight = np.where(shown, self.popular + 0.01, 0.0)
        of_category = np.bincount(offers.category, weight, len(pressure))
        share = weight / np.maximum(of_category[offers.category], 1e-9)
        lift = 1 + 2.0 * self.calendar.warmup[day] + np.where(offers.shop == _XHS, warmth, 0)
        mean = (_LOOKS * near * share * 3 + 2.2 * wishes + 0.15) * lift * shown
        looked = rng.poisson(mean)
        visitors = np.bincount(offers.number, looked, self.count).astype(np.int64)
        on_sale = np.bincount(offers.number, open_today, self.count) > 0
        slot = day % _RING
        buyers, qty, cents = (ring[slot].copy() for ring in self._paid)
        refund = self._refunded[slot].copy()
        self._paid[:, slot] = 0
        self._refunded[slot] = 0
        number = np.flatnonzero(on_sale | (buyers > 0) | (refund > 0))
        seen = np.bincount(offers.number, shown, self.count)[number] > 0
        visitors = np.where(
            seen, np.maximum(visitors[number], buyers[number] + buyers[number] // 3), 0
        )
        keen = min(0.075 * (1 + 2.4 * self.calendar.warmup[day]), 0.5)
        carts = np.maximum(rng.binomial(visitors, keen), np.minimum(buyers[number], visitors) // 2)
        return {
            "listing_no": number,
            "visitors": visitors,
            "views": visitors + rng.poisson(visitors * 1.4),
            "add_to_cart_buyers": carts,
            "add_to_cart_qty": carts + rng.binomial(carts, 0.2),
            "favourites": rng.binomial(visitors, keen / 2),
            "paid_buyers": buyers[number],
            "paid_qty": qty[number],
            "paid_cents": cents[number],
            "refund_cents": refund[number],
        }
