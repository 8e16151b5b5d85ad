"""One command measures every model on the same cells, and no model goes missing in silence."""

import json
import sys
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from benchmarks import all_demand, demand
from benchmarks.contest import contest
from benchmarks.play import main as play
from benchmarks.task import Setting, make_task
from ml.accuracy import accuracy, series_facts
from ml.backtest import beside_actuals

# short enough for stork to train nothing: the harness is what is tested
WEEKS = pd.date_range("2025-01-06", periods=17, freq="W-MON")
KEYS = {
    "model",
    "wape",
    "bias",
    "rmsse",
    "mase",
    "scaled_pinball",
    "coverage_80",
    "coverage_95",
    "fit_seconds",
    "predict_seconds",
    "peak_mib",
}


def panel() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = pd.MultiIndex.from_product([[f"s{i}" for i in range(6)], WEEKS])
    frame = rows.to_frame(index=False, name=["unique_id", "ds"])
    level = frame["unique_id"].str[1:].astype(int) * 4 + 1
    frame = frame.assign(y=rng.poisson(level).astype(float), is_stockout=False, is_promo=0)
    return frame.assign(is_promo=(frame["ds"] == WEEKS[15]).astype(int))


STATIC = pd.DataFrame({"unique_id": [f"s{i}" for i in range(6)], "shop": list("xyxyxy")})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The command on a tiny panel: stork and the permanent opponents, one peer not installed."""
    folder = tmp_path_factory.mktemp("bench")
    panel().to_parquet(folder / "tiny.parquet")
    STATIC.to_parquet(folder / "static.parquet")
    command = f"--panel {folder}/tiny.parquet --static {folder}/static.parquet --freq W-MON "
    command += f"--horizon 2 --windows 2 --peers autogluon --out {folder}/out/results.json"
    with redirect_stdout(StringIO()) as printed:
        code = demand.main([*command.split(), "--models", "stork"])
    return code, json.loads((folder / "out/results.json").read_text()), printed.getvalue()


def test_results_have_the_promised_shape_and_stork_is_among_them(run):
    code, results, _ = run
    assert code == 0
    assert results["panel"] == "tiny"
    models = [row["model"] for row in results["rows"]]
    assert sorted(models) == ["croston_sba", "pooled_seasonal_ma13", "seasonal_naive", "stork"]
    for row in results["rows"]:
        assert set(row) == KEYS
        assert row["wape"] > 0
        assert row["peak_mib"] > 50
        assert 0 <= row["coverage_80"] <= row["coverage_95"] <= 1


def test_tables_that_go_to_a_file_are_not_cut_off(run):
    _, results, printed = run
    assert "…" not in printed
    assert f"{results['rows'][0]['wape']:.3f}" in printed
    assert "scaled_pinball" in printed


def test_a_peer_that_is_not_installed_is_named_with_the_reason(run):
    assert run[1]["not_run"] == [
        {"model": "autogluon", "reason": "not installed: autogluon.timeseries"}
    ]


def test_every_figure_of_the_detail_has_its_level_and_all_models_the_same_cells(run):
    detail = pd.DataFrame(run[1]["segments"])
    assert set(detail["level"]) == {"series", "shop", "total"}
    assert "event" in set(detail["segment"])
    counts = detail.groupby(["level", "segment", "horizon"])["n"].nunique()
    assert (counts == 1).all()
    assert run[1]["cumulative"][0]["model"] == "stork"


def test_the_row_is_what_the_metric_contract_says_of_the_forecasts(tmp_path, run):
    task = make_task("tiny", panel(), setting=Setting("W-MON", 2), windows=2, static=STATIC)
    task.save(tmp_path / "task")
    play("croston_sba", tmp_path)
    made = pd.read_parquet(tmp_path / "croston_sba/forecasts.parquet")
    frame = pd.concat(
        beside_actuals(part, task.panel, cutoff) for cutoff, part in made.groupby("cutoff")
    )
    facts, k = series_facts(task.panel, task.cutoffs)
    whole = accuracy(frame, facts, k=k).iloc[0]
    row = next(row for row in run[1]["rows"] if row["model"] == "croston_sba")
    for name in ("wape", "bias", "rmsse", "mase", "scaled_pinball", "coverage_80"):
        assert row[name] == pytest.approx(whole[name], abs=1e-6)


def test_a_model_that_crashes_is_reported_with_its_last_words(tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'ValueError: no such tree' >&2\necho '  ~~~' >&2\nexit 3\n")
    broken.chmod(0o755)
    task = make_task("tiny", panel(), setting=Setting("W-MON", 2), windows=1)
    broken_ones = ["seasonal_naive", "pooled_seasonal_ma13"]
    found = contest(task, [], interpreters=dict.fromkeys(broken_ones, str(broken)))
    assert found.not_run == dict.fromkeys(broken_ones, "ValueError: no such tree")
    assert list(found.frames) == ["croston_sba"]


def test_bad_input_is_one_clear_line_and_no_table(tmp_path, capsys):
    path = tmp_path / "bad.parquet"
    panel().assign(y=-1.0).to_parquet(path)
    code = demand.main(f"--panel {path} --freq W-MON --horizon 2 --windows 1".split())
    said = capsys.readouterr()
    assert code == 2
    assert said.err.startswith(
        "benchmarks.demand: frame 'panel': y must be finite and not negative"
    )
    assert said.out == ""


def test_a_model_nobody_knows_is_refused(capsys):
    words = ["--panel", "x", "--freq", "D", "--horizon", "1", "--windows", "1"]
    with pytest.raises(SystemExit):
        demand.main([*words, "--peers", "prophecy"])
    assert "no model is called 'prophecy'" in capsys.readouterr().err


def test_the_summary_says_who_won_and_by_how_much(capsys):
    from rich.console import Console

    def rows(ours: float, rival: float) -> list[dict]:
        scores = {"stork": ours, "mlforecast_lightgbm": rival, "seasonal_naive": 0.9}
        return [{"model": m, "scaled_pinball": v, "wape": v} for m, v in scores.items()]

    console = Console(width=140, file=sys.stdout)
    assert all_demand.summarise(console, {"one": rows(0.36, 0.4), "two": rows(0.45, 0.5)})
    assert "+10.0% over 2 panels" in capsys.readouterr().out
    assert not all_demand.summarise(console, {"one": rows(0.3, 0.4), "two": rows(0.55, 0.5)})
    assert "not the best on two wape: 0.550 against 0.500" in capsys.readouterr().out


def test_a_model_that_was_asked_for_and_did_not_run_makes_the_command_fail(
    tmp_path, monkeypatch, capsys
):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'ValueError: no such tree' >&2\nexit 3\n")
    broken.chmod(0o755)
    panel().to_parquet(tmp_path / "p.parquet")
    command = f"--panel {tmp_path}/p.parquet --freq W-MON --horizon 2 --windows 1 --peers "
    assert demand.main([*f"{command}autogluon --models".split(), ""]) == 0
    failing = [*f"{command}auto_ets --python auto_ets={broken} --models".split(), ""]
    assert demand.main(failing) == 1
    assert "did not run auto_ets: ValueError: no such tree" in capsys.readouterr().out
    monkeypatch.setattr(sys, "executable", str(broken))
    assert demand.main([*f"{command}autogluon --models".split(), ""]) == 1
    said = capsys.readouterr().err
    assert "benchmarks.demand: seasonal_naive did not run: ValueError: no such tree" in said


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("foo", "'foo' is not MODEL=PYTHON"),
        ("foo=python", "no model is called 'foo'"),
        ("stork=/none", "'/none' is no program"),
    ],
)
def test_an_interpreter_that_cannot_be_meant_is_refused(pair, told, capsys):
    words = ["--panel", "x", "--freq", "D", "--horizon", "1", "--windows", "1"]
    with pytest.raises(SystemExit) as ended:
        demand.main([*words, "--python", pair])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_what_is_left_aside_of_the_files_is_printed_before_the_models_run(tmp_path, capsys):
    panel().to_parquet(tmp_path / "p.parquet")
    panel().assign(mood="x")[["unique_id", "ds", "mood"]].to_parquet(tmp_path / "k.parquet")
    command = f"--panel {tmp_path}/p.parquet --known-future {tmp_path}/k.parquet --freq W-MON "
    command += "--horizon 2 --windows 1 --peers autogluon --models"
    assert demand.main([*command.split(), ""]) == 0
    assert "known_future: not numbers, so not used: mood" in capsys.readouterr().out
