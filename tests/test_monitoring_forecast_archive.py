"""Maturing: a forecast meets its actual exactly once, and never with hindsight."""

import pandas as pd
import pytest

from monitoring.forecast_archive import mature

MONDAYS = pd.date_range("2025-01-06", periods=10, freq="W-MON")


def forecasts(cutoff, *, steps=6, y_hat=5.0, made=None):
    ds = MONDAYS[cutoff < MONDAYS][:steps]
    return pd.DataFrame(
        {
            "unique_id": "a@main",
            "ds": ds,
            "cutoff": cutoff,
            "step": range(1, len(ds) + 1),
            "y_hat": y_hat,
            "forecasted_as_of": made or cutoff + pd.Timedelta(days=7),
        }
    )


def actuals(until):
    ds = MONDAYS[until >= MONDAYS]
    return pd.DataFrame(
        {"unique_id": "a@main", "ds": ds, "y": range(len(ds)), "is_stockout": False}
    )


def test_only_weeks_that_are_over_mature_and_only_near_steps():
    archive = pd.concat([forecasts(MONDAYS[0]), forecasts(MONDAYS[2])])
    matured = mature(archive, actuals(MONDAYS[5]))
    assert matured.groupby("cutoff")["step"].apply(list).tolist() == [[1, 2, 3, 4], [1, 2, 3]]
    assert matured.loc[matured["cutoff"] == MONDAYS[0], "y"].tolist() == [1, 2, 3, 4]
    assert mature(archive, actuals(MONDAYS[0])).empty


def test_the_last_forecast_of_a_cutoff_counts_unless_it_was_made_with_hindsight():
    first, again = (
        forecasts(MONDAYS[0], y_hat=1.0),
        forecasts(MONDAYS[0], y_hat=2.0, made=MONDAYS[0] + pd.Timedelta(days=9)),
    )
    late = forecasts(MONDAYS[0], y_hat=3.0, made=MONDAYS[3])
    matured = mature(pd.concat([again, late, first]), actuals(MONDAYS[5]), max_step=3)
    assert matured["y_hat"].tolist() == [2.0, 2.0, 3.0]  # week 3 was still running when late was


def test_only_the_newest_weeks_are_kept_when_asked():
    matured = mature(forecasts(MONDAYS[0]), actuals(MONDAYS[9]), last_weeks=2)
    assert matured["ds"].tolist() == [MONDAYS[3], MONDAYS[4]]


def test_repeated_actuals_are_an_error():
    twice = pd.concat([actuals(MONDAYS[3])] * 2)
    with pytest.raises(pd.errors.MergeError):
        mature(forecasts(MONDAYS[0]), twice)
