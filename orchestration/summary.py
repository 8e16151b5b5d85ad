"""What a run prints at its end: broken rows, backtests, the first rows of plan and churn list."""

from collections.abc import Iterable

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.assets.churn import NO_CHURN_MODEL
from orchestration.resources import Results, resources
from orchestration.runner import RunReport

DEMAND_SCORES = ["model", "n", "wape", "bias", "scaled_pinball", "coverage_80", "coverage_90"]
CHURN_SCORES = ["model", "n", "base_rate", "roc_auc", "pr_auc", "brier", "ece", "lift_at_10"]
PLAN_COLUMNS = [
    "sku_id",
    "warehouse_id",
    "supplier_id",
    "order_qty",
    "order_by_date",
    "expected_on",
    "exception",
]
FIRST_ROWS = 8


def print_summary(console: Console, report: RunReport) -> None:
    """Failures first, then what the morning needs."""
    for step, why in report.failures.items():
        console.print(f"[red]failed[/] {step}: {escape(why)}", highlight=False)
    for check, why in report.failed_checks.items():
        console.print(f"[yellow]check[/] {check}: {escape(why)}", highlight=False)
    if report.failures:
        console.print(
            "What depends on a failure did not run. Mend the first one above, then run again."
        )
        return
    results = resources(report.settings)["results"]
    _models(console, report, results)
    plan = results.read(report.as_of, "replenishment_plan")
    first = plan.head(FIRST_ROWS)
    _table(console, f"Plan: {_plan_line(plan)}", first, PLAN_COLUMNS)
    for row in first.itertuples():
        said = escape(f"{row.sku_id}@{row.warehouse_id}: {row.reason}")
        console.print(said, highlight=False)
    console.print()
    for label, name in (
        ("Plan (workbook)", "replenishment_plan.xlsx"),
        ("Plan (web page)", "replenishment_plan.html"),
        ("Plan (CSV)", "replenishment_plan.csv"),
        ("Churn list (workbook)", "churn_list.xlsx"),
        ("Churn list (CSV)", "churn_list.csv"),
    ):
        path = results.out_path(report.as_of, name)
        if path.exists():
            console.print(f"{label}: [bold]{escape(str(path))}[/]", highlight=False, soft_wrap=True)


def _models(console: Console, report: RunReport, results: Results) -> None:
    scores = results.read(report.as_of, "demand_scores")
    windows = results.read(report.as_of, "demand_backtest")["cutoff"].nunique()
    _table(
        console,
        f"Demand, SKU x warehouse x week, 1-{report.settings.horizon} weeks ahead, {windows} "
        "rolling origins, in-stock weeks only",
        scores,
        DEMAND_SCORES,
    )
    console.print(escape(results.read_text(report.as_of, "demand_promotion.txt")), highlight=False)
    reason = results.path(report.as_of, NO_CHURN_MODEL)
    if reason.exists():
        told = escape(reason.read_text(encoding="utf-8"))
        console.print(f"No churn list: {told}", highlight=False)
        return
    _table(
        console,
        f"Churn: no purchase in the next {report.settings.outcome_days} days, reachable "
        "customers, scored on a later period than trained on",
        results.read(report.as_of, "churn_table"),
        CHURN_SCORES,
    )
    console.print(escape(results.read_text(report.as_of, "churn_promotion.txt")), highlight=False)


def _plan_line(plan: pd.DataFrame) -> str:
    ordered = plan["order_qty"] > 0
    unpriced = int((ordered & plan["order_amount"].isna()).sum())
    besides = f" and {unpriced:,} rows without a known cost" if unpriced else ""
    return (
        f"{len(plan):,} SKU x warehouse rows, {int(ordered.sum()):,} to order "
        f"({plan['order_qty'].sum():,.0f} units, {plan['order_amount'].sum():,.0f} yuan{besides}), "
        f"{int(plan['is_exception'].sum()):,} exceptions"
    )


def _table(console: Console, title: str, frame: pd.DataFrame, columns: Iterable[str]) -> None:
    if frame.empty:
        return
    shown = [c for c in columns if c in frame]
    console.print(f"\n[bold]{title}[/]", highlight=False)
    table = Table()
    for column in shown:
        table.add_column(
            column, no_wrap=column != "reason", ratio=1 if column == "reason" else None
        )
    for row in frame[shown].itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:,.0f}" if value > 20 else f"{value:.3f}"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return "" if value is None or value is pd.NaT else escape(str(value))
