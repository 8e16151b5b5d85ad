"""The public class: no peeking, no vanishing series, the same answer twice."""

import json

import numpy as np
import pandas as pd
import pytest

from ml.demand.boosted import BoostedDemand
from ml.demand.features import FORMER, FeatureTables
from ml.demand.forecaster import DemandForecaster

N, T, H = 24, 70, 4
WEEKS = pd.date_range("2024-01-01", periods=T + H, freq="W-MON")
QUICK = {
    "xgboost": {"rounds": 30, "eta": 0.2, "quantile_rounds": 15},
    "lstm": {"epochs": 2, "pairs_per_epoch": 500, "hidden": 16},
}
PS = ["p05", "p10", "p25", "p50", "p75", "p90", "p95", "p99"]


def shop(seed=0):
    """Panel, static, known future: promotions double demand at a 30 % discount."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(5, 60, N)
    discount = np.where(rng.random((N, T + H)) < 0.15, rng.choice([0.15, 0.3], (N, T + H)), 0.0)
    y = rng.poisson(level[:, None] * np.exp(2.3 * discount)).astype(float)
    ids = np.repeat([f"s{k:02d}@main" for k in range(N)], T + H)
    frame = pd.DataFrame({"unique_id": ids, "ds": np.tile(WEEKS, N), "y": y.ravel()})
    frame["is_stockout"] = rng.random(len(frame)) < 0.04
    frame["price_amount"] = 100 * (1 - discount.ravel())
    known = frame[["unique_id", "ds"]].assign(
        discount_rate=discount.ravel(), promo_share=(discount.ravel() > 0).astype(float)
    )
    static = pd.DataFrame({"unique_id": frame["unique_id"].unique()})
    static["category"] = np.where(np.arange(N) % 2 == 0, "diapers", "powder")
    return frame[frame["ds"] < WEEKS[T]].reset_index(drop=True), static, known


def forecaster(model="xgboost", **kwargs):
    return DemandForecaster(horizon=H, model=model, params=QUICK, threads=1, **kwargs)


def numbers(frame):
    return frame[["y_hat", *PS]].to_numpy()


@pytest.fixture(scope="module")
def ensemble():
    return forecaster("ensemble").fit(*shop())


def test_the_frame_has_every_series_week_and_rising_quantiles_that_are_never_negative(ensemble):
    made = ensemble.predict()
    head = ["unique_id", "ds", "cutoff", "step", "y_hat", *PS, "model"]
    assert list(made.columns) == head
    assert len(made) == N * H
    assert set(made["model"]) == {"ensemble"}
    assert (made["ds"] == made["cutoff"] + pd.to_timedelta(7 * made["step"], unit="D")).all()
    assert made["cutoff"].unique() == [WEEKS[T - 1]]
    assert (np.diff(made[PS].to_numpy(), axis=1) >= 0).all()
    assert (made[PS].to_numpy() >= 0).all()
    assert np.isfinite(numbers(made)).all()


def test_weights_are_shares_of_the_members(ensemble):
    members = ["xgboost", "lstm", "seasonal_mean"]
    assert list(ensemble.weights.columns) == ["of", "volume_class", *members]
    assert set(ensemble.weights["of"]) == {"mean", "quantiles"}
    np.testing.assert_allclose(ensemble.weights[members].sum(axis=1), 1)
    of_the_mean = ensemble.weights.query("of == 'mean'")
    assert (of_the_mean["xgboost"] >= 0.5).all()


def test_a_sum_of_one_week_is_near_the_week_and_longer_sums_are_narrower_than_summed_quantiles(
    ensemble,
):
    weekly, sums = ensemble.predict(), ensemble.predict_cumulative((1, 4))
    assert list(sums.columns) == ["unique_id", "cutoff", "periods", "y_hat", *PS, "model"]
    assert set(sums["model"]) == {"ensemble"}
    first = weekly[weekly["step"] == 1]
    one, four = sums[sums["periods"] == 1], sums[sums["periods"] == 4]
    np.testing.assert_allclose(one["y_hat"], first["y_hat"])
    assert one["p90"].sum() == pytest.approx(first["p90"].sum(), rel=0.25)
    total = weekly.groupby("unique_id")[["y_hat", "p95"]].sum()
    np.testing.assert_allclose(four["y_hat"], total["y_hat"])
    assert four["p95"].sum() < 0.97 * total["p95"].sum()


def test_a_sum_beyond_the_horizon_is_an_error(ensemble):
    with pytest.raises(ValueError, match="between 1 and 4"):
        ensemble.predict_cumulative((5,))


def test_saving_and_loading_forecasts_identically_without_pickle(ensemble, tmp_path):
    ensemble.save(tmp_path / "model")
    files = {p.suffix for p in (tmp_path / "model").rglob("*") if p.is_file()}
    assert files == {".json", ".parquet", ".ubj", ".pt"}
    loaded = DemandForecaster.load(tmp_path / "model")
    pd.testing.assert_frame_equal(ensemble.predict(), loaded.predict())
    pd.testing.assert_frame_equal(
        ensemble.predict_cumulative((2, 3)), loaded.predict_cumulative((2, 3))
    )


@pytest.mark.parametrize(
    ("kind", "kept", "gone"), [("knots", "logs", "units"), ("wide", "units", "alike")]
)
def test_a_model_of_before_there_were_two_of_a_kind_is_still_read(tmp_path, kind, kept, gone):
    model = forecaster().fit(*shop())
    model.save(tmp_path)
    both = model.predict()
    boosted = tmp_path / "xgboost"
    (boosted / f"{kind}_{kept}.ubj").rename(boosted / f"{kind}.ubj")
    (boosted / f"{kind}_{gone}.ubj").unlink()
    one = DemandForecaster.load(tmp_path)
    assert set(getattr(one.members["xgboost"], kind)) == {kept}
    alone = one.predict()
    touched, others = (PS, ["y_hat"]) if kind == "knots" else (["y_hat"], PS)
    np.testing.assert_array_equal(alone[others], both[others])
    moved = np.abs(alone[touched] / both[touched].clip(lower=1) - 1).to_numpy()
    assert 0 < moved.mean() < 0.1


def test_an_lstm_of_before_it_held_plans_within_what_was_seen_is_still_read(tmp_path):
    model = forecaster("lstm").fit(*shop())
    model.save(tmp_path)
    file = tmp_path / "lstm" / "shape.json"
    shape = json.loads(file.read_text())
    shape["standard"] = {name: told[:2] for name, told in shape["standard"].items()}
    file.write_text(json.dumps(shape))
    pd.testing.assert_frame_equal(DemandForecaster.load(tmp_path).predict(), model.predict())


def test_a_model_of_before_reads_the_features_it_learnt_from(tmp_path, monkeypatch):
    new = FeatureTables.names
    former = property(lambda tables: [*FORMER, *new.fget(tables)[:-1]])
    with monkeypatch.context() as earlier:
        earlier.setattr(FeatureTables, "names", former)
        model = forecaster("xgboost").fit(*shop())
        model.save(tmp_path)
        made = model.predict()
    assert "age_weeks" in model.members["xgboost"].names
    pd.testing.assert_frame_equal(DemandForecaster.load(tmp_path).predict(), made)


def test_where_prices_are_known_the_plain_views_do_without_comparisons(tmp_path):
    panel, static, known = shop()
    known["price"] = 100 * (1 - known["discount_rate"])
    model = forecaster().fit(panel, static, known)
    boosted = model.members["xgboost"]
    assert set(boosted.knots) == {"logs", "units", "plain_logs", "plain_units"}
    left_out = set(boosted.names) - set(boosted.plain_names)
    assert {"price_over_normal", "price_change", "no_promo_mean", "uplift"} <= left_out
    assert {"price", "price_before", "sin_3", "mean_8"} <= set(boosted.plain_names)
    model.save(tmp_path)
    pd.testing.assert_frame_equal(DemandForecaster.load(tmp_path).predict(), model.predict())
    assert set(forecaster().fit(*shop()).members["xgboost"].knots) == {"logs", "units"}


def test_one_wide_view_counts_each_series_alike_and_the_other_by_its_volume(monkeypatch):
    weights = []
    trained = BoostedDemand._train_mean

    def seen(self, names, features, target, weight, **how):
        weights.append(weight)
        return trained(self, names, features, target, weight, **how)

    monkeypatch.setattr(BoostedDemand, "_train_mean", seen)
    model = forecaster().fit(*shop())
    alike, units = weights[-4:-2]  # the last fit: two wide views, then the plain one's two groups
    assert alike.max() == 1
    assert len(np.unique(alike)) <= T
    volumes = np.unique(model._tables.scale)
    assert np.isin(np.round(units / alike, 6), np.round(volumes, 6)).all()
    assert (units / alike).max() > 5 * (units / alike).min()


def test_shuffled_rows_and_a_second_run_change_nothing(ensemble):
    shuffled = [frame.sample(frac=1, random_state=5) for frame in shop()]
    again = forecaster("ensemble").fit(*shuffled)
    pd.testing.assert_frame_equal(ensemble.predict(), again.predict())


def test_an_update_moves_the_cutoff_without_training(ensemble, tmp_path):
    panel, _, known = shop()
    ensemble.save(tmp_path)
    moved = DemandForecaster.load(tmp_path)
    early = panel[panel["ds"] < WEEKS[T - 2]]
    moved.update(early)
    assert moved.cutoff == WEEKS[T - 3]
    assert set(moved.predict()["ds"]) == set(WEEKS[T - 2 : T + 2])
    moved.update(panel, known_future=known)
    pd.testing.assert_frame_equal(moved.predict(), ensemble.predict())


def test_an_update_forecasts_a_series_that_was_not_there_at_fit(ensemble, tmp_path):
    panel, _, known = shop()
    ensemble.save(tmp_path)
    moved = DemandForecaster.load(tmp_path)
    twin = [f[f["unique_id"] == "s03@main"].assign(unique_id="new@main") for f in (panel, known)]
    moved.update(pd.concat([panel, twin[0]]), known_future=pd.concat([known, twin[1]]))
    made = moved.predict().set_index("unique_id")["y_hat"]
    assert made["new@main"].sum() == pytest.approx(made["s03@main"].sum(), rel=0.3)


def test_torch_keeps_its_threads_and_its_random_state():
    import torch

    before, state = torch.get_num_threads(), torch.random.get_rng_state()
    forecaster("lstm").fit(*shop()).predict()
    assert torch.get_num_threads() == before
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("model", ["seasonal_naive", "xgboost", "lstm"])
def test_spoiling_what_comes_after_the_cutoff_changes_no_forecast(model):
    panel, static, known = shop()
    spoiled = panel.copy()
    cut = WEEKS[T - 6]
    after = spoiled["ds"] > cut
    spoiled.loc[after, ["y", "price_amount"]] = 1e9
    spoiled.loc[after, "is_stockout"] = True
    made = [
        forecaster(model).fit(p[p["ds"] <= cut], static, known).predict() for p in (panel, spoiled)
    ]
    pd.testing.assert_frame_equal(*made)


def test_held_out_weeks_teach_the_calibration_but_their_forecasts_do_not_see_them():
    panel, static, known = shop()
    model = forecaster("xgboost").fit(panel, static, known)
    origin = T - 9
    spoiled = panel.copy()
    # every other week: what lasts is a shift, and over that the past is read on purpose
    spoiled.loc[spoiled["ds"].isin(WEEKS[origin + 1 :: 2]), "y"] = 1e9
    spoiled.loc[spoiled["ds"].isin(WEEKS[origin + 2 :: 2]), "y"] = 0.0
    made = []
    for frame in (panel, spoiled):
        model.update(frame)
        assert model.level_shifts.empty
        made.append(model.members["xgboost"].predict(model._tables, origin))
    np.testing.assert_array_equal(made[0].mean, made[1].mean)
    np.testing.assert_array_equal(made[0].quantiles, made[1].quantiles)


def test_a_deeper_planned_discount_never_lowers_the_boosted_forecast():
    panel, static, known = shop()
    model = forecaster("xgboost").fit(panel, static, known)
    future = known[known["ds"] > WEEKS[T - 1]]
    made = [
        model.predict(future.assign(discount_rate=d, promo_share=float(d > 0)))["y_hat"]
        for d in (0.0, 0.15, 0.3)
    ]
    assert (made[1] >= made[0] - 1e-6).all()
    assert (made[2] >= made[1] - 1e-6).all()
    assert made[2].sum() > 1.4 * made[0].sum()


def test_a_discount_that_came_with_weak_weeks_is_still_not_forecast_to_hurt():
    panel, static, known = shop()
    weak = panel.merge(known, on=["unique_id", "ds"])["promo_share"].to_numpy() > 0
    panel["y"] = np.where(weak, panel["y"] * 0.2, panel["y"]).round()
    model = forecaster("xgboost").fit(panel, static, known)
    future = known[known["ds"] > WEEKS[T - 1]]
    none, deep = (
        model.predict(future.assign(discount_rate=d, promo_share=float(d > 0))) for d in (0.0, 0.3)
    )
    assert (deep["y_hat"] >= none["y_hat"] - 1e-6).all()
    assert (deep["p90"] >= none["p90"] - 1e-6).all()


def test_a_deeper_planned_discount_lifts_the_ensemble(ensemble):
    future = shop()[2].query("ds > @WEEKS[@T - 1]")
    none, deep = (
        ensemble.predict(future.assign(discount_rate=d, promo_share=float(d > 0)))["y_hat"]
        for d in (0.0, 0.3)
    )
    assert deep.sum() > 1.3 * none.sum()
    assert (deep > none * 0.98).all()


@pytest.mark.parametrize("model", ["xgboost", "lstm"])
def test_a_plan_beyond_what_was_seen_counts_as_the_most_that_was(model, tmp_path):
    panel, _, known = shop()
    is_ahead = known["ds"] > WEEKS[T - 1]
    some = (known.index.to_numpy() // 3) % 2
    plain = known[["unique_id", "ds"]].assign(never=0.0, some=np.where(is_ahead, 0.0, some))
    forecaster(model).fit(panel, known_future=plain).save(tmp_path)
    fitted = DemandForecaster.load(tmp_path)

    def made(**changes):
        return numbers(fitted.predict(plain[is_ahead].assign(**changes)))

    np.testing.assert_array_equal(made(never=1.0), made())
    # what a booster knows of a plan is also how far it is from the weeks before
    tolerance = {"lstm": 0.0, "xgboost": 0.1}[model]
    np.testing.assert_allclose(made(some=50.0), made(some=1.0), rtol=tolerance)


@pytest.mark.parametrize("model", ["seasonal_naive", "xgboost", "ensemble"])
def test_flat_series_forecast_flat(model):
    panel = pd.concat(
        pd.DataFrame({"unique_id": f"s{k}", "ds": WEEKS[:T], "y": 5.0 * (k + 1)}) for k in range(12)
    )
    made = forecaster(model).fit(panel).predict()
    level = made["unique_id"].str[1:].astype(int).add(1) * 5.0
    np.testing.assert_allclose(made["y_hat"], level, rtol=0.08)


def test_series_too_short_are_forecast_from_neighbours_dead_ones_by_the_naive_and_say_so():
    panel, static, known = shop()
    ids = sorted(panel["unique_id"].unique())
    one, dead, short = ids[:3]
    panel = panel[(panel["unique_id"] != one) | (panel["ds"] == WEEKS[T - 1])]
    panel = panel[(panel["unique_id"] != short) | (panel["ds"] >= WEEKS[T - 5])]
    panel.loc[panel["unique_id"] == dead, "y"] = 0.0
    made = forecaster("xgboost").fit(panel, static, known).predict()
    said = made.groupby("unique_id")["model"].first()
    assert len(made) == N * H
    assert list(said[[one, dead, short]]) == ["cold_start", "seasonal_naive", "cold_start"]
    assert set(said.drop([one, dead, short])) == {"xgboost"}
    assert (made.loc[made["unique_id"] == dead, "y_hat"] == 0).all()
    assert np.isfinite(numbers(made)).all()


@pytest.mark.parametrize("weeks", [1, 3, 12, 20])
def test_a_panel_however_short_is_forecast(weeks):
    panel, static, known = shop()
    panel = panel[panel["ds"] < WEEKS[weeks]]
    made = forecaster("ensemble").fit(panel, static, known)
    assert np.isfinite(numbers(made.predict())).all()
    assert np.isfinite(made.predict_cumulative((1, 4))[["y_hat", *PS]].to_numpy()).all()
    if weeks < 8:
        assert set(made.predict()["model"]) == {"seasonal_naive"}


def test_stock_outs_are_not_learnt_as_low_demand():
    panel, static, known = shop()
    hidden = panel.copy()
    hidden.loc[hidden["is_stockout"], "y"] = 0.0
    made = [forecaster("xgboost").fit(p, static, known).predict() for p in (panel, hidden)]
    pd.testing.assert_frame_equal(*made)


def test_quantiles_can_be_chosen():
    panel, *_ = shop()
    made = forecaster("xgboost", quantiles=(0.975, 0.5)).fit(panel).predict()
    assert list(made.columns[5:7]) == ["p50", "p97_5"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"model": "prophet"}, "model must be one of"),
        ({"freq": "MS"}, "freq must be weekly"),
        ({"device": "tpu"}, "device must be one of"),
        ({"horizon": 0}, "horizon"),
        ({"quantiles": (0.5, 1.0)}, "between 0 and 1"),
        ({"params": {"trees": {}}}, "params are for"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        DemandForecaster(**arguments)


def test_a_misspelt_hyper_parameter_is_refused():
    model = DemandForecaster(model="xgboost", params={"xgboost": {"depth": 3}})
    with pytest.raises(ValueError, match="no parameter 'depth'"):
        model.fit(shop()[0])


def test_forecasting_before_fitting_is_an_error():
    with pytest.raises(ValueError, match="not been fitted"):
        DemandForecaster().predict()


@pytest.mark.parametrize("member", ["xgboost", "lstm"])
def test_a_member_alone_forecasts_what_it_would_had_it_been_fitted_alone(ensemble, member):
    fitted_alone = forecaster(member).fit(*shop())
    np.testing.assert_array_equal(
        numbers(ensemble.alone(member).predict()), numbers(fitted_alone.predict())
    )
    assert set(ensemble.alone(member).predict()["model"]) == {member}


def test_a_loaded_ensemble_refuses_to_take_its_members_apart(ensemble, tmp_path):
    ensemble.save(tmp_path)
    with pytest.raises(ValueError, match="own calibration"):
        DemandForecaster.load(tmp_path).alone("xgboost")
