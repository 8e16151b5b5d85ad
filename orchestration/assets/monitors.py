"""Monitors: drift, forecast error and churn performance, each with a report to look at.

Feature drift informs: its check sits on the monitor. Verdicts on how right the models were sit
on the models, where RETRAIN listens.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import chain
from pathlib import Path

import dagster as dg
import pandas as pd

from ml.columns import (
    FEAT_CUSTOMER,
    FEAT_CUSTOMER_EVENTS,
    FEAT_DEMAND,
    FEAT_DEMAND_STATIC,
    FEAT_KNOWN_FUTURE,
)
from ml.training import in_charge
from monitoring.drift import Windows
from monitoring.forecast_archive import MATURED_STEPS
from monitoring.forecast_watch import CHART_WEEKS, judge_forecasts
from monitoring.report import Workspace
from monitoring.verdict import Verdict
from orchestration.assets.demand import week_before
from orchestration.assets.metadata import score_table
from orchestration.automation import GATED
from orchestration.checks import check_result, verdict_check
from orchestration.resources import Lake, Models, Options, Results, Warehouse
from orchestration.verdicts import keep, red_feed_days

# how far back an archive is read: a year of nights of a large shop does not fit in memory
CHARTED = timedelta(weeks=CHART_WEEKS + 6)  # and what was forecast four weeks before
SCORED = timedelta(days=90)  # the last four weeks that matured, and nights left out in between
YEAR = timedelta(weeks=54)


def monitor(
    name: str, deps: list[str], description: str, *, informs: bool = False, draws: bool = True
) -> Callable[[Callable[..., dg.MaterializeResult]], dg.AssetsDefinition]:
    """An asset of group "monitors"; `informs`: its verdict is a warning on itself.

    `draws`: it makes an Evidently page.
    """
    return dg.asset(
        name=name,
        deps=deps,
        group_name="monitors",
        kinds={"python", "evidently"} if draws else {"python"},
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
    ["demand_forecast", "feat_demand", "feat_known_future", "feat_demand_static"],
    "How far off were past forecasts, now that their weeks are over, against the backtest's "
    "control limits; has demand left its forecast, in a brand, a category, or for a share of the "
    "products?",
)
def forecast_error(
    lake: Lake, warehouse: Warehouse, models: Models, results: Results
) -> dg.MaterializeResult:
    from monitoring.report import regression_report

    as_of = lake.last_visible_day()
    registry = models.registry()
    champion = in_charge(registry, "demand", as_of)
    backtest = registry.table(champion, "backtest")
    nights = archived(results, "demand_forecast", as_of - CHARTED, as_of)
    archive = pd.concat(
        f[f["step"] <= MATURED_STEPS].assign(forecasted_as_of=pd.Timestamp(day))
        for day, f in nights
    )
    judged = judge_forecasts(
        archive,
        backtest,
        warehouse.read(FEAT_DEMAND),
        warehouse.read(FEAT_DEMAND_STATIC),
        warehouse.read(FEAT_KNOWN_FUTURE),
        champion=champion.version,
        red_days=red_feed_days(results, as_of),
    )
    keep(results, as_of, "forecast_error", judged.verdicts)
    results.write(as_of, "forecast_error_by_slice", judged.by_slice)
    results.write(as_of, "demand_shift_by_group", judged.by_group)
    about = "Current: matured forecasts; reference: the champion's backtest"
    current, reference = judged.matured, backtest
    if current.empty and backtest["cutoff"].nunique() > 1:
        about = "No forecast has matured yet: the newest backtest window stands in as current"
        newest = backtest["cutoff"] == backtest["cutoff"].max()
        current, reference = backtest[newest], backtest[~newest]
    report = results.report_path(as_of, "forecast_error")
    regression_report(
        current,
        reference,
        report,
        verdict=judged.verdicts[0],
        about=about,
        workspace=workspace(results, as_of, "forecast_error"),
    )
    return dg.MaterializeResult(
        metadata={
            **_report(results, report),
            "compared": about,
            **{v.name: v.reason for v in judged.verdicts},
            "by_slice": score_table(judged.by_slice),
            "by_group": score_table(judged.by_group.head(10)),
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
    from monitoring.churn_performance import READ, judge_scores, own_scores
    from monitoring.prediction_drift import Predictions
    from monitoring.prediction_drift import prediction_drift as prediction_drift_of
    from monitoring.report import churn_report

    as_of = lake.last_visible_day()
    registry = models.registry()
    champion = in_charge(registry, "churn", as_of)
    backtest = registry.table(champion, "backtest")
    outcome = timedelta(days=options.outcome_days)
    since = as_of - outcome - SCORED
    nights = archived(results, "churn_scores", since, as_of)
    archive = pd.concat(f.filter(READ) for _, f in nights)
    told = archive.get("model_version", pd.Series(dtype=float)).dropna().astype(int)
    numbers = {champion.version, *told.unique()} & set(registry.history("churn")["version"])
    judged = judge_scores(
        archive,
        warehouse.read(FEAT_CUSTOMER_EVENTS),
        {n: registry.table(registry.version("churn", n), "backtest") for n in sorted(numbers)},
        champion=champion.version,
        outcome_days=options.outcome_days,
        last_day=pd.Timestamp(as_of),
    )
    verdict, matured = judged.verdict, judged.matured
    # before a label matures, the scores themselves are all there is to see
    label = "newest scores against the champion's evaluation"
    own = own_scores(archive, champion.version)
    newest = own.loc[own["as_of"] == own["as_of"].max(), "churn_score"]
    proxy = prediction_drift_of("score_drift", Predictions(newest, backtest["churn_score"], label))
    keep(results, as_of, verdict.name, [verdict, proxy])
    report = results.report_path(as_of, verdict.name)
    about = "Current: matured scores; reference: the champion's evaluation"
    if matured.empty:
        about = "None of its scores has matured yet: the champion's evaluation is on both sides"
        matured = backtest
    churn_report(
        *(matured, backtest, report),
        verdict=verdict,
        about=about,
        workspace=workspace(results, as_of, verdict.name),
    )
    return dg.MaterializeResult(
        metadata={
            **_report(results, report),
            "verdict": verdict.reason,
            "scores": proxy.reason,
            **{f"earlier: churn v{n}": found.reason for n, found in judged.earlier.items()},
            **verdict.numbers,
        }
    )


@monitor(
    "prediction_drift",
    ["demand_forecast", "feat_demand"],
    "Do today's forecasts differ from those of last year's season? The first thing to be known, "
    "long before they are right. Informs, never retrains.",
    informs=True,
    draws=False,
)
def prediction_drift(lake: Lake, warehouse: Warehouse, results: Results) -> dg.MaterializeResult:
    from monitoring.prediction_drift import Predictions, forecast_ratios
    from monitoring.prediction_drift import prediction_drift as judge

    as_of = lake.last_visible_day()
    ((_, current),) = archived(results, "demand_forecast", as_of, as_of)
    then, label = season_before(results.days_with("demand_forecast.parquet"), as_of)
    earlier = results.read(then, "demand_forecast") if then else current.head(0)
    demand = warehouse.read(FEAT_DEMAND)
    sides = [forecast_ratios(frame, demand) for frame in (current, earlier)]
    label = f"log2 of forecast over demand, {label}"
    verdict = judge("prediction_drift", Predictions(*sides, label))
    keep(results, as_of, "prediction_drift", [verdict])
    return dg.MaterializeResult(
        metadata={"verdict": verdict.reason, **verdict.numbers},
        check_results=[check_result(verdict, dg.AssetCheckSeverity.WARN)],
    )


@monitor(
    "plan_outcome",
    ["replenishment_plan", "feat_demand"],
    "What became of past plans whose interval is over: fill rate, stock left, regret?",
    informs=True,
    draws=False,
)
def plan_outcome(lake: Lake, warehouse: Warehouse, results: Results) -> dg.MaterializeResult:
    from monitoring.plan_outcome import READ
    from monitoring.plan_outcome import plan_outcome as judge

    as_of = lake.last_visible_day()
    nights = archived(results, "replenishment_plan", as_of - YEAR, as_of)
    plans = [f.filter(READ) for _, f in nights]
    verdict, table = judge(pd.concat(plans, ignore_index=True), warehouse.read(FEAT_DEMAND))
    keep(results, as_of, "plan_outcome", [verdict])
    results.write(as_of, "plan_outcome", table)
    worst = table.sort_values("regret_amount", ascending=False).head(10)
    return dg.MaterializeResult(
        metadata={"verdict": verdict.reason, "largest_regret": score_table(worst)},
        check_results=[check_result(verdict, dg.AssetCheckSeverity.WARN)],
    )


def archived(
    results: Results, asset: str, since: date, until: date
) -> Iterator[tuple[date, pd.DataFrame]]:
    """What an asset left on the days of a span, see `Results.read_all`.

    Raises LookupError without any.
    """
    nights = results.read_all(asset, since=since, until=until)
    first = next(nights, None)
    if first is None:
        raise LookupError(f"nothing of '{asset}' from {since} to {until}: materialize it first")
    return chain([first], nights)


def season_before(days: Iterable[date], as_of: date) -> tuple[date | None, str]:
    """The day nearest to one year before, else the oldest; and in words which.

    Only days before `as_of` count. None where there is none yet.
    """
    a_year_ago = as_of - timedelta(weeks=52)
    before = [day for day in days if day < as_of]
    if not before:
        return None, "no earlier day to compare with yet"
    near = [day for day in before if abs((day - a_year_ago).days) <= 14]
    chosen = min(near or before, key=lambda day: abs((day - a_year_ago).days))
    return chosen, f"today against {chosen}" + (" (no earlier year)" if not near else "")


def _drift_result(
    results: Results, as_of: date, windows: Windows, verdict: Verdict, table: pd.DataFrame
) -> dg.MaterializeResult:
    from monitoring.report import drift_report

    report = results.report_path(as_of, verdict.name)
    columns = list(table["column"])
    drift_report(
        *(windows.current, windows.reference, columns, report),
        verdict=verdict,
        about=windows.label,
        workspace=workspace(results, as_of, verdict.name),
    )
    keep(results, as_of, verdict.name, [verdict])
    return dg.MaterializeResult(
        metadata={
            **_report(results, report),
            "compared": windows.label,
            "verdict": verdict.reason,
            "columns": score_table(table),
        },
        check_results=[check_result(verdict, dg.AssetCheckSeverity.WARN)],
    )


def workspace(results: Results, as_of: date, monitor: str) -> Workspace:
    """The monitor's project in the Evidently workspace that `make monitor` opens."""
    return Workspace(results.workspace(), monitor, as_of)


def _report(results: Results, path: Path) -> dict[str, object]:
    return {
        "report": dg.MetadataValue.url(results.url(path)),
        "report_file": dg.MetadataValue.path(path),
    }


MONITORS = [
    demand_drift,
    customer_drift,
    prediction_drift,
    forecast_error,
    churn_performance,
    plan_outcome,
]

VERDICTS = [
    verdict_check("demand_model", name, monitor="forecast_error", description=about)
    for name, about in (
        ("forecast_error", "WAPE, bias and coverage of matured forecasts: the backtest's limits"),
        ("demand_shift", "No brand, category, warehouse nor all demand broke with its forecast"),
        ("error_size", "Errors by horizon, class and quiet weeks are as large as they were"),
        (
            "interval_coverage",
            "Intervals hold as many weeks as they promise, or did in the backtest",
        ),
        ("bias_cusum", "Fewer than 20 % of the large products have left their forecast for good"),
    )
] + [
    verdict_check(
        "churn_model",
        "churn_performance",
        monitor="churn_performance",
        description="Matured churn scores rank and calibrate as in the evaluation",
    ),
]
