"""The monitors' share of a night, read from an event log."""

import dagster as dg
import pytest

from benchmarks.overhead import last_steps, share_of_night


def test_training_is_no_part_of_a_night_and_extracts_hold_their_own_verdicts():
    steps = {
        "taobao__orders": 50.0,
        "warehouse": 40.0,
        "demand_forecast": 10.0,
        "demand_model": 900.0,
        "forecast_error": 3.0,
        "monitoring__history": 1.0,
        "demand_model_retrain_due": 0.5,
    }
    share, watching, night = share_of_night(steps, at_the_door=5.5)
    assert night == pytest.approx(104.5)
    assert watching == pytest.approx(10.0)
    assert share == pytest.approx(10.0 / 104.5)


def test_the_steps_of_the_newest_run_that_succeeded_are_read():
    instance = dg.DagsterInstance.ephemeral()

    @dg.op
    def forecast_error():
        pass

    @dg.op
    def breaks():
        raise RuntimeError("broken")

    @dg.job(name="derive")
    def works():
        forecast_error()

    @dg.job(name="derive")
    def fails():
        breaks()

    works.execute_in_process(instance=instance)
    fails.execute_in_process(instance=instance, raise_on_error=False)
    assert set(last_steps(instance)) == {"forecast_error"}
