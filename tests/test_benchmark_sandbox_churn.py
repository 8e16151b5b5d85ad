"""The sandbox benchmark: the right slice, the true households, full marks for who knows all."""

from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest
from churn_shop import make_shop

from benchmarks import sandbox_churn as bench
from ml.churn.labels import churn_labels, cycle_days
from ml.churn.model import ChurnModel
from ml.churn.outlook import WARNING_DAYS, Outlook
from ml.churn.timeline import KEYS
from ml.churn.value import VALUE_DAYS, spent_after


@pytest.fixture(scope="module")
def shop():
    return make_shop(300)


@pytest.fixture(scope="module")
def households(shop):
    """A household per customer: one third leaves, every other of them for the baby's age."""
    customers = np.sort(shop.events["customer_id"].unique())
    number = np.arange(len(customers))
    left = shop.last_day - pd.Timedelta(days=VALUE_DAYS - 5)
    return pd.DataFrame(
        {
            "customer_id": customers,
            "household": number,
            "lapsed_on": np.where(number % 6 == 0, left, pd.NaT),
            "graduated_on": np.where(number % 6 == 3, left, pd.NaT),
        }
    ).astype({"lapsed_on": "datetime64[ns]", "graduated_on": "datetime64[ns]"})


@pytest.fixture(scope="module")
def state(shop, households, tmp_path_factory):
    """The folders of a demo that the benchmark reads; a stranger's order lies in every basket."""
    state = tmp_path_factory.mktemp("state")
    for part in ("exports", "warehouse", "truth/orders", "truth/shops", "truth/households"):
        (state / part).mkdir(parents=True)
    born = pd.Timestamp("2024-01-01")
    births = pd.DataFrame(
        {
            "customer_id": households["customer_id"], "ds": pd.Timestamp("2024-12-01"),
            "source": "crm", "earliest_birth_on": born, "latest_birth_on": born, "edge_months": 0,
        }
    )  # fmt: skip
    talks = pd.DataFrame(
        {"customer_id": ["c_000001"], "ds": [shop.last_day], "chats": [1.0], "messages": [1.0]}
    )
    for name, table in (
        ("feat_customer", shop.features), ("feat_customer_events", shop.events),
        ("feat_customer_births", births), ("feat_customer_talks", talks),
    ):  # fmt: skip
        table.to_parquet(state / "exports" / f"{name}.parquet")
    n = len(households)
    orders = pd.DataFrame(
        {
            "platform": "taobao",
            "shop_no": 1,
            "platform_order_id": [str(i) for i in range(3 * n)],
            "household": [*households["household"], *households["household"], *[10_000] * n],
        }
    )
    lines = pd.DataFrame(
        {
            "customer_id": [*households["customer_id"]] * 3,
            "order_id": "taobao:s1:" + orders["platform_order_id"],
        }
    )
    truth = households.drop(columns="customer_id")
    stranger = pd.DataFrame({"household": [10_000], "lapsed_on": [shop.last_day]})
    truth = pd.concat([truth, stranger])
    orders.to_parquet(state / "truth" / "orders" / "day.parquet")
    truth.to_parquet(state / "truth" / "households" / "all.parquet")
    shops = pd.DataFrame({"shop_no": [1], "shop_id": ["s1"]})
    shops.to_parquet(state / "truth" / "shops" / "all.parquet")
    with duckdb.connect(state / "warehouse" / "stork.duckdb") as connection:
        connection.register("lines", lines)
        connection.execute("create table fct_order_lines as select * from lines")
    return state


@pytest.fixture(scope="module")
def trial(state):
    return bench.read_trial(state)


@pytest.fixture
def shown(monkeypatch):
    tables = {}
    monkeypatch.setattr(bench, "_show", lambda title, rows: tables.update({title: rows}))
    return tables


@pytest.fixture
def oracle(trial):
    """What a model would say that knows what is coming."""
    ends = churn_labels(
        trial.test, trial.events, outcome_days=cycle_days(trial.test), last_day=trial.last_day
    )
    rows = trial.test[KEYS].merge(trial.truth, on="customer_id")
    graduated = rows["graduated_on"].notna().to_numpy()
    away = dict(zip(ends["customer_id"], ends["is_churned"], strict=True))
    on_time = churn_labels(
        trial.test, trial.events, outcome_days=60, last_day=trial.last_day, gap_days=WARNING_DAYS
    )
    soon = dict(zip(on_time["customer_id"], on_time["is_churned"], strict=True))
    return rows[KEYS].assign(
        churn_score=[0.9 if away.get(c) else 0.1 for c in rows["customer_id"]],
        ending_expected=np.where(graduated, "graduated", "lapsed"),
        graduated_share=graduated.astype(float),
        leaves_in_7d_score=[0.9 if soon.get(c) else 0.1 for c in rows["customer_id"]],
        expected_90d_amount=spent_after(trial.test, trial.events),
    )


def test_the_newest_slice_whose_ninety_days_are_over_is_judged(trial, shop):
    assert trial.last_day == shop.last_day
    days = np.sort(shop.features["as_of"].unique())
    over = days + pd.Timedelta(days=VALUE_DAYS) <= shop.last_day
    assert trial.as_of == days[over].max() < days.max()
    assert trial.test["is_reachable"].all()
    assert trial.known["as_of"].max() == trial.as_of
    assert trial.past["ds"].max() <= trial.as_of < trial.events["ds"].max()


def test_a_customer_stands_for_the_household_behind_most_of_its_orders(trial, households):
    found = trial.truth.sort_values("customer_id", ignore_index=True)
    wanted = households[found.columns].astype(found.dtypes.to_dict())
    pd.testing.assert_frame_equal(found, wanted)


def test_a_state_too_young_is_refused(state, trial, monkeypatch):
    young = trial.features[trial.features["as_of"] > trial.as_of]
    monkeypatch.setattr(bench, "population", lambda features: young[features.columns])
    with pytest.raises(ValueError, match="no slice lies 90 days before"):
        bench.read_trial(state)


def test_who_knows_the_ending_is_right_about_every_household_that_left(trial, oracle, shown):
    bench.endings(trial, oracle)
    ours, rule = shown["Lapsed or graduated, customers whose household left within the window"]
    assert (ours["accuracy"], ours["roc_auc"]) == (1, 1)
    assert ours["called graduated"] == ours["base_rate"]
    assert rule["n"] == ours["n"] > 20
    silent = shown["Ending of who stayed silent through their own cycle, against the truth"]
    for row in silent:
        if row["said"] in ("lapsed", "graduated"):
            other = "graduated" if row["said"] == "lapsed" else "lapsed"
            assert row[row["said"]] > row[other] == 0


def test_the_rule_asks_for_the_age_at_the_end_of_each_customers_own_window(trial, oracle, shown):
    ages = np.random.default_rng(5).uniform(31, 36, len(trial.test))
    trial = replace(trial, test=trial.test.assign(baby_age_months=ages))
    bench.endings(trial, oracle)
    _, rule = shown["Lapsed or graduated, customers whose household left within the window"]
    rows = trial.test.merge(trial.truth, on="customer_id").assign(window=cycle_days)
    ends = rows["as_of"] + pd.to_timedelta(rows["window"], unit="D")
    over = ends <= trial.last_day
    assert 0 < over.sum() < len(rows), "some windows are not over and left out"
    graduated = over & (rows["graduated_on"] <= ends)
    left = graduated | (over & (rows["lapsed_on"] <= ends))
    three = rows["baby_age_months"] + rows["window"] / 30.44 >= 36
    assert rule["accuracy"] == pytest.approx((three == graduated)[left].mean())


def test_a_warning_that_knows_finds_as_many_as_a_tenth_can_hold(trial, oracle, shown):
    bench.early_warning(trial, oracle)
    ((title, rows),) = shown.items()
    assert "not overdue yet" in title
    *opponents, ours = rows
    assert ours["recall at 10 %"] == ours["at most"] > 0
    assert (ours["precision at 10 %"], ours["roc_auc"]) == (1, 1)
    assert all(row["recall at 10 %"] < ours["recall at 10 %"] for row in opponents)
    assert ours["n"] == (trial.test["recency_over_gap"] <= 1).sum()


def test_an_amount_that_knows_is_without_error(trial, oracle, shown):
    bench.value(trial, oracle)
    ((_, (ours, own, _)),) = shown.items()
    assert ours["mean error (yuan)"] == 0 < own["mean error (yuan)"]
    assert (ours["sum against spent"], round(ours["rank correlation"], 9)) == (1, 1)


def test_spoiling_what_comes_after_the_slice_moves_no_opponent(trial):
    later = trial.events["ds"] > trial.as_of
    assert later.any()
    spoiled = trial.events.assign(paid_amount=trial.events["paid_amount"].mask(later, 1e9))
    spoiled = spoiled[~later | (spoiled["customer_id"] > "c_000100")]
    other = bench.Trial(
        trial.features, spoiled, trial.test, trial.truth, trial.as_of, trial.last_day
    )
    ours, theirs = (bench._opponent(t, "recency_frequency", t.test, 0) for t in (trial, other))
    pd.testing.assert_frame_equal(ours, theirs)


def test_the_score_is_shown_beside_its_opponents_and_within_slices(trial, oracle, shown):
    bench.scores(trial, Outlook(ChurnModel("recency")), oracle)
    (_, rows), (title, slices) = shown.items()
    assert [row["model"] for row in rows] == [*bench.OPPONENTS, "stork (recency)"]
    assert rows[-1]["n"] == len(trial.test)
    assert title == "Within slices"
    assert slices[0]["n"] == len(trial.test)
