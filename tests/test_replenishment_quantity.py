"""The arithmetic of one order line: packs, minimum, reach, and no unit too many."""

import doctest
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.replenishment import protection, quantity, wording
from ml.replenishment.quantity import inventory_position, order_quantity, whole_units

needs = st.one_of(
    st.integers(-1000, 100_000).map(float), st.floats(-1e3, 1e5), st.floats(-1e-7, 1e-7)
)
moqs = st.one_of(st.integers(0, 5000).map(float), st.floats(0, 5000))
packs = st.integers(1, 500)


@pytest.mark.parametrize("module", [quantity, protection, wording])
def test_the_examples_in_the_docstrings_hold(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@given(needs, moqs, packs)
def test_an_order_is_whole_packs_at_least_moq_and_covers_the_need(need, moq, pack):
    qty = int(order_quantity(need, moq, pack))
    if need <= 1e-6:
        assert qty == 0
        return
    assert qty % pack == 0
    assert qty >= moq - 1e-6
    assert qty >= need - 1e-6
    one_pack_less = qty - pack
    assert one_pack_less < max(need, moq) or one_pack_less == 0


@given(st.lists(needs, min_size=2, max_size=20), moqs, packs)
def test_a_larger_need_never_orders_less(many, moq, pack):
    ordered = order_quantity(np.sort(many), moq, pack)
    assert all(before <= after for before, after in pairwise(ordered))


@given(st.integers(1, 10_000), st.integers(1, 100))
def test_floating_point_noise_never_orders_an_extra_pack(n_packs, pack):
    exact = float(n_packs * pack)
    assert order_quantity(exact * (1 + 1e-13) + 1e-9, 1, pack) == exact
    assert order_quantity(exact - 1e-9, 1, pack) == exact


@given(st.floats(0, 1e6))
def test_a_level_in_units_never_lies_below_the_wish_once_half_a_unit_is_wanted(level):
    units = float(whole_units(level))
    assert units == int(units)
    if level >= 0.5:
        assert level - 1e-6 <= units < level + 1
    else:
        assert units == 0


def test_negative_stock_is_a_backorder_and_reserved_goods_are_gone():
    assert inventory_position(-5, 2, 20) == 13
    assert inventory_position(5, 2, 20) == 23
