"""The order desk: today's sales become orders with a past and a future, all of it booked."""

import numpy as np

from orchestration.sandbox.world import aftersales, lifecycle
from orchestration.sandbox.world.aftersales import Refunds, Reviews
from orchestration.sandbox.world.brush import BrushOrders
from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.families import Families
from orchestration.sandbox.world.ledger import Ledger
from orchestration.sandbox.world.listings import Listings
from orchestration.sandbox.world.market import Market
from orchestration.sandbox.world.media import Media
from orchestration.sandbox.world.needs import Needs
from orchestration.sandbox.world.oddities import Oddities, join
from orchestration.sandbox.world.orders import BRUSH, DAY, NONE, Checkout, Lines, Orders
from orchestration.sandbox.world.rows import first_in_group
from orchestration.sandbox.world.sales import Counter, Sales
from orchestration.sandbox.world.traffic import Traffic


class Desk:
    """Takes orders, keeps the shelf's promises and books everything."""

    def __init__(
        self,
        *,
        checkout: Checkout,
        counter: Counter,
        needs: Needs,
        media: Media,
        traffic: Traffic,
        brush: BrushOrders,
        oddities: Oddities,
        ledger: Ledger,
    ) -> None:
        self.checkout, self.counter, self.needs, self.media = checkout, counter, needs, media
        self.traffic, self.brush, self.oddities = traffic, brush, oddities
        self.ledger = ledger
        self.offers: Listings = checkout.offers
        self.market: Market = checkout.market
        self.calendar: Calendar = checkout.calendar
        self.state: Families = counter.state
        self.shelf = counter.shelf
        self.next_order, self.next_refund, self.next_review = 1, 1, 1
        self.usual = 0.0

    def take(self, rng: np.random.Generator, day: int, sales: Sales, free: np.ndarray) -> None:
        """Everything that begins with today's orders; `free` is what the shelf has left."""
        orders, lines = self.checkout.orders(rng, sales, day)
        lines = self._gifts_in_stock(lines, free)
        self.media.channels(rng, orders, day)
        lifecycle.pay(rng, orders, self.calendar, day)
        lifecycle.ship(rng, orders, self.calendar)
        faulty = self.market.faulty[day, self.offers.parts[lines.variant, 0]]
        cut = np.full(len(orders), self._price_falls(day))
        refunds = aftersales.refunds(rng, orders, lines, faulty, cut)
        late = (orders.shipped > orders.due) & (orders.due >= 0)
        reviews = aftersales.reviews(rng, orders, lines, faulty, late)
        self._remember(rng, day, orders, lines, faulty, late)
        self.usual = 0.9 * self.usual + 0.1 * len(orders) if self.usual else float(len(orders))
        odd, praise = self._odd_orders(rng, day, free, len(lines))
        orders, lines = join([(orders, lines), *odd])
        reviews = Reviews.concat([reviews, *praise])
        self._reserve(orders, lines, refunds)
        orders, lines = lifecycle.split_orders(orders, lines)
        orders, lines, where = lifecycle.number(orders, lines, self.next_order)
        self.next_order += len(orders)
        refunds.line, reviews.line = where[refunds.line], where[reviews.line]
        is_parent = np.isin(orders.number, orders.parent[orders.parent >= 0])
        self._book_orders(orders, lines, is_parent)
        self._book_aftersales(orders, lines, refunds, reviews)

    def _price_falls(self, day: int) -> bool:
        soon = self.calendar.pull[day + 1 : day + 12]
        return bool(len(soon) and soon.max() > self.calendar.pull[day] + 0.1)

    def _gifts_in_stock(self, lines: Lines, free: np.ndarray) -> Lines:
        gift = np.flatnonzero(lines.is_gift)
        fine = self.shelf.serve(self.counter.parts_of(lines.take(gift)), len(gift), free)
        keep = np.ones(len(lines), dtype=bool)
        keep[gift[~fine]] = False
        return lines.take(keep)

    def _remember(self, rng, day: int, orders: Orders, lines: Lines, faulty, late) -> None:
        """Pantries fill with what is paid for; bad goods and waiting are not forgotten."""
        kept = (orders.paid >= 0)[lines.order] & ~lines.is_gift
        h = orders.household[lines.order[kept]]
        variant = lines.variant[kept]
        c = self.offers.category[variant]
        units = lines.qty[kept] * self.offers.use[variant]
        self.needs.stock_up(h, c, units, lines.rate[kept], day, rng)
        self.state.last_brand[h, c] = self.offers.brand[variant]
        upset = 0.45 * faulty[kept] + 0.2 * late[lines.order[kept]]
        np.add.at(self.state.annoyance, h, upset.astype(np.float32))

    def _odd_orders(self, rng, day: int, free: np.ndarray, before: int):
        """Brush orders, samples and repairs, and the reviews that come with brush orders."""
        offers = self.offers
        on_sale = np.flatnonzero(
            (offers.starts <= day)
            & (day < offers.ends)
            & ~offers.is_gift
            & ~self.market.dark[day, offers.shop]
        )
        odd, praise = [], []
        for orders, lines, reviews in self.brush.today(rng, day, self.usual, on_sale):
            reviews.line = reviews.line + before
            before += len(lines)
            odd.append((orders, lines))
            praise.append(reviews)
        samples = self._served(self.oddities.samples(rng, day, self.usual, on_sale), free)
        orders, lines = self.oddities.mend(rng, day)
        fine = self.shelf.serve(self.counter.parts_of(lines), len(lines), free)
        self.oddities.wait(orders.take(~fine), lines.variant[~fine], day)
        mended = orders.take(fine), lines.take(fine)
        mended[1].order = np.arange(int(fine.sum()))
        return [*odd, samples, mended], praise

    def _served(self, made: tuple[Orders, Lines], free: np.ndarray) -> tuple[Orders, Lines]:
        """Orders of one line each that the shelf can serve."""
        orders, lines = made
        fine = self.shelf.serve(self.counter.parts_of(lines), len(lines), free)
        kept = lines.take(fine)
        kept.order = np.arange(len(kept))
        return orders.take(fine), kept

    def _reserve(self, orders: Orders, lines: Lines, refunds: Refunds) -> None:
        """Hold the goods until they ship, or until the order falls through."""
        held = ((orders.paid >= 0) | (orders.deposit_at >= 0)) & (orders.kind != BRUSH)
        parts = self.counter.parts_of(lines)
        parts = parts.take(held[lines.order[parts.row]])
        order = lines.order[parts.row]
        cancelled = np.full(len(lines), NONE)
        won = (refunds.status == aftersales.SUCCESS) & (refunds.type == aftersales.CANCEL)
        cancelled[refunds.line[won]] = refunds.success_at[won]
        ends = np.where(cancelled >= 0, cancelled, orders.closed[lines.order])[parts.row]
        goes = lines.leaves[parts.row] & (orders.shipped[order] >= 0)
        self.shelf.reserve(parts.sku, parts.warehouse, parts.qty)
        self.shelf.schedule(
            parts.sku,
            parts.warehouse,
            parts.qty,
            np.where(goes, orders.shipped[order] // DAY, NONE),
            np.where(goes, NONE, ends // DAY),
        )
        back = refunds.take(refunds.goods_back)
        parts = self.counter.parts_of(lines.take(back.line))
        whole = np.maximum(lines.qty[back.line], 1)[parts.row]
        qty = parts.qty * back.qty[parts.row] // whole
        self.shelf.come_back(parts.sku, parts.warehouse, qty, back.success_at[parts.row] // DAY)

    def _book_orders(self, orders: Orders, lines: Lines, is_parent: np.ndarray) -> None:
        self.ledger.add("orders", **vars(orders))
        number = orders.number[lines.order]
        columns = vars(lines) | {
            "number": number,
            "lines_of_order": np.bincount(lines.order, minlength=len(orders))[lines.order],
        }
        self.ledger.add("order_lines", **columns)
        own = lines.take(~is_parent[lines.order])
        parts = self.counter.parts_of(own)
        shipped = np.where(own.leaves, orders.shipped[own.order], NONE)
        self.ledger.add(
            "order_components",
            number=orders.number[own.order[parts.row]],
            line_no=own.line_no[parts.row],
            component_no=parts.which + 1,
            sku=parts.sku,
            qty=parts.qty,
            warehouse=parts.warehouse,
            share=self.offers.part_share[own.variant[parts.row], parts.which],
            shipped=shipped[parts.row],
        )
        brush = orders.kind == BRUSH
        self.ledger.add("brush", order_no=orders.number[brush])
        self.traffic.paid(orders, own)
        cents = np.bincount(own.order, own.paid, len(orders))
        self.media.count(orders, cents)
        self._book_duplicates(orders)

    def _book_duplicates(self, orders: Orders) -> None:
        """A household's second and further ids, each beside its first."""
        code = np.unique(orders.buyer[orders.household >= 0])
        h, bit = code // 16, code % 16
        new = (self.state.ids_used[h] >> bit & 1) == 0
        code, h, bit = code[new], h[new], bit[new]
        np.bitwise_or.at(self.state.ids_used, h, (1 << bit).astype(np.int32))
        first = first_in_group(h) & (self.state.first_id[h] < 0)
        self.state.first_id[h[first]] = bit[first]
        more = ~first
        other = h[more] * 16 + self.state.first_id[h[more]]
        self.ledger.add("duplicates", household=h[more], code=code[more], other=other)

    def _book_aftersales(self, orders, lines, refunds: Refunds, reviews: Reviews) -> None:
        order = lines.order[refunds.line]
        variant = lines.variant[refunds.line]
        finished = orders.finished[order]
        paid = np.maximum(lines.paid[refunds.line], 1)
        number = self.next_refund + np.arange(len(refunds))
        self.next_refund += len(refunds)
        self.ledger.add(
            "refunds",
            refund_no=number,
            number=orders.number[order],
            line_no=lines.line_no[refunds.line],
            shop=orders.shop[order],
            after_end=(finished >= 0) & (refunds.created > finished),
            platform_returned=lines.platform[refunds.line] * refunds.success // paid,
            **{k: v for k, v in vars(refunds).items() if k != "line"},
        )
        won = refunds.status == aftersales.SUCCESS
        self.traffic.refunded(variant[won], refunds.success_at[won], refunds.success[won])
        again = won & np.isin(refunds.type, (aftersales.EXCHANGE_GOODS, aftersales.RESHIP))
        self.oddities.repair_later(
            refunds.approved[again] // DAY + 1,
            orders.take(order[again]),
            variant[again],
            refunds.type[again] == aftersales.EXCHANGE_GOODS,
        )
        self.ledger.add(
            "reviews",
            review_no=self.next_review + np.arange(len(reviews)),
            number=orders.number[lines.order[reviews.line]],
            line_no=lines.line_no[reviews.line],
            rating=reviews.rating,
            created=reviews.created,
            own_text=reviews.own_text,
        )
        self.next_review += len(reviews)
