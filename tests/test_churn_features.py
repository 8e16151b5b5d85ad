"""What the models read: sequences that end at as_of, codes learnt once, empty histories."""

import numpy as np
import pandas as pd
import pytest
from churn_shop import make_shop
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.churn.features import STEPS, Vocabulary, model_inputs
from ml.churn.lifetime import Lifetimes
from ml.columns import FEAT_CUSTOMER, FEAT_CUSTOMER_EVENTS


@pytest.fixture(scope="module")
def shop():
    made = make_shop(120, n_slices=3)
    FEAT_CUSTOMER.check(made.features)
    FEAT_CUSTOMER_EVENTS.check(made.events)
    return made


@pytest.fixture(scope="module")
def vocabulary(shop):
    return Vocabulary.learn(shop.features, shop.events)


@pytest.fixture(scope="module")
def lifetimes(shop):
    return Lifetimes.learn(shop.events, shop.last_day, 60)


def _batch(features, events, vocabulary, lifetimes):
    inputs = model_inputs(features, events, vocabulary, lifetimes)
    return inputs, inputs.sequences.batch(np.arange(len(inputs)))


def test_spoiling_the_future_moves_nothing(shop, vocabulary, lifetimes):
    oldest = shop.features["as_of"].min()
    features = shop.features[shop.features["as_of"] == oldest]
    spoiled = shop.events.copy()
    later = spoiled["ds"] > oldest
    assert later.any()
    spoiled.loc[later, ["qty", "paid_amount"]] = 1e9
    spoiled.loc[later, "category"] = "unheard of"
    inputs, batch = _batch(features, shop.events, vocabulary, lifetimes)
    spoiled_inputs, spoiled_batch = _batch(features, spoiled, vocabulary, lifetimes)
    np.testing.assert_array_equal(inputs.codes, spoiled_inputs.codes)
    np.testing.assert_array_equal(inputs.rhythm, spoiled_inputs.rhythm)
    np.testing.assert_array_equal(inputs.lifetime, spoiled_inputs.lifetime)
    np.testing.assert_array_equal(batch.numbers, spoiled_batch.numbers)
    np.testing.assert_array_equal(batch.category, spoiled_batch.category)
    np.testing.assert_array_equal(batch.length, spoiled_batch.length)


def test_a_sequence_holds_the_customers_own_last_days_oldest_first(shop, vocabulary, lifetimes):
    inputs, batch = _batch(shop.features, shop.events, vocabulary, lifetimes)
    words = ("", *vocabulary.words["category"])
    for row in range(0, len(inputs), 17):
        one = shop.features.iloc[row]
        mine = shop.events["customer_id"].eq(one["customer_id"]) & shop.events["ds"].le(
            one["as_of"]
        )
        days = shop.events[mine].sort_values("ds")
        kept = days.tail(STEPS)
        length = batch.length[row]
        assert length == len(kept)
        numbers = batch.numbers[row, :length]
        np.testing.assert_allclose(
            np.expm1(numbers[:, 0]), (one["as_of"] - kept["ds"]).dt.days, rtol=1e-4
        )
        gaps = days["ds"].diff().dt.days.fillna(0).tail(STEPS)
        np.testing.assert_allclose(np.expm1(numbers[:, 1]), gaps, rtol=1e-4)
        np.testing.assert_allclose(np.expm1(numbers[:, 2]), kept["paid_amount"], rtol=1e-4)
        np.testing.assert_allclose(np.expm1(numbers[:, 3]), kept["qty"], rtol=1e-4)
        np.testing.assert_allclose(numbers[:, 4], kept["discount_rate"], rtol=1e-4)
        assert [words[code] for code in batch.category[row, :length]] == list(kept["category"])
        assert not batch.numbers[row, length:].any()
        assert not batch.category[row, length:].any()


def test_long_histories_keep_only_the_newest_days(vocabulary, lifetimes, shop):
    days = pd.date_range("2025-01-01", periods=50)
    events = shop.events.head(50).assign(customer_id="c_long", ds=days)
    features = shop.features.head(1).assign(customer_id="c_long", as_of=days[-1])
    _, batch = _batch(features, events, vocabulary, lifetimes)
    assert batch.length.tolist() == [STEPS]
    assert np.expm1(batch.numbers[0, 0, 0]) == pytest.approx(STEPS - 1, rel=1e-4)
    assert batch.numbers[0, -1, 0] == 0


def test_a_customer_without_visible_days_has_an_empty_sequence(shop, vocabulary, lifetimes):
    stranger = shop.features.head(2).assign(customer_id=["c_stranger", "c_000000"])
    early = stranger.assign(as_of=pd.Timestamp("2020-01-01"))
    for features in (stranger.head(1), early):
        _, batch = _batch(features, shop.events, vocabulary, lifetimes)
        assert not batch.length.any()
        assert not batch.numbers.any()
    _, batch = _batch(stranger, shop.events.head(0), vocabulary, lifetimes)
    assert not batch.length.any()


def test_words_not_met_while_learning_have_no_code(shop, vocabulary, lifetimes):
    features = shop.features.head(3).assign(last_category=["diapers", "unheard of", None])
    codes = model_inputs(features, shop.events, vocabulary, lifetimes).codes[:, 1]
    assert np.isfinite(codes).tolist() == [True, False, False]


def test_codes_do_not_depend_on_row_order(shop):
    shuffled = shop.features.sample(frac=1, random_state=1)
    assert Vocabulary.learn(shuffled, shop.events) == Vocabulary.learn(shop.features, shop.events)


def test_an_infinite_number_is_named(shop, vocabulary, lifetimes):
    features = shop.features.copy()
    features.loc[5, "recency_over_gap"] = np.inf
    with pytest.raises(ValueError, match="recency_over_gap"):
        model_inputs(features, shop.events, vocabulary, lifetimes)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_shuffled_rows_carry_their_inputs_with_them(shop, vocabulary, lifetimes, seed):
    order = np.random.default_rng(seed).permutation(len(shop.features))
    shuffled_events = shop.events.sample(frac=1, random_state=seed)
    inputs, batch = _batch(shop.features, shop.events, vocabulary, lifetimes)
    moved, moved_batch = _batch(shop.features.iloc[order], shuffled_events, vocabulary, lifetimes)
    np.testing.assert_array_equal(inputs.numbers[order], moved.numbers)
    np.testing.assert_array_equal(batch.numbers[order], moved_batch.numbers)
