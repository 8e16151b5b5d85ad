"""Held-out series lose their history before any model sees it, and a missing forecast is said."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import cold_start
from benchmarks.task import Setting, make_task

WEEKS = pd.date_range("2025-01-06", periods=30, freq="W-MON")
IDS = [f"{shop}-{product}" for shop in "xy" for product in range(10)]
STATIC = pd.DataFrame(
    {
        "unique_id": IDS,
        "product": [name[2:] for name in IDS],
        "kind": ["milk" if int(name[2:]) < 4 else "toys" for name in IDS],
    }
)


@pytest.fixture
def task():
    rows = pd.MultiIndex.from_product([IDS, WEEKS], names=["unique_id", "ds"])
    frame = rows.to_frame(index=False)
    level = np.where(frame["unique_id"].str[2:].astype(int) < 4, 20.0, 4.0)
    noise = np.random.default_rng(1).poisson(level)
    return make_task(
        "shop", frame.assign(y=noise * 1.0), setting=Setting("W-MON", 3), windows=1, static=STATIC
    )


def test_a_product_is_held_out_in_all_its_series(task):
    held = cold_start.held_out(STATIC, "product")
    assert len(held) == 4
    assert len({name[2:] for name in held}) == 2
    assert held == cold_start.held_out(
        STATIC.sample(frac=1, random_state=3).sort_index(), "product"
    )
    for periods in (0, 2):
        kept = cold_start.shortened(task, held, periods)
        own = kept[kept["unique_id"].isin(held)]
        assert set(own["ds"]) == set(WEEKS[27 - periods : 27])
        assert kept["ds"].max() == WEEKS[26]
        assert (kept.groupby("unique_id").size().drop(held, errors="ignore") == 27).all()


def test_the_transfer_takes_a_category_that_leaves_others_to_learn_from(task):
    assert {name[2:] for name in cold_start.largest_category(task, "kind")} == set("0123")


def test_neighbours_of_the_same_kind_are_the_opponent(task):
    held = [name for name in IDS if name[2:] == "1"]
    panel = cold_start.shortened(task, held, 0)
    by_kind = cold_start._neighbours(task, panel, held, "kind")
    by_all = cold_start._neighbours(task, panel, held, None)
    assert by_kind["wape"] < 0.35 < by_all["wape"]
    assert (by_kind["series"], by_kind["without_forecast"]) == (2, 0)


def test_series_that_get_no_forecast_are_said_and_fail_the_run(task, monkeypatch, tmp_path, capsys):
    class OnlyKnown:
        """Forecasts what it was shown, as a forecaster without a cold start does."""

        def __init__(self, setting, model):  # noqa: ARG002
            self.setting = setting

        def fit(self, panel, static, known):  # noqa: ARG002
            self.ids = panel["unique_id"].unique()
            return self

        def predict(self):
            rows = pd.MultiIndex.from_product([self.ids, task.ahead(task.cutoffs[0])])
            frame = rows.to_frame(index=False, name=["unique_id", "ds"]).assign(y_hat=5.0)
            quantiles = self.setting.quantiles
            return frame.assign(**{cold_start.quantile_column(q): 10 * q for q in quantiles})

    monkeypatch.setattr(cold_start, "Stork", OnlyKnown)
    task.panel.to_parquet(tmp_path / "shop.parquet")
    STATIC.to_parquet(tmp_path / "static.parquet")
    command = f"--panel {tmp_path}/shop.parquet --static {tmp_path}/static.parquet --freq W-MON "
    command += f"--horizon 3 --product product --category kind --out {tmp_path}/out.json"
    code = cold_start.main(command.split())
    said = " ".join(capsys.readouterr().out.split())
    assert code == 1
    assert "not supported: stork gave 4 of 4 series no forecast (new product, 0 periods" in said
    rows = pd.read_json(tmp_path / "out.json")
    alone = rows[rows["model"] == "stork, that category alone"]
    assert list(alone["periods"]) == [4, 8]
    assert (alone["case"] == "new kind milk").all()
    assert (alone["without_forecast"] == 0).all()
