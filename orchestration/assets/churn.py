"""Churn: train and promote the model; score customers; write the list people work through."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from ml.columns import (
    FEAT_CUSTOMER,
    FEAT_CUSTOMER_BIRTHS,
    FEAT_CUSTOMER_EVENTS,
    FEAT_CUSTOMER_TALKS,
    TooLittleData,
)
from orchestration.assets.metadata import picture, score_table, training_metadata
from orchestration.automation import GATED, RETRAIN
from orchestration.resources import Lake, Models, Options, Results, Warehouse

NO_CHURN_MODEL = "no_churn_model.txt"
SCORES = ("roc_auc", "pr_auc", "brier", "ece", "lift_at_10", "base_rate")
FEATURES = [
    "feat_customer",
    "feat_customer_events",
    "feat_customer_births",
    "feat_customer_talks",
]


@dg.asset(
    deps=FEATURES,
    group_name="churn",
    kinds={"python", "xgboost", "pytorch", "optuna", "mlflow"},
    owners=["team:ml"],
    automation_condition=RETRAIN,
    output_required=False,
    description="Tunes the churn model, scores it on a later period than it was trained on beside "
    "recency and recency/frequency, registers it in MLflow and promotes it if it earned that.",
)
def churn_model(
    context: dg.AssetExecutionContext,
    lake: Lake,
    warehouse: Warehouse,
    models: Models,
    options: Options,
    results: Results,
) -> Iterator[dg.MaterializeResult]:
    from ml.churn.outlook import with_extras
    from ml.churn.slices import slice_scores
    from ml.churn.training import train_churn

    as_of = lake.last_visible_day()
    features = warehouse.read(FEAT_CUSTOMER)
    births, talks = warehouse.read(FEAT_CUSTOMER_BIRTHS), warehouse.read(FEAT_CUSTOMER_TALKS)
    try:
        training = train_churn(
            features,
            warehouse.read(FEAT_CUSTOMER_EVENTS),
            births=births,
            talks=talks,
            last_day=as_of,
            registry=models.registry(),
            budget=options.budget(models, options.churn_trials),
            say=context.log.info,
        )
    except TooLittleData as problem:
        # a shop without buyers' ids or with few months of orders still gets its plan; everything
        # below churn is skipped and the run's summary repeats why
        context.log.warning(f"no churn model: {problem}")
        results.write_text(as_of, NO_CHURN_MODEL, str(problem))
        return
    results.write(as_of, "churn_backtest", training.backtest)
    results.write(as_of, "churn_table", training.table)
    # the champion may have been tested on a day that is no slice of today's features
    tested = features[features["as_of"].isin(training.backtest["as_of"])]
    judged = training.backtest[training.backtest["as_of"].isin(tested["as_of"])]
    slices = slice_scores(judged, with_extras(tested, births, talks))
    results.write(as_of, "churn_slices", slices)
    results.write_text(as_of, "churn_promotion.txt", training.outcome())
    results.path(as_of, NO_CHURN_MODEL).unlink(missing_ok=True)
    yield dg.MaterializeResult(
        metadata=training_metadata(training, SCORES) | {"slices": score_table(slices)}
    )


@dg.asset(
    deps=[*FEATURES, churn_model],
    group_name="churn",
    kinds={"python", "xgboost", "pytorch"},
    owners=["team:ml"],
    automation_condition=GATED,
    description="The champion's probability that a reachable customer stays away, with reasons.",
)
def churn_scores(
    lake: Lake, warehouse: Warehouse, models: Models, results: Results
) -> dg.MaterializeResult:
    from ml.churn.training import score_customers

    as_of = lake.last_visible_day()
    scores = score_customers(
        warehouse.read(FEAT_CUSTOMER),
        warehouse.read(FEAT_CUSTOMER_EVENTS),
        last_day=as_of,
        births=warehouse.read(FEAT_CUSTOMER_BIRTHS),
        talks=warehouse.read(FEAT_CUSTOMER_TALKS),
        registry=models.registry(),
    )
    results.write(as_of, "churn_scores", scores)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(scores),
            "as_of": as_of.isoformat(),
            "mean_churn_score": float(scores["churn_score"].mean()),
        }
    )


@dg.asset(
    deps=[churn_scores],
    group_name="plan",
    kinds={"python", "excel", "csv"},
    owners=["team:crm"],
    automation_condition=GATED,
    description="Whom to contact first, why, how it is likely to end, with which play and what is "
    "at stake; a random tenth is held out so that the effect of acting can be measured. For CRM "
    "operators, as workbook and CSV.",
)
def churn_list(
    lake: Lake, warehouse: Warehouse, options: Options, results: Results
) -> dg.MaterializeResult:
    from ml.churn.action_list import churn_list as make_list
    from ml.churn.plays import read_plays
    from orchestration.outputs.charts import churn_chart_png
    from orchestration.outputs.churn_workbook import write_churn_workbook
    from orchestration.outputs.csv_files import write_churn_list_csv

    as_of = lake.last_visible_day()
    plays = read_plays(Path(options.plays) if options.plays else None)
    contacts = make_list(
        results.read(as_of, "churn_scores"),
        warehouse.read(FEAT_CUSTOMER),
        plays=plays,
        language=options.language,
        seed=options.seed,
    )
    results.write(as_of, "churn_list", contacts)
    path = results.out_path(as_of, "churn_list.csv")
    workbook = results.out_path(as_of, "churn_list.xlsx")
    write_churn_list_csv(contacts, path)
    write_churn_workbook(contacts, plays, workbook, language=options.language)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(contacts),
            "csv": dg.MetadataValue.path(path),
            "workbook": dg.MetadataValue.path(workbook),
            "preview": score_table(contacts.head(10)),
            "chart": picture(churn_chart_png(contacts)),
        }
    )
