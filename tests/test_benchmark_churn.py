"""The churn benchmark: cuts that keep the future out, and results anyone can read."""

import json

import numpy as np
import pandas as pd
import pytest
from churn_shop import purchase_days

from benchmarks import churn as bench
from benchmarks.churn import Protocol, make_task, results
from benchmarks.orders import main as write_orders
from benchmarks.protocols import verdict

CUT = pd.Timestamp("2026-01-01")


@pytest.fixture(scope="module")
def orders():
    days = purchase_days(250, days=480, seed=4)
    return pd.DataFrame(
        {
            "customer_id": days["customer_id"],
            "ordered_at": days["ds"] + pd.Timedelta(hours=10),
            "amount": days["paid_amount"],
            "category": days["category"],
        }
    )


def test_no_outcome_to_learn_from_reaches_the_cut_and_the_judged_outcome_begins_there(orders):
    task = make_task(orders, Protocol(CUT, 40))
    assert task.labels["known_on"].max() < CUT
    assert task.events["ds"].max() < CUT
    assert (task.test["as_of"] == CUT - pd.Timedelta(days=1)).all()
    coming = orders["ordered_at"].between(CUT, CUT + pd.Timedelta(days=40), inclusive="left")
    bought = task.test["customer_id"].isin(orders.loc[coming, "customer_id"])
    np.testing.assert_array_equal(task.bought, bought.to_numpy(float))


def test_spoiling_what_comes_after_the_cut_changes_nothing_to_learn_from(orders):
    spoiled = orders.copy()
    spoiled.loc[spoiled["ordered_at"] >= CUT, "amount"] = 1e9
    ours, theirs = (make_task(lines, Protocol(CUT, 40)) for lines in (orders, spoiled))
    for part in ("train", "labels", "events", "test"):
        pd.testing.assert_frame_equal(getattr(ours, part), getattr(theirs, part))


def test_the_population_is_the_one_asked_for(orders):
    task = make_task(orders, Protocol(CUT, 40, active_days=60, min_orders=2))
    assert (task.test["recency_days"] < 60).all()
    assert (task.train["frequency"] >= 2).all()
    with pytest.raises(ValueError, match="no customer"):
        make_task(orders, Protocol(CUT, 40, min_orders=10_000))


def test_a_window_too_long_for_the_log_is_learnt_on_a_shorter_one(orders):
    early = pd.Timestamp("2025-08-01")
    task = make_task(orders, Protocol(early, 200))
    assert task.train_days < 200
    assert task.outcome_days == 200
    assert task.labels["known_on"].max() < early


def test_results_name_every_model_beside_base_rate_majority_and_interval(
    orders, tmp_path, monkeypatch
):
    file, out = tmp_path / "orders.csv", tmp_path / "results.json"
    orders.to_csv(file, index=False)
    cheap = {name: bench.OPPONENTS[name] for name in ("recency", "pareto_nbd", "boosting_rfm")}
    cheap["stork"] = lambda task: bench.ours("logistic", task)
    monkeypatch.setattr(bench, "OPPONENTS", cheap)
    monkeypatch.setattr(bench.results, "__kwdefaults__", {"models": tuple(cheap), "seed": 7})
    argv = ["churn", "--orders", str(file), "--cut", "2026-01-01", "--outcome-days", "40"]
    monkeypatch.setattr("sys.argv", [*argv, "--out", str(out)])
    assert bench.main() == 0
    rows = {row["model"]: row for row in json.loads(out.read_text())["rows"]}
    assert set(rows) == set(cheap)
    ours = rows["stork"]
    asked = {"model", "n", "base_rate", "roc_auc", "pr_auc", "brier", "ece", "lift_at_10"}
    assert asked <= set(ours)
    assert ours["roc_auc_low"] < ours["roc_auc"] < ours["roc_auc_high"]
    assert ours["roc_auc"] > 0.7
    assert ours["ece_low"] < ours["ece_high"]
    assert ours["ece"] < ours["ece_high"] < 0.2
    assert rows["pareto_nbd"]["correlation"] > 0.3
    assert ours["correlation"] > 0.3
    assert ours["majority_accuracy"] == max(ours["base_rate"], 1 - ours["base_rate"])
    again = results(make_task(orders, Protocol(CUT, 40)), models=("recency",))
    assert again["rows"][0]["roc_auc"] == rows["recency"]["roc_auc"]


def test_order_files_are_written_for_the_data_found(tmp_path, monkeypatch, capsys):
    (tmp_path / "cdnow").mkdir()
    (tmp_path / "cdnow" / "CDNOW_sample.txt").write_text(" 00004 0001 19970101  2   29.33\n")
    monkeypatch.setattr("sys.argv", ["orders", "--data", str(tmp_path), "--out", str(tmp_path)])
    assert write_orders() == 0
    assert "online_retail: not found" in capsys.readouterr().out
    (row,) = pd.read_parquet(tmp_path / "cdnow_sample.parquet").to_dict("records")
    assert row == {
        "customer_id": "00004",
        "ordered_at": pd.Timestamp("1997-01-01"),
        "amount": 29.33,
    }


def test_a_verdict_says_of_each_number_whether_it_was_beaten():
    ours = {
        "model": "stork", "roc_auc": 0.8, "correlation": 0.6, "ece": 0.02, "ece_low": 0.01,
        "ece_high": 0.05, "ece_by_chance": 0.01,
    }  # fmt: skip
    rows = [ours, {"model": "recency", "roc_auc": 0.7}]
    auc, ece = verdict(rows, 0.81).splitlines()
    assert auc == "ROC AUC 0.8000, best opponent recency 0.7000, to beat 0.810: NOT beaten"
    assert ece.endswith(": kept")
    auc, correlation, ece = verdict([ours | {"ece": 0.04}, rows[1]], 0.79, 0.61).splitlines()
    assert auc.endswith("0.790: beaten")
    assert correlation == "correlation 0.600, to beat 0.610: NOT beaten"
    assert ece.endswith(": NOT kept")
    assert "to beat" not in verdict(rows, None)


def _run(orders, folder, capsys, *options, cut="2026-01-01", days="40"):
    """Exit code, what was printed and the results of the command on a CSV of `orders`."""
    file, out = folder / "orders.csv", folder / "new" / "results.json"
    orders.to_csv(file, index=False)
    argv = ["--orders", str(file), "--cut", cut, "--outcome-days", days, "--out", str(out)]
    code = bench.main([*argv, *options])
    said = capsys.readouterr()
    return code, said.out + said.err, json.loads(out.read_text()) if out.exists() else None


@pytest.fixture
def only_recency(monkeypatch):
    monkeypatch.setattr(bench.results, "__kwdefaults__", {"models": ("recency",), "seed": 7})


@pytest.mark.usefixtures("only_recency")
def test_what_was_left_out_of_the_log_is_printed_and_written(orders, tmp_path, capsys):
    text = orders.assign(ordered_at=orders["ordered_at"].dt.strftime("%Y-%m-%d %H:%M:%S"))
    text.loc[::2, "ordered_at"] = text.loc[::2, "ordered_at"].str[:10]
    text.loc[0, "ordered_at"] = "31/12/2024"
    code, said, found = _run(text, tmp_path, capsys)
    assert code == 0
    assert found["left_out"]["unreadable_days"] == 1
    assert "unreadable days 1," in said
    plain = results(make_task(orders.drop(index=0), Protocol(CUT, 40)), models=("recency",))
    assert found["rows"] == plain["rows"]


def test_an_outcome_the_log_does_not_reach_is_refused_and_a_weekend_short_of_it_warned_of(orders):
    last = orders["ordered_at"].max().normalize()
    day = pd.Timedelta(days=1)
    for cut, seen in ((last - 19 * day, 20), (last + day, 0), (last + 400 * day, 0)):
        with pytest.raises(ValueError, match=f"ends on {last:%F}, only {seen} of 40 outcome days"):
            make_task(orders, Protocol(cut, 40))
    with pytest.raises(ValueError, match="only 0 of 2 outcome days"):
        make_task(orders, Protocol(last + day, 2))
    assert make_task(orders, Protocol(last - 39 * day, 40)).warnings == ()
    (warning,) = make_task(orders, Protocol(last - 37 * day, 40)).warnings
    assert f"ends on {last:%F}, only 38 of 40" in warning


def test_wrongly_dated_lines_far_ahead_do_not_lengthen_the_log(orders):
    last = orders["ordered_at"].max().normalize()
    stray = orders.head(2).assign(ordered_at=pd.Timestamp("2031-01-01"))
    spoiled = pd.concat([orders, stray], ignore_index=True)
    with pytest.raises(ValueError, match=f"ends on {last:%F}, only 20 of 40"):
        make_task(spoiled, Protocol(last - pd.Timedelta(days=19), 40))
    assert make_task(spoiled, Protocol(CUT, 40)).warnings == ()


def test_a_shop_that_buys_rarely_may_be_silent_as_long_as_it_often_is(orders):
    monthly = orders.assign(ordered_at=orders["ordered_at"].dt.to_period("M").dt.start_time)
    last = monthly["ordered_at"].max()
    cut = last - pd.Timedelta(days=60)
    (warning,) = make_task(monthly, Protocol(cut, 90)).warnings
    assert "only 61 of 90" in warning


def test_a_zone_or_an_hour_on_the_days_or_the_cut_changes_no_calendar_day(orders):
    zoned = orders.assign(ordered_at=orders["ordered_at"].dt.tz_localize("Asia/Shanghai"))
    plain = make_task(orders, Protocol(CUT, 40))
    for cut in (CUT, pd.Timestamp("2026-01-01T00:00+08:00"), pd.Timestamp("2026-01-01 15:00")):
        task = make_task(zoned, Protocol(cut, 40))
        pd.testing.assert_frame_equal(task.test, plain.test)
        pd.testing.assert_frame_equal(task.train, plain.train)
        np.testing.assert_array_equal(task.bought, plain.bought)


@pytest.mark.parametrize(
    ("change", "options", "told"),
    [
        ({}, {"options": ["--slice-days", "0"]}, "slice_days is 0, must be at least 1"),
        ({}, {"days": "0"}, "outcome_days is 0"),
        ({}, {"options": ["--min-orders", "9999"]}, "no customer of the log fits"),
        ({}, {"cut": "2001-01-01"}, "nothing is known before 2001-01-01"),
        ({}, {"cut": "2027-06-01"}, "only 0 of 40 outcome days"),
        ({"amount": -1.0}, {}, "holds no purchase"),
        ({"ordered_at": "01/05/2024"}, {}, "column 'ordered_at': "),
        ({"customer_id": "one"}, {}, "nothing to tell apart"),
    ],
)
def test_bad_input_is_one_clear_line_with_the_file_and_no_table(
    orders, tmp_path, capsys, change, options, told
):
    code, said, found = _run(
        orders.assign(**change), tmp_path, capsys, *options.pop("options", ()), **options
    )
    assert code == 2
    assert said.startswith(f"benchmarks.churn: {tmp_path}/orders.csv: ")
    assert told in said
    assert said.count("\n") == 1
    assert found is None


def test_a_single_buyer_still_has_an_interval_and_what_is_unknown_is_null(
    orders, tmp_path, monkeypatch
):
    days = pd.to_datetime(orders["ordered_at"]).dt.normalize()
    first = orders.loc[days < CUT, "customer_id"].iloc[0]
    coming = days.between(CUT, CUT + pd.Timedelta(days=9)) & (orders["customer_id"] != first)
    added = pd.DataFrame({"customer_id": [first], "ordered_at": CUT, "amount": 10.0})
    pd.concat([orders[~coming], added]).to_csv(tmp_path / "orders.csv", index=False)
    cheap = {"stork": lambda task: bench.Answer(task.test["frequency"].to_numpy() / 100)}
    cheap["constant"] = lambda task: bench.Answer(np.full(len(task.test), 0.125))
    monkeypatch.setattr(bench, "OPPONENTS", cheap)
    monkeypatch.setattr(bench.results, "__kwdefaults__", {"models": tuple(cheap), "seed": 7})
    out = tmp_path / "results.json"
    argv = ["--orders", str(tmp_path / "orders.csv"), "--cut", f"{CUT:%F}", "--outcome-days", "9"]
    with np.errstate(invalid="ignore"):
        assert bench.main([*argv, "--out", str(out)]) == 0
    assert "NaN" not in out.read_text()
    ours, constant = json.loads(out.read_text())["rows"]
    assert round(ours["base_rate"] * ours["n"]) == 1
    assert ours["roc_auc_low"] <= ours["roc_auc"] <= ours["roc_auc_high"]
    assert constant["correlation"] is None


def test_a_missing_file_and_a_missing_column_are_said(orders, tmp_path, capsys):
    code, said, _ = _run(orders.drop(columns="amount"), tmp_path, capsys)
    assert (code, "lacks the columns ['amount']" in said) == (2, True)
    argv = ["--orders", f"{tmp_path}/none.csv", "--cut", "2026-01-01", "--outcome-days", "9"]
    assert bench.main(argv) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_csv_is_read_in_the_encoding_it_is_in(tmp_path, encoding):
    file = tmp_path / "orders.csv"
    rows = "customer_id,ordered_at,amount,category\n007,2025-01-01,10.50,奶粉\n"
    file.write_bytes(rows.encode(encoding))
    (row,) = bench.read_orders(file).to_dict("records")
    assert list(row.values()) == ["007", "2025-01-01", 10.5, "奶粉"]


@pytest.mark.parametrize(
    ("landed", "advice"),
    [
        ("a,奶\n".encode() * 3 + "a,奶\n".encode("gbk"), "write all of them as UTF-8"),
        ("a,奶\n".encode() + "a,奶\n".encode("gbk") * 3, "write all of them as UTF-8"),
        (b"PK\x03\x04 and more", "save the table as CSV"),
        (b"", "the file is empty"),
        (b"a,\xff\xff\xff\x80\n", "write it as UTF-8"),
    ],
    ids=["GBK in UTF-8", "UTF-8 in GBK", "a workbook", "empty", "no text"],
)
def test_a_file_that_is_no_order_log_is_refused_with_advice(tmp_path, landed, advice):
    file = tmp_path / "orders.csv"
    file.write_bytes(landed)
    with pytest.raises(ValueError, match=advice):
        bench.read_orders(file)
