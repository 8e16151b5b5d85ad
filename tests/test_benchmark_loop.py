"""The accelerated loop: its shops, its stand-in forecaster, and what one life comes to."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import loop, loop_trade_off
from benchmarks.loop_forecaster import Forecaster
from benchmarks.loop_run import Life, Shop, live
from benchmarks.loop_world import DARK_WEEKS, PAST, WATCHED, make_shops

OVER = slice(0, PAST + WATCHED)


@pytest.fixture(scope="module")
def shops():
    """Enough households for thirty order lines a day on the smallest platform."""
    return make_shops(2005, ("down", "dark"), households=12_000)


def test_shops_are_one_until_the_change_and_it_moves_what_it_is_meant_to(shops):
    quiet, down = shops["quiet"], shops["down"]
    at = down.changed_at
    assert PAST + 4 <= at < PAST + 12
    assert (down.y[:, : at - 1] == quiet.y[:, : at - 1]).all()
    assert 0.4 < down.realised(quiet) < 0.6
    others = ~down.is_moved, slice(at, PAST + WATCHED)
    assert down.wanted[others].sum() == pytest.approx(quiet.wanted[others].sum(), rel=0.1)


def test_the_books_tell_what_was_sold_and_where_the_shelf_was_empty(shops):
    quiet = shops["quiet"]
    assert quiet.rows[: 7 * (PAST + WATCHED)].min() > 0
    assert quiet.rows[7 * (PAST + WATCHED) :].sum() == 0, "nobody lives to see it"
    sold, wanted = quiet.y[:, OVER].sum(), quiet.wanted[:, OVER].sum()
    assert 0.85 * wanted < sold < wanted, "some find an empty shelf, some do not pay"
    short = quiet.is_stockout[:, OVER] & quiet.is_on_sale[:, OVER]
    assert 0 < short.sum() < 0.1 * quiet.is_on_sale[:, OVER].sum()
    lost = 1 - quiet.y[:, OVER][short].sum() / quiet.wanted[:, OVER][short].sum()
    assert lost > 0.3


def test_a_dark_platform_hides_demand_but_does_not_lower_it(shops):
    quiet, dark = shops["quiet"], shops["dark"]
    gone = slice(dark.changed_at, dark.changed_at + DARK_WEEKS)
    assert (dark.y == quiet.y).all()
    assert (dark.wanted == quiet.wanted).all()
    assert (dark.seen[:, gone].sum(axis=0) < 0.95 * dark.y[:, gone].sum(axis=0)).all()
    assert dark.seen[:, gone].min() >= 0
    assert (
        np.delete(dark.seen, range(PAST + WATCHED)[gone], axis=1)
        == np.delete(dark.y, range(PAST + WATCHED)[gone], axis=1)
    ).all()


def test_no_forecast_sees_what_comes_after_it(shops):
    weeks, now = shops["quiet"], PAST + 3
    spoiled = np.where(np.arange(weeks.y.shape[1]) > now, 1e9, weeks.y)
    made = []
    for seen in (weeks.y, spoiled):
        model = Forecaster(replace(weeks, y=seen), seen)
        made.append(model.forecast(model.fit(now), now))
    assert (made[0] == made[1]).all()
    assert made[0].sum() > 0


def test_a_dark_platform_is_seen_at_once_and_trains_nothing_while_it_lasts(shops):
    at = shops["dark"].changed_at - PAST
    life = live(Shop(shops["dark"]), weeks=at + DARK_WEEKS + 2)
    assert set(range(at, at + DARK_WEEKS)) <= set(life.data_red)
    assert not {*life.retrains, *life.refreshes} & set(life.data_red)


@pytest.mark.parametrize("policy", ["never", "weekly"])
def test_without_the_loop_nothing_is_watched(shops, policy):
    life = live(Shop(shops["quiet"]), policy=policy)
    assert (life.alarms, life.retrains, life.refreshes) == ([], [], [])
    assert life.cost > 0


def test_alarms_come_after_the_change_and_a_retrain_answers_them(shops):
    at = shops["down"].changed_at - PAST
    life = live(Shop(shops["down"]), weeks=at + 5)
    assert life.weeks_to_alarm <= 3
    assert at + life.weeks_to_alarm - 1 in life.retrains


def test_the_last_line_is_what_the_promise_is_read_from(capsys, tmp_path):
    def life(**told) -> dict[str, Life]:
        return {policy: Life(cost=100.0, changed_at=5, **told) for policy in loop.POLICIES}

    seen = {change: life(alarms=[(6, ("demand_shift",))]) for change in loop.CHANGES}
    seen |= {"quiet": life(), "dark": life(data_red=[5])}
    assert loop.report([seen], tmp_path / "loop.json") == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last == (
        "false_retrains_per_model_year: 0.00 detection_weeks_up: 2.0 detection_weeks_down: 2.0"
    )
    late = seen | {"up": life(alarms=[(8, ("demand_shift",))])}
    on_bad_data = seen | {"dark": life(data_red=[5], retrains=[5])}
    for broken in (late, on_bad_data, seen | {"quiet": life(retrains=[3])}):
        assert loop.report([broken], tmp_path / "loop.json") == 1, "a broken promise fails"


def test_the_trade_off_tells_each_setting_in_a_line(capsys):
    seed = {name: {"false": 2.0, "up": 1.0, "down": np.inf} for name in loop_trade_off.SETTINGS}
    loop_trade_off.report([seed, seed])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(loop_trade_off.SETTINGS)
    assert lines[2].split()[-6:] == ["2.00", "2.00", "1.0", "100%", "inf", "0%"]
