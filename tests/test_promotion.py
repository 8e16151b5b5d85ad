"""The gate: promotes what is better beyond chance, keeps what is not, falls back to the naive."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.promotion import Rules, decide, decide_churn, relative_difference

N_SERIES, WEEKS = 40, 4
CUTOFFS = pd.to_datetime(["2025-01-06", "2025-02-03", "2025-03-03"])


def played(noise, *, seed=0, shift=1.0, only=None, n_series=N_SERIES):
    """A backtest frame whose forecasts miss a fixed truth by `noise` (relative, lognormal).

    `only` limits the noise to series for which it is true; the others are forecast perfectly
    but for the truth's own Poisson spread.
    """
    level = np.random.default_rng(1).gamma(2.0, 20.0, n_series)
    grid = pd.MultiIndex.from_product(
        [range(n_series), CUTOFFS, range(1, WEEKS + 1)], names=["series", "cutoff", "step"]
    ).to_frame(index=False)
    mean = level[grid["series"]]
    y = np.random.default_rng(2).poisson(mean).astype(float)
    miss = np.exp(np.random.default_rng(seed).normal(0, noise, len(grid)))
    if only is not None:
        miss = np.where(only(mean), miss, 1.0)
    frame = grid.assign(
        unique_id=[f"sku{i:03d}@main" for i in grid["series"]],
        ds=grid["cutoff"] + pd.to_timedelta(7 * grid["step"], unit="D"),
        y=y,
        is_stockout=False,
        y_hat=mean * miss * shift,
    ).drop(columns="series")
    for q, z in ((5, -1.645), (50, 0.0), (95, 1.645)):
        frame[f"p{q:02d}"] = np.maximum(0.0, frame["y_hat"] + z * np.sqrt(mean))
    return frame


GOOD, FAIR, NAIVE = played(0.05), played(0.25, seed=3), played(0.6, seed=4)


def test_a_challenger_better_than_champion_and_baseline_is_promoted():
    answer = decide(GOOD, FAIR, NAIVE)
    assert (answer.promote, answer.winner) == (True, "challenger")
    assert "better" in answer.reason
    assert answer.numbers["against_champion_upper"] < 0
    assert answer.numbers["n_series"] == N_SERIES


def test_a_worse_challenger_is_refused_even_when_its_data_is_newer():
    answer = decide(FAIR, GOOD, NAIVE, is_newer_data=True)
    assert (answer.promote, answer.winner) == (False, "champion")
    assert answer.numbers["against_champion_lower"] > 0


def lucky(noise):
    """Two frames of equal skill, the one that happens to be better on average first."""
    pair = played(noise, seed=3), played(noise, seed=5)
    ahead = [np.abs(frame["y_hat"] - frame["y"]).sum() for frame in pair]
    return pair if ahead[0] < ahead[1] else pair[::-1]


def test_better_by_chance_alone_is_refused_even_on_newer_data():
    ahead, behind = lucky(0.25)
    answer = decide(ahead, behind, NAIVE, is_newer_data=True)
    assert answer.numbers["against_champion"] < 0 < answer.numbers["against_champion_upper"]
    assert (answer.promote, answer.winner) == (False, "champion")
    assert "may be worse" in answer.reason


def test_beating_the_naive_by_chance_alone_is_not_enough():
    ahead, behind = lucky(0.25)
    answer = decide(ahead, None, behind)
    assert answer.numbers["against_baseline"] < 0 < answer.numbers["against_baseline_upper"]
    assert (answer.promote, answer.winner) == (True, "baseline")


def test_what_does_not_beat_the_naive_never_replaces_a_champion():
    answer = decide(played(0.6, seed=9), FAIR, NAIVE, is_newer_data=True)
    assert (answer.promote, answer.winner) == (False, "champion")
    assert "does not beat the baseline" in answer.reason


def test_without_a_champion_a_better_challenger_becomes_the_first():
    answer = decide(GOOD, None, NAIVE)
    assert (answer.promote, answer.winner) == (True, "challenger")


def test_without_a_champion_the_naive_takes_charge_when_the_challenger_does_not_beat_it():
    answer = decide(NAIVE, None, FAIR)
    assert (answer.promote, answer.winner) == (True, "baseline")


def test_a_champion_that_lost_to_the_naive_hands_over_to_it():
    answer = decide(NAIVE, played(0.7, seed=8), GOOD)
    assert (answer.promote, answer.winner) == (True, "baseline")


def test_the_naive_as_champion_is_kept_against_a_challenger_that_does_not_beat_it():
    answer = decide(NAIVE, GOOD, GOOD)
    assert (answer.promote, answer.winner) == (False, "champion")


def test_same_data_and_same_recipe_keeps_the_champion_and_says_so():
    answer = decide(GOOD, GOOD, NAIVE, is_same_recipe=True)
    assert (answer.promote, answer.winner) == (False, "champion")
    assert "same recipe as the champion's, and no newer data" in answer.reason


def test_a_tie_is_promoted_only_on_newer_data():
    assert decide(GOOD, GOOD, NAIVE, is_newer_data=True, is_same_recipe=True).promote
    old = decide(GOOD, GOOD, NAIVE)
    assert not old.promote
    assert "not better" in old.reason


def test_a_biased_challenger_is_refused():
    answer = decide(played(0.01, shift=1.14), FAIR, NAIVE)
    assert not answer.promote
    assert "bias" in answer.reason
    assert decide(played(0.01, shift=1.14), FAIR, NAIVE, rules=Rules(bias_limit=0.2)).promote


def test_a_challenger_worse_on_the_a_class_is_refused():
    small = FAIR.groupby("unique_id")["y"].sum().nsmallest(4).index
    abc = pd.Series("B", FAIR["unique_id"].unique()).where(lambda s: ~s.index.isin(small), "A")
    is_small = FAIR["unique_id"].isin(small)
    mixed = GOOD.copy()
    forecasts = ["y_hat", "p05", "p50", "p95"]
    mixed.loc[is_small, forecasts] = FAIR.loc[is_small, forecasts] * 1.5
    refused = decide(mixed, FAIR, NAIVE, abc_class=abc)
    assert not refused.promote
    assert "A-class" in refused.reason
    assert decide(mixed, FAIR, NAIVE).promote  # by volume these are the smallest series


def test_stock_out_weeks_do_not_count():
    spoilt = GOOD.copy()
    hit = spoilt.index[::5]
    spoilt.loc[hit, ["y_hat", "p05", "p50", "p95"]] = 1e6
    frames = []
    for frame in (spoilt, FAIR, NAIVE):
        flagged = frame.copy()
        flagged.loc[hit, "is_stockout"] = True
        frames.append(flagged)
    assert decide(*frames).promote
    assert not decide(spoilt, FAIR, NAIVE).promote


def test_too_few_series_decide_nothing():
    few = [f[f["unique_id"] < "sku005"] for f in (GOOD, FAIR, NAIVE)]
    answer = decide(*few)
    assert (answer.promote, answer.winner) == (False, "champion")
    assert "only 5 series" in answer.reason
    assert decide(few[0], None, few[2]).winner == "baseline"


def test_frames_of_different_cutoffs_keys_or_actuals_are_an_error():
    with pytest.raises(ValueError, match="challenger and champion differ in cutoffs: 2025-03-03"):
        decide(GOOD, FAIR[FAIR["cutoff"] < CUTOFFS[2]], NAIVE)
    with pytest.raises(ValueError, match="differ in 1 keys"):
        decide(GOOD, FAIR, NAIVE.iloc[1:])
    with pytest.raises(ValueError, match="different actuals"):
        decide(GOOD, FAIR, NAIVE.assign(y=NAIVE["y"] + 1))
    with pytest.raises(ValueError, match="share"):
        decide(pd.concat([GOOD, GOOD.head(1)]), FAIR, NAIVE)
    with pytest.raises(ValueError, match="y_hat is null"):
        decide(GOOD.assign(y_hat=np.nan), FAIR, NAIVE)


def test_the_answer_is_the_same_twice_and_in_any_row_order():
    shuffled = [f.sample(frac=1, random_state=3) for f in (GOOD, FAIR, NAIVE)]
    assert decide(GOOD, FAIR, NAIVE) == decide(GOOD, FAIR, NAIVE) == decide(*shuffled)


def test_frames_without_quantiles_are_compared_by_absolute_error():
    plain = [f.drop(columns=["p05", "p50", "p95"]) for f in (GOOD, FAIR, NAIVE)]
    assert decide(*plain).promote


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(0.5, 2.0), seed=st.integers(0, 9))
def test_a_constant_factor_is_found_exactly_and_clusters_widen_the_interval(factor, seed):
    rng = np.random.default_rng(seed)
    loss = rng.gamma(2.0, 1.0, 200)
    series = np.repeat(np.arange(20), 10)
    exact = relative_difference(loss * factor, loss, series, rules=Rules(n_resamples=100))
    np.testing.assert_allclose([exact.mean, exact.lower, exact.upper], factor - 1, atol=1e-9)
    effect = np.repeat(rng.normal(1.0, 0.3, 20), 10).clip(0.1)
    whole = relative_difference(loss * effect, loss, series)
    rows = relative_difference(loss * effect, loss, np.arange(200))
    assert whole.lower <= whole.mean <= whole.upper
    assert whole.upper - whole.lower > rows.upper - rows.lower


def churned(n=2_000, skill=2.0, seed=0):
    """Outcomes and well calibrated scores whose log odds have the spread `skill`."""
    risk = np.random.default_rng(1).normal(0, 2.0, n)
    y = np.random.default_rng(2).random(n) < 1 / (1 + np.exp(-risk))
    known = risk * skill / 2 + np.random.default_rng(seed).normal(0, 0.3, n)
    return y.astype(float), 1 / (1 + np.exp(-known))


Y, SHARP = churned()
BLUNT, FLAT = churned(skill=0.6)[1], np.full(len(Y), Y.mean())


def test_churn_scores_pass_the_same_gate():
    assert decide_churn(Y, SHARP, BLUNT, FLAT).winner == "challenger"
    assert decide_churn(Y, BLUNT, SHARP, FLAT, is_newer_data=True).winner == "champion"
    assert decide_churn(Y, SHARP, None, FLAT).promote
    naive = decide_churn(Y, FLAT, None, BLUNT)
    assert (naive.promote, naive.winner) == (True, "baseline")
    assert not decide_churn(Y, SHARP, SHARP, FLAT, is_same_recipe=True).promote
    assert decide_churn(Y, SHARP, SHARP, FLAT, is_newer_data=True).promote


def test_churn_scores_far_off_the_base_rate_are_refused():
    answer = decide_churn(Y, SHARP, BLUNT, FLAT, rules=Rules(bias_limit=0.0, bias_slack=-1.0))
    assert not answer.promote
    assert "base rate" in answer.reason


def test_rows_of_one_customer_are_drawn_together():
    twice = [np.repeat(a, 2) for a in (Y, SHARP, BLUNT, FLAT)]
    alone = decide_churn(Y, SHARP, BLUNT, FLAT).numbers
    paired = decide_churn(*twice, customer_id=np.repeat(np.arange(len(Y)), 2)).numbers
    assert paired["against_champion_upper"] == pytest.approx(alone["against_champion_upper"])


def test_one_sided_outcomes_decide_nothing_and_bad_scores_are_an_error():
    assert decide_churn(np.ones(50), SHARP[:50], BLUNT[:50], FLAT[:50]).winner == "champion"
    with pytest.raises(ValueError, match="challenger: scores must be probabilities"):
        decide_churn(Y, SHARP * 2, BLUNT, FLAT)
    with pytest.raises(ValueError, match="baseline: 10 scores"):
        decide_churn(Y, SHARP, BLUNT, FLAT[:10])


def test_a_churn_list_that_captures_less_value_is_refused_though_its_log_loss_is_better():
    # the champion finds the dear customers' endings, the challenger everybody else's, better
    rng = np.random.default_rng(3)
    is_dear = rng.random(len(Y)) < 0.2
    value = np.where(is_dear, 1000.0, 10.0)
    champion = np.where(is_dear, SHARP, FLAT)
    challenger = np.where(is_dear, FLAT, SHARP)
    without = decide_churn(Y, challenger, champion, FLAT, is_newer_data=True)
    assert without.winner == "challenger"
    answer = decide_churn(Y, challenger, champion, FLAT, is_newer_data=True, value=value)
    assert answer.winner == "champion"
    assert "contacting 10% of the customers would capture -" in answer.reason
    numbers = answer.numbers
    assert numbers["value_difference"] < -0.05
    assert numbers["value_difference_lower"] < numbers["value_difference_upper"] < 0
    turned = decide_churn(Y, champion, challenger, FLAT, is_newer_data=True, value=value)
    assert turned.numbers["value_difference"] > 0


def test_the_value_captured_is_that_of_the_churned_on_the_list_of_the_share_contacted():
    value = np.arange(1.0, len(Y) + 1)
    asked = decide_churn(Y, SHARP, BLUNT, FLAT, value=value, rules=Rules(contact_share=0.25))
    listed = np.argsort(-BLUNT * value, kind="stable")[: len(Y) // 4]
    assert asked.numbers["champion_value_captured"] == pytest.approx((Y * value)[listed].sum())
    everyone = decide_churn(Y, SHARP, BLUNT, FLAT, value=value, rules=Rules(contact_share=1.0))
    assert everyone.numbers["value_difference"] == 0
    assert everyone.numbers["challenger_value_captured"] == pytest.approx((Y * value).sum())


def test_customers_without_value_change_no_answer_and_a_missing_value_is_an_error():
    plain = decide_churn(Y, SHARP, BLUNT, FLAT)
    nothing = decide_churn(Y, SHARP, BLUNT, FLAT, value=np.full(len(Y), -1.0))
    assert (nothing.winner, nothing.reason) == (plain.winner, plain.reason)
    with pytest.raises(ValueError, match="finite value"):
        decide_churn(Y, SHARP, BLUNT, FLAT, value=np.full(len(Y), np.nan))
    with pytest.raises(ValueError, match="finite value"):
        decide_churn(Y, SHARP, BLUNT, FLAT, value=np.ones(3))
