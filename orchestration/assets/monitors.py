"""Monitors: drift, forecast error and churn performance, each with a report to look at.

Feature drift informs: its check sits on the monitor. Verdicts on how right the models were sit
on the models, where RETRAIN listens.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import pandas as pd

from ml.columns import FEAT_CUSTOMER, FEAT_CUSTOMER_EVENTS, FEAT_DEMAND
from monitoring.drift import Windows
from monitoring.verdict import Verdict
from orchestration.assets.demand import week_before
from orchestration.assets.metadata import score_table
from orchestration.automation import GATED
from orchestration.checks import check_result, verdict_check
from orchestration.resources import Lake, Models, Options, Results, Warehouse

MATURED_WEEKS = 8


def monitor(
    name: str, deps: list[str], description: str, *, informs: bool = False
) -> Callable[[Callable[..., dg.MaterializeResult]], dg.AssetsDefinition]:
    """An asset of group "monitors"; `informs`: its verdict is a warning on itself."""
    return dg.asset(
        name=name,
        deps=deps,
        group_name="monitors",
        kinds={"python", "evidently"},
        owners=["team:ml"],
        automation_condition=GATED,
        description=description,
        check_specs=[dg.AssetCheckSpec(name, asset=name)] if informs else None,
    )


@monitor(
    "demand_drift",
    ["feat_demand"],
    "Do the newest weeks' features differ from the same season last year? Informs, never retrains.",
    informs=True,
)
def demand_drift(lake: Lake, warehouse: Warehouse, results: Results) -> dg.MaterializeResult:
    from monitoring import drift

    as_of = lake.last_visible_day()
    features = warehouse.read(FEAT_DEMAND)
    windows = drift.demand_windows(features, cutoff=week_before(as_of))
    found = drift.demand_drift(features, cutoff=week_before(as_of))
    return _drift_result(results, as_of, windows, *found)


@monitor(
    "customer_drift",
    ["feat_customer"],
    "Do today's customers differ from those the churn model learnt from? Informs, never retrains.",
    informs=True,
)
def customer_drift(
    lake: Lake, warehouse: Warehouse, options: Options, results: Results
) -> dg.MaterializeResult:
    from monitoring import drift

    as_of = lake.last_visible_day()
    days = {"as_of": pd.Timestamp(as_of), "outcome_days": options.outcome_days}
    features = warehouse.read(FEAT_CUSTOMER)
    windows = drift.customer_windows(features, **days)
    return _drift_result(results, as_of, windows, *drift.customer_drift(features, **days))


@monitor(
    "forecast_error",
    ["demand_forecast", "feat_demand"],
    "How far off were past forecasts, now that their weeks are over, against the backtest's "
    "control limits; and has demand left its forecast for a share of the products?",
)
def forecast_error(
    lake: Lake, warehouse: Warehouse, models: Models, results: Results
) -> dg.MaterializeResult:
    from monitoring.forecast_archive import mature
    from monitoring.forecast_error import bias_cusum
    from monitoring.forecast_error import forecast_error as judge
    from monitoring.report import regression_report

    as_of = lake.last_visible_day()
    registry = models.registry()
    champion = registry.champion("demand")
    backtest = registry.table(champion, "backtest")
    archive = pd.concat(
        frame.assign(forecasted_as_of=pd.Timestamp(day))
        for day, frame in results.read_all("demand_forecast")
        if day <= as_of
    )
    # a new champion is not blamed for what its predecessor forecast
    archive = archive[archive["model_version"] == champion.version]
    matured = mature(archive, warehouse.read(FEAT_DEMAND), last_weeks=MATURED_WEEKS)
    verdicts = [judge(matured, backtest), bias_cusum(matured, backtest)]
    for verdict in verdicts:
        _keep(results, as_of, verdict)
    about = "Current: matured forecasts; reference: the champion's backtest"
    current, reference = matured, backtest
    if matured.empty and backtest["cutoff"].nunique() > 1:
        about = "No forecast has matured yet: the newest backtest window stands in as current"
        newest = backtest["cutoff"] == backtest["cutoff"].max()
        current, reference = backtest[newest], backtest[~newest]
    report = results.report_path(as_of, "forecast_error")
    regression_report(current, reference, report, verdict=verdicts[0], about=about)
    return dg.MaterializeResult(
        metadata={
            **_report(results, report),
            "compared": about,
            **{v.name: v.reason for v in verdicts},
        }
    )


@monitor(
    "churn_performance",
    ["churn_scores", "feat_customer_events"],
    "Did the customers scored as leaving leave, now that their outcome window is over?",
)
def churn_performance(
    lake: Lake, warehouse: Warehouse, models: Models, options: Options, results: Results
) -> dg.MaterializeResult:
    from ml.churn.labels import churn_labels
    from monitoring.churn_performance import churn_performance as judge
    from monitoring.churn_performance import mature_scores
    from monitoring.report import churn_report

    as_of = lake.last_visible_day()
    registry = models.registry()
    backtest = registry.table(registry.champion("churn"), "backtest")
    archive = pd.concat(frame for day, frame in results.read_all("churn_scores") if day <= as_of)
    labels = churn_labels(
        archive[["customer_id", "as_of"]].drop_duplicates(),
        warehouse.read(FEAT_CUSTOMER_EVENTS),
        outcome_days=options.outcome_days,
        last_day=pd.Timestamp(as_of),
    )
    matured = mature_scores(archive, labels)
    verdict = judge(matured, backtest)
    _keep(results, as_of, verdict)
    report = results.report_path(as_of, verdict.name)
    about = "Current: matured scores; reference: the champion's evaluation"
    if matured.empty:
        about = "No score has matured yet: the champion's evaluation is shown on both sides"
        matured = backtest
    churn_report(matured, backtest, report, verdict=verdict, about=about)
    return dg.MaterializeResult(
        metadata={**_report(results, report), "verdict": verdict.reason, **verdict.numbers}
    )


def _drift_result(
    results: Results, as_of: date, windows: Windows, verdict: Verdict, table: pd.DataFrame
) -> dg.MaterializeResult:
    from monitoring.report import drift_report

    report = results.report_path(as_of, verdict.name)
    columns = list(table["column"])
    drift_report(
        windows.current, windows.reference, columns, report, verdict=verdict, about=windows.label
    )
    _keep(results, as_of, verdict)
    return dg.MaterializeResult(
        metadata={
            **_report(results, report),
            "compared": windows.label,
            "verdict": verdict.reason,
            "columns": score_table(table),
        },
        check_results=[check_result(verdict, dg.AssetCheckSeverity.WARN)],
    )


def _keep(results: Results, as_of: date, verdict: Verdict) -> None:
    results.write_text(as_of, f"{verdict.name}.verdict.json", verdict.to_json())


def _report(results: Results, path: Path) -> dict[str, object]:
    return {
        "report": dg.MetadataValue.url(results.url(path)),
        "report_file": dg.MetadataValue.path(path),
    }


MONITORS = [demand_drift, customer_drift, forecast_error, churn_performance]

VERDICTS = [
    verdict_check(
        "demand_model",
        "forecast_error",
        monitor="forecast_error",
        description="WAPE, bias and coverage of matured forecasts are inside the backtest's limits",
    ),
    verdict_check(
        "demand_model",
        "bias_cusum",
        monitor="forecast_error",
        description="Fewer than 10 % of the large products have left their forecast for good",
    ),
    verdict_check(
        "churn_model",
        "churn_performance",
        monitor="churn_performance",
        description="Matured churn scores rank and calibrate as in the evaluation",
    ),
]
