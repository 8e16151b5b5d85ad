"""The registry on a real MLflow database: one is migrated per session and copied per test."""

import logging
import shutil
import socket

import pandas as pd
import pytest

from ml.registry import Registry


@pytest.fixture
def registry(migrated, tmp_path):
    shutil.copy(migrated, tmp_path / "mlflow.db")
    return Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")


@pytest.fixture
def record(registry, tmp_path):
    """Records a version whose one model file holds `content`."""

    def record(content="trees", **given):
        folder = tmp_path / "saved"
        (folder / "deep").mkdir(parents=True, exist_ok=True)
        (folder / "deep" / "model.ubj").write_text(content)
        return registry.record("demand", folder=folder, **given)

    return record


def test_before_the_first_training_there_is_no_champion_and_an_empty_history(registry):
    assert registry.champion("demand") is None
    history = registry.history("demand")
    assert history.empty
    assert "reason" in history.columns


def test_a_recorded_version_gives_back_files_tables_numbers_and_tags(registry, record):
    scores = pd.DataFrame({"cutoff": pd.to_datetime(["2025-01-06"]), "wape": [0.4]})
    many = {f"p{i}": i for i in range(120)}  # more than one MLflow batch holds
    made = record(params=many, metrics={"wape": 0.4}, tags={"data": "ab"}, tables={"s": scores})
    registry.set_alias("demand", "champion", made, reason="first")

    champion = registry.champion("demand")
    assert champion.version == 1
    assert champion.params == {key: str(value) for key, value in many.items()}
    assert champion.metrics == {"wape": 0.4}
    assert champion.tags["data"] == "ab"
    assert (registry.fetch(champion) / "deep" / "model.ubj").read_text() == "trees"
    pd.testing.assert_frame_equal(registry.table(champion, "s"), scores)
    with pytest.raises(FileNotFoundError, match="nothing"):
        registry.table(champion, "nothing")


def test_artifacts_are_kept_beside_the_model(registry, record, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>")
    made = record(artifacts={"reports": page, "figures": tmp_path / "saved"})
    beside = registry.fetch(made).parent
    assert (beside / "reports" / "page.html").is_file()
    assert (beside / "figures" / "deep" / "model.ubj").is_file()


def test_a_model_folder_that_was_changed_afterwards_is_refused(registry, record):
    made = record()
    (registry.fetch(made) / "deep" / "model.ubj").write_text("swapped")
    with pytest.raises(ValueError, match="not those that were registered"):
        registry.fetch(made)


def test_a_model_is_found_after_the_artifact_folder_was_moved(registry, record, tmp_path):
    made = record()
    (tmp_path / "artifacts").rename(tmp_path / "elsewhere")
    moved = Registry(registry.tracking_uri, tmp_path / "elsewhere")
    assert (moved.fetch(made) / "deep" / "model.ubj").is_file()


def test_a_copied_registry_keeps_to_itself_and_outlives_the_first(registry, record, tmp_path):
    registry.set_alias("demand", "champion", record("first"))
    before = sorted((tmp_path / "artifacts").rglob("*"))
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(tmp_path / "mlflow.db", copy)
    shutil.copytree(tmp_path / "artifacts", copy / "artifacts")
    copied = Registry(f"sqlite:///{copy / 'mlflow.db'}", copy / "artifacts")
    scores = pd.DataFrame({"wape": [0.4]})
    made = copied.record("demand", folder=tmp_path / "saved", tables={"scores": scores})
    assert copied.fetch(made).is_relative_to(copy)
    assert sorted((tmp_path / "artifacts").rglob("*")) == before, "nothing of it went there"
    shutil.rmtree(tmp_path / "artifacts")
    assert copied.fetch(copied.champion("demand")).is_relative_to(copy)
    pd.testing.assert_frame_equal(copied.table(made, "scores"), scores)


def test_an_empty_folder_is_no_model(registry, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no model files"):
        registry.record("demand", folder=tmp_path / "empty")
    assert registry.history("demand").empty


def test_a_training_that_breaks_half_way_leaves_a_failed_run_and_no_version(registry, record):
    class Unwritable(pd.DataFrame):
        def to_parquet(self, *_, **__):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        record(tables={"scores": Unwritable({"a": [1]})})
    assert registry.history("demand").empty
    (run,) = registry._search("demand", "")
    assert run.info.status == "FAILED"


def test_roll_back_walks_back_one_champion_at_a_time_and_then_stops(registry, record):
    for content in ("one", "two", "three"):
        registry.set_alias("demand", "champion", record(content), reason=f"better: {content}")
    assert registry.champion("demand").version == 3

    assert registry.rollback("demand", reason="orders doubled").version == 2
    assert registry.champion("demand").version == 2
    back = registry.rollback("demand")
    assert (registry.fetch(back) / "deep" / "model.ubj").read_text() == "one"
    with pytest.raises(LookupError, match="no previous champion"):
        registry.rollback("demand")
    history = registry.history("demand").set_index("version")
    assert history["aliases"].to_dict() == {3: "", 2: "", 1: "champion"}
    assert history.loc[3, "reason"] == "champion: better: three; rolled_back: orders doubled"


def test_promoting_the_champion_again_does_not_make_it_its_own_predecessor(registry, record):
    registry.set_alias("demand", "champion", record("one"))
    second = record("two")
    registry.set_alias("demand", "champion", second)
    registry.set_alias("demand", "champion", second, reason="still")
    assert registry.rollback("demand").version == 1


def test_history_shows_newest_first_with_aliases_reasons_and_metrics(registry, record):
    registry.set_alias("demand", "champion", record(metrics={"wape": 0.5}), reason="beats naive")
    refused = record("two", metrics={"wape": 0.6})
    registry.set_alias("demand", "challenger", refused, reason="may be worse")
    history = registry.history("demand")
    assert history["version"].tolist() == [2, 1]
    assert history["aliases"].tolist() == ["challenger", "champion"]
    assert history["reason"].tolist() == ["challenger: may be worse", "champion: beats naive"]
    assert history["metric.wape"].tolist() == [0.6, 0.5]
    assert registry.champion("demand").version == 1
    assert registry.challenger("demand").version == 2


def test_an_alias_for_an_unknown_version_is_an_error(registry, record):
    record()
    with pytest.raises(LookupError, match="no version 9"):
        registry.set_alias("demand", "champion", 9)
    assert registry.champion("demand") is None


def test_every_trial_is_a_nested_run_and_resuming_adds_only_new_ones(registry):
    trials = pd.DataFrame(
        {"number": [0, 1], "value": [0.5, None], "params_depth": [4, 6], "state": ["OK", "PRUNED"]}
    )
    study = registry.trials("demand", trials, study_name="xgb")
    more = pd.concat([trials, trials.tail(1)], ignore_index=True)
    assert registry.trials("demand", more, study_name="xgb") == study
    nested = registry._search("demand", f"tags.`mlflow.parentRunId` = '{study}'")
    assert sorted(run.data.tags["trial"] for run in nested) == ["0", "1", "2"]
    by_trial = {run.data.tags["trial"]: run.data for run in nested}
    assert by_trial["0"].params == {"depth": "4", "state": "OK"}
    assert by_trial["0"].metrics == {"value": 0.5}
    assert by_trial["1"].metrics == {}
    assert registry.trials("demand", trials) != registry.trials("demand", trials)


def test_many_trials_become_one_table(registry):
    trials = pd.DataFrame({"number": range(51), "value": 0.1})
    study = registry.trials("demand", trials)
    assert registry._search("demand", f"tags.`mlflow.parentRunId` = '{study}'") == []
    table = registry._artifacts(study) / "tables" / "trials.parquet"
    assert len(pd.read_parquet(table)) == 51


def test_working_with_the_registry_is_quiet_and_stays_off_the_network(
    registry, record, monkeypatch, capfd, caplog
):
    def refuse(*where, **_):
        raise AssertionError(f"asked for {where}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with caplog.at_level(logging.INFO):
        registry.set_alias("demand", "champion", record())
        registry.fetch(registry.champion("demand"))
    assert "alembic" not in caplog.text
    assert capfd.readouterr() == ("", "")


def test_who_was_champion_when_is_a_table_that_ends_with_the_present_one(registry, record):
    assert registry.reigns("demand").empty
    for content, reason in (("a", "first"), ("b", "better")):
        registry.set_alias("demand", "champion", record(content), reason=reason)
    registry.set_alias("demand", "champion", 2, reason="still it: no new reign")
    registry.set_alias("demand", "challenger", record("c"), reason="refused")
    registry.rollback("demand", reason="stock ran out")

    reigns = registry.reigns("demand")
    assert list(reigns["version"]) == [1, 2, 1]
    assert list(reigns["reason"]) == ["first", "better", "stock ran out"]
    assert reigns["since"].is_monotonic_increasing
    assert list(reigns["until"].iloc[:-1]) == list(reigns["since"].iloc[1:])
    assert reigns["until"].isna().tolist() == [False, False, True]
