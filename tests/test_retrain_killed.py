"""A process that dies in the middle of a retrain: the champion stays, the next run finishes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from ml.promotion import Promotion
from ml.registry import Registry
from ml.training import Proposal, settle

DIES = """
import os, sys
from pathlib import Path
from ml.registry import Registry
from test_retrain_killed import retrain
Registry.set_alias = lambda *_, **__: os._exit(9)
retrain(Registry(sys.argv[1], Path(sys.argv[2])), "second")
"""


def retrain(registry: Registry, what: str, save=None):
    """What every training ends with: the fitted model is registered and takes its place."""
    return settle(
        registry,
        Proposal("demand", {"model": what}, data=what, last_day="2026-06-28", code="c"),
        Promotion(True, f"{what} is better", winner="challenger"),
        recipe={"model": what},
        save=save or (lambda folder: (folder / "model.json").write_text(what)),
        metrics={"wape": 0.3},
        table=pd.DataFrame({"model": [what], "wape": [0.3]}),
        backtest=pd.DataFrame({"y": [1.0]}),
        trials=pd.DataFrame(),
    )


def saved(registry: Registry) -> str:
    return (registry.fetch(registry.champion("demand")) / "model.json").read_text()


def test_killed_before_the_alias_moves_nothing_is_lost_and_the_next_run_finishes(
    migrated,
    tmp_path,
):
    shutil.copy(migrated, tmp_path / "mlflow.db")
    where = f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts"
    registry = Registry(*where)
    retrain(registry, "first")
    here = {"PYTHONPATH": str(Path(__file__).parent)}
    died = subprocess.run(
        [sys.executable, "-c", DIES, *map(str, where)], env=os.environ | here, check=False
    )
    assert died.returncode == 9
    assert saved(registry) == "first", "the champion was never missing"
    assert registry.challenger("demand") is None
    finished = retrain(registry, "second")
    assert finished.version == registry.champion("demand")
    assert saved(registry) == "second"
    assert len(registry.reigns("demand")) == 2


def test_a_save_that_fails_leaves_no_version_behind(migrated, tmp_path):
    shutil.copy(migrated, tmp_path / "mlflow.db")
    registry = Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")
    retrain(registry, "first")

    def fails(_):
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        retrain(registry, "second", save=fails)
    assert registry.history("demand")["version"].tolist() == [1]
    assert saved(registry) == "first"
