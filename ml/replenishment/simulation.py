"""Replay of demand against an ordering policy: one clock, every unit accounted for.

The clock. Period t is: decide, receive, sell, in this order.
decide   at the end of period t - 1: the policy sees what is on hand and under way, and orders.
receive  at the start of period t: what is due arrives and is sellable in t. Backorders go first.
sell     demand of t is served from stock; the rest is lost or, with backorders, owed.
Lead time L means that L whole periods lie between: ordered at the end of period t, sellable from
the start of period t + 1 + L. With L = 2, what is decided at the end of week 0 sells in week 3.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ml.replenishment.quantity import order_quantity


@dataclass(frozen=True)
class Shelf:
    """Stock of n series at the end of a period, in units.

    `on_hand`, `owed` (n,): in the house, and backordered. Orders under way are cohorts, the
    newest last: `open_qty`, `arrives_in`, `quoted_in` (n, W): units, and periods until they can be
    sold, really and as promised. `arrives_in` is what happens; no policy may look at it.
    """

    on_hand: np.ndarray
    owed: np.ndarray
    open_qty: np.ndarray
    arrives_in: np.ndarray
    quoted_in: np.ndarray

    @property
    def on_order(self) -> np.ndarray:
        """Units under way (n,)."""
        return self.open_qty.sum(axis=1)

    @property
    def position(self) -> np.ndarray:
        """On hand + under way - owed (n,)."""
        return self.on_hand + self.on_order - self.owed

    def due(self, periods: int) -> np.ndarray:
        """Units (n, periods) expected to be sellable in each coming period, by the promised dates.

        What is overdue counts in the first period, what is due later than all in none.
        """
        ahead = np.maximum(self.quoted_in, 1)
        return np.stack(
            [np.where(ahead == k + 1, self.open_qty, 0.0).sum(axis=1) for k in range(periods)],
            axis=1,
        )


@dataclass(frozen=True)
class Terms:
    """What an order must keep to: `moq`, `pack_size`, `unit_cost` (n,) or one for all series.

    `budget`: money for the orders of one period together. An order over it is cut in whole packs,
    the same share everywhere, and dropped where the rest would be less than the MOQ.
    """

    moq: np.ndarray | float = 0.0
    pack_size: np.ndarray | float = 1.0
    unit_cost: np.ndarray | float = 1.0
    budget: float = np.inf

    def accept(self, wish: np.ndarray) -> np.ndarray:
        """Units really ordered (n,) for the wished ones."""
        qty = order_quantity(wish, self.moq, self.pack_size).astype(float)
        spent = float((qty * self.unit_cost).sum())
        if spent <= self.budget:
            return qty
        cut = np.floor(qty * (self.budget / spent) / self.pack_size) * self.pack_size
        return np.where(cut >= self.moq, cut, 0.0)


@dataclass(frozen=True)
class Ledger:
    """Every unit of a replay, (n, T) each: units in = units out, in every cell.

    `opening + received - sold - repaid = closing`; `repaid` serves what was `owed` before.
    `demand = sold + missed`; missed is lost, or owed from then on. `on_order` is what is under
    way at the end of the period: it grows by `ordered` (decided at the end of the period before)
    and falls by `received`.
    """

    opening: np.ndarray
    ordered: np.ndarray
    received: np.ndarray
    repaid: np.ndarray
    demand: np.ndarray
    sold: np.ndarray
    missed: np.ndarray
    closing: np.ndarray
    owed: np.ndarray
    on_order: np.ndarray

    def last(self, periods: int) -> "Ledger":
        """The last so many periods alone."""
        return Ledger(**{name: table[:, -periods:] for name, table in vars(self).items()})


Policy = Callable[[int, Shelf], np.ndarray]
Demand = np.ndarray | Callable[[int], np.ndarray]


def open_shelf(on_hand, under_way=None, *, longest_lead: int) -> Shelf:
    """A shelf to start from: `on_hand` (n,), and `under_way` (n, k) sellable k periods ahead.

    `longest_lead`: the longest lead time that will occur, in whole periods. Raises ValueError for
    negative stock or more periods under way than that.
    """
    on_hand = np.asarray(on_hand, dtype=float)
    open_qty = np.zeros((len(on_hand), longest_lead + 1))
    # slot 0 is free for the first order to push out
    due_in = np.broadcast_to(np.arange(longest_lead + 1), open_qty.shape)
    if under_way is not None:
        under_way = np.asarray(under_way, dtype=float)
        if under_way.shape[1] > longest_lead:
            raise ValueError(f"{under_way.shape[1]} periods under way, lead time {longest_lead}")
        open_qty[:, 1 : 1 + under_way.shape[1]] = under_way
    if (on_hand < 0).any() or (open_qty < 0).any():
        raise ValueError("stock and orders under way must not be negative")
    return Shelf(on_hand, np.zeros(len(on_hand)), open_qty, due_in, due_in)


def place(shelf: Shelf, qty: np.ndarray, lead, quoted_lead) -> Shelf:
    """Order `qty` (n,) now; `lead` and `quoted_lead` in whole periods, (n,) or one for all."""
    new = np.asarray(qty, dtype=float)[:, None]

    def newest(table: np.ndarray, value) -> np.ndarray:
        column = np.broadcast_to(np.asarray(value), (len(table),))[:, None]
        return np.concatenate([table[:, 1:], column], axis=1)

    if np.any(shelf.open_qty[:, 0] > 0):
        # the oldest slot is only taken when an order outlives the longest lead time
        raise ValueError("an order is under way for longer than the longest lead time")
    return replace(
        shelf,
        open_qty=np.concatenate([shelf.open_qty[:, 1:], new], axis=1),
        arrives_in=newest(shelf.arrives_in, 1 + np.asarray(lead)),
        quoted_in=newest(shelf.quoted_in, 1 + np.asarray(quoted_lead)),
    )


def pass_period(shelf: Shelf, demand, *, backorders: bool = False) -> tuple[Shelf, dict]:
    """Receive, then sell `demand` (n,). Returns the shelf at the end and the period's events."""
    demand = np.asarray(demand, dtype=float)
    arrives_in = shelf.arrives_in - 1
    here = arrives_in <= 0
    received = np.where(here, shelf.open_qty, 0.0).sum(axis=1)
    stock = shelf.on_hand + received
    repaid = np.minimum(stock, shelf.owed)
    sold = np.minimum(stock - repaid, demand)
    missed = demand - sold
    after = Shelf(
        on_hand=stock - repaid - sold,
        owed=shelf.owed - repaid + (missed if backorders else 0.0),
        open_qty=np.where(here, 0.0, shelf.open_qty),
        arrives_in=arrives_in,
        quoted_in=shelf.quoted_in - 1,
    )
    events = {
        "opening": shelf.on_hand,
        "received": received,
        "repaid": repaid,
        "demand": demand,
        "sold": sold,
        "missed": missed,
        "closing": after.on_hand,
        "owed": after.owed,
        "on_order": after.on_order,
    }
    return after, events


def replay(
    policy: Policy,
    demand: Demand,
    shelf: Shelf,
    *,
    lead,
    periods: int | None = None,
    quoted_lead=None,
    terms: Terms | None = None,
    backorders: bool = False,
) -> tuple[Ledger, Shelf]:
    """Run `policy` over `demand` (n, T) from `shelf`; return every event and the last shelf.

    `policy(t, shelf)` gives the units wished (n,) at the end of period t - 1, from the shelf then.
    `demand` may be a function of t that is asked once the order before t is placed; then `periods`
    says how many. `lead`: lead time in whole periods of the order decided before period t, (n, T),
    (n, 1) or a number: draw it once and give every policy the same draws. `quoted_lead` is what
    the policy is told, the rounded mean lead of each series if not given. Raises ValueError for a
    wish that is negative or no number.
    """
    if not callable(demand):
        table = np.asarray(demand, dtype=float)
        periods, demand = table.shape[1], lambda t: table[:, t]
    lead = np.broadcast_to(np.asarray(lead), (len(shelf.on_hand), periods))
    quoted = np.rint(lead.mean(axis=1)) if quoted_lead is None else quoted_lead
    terms = terms or Terms()
    rows = []
    for t in range(periods):
        wish = np.asarray(policy(t, shelf), dtype=float)
        if not (wish >= 0).all():
            raise ValueError(f"the policy wished for a negative quantity before period {t}")
        qty = terms.accept(wish)
        shelf, events = pass_period(
            place(shelf, qty, lead[:, t], quoted), demand(t), backorders=backorders
        )
        rows.append(events | {"ordered": qty})
    ledger = Ledger(**{name: np.stack([r[name] for r in rows], axis=1) for name in rows[0]})
    return ledger, shelf


def lead_time_draws(
    rng: np.random.Generator, lead_days, sd_days, periods: int, *, days_per_period: int = 7
) -> np.ndarray:
    """Whole-period lead times (n, periods): gamma with the given mean and sd in days, rounded up.

    `lead_days`, `sd_days` (n,). No spread where sd is 0. Rounding up is what a weekly clock means:
    goods that come during a period are sold from the next.
    """
    lead_days, sd_days = np.asarray(lead_days, float), np.asarray(sd_days, float)
    shape = np.square(np.divide(lead_days, sd_days, out=np.ones_like(lead_days), where=sd_days > 0))
    noise = rng.gamma(np.maximum(shape, 1e-3)[:, None], size=(len(lead_days), periods))
    days = np.where(
        (sd_days > 0)[:, None],
        noise * (lead_days / np.maximum(shape, 1e-3))[:, None],
        lead_days[:, None],
    )
    return np.ceil(days / days_per_period - 1e-9).astype(int)


def lead_time_miss(lead_days, sd_days, quoted, *, days_per_period: int = 7) -> np.ndarray:
    """Root mean square (n,), in periods, by which `lead_time_draws` miss the `quoted` lead times.

    More than sd_days alone says: on a clock of whole periods, goods that are a day late are a
    period late. From the same gamma distribution's chance of each whole period.
    """
    from scipy.special import gammainc

    lead_days, sd_days = np.asarray(lead_days, float), np.asarray(sd_days, float)
    quoted = np.asarray(quoted, float)
    varies = sd_days > 0
    shape = np.square(np.divide(lead_days, sd_days, out=np.ones_like(lead_days), where=varies))
    longest = int(np.ceil(np.max((lead_days + 8 * sd_days) / days_per_period, initial=1)))
    ends = np.arange(longest + 1) * days_per_period
    scale = np.maximum(lead_days, 1e-9)[:, None]
    until = gammainc(np.maximum(shape, 1e-3)[:, None], ends * shape[:, None] / scale)
    squared = np.square(np.arange(1, longest + 1) - quoted[:, None])
    random = np.sum(np.diff(until, axis=1) * squared, axis=1)
    sure = np.square(np.ceil(lead_days / days_per_period - 1e-9) - quoted)
    return np.sqrt(np.where(varies, random, sure))
