"""A planner's override is respected, shown, reported, and never lost."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_shop import OWED, SUNDAY, position, whole_plan

from ml.replenishment.overrides import ACTIONS, OVERRIDE_COLUMNS, STATUSES


def override(**values):
    line = dict.fromkeys(OVERRIDE_COLUMNS, None)
    line |= {"sku_id": "S0", "by": "小王", "why": "直播", "expires_on": "2025-07-01"}
    return line | values


def overridden(frame, *lines, **options):
    return whole_plan(frame, overrides=pd.DataFrame(lines), **options)


SHOP = position(on_hand=[5.0, 40.0])


def test_a_quantity_set_by_hand_is_ordered_as_it_is_and_shown_beside_the_plans_own():
    made = overridden(SHOP, override(action="quantity", value=50))
    row = made.orders.set_index("sku_id").loc["S0"]
    assert (row["order_qty"], row["planned_qty"]) == (50, 16)
    assert row["override"] == "小王定为50件：直播"
    assert "计划原为16件" in row["reason"]
    assert made.overrides["status"].tolist() == ["applied"]
    other = made.orders.set_index("sku_id").loc["S1"]
    assert other["override"] == ""
    assert pd.isna(other["planned_qty"])


@pytest.mark.parametrize(("on_order", "doubted"), [(0.0, False), (49.0, False), (50.0, True)])
def test_a_quantity_that_seems_to_be_on_order_already_is_doubted(on_order, doubted):
    frame = SHOP.assign(on_order=[on_order, 60.0], next_expected_on=pd.Timestamp("2025-06-20"))
    made = overridden(frame, override(action="quantity", value=50), language="en")
    doubts = made.orders.set_index("sku_id")["doubts"]
    assert ("50 units are on order: the quantity" in doubts["S0"]) == doubted
    assert doubts["S1"] == ""


def test_hold_orders_nothing_and_force_orders_one_moq_where_nothing_is_missing():
    frame = SHOP.assign(moq=10.0, pack_size=6.0)
    made = overridden(
        frame, override(action="hold"), override(sku_id="S1", action="force", warehouse_id="main")
    )
    rows = made.orders.set_index("sku_id")
    assert rows["order_qty"].sort_index().tolist() == [0, 12]
    assert rows["planned_qty"].sort_index().tolist() == [18, 0]


@pytest.mark.parametrize(
    ("on_hand", "line", "exception"),
    [
        (15.0, {"action": "hold"}, "override_short"),  # the next order's goods land in 21 days
        (20.0, {"action": "hold"}, "override_short"),
        (21.0, {"action": "hold"}, ""),
        (5.0, {"action": "hold"}, "override_short"),
        (15.0, {"action": "quantity", "value": 2}, "override_short"),
        (15.0, {"action": "quantity", "value": 6}, ""),
        (15.0, {"action": "force"}, ""),
    ],
)
def test_a_row_that_runs_dry_by_an_override_is_an_exception_that_says_who_and_why(
    on_hand, line, exception
):
    frame = position(on_hand=on_hand)
    made = overridden(frame, override(**line), spread=4.0, language="en")
    row = made.orders.iloc[0]
    assert row["exception"] == exception
    assert row["is_exception"] == (exception != "")
    assert row["priority"] == (1 if exception else row["priority"])
    if exception and line["action"] == "hold":
        lasts = f"As set by hand, stock lasts about {on_hand:g} of the 21 days"
        assert row["reason"].startswith(lasts)
        assert "小王 holds the order: 直播" in row["reason"]


def test_a_hold_is_no_reason_where_the_plan_would_order_nothing_or_stock_is_unknown():
    ending = position(on_hand=2.0, discontinued_on=pd.Timestamp("2025-06-18"))
    uncounted = position(on_hand=float("nan"), has_stock_snapshot=False)
    for frame in (ending, uncounted):
        assert overridden(frame, override(action="hold")).orders.iloc[0]["exception"] == ""


def test_an_uplift_and_an_analogue_change_the_demand_that_is_shown():
    frame = position(sku_id=["S0", "new", "S2"], on_hand=0.0, last_26w_demand_qty=[182.0, 0, 182.0])
    made = overridden(
        frame,
        override(action="uplift", value="1.5"),
        override(sku_id="new", action="analogue", value="S2"),
        weekly=14,
    )
    rows = made.orders.set_index("sku_id")
    assert rows.loc["S0", "demand_mean_qty"] == 63
    assert rows.loc["S0", "planned_qty"] == 42
    assert rows.loc["new", "demand_mean_qty"] == rows.loc["S2", "demand_mean_qty"]
    assert "参照S2" in rows.loc["new", "override"]


def test_an_override_holds_through_its_last_day_and_is_reported_after():
    line = override(action="quantity", value=50, expires_on=SUNDAY + pd.Timedelta(days=1))
    assert overridden(SHOP, line).orders["order_qty"].max() == 50
    over = overridden(SHOP, line | {"expires_on": SUNDAY})
    assert over.orders["order_qty"].max() == 16
    assert over.overrides["status"].tolist() == ["expired"]
    assert "过期" in over.orders.set_index("sku_id").loc["S0", "doubts"]
    endless = overridden(SHOP, line | {"expires_on": None})
    assert endless.overrides["status"].tolist() == ["applied"]


def test_a_quantity_set_by_hand_uses_up_the_budget_first():
    policy = replace(OWED, budget_amount=300.0)
    frame = position(on_hand=[5.0, 5.0])
    made = overridden(frame, override(action="quantity", value=25), policy=policy)
    rows = made.orders.set_index("sku_id")
    assert rows.loc["S0", "order_qty"] == 25
    assert rows["order_amount"].sum() <= 300
    assert rows.loc["S1", "bound_by"] == "budget"


def test_the_later_of_two_lines_counts_and_the_other_says_so():
    made = overridden(
        SHOP, override(action="quantity", value=50), override(action="hold", by="主管")
    )
    assert made.orders.set_index("sku_id").loc["S0", "order_qty"] == 0
    assert made.overrides["status"].tolist() == ["superseded", "applied"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({"action": "quantity", "value": "many"}, "whole number"),
        ({"action": "quantity", "value": -3}, "whole number"),
        ({"action": "order"}, "none of"),
        ({"action": "uplift", "value": 500}, "factor"),
        ({"action": "analogue", "value": "nobody"}, "no known SKU"),
        ({"action": "hold", "expires_on": "soon"}, "no date"),
        ({"action": "hold", "sku_id": None}, "no sku_id"),
    ],
)
def test_a_line_that_cannot_be_understood_changes_nothing_and_says_why(line, problem):
    made = overridden(SHOP, override(**line))
    assert made.overrides["status"].tolist() == ["unread"]
    assert problem in made.overrides.loc[0, "problem"]
    row = made.orders.set_index("sku_id").loc["S0"]
    assert row["order_qty"] == 16
    assert ("看不懂" in row["doubts"]) == (line.get("sku_id", "S0") == "S0")


words = st.sampled_from([None, "", "S0", "S1", "gone", "5", "1e400", "nan", "2025-06-30", "x"])


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "sku_id": words,
                "warehouse_id": st.sampled_from([None, "main", "elsewhere"]),
                "action": st.sampled_from([*ACTIONS, "QUANTITY", "?"]),
                "value": words,
                "expires_on": words,
                "by": words,
                "why": words,
            }
        ),
        min_size=1,
        max_size=6,
    )
)
def test_no_override_is_ever_lost_and_none_breaks_the_plan(lines):
    made = overridden(SHOP, *lines)
    assert len(made.overrides) == len(lines)
    assert made.overrides["status"].isin(STATUSES).all()
    assert sorted(made.orders["sku_id"]) == ["S0", "S1"]
    assert ((made.overrides["status"] == "unread") == (made.overrides["problem"] != "")).all()
    shown = made.orders["override"].ne("").any()
    assert shown == (made.overrides["status"] == "applied").any()


def test_a_quantity_set_by_hand_uses_up_the_suppliers_capacity_first():
    policy = replace(OWED, supplier_capacity_qty={"P1": 30})
    made = overridden(
        position(on_hand=[5.0, 5.0]), override(action="quantity", value=25), policy=policy
    )
    rows = made.orders.set_index("sku_id")
    assert rows["order_qty"].to_dict() == {"S0": 25, "S1": 5}
    assert rows.loc["S1", "bound_by"] == "supplier_capacity"
