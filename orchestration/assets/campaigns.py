"""Campaigns: what acting on past churn lists was worth, against the customers held out."""

from dataclasses import asdict

import dagster as dg
import pandas as pd

from ml.columns import FEAT_CUSTOMER_EVENTS
from orchestration.assets.metadata import score_table
from orchestration.automation import GATED
from orchestration.resources import Lake, Options, Results, Warehouse


@dg.asset(
    deps=["churn_list", "feat_customer_events"],
    group_name="monitors",
    kinds={"python"},
    owners=["team:crm"],
    automation_condition=GATED,
    description="For every churn list that people acted on (churn_contacted.xlsx or .csv beside "
    "it) and whose outcome window is over: how many more bought than of the hold-out, with the "
    "interval of chance.",
)
def campaign_outcome(
    lake: Lake, warehouse: Warehouse, options: Options, results: Results
) -> dg.MaterializeResult:
    from monitoring.campaign import CampaignOutcome, why_not_judged
    from monitoring.campaign import campaign_outcome as judge
    from monitoring.churn_performance import own_windows
    from orchestration.outputs.contacted import NAMES, read_contacted

    as_of = lake.last_visible_day()
    events = warehouse.read(FEAT_CUSTOMER_EVENTS)
    judged, told = [], {}
    for day in results.days_with("churn_list.parquet"):
        contacted = read_contacted(results.out_path(day, NAMES[0]).parent)
        if contacted is None or day > as_of:
            continue
        listed = results.read(day, "churn_list")  # one at a time: a year of them is too much
        window = {
            "outcome_days": int(own_windows(listed, otherwise=options.outcome_days).max(initial=1)),
            "last_day": pd.Timestamp(as_of),
        }
        outcome = judge(listed, contacted, events, **window)
        if outcome is None:
            said = f"not judged: {why_not_judged(listed, contacted, **window)}"
        else:
            judged.append(outcome)
            said = outcome.reason()
        told[f"list of {day:%Y-%m-%d}"] = said
    columns = list(CampaignOutcome.__dataclass_fields__)
    table = pd.DataFrame([asdict(outcome) for outcome in judged], columns=columns)
    results.write(as_of, "campaign_outcome", table)
    return dg.MaterializeResult(
        metadata={
            "lists_acted_on": len(told),
            "outcomes_known": len(judged),
            "outcomes": score_table(table),
            **told,
        }
    )
