"""What the masters and the stock count say, and what stands in where they say nothing usable."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ml.columns import INVENTORY_POSITION

# A longer lead time, or a larger number of units or yuan, is a typing mistake.
LONGEST_DAYS = 730
LARGEST = 1e9


@dataclass
class Doubts:
    """What a planner should not take on trust: per code, which rows, and the value to quote."""

    rows: dict[str, np.ndarray] = field(default_factory=dict)
    values: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, code: str, rows, values=None) -> None:
        """Mark `rows` (a mask over all rows) with `code`; `values` is quoted in its words."""
        self.rows[code] = np.asarray(rows, dtype=bool)
        if values is not None:
            self.values[code] = np.asarray(values)

    def any(self, *codes: str) -> np.ndarray:
        """Rows that carry at least one of `codes`."""
        return np.logical_or.reduce([self.rows[code] for code in codes])


def read_terms(position: pd.DataFrame, policy, as_of: pd.Timestamp) -> tuple[pd.DataFrame, Doubts]:
    """The position with every number usable, and the doubts about each row.

    One output row per input row, same order. Whole days: lead time and review period are rounded
    up. Missing or impossible values are replaced by the policy's (terms) or by 0 (stock), and
    named as a doubt; an unknown shelf life is no limit. Text is kept; a missing text is None.
    `is_repeated` marks the rows that share their unique_id with an earlier row (by supplier, then
    lead time, stock and cost). `is_unmapped` marks those without a name, supplier, stock count or
    open order, unless all are: where nothing is known of any SKU, there is none to map to.

    Raises ValueError when a column of `fct_inventory_position` is missing.
    """
    missing = [column for column in INVENTORY_POSITION.columns if column not in position]
    if missing:
        raise ValueError(f"position lacks the columns {missing}")
    doubts = Doubts()
    terms = pd.DataFrame(index=pd.RangeIndex(len(position)))
    for column in ("sku_id", "warehouse_id"):
        terms[column] = _text(position[column]).fillna("")
    unique_id = _text(position["unique_id"])
    terms["unique_id"] = unique_id.fillna(terms["sku_id"] + "@" + terms["warehouse_id"])
    for column in ("sku_name", "supplier_id", "supplier_name"):
        terms[column] = _text(position[column])
    for column in ("next_expected_on", "stock_snapshot_date", "discontinued_on"):
        terms[column] = _day(position[column])
    _read_stock(terms, position, doubts, as_of)
    _read_supply(terms, position, policy, doubts)

    days, unreadable = _number(position["shelf_life_days"])
    doubts.add("bad_shelf_life", unreadable | (days <= 0))
    terms["shelf_life_days"] = np.where(days > 0, days, np.nan)

    abc = _text(position["abc_class"])
    known = abc.isin(policy.service_level)
    doubts.add("no_abc_class", ~known)
    terms["abc_class"] = abc.where(known, policy.fallback_abc_class)
    terms["service_level"] = terms["abc_class"].map(policy.service_level).astype(float)

    demand, unreadable = _number(position["last_26w_demand_qty"])
    doubts.add("bad_history", unreadable | ~(demand >= 0))
    terms["daily_rate"] = np.where(demand > 0, demand, 0.0) / (26 * 7)

    order = ["supplier_id", "lead_time_days", "on_hand", "on_order", "unit_cost_amount"]
    ranked = terms.sort_values(["unique_id", *order], kind="stable", na_position="last")
    terms["is_repeated"] = ranked.duplicated("unique_id").reindex(terms.index).astype(bool)
    doubts.add("repeated_row", terms["is_repeated"])
    unheard = doubts.rows["not_in_master"] & doubts.rows["no_supplier"]
    unheard &= doubts.rows["no_stock_count"] & (terms["on_order"] == 0).to_numpy()
    terms["is_unmapped"] = unheard & ~unheard.all()
    return terms, doubts


def _read_stock(terms, position, doubts: Doubts, as_of: pd.Timestamp) -> None:
    on_hand, _ = _number(position["on_hand"])
    counted = _flag(position["has_stock_snapshot"], missing=True)
    doubts.add("no_stock_count", ~counted | np.isnan(on_hand))
    doubts.add("guessed_stock", _flag(position["is_stock_guessed"], missing=False))
    doubts.add("negative_stock", on_hand < 0)
    terms["on_hand"] = on_hand
    for column in ("reserved", "on_order"):
        values, unreadable = _number(position[column])
        doubts.add(f"bad_{column}", unreadable | (values < 0))
        terms[column] = np.where(values > 0, values, 0.0)
    age = (as_of - terms["stock_snapshot_date"]).dt.days
    doubts.add("old_stock_count", age > 0, age.fillna(0).astype(int))
    is_open = terms["on_order"] > 0
    doubts.add("undated_po", is_open & terms["next_expected_on"].isna())
    doubts.add("overdue_po", is_open & (terms["next_expected_on"] <= as_of))


def _read_supply(terms, position, policy, doubts: Doubts) -> None:
    doubts.add("no_supplier", terms["supplier_id"].isna())
    doubts.add("not_in_master", terms["sku_name"].isna())

    def usable(column, fallback, *, low, high, code, whole_only=False, missing_is_doubt=True):
        values, unreadable = _number(position[column])
        fits = (values >= low) & (values <= high)
        if whole_only:
            fits &= values == np.floor(values)
        is_missing = np.isnan(values) & ~unreadable
        doubts.add(f"bad_{code}", ~fits & ~is_missing)
        if missing_is_doubt:
            doubts.add(f"no_{code}", is_missing)
        return np.where(fits, values, fallback)

    terms["lead_time_days"] = np.ceil(
        usable("lead_time_days", policy.lead_time_days, low=0, high=LONGEST_DAYS, code="lead_time")
    )
    terms["review_period_days"] = np.ceil(
        usable(
            "review_period_days",
            policy.review_period_days,
            low=1,
            high=LONGEST_DAYS,
            code="review_period",
            missing_is_doubt=False,
        )
    )
    terms["lead_time_sd_days"] = usable(
        "lead_time_sd_days",
        0.0,
        low=0,
        high=LONGEST_DAYS,
        code="lead_time_sd",
        missing_is_doubt=False,
    )
    terms["moq"] = usable("moq", policy.moq, low=0, high=LARGEST, code="moq")
    terms["pack_size"] = usable(
        "pack_size", policy.pack_size, low=1, high=LARGEST, code="pack_size", whole_only=True
    )
    terms["unit_cost_amount"] = usable(
        "unit_cost_amount", np.nan, low=0, high=LARGEST, code="unit_cost"
    )


def _number(series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Values with NaN where there is none, and where something stood that can't be a quantity."""
    values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=float, na_value=np.nan).copy()
    values[np.abs(values) > LARGEST] = np.nan
    return values, series.notna().to_numpy() & np.isnan(values)


def _flag(series: pd.Series, *, missing: bool) -> np.ndarray:
    """True or not, row by row; `missing` where nothing is said."""
    said = series.astype(object).where(series.notna(), missing)
    return (said != 0).to_numpy(dtype=bool)


def _text(series: pd.Series) -> pd.Series:
    filled = series.astype(object).where(series.notna() & (series.astype(object) != ""), None)
    return filled.map(str, na_action="ignore").reset_index(drop=True)


def _day(series: pd.Series) -> pd.Series:
    days = pd.to_datetime(series, errors="coerce").dt.tz_localize(None).dt.normalize()
    return days.reset_index(drop=True)
