"""Backtests refit at every cutoff, see nothing later, and score in-stock weeks only."""

import numpy as np
import pandas as pd
import pytest

from ml.backtest import backtest, backtest_cumulative, cutoffs, score

WEEKS = pd.date_range("2025-01-06", periods=20, freq="W-MON")


def panel_of(values: dict[str, list[float]]) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame({"unique_id": name, "ds": WEEKS[-len(y) :], "y": np.array(y, float)})
        for name, y in values.items()
    )


class LastValue:
    """A forecaster that repeats the last value and remembers what it was shown."""

    shown: list[pd.DataFrame] = []

    def fit(self, panel, static=None, known_future=None):  # noqa: ARG002
        self.panel = panel
        LastValue.shown.append(panel)
        return self

    def _last(self):
        return self.panel.sort_values("ds").groupby("unique_id")["y"].last()

    def predict(self):
        cutoff, last = self.panel["ds"].max(), self._last()
        return pd.concat(
            pd.DataFrame(
                {
                    "unique_id": last.index,
                    "ds": cutoff + pd.Timedelta(weeks=step),
                    "cutoff": cutoff,
                    "step": step,
                    "y_hat": last.to_numpy(),
                    "p10": last.to_numpy() - 1,
                    "p90": last.to_numpy() + 1,
                }
            )
            for step in range(1, 6)
        )

    def predict_cumulative(self, periods):
        last = self._last()
        return pd.concat(
            pd.DataFrame(
                {
                    "unique_id": last.index,
                    "cutoff": self.panel["ds"].max(),
                    "periods": k,
                    "y_hat": k * last.to_numpy(),
                    "p90": k * last.to_numpy() + 1,
                }
            )
            for k in periods
        )


def test_cutoffs_leave_a_whole_horizon_of_data_after_each():
    found = cutoffs(panel_of({"a": range(20)}), horizon=4, n_windows=3, step_size=2)
    assert found == [WEEKS[11], WEEKS[13], WEEKS[15]]


def test_a_panel_too_short_for_the_windows_is_an_error():
    with pytest.raises(ValueError, match="need 24 weeks"):
        cutoffs(panel_of({"a": range(20)}), horizon=10, n_windows=4, step_size=4)


def test_each_window_is_fitted_on_data_up_to_its_cutoff_only():
    LastValue.shown = []
    frame = backtest(LastValue, panel_of({"a": range(20)}), horizon=3, n_windows=2, step_size=4)
    assert [shown["ds"].max() for shown in LastValue.shown] == [WEEKS[12], WEEKS[16]]
    assert (frame["ds"] > frame["cutoff"]).all()
    assert list(frame.loc[frame["cutoff"] == WEEKS[16], "y"]) == [17, 18, 19]
    assert list(frame.loc[frame["cutoff"] == WEEKS[16], "y_hat"]) == [16, 16, 16]


def test_a_series_born_after_the_cutoff_is_not_in_that_window():
    panel = panel_of({"a": range(20), "b": range(5)})
    frame = backtest(LastValue, panel, horizon=3, n_windows=2, step_size=4)
    assert set(frame.loc[frame["unique_id"] == "b", "cutoff"]) == {WEEKS[16]}


def test_stock_out_weeks_are_counted_but_not_scored():
    panel = panel_of({"a": [10] * 20})
    panel["is_stockout"] = panel["ds"] == WEEKS[18]
    panel.loc[panel["is_stockout"], "y"] = 0
    scores = score(backtest(LastValue, panel, horizon=3, n_windows=1))
    assert scores["wape"] == 0
    assert (scores["n"], scores["n_stockout"]) == (2, 1)
    assert scores["coverage_80"] == 1
    assert scores["below_p90"] == 1
    assert np.isnan(scores["coverage_90"])


def test_sums_are_set_beside_the_sum_that_came():
    panel = panel_of({"a": range(20), "b": [2] * 20})
    weekly, sums = backtest_cumulative(
        LastValue, panel, horizon=3, periods=(1, 3), n_windows=1, step_size=4
    )
    got = sums.set_index(["unique_id", "periods"])
    assert got.loc[("a", 3), "y"] == 17 + 18 + 19
    assert got.loc[("a", 3), "y_hat"] == 48
    assert got.loc[("b", 1), "y"] == 2
    scores = score(weekly, cumulative=sums)
    assert scores["sum_n"] == 4
    assert scores["sum_below_p90"] == 0.75


def test_a_sum_with_a_missing_week_is_left_out():
    panel = panel_of({"a": [1] * 20, "b": [2] * 20})
    panel = panel[~((panel["unique_id"] == "b") & (panel["ds"] == WEEKS[18]))]
    _, sums = backtest_cumulative(LastValue, panel, horizon=3, periods=(1, 3), n_windows=1)
    assert sorted(zip(sums["unique_id"], sums["periods"], strict=True)) == [
        ("a", 1),
        ("a", 3),
        ("b", 1),
    ]


def test_scores_can_be_split_by_step_and_by_volume_class():
    panel = panel_of({"big": [100] * 20, "mid": [18] * 20, "small": [1] * 19 + [4]})
    frame = backtest(LastValue, panel, horizon=3, n_windows=1)
    by_step = score(frame, by="step")
    assert list(by_step) == ["1", "2", "3"]
    assert by_step["1"]["wape"] == 0
    assert by_step["3"]["wape"] > 0
    by_class = score(frame, by="volume_class")
    assert {name: scores["n"] for name, scores in by_class.items()} == {"A": 3, "B": 3, "C": 3}
    assert by_class["C"]["bias"] == pytest.approx(-0.5)
