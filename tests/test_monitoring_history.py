"""The table of all verdicts: one row each, repeats change nothing, Prometheus can read it."""

import json
import re
from datetime import date
from pathlib import Path

import pandas as pd

import monitoring
from monitoring.history import COLUMNS, by_day, merged, prometheus, red_days, rows
from monitoring.verdict import Verdict

MONDAY, TUESDAY = date(2026, 6, 22), date(2026, 6, 23)
RED = Verdict("demand_shift", False, 'brand "b2" sold more', {"sum_up": 4.5, "odd": float("nan")})
GREEN = Verdict("demand_shift", True, "quiet", {"sum_up": 1.0})
DATA = Verdict("as_usual", False, "jd: 0 rows")


def history():
    parts = [
        rows(MONDAY, "forecast_error", [RED]),
        rows(TUESDAY, "forecast_error", [GREEN]),
        rows(MONDAY, "jd/orders", [DATA]),
    ]
    table = pd.DataFrame(columns=list(COLUMNS))
    for part in parts:
        table = merged(table, part)
    return table


def test_a_repeat_changes_nothing_and_a_new_verdict_of_the_day_replaces_the_old():
    table = history()
    assert len(table) == 3
    assert merged(table, rows(MONDAY, "forecast_error", [RED])).equals(table)
    mended = merged(table, rows(MONDAY, "forecast_error", [GREEN]))
    assert len(mended) == 3
    assert mended.loc[mended["asset"] == "forecast_error", "passed"].all()


def test_verdicts_are_found_by_day_and_name():
    found = by_day(history(), ["demand_shift"])
    assert {day: [v.passed for v in verdicts] for day, verdicts in found.items()} == {
        MONDAY: [False],
        TUESDAY: [True],
    }
    assert red_days(history(), ["as_usual"]) == [pd.Timestamp(MONDAY)]


def test_prometheus_gets_the_newest_of_each_with_its_numbers():
    text = prometheus(history())
    labels = 'asset="forecast_error",verdict="demand_shift"'
    assert f"stork_verdict_passed{{{labels}}} 1" in text
    assert f'stork_verdict_number{{{labels},number="sum_up"}} 1.0' in text
    assert 'stork_verdict_passed{asset="jd/orders",verdict="as_usual"} 0' in text
    assert text.count("# TYPE") == 3
    assert text.endswith("\n")


def test_quotes_are_escaped_and_what_is_not_finite_is_left_out():
    text = prometheus(rows(MONDAY, 'a "b"', [RED]))
    assert 'asset="a \\"b\\""' in text
    assert "odd" not in text


def test_an_empty_history_is_an_empty_table():
    empty = merged(rows(MONDAY, "x", []), rows(MONDAY, "x", []))
    assert empty.empty
    assert prometheus(empty).count("\n") == 6


def test_every_metric_on_the_dashboard_is_one_that_is_written():
    board = json.loads((Path(monitoring.__file__).parent / "grafana/dashboard.json").read_text())
    asked = {
        metric
        for panel in board["panels"]
        for target in panel["targets"]
        for metric in re.findall(r"stork_\w+", target["expr"])
    }
    written = set(re.findall(r"# TYPE (\w+)", prometheus(history())))
    assert asked == written
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) > 8
