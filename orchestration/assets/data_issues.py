"""What the tables could not make right, as a warning on the table that counts it."""

import dagster as dg

from ml.columns import DATA_ISSUES
from monitoring.data_issues import by_kind
from monitoring.data_issues import data_issues as judge
from orchestration.assets.metadata import score_table
from orchestration.checks import check_result
from orchestration.resources import Warehouse

MOST_ROWS = 50


@dg.asset_check(
    asset=DATA_ISSUES.name,
    name="data_issues",
    description="Could the tables make everything right? What they could not is counted by kind, "
    "with the money in question. Warns, never stops.",
)
def data_issues(warehouse: Warehouse) -> dg.AssetCheckResult:
    table = warehouse.read(DATA_ISSUES)
    found = check_result(judge(table), dg.AssetCheckSeverity.WARN)
    dearest = table.sort_values(["amount", "record_count"], ascending=False, kind="stable")
    return found._replace(
        metadata=found.metadata
        | {"by_kind": score_table(by_kind(table)), "by_shop": score_table(dearest.head(MOST_ROWS))}
    )
