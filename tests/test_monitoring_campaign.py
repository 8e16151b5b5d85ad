"""What a campaign was worth: the known effect is found, chance is not mistaken for one."""

import numpy as np
import pandas as pd
import pytest

from monitoring.campaign import campaign_outcome, why_not_judged

AS_OF = pd.Timestamp("2026-03-01")


def campaign(count=4_000, *, effect=0.10, seed=3, held=0.2):
    """A list, everyone not held out contacted; 30 % buy anyway, `effect` more where contacted."""
    draw = np.random.default_rng(seed)
    listed = pd.DataFrame({"customer_id": [f"c_{i}" for i in range(count)], "as_of": AS_OF})
    listed = listed.assign(
        rank=range(1, count + 1), risk_tier="high", is_holdout=draw.random(count) < held
    )
    chance = 0.3 + effect * ~listed["is_holdout"]
    buyers = listed.loc[draw.random(count) < chance, "customer_id"]
    days = AS_OF + pd.to_timedelta(draw.integers(1, 61, len(buyers)), "D")
    events = pd.DataFrame({"customer_id": buyers, "ds": days, "paid_amount": 100.0})
    return listed, events


def judge(listed, events, contacted=None, last_day="2026-06-28"):
    if contacted is None:
        contacted = set(listed.loc[~listed["is_holdout"], "customer_id"])
    return campaign_outcome(
        listed, contacted, events, outcome_days=60, last_day=pd.Timestamp(last_day)
    )


def test_an_effect_is_found_with_its_interval_and_yuan():
    found = judge(*campaign())
    assert found.low < 0.10 < found.high
    assert found.low > 0
    assert found.high - found.low < 0.09
    assert found.uplift == pytest.approx(found.treated_rate - found.holdout_rate)
    assert found.amount_uplift == pytest.approx(100 * found.uplift)
    assert found.amount_low < 10 < found.amount_high
    assert "bought again against" in found.reason()


def test_without_an_effect_the_interval_holds_zero_nineteen_times_in_twenty():
    found = [judge(*campaign(600, effect=0.0, seed=seed)) for seed in range(60)]
    assert 0.88 < np.mean([o.low <= 0 <= o.high for o in found]) <= 1.0


def test_only_customers_down_to_the_last_one_contacted_are_compared():
    listed, events = campaign()
    first = set(listed.loc[~listed["is_holdout"] & (listed["rank"] <= 500), "customer_id"])
    found = judge(listed, events, contacted=first)
    assert found.n_treated == len(first)
    assert found.n_holdout == (listed["is_holdout"] & (listed["rank"] <= 500)).sum()
    some = set(sorted(first)[:50]) | {listed.loc[~listed["is_holdout"], "customer_id"].iloc[399]}
    reached = judge(listed, events, contacted=some)
    assert reached.n_treated > len(some) >= reached.n_contacted
    shares = f"of {reached.n_treated}, {reached.n_contacted} of them contacted, bought again"
    assert shares in reached.reason()


def test_who_was_not_to_be_contacted_is_left_out_and_broken_hold_outs_are_told():
    listed, events = campaign(300)
    listed.loc[listed["rank"] > 200, "risk_tier"] = "low"
    found = judge(listed, events, contacted=set(listed["customer_id"]))
    assert found.n_treated + found.n_holdout == 200
    assert found.n_holdout_contacted == found.n_holdout > 20
    assert "contacted all the same" in found.reason()


def test_nothing_is_said_too_early_or_of_a_list_nobody_acted_on():
    listed, events = campaign(300)
    assert judge(listed, events, last_day="2026-04-29") is None
    assert judge(listed, events, last_day="2026-04-30") is not None
    assert judge(listed, events, contacted=set()) is None
    assert judge(listed.assign(is_holdout=False), events) is None
    assert judge(listed.head(0), events) is None
    few = judge(*campaign(60, held=0.1))
    assert "too few to say more" in few.reason()


def test_the_interval_of_yuan_is_no_surer_than_a_small_hold_out_allows():
    """25 held out, one in twenty buys, baskets differ widely; contacting does nothing."""
    draw = np.random.default_rng(11)
    holds = []
    for _ in range(200):
        listed, _ = campaign(250, seed=int(draw.integers(1e9)), held=0.1)
        buyers = listed.loc[draw.random(250) < 0.05, "customer_id"]
        spent = draw.lognormal(5, 1, len(buyers))
        day = AS_OF + pd.Timedelta(days=5)
        events = pd.DataFrame({"customer_id": buyers, "ds": day, "paid_amount": spent})
        found = judge(listed, events)
        holds.append(found.amount_low <= 0 <= found.amount_high)
    assert np.mean(holds) > 0.88


def test_a_list_not_judged_says_why():
    listed, _ = campaign(300)
    ours, last = set(listed["customer_id"]), pd.Timestamp("2026-06-28")

    def why(contacted, rows=listed, last_day=last):
        return why_not_judged(rows, contacted, outcome_days=60, last_day=last_day)

    assert "none of the 2 marked as contacted" in why({"张三", "李四"})
    assert "none of the 1 " in why({"c_1"}, listed.head(0))
    assert why(ours, last_day=AS_OF) == "its 60 days are over on 2026-04-30"
    assert "nothing to compare" in why(ours, listed.assign(is_holdout=False))


def test_purchases_outside_the_window_do_not_count():
    listed, events = campaign(300)
    outside = events.assign(ds=AS_OF)
    later = events.assign(ds=AS_OF + pd.Timedelta(days=61))
    found = judge(listed, pd.concat([outside, later]))
    assert found.treated_rate == found.holdout_rate == found.amount_uplift == 0
