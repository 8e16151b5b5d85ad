"""From a level and a position to a quantity: the arithmetic of one order line."""

import numpy as np

# Smaller differences are the noise of floating point, not goods.
UNIT_TOLERANCE = 1e-6
# An expected need below this is not worth a unit on the shelf.
SMALLEST_LEVEL = 0.5


def inventory_position(on_hand, reserved, on_order):
    """Units at our disposal: max(on_hand, 0) - reserved + on_order - backorder.

    A negative on_hand is a backorder: goods sold that are not there.

    >>> float(inventory_position(40, 5, 30)), float(inventory_position(-3, 0, 10))
    (65.0, 7.0)
    """
    on_hand = np.asarray(on_hand, dtype=float)
    backorder = np.maximum(-on_hand, 0.0)
    return np.maximum(on_hand, 0.0) - reserved + on_order - backorder


def whole_units(level):
    """A level as goods: rounded up, none where less than half a unit is wanted.

    >>> whole_units([0.49, 0.5, 37.0000000001, 37.2]).tolist()
    [0.0, 1.0, 37.0, 38.0]
    """
    level = np.asarray(level, dtype=float)
    return np.where(level < SMALLEST_LEVEL, 0.0, np.ceil(level - UNIT_TOLERANCE))


def order_quantity(need, moq, pack_size):
    """Units to order: none without a need, else at least MOQ, in whole packs, never under need.

    need = level - position, in units; at most 1e-6 units count as none.

    >>> order_quantity([0, -4, 1, 7, 95], 10, 6).tolist()
    [0, 0, 12, 12, 96]
    >>> order_quantity([0.1 + 0.2 - 0.3, 12 + 1e-9], 1, 12).tolist()
    [0, 12]
    """
    need = np.asarray(need, dtype=float)
    packs = np.ceil((np.maximum(need, moq) - UNIT_TOLERANCE) / pack_size)
    packs = np.where(need > UNIT_TOLERANCE, np.maximum(packs, 1.0), 0.0)
    return np.rint(packs * pack_size).astype(np.int64)
