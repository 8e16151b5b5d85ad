"""`stork models` on a real registry: what a person types and reads."""

import shutil

import pandas as pd
import pytest

from ml.registry import Registry
from orchestration import champions


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """Two versions of the demand model; the second is champion."""
    state = tmp_path_factory.mktemp("state")
    (state / "mlflow").mkdir()
    model = state / "saved"
    model.mkdir()
    registry = Registry(
        f"sqlite:///{state / 'mlflow' / 'mlflow.db'}", state / "mlflow" / "artifacts"
    )
    for recipe, wape, day in (
        ("seasonal_naive", 0.5, "2026-06-01"),
        ("xgboost", 0.4, "2026-06-08"),
    ):
        (model / "model.json").write_text(recipe)
        made = registry.record(
            "demand",
            folder=model,
            params={"recipe": f'{{"model": "{recipe}"}}'},
            metrics={"wape": wape},
            tags={"last_day": day},
            tables={"scores": pd.DataFrame({"wape": [wape]})},
        )
        registry.set_alias("demand", "champion", made, reason=f"{recipe} was better")
    return state


@pytest.fixture
def said(answered):
    """What `stork models` answers."""
    return lambda *words: answered("models", *words)


def test_list_shows_versions_recipes_reasons_and_reigns(state, said):
    code, text = said("list", "demand", "--state", state)
    assert code == 0
    assert "seasonal_naive" in text
    assert "xgboost was better" in text
    assert text.index("Versions") < text.index("Champions, oldest first")


def test_compare_puts_scores_side_by_side_and_says_when_the_data_differ(state, said):
    code, text = said("compare", "demand", 1, 2, "--state", state)
    assert code == 0
    assert "0.5000" in text
    assert "-20.0%" in text
    assert "different data" in text


def test_rollback_and_promote_move_the_champion_and_keep_the_reason(state, said):
    code, text = said("rollback", "demand", "--reason", "wrong prices", "--state", state)
    assert (code, "again version 1" in text) == (0, True)
    code, text = said("rollback", "demand", "--reason", "again", "--state", state)
    assert (code, "no previous champion" in text) == (2, True)
    code, text = said("promote", "demand", 2, "--reason", "prices mended", "--state", state)
    assert (code, "now version 2" in text) == (0, True)
    assert "by hand: prices mended" in said("list", "demand", "--state", state)[1]


def test_what_is_not_there_is_said_and_not_traced(state, said, tmp_path):
    assert said("promote", "demand", 9, "--reason", "x", "--state", state)[0] == 2
    code, text = said("list", "churn", "--state", state)
    assert (code, "no 'churn' model" in text) == (2, True)
    code, text = said("list", "demand", "--state", tmp_path)
    assert (code, "nothing was trained" in text) == (2, True)


def test_a_version_whose_files_are_damaged_does_not_take_charge(state, said, tmp_path):
    here = tmp_path / "state"
    shutil.copytree(state, here)
    registry = champions.registry_of(here)
    for number, words in ((1, ["rollback", "demand"]), (1, ["promote", "demand", 1])):
        registry.set_alias("demand", "champion", 2)
        kept = registry.fetch(registry.version("demand", number)) / "model.json"
        before = kept.read_text()
        kept.write_text("something else")
        code, text = said(*words, "--reason", "x", "--state", here)
        assert code == 2
        assert "not those that were registered" in text
        assert registry.champion("demand").version == 2
        kept.write_text(before)


def test_a_registry_that_is_damaged_is_named_and_not_traced(said, tmp_path):
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").write_bytes(b"no database at all" * 500)
    code, text = said("list", "demand", "--state", tmp_path)
    assert code == 2
    assert "mlflow.db" in text
    assert "cannot be used" in text
