"""Planning: the replenishment plan that people open in the morning."""

import dagster as dg
import pandas as pd

from ml.columns import FEAT_DEMAND, INVENTORY_POSITION
from ml.replenishment.policy import plan
from orchestration.assets.demand import week_before, weekly_totals
from orchestration.assets.metadata import picture
from orchestration.automation import GATED
from orchestration.resources import Lake, Options, Results, Warehouse


@dg.asset(
    deps=["demand_forecast", "fct_inventory_position", "feat_demand"],
    group_name="plan",
    kinds={"python", "excel", "csv"},
    owners=["team:ops"],
    automation_condition=GATED,
    description="What to order, from whom, how much, by when and why: order-up-to on the demand "
    "quantile over lead time + review period, less the inventory position, in whole packs. "
    "For ops planners, as workbook and CSV.",
)
def replenishment_plan(
    lake: Lake, warehouse: Warehouse, options: Options, results: Results
) -> dg.MaterializeResult:
    from orchestration.outputs.charts import plan_chart_png
    from orchestration.outputs.csv_files import write_plan_csv
    from orchestration.outputs.preview import plan_preview_markdown
    from orchestration.outputs.workbook import write_plan_workbook

    as_of = lake.last_visible_day()
    orders = plan(
        warehouse.read(INVENTORY_POSITION),
        results.read(as_of, "demand_cumulative"),
        as_of=as_of,
        cutoff=week_before(as_of),
        language=options.language,
    )
    results.write(as_of, "replenishment_plan", orders)
    csv = results.out_path(as_of, "replenishment_plan.csv")
    workbook = results.out_path(as_of, "replenishment_plan.xlsx")
    write_plan_csv(orders, csv)
    write_plan_workbook(
        orders,
        workbook,
        language=options.language,
        demand=weekly_totals(
            warehouse.read(FEAT_DEMAND), results.read(as_of, "demand_forecast"), weeks=52
        ),
    )
    return dg.MaterializeResult(
        metadata=_metadata(orders)
        | {
            "csv": dg.MetadataValue.path(csv),
            "workbook": dg.MetadataValue.path(workbook),
            "preview": dg.MetadataValue.md(plan_preview_markdown(orders, rows=10)),
            "chart": picture(plan_chart_png(orders)),
        }
    )


def _metadata(orders: pd.DataFrame) -> dict[str, object]:
    return {
        "dagster/row_count": len(orders),
        "rows_to_order": int((orders["order_qty"] > 0).sum()),
        "units_to_order": float(orders["order_qty"].sum()),
        "order_amount_yuan": float(orders["order_amount"].sum()),
        "exceptions": int(orders["is_exception"].sum()),
        "rows_with_doubts": int(orders["doubts"].fillna("").ne("").sum()),
    }
