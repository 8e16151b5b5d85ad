"""Contributions become a planner's words, the largest first."""

import numpy as np
import pandas as pd
import pytest
from test_demand_forecaster import H, N, ensemble, forecaster, shop  # noqa: F401

from ml.demand.boosted import WIDE_VIEWS
from ml.demand.reasons import REASONS, reason_of, top_reasons


@pytest.mark.parametrize(
    ("feature", "reason"),
    [
        ("lag_3", "recent_sales"),
        ("mean_52", "usual_sales"),
        ("mean_8", "recent_sales"),
        ("last_year_around", "last_year"),
        ("Store_last_year", "neighbours"),
        ("all_now", "neighbours"),
        ("discount_rate_change", "promotion"),
        ("days_to_spring_festival", "festival"),
        ("price_over_normal", "price"),
        ("brand_id", "attributes"),
        ("season_base", "season"),
    ],
)
def test_every_feature_has_a_reason(feature, reason):
    assert reason_of(feature) == reason


def test_a_planned_column_nobody_knows_is_a_plan_and_every_reason_has_words():
    assert reason_of("deal", planned=("deal",)) == "plan"
    assert all(english and chinese for _, _, english, chinese in REASONS)


def test_effects_of_one_reason_are_added_and_the_largest_comes_first():
    rows = pd.DataFrame({"unique_id": ["a"], "ds": [pd.Timestamp("2025-01-06")], "y_hat": [20.0]})
    parts = np.array([[0.2, 0.3, -0.1, 5.0]])
    made = top_reasons(rows, ["lag_0", "lag_1", "uplift", "usual"], parts)
    assert list(made["reason"]) == ["recent_sales", "promotion"]
    assert made["factor"].iloc[0] == pytest.approx(np.exp(0.5))
    assert made["effect_qty"].iloc[0] == pytest.approx(20 * (1 - np.exp(-0.5)))
    assert made["words"].iloc[1].startswith("planned promotions lowers it by")
    assert made["words_zh"].iloc[0].startswith("近期销量：多")


def test_contributions_add_up_to_the_boosted_mean(ensemble):  # noqa: F811
    member, tables = ensemble.members["xgboost"], ensemble._tables
    origin, step = tables.n_weeks - 1, np.array([1, 4])
    _, parts = member.contributions(tables, np.array([3, 3]), origin, step)
    features = tables.rows(np.array([3, 3]), np.full(2, origin), step)
    alike, units = (np.log(member.wide[v].inplace_predict(features)) for v in WIDE_VIEWS)
    own = member._plain(features)
    nearer, further = member.plain
    plain = [
        np.log(nearer.inplace_predict(own[:1]))[0],
        np.log(further.inplace_predict(own[1:]))[0],
    ]
    np.testing.assert_allclose(parts.sum(1), (alike + units + plain) / 3, atol=1e-4)


def test_a_forecast_row_is_explained_and_a_promotion_shows_up_where_it_is_planned(ensemble):  # noqa: F811
    future = shop()[2].query("ds > '2025-04-28'")
    deep = future.assign(discount_rate=0.3, promo_share=1.0)
    rows = ensemble.predict(deep).query("step == 1")
    made = ensemble.explain(rows, known_future=deep)
    assert set(made["unique_id"]) == set(rows["unique_id"])
    assert made.groupby("unique_id").size().max() <= 5
    assert (made.query("reason == 'promotion'")["effect_qty"] > 0).mean() > 0.9
    assert made.query("reason == 'promotion'")["unique_id"].nunique() > N * 0.7


def test_rows_no_booster_made_say_who_made_them():
    model = forecaster("seasonal_naive").fit(*shop())
    made = model.explain(model.predict())
    assert len(made) == N * H
    assert set(made["reason"]) == {"seasonal_naive"}
    assert made["words"].str.startswith("last year's sales").all()
