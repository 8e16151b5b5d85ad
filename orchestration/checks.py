"""A monitoring Verdict becomes an asset check, on the monitor or on the model it watches."""

import dagster as dg

from monitoring.verdict import Verdict
from orchestration.automation import VERDICT
from orchestration.resources import Lake, Results
from orchestration.verdicts import read


def verdict_check(
    model: str, verdict: str, *, monitor: str, description: str
) -> dg.AssetChecksDefinition:
    """Check `verdict` on asset `model`: red when what asset `monitor` wrote last says so.

    Of a model's checks RETRAIN listens to "retrain_due" alone; the others tell people.
    """

    @dg.asset_check(
        asset=model,
        name=verdict,
        description=description,
        additional_deps=[monitor],
        automation_condition=VERDICT,
    )
    def check(lake: Lake, results: Results) -> dg.AssetCheckResult:
        return check_result(read(results, lake.last_visible_day(), monitor, verdict))

    return check


def check_result(
    verdict: Verdict, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
) -> dg.AssetCheckResult:
    """The verdict in Dagster's words: its reason as description, its numbers as metadata."""
    return dg.AssetCheckResult(
        check_name=verdict.name,
        passed=verdict.passed,
        severity=severity,
        description=verdict.reason,
        metadata=dict(verdict.numbers),
    )
