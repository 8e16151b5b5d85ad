"""The head of the plan as a Markdown table, for the asset's page."""

import pandas as pd

_SHOWN = (
    "exception",
    "sku_id",
    "warehouse_id",
    "supplier_id",
    "order_qty",
    "order_by_date",
    "order_amount",
    "days_of_cover",
    "reason",
)


def plan_preview_markdown(plan: pd.DataFrame, rows: int = 10) -> str:
    """The first `rows` rows of the plan in its own order, with a line that counts the whole.

    Dates are ISO, amounts whole yuan, nulls empty; text can't break out of its cell.
    """
    ordered = plan[plan["order_qty"] > 0]
    lines = [
        f"{len(plan)} rows, {len(ordered)} to order, {int(plan['is_exception'].sum())} exceptions, "
        f"{ordered['order_amount'].sum():,.0f} CNY",
        "",
        "| " + " | ".join(_SHOWN) + " |",
        "|" + " --- |" * len(_SHOWN),
    ]
    for row in plan[list(_SHOWN)].head(rows).to_dict("records"):
        lines.append("| " + " | ".join(_cell(name, row[name]) for name in _SHOWN) + " |")
    return "\n".join(lines)


def _cell(name: str, value) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if name == "order_amount":
        return f"{value:,.0f}"
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    text = " ".join(str(value).split())
    for char in "\\|<>[]`*_":
        text = text.replace(char, "\\" + char)
    return text
