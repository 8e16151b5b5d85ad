"""Pallets: whole where demanded, filled up where that pays, never at the price of another rule."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_shop import OWED, only, planned, position

few = settings(max_examples=10, deadline=None)
DEMANDED = replace(OWED, pallet_qty={"S0": 48.0}, pallets_of=frozenset({"P1"}))


@pytest.mark.parametrize("ends", [{"pallets_of": {"P1"}}, {"pallets_to": {"main"}}])
def test_a_supplier_or_a_warehouse_that_wants_whole_pallets_gets_them(ends):
    policy = replace(DEMANDED, pallets_of=frozenset(), pallets_to=frozenset())
    frame = position(on_hand=5.0, pack_size=12.0, moq=60.0)
    assert only(frame, policy=policy)["order_qty"] == 60
    asked = replace(policy, **{name: frozenset(who) for name, who in ends.items()})
    row = only(frame, policy=asked)
    assert (row["order_qty"], row["pallet_qty"], row["bound_by"]) == (96, 48, "")
    assert "整托48" in row["reason"]


def test_a_pallet_is_filled_only_where_that_costs_less_than_handling_a_part_of_one():
    # 40 are short, 8 more fill the pallet and sell within 8 days after the interval of 21
    frame = position(on_hand=2.0)
    policy = replace(OWED, pallet_qty={"S0": 48.0})
    lasts = 25  # 50 units at 2 a day
    holding = 8 * 10 * policy.holding_rate * (lasts - 14) / 365
    for fee, qty in ((holding * 0.95, 40), (holding * 1.05, 48)):
        row = only(frame, weekly=14, policy=replace(policy, part_pallet_amount=fee))
        assert row["order_qty"] == qty
        assert (row["bound_by"] == "full_pallet") == (qty == 48)
        assert ("凑满整托（每托48件）" in row["reason"]) == (qty == 48)


def test_a_pallet_is_never_filled_beyond_shelf_life_or_the_last_day():
    policy = replace(OWED, pallet_qty={"S0": 48.0}, part_pallet_amount=1e6)
    frame = position(on_hand=2.0)
    assert only(frame, weekly=14, policy=policy)["order_qty"] == 48
    # 33 days of life, a third must be left: what lands on day 15 sells until day 36, 72 - 2 units
    short_life = frame.assign(shelf_life_days=33.0)
    assert only(short_life, weekly=14, policy=policy)["order_qty"] == 48
    assert only(short_life, weekly=12, policy=policy)["order_qty"] == 48
    shorter = frame.assign(shelf_life_days=15.0)
    assert only(shorter, weekly=14, policy=policy)["order_qty"] == 40
    ends = frame.assign(discontinued_on=np.datetime64("2025-06-27"))
    assert only(ends, weekly=14, policy=policy)["order_qty"] == 36


def test_a_pallet_of_broken_packs_and_one_nobody_knows_are_doubted_and_the_pack_holds():
    row = only(position(pack_size=36.0), policy=DEMANDED)
    assert (row["order_qty"], row["doubts"]) == (36, "整托件数不是箱规的整数倍，没有采用")
    row = only(position(), policy=replace(DEMANDED, pallet_qty={}))
    assert (row["order_qty"], row["doubts"]) == (21, "要求整托，但没有每托件数")


@few
@given(
    stock=st.lists(st.integers(0, 90), min_size=2, max_size=5),
    pack=st.sampled_from([1, 6, 8]),
    packs_on_pallet=st.integers(1, 9),
    moq=st.sampled_from([1.0, 20.0, 100.0]),
    fee=st.sampled_from([0.0, 0.5, 5.0, 1e5]),
    is_demanded=st.booleans(),
    budget=st.sampled_from([None, 300.0, 900.0]),
)
def test_pallets_keep_every_other_rule_and_more_stock_never_orders_more(
    stock, pack, packs_on_pallet, moq, fee, is_demanded, budget
):
    pallet = float(pack * packs_on_pallet)
    policy = replace(
        OWED,
        pallet_qty={f"S{k}": pallet for k in range(len(stock))},
        pallets_of=frozenset({"P1"} if is_demanded else ()),
        part_pallet_amount=fee,
        budget_amount=budget,
    )
    held = [float(s) for s in sorted(stock)]
    frame = position(on_hand=held, pack_size=float(pack), moq=moq)
    rows = planned(frame, weekly=14, spread=4, policy=policy).set_index("sku_id").sort_index()
    order = rows["order_qty"]
    assert (order % (pallet if is_demanded else pack) == 0).all()
    assert ((order == 0) | (order >= moq)).all()
    assert budget is None or rows["order_amount"].sum() <= budget + 0.01
    if budget is None:
        assert (np.diff(order.to_numpy()) <= 0).all()
        needed = rows["order_up_to_level"] - rows["inventory_position"]
        assert (order >= needed.clip(lower=0)).all()
