"""The churn model: what it learns, what must not change it, and what it writes to disk."""

import json

import numpy as np
import pandas as pd
import pytest
from churn_shop import make_shop

from ml.churn.baseline import COLUMNS
from ml.churn.labels import churn_labels
from ml.churn.logistic import at_level_of, divisor, fit_logistic, log_odds, probability
from ml.churn.metrics import brier, ece, roc_auc
from ml.churn.model import MEMBERS, ChurnModel
from ml.churn.splits import learners_and_held, origins
from ml.churn.timeline import KEYS

OUTCOME_DAYS = 60
QUICK = {
    "xgboost": {"max_rounds": 60},
    "lstm": {"max_epochs": 4, "hidden": 8, "batch_rows": 64, "learning_rate": 0.02},
}


@pytest.fixture(scope="module")
def shop():
    return make_shop(700)


@pytest.fixture(scope="module")
def reachable(shop):
    return shop.features[shop.features["is_reachable"]]


@pytest.fixture(scope="module")
def labels(shop, reachable):
    return churn_labels(reachable, shop.events, outcome_days=OUTCOME_DAYS, last_day=shop.last_day)


@pytest.fixture(scope="module")
def newest(shop, reachable):
    return reachable[reachable["as_of"] == shop.last_day]


@pytest.fixture(scope="module")
def fitted(shop, reachable, labels):
    return {
        name: ChurnModel(name, params=QUICK, threads=1).fit(reachable, shop.events, labels)
        for name in MEMBERS
    }


@pytest.mark.parametrize("name", MEMBERS)
def test_every_row_gets_a_probability_once(fitted, shop, newest, name):
    scored = fitted[name].predict(newest, shop.events)
    assert scored["churn_score"].between(0, 1, inclusive="neither").all()
    assert scored["churn_score"].nunique() > 5
    assert (scored["model"] == name).all()
    expected = newest[KEYS].sort_values(["as_of", "customer_id"], ignore_index=True)
    pd.testing.assert_frame_equal(scored[KEYS], expected)


@pytest.mark.parametrize("name", MEMBERS)
def test_a_saved_model_predicts_the_same_after_loading(fitted, shop, newest, tmp_path, name):
    before = fitted[name].predict(newest, shop.events)
    fitted[name].save(tmp_path / name)
    after = ChurnModel.load(tmp_path / name, threads=1).predict(newest, shop.events)
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_a_model_of_the_version_before_seasons_scores_as_it_did(fitted, shop, newest, tmp_path):
    fitted["stack"].save(tmp_path)
    kept = json.loads((tmp_path / "model.json").read_text("utf-8"))
    assert kept["blend"]["weights"].pop() == 0.0, "700 customers tell no season"
    del kept["season"]
    (tmp_path / "model.json").write_text(json.dumps(kept | {"format": 3}), "utf-8")
    scored = ChurnModel.load(tmp_path).predict(newest, shop.events)
    pd.testing.assert_frame_equal(scored, fitted["stack"].predict(newest, shop.events))
    (tmp_path / "model.json").write_text(json.dumps(kept | {"format": 9}), "utf-8")
    with pytest.raises(ValueError, match="format 3 and 4, not 9: train anew"):
        ChurnModel.load(tmp_path)


def test_a_model_is_stored_in_native_formats_only(fitted, tmp_path):
    fitted["stack"].save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "model.json",
        "lifetime.json",
        "logistic.json",
        "xgboost.ubj",
        "reasons.ubj",
        "lstm.json",
        "lstm.pt",
    }
    assert json.loads((tmp_path / "model.json").read_text("utf-8"))["model"] == "stack"


def test_shuffled_rows_change_nothing(fitted, shop, reachable, labels, newest):
    again = ChurnModel("stack", params=QUICK, threads=1).fit(
        reachable.sample(frac=1, random_state=1),
        shop.events.sample(frac=1, random_state=2),
        labels.sample(frac=1, random_state=3),
    )
    shuffled = again.predict(newest.sample(frac=1, random_state=4), shop.events)
    pd.testing.assert_frame_equal(
        fitted["stack"].predict(newest, shop.events), shuffled, check_exact=True
    )


def test_another_seed_gives_another_model(fitted, shop, reachable, labels, newest):
    other = ChurnModel("xgboost", 8, params=QUICK, threads=1).fit(reachable, shop.events, labels)
    ours = fitted["xgboost"].predict(newest, shop.events)["churn_score"]
    assert not np.array_equal(ours, other.predict(newest, shop.events)["churn_score"])


@pytest.mark.parametrize("name", ["lstm", "xgboost"])
def test_spoiling_the_future_changes_no_score(fitted, shop, reachable, labels, name):
    as_of = labels["as_of"].max()
    rows = reachable[reachable["as_of"] == as_of]
    spoiled = shop.events.copy()
    later = spoiled["ds"] > as_of
    spoiled.loc[later, ["qty", "paid_amount"]] = 1e9
    spoiled.loc[later, "category"] = "unheard of"
    again = ChurnModel(name, params=QUICK, threads=1).fit(reachable, spoiled, labels)
    pd.testing.assert_frame_equal(
        fitted[name].predict(rows, shop.events), again.predict(rows, spoiled), check_exact=True
    )


def test_the_count_expected_follows_the_chance_and_the_window(fitted, shop, newest):
    model = fitted["stack"]
    scored = model.predict(newest, shop.events)
    count = model.expected_purchases(scored, shop.events)
    surer = scored.assign(churn_score=scored["churn_score"] / 2)
    assert (model.expected_purchases(surer, shop.events) > count).all()
    longer = model.predict(newest, shop.events, days=2 * OUTCOME_DAYS)
    assert (model.expected_purchases(longer, shop.events, days=2 * OUTCOME_DAYS) > count).all()
    later = pd.concat([shop.events, shop.events.assign(ds=shop.last_day + pd.Timedelta(days=9))])
    later = later.drop_duplicates(["customer_id", "ds"])
    np.testing.assert_array_equal(model.expected_purchases(scored, later), count)
    with pytest.raises(ValueError, match="not fitted"):
        ChurnModel("recency").expected_purchases(scored, shop.events)


def test_customers_long_overdue_score_higher_than_those_who_just_bought(fitted, shop, newest):
    for name in ("recency_frequency", "xgboost", "lstm", "stack"):
        scored = fitted[name].predict(newest, shop.events).merge(newest, on=KEYS)
        score = scored["churn_score"]
        overdue = score[scored["recency_over_gap"] > 1.2].mean()
        assert overdue > score[scored["recency_over_gap"] < 0.5].mean() + 0.1, name


def test_scores_are_probabilities_on_a_later_slice(shop, reachable, labels):
    ((train, test),) = origins(labels, 1)
    model = ChurnModel("stack", params=QUICK, threads=1).fit(reachable, shop.events, train)
    scored = model.predict(reachable.merge(test[KEYS], on=KEYS), shop.events)
    scored = scored.merge(test, on=KEYS)
    y, score = scored["is_churned"].to_numpy(float), scored["churn_score"].to_numpy()
    assert roc_auc(y, score) > 0.65
    assert ece(y, score) < 0.1
    assert brier(y, score) < y.mean() * (1 - y.mean())
    weights = model.blend_weights
    assert set(weights) == {*MEMBERS["stack"], "season"}
    assert min(weights.values()) >= 0


def test_customers_alike_in_all_but_category_are_told_apart(fitted, shop, newest):
    toys = newest.assign(last_category="toys")
    diapers = newest.assign(last_category="diapers")
    scores = {
        name: fitted["xgboost"].predict(rows, shop.events)["churn_score"].mean()
        for name, rows in (("toys", toys), ("diapers", diapers))
    }
    assert scores["toys"] > scores["diapers"]


def test_an_unknown_platform_category_or_customer_is_scored(fitted, shop, newest):
    odd = newest.head(3).assign(
        customer_id=["c_new", "c_newer", "c_newest"], platform="unheard", last_category=None
    )
    later = shop.events.tail(3).assign(customer_id=odd["customer_id"].to_list(), category="new")
    scored = fitted["stack"].predict(odd, pd.concat([shop.events, later]))
    assert scored["churn_score"].between(0, 1).all()


@pytest.mark.parametrize("name", MEMBERS)
def test_of_nobody_nothing_is_said_in_the_same_columns(fitted, shop, newest, name):
    said = fitted[name].predict(newest, shop.events)
    nothing = fitted[name].predict(newest.head(0), shop.events)
    assert nothing.empty
    assert list(nothing) == list(said)


@pytest.mark.parametrize("name", ["logistic", "stack"])
def test_the_first_customer_who_differs_where_all_were_alike_settles_no_score(
    fitted, shop, newest, tmp_path, name
):
    assert shop.features["brand_count"].nunique() == 1
    model = fitted[name]
    before = model.predict(newest, shop.events)["churn_score"]
    second_brand = newest.assign(brand_count=2.0)
    np.testing.assert_allclose(
        model.predict(second_brand, shop.events)["churn_score"], before, atol=1e-3
    )
    # as it was kept before: the rounding errors of a mean for a spread
    model.save(tmp_path)
    kept = json.loads((tmp_path / "logistic.json").read_text("utf-8"))
    place = COLUMNS["logistic"].index("brand_count")
    kept["spread"][place], kept["logistic"]["weights"][place] = 1.8e-14, 2.9e-6
    (tmp_path / "logistic.json").write_text(json.dumps(kept), "utf-8")
    after = ChurnModel.load(tmp_path).predict(second_brand, shop.events)["churn_score"]
    np.testing.assert_allclose(after, before, atol=1e-3)


def test_customers_keep_lessons_and_calibration_apart_in_every_slice(labels):
    train, held = learners_and_held(labels)
    assert sorted([*train, *held]) == list(range(len(labels)))
    assert not set(labels["customer_id"].iloc[train]) & set(labels["customer_id"].iloc[held])
    share = labels.iloc[held].groupby("as_of").size() / labels.groupby("as_of").size()
    assert share.between(0.15, 0.45).all()
    assert len(share) == labels["as_of"].nunique() > 3


def test_no_outcome_window_reaches_into_a_test_slice(labels):
    windows = origins(labels, 3)
    assert len(windows) == 3
    for train, test in windows:
        assert train["known_on"].max() <= test["as_of"].min()
        assert test["as_of"].nunique() == 1
    assert windows[0][1]["as_of"].iloc[0] == labels["as_of"].max()


def test_labels_of_one_kind_are_refused_with_their_number(shop, reachable, labels):
    alike = labels.assign(is_churned=True)
    with pytest.raises(ValueError, match=f"{len(alike)} labels are too few or all alike"):
        ChurnModel("recency").fit(reachable, shop.events, alike)
    with pytest.raises(ValueError, match=r"none of \d+ slices .* has earlier slices"):
        origins(alike, 1)


def test_a_label_without_features_is_refused(shop, reachable, labels):
    with pytest.raises(ValueError, match="1 labels have no row"):
        ChurnModel("recency").fit(
            reachable, shop.events, pd.concat([labels, labels.head(1).assign(customer_id="c_x")])
        )


def test_wrong_settings_and_early_calls_are_refused(shop, newest, tmp_path):
    with pytest.raises(ValueError, match="model 'oracle'"):
        ChurnModel("oracle")
    with pytest.raises(ValueError, match="take none"):
        ChurnModel(params={"recency": {}})
    with pytest.raises(ValueError, match="deepness"):
        ChurnModel("xgboost", params={"xgboost": {"deepness": 3}})
    with pytest.raises(ValueError, match="not fitted"):
        ChurnModel("recency").predict(newest, shop.events)
    with pytest.raises(ValueError, match="not fitted"):
        ChurnModel("recency").save(tmp_path)


def test_logistic_finds_the_odds_it_was_drawn_from():
    draw = np.random.default_rng(1)
    x = draw.normal(size=(20_000, 2))
    y = draw.random(20_000) < probability(-0.5 + x @ [1.0, -2.0])
    free = fit_logistic(x, y, ridge=0.1)
    assert free.intercept == pytest.approx(-0.5, abs=0.1)
    assert free.weights == pytest.approx([1.0, -2.0], abs=0.1)
    assert fit_logistic(x, y, ridge=0.1, at_least=0.0).weights[1] == 0.0


def test_rounding_errors_are_no_spread_to_divide_by():
    alike = np.log1p(np.full(7_103, 45.0))
    assert 0 < alike.std() < 1e-12, "a sum of thousands is rounded"
    rare = np.append(np.full(9_999, 1.0), 2.0)
    spread = [alike.std(), rare.std(), 0.0, 2e-3]
    found = divisor(spread, [alike.mean(), rare.mean(), 0.0, -1e3])
    assert found.tolist() == [1.0, rare.std(), 1.0, 2e-3]


def test_without_evidence_the_blend_is_the_plain_average():
    x = np.full((2, 2), 0.3)
    blend = fit_logistic(x, np.array([0, 1]), ridge=1e6, prior=[0.5, 0.5])
    assert blend.weights == pytest.approx([0.5, 0.5], abs=1e-4)


def test_log_odds_and_probability_undo_each_other():
    p = np.array([1e-6, 0.2, 0.5, 0.97])
    np.testing.assert_allclose(probability(log_odds(p)), p)


@pytest.mark.parametrize("name", ["recency_frequency", "xgboost"])
def test_the_level_is_that_of_all_slices_though_the_newest_is_of_another_season(
    shop, reachable, labels, name
):
    newest = labels["as_of"] == labels["as_of"].max()
    odd = labels.assign(is_churned=labels["is_churned"] | newest)
    rows = reachable.merge(labels[KEYS], on=KEYS)
    model = ChurnModel(name, params=QUICK, threads=1).fit(reachable, shop.events, odd)
    score = model.predict(rows, shop.events)["churn_score"]
    assert score.mean() == pytest.approx(odd["is_churned"].mean(), abs=1e-6)


def test_the_level_set_is_the_share_of_ones_and_one_class_has_none():
    draw = np.random.default_rng(2)
    x = draw.normal(size=(500, 2))
    y = draw.random(500) < 0.03
    off = fit_logistic(x, draw.random(500) < 0.9, ridge=1.0)
    level = at_level_of(off, x, y)
    assert probability(level.margin(x)).mean() == pytest.approx(y.mean(), abs=1e-9)
    assert level.weights == off.weights
    with pytest.raises(ValueError, match="one class"):
        at_level_of(off, x, np.ones(500))


def test_a_member_the_held_customers_contradict_is_silenced_not_turned_around(
    shop, reachable, labels
):
    _, held = learners_and_held(labels)
    contrary = labels["is_churned"].to_numpy() ^ np.isin(np.arange(len(labels)), held)
    contrary = labels.assign(is_churned=contrary)
    model = ChurnModel("recency_frequency").fit(reachable, shop.events, contrary)
    assert model.blend_weights == {"recency_frequency": 0.0, "season": 0.0}


def test_reasons_come_from_a_faithful_imitation_of_the_score(fitted, shop, newest):
    model = fitted["stack"]
    rows = newest.sort_values(["as_of", "customer_id"], ignore_index=True)
    inputs = model._inputs(rows, shop.events)
    imitated = model._surrogate.margin(inputs)
    margin = log_odds(model.predict(newest, shop.events)["churn_score"].to_numpy())
    assert np.corrcoef(imitated, margin)[0, 1] ** 2 > 0.85
    parts = model._surrogate.contributions(inputs).sum(axis=1)
    assert np.ptp(imitated - parts) < 1e-3


def test_a_stack_says_of_its_members_what_they_would_say_alone(fitted, shop, newest, tmp_path):
    stack = fitted["stack"]
    scores = stack.member_scores(newest, shop.events)
    for name in ("stack", *MEMBERS["stack"]):
        own = fitted[name].predict(newest, shop.events)
        pd.testing.assert_frame_equal(scores[KEYS], own[KEYS])
        np.testing.assert_allclose(scores[name], own["churn_score"], atol=1e-12)
    stack.save(tmp_path)
    with pytest.raises(ValueError, match="freshly fitted"):
        ChurnModel.load(tmp_path).member_scores(newest, shop.events)
