"""Demand: train and promote the forecaster; forecast with the champion."""

from datetime import date

import dagster as dg
import pandas as pd

from ml.columns import FEAT_DEMAND, FEAT_DEMAND_STATIC, FEAT_KNOWN_FUTURE
from orchestration.assets.metadata import picture, score_table, training_metadata
from orchestration.automation import GATED, RETRAIN
from orchestration.resources import Lake, Models, Options, Results, Warehouse

SCORES = ("wape", "bias", "scaled_pinball", "coverage_80", "coverage_90")
SHADOW_FORECAST = "demand_shadow_forecast"
FEATURES = ["feat_demand", "feat_demand_static", "feat_known_future"]


@dg.asset(
    deps=FEATURES,
    group_name="demand",
    kinds={"python", "xgboost", "pytorch", "optuna", "mlflow"},
    owners=["team:ml"],
    automation_condition=RETRAIN,
    description="Tunes the demand forecaster, backtests it beside the seasonal naive baseline and "
    "the champion on the same cutoffs, registers it in MLflow and promotes it if it earned that.",
)
def demand_model(
    context: dg.AssetExecutionContext,
    lake: Lake,
    warehouse: Warehouse,
    models: Models,
    options: Options,
    results: Results,
) -> dg.MaterializeResult:
    from ml.demand.training import train_demand
    from monitoring.plan_cost import plan_cost

    panel, static, known_future = demand_frames(warehouse)
    training = train_demand(
        panel,
        static,
        known_future,
        registry=models.registry(),
        budget=options.budget(models, options.demand_trials),
        plan_cost=plan_cost,
        say=context.log.info,
    )
    results.write(lake.last_visible_day(), "demand_backtest", training.backtest)
    results.write(lake.last_visible_day(), "demand_scores", training.table)
    results.write_text(lake.last_visible_day(), "demand_promotion.txt", training.outcome())
    return dg.MaterializeResult(metadata=training_metadata(training, SCORES))


@dg.asset(
    deps=[*FEATURES, demand_model],
    group_name="demand",
    kinds={"python", "xgboost", "pytorch"},
    owners=["team:ml"],
    automation_condition=GATED,
    description="The champion's forecast from the as-of day: mean and quantiles for each week, "
    "and for the sum over the next 1 to h weeks, which is what an order must cover. A model in the "
    "champion's shadow forecasts beside it; nothing is planned by that.",
)
def demand_forecast(
    lake: Lake, warehouse: Warehouse, models: Models, results: Results
) -> dg.MaterializeResult:
    from ml.demand.training import forecast_demand, shadow_forecast
    from orchestration.outputs.charts import forecast_chart_png

    panel, static, known_future = demand_frames(warehouse)
    forecast = forecast_demand(panel, static, known_future, registry=models.registry())
    as_of = lake.last_visible_day()
    results.write(as_of, "demand_forecast", forecast.weekly)
    results.write(as_of, "demand_cumulative", forecast.cumulative)
    results.write(as_of, "demand_reasons", forecast.reasons)
    results.write_text(as_of, "demand_version.txt", f"demand v{forecast.version.version}")
    beside = shadow_forecast(panel, static, known_future, registry=models.registry())
    if beside is not None:
        results.write(as_of, SHADOW_FORECAST, beside)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(forecast.weekly),
            "as_of": as_of.isoformat(),
            "champion": f"demand v{forecast.version.version}",
            "series": forecast.weekly["unique_id"].nunique(),
            "series_by_model": score_table(
                forecast.weekly.groupby("model")["unique_id"].nunique().reset_index()
            ),
            "level_shifts": _level_shifts(forecast.level_shifts),
            "total": picture(forecast_chart_png(panel, forecast.weekly)),
        }
    )


def _level_shifts(shifts: pd.DataFrame) -> dg.MetadataValue | str:
    """A table of what the past was read over, or that there is none."""
    if shifts.empty:
        return "none: demand is at the level it had"
    return score_table(shifts.assign(since=shifts["since"].dt.date.astype(str)))


def demand_frames(warehouse: Warehouse) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The three feature tables of demand, each checked against its contract."""
    return (
        warehouse.read(FEAT_DEMAND),
        warehouse.read(FEAT_DEMAND_STATIC),
        warehouse.read(FEAT_KNOWN_FUTURE),
    )


def week_before(as_of: date) -> pd.Timestamp:
    """Monday of the last week that is complete at the end of `as_of`."""
    day = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    return day - pd.Timedelta(days=day.weekday() + 7)


def weekly_totals(panel: pd.DataFrame, weekly: pd.DataFrame, *, weeks: int) -> pd.DataFrame:
    """ds, y, y_hat: the last `weeks` weeks' total demand, then the forecast's."""
    past = panel.groupby("ds", as_index=False)["y"].sum().tail(weeks)
    ahead = weekly.groupby("ds", as_index=False)["y_hat"].sum()
    return past.merge(ahead, on="ds", how="outer").sort_values("ds", ignore_index=True)
