"""Evidently pages for people: drift and model quality as one self-contained HTML file each."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from monitoring.drift import Limits, Windows, check_features
from monitoring.verdict import Verdict

_MAX_ROWS = 5_000
_FLOOR_ROWS = 10  # below it there is nothing to draw


@dataclass(frozen=True)
class Sampling:
    """At most `max_rows` rows a side, drawn with `seed`; the page says when rows were left out."""

    max_rows: int = _MAX_ROWS
    seed: int = 7


_MEAN = {"value_type": "mean"}
_BINS = (
    " Below, bins of a number are equally wide, those of the verdict hold equally many rows each:"
    " a column can be past the limit in one and not in the other."
)


@dataclass(frozen=True)
class Panels:
    """What a project's dashboard draws over the days: by title a metric and the labels that pick
    one number of it; `about` is told on each."""

    about: str
    metrics: dict[str, tuple[str, dict[str, str]]]


_NIGHTS = "One point a night, so the first night is a dot; its report says what was compared."
_DRIFT_PANELS = Panels(
    _NIGHTS, {"Share of columns that drifted": ("DriftedColumnsCount", {"value_type": "share"})}
)
_ERROR_PANELS = Panels(
    f"{_NIGHTS} Until forecasts have matured: the newest backtest window.",
    {
        "Mean absolute error (units)": ("MAE", _MEAN),
        "Mean error, forecast less demand (units)": ("MeanError", _MEAN),
    },
)
_CHURN_PANELS = Panels(
    f"{_NIGHTS} Until scores have matured: the champion's evaluation.",
    {
        "ROC AUC": ("RocAuc", {}),
        "Log loss": ("LogLoss", {}),
        "Drift of the scores (PSI)": ("ValueDrift", {"column": "churn_score"}),
    },
)


@dataclass(frozen=True)
class Workspace:
    """An Evidently workspace folder to add the run to (`evidently ui --workspace <folder>`).

    The run is named and dated by `as_of`, and replaces an earlier one of that day in `project`.
    """

    folder: Path
    project: str
    as_of: date


@dataclass(frozen=True)
class Page:
    """What was written: the file, the note shown on top of it, and the rows behind it."""

    path: Path
    note: str
    n_current: int
    n_reference: int


def drift_report(
    current: pd.DataFrame,
    reference: pd.DataFrame,
    columns: Sequence[str],
    path: Path,
    *,
    verdict: Verdict | None = None,
    about: str = "",
    limits: Limits | None = None,
    sampling: Sampling | None = None,
    workspace: Workspace | None = None,
) -> Page:
    """Distribution of each feature column on both sides, with its PSI.

    `verdict` is quoted on top: it was decided on all rows by `monitoring.drift`, never by this
    page. Raises ValueError when `columns` holds a target or prediction. A column that is empty
    on one side is left out and named.
    """
    limits = limits or Limits()
    check_features(columns, Windows(current, reference))
    shown = [c for c in columns if current[c].notna().any() and reference[c].notna().any()]
    note = _noted(about, _sampling_note(current, reference, sampling)) + _BINS
    if len(shown) < len(columns):
        note += f" Without values on one side: {', '.join(c for c in columns if c not in shown)}."

    def build() -> tuple[list[Any], dict[str, Any]]:
        from evidently.presets import DataDriftPreset

        class Overview(DataDriftPreset):
            """The preset's table, which holds every column, without drawing each once more."""

            def generate_metrics(self, context: Any) -> Sequence[Any]:
                return super().generate_metrics(context)[:1]

        numbers = [c for c in shown if _is_number(current[c]) and _is_number(reference[c])]
        preset = Overview(
            columns=shown,
            num_method="psi",
            num_threshold=limits.psi,
            cat_method="psi",
            cat_threshold=limits.psi,
            drift_share=limits.share,
            include_tests=False,
        )
        texts = [c for c in shown if c not in numbers]
        return [preset], {"numerical_columns": numbers, "categorical_columns": texts}

    return _write(
        "Feature drift",
        (_pick(current, shown, sampling), _pick(reference, shown, sampling)),
        build,
        path,
        note=note,
        verdict=verdict,
        workspace=workspace,
        panels=_DRIFT_PANELS,
        is_drawable=bool(shown),
    )


def regression_report(
    current: pd.DataFrame,
    reference: pd.DataFrame,
    path: Path,
    *,
    verdict: Verdict | None = None,
    about: str = "",
    sampling: Sampling | None = None,
    workspace: Workspace | None = None,
) -> Page:
    """Errors of forecasts (`y_hat` against `y`, in-stock weeks): over time and distributed.

    Errors are in units; percentage errors are left out because weeks without sales have none.
    """
    columns = ["ds", "y", "y_hat"]
    sides = [frame[_scored(frame)] for frame in (current, reference)]

    def build() -> tuple[list[Any], dict[str, Any]]:
        from evidently import Regression
        from evidently.metrics import MAE, RMSE, MeanError

        metrics = [
            MAE(error_plot=False, error_distr=False),
            RMSE(error_plot=False, error_distr=False),
            MeanError(error_plot=True, error_distr=True),
        ]
        return metrics, {
            "numerical_columns": ["y", "y_hat"],
            "regression": [Regression(target="y", prediction="y_hat")],
            "timestamp": "ds",
        }

    return _write(
        "Demand forecast error",
        tuple(_pick(frame, columns, sampling) for frame in sides),
        build,
        path,
        note=_noted(about, _sampling_note(*sides, sampling)),
        verdict=verdict,
        workspace=workspace,
        panels=_ERROR_PANELS,
    )


def churn_report(
    current: pd.DataFrame,
    reference: pd.DataFrame,
    path: Path,
    *,
    verdict: Verdict | None = None,
    about: str = "",
    sampling: Sampling | None = None,
    workspace: Workspace | None = None,
) -> Page:
    """Matured churn scores against outcomes: ROC and precision-recall, log loss, and how the
    scores' distribution moved. The base rate of both sides is told in the note."""
    columns = ["is_churned", "churn_score"]
    known = [frame.dropna(subset=columns) for frame in (current, reference)]
    sides = [frame.assign(is_churned=frame["is_churned"].astype(int)) for frame in known]
    rates = [frame["is_churned"].mean() for frame in sides]
    note = _noted(about, _sampling_note(*sides, sampling))
    if all(map(len, sides)):
        note += f" Share churned: current {rates[0]:.1%}, reference {rates[1]:.1%}."

    def build() -> tuple[list[Any], dict[str, Any]]:
        from evidently import BinaryClassification
        from evidently.metrics import LogLoss, RocAuc, ValueDrift

        metrics = [
            RocAuc(probas_threshold=0.5, roc_curve=True),
            LogLoss(probas_threshold=0.5, pr_table=True),
            ValueDrift(column="churn_score", method="psi", threshold=Limits().psi),
        ]
        return metrics, {
            "numerical_columns": ["churn_score"],
            "categorical_columns": ["is_churned"],
            "classification": [
                BinaryClassification(target="is_churned", prediction_probas="churn_score")
            ],
        }

    frames = tuple(_pick(frame, columns, sampling) for frame in sides)
    return _write(
        "Churn scores against outcomes",
        frames,
        build,
        path,
        note=note,
        verdict=verdict,
        workspace=workspace,
        panels=_CHURN_PANELS,
        is_drawable=all(frame["is_churned"].nunique() == 2 for frame in frames),
    )


def _write(
    title: str,
    frames: tuple[pd.DataFrame, pd.DataFrame],
    build: Any,
    path: Path,
    *,
    note: str,
    verdict: Verdict | None,
    workspace: Workspace | None,
    panels: Panels,
    is_drawable: bool = True,
) -> Page:
    """Render, put our header on top, replace `path` in one step."""
    header = _header(title, note, verdict)
    if is_drawable and min(map(len, frames)) >= _FLOOR_ROWS:
        told = _told(note, verdict)
        page = _render(frames, build, workspace, panels, told)
        page = page.replace("<body>", f"<body>{header}", 1)
    else:
        note += " Nothing is drawn: too little to compare yet."
        page = f"<!DOCTYPE html><html lang='en'><head><meta charset='UTF-8'><title>{title}</title>"
        page += f"</head><body>{_header(title, note, verdict)}</body></html>"
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(page, encoding="utf-8")
    fresh.replace(path)
    return Page(path, note, *map(len, frames))


def _told(note: str, verdict: Verdict | None) -> dict[str, Any]:
    """Tags and metadata that the workspace's list of runs shows."""
    if verdict is None:
        return {"metadata": {"note": note}}
    tag = "passed" if verdict.passed else "red"
    return {"tags": [tag], "metadata": {"verdict": verdict.reason, "note": note}}


def _render(
    frames: tuple[pd.DataFrame, pd.DataFrame],
    build: Any,
    workspace: Workspace | None,
    panels: Panels,
    told: dict[str, Any],
) -> str:
    from evidently import DataDefinition, Dataset, Report

    metrics, definition = build()
    data = [
        Dataset.from_pandas(frame, data_definition=DataDefinition(**definition)) for frame in frames
    ]
    if workspace is not None:
        told = told | {"timestamp": pd.Timestamp(workspace.as_of).to_pydatetime()}
    snapshot = Report(metrics, include_tests=False).run(data[0], data[1], **told)
    if workspace is not None:
        _add(snapshot, workspace, panels)
    return snapshot.get_html_str(as_iframe=False)


def _add(snapshot: Any, workspace: Workspace, panels: Panels) -> None:
    """Put the run into its project, whose dashboard draws `panels` over the days."""
    from evidently.sdk.models import PanelMetric
    from evidently.sdk.panels import line_plot_panel
    from evidently.ui.workspace import Workspace as Folder

    workspace.folder.mkdir(parents=True, exist_ok=True)
    folder = Folder.create(str(workspace.folder))
    found = folder.search_project(workspace.project)
    project = found[0] if found else folder.create_project(workspace.project)
    known = {panel.title: panel.subtitle for panel in project.dashboard.model().panels}
    if known != dict.fromkeys(panels.metrics, panels.about):
        project.dashboard.clear_dashboard()
        for title, (metric, labels) in panels.metrics.items():
            drawn = PanelMetric(legend=metric, metric=metric, metric_labels=labels)
            panel = line_plot_panel(title, [drawn], description=panels.about, size="half")
            project.dashboard.add_panel(panel)
    name = workspace.as_of.isoformat()
    for run_id in folder.list_runs(project.id):
        if folder.get_run(project.id, run_id).name == name:
            folder.delete_run(project.id, run_id)
    folder.add_run(project.id, snapshot, name=name)


def _noted(about: str, note: str) -> str:
    return f"{about}. {note}" if about else note


def _header(title: str, note: str, verdict: Verdict | None) -> str:
    """The page's first lines: verdict and note, in plain HTML without scripts."""
    said = ""
    if verdict is not None:
        colour, word = ("#1a7f37", "passed") if verdict.passed else ("#b42318", "red")
        said = (
            f"<p><strong style='color:{colour}'>{html.escape(verdict.name)}: {word}</strong> "
            f"&mdash; {html.escape(verdict.reason)}</p>"
            "<p>The verdict was decided on all rows; the figures below show the rows drawn.</p>"
        )
    style = (
        "font-family:sans-serif;margin:16px 24px;padding:12px 20px;background:#f6f8fa;"
        "color:#1f2328;border:1px solid #d0d7de;border-radius:4px"
    )
    return (
        f"<header style='{style}'><h2>{html.escape(title)}</h2>{said}"
        f"<p>{html.escape(note)}</p></header>"
    )


def _pick(frame: pd.DataFrame, columns: Sequence[str], sampling: Sampling | None) -> pd.DataFrame:
    rule = sampling or Sampling()
    drawn = frame[list(columns)].reset_index(drop=True)
    if len(drawn) > rule.max_rows:
        drawn = drawn.sample(rule.max_rows, random_state=rule.seed).sort_index()
    texts = {
        c: drawn[c].astype("string").fillna("(none)").astype(object)
        for c in drawn
        if not _is_number(drawn[c]) and not pd.api.types.is_datetime64_any_dtype(drawn[c])
    }
    return drawn.assign(**texts).reset_index(drop=True)


def _sampling_note(
    current: pd.DataFrame, reference: pd.DataFrame, sampling: Sampling | None
) -> str:
    rule = sampling or Sampling()
    sides = []
    for name, frame in (("current", current), ("reference", reference)):
        n = len(frame)
        drawn = f"{rule.max_rows:,} of {n:,} rows drawn" if n > rule.max_rows else f"{n:,} rows"
        sides.append(f"{name}: {drawn}")
    return f"{'; '.join(sides)} (at most {rule.max_rows:,} a side, seed {rule.seed})."


def _scored(frame: pd.DataFrame) -> pd.Series:
    keep = frame["y"].notna() & frame["y_hat"].notna()
    if "is_stockout" in frame:
        keep &= ~frame["is_stockout"].fillna(False).astype(bool)
    return keep


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
