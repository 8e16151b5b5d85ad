"""The world itself: one day after another, under any ordering policy."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from orchestration.sandbox.world.brush import BrushOrders
from orchestration.sandbox.world.buying import Buying
from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.catalogue import CATEGORIES, catalogue
from orchestration.sandbox.world.choice import Chooser
from orchestration.sandbox.world.config import Disturbance, WorldConfig
from orchestration.sandbox.world.desk import Desk
from orchestration.sandbox.world.families import FAR, families, use_per_day
from orchestration.sandbox.world.ledger import Ledger
from orchestration.sandbox.world.listings import PLATFORMS, listings
from orchestration.sandbox.world.market import market
from orchestration.sandbox.world.media import DOUYIN, Media
from orchestration.sandbox.world.needs import Needs, Wants
from orchestration.sandbox.world.oddities import Oddities
from orchestration.sandbox.world.orders import DAY, Checkout
from orchestration.sandbox.world.people import People
from orchestration.sandbox.world.planner import HabitPlanner, Policy, State, state_of
from orchestration.sandbox.world.registers import households, registers
from orchestration.sandbox.world.sales import Counter, Tally
from orchestration.sandbox.world.shelf import RECENT, WAREHOUSES, Shelf
from orchestration.sandbox.world.traffic import Traffic

_SEEN_AT_FIRST = 20_000  # households asked what the shelves should hold on the first day


@dataclass(frozen=True)
class Chunk:
    """Truth tables of some days; `name` sorts chunks in time."""

    name: str
    first_day: date
    last_day: date
    tables: dict[str, pl.DataFrame]


class World:
    """Households, shops and shelves on one day; `advance` moves them to the next.

    Every day draws from its own seed, so a world that is copied by `fork` goes on as the original
    does.
    """

    def __init__(self, config: WorldConfig) -> None:
        self.config, self.day = config, 0
        rng = np.random.default_rng([config.seed, 0, 99])
        self.calendar = Calendar(config.first_day, config.days)
        self.goods = catalogue(rng, config.days, config.assortment)
        self.offers = listings(rng, self.goods, config.days)
        self.market = market(rng, config, self.goods, self.calendar)
        self.families = families(rng, config.households, self.calendar, len(self.goods.brands))
        self.media = Media(rng, self.calendar, config.households)
        self.people = People(rng, self.families, self.calendar)
        self.needs = Needs(self.families, self.calendar, self.market, use_per_day())
        self.chooser = Chooser(self.families, self.offers, self.goods, self.market)
        promo_ids = self.market.plan["promo_id"].to_list()
        self.ledger = Ledger(config.first_day, self.goods, self.offers, promo_ids)
        self.traffic = Traffic(self.offers, self.market, self.calendar)
        self.shelf = self._opening(rng)
        self.counter = Counter(self.needs, self.chooser, self.shelf)
        self.buying = Buying(self.goods, self.shelf, self.ledger, self.calendar)
        self.planner = HabitPlanner(self.goods, self.calendar, config.seed)
        self.desk = Desk(
            checkout=Checkout(
                self.goods, self.offers, self.market, self.calendar, self.families.thrift
            ),
            counter=self.counter,
            needs=self.needs,
            media=self.media,
            traffic=self.traffic,
            brush=BrushOrders(self.offers, config.brush_rate, int(config.days * 0.4)),
            oddities=Oddities(self.offers),
            ledger=self.ledger,
        )

    @property
    def today(self) -> date:
        """The day that `advance` will simulate."""
        return self.calendar.day(self.day)

    def fork(self) -> "World":
        """A world of its own in the same state."""
        return copy.deepcopy(self)

    def disturb(self, event: Disturbance) -> None:
        """Let something go wrong; days that are over stay as they were."""
        if event.starts_on < self.today:
            raise ValueError(f"{event.starts_on} is over, it is {self.today}")
        self.market.disturb(event)

    def state(self) -> State:
        """What a policy may know this morning."""
        return state_of(self.shelf, self.goods, self.calendar, self.day)

    def households(self) -> pl.DataFrame:
        """The truth table of households as of yesterday."""
        return households(self.families, self.calendar, self.day - 1)

    def advance(self, policy: Policy | None = None) -> None:
        """Simulate one day; `policy(day, state)` answers with sku_code, warehouse and qty."""
        if self.day >= self.config.days:
            raise ValueError(f"the world of {self.config.days} days is over")
        day, seed = self.day, self.config.seed
        orders_rng = np.random.default_rng([seed, day, 1])
        arrived = self.shelf.receive(day, self.market.stopped)
        self.buying.book_receipts(orders_rng, day, arrived)
        asked = (policy or self.planner)(self.today, self.state())
        self.buying.order(orders_rng, day, self.buying.units(asked))
        rng = np.random.default_rng([seed, day, 2])
        self.needs.leave(rng, day)
        wants = self.needs.today(rng, day)
        boost = self.media.boost(day)
        sales, tally, wishes, free = self.counter.sell(rng, wants, day, boost)
        self.desk.take(np.random.default_rng([seed, day, 3]), day, sales, free)
        self._book_media(np.random.default_rng([seed, day, 4]), day, wishes, boost)
        self.shelf.close_day(day, tally.sold)
        self._book_shelf(day, tally)
        self.day += 1

    def run(self, days: int | None = None, policy: Policy | None = None) -> Iterator[Chunk]:
        """Simulate `days` days (all that are left) and yield the truth of each calendar month."""
        left = self.config.days - self.day
        last = self.day + min(left if days is None else days, left)
        begun = self.day
        while self.day < last:
            self.advance(policy)
            over = self.day == last
            if over or self.today.day == 1:
                yield self._chunk(begun, over=over)
                begun = self.day

    def _chunk(self, begun: int, *, over: bool) -> Chunk:
        self._book_people(begun)
        tables = self.ledger.drain(whole=begun == 0)
        if begun == 0:
            tables |= registers(self.goods, self.offers, self.calendar, self.market.plan)
        tables.pop("households", None)
        if over:
            tables["households"] = self.households()
        first, last = self.calendar.day(begun), self.calendar.day(self.day - 1)
        return Chunk(f"{first:%Y-%m-%d}", first, last, tables)

    def _opening(self, rng: np.random.Generator) -> Shelf:
        """Shelves stocked for what the first customers use up while orders are on their way."""
        state, goods = self.families, self.goods
        active = np.argwhere((state.wake < 30) & (state.joined[:, None] < 30))
        known = np.flatnonzero(state.joined < 30)[:: max(1, len(state) // _SEEN_AT_FIRST)]
        active = active[np.isin(active[:, 0], known)]
        factor = max(1, len(state) // _SEEN_AT_FIRST)
        rows, _, rate, month = self.needs.alive(rng, active @ np.array([len(CATEGORIES), 1]), 0)
        h, c = rows // len(CATEGORIES), rows % len(CATEGORIES)
        nothing = np.zeros(len(rows))
        no = nothing.astype(bool)
        wants = Wants(h, c, nothing, rate, month, rate * 24, no, no)
        boost = np.zeros(len(PLATFORMS))
        variant = self.chooser.choose(rng, wants, 0, boost, np.full(len(rows), -1))
        fits = variant >= 0
        variant, h = variant[fits], h[fits]
        a_day = 0.55 * factor * rate[fits] / self.offers.use[variant]
        daily = np.zeros((len(goods), len(WAREHOUSES)))
        for which in range(2):
            sku = self.offers.parts[variant, which]
            place = np.where(goods.second_warehouse[sku], state.south[h].astype(int), 0)
            amount = np.where(sku >= 0, a_day * self.offers.part_qty[variant, which], 0)
            np.add.at(daily, (sku, place), amount)
        cover = (goods.lead + goods.review + 12)[:, None]
        level = np.ceil(daily * cover * rng.lognormal(0, 0.2, daily.shape) + 4)
        level[goods.launched > 0] = 0
        level[~goods.second_warehouse, 1] = 0
        level[goods.is_sampler] += 20 + self.config.households // 500
        shelf = Shelf(goods, level)
        shelf.recent[:] = np.random.default_rng([self.config.seed, 7]).poisson(
            daily, (RECENT, *daily.shape)
        )
        shelf.open_days[:] = level > 0
        return shelf

    def _book_media(self, rng, day: int, wishes: np.ndarray, boost: np.ndarray) -> None:
        warmth = float(boost[PLATFORMS.index("xiaohongshu")])
        rows = self.traffic.rows(rng, day, self.needs.pressure, wishes, warmth)
        self.ledger.add("item_daily", day=np.full(len(rows["listing_no"]), day), **rows)
        self._book_sessions(rng, day - 1)
        if day == self.config.days - 1:
            self._book_sessions(rng, day)
        notes = self.media.note_rows(day)
        title = self.media.notes.title[notes["note"]]
        self.ledger.add("notes_daily", day=np.full(len(title), day), title=title, **notes)
        talks = self.people.talks(rng, day)
        self.ledger.add("interactions", day=np.full(len(talks["chats"]), day), **talks)

    def _book_sessions(self, rng, day: int) -> None:
        if day >= 0 and not self.market.dark[day, DOUYIN]:
            self.ledger.add("live_sessions", **self.media.session_rows(rng, day))

    def _book_people(self, begun: int) -> None:
        since, until = (begun * DAY if begun else -int(FAR) * DAY), self.day * DAY
        for table in ("members", "contacts", "group_members"):
            self.ledger.add(table, **getattr(self.people, table)(since, until))

    def _book_shelf(self, day: int, tally: Tally) -> None:
        shelf, goods = self.shelf, self.goods
        known = (day >= goods.launched - 30)[:, None] | (shelf.on_hand + shelf.in_transit > 0)
        gone = (day >= goods.discontinued + 30)[:, None] & (shelf.on_hand <= 0)
        kept = np.stack([np.ones(len(goods), dtype=bool), goods.second_warehouse], axis=1)
        sku, place = np.nonzero(known & ~gone & kept)
        columns = {name: getattr(shelf, name)[sku, place] for name in ("on_hand", "reserved")}
        self.ledger.add(
            "stock",
            day=np.full(len(sku), day),
            sku=sku,
            warehouse=place,
            in_transit=shelf.in_transit[sku, place],
            defective=shelf.defective[sku, place],
            **columns,
        )
        sku, place = np.nonzero(tally.wanted + tally.sold > 0)
        self.ledger.add(
            "demand",
            day=np.full(len(sku), day),
            sku=sku,
            warehouse=place,
            **{f"{name}_qty": amount[sku, place] for name, amount in vars(tally).items()},
        )
