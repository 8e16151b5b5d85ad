"""The graph: extracts -> warehouse -> models -> forecasts and scores -> plan -> monitors."""

import os

import dagster as dg

from orchestration.alerting import alerts
from orchestration.assets.campaigns import campaign_outcome
from orchestration.assets.churn import churn_list, churn_model, churn_scores
from orchestration.assets.data_issues import data_issues
from orchestration.assets.demand import demand_forecast, demand_model
from orchestration.assets.extracts import extracts
from orchestration.assets.monitors import MONITORS, VERDICTS
from orchestration.assets.planning import replenishment_plan
from orchestration.assets.retraining import DUE_CHECKS, RETRAINING, weekly
from orchestration.assets.warehouse import warehouse
from orchestration.automation import rhythms
from orchestration.resources import resources
from orchestration.settings import Settings


def build(settings: Settings) -> dg.Definitions:
    """The whole graph for one installation's settings."""
    os.environ.update(settings.dbt_environment())  # dbt's profile and sources read these
    tables, unit_tests, dbt = warehouse(settings)
    sources = extracts(settings)
    return dg.Definitions(
        assets=[
            *sources,
            tables,
            demand_model,
            demand_forecast,
            churn_model,
            churn_scores,
            churn_list,
            replenishment_plan,
            campaign_outcome,
            *MONITORS,
            *RETRAINING,
        ],
        asset_checks=[unit_tests, data_issues, *VERDICTS, *DUE_CHECKS],
        jobs=[
            dg.define_asset_job("extract", dg.AssetSelection.assets(*sources)),
            dg.define_asset_job(
                "derive",
                dg.AssetSelection.all() - dg.AssetSelection.assets(*sources),
                description="Everything below the lake: tables, models, plan, monitors.",
            ),
        ],
        sensors=[*rhythms(), alerts(settings)],
        schedules=[weekly],
        resources={"dbt": dbt, **resources(settings)},
        executor=dg.in_process_executor,
    )
