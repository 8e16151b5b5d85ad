"""The accelerated loop: its shop, its stand-in forecaster, and what one life comes to."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import loop
from benchmarks.loop_forecaster import Forecaster
from benchmarks.loop_run import Shop, live
from benchmarks.loop_world import DARK_WEEKS, PAST, make_world


def test_equal_seeds_give_equal_shops_and_a_change_touches_only_what_comes_after():
    quiet, up = make_world(5), make_world(5, "up")
    assert (make_world(5, "up").y == up.y).all()
    assert up.changed_at >= PAST + 4
    assert np.isclose(up.y[:, :PAST].sum(), quiet.y[:, :PAST].sum(), rtol=0.05)


def test_no_forecast_sees_what_comes_after_it():
    world, now = make_world(5, n_skus=20), PAST + 3
    spoiled = np.where(np.arange(world.y.shape[1]) > now, 1e9, world.y)
    made = []
    for seen in (world.y, spoiled):
        model = Forecaster(replace(world, y=seen), seen)
        made.append(model.forecast(model.fit(now), now))
    assert (made[0] == made[1]).all()
    assert made[0].sum() > 0


def test_a_dark_platform_is_seen_at_once_and_trains_nothing_while_it_lasts():
    world = make_world(5, "dark", n_skus=60)
    at = world.changed_at - PAST
    life = live(Shop(world), weeks=at + DARK_WEEKS + 2)
    assert life.data_red == list(range(at, at + DARK_WEEKS))
    assert not {*life.retrains, *life.refreshes} & set(life.data_red)


@pytest.mark.parametrize("policy", ["never", "weekly"])
def test_without_the_loop_nothing_is_watched(policy):
    life = live(Shop(make_world(5, n_skus=20)), policy=policy)
    assert (life.alarms, life.retrains, life.refreshes) == ([], [], [])
    assert life.cost > 0


def test_the_last_line_is_what_the_promise_is_read_from(monkeypatch, capsys, tmp_path):
    costs = {"cost_loop": 90.0, "cost_never": 100.0, "cost_weekly": 80.0, "trainings": 3.0}
    quiet = {"false_mean": 0.5, "false_median": 0.0, "without_any": 0.8, "by_monitor": {}}
    monkeypatch.setattr(loop, "quiet_figures", lambda _: quiet | {"refreshes": 5.0} | costs)
    seen = {"seen": 1.0, "within_3": 1.0, "weeks": 2.0, "by_monitor": {}, "retrains_on_bad_data": 0}
    monkeypatch.setattr(loop, "change_figures", lambda *_: seen | costs)
    monkeypatch.setattr("sys.argv", ["loop", "--out", str(tmp_path / "loop.json")])
    assert loop.main() == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last == (
        "false_retrains_per_model_year: 0.00 detection_weeks_up: 2.0 detection_weeks_down: 2.0"
    )
    monkeypatch.setattr(loop, "change_figures", lambda *_: seen | costs | {"weeks": 4.0})
    assert loop.main() == 1, "a promise that is broken fails the command"


def test_alarms_come_after_the_change_and_a_retrain_answers_them():
    world = make_world(2011, "down")
    at = world.changed_at - PAST
    life = live(Shop(world), weeks=at + 4)
    weeks = [week for week, _ in life.alarms]
    assert at <= weeks[0] <= at + 2
    assert life.retrains == weeks
