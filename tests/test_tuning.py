"""Studies resume where they stopped and give the same answer for the same seed."""

from datetime import date, timedelta

import optuna
import pytest

from ml.training import STUDY_HOLDS, Budget, tune_families
from ml.tuning import last_study, tune

WEEK = timedelta(weeks=1)
optuna.logging.set_verbosity(optuna.logging.WARNING)


def parabola(trial):
    return (trial.suggest_float("x", -5, 5) - 2) ** 2


def test_the_same_seed_finds_the_same_parameters():
    first = tune(parabola, study_name="a", n_trials=8, seed=3)
    second = tune(parabola, study_name="b", n_trials=8, seed=3)
    other = tune(parabola, study_name="c", n_trials=8, seed=4)
    assert first.params == second.params
    assert first.params != other.params
    assert first.n_trials == len(first.trials) == 8


def test_a_finished_study_runs_no_more_trials_and_answers_the_same(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    calls = []

    def counted(trial):
        calls.append(trial.number)
        return parabola(trial)

    first = tune(counted, study_name="s", storage_url=url, n_trials=4, seed=1)
    again = tune(counted, study_name="s", storage_url=url, n_trials=4, seed=1)
    assert len(calls) == 4
    assert (again.params, again.value) == (first.params, first.value)
    more = tune(counted, study_name="s", storage_url=url, n_trials=6, seed=1)
    assert len(calls) == 6
    assert more.trials["x"].nunique() == 6


def test_a_trial_that_is_behind_after_a_window_is_pruned_and_counts():
    windows = []

    def objective(trial):
        level = 1.0 if trial.number < 3 else 10.0
        trial.suggest_float("x", 0, 1)
        for window in range(3):
            trial.report(level, window)
            windows.append(trial.number)
            if trial.should_prune():
                raise optuna.TrialPruned
        return level

    result = tune(objective, study_name="p", n_trials=5, seed=1)
    assert list(result.trials["state"]) == ["COMPLETE"] * 3 + ["PRUNED"] * 2
    assert windows.count(4) == 1
    assert result.n_trials == 5
    assert result.value == 1.0


def test_a_timeout_stops_a_study_early():
    result = tune(parabola, study_name="t", n_trials=100_000, seed=1, timeout=0.2)
    assert 1 <= result.n_trials < 100_000


def test_a_larger_value_wins_when_the_direction_says_so():
    result = tune(
        lambda trial: -parabola(trial), study_name="m", n_trials=6, seed=1, direction="maximize"
    )
    assert result.value == result.trials["value"].max()


def test_a_study_of_no_trials_is_an_error():
    with pytest.raises(ValueError, match="n_trials"):
        tune(parabola, study_name="z", n_trials=0, seed=1)


def test_a_new_study_starts_from_what_the_last_one_found(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    day, at = date(2026, 6, 1), {"storage_url": url}

    def last(until=day, own="demand-new"):
        return last_study(url, "demand-", until=until, own=own)

    assert last() is None
    old = tune(parabola, study_name="demand-old", n_trials=3, seed=1, last_day=day, **at)
    tune(parabola, study_name="churn-old", n_trials=1, seed=2, last_day=day, **at)
    tune(parabola, study_name="demand-later", n_trials=1, seed=3, last_day=day + WEEK, **at)
    start = last().params
    assert start == old.params
    assert last().last_day == day
    assert len(last().trials) == 3
    assert last(until=day + WEEK).study_name == "demand-later"
    assert last(until=day - WEEK) is None, "what later data taught is not known then"
    assert last(until=day + WEEK, own="demand-old").study_name == "demand-old", "its own first"
    new = tune(
        parabola, study_name="demand-new", storage_url=url, n_trials=2, seed=5, start_from=start
    )
    assert new.trials["x"].iloc[0] == old.params["x"]
    assert new.value <= old.value


def test_a_study_ends_when_its_time_is_up():
    import time

    def slow(trial):
        time.sleep(0.05)
        return parabola(trial)

    assert tune(slow, study_name="t", n_trials=1000, seed=1, timeout=0.2).n_trials < 20


def test_a_retrain_takes_over_what_was_tuned_lately_and_an_old_study_starts_a_new_one(
    tmp_path,
):
    tried = []

    def objective(family):
        return lambda trial: tried.append(family) or parabola(trial)

    def tuned(data, day, code="c1", n_trials=3):
        tried.clear()
        budget = Budget(
            n_trials=n_trials, studies_url=f"sqlite:///{tmp_path / 'studies.db'}", code=code
        )
        return tune_families(
            "demand", objective, data=data, last_day=day, budget=budget, say=lambda _: None
        )

    day = date(2026, 6, 1)
    first, trials = tuned("d1", day)
    assert tried == ["xgboost"] * 3 + ["lstm"]
    assert len(trials) == 4
    again, taken_over = tuned("d2", day + STUDY_HOLDS)
    assert tried == []
    assert again == first
    assert len(taken_over) == 4, "the trials behind the parameters are told again"
    old, trials = tuned("d3", day + STUDY_HOLDS + WEEK)
    assert tried == ["xgboost"] * 3 + ["lstm"], "too old to hold"
    of_lstm = trials[trials["family"] == "lstm"]
    assert of_lstm["x"].tolist() == [first["lstm"]["x"]], "it begins with the best so far"
    tuned("d4", day + STUDY_HOLDS + WEEK, code="c2")
    assert len(tried) == 4, "other code, another study"
    assert tuned("d1", day)[0] == first, "a day that is run again gets what it had"
    assert tried == []
    tuned("d5", day + STUDY_HOLDS + 2 * WEEK, n_trials=5)
    assert tried == ["xgboost"] * 5 + ["lstm"] * 2, "more is asked for than was done"


def test_a_first_study_begins_with_the_defaults():
    _, trials = tune_families(
        "demand",
        lambda _: parabola,
        data="d1",
        last_day=date(2026, 6, 1),
        budget=Budget(n_trials=3),
        say=lambda _: None,
        defaults={"xgboost": {"x": 1.5}, "lstm": {"x": -2.5}}.get,
    )
    assert trials.groupby("family")["x"].first().to_dict() == {"xgboost": 1.5, "lstm": -2.5}


def test_a_study_that_was_cut_off_holds_for_no_later_training(tmp_path):
    url, day = f"sqlite:///{tmp_path / 'studies.db'}", date(2026, 6, 1)

    def cut_off(trial):
        if trial.number == 1:
            raise KeyboardInterrupt
        return parabola(trial)

    with pytest.raises(KeyboardInterrupt):
        tune(cut_off, study_name="demand-a", storage_url=url, n_trials=3, seed=1, last_day=day)
    assert last_study(url, "demand-", until=day + WEEK, own="demand-b") is None
    tune(parabola, study_name="demand-a", storage_url=url, n_trials=3, seed=1, last_day=day)
    assert last_study(url, "demand-", until=day + WEEK, own="demand-b").n_trials == 3
