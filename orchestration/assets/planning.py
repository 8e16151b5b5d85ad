"""Planning: the replenishment plan that people open in the morning."""

import importlib.util
from dataclasses import asdict, replace
from datetime import date

import dagster as dg
import pandas as pd

from ml.columns import (
    DATA_ISSUES,
    FEAT_DEMAND,
    FEAT_DEMAND_STATIC,
    FEAT_KNOWN_FUTURE,
    INVENTORY_POSITION,
    OPEN_ORDERS,
)
from ml.replenishment.contract import REPLENISHMENT_PLAN
from ml.replenishment.difference import CHANGE_COLUMNS, difference, kept_rate
from ml.replenishment.drivers import signals
from ml.replenishment.override_effect import READ, override_effects
from ml.replenishment.policy import Plan, make_plan
from ml.replenishment.tuned_service import TunedService, tuned_service
from orchestration.assets.demand import week_before, weekly_totals
from orchestration.assets.metadata import picture
from orchestration.automation import GATED
from orchestration.festivals import festivals
from orchestration.plan_archive import ArchivedPlan, fingerprint
from orchestration.resources import Lake, Options, Planners, Results, Warehouse, code_version
from orchestration.verdicts import plan_notices

TABLES = ("orders", "transfers", "overrides", "override_effects", "changes")


@dg.asset(
    deps=[
        "demand_forecast",
        "fct_inventory_position",
        "fct_open_orders",
        "feat_demand",
        "feat_demand_static",
        "feat_known_future",
        "mart_data_issues",
    ],
    group_name="plan",
    kinds={"python", "excel", "csv", "html"},
    owners=["team:ops"],
    automation_condition=GATED,
    description="What to order, from whom, how much, by when and why: the demand quantile of the "
    "days the order is for, less the stock there will be, in whole packs, within budget, "
    "capacities and shelf life; what to move between warehouses first; planners' overrides kept. "
    "For ops planners, as workbook, web page and CSV.",
)
def replenishment_plan(
    lake: Lake, warehouse: Warehouse, options: Options, planners: Planners, results: Results
) -> dg.MaterializeResult:
    from orchestration.outputs.charts import plan_chart_png
    from orchestration.outputs.csv_files import write_plan_csv
    from orchestration.outputs.plan_page import write_plan_page
    from orchestration.outputs.preview import plan_preview_markdown
    from orchestration.outputs.workbook import write_plan_workbook

    as_of = lake.last_visible_day()
    panel = warehouse.read(FEAT_DEMAND)
    weekly = results.read(as_of, "demand_forecast")
    made, kept = _make(as_of, panel, warehouse, options, planners, results)
    orders = REPLENISHMENT_PLAN.check(made.orders)
    results.write(as_of, "replenishment_plan", orders)
    files = {
        name: results.out_path(as_of, f"replenishment_{name}")
        for name in ("plan.csv", "plan.xlsx", "plan.html", "manifest.json")
    }
    tables = {name: kept.table(name) for name in TABLES[1:]}
    notices = plan_notices(results, as_of, warehouse.read(DATA_ISSUES))
    projection = made.projection()
    write_plan_csv(orders, files["plan.csv"])
    write_plan_workbook(
        orders,
        files["plan.xlsx"],
        language=options.language,
        demand=weekly_totals(panel, weekly, weeks=52),
        history=panel,
        forecast=weekly,
        projection=projection,
        notices=notices,
        **tables,
    )
    write_plan_page(
        orders,
        files["plan.html"],
        plan_id=kept.plan_id,
        language=options.language,
        history=panel,
        forecast=weekly,
        projection=projection,
        transfers=tables["transfers"],
        overrides=made.overrides,
        changes=tables["changes"],
        notices=notices,
    )
    files["manifest.json"].write_text(
        (kept.folder / "manifest.json").read_text(encoding="utf-8"), encoding="utf-8"
    )
    return dg.MaterializeResult(
        metadata=_metadata(orders)
        | _gap(made, planners.gap_seconds)
        | {
            "plan_id": kept.plan_id,
            "kept_rate": kept.manifest["kept_rate"],
            "planners_folder": dg.MetadataValue.path(planners.files().offer_overrides().parent),
            "notices": dg.MetadataValue.json(notices),
            "problems": dg.MetadataValue.json(kept.manifest["problems"]),
            "csv": dg.MetadataValue.path(files["plan.csv"]),
            "workbook": dg.MetadataValue.path(files["plan.xlsx"]),
            "page": dg.MetadataValue.path(files["plan.html"]),
            "preview": dg.MetadataValue.md(plan_preview_markdown(orders, rows=10)),
            "chart": picture(plan_chart_png(orders)),
        }
    )


def _make(as_of, panel, warehouse, options, planners, results) -> tuple[Plan, ArchivedPlan]:
    """Plan, compare with the plan before, and keep both what was decided and what decided it."""
    cutoff, archive = week_before(as_of), results.plans()
    policy, problems = planners.policy()
    substitutes, doubtful = planners.files().substitutes()
    lots, odd = planners.files().lots()
    frames = {
        "position": warehouse.read(INVENTORY_POSITION),
        "cumulative": results.read(as_of, "demand_cumulative"),
        "signals": signals(
            panel,
            warehouse.read(FEAT_DEMAND_STATIC),
            warehouse.read(FEAT_KNOWN_FUTURE),
            cutoff=cutoff,
        ),
        "lots": lots,
        "overrides": planners.files().overrides(),
        "substitutes": substitutes,
        "festivals": festivals(pd.Timestamp(as_of)),
        "open_orders": warehouse.read(OPEN_ORDERS),
    }
    service = _service(as_of, frames, policy, planners, results)
    policy = replace(policy, service_level={**policy.service_level, **service.levels})
    made = make_plan(
        frames["position"],
        frames["cumulative"],
        as_of=as_of,
        cutoff=cutoff,
        policy=policy,
        language=options.language,
        signals=frames["signals"],
        lots=frames["lots"],
        overrides=frames["overrides"],
        substitutes=frames["substitutes"],
        festivals=frames["festivals"],
        open_orders=frames["open_orders"],
    )
    before = archive.before(as_of)
    changes, kept_share = pd.DataFrame(columns=list(CHANGE_COLUMNS)), None
    if before:
        earlier = before.table("orders")
        changes = difference(earlier, made.orders, language=options.language)
        kept_share = round(kept_rate(earlier, made.orders), 4)
    effects = override_effects(
        archive.overridden(as_of, READ),
        panel,
        last_day=cutoff + pd.Timedelta(days=6),
        holding_rate=policy.holding_rate,
        margin_rate=policy.margin_rate,
        is_lost=policy.unmet_demand == "lost",
    )
    tables = (made.orders, made.transfers, made.overrides, effects, changes)
    kept = archive.keep(
        as_of,
        inputs={
            "models": _models(as_of, results, frames["cumulative"]),
            "data": {name: fingerprint(frame) for name, frame in frames.items()},
            "code": code_version(),
            "policy": _plain(asdict(policy)),
            "service": {"by": planners.service, **_plain(asdict(service))},
            "language": options.language,
            "previous_plan": before.plan_id if before else None,
        },
        tables=dict(zip(TABLES, tables, strict=True)),
        told={
            "rows": len(made.orders),
            "units_to_order": int(made.orders["order_qty"].sum()),
            "order_amount_yuan": round(float(made.orders["order_amount"].sum()), 2),
            "overrides_applied": int((made.overrides["status"] == "applied").sum()),
            "changed_rows": len(changes),
            "kept_rate": kept_share,
            "problems": [*problems, *doubtful, *odd],
        },
    )
    return made, kept


def _service(as_of, frames, policy, planners: Planners, results: Results) -> TunedService:
    """Levels tuned on the newest backtest, where planners ask for it and there is one."""
    days = [day for day in results.days_with("demand_backtest.parquet") if day <= as_of]
    if planners.service == "textbook" or not days:
        return TunedService({})
    return tuned_service(
        results.read(max(days), "demand_backtest"),
        frames["position"],
        frames["signals"].set_index("unique_id")["price_amount"],
        policy=policy,
        as_of=as_of,
        fill_rate=planners.fill_rate if planners.service == "fill" else None,
    )


def _plain(value):
    """A policy's value as JSON can hold it: sets sorted, days written out."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def _models(as_of, results: Results, cumulative: pd.DataFrame) -> dict[str, object]:
    named = results.path(as_of, "demand_version.txt")
    series = cumulative.drop_duplicates("unique_id")
    by_model = series["model"].value_counts().sort_index() if "model" in series else {}
    return {
        "champion": results.read_text(as_of, named.name) if named.exists() else "unknown",
        "series_by_model": {name: int(count) for name, count in dict(by_model).items()},
    }


def _gap(made: Plan, seconds: float) -> dict[str, object]:
    """What share of the value of the packs worth buying a solver would add, where limits bind."""
    found = made.fitted
    if found.allocation is None or not seconds or importlib.util.find_spec("highspy") is None:
        return {}
    from ml.replenishment.exact_allocation import best_value

    bound = best_value(found.allocation, found.offers, found.limits, seconds=seconds)
    return {
        "allocation_gap": max(0.0, 1 - found.allocation.worthwhile / bound) if bound > 0 else 0.0
    }


def _metadata(orders: pd.DataFrame) -> dict[str, object]:
    return {
        "dagster/row_count": len(orders),
        "rows_to_order": int((orders["order_qty"] > 0).sum()),
        "units_to_order": float(orders["order_qty"].sum()),
        "order_amount_yuan": round(float(orders["order_amount"].sum()), 2),
        "exceptions": int(orders["is_exception"].sum()),
        "rows_cut_by_a_limit": int((orders["bound_by"] != "").sum()),
        "rows_overridden": int((orders["override"] != "").sum()),
        "rows_with_doubts": int(orders["doubts"].fillna("").ne("").sum()),
    }
