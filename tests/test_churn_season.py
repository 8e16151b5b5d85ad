"""The level of a time of year, from the customers of the year before."""

import numpy as np
import pandas as pd
import pytest
from churn_shop import customer_features

import ml.churn.season
from ml.churn.labels import churn_labels
from ml.churn.metrics import ece
from ml.churn.model import ChurnModel
from ml.churn.season import Season
from ml.churn.splits import origins
from ml.churn.timeline import KEYS, day_number

START = pd.Timestamp("2024-01-01")
DAYS = 60


def purchases(customer: np.ndarray, day: np.ndarray) -> pd.DataFrame:
    """feat_customer_events of these purchase days, counted from START."""
    return pd.DataFrame(
        {
            "customer_id": [f"c_{i:05d}" for i in customer],
            "ds": START + pd.to_timedelta(day, "D"),
            "order_count": 1,
            "qty": 1.0,
            "paid_amount": 80.0,
            "discount_rate": 0.0,
            "category": "formula",
        }
    )


def festival_shop(n_customers: int = 3_000, days: int = 1_120, seed: int = 5) -> pd.DataFrame:
    """Customers who buy every ten weeks or so, at a festival each year, and little after it."""
    draw = np.random.default_rng(seed)
    of_year = np.arange(days) % 364
    pull = np.where((of_year >= 300) & (of_year < 308), 12.0, 1.0)
    pull = np.where((of_year >= 308) & (of_year < 364), 0.2, pull)
    rate = draw.gamma(4.0, 1 / (4.0 * 70), n_customers)
    buys = draw.random((n_customers, days)) < rate[:, None] * pull
    return purchases(*np.nonzero(buys))


def days_of(*dates: str) -> np.ndarray:
    return day_number(pd.Series(pd.to_datetime(list(dates))))


@pytest.fixture(scope="module")
def shop():
    """Purchase days, the reachable customers of slices, and what became of them."""
    events = festival_shop()
    last_day = events["ds"].max()
    slices = [last_day - pd.Timedelta(days=28 * back) for back in range(17)]
    features = customer_features(events, slices)
    features = features[features["recency_days"] <= DAYS].reset_index(drop=True)
    return events, features, churn_labels(features, events, outcome_days=DAYS, last_day=last_day)


def test_a_level_is_the_share_of_recent_buyers_who_then_stay_away(monkeypatch):
    monkeypatch.setattr(ml.churn.season, "_FEWEST_CUSTOMERS", 5)
    draw = np.random.default_rng(1)
    events = purchases(draw.integers(0, 40, 600), draw.integers(0, 700, 600))
    events = events.drop_duplicates(["customer_id", "ds"])
    asked = START + pd.to_timedelta(np.arange(430, 640, 7), "D")
    season = Season.learn(events, day_number(pd.Series(asked)), 30)
    levels = []
    for day in asked - pd.Timedelta(days=364):
        ahead = (events["ds"] - day).dt.days
        bought = set(events["customer_id"][ahead.between(-29, 0)])
        again = set(events["customer_id"][ahead.between(1, 30)])
        away = len(bought - again)
        levels.append(np.log((away + 0.5) / (len(bought) - away + 0.5)))
    levels = np.array(levels)
    found = season.of(day_number(pd.Series(asked)))
    np.testing.assert_allclose(found, levels - levels.mean(), atol=1e-3)


def test_what_is_not_known_moves_nothing(shop):
    events, features, _ = shop
    as_of = day_number(features["as_of"])
    assert not Season.learn(events.head(0), as_of, DAYS).of(as_of).any()
    assert not Season.learn(events[events["customer_id"] < "c_00200"], as_of, DAYS).of(as_of).any()
    three = np.unique(as_of)[-3:]
    assert not Season.learn(events, three, DAYS).of(as_of).any()
    four = np.unique(as_of)[-4:]
    season = Season.learn(events, four, DAYS)
    assert season.of(four).any()
    assert season.of(four).mean() == pytest.approx(0, abs=1e-9)
    assert not season.of(days_of("2024-06-01", "2030-06-01")).any()


def test_after_a_festival_the_level_is_that_after_the_last_one(shop):
    events, features, labels = shop
    # the slice whose 60 days are the quiet weeks after the third festival
    after = labels[labels["as_of"] >= START + pd.Timedelta(days=1_030)]
    test = after[after["as_of"] == after["as_of"].min()]
    train = labels[labels["known_on"] <= test["as_of"].iloc[0]]
    rows = features.merge(test[KEYS], on=KEYS)
    y = test.sort_values("customer_id")["is_churned"].to_numpy(float)
    found = {}
    for name, fewest in (("with", 4), ("without", 99)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ml.churn.season, "_FEWEST_SLICES", fewest)
            model = ChurnModel("recency_frequency").fit(features, events, train)
        found[name] = ece(y, model.predict(rows, events)["churn_score"].to_numpy())
    assert found["without"] > 0.1
    assert found["with"] < found["without"] / 2


def test_a_season_survives_saving_and_the_future_does_not_move_it(shop, tmp_path):
    events, features, labels = shop
    ((train, test),) = origins(labels, 1)
    as_of = test["as_of"].iloc[0]
    rows = features.merge(test[KEYS], on=KEYS)
    model = ChurnModel("recency_frequency").fit(features, events, train)
    assert model.blend_weights["season"] > 0
    said = model.predict(rows, events)
    model.save(tmp_path)
    pd.testing.assert_frame_equal(ChurnModel.load(tmp_path).predict(rows, events), said)
    gone = events[events["ds"] <= as_of]
    again = ChurnModel("recency_frequency").fit(features, gone, train)
    pd.testing.assert_frame_equal(again.predict(rows, gone), said, check_exact=True)
