"""The pages: self-contained, sampled by a stated rule, replaced in one step."""

import re
import socket

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


def test_a_run_of_the_same_name_replaces_the_earlier_one_in_the_workspace(tmp_path):
    for name in ("2025-06-01", "2025-06-01", "2025-06-02"):
        where = Workspace(tmp_path / "ws", "demand", name)
        drift_report(NOW, BEFORE, FEATURES, tmp_path / "d.html", workspace=where)
    assert len(list((tmp_path / "ws").glob("*/snapshots/*.json"))) == 2
    assert len(list((tmp_path / "ws").glob("*/metadata.json"))) == 1
