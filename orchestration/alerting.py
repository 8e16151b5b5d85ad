"""Red checks and failed steps go to the outbox and from there to people, and can fail no run."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from monitoring.alerts import Delivery, Outbox, Problem, send
from orchestration.failures import failed_steps
from orchestration.partitions import TIMEZONE
from orchestration.settings import Settings

NEXT_STEPS = {
    "extracts": {
        "zh": "打开该数据集的检查页，请取数方按隔离区所列的文件、行、字段修正后重新投放；"
        "修好前不会更新计划",
        "en": "open the extract's checks, have the puller mend the file, row and field that "
        "quarantine names and land it again; until then nothing is derived from it",
    },
    "retrain_due": {
        "zh": "开关 retrain 打开时会自动重训一次，否则请手动运行该模型资产；之后到模型的 promotion "
        "资产查看新模型为何被采用或拒绝",
        "en": "the switch 'retrain' trains it once if it is on, else materialize the model; its "
        "promotion asset then says why the new one was promoted or not",
    },
    "models": {
        "zh": "到模型的 retrain 资产查看是否需要重训及其原因",
        "en": "the model's retrain asset says whether a retrain is due and why, or why not",
    },
    "failed": {
        "zh": "打开该次运行查看原因，排除后重新运行；在此之前其下游不会更新",
        "en": "open the run, mend what it names and run it again; until then nothing below it is "
        "made anew",
    },
    "other": {
        "zh": "打开该资产的检查页，查看失败的行与原因",
        "en": "open the asset's checks and look at the rows that failed and why",
    },
}

# executions of a check that are looked through for the last one that came to a result
LOOK_BACK = 50


def problems(instance: dg.DagsterInstance, graph: Any, settings: Settings) -> list[Problem]:
    """Every check of the asset `graph` whose latest result is an error, every step that failed when
    it was last run, and what to do about it.

    A check that a run is about to make, or did not come to, stands as it was found last.
    """
    keys = sorted(graph.asset_check_keys, key=lambda key: key.to_user_string())
    log = instance.event_log_storage
    latest = log.get_latest_asset_check_execution_by_key(keys)
    found = []
    for key in keys:
        result = _result(latest.get(key))
        if result is None and key in latest:
            before = log.get_asset_check_execution_history(key, limit=LOOK_BACK)
            result = next(filter(None, map(_result, before)), None)
        if result is None or result.passed or result.severity != dg.AssetCheckSeverity.ERROR:
            continue
        group = graph.get(key.asset_key).group_name
        kind = "models" if key.asset_key.path[-1].endswith("_model") else group
        kind = key.name if key.name in NEXT_STEPS else kind
        steps = NEXT_STEPS.get(kind, NEXT_STEPS["other"])
        found.append(
            Problem(
                key=f"{key.asset_key.to_user_string()}: {key.name}",
                reason=result.description or "-",
                next_step=steps[settings.language],
                link=f"{settings.ui_url}/assets/{'/'.join(key.asset_key.path)}?view=checks",
            )
        )
    failed = [
        Problem(
            key=f"{step.step}: failed",
            reason=step.reason,
            next_step=NEXT_STEPS["failed"][settings.language],
            link=f"{settings.ui_url}/runs/{step.run_id}",
        )
        for step in failed_steps(instance)
    ]
    return [*failed, *found]


def _result(record: Any) -> dg.AssetCheckEvaluation | None:
    """What an execution of a check found; None of one that is planned only."""
    event = record.event.dagster_event if record and record.event else None
    if event is None or event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return None
    return event.asset_check_evaluation_data


def tell(look: Callable[[], list[Problem]], settings: Settings) -> tuple[list[Problem], Delivery]:
    """Report what `look` finds red and deliver what waits to the channels of STORK_ALERT_URLS.

    It looks while no other process reports: what was seen earlier must not overrule what was seen
    later, and tell once more what has been told.
    """
    outbox = Outbox(settings.folder("outbox"), language=settings.language)
    with outbox.lock:
        red = look()
        outbox.report(red, datetime.now(ZoneInfo(TIMEZONE)))
        return red, outbox.deliver(settings.alert_channels(), send)


def alerts(settings: Settings) -> dg.SensorDefinition:
    """The switch `alerts`: every five minutes, what turned red or well again is told once."""

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=300,
        description="Tells people once what turned red and once when it is well again.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        graph = context.repository_def.asset_graph
        red, delivery = tell(lambda: problems(context.instance, graph, settings), settings)
        return dg.SkipReason(
            f"{len(red)} red; {delivery.sent} messages delivered, {delivery.waiting} waiting for "
            f"{delivery.channels} channels"
        )

    return alerts
