"""The weekly game: opening state, what a policy may see, and the figures that come out."""

import json
import re
import sys

import numpy as np
import pandas as pd
import pytest

from benchmarks import vn2
from benchmarks.weekly_game import (
    Game,
    RollingForecasts,
    Sales,
    believed_demand,
    contestants,
    opening_state,
    opponent,
    play,
    tuned_level,
)

N, T = 12, 130


def sales(weeks=T, seed=4):
    rng = np.random.default_rng(seed)
    season = 1 + 0.5 * np.sin(2 * np.pi * np.arange(weeks) / 52)
    units = rng.poisson(np.linspace(1, 20, N)[:, None] * season).astype(float)
    in_stock = rng.random((N, weeks)) > 0.1
    units[~in_stock] = 0
    ids = np.array([f"{k}_7" for k in range(N)])
    static = pd.DataFrame({"unique_id": ids, "category": "c"})
    monday = pd.Timestamp("2021-04-12")
    return Sales(ids, pd.date_range(monday, periods=weeks, freq="7D"), units, in_stock, static)


def forecasts(anchors=(100, 110)):
    return RollingForecasts(list(anchors), horizon=4, model="seasonal_naive", threads=1)


def test_a_censored_week_is_believed_at_its_seasonal_base_and_never_below_what_was_sold():
    known, game = sales(), Game()
    demand = believed_demand(known, game, 100)
    seen = known.in_stock
    np.testing.assert_array_equal(demand[seen], known.units[seen])
    hidden = ~seen[:, 100:]
    assert demand[:, 100:][hidden].mean() == pytest.approx(known.units[seen].mean(), rel=0.3)
    assert (demand >= known.units).all()


def test_the_opening_state_comes_from_four_weeks_of_the_opponent():
    known, game = sales(), Game()
    demand = believed_demand(known, game, 90)
    shelf = opening_state(known.until(110), demand, game)
    rule = opponent(game, lambda t: known.until(106 + t))
    level = np.rint(rule.forecast(0, 4).sum(axis=1))
    # nothing is ordered at first, so the stock after two weeks is the level less two weeks' sales
    assert (shelf.on_hand <= level).all()
    assert shelf.due(3)[:, 2].sum() == 0
    assert shelf.on_order.sum() > 0
    again = opening_state(known.until(110), np.where(np.arange(T) < 110, demand, 1e6), game)
    np.testing.assert_array_equal(again.on_hand, shelf.on_hand)


def test_no_order_and_no_service_level_knows_what_is_sold_after_it():
    known, game = sales(), Game()
    demand = believed_demand(known, game, 90)
    spoilt_units = np.where(np.arange(T) < 115, known.units, 1e5)
    spoilt = Sales(known.ids, known.weeks, spoilt_units, known.in_stock, known.static)
    ordered = []
    for world in (known, spoilt):
        made = forecasts()
        level = tuned_level(world.until(110), demand, game, made, [100])
        shelf = opening_state(world.until(110), demand, game)
        policies = contestants(game, lambda t, w=world: w.until(110 + t), made, level)
        truth = world.units[:, 110:118]
        ledgers = play(game, policies, truth, shelf)
        ordered.append((level, {k: v.ordered[:, :6] for k, v in ledgers.items()}))
    np.testing.assert_array_equal(ordered[0][0], ordered[1][0])
    for name, orders in ordered[0][1].items():
        if name != "perfect_foresight":
            np.testing.assert_array_equal(orders, ordered[1][1][name], err_msg=name)
    with pytest.raises(ValueError, match="must be over before the game"):
        tuned_level(known.until(110), demand, game, forecasts(), [104])


@pytest.fixture
def files(tmp_path):
    known = sales()
    data, reveal = tmp_path / "data", tmp_path / "reveal"
    data.mkdir()
    reveal.mkdir()
    key = pd.DataFrame({"Store": np.arange(N), "Product": 7})
    history = known.until(122)
    for name, table in (("sales", history.units), ("in_stock", history.in_stock)):
        wide = pd.DataFrame(table, columns=[f"{w:%Y-%m-%d}" for w in history.weeks])
        pd.concat([key, wide], axis=1).to_csv(data / f"{name}.csv", index=False)
    key.assign(Department="c").to_csv(data / "master.csv", index=False)
    state = key.assign(**{"End Inventory": 30, "In Transit W+1": 4, "In Transit W+2": 3})
    state[::-1].to_csv(data / "initial_state.csv", index=False)
    for k in range(8):
        week = key.assign(**{f"{known.weeks[122 + k]:%Y-%m-%d}": known.units[:, 122 + k]})
        week[::-1].to_csv(reveal / f"week_{k + 1}.csv", index=False)
    return data, reveal, known


def run(monkeypatch, data, out, *options, tuned_from=110):
    monkeypatch.setattr(vn2, "TUNING_BEFORE", tuned_from)
    arguments = ["vn2", "--data", str(data), "--out", str(out), "--model", "seasonal_naive"]
    monkeypatch.setattr(sys, "argv", [*arguments, *options])
    assert vn2.main() == 0
    return json.loads(out.read_text())


def test_the_real_game_charges_what_its_rules_say(monkeypatch, files, tmp_path):
    data, reveal, known = files
    found = run(monkeypatch, data, tmp_path / "out.json", "--reveal", str(reveal))
    table = found["policies"]
    assert {"stork", "official_benchmark", "erp_formula", "perfect_foresight"} <= set(table)
    for row in table.values():
        assert len(row["weekly"]) == 8
        assert row["cost_weeks_3_8"] == pytest.approx(sum(row["weekly"][2:]), abs=0.02)
        assert row["cost_total"] == pytest.approx(sum(row["weekly"]), abs=0.05)
        # nobody can change the first two weeks
        assert row["weekly"][:2] == table["official_benchmark"]["weekly"][:2]
    sold = np.minimum(34.0, known.units[:, 122])
    first = 0.2 * (34.0 - sold).sum() + (known.units[:, 122] - sold).sum()
    assert table["stork"]["weekly"][0] == pytest.approx(first, abs=0.01)
    best = table["perfect_foresight"]["cost_weeks_3_8"]
    assert all(row["cost_weeks_3_8"] >= best for row in table.values())


def test_a_week_not_yet_revealed_changes_no_earlier_week(monkeypatch, files, tmp_path):
    data, reveal, _ = files
    before = run(monkeypatch, data, tmp_path / "a.json", "--reveal", str(reveal))
    last = pd.read_csv(reveal / "week_6.csv")
    last.iloc[:, -1] = 500
    last.to_csv(reveal / "week_6.csv", index=False)
    after = run(monkeypatch, data, tmp_path / "b.json", "--reveal", str(reveal))
    for name in set(before["policies"]) - {"perfect_foresight"}:
        weekly = [one["policies"][name]["weekly"] for one in (before, after)]
        assert weekly[0][:5] == weekly[1][:5]
        assert weekly[0][5] != weekly[1][5]


def test_earlier_games_start_where_two_seasons_precede_and_are_averaged(
    monkeypatch, files, tmp_path
):
    data, _, _ = files
    found = run(monkeypatch, data, tmp_path / "out.json", tuned_from=98)
    assert len(found["starts"]) == 2
    costs = [one["policies"]["stork"]["cost_judged"] for one in found["starts"].values()]
    assert found["policies"]["stork"]["cost_weeks_3_8"] == pytest.approx(np.mean(costs), abs=0.01)
    assert all(one["service_levels"] for one in found["starts"].values())


def test_the_long_game_starts_from_the_opponents_cover_and_scores_its_last_22_weeks(
    monkeypatch, files, tmp_path
):
    data, _, known = files
    found = run(monkeypatch, data, tmp_path / "out.json", "--long", tuned_from=74)
    assert list(found["starts"]) == [f"{known.weeks[91]:%Y-%m-%d}"]
    row = found["policies"]["stork"]
    assert len(row["weekly"]) == 30
    assert found["judged_weeks"] == "9-30"
    assert row["cost_weeks_9_30"] == pytest.approx(sum(row["weekly"][8:]), abs=0.05)
    game = Game()
    demand = believed_demand(known.until(122), game, 74 - game.warm_up)
    cover = opponent(game, lambda _t: known.until(92)).forecast(0, 4).sum(axis=1)
    left = np.rint(cover) - demand[:, 92]
    first = np.where(left > 0, 0.2 * left, -left).sum()
    # what is ordered for it cannot arrive before the third week, so the first costs all alike
    costs = [one["weekly"][0] for name, one in found["policies"].items() if "foresight" not in name]
    assert costs == [pytest.approx(first, abs=0.01)] * len(costs)


def test_while_three_weeks_are_known_the_first_three_are_played(
    monkeypatch, files, tmp_path, capsys
):
    data, reveal, _ = files
    whole = run(monkeypatch, data, tmp_path / "a.json", "--reveal", str(reveal))
    for k in range(4, 9):
        (reveal / f"week_{k}.csv").unlink()
    part = run(monkeypatch, data, tmp_path / "b.json", "--reveal", str(reveal))
    assert "holds week_1.csv to week_3.csv: these are played" in capsys.readouterr().out
    assert part["judged_weeks"] == "3-3"
    for name in set(whole["policies"]) - {"perfect_foresight"}:
        row = part["policies"][name]
        assert row["weekly"] == whole["policies"][name]["weekly"][:3]
        assert row["cost_weeks_3_3"] == pytest.approx(row["weekly"][2], abs=0.01)


def _with(frame, row, value):
    frame = frame.astype({frame.columns[-1]: object})
    frame.iloc[row, -1] = value
    return frame


BAD_WEEKS = {
    "week_5.csv, column .* 1 values are no number of units, first: 2_7 has -7": (
        lambda f: _with(f, -3, -7)
    ),
    "week_5.csv, column .* first: 2_7 has x": lambda f: _with(f, -3, "x"),
    "week_5.csv, column .* first: 2_7 has nan": lambda f: _with(f, -3, None),
    "week_5.csv names 1 store-products twice, 11_7 first": lambda f: pd.concat([f, f[:1]]),
    "week_5.csv lacks 1 store-products, first: 11_7": lambda f: f[1:],
    "week_5.csv names 1 store-products that sales.csv does not, first: 99_7": (
        lambda f: pd.concat([f, f[:1].assign(Store=99)])
    ),
    "week_5.csv lacks the column 'Product'": lambda f: f.drop(columns="Product"),
    "week_5.csv has no column of units": lambda f: f[["Store", "Product"]],
    "week_5.csv holds the week 2023-08-14, expected is 2023-09-11": (
        lambda f: f.set_axis(["Store", "Product", "2023-08-14"], axis=1)
    ),
}


def refused(monkeypatch, capsys, data, tmp_path, *options):
    """What the command says of files it refuses before anything is trained."""

    def trained(*_, **__):
        raise AssertionError("trained on files that are to be refused")

    monkeypatch.setattr(vn2, "RollingForecasts", trained)
    arguments = ["vn2", "--data", str(data), "--out", str(tmp_path / "out.json"), *options]
    monkeypatch.setattr(sys, "argv", arguments)
    assert vn2.main() == 2
    said = capsys.readouterr().err
    assert said.startswith("benchmarks.vn2: ")
    return said


@pytest.mark.parametrize("told", BAD_WEEKS)
def test_a_bad_week_is_named_with_its_file_before_anything_is_trained(
    monkeypatch, files, tmp_path, capsys, told
):
    data, reveal, _ = files
    BAD_WEEKS[told](pd.read_csv(reveal / "week_5.csv")).to_csv(reveal / "week_5.csv", index=False)
    said = refused(monkeypatch, capsys, data, tmp_path, "--reveal", str(reveal))
    assert re.search(told, said), said


def test_a_missing_week_and_too_few_weeks_are_named(monkeypatch, files, tmp_path, capsys):
    data, reveal, _ = files
    (reveal / "week_4.csv").unlink()
    said = refused(monkeypatch, capsys, data, tmp_path, "--reveal", str(reveal))
    assert "lacks week_4.csv, though week_5.csv is there" in said
    for k in range(3, 9):
        (reveal / f"week_{k}.csv").unlink(missing_ok=True)
    said = refused(monkeypatch, capsys, data, tmp_path, "--reveal", str(reveal))
    assert "lacks week_3.csv: the first 2 weeks are not scored" in said


@pytest.mark.parametrize(
    ("name", "spoil", "told"),
    [
        ("sales", lambda f: _with(f, 0, -1), "sales.csv, column '2023-08-07': 1 values"),
        ("sales", lambda f: f.assign(Total=1), "sales.csv: a column is no week"),
        ("in_stock", lambda f: f.iloc[:, :-1], "in_stock.csv lacks the week 2023-08-07"),
        ("in_stock", lambda f: f[1:], "in_stock.csv does not mark 0_7"),
        ("master", lambda f: pd.concat([f, f]), "master.csv names 12 store-products twice"),
        ("initial_state", lambda f: f[1:], "initial_state.csv, column 'End Inventory': 1 values"),
        (
            "initial_state",
            lambda f: f.drop(columns="In Transit W+2"),
            "initial_state.csv lacks the column 'In Transit W+2'",
        ),
    ],
)
def test_a_bad_file_of_the_history_is_named_with_what_is_wrong(
    monkeypatch, files, tmp_path, capsys, name, spoil, told
):
    data, reveal, _ = files
    spoil(pd.read_csv(data / f"{name}.csv")).to_csv(data / f"{name}.csv", index=False)
    assert told in refused(monkeypatch, capsys, data, tmp_path, "--reveal", str(reveal))


@pytest.mark.parametrize("options", [(), ("--long",)])
def test_a_history_too_short_to_play_on_is_said(monkeypatch, files, tmp_path, capsys, options):
    data, _, _ = files
    short = pd.read_csv(data / "sales.csv").iloc[:, :110]
    short.to_csv(data / "sales.csv", index=False)
    said = refused(monkeypatch, capsys, data, tmp_path, *options)
    assert "sales.csv holds 108 weeks, too few" in said


def test_a_folder_without_files_is_said(monkeypatch, tmp_path, capsys):
    assert "sales.csv" in refused(monkeypatch, capsys, tmp_path / "none", tmp_path)
