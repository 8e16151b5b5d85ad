"""When things run by themselves: named conditions.

NIGHTLY  an extract pulls the day that ended last at 06:00 Beijing time, when the shops' exports of
         it are out. The day that has just begun has landed nowhere yet.
SEEDED   what reads no other table, as the seeds that people edit, is built again once all extracts
         were refreshed since that tick.
BUILT    all tables are built together with them in one go, when no blocking check of an extract
         failed: dbt then knows what the last whole build had seen, and itself stops below a
         failed test. The newest day that the extracts loaded is their as-of day, and that of all
         that is made of them, whatever lands meanwhile.
GATED    everything below the tables waits until all it reads was refreshed since that tick, and
         only goes on when no blocking check failed: bad data stops here. `eager()` would not do:
         below a daily-partitioned extract it never fires while one old partition is missing.
RETRAIN  a model trains again each time its check "retrain_due" is evaluated and fails. The rule
         behind it (`monitoring.retrain`) sees to it that one alarm is one training: whatever is
         red and however long, after a training, won or lost, nothing is due; while data is red,
         or soon after a training, nothing is due yet; and an alarm whose training was cut off is
         due again the next night.

All are off until switched on in the UI under Automation.
"""

from datetime import timedelta
from functools import reduce
from operator import and_

import dagster as dg

from orchestration.landing import SOURCES
from orchestration.partitions import TIMEZONE

NIGHT = "0 6 * * *"

MODELS = dg.AssetSelection.assets("demand_model", "churn_model")

TICK = dg.AutomationCondition.on_cron(NIGHT, TIMEZONE)

# the newest partition is the day that runs: landing folders are named by the day they hold
NEWEST = dg.AutomationCondition.in_latest_time_window()
ENDED = dg.AutomationCondition.in_latest_time_window(timedelta(days=2)) & ~NEWEST

NIGHTLY = TICK.replace(NEWEST, ENDED).with_label("NIGHTLY")

EXTRACTS = [dg.AssetKey([platform, name]) for platform, names in SOURCES.items() for name in names]

_PULLED = dg.AutomationCondition.newly_updated().since(
    dg.AutomationCondition.cron_tick_passed(NIGHT, TIMEZONE)
)

SEEDED = reduce(
    and_, (dg.AutomationCondition.asset_matches(key, _PULLED) for key in EXTRACTS), TICK
).with_label("SEEDED")

BUILT = (
    TICK
    & dg.AutomationCondition.all_deps_blocking_checks_passed().allow(
        dg.AssetSelection.assets(*EXTRACTS)
    )
).with_label("BUILT")

GATED = (
    TICK.ignore(MODELS) & dg.AutomationCondition.all_deps_blocking_checks_passed().ignore(MODELS)
).with_label("GATED")

DUE = dg.AssetSelection.checks(
    *(
        dg.AssetCheckKey(dg.AssetKey(model), "retrain_due")
        for model in ("demand_model", "churn_model")
    )
)

RETRAIN = (
    dg.AutomationCondition.any_checks_match(
        dg.AutomationCondition.check_failed() & dg.AutomationCondition.newly_updated()
    )
    .allow(DUE)
    .with_label("RETRAIN")
    & ~dg.AutomationCondition.in_progress()
)

# A verdict is read as soon as its monitor has written one. Not when the model it is on was
# trained: last night's verdict would then ask for the training that has just answered it.
VERDICT = (
    dg.AutomationCondition.any_deps_updated().ignore(MODELS) & ~dg.AutomationCondition.in_progress()
)

TRAINED = dg.AutomationCondition.any_deps_updated() & ~dg.AutomationCondition.in_progress()


def rhythms() -> list[dg.SensorDefinition]:
    """The night and the retrain watch as sensors, both stopped."""
    everything = dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks()
    nightly = dg.AutomationConditionSensorDefinition(
        "nightly",
        target=everything - MODELS,
        description="Each night: extracts, tables, forecasts, scores, plan, monitors.",
        minimum_interval_seconds=30,
    )
    retrain = dg.AutomationConditionSensorDefinition(
        "retrain",
        target=MODELS,
        description="A model whose retrain is due is trained once.",
        minimum_interval_seconds=30,
    )
    return [nightly, retrain]
