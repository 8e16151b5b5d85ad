"""The plan as one web page that needs no network: filter, search, and see each SKU's charts."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from ml.replenishment.contract import PLAN_COLUMNS
from ml.replenishment.difference import CHANGE_COLUMNS
from ml.replenishment.overrides import OVERRIDE_COLUMNS
from orchestration.outputs.detail_series import DetailSeries, detail_series
from orchestration.outputs.wording import CODES, COLUMNS, texts
from orchestration.outputs.wording_page import page_texts
from orchestration.outputs.wording_sheets import SHEET_COLUMNS, TRANSFER_COLUMNS

# A page with more rows opens slowly; the most urgent come first, all are in the CSV.
MOST_ROWS = 5000
_REVIEW = pd.Timedelta(days=7)
_SENT = tuple(name for name in PLAN_COLUMNS if name not in ("as_of", "is_exception"))
_LISTED = (
    "exception",
    "sku_id",
    "sku_name",
    "warehouse_id",
    "order_qty",
    "order_by_date",
    "supplier_name",
    "days_of_cover",
    "days_of_cover_after",
    "cost_if_not_ordered_amount",
    "confidence",
    "bound_by",
)
_TOLD = (
    "override",
    "planned_qty",
    "drivers",
    "bound_by",
    "doubts",
    "confidence",
    "cost_if_not_ordered_amount",
    "expected_on",
    "order_amount",
    "days_of_cover",
    "days_of_cover_after",
    "model",
)
_SEARCHED = ("sku_id", "sku_name", "supplier_name", "supplier_id", "reason", "doubts")


def write_plan_page(
    plan: pd.DataFrame,
    path: Path,
    *,
    plan_id: str,
    language: str,
    history: pd.DataFrame,
    forecast: pd.DataFrame,
    projection: pd.DataFrame,
    transfers: pd.DataFrame,
    changes: pd.DataFrame,
    overrides: pd.DataFrame,
    notices: Sequence[str] = (),
) -> Path:
    """Write the page and return `path`. Same plan, same bytes.

    `plan`: PLAN_COLUMNS in its own order, of which the first MOST_ROWS are shown; `history`,
    `forecast`, `projection` as for `detail_series`; `transfers`, `changes` as `ml.replenishment`
    names their columns; `overrides` the lines handed in, with their status; `notices` say on top
    why to read the plan with care. Data lie in the page as JSON and are shown as text, never as
    markup; the page's own policy forbids it any connection. Quantities changed on the page can be
    saved as the overrides file of the next plan, together with the lines that still hold; until
    then the browser asks before it leaves the page, and keeps a draft under `plan_id`.

    Raises ValueError when a plan column is missing or `language` has no wording.
    """
    missing = [column for column in PLAN_COLUMNS if column not in plan]
    if missing:
        raise ValueError(f"plan lacks the columns {missing}")
    words = texts(language) | page_texts(language)
    shown = plan.head(MOST_ROWS)
    series = detail_series(shown, history, forecast, projection)
    content = {
        "words": words | {"as_of": _as_of(plan, words)},
        "plan_id": plan_id,
        "left_out": words["left_out"].format(len(plan), len(shown)) * (len(plan) > len(shown)),
        "next_review": _next_review(plan),
        "columns": [
            {"name": n, "header": COLUMNS[n].header(language), "kind": COLUMNS[n].kind}
            for n in _SENT
        ],
        "rows": _rows(shown, _SENT),
        "codes": {name: CODES[name][language] for name in CODES},
        "listed": _LISTED,
        "told": _TOLD,
        "searched": _SEARCHED,
        "tiles": _tiles(plan, words),
        "notices": [words["notice"], *notices] if notices else [],
        **_series(series),
        "overrides": _held(overrides),
        "transfers": _table(transfers, TRANSFER_COLUMNS, language),
        "changes": _table(changes, CHANGE_COLUMNS, language),
        "glossary": _glossary(words, language),
    }
    page = _page(content, words["title"], language)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_text(page, encoding="utf-8")
    draft.replace(path)
    return path


def _page(content: dict, title: str, language: str) -> str:
    folder = files("orchestration.outputs") / "page"
    # "<" would end the script early, whatever a product is called
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    page = (folder / "plan.html").read_text(encoding="utf-8")
    parts = {
        "@lang@": {"zh": "zh-CN"}.get(language, language),
        "@title@": title,
        "@style@": (folder / "plan.css").read_text(encoding="utf-8"),
        "@script@": (folder / "plan.js").read_text(encoding="utf-8"),
        "@data@": text,
    }
    for mark, part in parts.items():
        before, after = page.split(mark, 1)
        page = before + part + after
    return page


def _as_of(plan: pd.DataFrame, words: dict[str, str]) -> str:
    return words["as_of"].format(f"{plan['as_of'].max():%Y-%m-%d}") if len(plan) else ""


def _next_review(plan: pd.DataFrame) -> str:
    return f"{plan['as_of'].max() + _REVIEW:%Y-%m-%d}" if len(plan) else ""


def _tiles(plan: pd.DataFrame, words: dict[str, str]) -> list[tuple[str, float]]:
    ordered = plan["order_qty"] > 0
    uncosted = int((ordered & plan["order_amount"].isna()).sum())
    return [
        (words["exceptions_count"], int(plan["is_exception"].sum())),
        (words["to_order"], int(ordered.sum())),
        (words["order_qty"], int(plan["order_qty"].sum())),
        (words["amount"], round(float(plan["order_amount"].sum()))),
        *([(words["no_cost"], uncosted)] if uncosted else []),
        (words["saves"], round(float(plan["cost_if_not_ordered_amount"].sum()))),
        (words["rows"], len(plan)),
    ]


def _rows(frame: pd.DataFrame, columns) -> list[list]:
    return [list(row) for row in zip(*(_values(frame[name]) for name in columns), strict=True)]


def _values(values: pd.Series) -> list:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m-%d").astype(object).where(values.notna(), None).tolist()
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = np.round(values.to_numpy(dtype=float, na_value=np.nan), 3)
        return _numbers(numbers)
    return [None if gone else str(v) for v, gone in zip(values, values.isna(), strict=True)]


def _numbers(numbers: np.ndarray) -> list:
    return [None if np.isnan(v) else int(v) if v == int(v) else float(v) for v in numbers.tolist()]


def _series(series: DetailSeries) -> dict:
    def days(index: pd.DatetimeIndex) -> list[str]:
        return index.strftime("%Y-%m-%d").tolist()

    tables = {
        name: np.round(getattr(series, name), 1)
        for name in ("past", "mean", "low", "high", "without", "within")
    }
    return {
        "past_weeks": days(series.past_weeks),
        "ahead_weeks": days(series.ahead_weeks),
        "stock_days": days(series.stock_days),
        "series": {
            unique_id: {name: _numbers(table[k]) for name, table in tables.items()}
            for k, unique_id in enumerate(series.unique_ids)
        },
    }


def _table(frame: pd.DataFrame, columns, language: str) -> dict:
    kinds = [SHEET_COLUMNS[name].kind for name in columns]
    return {
        "headers": [SHEET_COLUMNS[name].header(language) for name in columns],
        "kinds": ["text" if kind in ("date", "code") else kind for kind in kinds],
        "rows": _rows(frame.head(MOST_ROWS), columns),
    }


def _held(overrides: pd.DataFrame) -> list[dict[str, str]]:
    kept = overrides.loc[overrides["status"] != "expired", list(OVERRIDE_COLUMNS)]
    return kept.astype(str).to_dict("records")


def _glossary(words: dict[str, str], language: str) -> dict:
    return {
        "headers": [words["term"], words["meaning"], words["field"]],
        "kinds": ["text"] * 3,
        "rows": [[c.header(language), c.meaning(language), name] for name, c in COLUMNS.items()],
    }
