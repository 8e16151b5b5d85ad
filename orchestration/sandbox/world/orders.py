"""Baskets become orders: who pays what, when, through which channel, from which warehouse."""

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.catalogue import CATEGORIES, Catalogue
from orchestration.sandbox.world.listings import PLATFORMS, Listings
from orchestration.sandbox.world.market import Market
from orchestration.sandbox.world.rows import Rows, first_in_group, place_in_group, split
from orchestration.sandbox.world.sales import Sales

KINDS = ("sale", "presale", "sample", "reissue", "brush", "exchange")
SALE, PRESALE, SAMPLE, REISSUE, BRUSH, EXCHANGE = range(6)
CHANNELS = (None, "live", "video", "card", "search", "note")
NONE = -1
DAY = 86_400
_JD = PLATFORMS.index("jd")
_DOUYIN = PLATFORMS.index("douyin")
_XHS = PLATFORMS.index("xiaohongshu")
_MORNING = (30, 15, 8, 5, 4, 6, 15, 35, 60, 90, 110, 105)
_EVENING = (100, 100, 100, 95, 95, 90, 90, 110, 150, 160, 130, 80)
_HOURS = np.array(_MORNING + _EVENING) / (sum(_MORNING) + sum(_EVENING))
STATIONS = 1 << 36


@dataclass
class Orders(Rows):
    """Moments are seconds from the first day's midnight, -1: does not happen."""

    number: np.ndarray
    shop: np.ndarray
    household: np.ndarray
    buyer: np.ndarray
    address: np.ndarray
    warehouse: np.ndarray
    kind: np.ndarray
    created: np.ndarray
    deposit_at: np.ndarray
    paid: np.ndarray
    shipped: np.ndarray
    finished: np.ndarray
    closed: np.ndarray
    due: np.ndarray
    full_presale: np.ndarray
    deposit_cents: np.ndarray
    freight: np.ndarray
    channel: np.ndarray
    kol: np.ndarray
    room: np.ndarray
    flag: np.ndarray
    parent: np.ndarray
    promo: np.ndarray
    origin: np.ndarray


@dataclass
class Lines(Rows):
    """`order` is the position in the Orders they belong to; sorted by it, then by line_no."""

    order: np.ndarray
    line_no: np.ndarray
    variant: np.ndarray
    qty: np.ndarray
    warehouse: np.ndarray  # of the household; single components may be kept elsewhere
    gross: np.ndarray
    line_promo: np.ndarray
    seller: np.ndarray
    platform: np.ndarray
    channel: np.ndarray
    paid: np.ndarray
    is_gift: np.ndarray
    main_line: np.ndarray
    promo: np.ndarray
    rate: np.ndarray  # standard units its household uses up a day
    leaves: np.ndarray  # the goods leave the shelf


def blank_orders(count: int, **known) -> Orders:
    """Orders of which nothing is known but what is given."""
    fields = {name: np.full(count, NONE, dtype=np.int64) for name in Orders.__dataclass_fields__}
    for name in ("deposit_cents", "freight", "channel", "flag"):
        fields[name] = np.zeros(count, dtype=np.int64)
    fields["full_presale"] = np.zeros(count, dtype=bool)
    return Orders(**{**fields, **known})


def plain_lines(offers: Listings, order, variant, qty, warehouse, **known) -> Lines:
    """One line per order for which nobody pays."""
    gross = offers.list_cents[variant] * qty
    nothing = np.zeros(len(order), dtype=np.int64)
    fields = {
        "line_no": nothing + 1,
        "gross": gross,
        "line_promo": gross,
        "seller": gross,
        "platform": nothing,
        "channel": nothing,
        "paid": nothing,
        "is_gift": np.zeros(len(order), dtype=bool),
        "main_line": nothing + NONE,
        "promo": nothing + NONE,
        "rate": np.zeros(len(order)),
        "leaves": np.ones(len(order), dtype=bool),
    }
    return Lines(order=order, variant=variant, qty=qty, warehouse=warehouse, **{**fields, **known})


def clock(rng: np.random.Generator, count: int) -> np.ndarray:
    """Seconds of the day at which people order."""
    hour = rng.choice(24, count, p=_HOURS)
    return hour * 3600 + rng.integers(0, 3600, count)


class Checkout:
    """Groups what households take into orders and prices them."""

    def __init__(
        self, goods: Catalogue, offers: Listings, market: Market, calendar: Calendar, thrift
    ):
        self.goods, self.offers, self.market = goods, offers, market
        self.calendar, self.thrift = calendar, thrift
        self.gifts = {
            shop: np.flatnonzero(offers.is_gift & (offers.shop == shop))
            for shop in range(len(PLATFORMS))
        }

    def orders(self, rng: np.random.Generator, sales: Sales, day: int) -> tuple[Orders, Lines]:
        """Orders created on `day`, unnumbered and without later moments, and their lines."""
        shop = self.offers.shop[sales.variant]
        odds = 0.012 + 0.05 * self.calendar.pull[day]
        full = (rng.random(len(sales)) < odds) & (shop != _JD) & ~sales.deposit
        alone = sales.deposit | full
        main = self.offers.parts[sales.variant, 0]
        place = np.where(self.goods.second_warehouse[main], sales.warehouse, 0)
        single = np.where(alone, np.arange(len(sales)) + 1, 0)
        order = np.lexsort((sales.category, place, single, shop, sales.household))
        sales, shop, place, single, full = (
            sales.take(order),
            *(a[order] for a in (shop, place, single, full)),
        )
        checkout = ((sales.household * 8 + shop) * 2 + place) * (len(sales) + 1) + single
        starts = first_in_group(checkout)
        group = np.cumsum(starts) - 1
        at = np.flatnonzero(starts)
        lines = self._priced(rng, sales, group, shop[at], day)
        household = sales.household[at]
        second_account = (household % 37 == 5) & (rng.random(len(at)) < 0.35)
        kind = np.where(sales.deposit[at] | full[at], PRESALE, SALE)
        goods_paid = np.bincount(group, lines.paid, len(at)).astype(np.int64)
        share = rng.uniform(0.08, 0.2, len(at)) * goods_paid
        deposit = np.minimum(np.maximum(share // 1000 * 1000, 500), goods_paid - 1)
        orders = blank_orders(
            len(at),
            shop=shop[at],
            household=household,
            buyer=household * 16 + shop[at] * 2 + second_account,
            address=_addresses(rng, household),
            warehouse=place[at],
            kind=kind,
            created=self._created(rng, shop[at], household, sales.deposit[at], day),
            full_presale=full[at],
            deposit_cents=np.where(sales.deposit[at], deposit, 0).astype(np.int64),
            freight=self._freight(rng, shop[at], goods_paid),
            flag=np.where(rng.random(len(at)) < 0.03, rng.integers(1, 6, len(at)), 0),
            promo=lines.promo[at],
        )
        return self._with_gifts(rng, orders, lines, day)

    def _created(self, rng, shop, household, deposit, day: int) -> np.ndarray:
        """One moment per household and shop; festival waves and deposits start at 20:00."""
        second = clock(rng, len(shop))
        rush = 20 * 3600 + np.minimum(rng.exponential(1500, len(shop)), 14_000).astype(np.int64)
        wave = self.calendar.evening[day] & (rng.random(len(shop)) < 0.5)
        opening = self.calendar.deposit_first[day] & deposit
        second = np.where(wave | opening, rush, second)
        together = household * 8 + shop  # a basket sent from two warehouses is one checkout
        second = np.where(deposit, second, second[np.searchsorted(together, together)])
        return day * DAY + second

    def _freight(self, rng, shop, paid) -> np.ndarray:
        asked = (paid < 5900) & (rng.random(len(shop)) < 0.5) & (shop != _DOUYIN)
        return np.where(asked, np.where(shop == _XHS, 800, 600), 0)

    def _priced(self, rng, sales: Sales, group, shop, day: int) -> Lines:
        """Prices: the line's promotion, then what shop, platform and channel give per order."""
        offers, count = self.offers, len(shop)
        main = offers.parts[sales.variant, 0]
        percent = self.market.discount[day, main]
        unit = offers.list_cents[sales.variant]
        gross = unit * sales.qty
        line_promo = unit * percent // 100 * sales.qty
        base = gross - line_promo
        total = np.bincount(group, base, count).astype(np.int64)
        household = sales.household[first_in_group(group)]
        given = self._coupons(rng, shop, total, household, day)
        shared = [split(part, base, group) for part in given]
        # JD tells what the whole order costs: the lines' cash is divided, discounts follow
        cash = split(total - sum(given), base, group)
        off = base - cash
        jd = shop[group] == _JD
        seller = np.where(jd, off - shared[1] - shared[2], shared[0])
        paid = np.where(jd, cash, base - sum(shared))
        broken = np.bincount(group, (seller < 0) | (paid < 0), count) > 0
        if broken.any():  # a cent too much on a tiny line: such an order gets no coupon
            whole = broken[group]
            seller, paid = np.where(whole, 0, seller), np.where(whole, base, paid)
            shared = [np.where(whole, 0, part) for part in shared]
        return Lines(
            order=group,
            line_no=place_in_group(group) + 1,
            variant=sales.variant,
            qty=sales.qty,
            warehouse=sales.warehouse,
            gross=gross,
            line_promo=line_promo,
            seller=line_promo + seller,
            platform=shared[1],
            channel=shared[2],
            paid=paid,
            is_gift=np.zeros(len(group), dtype=bool),
            main_line=np.full(len(group), NONE),
            promo=self.market.promo[day, main],
            rate=sales.rate,
            leaves=np.ones(len(group), dtype=bool),
        )

    def _coupons(self, rng, shop, total, household, day: int) -> list[np.ndarray]:
        """Cents off each order by shop, platform and payment channel."""
        count = len(total)
        keen = self.thrift[household]
        fair = self.calendar.pull[day]
        uses = rng.random(count) < 0.10 + 0.35 * keen * (1 + fair)
        of_shop = np.where(uses & (total >= 19_900), np.where(total >= 39_900, 3000, 1000), 0)
        joins = rng.random(count) < (0.75 if fair > 0.15 else 0.0)
        of_platform = np.where(joins & (shop != _XHS), total // 30_000 * 5000, 0)
        small = (rng.random(count) < 0.10) & (total >= 9900) & (of_platform == 0)
        of_platform = np.where(small, rng.integers(3, 11, count) * 100, of_platform)
        pays = (shop == _DOUYIN) & (rng.random(count) < 0.15) & (total >= 4900)
        of_channel = np.where(pays, rng.integers(100, 600, count), 0)
        return [of_shop, of_platform, of_channel]

    def _with_gifts(self, rng, orders: Orders, lines: Lines, day: int) -> tuple[Orders, Lines]:
        """Large orders, and formula in threes, come with a sampler, most of them."""
        paid = np.bincount(lines.order, lines.paid, len(orders))
        cans = np.where(
            self.offers.category[lines.variant] == CATEGORIES.index("奶粉"),
            lines.qty * self.offers.use[lines.variant],
            0,
        )
        big = (paid >= 39_900) | (np.bincount(lines.order, cans, len(orders)) >= 3)
        odds = 0.40 + 0.3 * (self.calendar.pull[day] > 0)
        given = np.flatnonzero(big & (rng.random(len(orders)) < odds))
        gift = np.full(len(given), NONE)
        for shop, variants in self.gifts.items():
            here = orders.shop[given] == shop
            gift[here] = rng.choice(variants, int(here.sum()))
        last = np.bincount(lines.order, minlength=len(orders))[given]
        first = np.searchsorted(lines.order, given)
        extra = plain_lines(
            self.offers,
            given,
            gift,
            np.ones(len(given), dtype=np.int64),
            lines.warehouse[first],
            line_no=last + 1,
            is_gift=np.ones(len(given), dtype=bool),
            main_line=np.ones(len(given), dtype=np.int64),
        )
        both = Lines.concat([lines, extra])
        return orders, both.take(np.lexsort((both.line_no, both.order)))


def _addresses(rng: np.random.Generator, household: np.ndarray) -> np.ndarray:
    """Home, now and then another place; some households share a pick-up station."""
    own = household * 2 + (rng.random(len(household)) < 0.04)
    return np.where(household % 17 == 3, STATIONS + household // (17 * 6), own)
