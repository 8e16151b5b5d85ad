"""What comes after the payment: refunds of every kind, reissues, exchanges, reviews."""

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.world.orders import DAY, NONE, PRESALE, SALE, Lines, Orders
from orchestration.sandbox.world.rows import Rows

TYPES = (
    "cancel_before_ship",
    "refund_only",
    "return_refund",
    "exchange",
    "reship",
    "price_protect",
)
CANCEL, ONLY, RETURN, EXCHANGE_GOODS, RESHIP, PROTECT = range(6)
STATUSES = ("success", "closed", "refused")
SUCCESS, CLOSED, REFUSED = range(3)
_HOUR = 3600


@dataclass
class Refunds(Rows):
    """`line` is the position among the Lines; moments as in Orders."""

    line: np.ndarray
    type: np.ndarray
    status: np.ndarray
    requested: np.ndarray
    success: np.ndarray
    qty: np.ndarray
    goods_back: np.ndarray
    created: np.ndarray
    approved: np.ndarray
    success_at: np.ndarray
    closed_at: np.ndarray


@dataclass
class Reviews(Rows):
    """`line` is the position among the Lines."""

    line: np.ndarray
    rating: np.ndarray
    created: np.ndarray
    own_text: np.ndarray


def _refunds(line, kind, status, requested, success, qty, back, created, approve, end) -> Refunds:
    """Fill in the moments that the status allows; `approve` and `end` are delays in seconds."""
    won = status == SUCCESS
    approved = np.where(won, created + approve, NONE)
    ended = created + approve + end
    return Refunds(
        line=line,
        type=np.full(len(line), kind),
        status=status,
        requested=requested,
        success=np.where(won, success, 0),
        qty=qty,
        goods_back=back & won,
        created=created,
        approved=approved,
        success_at=np.where(won, ended, NONE),
        closed_at=np.where(won, NONE, ended),
    )


def _status(rng, count: int, closed: float, refused: float) -> np.ndarray:
    draw = rng.random(count)
    return np.where(draw < closed, CLOSED, np.where(draw < closed + refused, REFUSED, SUCCESS))


def refunds(
    rng: np.random.Generator, orders: Orders, lines: Lines, faulty: np.ndarray, cut: np.ndarray
) -> Refunds:
    """Draw all refunds of new orders and put their effect on orders and lines.

    `faulty` marks lines of a bad batch, `cut` orders whose price falls soon afterwards.
    """
    real = np.isin(orders.kind, (SALE, PRESALE)) & (orders.paid >= 0)
    buys = np.flatnonzero(real[lines.order] & ~lines.is_gift & (lines.paid > 0) & lines.leaves)
    found = [_cancelled(rng, orders, lines, buys)]
    buys = buys[lines.leaves[buys]]
    found += _after_shipping(rng, orders, lines, buys, faulty, cut)
    all_refunds = Refunds.concat(found)
    _close(orders, lines, all_refunds)
    return all_refunds


def _cancelled(rng, orders: Orders, lines: Lines, buys: np.ndarray) -> Refunds:
    """Before shipping: the whole order mostly, sometimes one line of several."""
    gap = orders.shipped - orders.paid
    odds = 0.017 + 0.02 * (orders.kind == PRESALE)
    whole = (rng.random(len(orders)) < odds) & (gap > 4 * _HOUR)
    many = np.bincount(lines.order[buys], minlength=len(orders)) > 1
    one = (rng.random(len(lines)) < 0.005) & many[lines.order] & (gap > 4 * _HOUR)[lines.order]
    picked = buys[whole[lines.order[buys]] | one[buys]]
    order = lines.order[picked]
    # one moment and one outcome per order
    share = rng.random(len(orders))[order]
    status = _status(rng, len(orders), 0.03, 0.04)[order]
    created = orders.paid[order] + 60 + (share * 0.7 * (gap[order] - 4 * _HOUR)).astype(np.int64)
    agree = (rng.integers(60, 2 * _HOUR, len(orders)))[order]
    done = np.full(len(picked), 600)
    made = _refunds(
        picked,
        CANCEL,
        status,
        lines.paid[picked],
        lines.paid[picked],
        lines.qty[picked],
        np.zeros(len(picked), dtype=bool),
        created,
        agree,
        done,
    )
    lines.leaves[picked[status == SUCCESS]] = False
    return made


def _after_shipping(rng, orders, lines, buys, faulty, cut) -> list[Refunds]:
    draw = rng.random(len(buys))
    bad = faulty[buys]
    edges = np.cumsum(
        np.stack(
            [
                0.010 + 0.03 * bad,
                0.022 + 0.05 * bad,
                np.full(len(buys), 0.004),
                np.full(len(buys), 0.004),
                0.002 + 0.03 * cut[lines.order[buys]],
            ]
        ),
        axis=0,
    )
    kinds = (ONLY, RETURN, EXCHANGE_GOODS, RESHIP, PROTECT)
    found = []
    floor = np.r_[np.zeros((1, len(buys))), edges[:-1]]
    for kind, low, high in zip(kinds, floor, edges, strict=True):
        picked = buys[(draw >= low) & (draw < high)]
        made = _one_kind(rng, kind, orders, lines, picked)
        found.append(made)
        # who was turned down sometimes asks again and gets it
        again = made.take((made.status != SUCCESS) & (rng.random(len(made)) < 0.3))
        if kind in (ONLY, RETURN) and len(again):
            second = _one_kind(rng, kind, orders, lines, again.line)
            shift = np.maximum(again.closed_at + _HOUR - second.created, 0)
            for name in ("created", "approved", "success_at", "closed_at"):
                moment = getattr(second, name)
                moment[moment >= 0] += shift[moment >= 0]
            found.append(second)
    return found


def _one_kind(rng, kind: int, orders: Orders, lines: Lines, picked: np.ndarray) -> Refunds:
    count = len(picked)
    order = lines.order[picked]
    paid, qty = lines.paid[picked], lines.qty[picked]
    shipped, finished = orders.shipped[order], orders.finished[order]
    status = _status(rng, count, 0.07, 0.05)
    nothing = np.zeros(count, dtype=np.int64)
    arrives = shipped + rng.integers(DAY, 4 * DAY, count)
    created = arrives + rng.integers(_HOUR, 6 * DAY, count)
    approve = rng.integers(300, DAY, count)
    end = rng.integers(600, 6 * _HOUR, count)
    back = np.zeros(count, dtype=bool)
    if kind == ONLY:  # a damaged can: part of the money; a few ask only weeks after the end
        late = rng.random(count) < 0.25
        created = np.where(late, finished + rng.integers(DAY, 40 * DAY, count), created)
        requested = paid * rng.integers(15, 71, count) // 100
        success = np.where(rng.random(count) < 0.7, requested, requested * 6 // 10)
    elif kind == RETURN:
        part = np.where((qty > 1) & (rng.random(count) < 0.35), 1, qty)
        requested = np.where(part == qty, paid, paid * part // qty)
        success, qty = requested, part
        end = rng.integers(2 * DAY, 9 * DAY, count)
        back = np.ones(count, dtype=bool)
    elif kind in (EXCHANGE_GOODS, RESHIP):
        requested, success = nothing, nothing
        back = np.full(count, kind == EXCHANGE_GOODS)
        end = rng.integers(DAY, 5 * DAY, count)
        qty = np.ones(count, dtype=np.int64)
    else:
        created = orders.paid[order] + rng.integers(DAY, 14 * DAY, count)
        requested = paid * rng.integers(2, 13, count) // 100
        success, qty = requested, nothing
    if kind not in (EXCHANGE_GOODS, RESHIP):  # at least a cent
        requested = np.maximum(requested, 1)
        success = np.clip(success, 1, paid)
    return _refunds(picked, kind, status, requested, success, qty, back, created, approve, end)


def _close(orders: Orders, lines: Lines, found: Refunds) -> None:
    """An order whose money went back entirely is closed; nothing ships if nothing is left."""
    count = len(orders)
    won = found.status == SUCCESS
    order = lines.order[found.line]
    back = np.bincount(order[won], found.success[won], count)
    paid = np.bincount(lines.order, lines.paid, count)
    last = np.full(count, NONE)
    np.maximum.at(last, order[won], found.success_at[won])
    whole = (paid > 0) & (back >= paid) & (orders.paid >= 0)
    orders.closed = np.where(whole, last, orders.closed)
    left = np.bincount(
        lines.order[lines.leaves & ~lines.is_gift],
        minlength=count,
    )
    unshipped = (left == 0) & whole
    lines.leaves[unshipped[lines.order]] = False
    orders.shipped = np.where(unshipped, NONE, orders.shipped)
    # a running return stops the automatic end
    orders.finished = np.where(whole, NONE, orders.finished)


def reviews(
    rng: np.random.Generator, orders: Orders, lines: Lines, faulty: np.ndarray, late: np.ndarray
) -> Reviews:
    """One line in three is reviewed after the end; `late` marks orders that shipped late."""
    done = (orders.finished >= 0) & np.isin(orders.kind, (SALE, PRESALE))
    able = np.flatnonzero(done[lines.order] & ~lines.is_gift & lines.leaves)
    picked = able[rng.random(len(able)) < 0.33]
    count = len(picked)
    mood = rng.normal(5.2, 0.9, count) - 1.9 * faulty[picked] - 0.7 * late[lines.order[picked]]
    rating = np.clip(np.round(mood), 1, 5).astype(np.int64)
    silent = (rng.random(count) < 0.4) & (rating == 5)
    wait = np.where(silent, 15 * DAY, rng.integers(600, 14 * DAY, count))
    return Reviews(
        line=picked,
        rating=rating,
        created=orders.finished[lines.order[picked]] + wait,
        own_text=~silent,
    )
