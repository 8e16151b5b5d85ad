"""Who gets the money and the room: packs of all rows in one list, the most worth per yuan first.

Each row's wish is cut into blocks of whole packs; the first block is at least the MOQ. A block's
worth per yuan never rises along its row, so reading the sorted list from the top until a budget or
a capacity is used up is both the plan and its explanation: a smaller budget just cuts the list.
Where several limits are short at once, a yuan, a supplier's unit and a warehouse's room each have
a price (their dual prices), and the list is sorted by worth per price paid.
"""

from dataclasses import dataclass, field

import numpy as np

from ml.replenishment.marginal import DemandCdf, packs_worth_buying, value_of

BLOCKS = 12
CHUNK = 4096
PRICE_ROUNDS = 5
# a full budget or warehouse refuses so many blocks before it is closed for good
REFUSALS = 5
LIMITS = ("budget", "supplier_capacity", "warehouse_capacity")


@dataclass(frozen=True)
class Offers:
    """What could be ordered, one entry per row (n,).

    `position`: units at our disposal. `cdf`: demand it must last for. `gain`, `loss`: money per
    unit that sells, and per unit left over. `unit_cost` money, `unit_room` what a unit takes of a
    warehouse's capacity, `supplier` and `warehouse` whole numbers from 0. `most`: units at most,
    such as what sells before it expires.
    """

    position: np.ndarray
    cdf: DemandCdf
    gain: np.ndarray
    loss: np.ndarray
    pack_size: np.ndarray
    moq: np.ndarray
    unit_cost: np.ndarray
    supplier: np.ndarray
    warehouse: np.ndarray
    unit_room: np.ndarray
    most: np.ndarray


@dataclass(frozen=True)
class Limits:
    """`budget`: money for all orders. `supplier_units`, `warehouse_room`: by number, or none."""

    budget: float = np.inf
    supplier_units: np.ndarray | None = None
    warehouse_room: np.ndarray | None = None


@dataclass(frozen=True)
class Blocks:
    """Blocks of whole packs, in row order: row, packs, how many of them must come together
    (the MOQ), value and the use of each limit per pack."""

    row: np.ndarray
    packs: np.ndarray
    together: np.ndarray
    value: np.ndarray
    cost: np.ndarray
    units: np.ndarray
    room: np.ndarray


@dataclass(frozen=True)
class Allocation:
    """`qty` (n,) units; `wish` (n,) units without limits; `bound_by` (n,) the limit that cut a row,
    "" for none; `taken` packs of each block, and `order`, the blocks as the list reads."""

    qty: np.ndarray
    wish: np.ndarray
    bound_by: np.ndarray
    blocks: Blocks = field(repr=False)
    taken: np.ndarray = field(repr=False)
    order: np.ndarray = field(repr=False)

    @property
    def value(self) -> float:
        """Expected money that the packs taken bring."""
        return float((self.blocks.value * self.taken / self.blocks.packs).sum())

    @property
    def worthwhile(self) -> float:
        """The same of those that bring any: a wish may hold packs that rounding up cost money."""
        return float((np.maximum(self.blocks.value, 0.0) * self.taken / self.blocks.packs).sum())


def wished_packs(offers: Offers) -> np.ndarray:
    """Packs (n,) that are each worth their money; up to the MOQ if that is still worth it, else 0.

    This is where a quantity is rounded: up where the whole pack is expected to bring more than it
    costs, down where it is not. More stock never wishes for more.
    """
    pack = np.maximum(offers.pack_size, 1)
    fits = np.floor((np.maximum(offers.most, 0.0) + 1e-9) / pack)
    reach = np.ceil(np.maximum(offers.cdf.nodes[:, -1] - offers.position, 0.0) / pack)
    packs = packs_worth_buying(
        offers.cdf, offers.gain, offers.loss, offers.position, pack, np.minimum(reach, fits)
    )
    least = _least_packs(offers)
    short = (packs > 0) & (packs < least)
    start = offers.position[:, None]
    whole = value_of(offers.cdf, offers.gain, offers.loss, start, start + (least * pack)[:, None])
    lifted = (whole[:, 0] > 1e-9) & (least <= fits)
    return np.where(short, np.where(lifted, least, 0.0), packs)


def allocate(
    offers: Offers, limits: Limits | None = None, *, wish: np.ndarray | None = None
) -> Allocation:
    """Fill the list from the top while budget, suppliers and warehouses last.

    `wish`: whole packs (n,) to start from, instead of those worth their money.

    A block that does not fit whole is taken in as many packs as do, never below the MOQ; its row
    gets no more, and `bound_by` names the limit.
    """
    limits = limits or Limits()
    wish = wished_packs(offers) if wish is None else np.asarray(wish, dtype=float)
    blocks = _blocks(offers, wish)
    uses = _uses(offers, limits, blocks)
    per_pack = blocks.value / blocks.packs
    worth = per_pack / np.maximum(_prices(blocks, per_pack, uses) + 1e-6 * blocks.cost, 1e-12)
    # equal worth: the row that is cheaper to begin first; blocks of one row keep their order
    worth = _never_rising(worth, blocks.row)
    is_first = np.r_[True, np.diff(blocks.row) != 0] if len(worth) else np.zeros(0, dtype=bool)
    begins = (blocks.cost * blocks.packs)[is_first][np.cumsum(is_first) - 1]
    order = np.lexsort((np.arange(len(worth)), begins, -worth))
    taken, cause = _fill(blocks, order, uses, len(wish))
    packs = np.bincount(blocks.row, weights=taken, minlength=len(wish))
    names = np.array(["", *LIMITS], dtype=object)
    pack = np.maximum(offers.pack_size, 1)
    return Allocation(packs * pack, wish * pack, names[cause], blocks, taken, order)


def _least_packs(offers: Offers) -> np.ndarray:
    pack = np.maximum(offers.pack_size, 1)
    return np.maximum(np.ceil((offers.moq - 1e-9) / pack), 1.0)


def _blocks(offers: Offers, wish: np.ndarray) -> Blocks:
    pack = np.maximum(offers.pack_size, 1)
    least = np.minimum(_least_packs(offers), wish)
    each = np.maximum(np.ceil((wish - least) / (BLOCKS - 1)), 1.0)
    ends = np.minimum(least[:, None] + each[:, None] * np.arange(BLOCKS), wish[:, None])
    starts = np.column_stack([np.zeros(len(wish)), ends[:, :-1]])
    position = offers.position[:, None]
    value = value_of(
        offers.cdf,
        offers.gain,
        offers.loss,
        position + starts * pack[:, None],
        position + ends * pack[:, None],
    )
    packs = ends - starts
    row, column = np.nonzero(packs > 0)
    return Blocks(
        row=row,
        packs=packs[row, column],
        together=np.where(column == 0, least[row], 1.0),
        value=value[row, column],
        cost=(offers.unit_cost * pack)[row],
        units=pack[row].astype(float),
        room=(offers.unit_room * pack)[row],
    )


def _never_rising(worth: np.ndarray, row: np.ndarray) -> np.ndarray:
    """`worth` with each block at most that of its row's block before: no rounding error may put a
    later block before the MOQ."""
    worth, is_later = worth.copy(), np.flatnonzero(np.diff(row) == 0) + 1
    for _ in range(BLOCKS - 1):
        worth[is_later] = np.minimum(worth[is_later], worth[is_later - 1])
    return worth


def _uses(offers: Offers, limits: Limits, blocks: Blocks) -> list[tuple]:
    """(group of each block, use per pack, what is left per group) of every limit that is set."""

    def one(group, per_pack, left):
        return None if left is None else (group, per_pack, np.array(left, dtype=float))

    budget = None if np.isinf(limits.budget) else [limits.budget]
    return [
        one(np.zeros(len(blocks.row), dtype=int), blocks.cost, budget),
        one(offers.supplier[blocks.row], blocks.units, limits.supplier_units),
        one(offers.warehouse[blocks.row], blocks.room, limits.warehouse_room),
    ]


def _prices(blocks: Blocks, per_pack: np.ndarray, uses: list) -> np.ndarray:
    """What one pack of each block pays for all limits together, at the limits' dual prices.

    One limit after the other, its price is what the last pack it has room for earns beyond the
    other prices; a few rounds bring them close to each other's balance.
    """
    toll = np.zeros(len(per_pack))
    prices = [None if use is None else np.zeros(len(use[2])) for use in uses]
    for _ in range(PRICE_ROUNDS):
        for k, use in enumerate(uses):
            if use is None:
                continue
            group, used, left = use
            others = toll - prices[k][group] * used
            earns = np.maximum(per_pack - others, 0.0) / np.maximum(used, 1e-12)
            prices[k] = np.zeros(len(left))
            ranked = np.lexsort((-earns, group))
            over = _running(group[ranked], (blocks.packs * used)[ranked]) > left[group[ranked]]
            # written from the last to the first, the first block beyond the limit stays
            beyond = ranked[over][::-1]
            prices[k][group[beyond]] = earns[beyond]
            toll = others + prices[k][group] * used
    return toll


def _running(group: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Sums so far within each group; equal groups must lie together."""
    if not len(group):
        return amount
    total = np.cumsum(amount)
    edges = np.flatnonzero(np.r_[True, np.diff(group) != 0])
    return total - np.repeat(np.r_[0.0, total][edges], np.diff(np.r_[edges, len(group)]))


def _fill(blocks: Blocks, order: np.ndarray, uses: list, n_rows: int):
    """Packs taken of each block, and per row the number of the limit that cut it (0: none)."""
    taken = np.zeros(len(order))
    cause = np.zeros(n_rows, dtype=int)
    refused = [np.zeros(len(use[2]), dtype=int) if use else None for use in uses]
    for begin in range(0, len(order), CHUNK):
        waiting = order[begin : begin + CHUNK]
        while len(waiting):
            waiting = waiting[cause[blocks.row[waiting]] == 0]
            for k, use in enumerate(uses):
                if use is None:
                    continue
                closed = refused[k][use[0][waiting]] >= REFUSALS
                cause[blocks.row[waiting[closed]]] = k + 1
                waiting = waiting[~closed]
            # closing one limit may have cut rows whose other blocks are still waiting
            waiting = waiting[cause[blocks.row[waiting]] == 0]
            if not len(waiting):
                break
            first, by = _first_misfit(blocks, waiting, uses)
            _take(waiting[:first], blocks.packs[waiting[:first]], taken, uses)
            if first == len(waiting):
                break
            block = waiting[first : first + 1]
            fits = min(
                np.floor((use[2][use[0][block[0]]] + 1e-9) / use[1][block[0]])
                for use in uses
                if use is not None and use[1][block[0]] > 0
            )
            if fits >= blocks.together[block[0]]:
                _take(block, np.array([fits]), taken, uses)
            cause[blocks.row[block]] = by + 1
            refused[by][uses[by][0][block[0]]] += 1
            waiting = waiting[first + 1 :]
    return taken, cause


def _take(chosen: np.ndarray, packs: np.ndarray, taken: np.ndarray, uses: list) -> None:
    taken[chosen] = packs
    for use in uses:
        if use is not None:
            used = np.bincount(use[0][chosen], packs * use[1][chosen], minlength=len(use[2]))
            use[2][:] = use[2] - used


def _first_misfit(blocks: Blocks, waiting: np.ndarray, uses: list) -> tuple[int, int]:
    """Index in `waiting` of the first block that does not fit, and which limit refuses it."""
    first, by = len(waiting), 0
    for k, use in enumerate(uses):
        if use is None:
            continue
        group, wanted = use[0][waiting], blocks.packs[waiting] * use[1][waiting]
        by_group = np.argsort(group, kind="stable")
        within = _running(group[by_group], wanted[by_group])
        misfit = by_group[within > use[2][group[by_group]] + 1e-6]
        if len(misfit) and misfit.min() < first:
            first, by = int(misfit.min()), k
    return first, by
