"""What a plan would have cost by each forecast, and what the gate makes of it."""

import numpy as np
import pandas as pd
import pytest
from test_promotion import CUTOFFS, GOOD, N_SERIES, NAIVE, played

from ml.promotion import decide
from monitoring.plan_cost import COSTS, plan_cost

BAD = played(0.5, seed=9)


def total(costs):
    return float(costs["cost"].sum())


def test_better_forecasts_make_cheaper_plans_on_the_same_windows():
    costs = plan_cost({"challenger": GOOD, "champion": BAD})
    assert total(costs["challenger"]) < 0.9 * total(costs["champion"])
    for frame in costs.values():
        assert len(frame) == N_SERIES * len(CUTOFFS)


def test_a_forecast_of_nothing_misses_all_that_was_not_under_way():
    nothing = GOOD.assign(y_hat=0.0, p05=0.0, p50=0.0, p95=0.0)
    costs = plan_cost({"challenger": nothing, "champion": nothing})["challenger"]
    late = GOOD[GOOD["step"] > 2].groupby(["unique_id", "cutoff"])["y"].sum()
    paid = costs.set_index(["unique_id", "cutoff"])["cost"]
    assert np.allclose(paid, COSTS.shortage * late.reindex(paid.index))


def test_windows_with_unknown_weeks_are_not_played_for_anybody():
    holes = GOOD.assign(y=GOOD["y"].where(GOOD["unique_id"] != "sku001@main"))
    costs = plan_cost({"challenger": GOOD, "champion": holes})
    assert "sku001@main" not in set(costs["challenger"]["unique_id"])
    assert len(costs["challenger"]) == len(costs["champion"])


def test_windows_too_short_for_an_order_have_no_cost():
    assert plan_cost({"challenger": GOOD[GOOD["step"] <= 3]})["challenger"].empty


def test_rows_in_any_order_cost_the_same():
    one = plan_cost({"challenger": GOOD})["challenger"]
    other = plan_cost({"challenger": GOOD.sample(frac=1, random_state=1)})["challenger"]
    pd.testing.assert_frame_equal(one, other)


def test_a_challenger_whose_plan_costs_more_is_refused_with_the_figure():
    def costs(frames):
        made = plan_cost(frames)
        made["challenger"] = made["challenger"].assign(cost=made["champion"]["cost"] * 1.3)
        return made

    assert decide(GOOD, BAD, NAIVE, plan_cost=plan_cost).promote
    answer = decide(GOOD, BAD, NAIVE, plan_cost=costs)
    assert (answer.promote, answer.winner) == (False, "champion")
    assert "the plan would cost +30.0%" in answer.reason
    assert answer.numbers["plan_cost_difference_lower"] > 0


@pytest.mark.parametrize(("is_hurt", "is_promoted"), [(True, False), (False, True)])
def test_a_slice_that_collapses_refuses_a_challenger_that_wins_on_average(is_hurt, is_promoted):
    ids = sorted(GOOD["unique_id"].unique())
    brands = pd.DataFrame({"unique_id": ids, "brand_id": ["x"] * 12 + ["y"] * (len(ids) - 12)})
    hurt = GOOD["unique_id"].isin(ids[:12]) & is_hurt
    challenger = GOOD.copy()
    for column in ("y_hat", "p05", "p50", "p95"):
        challenger.loc[hurt, column] = BAD.loc[hurt, column] * 0.6
    champion = BAD.copy()
    keep = BAD["unique_id"].isin(ids[:12])
    for column in ("y_hat", "p05", "p50", "p95"):
        champion.loc[keep, column] = GOOD.loc[keep, column]
    # the class A margin would refuse it first
    answer = decide(
        *(challenger, champion, NAIVE),
        attributes=brands,
        abc_class=pd.Series("A", index=ids),
    )
    assert answer.promote is is_promoted
    if is_hurt:
        assert "slice 'brand_id x' collapses" in answer.reason
        assert answer.numbers["against_champion"] < 0
