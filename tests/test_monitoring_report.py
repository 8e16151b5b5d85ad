"""The pages: self-contained, sampled by a stated rule, replaced in one step."""

import re
import socket
from datetime import date

import numpy as np
import pandas as pd
import pytest

from monitoring.report import Sampling, Workspace, churn_report, drift_report, regression_report
from monitoring.verdict import Verdict

SEEN_OUTSIDE = re.compile(
    r"<(?:script|link|img|iframe)[^>]+(?:src|href)\s*=\s*[\"']?(?:https?:)?//"
)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    def refuse(*where, **_):
        raise AssertionError(f"asked for {where}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def frame(n, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.poisson(5, n).astype(float)
    return pd.DataFrame(
        {
            "ds": pd.Timestamp("2025-01-06") + pd.to_timedelta(7 * (np.arange(n) % 8), unit="D"),
            "price_amount": np.where(rng.random(n) < 0.1, np.nan, rng.gamma(2, 30, n)),
            "platform": rng.choice(["a", "b", None], n),
            "is_reachable": rng.random(n) < 0.5,
            "empty": np.nan,
            "y": y,
            "y_hat": np.maximum(0, y + rng.normal(0, 1, n)),
            "is_stockout": rng.random(n) < 0.1,
            "is_churned": rng.random(n) < 0.3,
            "churn_score": rng.random(n),
        }
    )


NOW, BEFORE = frame(400), frame(400, seed=1)
FEATURES = ["price_amount", "platform", "is_reachable"]


def test_the_drift_page_opens_offline_and_quotes_the_verdict(tmp_path):
    verdict = Verdict("demand_drift", False, "price <moved>", {})
    page = drift_report(NOW, BEFORE, FEATURES, tmp_path / "new" / "d.html", verdict=verdict)
    text = page.path.read_text()
    assert not SEEN_OUTSIDE.search(text)
    assert "demand_drift: red" in text
    assert "price &lt;moved&gt;" in text
    assert "price_amount" in text
    assert "past the limit in one and not in the other" in text
    assert "K-S" not in text.split("<script>")[0]
    assert [p.name for p in page.path.parent.iterdir()] == ["d.html"]


def test_targets_and_missing_columns_are_refused_in_a_drift_page(tmp_path):
    with pytest.raises(ValueError, match="no features"):
        drift_report(NOW, BEFORE, [*FEATURES, "y"], tmp_path / "d.html")
    with pytest.raises(ValueError, match="missing"):
        drift_report(NOW, BEFORE, ["colour"], tmp_path / "d.html")


def test_an_empty_column_is_left_out_and_named(tmp_path):
    page = drift_report(NOW, BEFORE, [*FEATURES, "empty"], tmp_path / "d.html")
    assert "Without values on one side: empty." in page.note
    assert page.note in page.path.read_text()


def test_large_frames_are_sampled_and_the_page_says_so(tmp_path):
    rule = Sampling(max_rows=50)
    page = regression_report(NOW, BEFORE.head(40), tmp_path / "r.html", sampling=rule)
    assert (page.n_current, page.n_reference <= 40) == (50, True)
    assert re.search(r"current: 50 of 3\d\d rows drawn", page.note)
    assert "seed 7" in page.note


def test_the_pages_of_forecasts_and_churn_open_offline(tmp_path):
    pages = [
        regression_report(NOW, BEFORE, tmp_path / "r.html"),
        churn_report(NOW, BEFORE, tmp_path / "c.html"),
    ]
    for page in pages:
        assert not SEEN_OUTSIDE.search(page.path.read_text())
        assert page.path.stat().st_size < 6_000_000
    assert "Share churned: current" in pages[1].note


def test_with_nothing_to_compare_the_page_says_so(tmp_path):
    pages = [
        drift_report(NOW.iloc[:0], BEFORE, FEATURES, tmp_path / "d.html"),
        regression_report(NOW.iloc[:0], BEFORE, tmp_path / "r.html"),
        churn_report(NOW.iloc[:0], BEFORE, tmp_path / "c.html"),
        churn_report(NOW.assign(is_churned=True), BEFORE, tmp_path / "one.html"),
    ]
    for page in pages:
        assert "too little to compare" in page.path.read_text()


def test_a_run_of_the_same_day_replaces_the_earlier_one_in_the_workspace(tmp_path):
    for day in (1, 1, 2):
        where = Workspace(tmp_path / "ws", "demand", date(2025, 6, day))
        drift_report(NOW, BEFORE, FEATURES, tmp_path / "d.html", workspace=where)
    assert len(list((tmp_path / "ws").glob("*/snapshots/*.json"))) == 2
    assert len(list((tmp_path / "ws").glob("*/metadata.json"))) == 1


def drawn_drift(path, **told):
    drift_report(NOW, BEFORE, FEATURES, path, **told)


def drawn_error(path, **told):
    regression_report(NOW, BEFORE, path, **told)


def drawn_churn(path, **told):
    churn_report(NOW, BEFORE, path, **told)


@pytest.mark.parametrize("draw", [drawn_drift, drawn_error, drawn_churn])
def test_a_projects_dashboard_draws_its_runs_by_the_day_they_are_about(tmp_path, draw):
    from evidently.sdk.panels import text_panel
    from evidently.ui.workspace import Workspace as Folder

    (tmp_path / "ws").mkdir()
    made_earlier = Folder.create(str(tmp_path / "ws")).create_project("demand")
    made_earlier.dashboard.add_panel(text_panel("as drawn by an earlier version"))
    verdict = Verdict("watched", False, "twice the backtest's")
    for day in (8, 1):
        where = Workspace(tmp_path / "ws", "demand", date(2025, 6, day))
        draw(tmp_path / "r.html", workspace=where, verdict=verdict)
    folder = Folder.create(str(tmp_path / "ws"))
    (project,) = folder.search_project("demand")
    panels = project.dashboard.model().panels
    assert len({panel.title for panel in panels}) == len(panels) > 0, "once, not once a run"
    assert all("the first night is a dot" in panel.subtitle for panel in panels)
    runs = [folder.get_run(project.id, run_id) for run_id in folder.list_runs(project.id)]
    assert {run.timestamp for run in runs} == {pd.Timestamp(2025, 6, d) for d in (1, 8)}
    for run in runs:
        assert (run.tags, run.metadata["verdict"]) == (["red"], "twice the backtest's")
        found = [r.metric_value_location.metric.params for r in run.metric_results.values()]
        for panel in panels:
            (wanted,) = panel.values
            column = wanted.metric_labels.get("column")
            assert any(
                params["type"] == wanted.metric and column in (None, params.get("column"))
                for params in found
            )
