"""The closed loop step by step: all verdicts, why a retrain is due, how a challenger fared."""

from collections.abc import Iterable, Iterator
from datetime import date

import dagster as dg
import pandas as pd

from ml.columns import DATA_ISSUES, FEAT_DEMAND
from ml.shadow import judge_shadow
from monitoring.forecast_archive import mature
from monitoring.forecast_watch import TRIGGERS
from monitoring.history import by_day, prometheus
from monitoring.retrain import RetrainRule, alarms, retrain_due
from orchestration.assets.demand import SHADOW_FORECAST
from orchestration.assets.metadata import score_table
from orchestration.assets.monitors import MONITORS
from orchestration.automation import GATED, MODELS, TRAINED
from orchestration.checks import verdict_check
from orchestration.outputs.wording import LANGUAGES, texts
from orchestration.partitions import TIMEZONE
from orchestration.resources import (
    Lake,
    Models,
    Options,
    Results,
    Warehouse,
    write_atomically,
)
from orchestration.verdicts import (
    FEEDS,
    keep,
    of_data,
    of_loaded_data,
    plan_notices,
    read_history,
    whole_history,
)

HISTORY = dg.AssetKey(["monitoring", "history"])
MAY_TRIGGER = {"demand": TRIGGERS, "churn": ("churn_performance",)}
WATCHED_BY = {"demand": "forecast_error", "churn": "churn_performance"}


@dg.asset(
    key=HISTORY,
    # without customers churn is skipped, and what comes below it: the table must not be
    deps=[monitor.key for monitor in MONITORS if monitor.key.path[-1] != "churn_performance"],
    group_name="monitors",
    kinds={"python", "parquet", "prometheus"},
    owners=["team:ml"],
    automation_condition=GATED,
    description="All verdicts of all days in one table, and the newest as Prometheus metrics.",
)
def history(lake: Lake, results: Results) -> dg.MaterializeResult:
    as_of = lake.last_visible_day()
    table = whole_history(results, as_of)
    write_atomically(results.history(), lambda path: table.to_parquet(path, index=False))
    text = prometheus(table)
    write_atomically(results.metrics(), lambda path: path.write_text(text, encoding="utf-8"))
    today = table[table["as_of"] == pd.Timestamp(as_of)]
    red = today[~today["passed"]]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(table),
            "verdicts_today": len(today),
            "red_today": len(red),
            "red": score_table(red[["asset", "verdict", "reason"]]),
            "table": dg.MetadataValue.path(results.history()),
            "metrics": dg.MetadataValue.path(results.metrics()),
        }
    )


def _why(model: str) -> dg.AssetsDefinition:
    @dg.asset(
        name=f"{model}_retrain",
        deps=[HISTORY, WATCHED_BY[model]],
        group_name="monitors",
        kinds={"python"},
        owners=["team:ml"],
        automation_condition=GATED,
        description=f"Is a retrain of the {model} model due, and why (not)? One alarm is one "
        "training; none while the data is red or soon after the last; the calendar asks too.",
    )
    def why(lake: Lake, options: Options, results: Results) -> dg.MaterializeResult:
        as_of = lake.last_visible_day()
        raised = alarms(by_day(read_history(results, as_of), MAY_TRIGGER[model]))
        verdict = retrain_due(
            raised,
            data=of_data(results, as_of, FEEDS),
            as_of=as_of,
            trained_on=trained_on(results, model, as_of),
            rule=RetrainRule.of_outcome(options.outcome_days if model == "churn" else 0),
        )
        keep(results, as_of, f"{model}_retrain", [verdict])
        told = pd.DataFrame([vars(alarm) for alarm in raised[-10:]], columns=["day", "reason"])
        return dg.MaterializeResult(
            metadata={
                "is_due": not verdict.passed,
                "why": dg.MetadataValue.md(verdict.reason),
                "alarms": score_table(told),
                **verdict.numbers,
            }
        )

    return why


def trained_on(results: Results, model: str, as_of: date) -> date | None:
    """As-of day of the model's last training up to `as_of` that came to its end."""
    days = [day for day in results.days_with(f"{model}_promotion.txt") if day <= as_of]
    return max(days, default=None)


def _how(model: str) -> dg.AssetsDefinition:
    @dg.asset(
        name=f"{model}_promotion",
        deps=[f"{model}_model"],
        group_name=model,
        kinds={"python", "mlflow"},
        owners=["team:ml"],
        automation_condition=TRAINED,
        output_required=False,
        description=f"How the last {model} challenger compared, whether it was promoted or "
        "refused and why, and who was champion when.",
    )
    def how(lake: Lake, models: Models, results: Results) -> Iterator[dg.MaterializeResult]:
        registry = models.registry()
        tried = registry.history(model)
        if tried.empty:
            return
        newest, champion = tried.iloc[0], registry.champion(model)
        version = registry.version(model, int(newest["version"]))
        reigns = registry.reigns(model)
        results.write(lake.last_visible_day(), f"{model}_reigns", reigns)
        yield dg.MaterializeResult(
            metadata={
                "challenger": f"{model} v{version.version}",
                "trained_on": version.tags.get("last_day", "?"),
                "promoted": champion is not None and champion.version == version.version,
                "why": dg.MetadataValue.md(newest["reason"] or "-"),
                "champion": f"{model} v{champion.version}" if champion else "none",
                "compared": score_table(registry.table(version, "scores")),
                "reigns": score_table(reigns),
            }
        )

    return how


@dg.asset(
    deps=["demand_forecast", "feat_demand"],
    group_name="demand",
    kinds={"python", "mlflow"},
    owners=["team:ml"],
    automation_condition=GATED,
    output_required=False,
    description="How the model in the champion's shadow did on the weeks that are over, and "
    "whether it earned the place: from the next night on it is the champion then, or it is "
    "refused with the reason. Nothing while no model in shadow has forecast.",
)
def demand_shadow(
    lake: Lake, warehouse: Warehouse, models: Models, options: Options, results: Results
) -> Iterator[dg.MaterializeResult]:
    as_of, registry = lake.last_visible_day(), models.registry()
    shadow = registry.shadow("demand")
    if shadow is None:
        return
    beside = {
        day: f
        for day, f in results.read_all(SHADOW_FORECAST, until=as_of)
        if (f["model_version"] == shadow.version).all()
    }
    if not beside:  # it won after the last forecast was made: its first night is still to come
        return
    actuals = warehouse.read(FEAT_DEMAND)
    trial = judge_shadow(
        _matured(beside.items(), actuals),
        _matured(((day, results.read(day, "demand_forecast")) for day in beside), actuals),
        nights=len(beside),
        wanted_nights=options.shadow_nights,
    )
    results.write(as_of, "demand_shadow", trial.table)
    if trial.promotion is not None:
        alias = "champion" if trial.promotion.promote else "challenger"
        registry.set_alias("demand", alias, shadow, reason=trial.reason)
    yield dg.MaterializeResult(
        metadata={
            "shadow": f"demand v{shadow.version}",
            "nights": len(beside),
            "why": dg.MetadataValue.md(trial.reason),
            "is_over": trial.promotion is not None,
            "weeks": score_table(trial.table),
        }
    )


def _matured(nights: Iterable[tuple[date, pd.DataFrame]], actuals: pd.DataFrame) -> pd.DataFrame:
    frames = [frame.assign(forecasted_as_of=pd.Timestamp(day)) for day, frame in nights]
    return mature(pd.concat(frames, ignore_index=True), actuals)


@dg.asset(
    deps=["replenishment_plan", "mart_data_issues"],
    group_name="plan",
    kinds={"python"},
    owners=["team:ops"],
    automation_condition=GATED,
    description="Is the plan of today to be read with care? A note beside it names every extract "
    "that was not as usual, what is counted twice and every alarm of the demand model; without one "
    "there is nothing to say. Workbook and page carry what was known when they were written.",
)
def plan_notice(lake: Lake, warehouse: Warehouse, results: Results) -> dg.MaterializeResult:
    as_of = lake.last_visible_day()
    red = plan_notices(results, as_of, warehouse.read(DATA_ISSUES))
    path = results.out_path(as_of, "read_first.txt")
    if red:
        lines = [
            *(texts(language)["notice"] for language in LANGUAGES),
            "",
            *(f"- {reason}" for reason in red),
        ]
        text = "\n".join(lines) + "\n"
        write_atomically(path, lambda fresh: fresh.write_text(text, encoding="utf-8"))
    else:
        path.unlink(missing_ok=True)
    told = "; ".join(red) or "all extracts are as usual and no alarm of the model stands"
    return dg.MaterializeResult(metadata={"is_marked": bool(red), "why": told})


@dg.schedule(
    name="weekly",
    target=MODELS,
    cron_schedule="0 3 * * 1",
    execution_timezone=TIMEZONE,
    description="Each Monday 03:00: both models are trained again and must earn their place; not "
    "while an extract is red, since nothing good is learnt from broken data.",
)
def weekly(lake: Lake, results: Results) -> dg.RunRequest | dg.SkipReason:
    loaded = of_loaded_data(results, lake.newest_landed_day(), FEEDS)
    red = [verdict for verdict in loaded if not verdict.passed]
    return dg.SkipReason(f"the data is red: {red[0].reason}") if red else dg.RunRequest()


RETRAINING = [
    history,
    *(_why(model) for model in MAY_TRIGGER),
    *(_how(model) for model in MAY_TRIGGER),
    demand_shadow,
    plan_notice,
]

DUE_CHECKS = [
    verdict_check(
        f"{model}_model",
        "retrain_due",
        monitor=f"{model}_retrain",
        description="No retrain is due: nothing is red that no training has answered, and the "
        "last is not too long ago. This check alone asks for a retrain",
    )
    for model in MAY_TRIGGER
]
