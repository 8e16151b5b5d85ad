"""Frame contracts: the columns, dtype kinds and grain of every frame that crosses a boundary."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

_QUANTILE = re.compile(r"p(\d\d)(?:_(\d+))?")
_KINDS = {
    "text": lambda s: pd.api.types.is_string_dtype(s) or pd.api.types.is_object_dtype(s),
    "number": pd.api.types.is_numeric_dtype,
    "flag": lambda s: pd.api.types.is_bool_dtype(s) or pd.api.types.is_numeric_dtype(s),
    "date": pd.api.types.is_datetime64_any_dtype,
}


class TooLittleData(ValueError):
    """A sound frame with too few rows or too short a history for what was asked."""


@dataclass(frozen=True)
class FrameSpec:
    """What a frame must look like at one door.

    `columns` maps a column name to its kind: "text", "number", "flag" or "date".
    `grain` names the columns that identify one row. `nullable` columns may hold nulls.
    """

    name: str
    columns: dict[str, str]
    grain: tuple[str, ...]
    nullable: tuple[str, ...] = ()

    def check(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` unchanged, or raise ValueError that names everything wrong with it."""
        twice = frame.columns[frame.columns.duplicated()]
        if len(twice):
            raise ValueError(f"frame '{self.name}': column '{twice[0]}' is there more than once")
        problems = [
            f"column '{column}' is missing" for column in self.columns if column not in frame
        ]
        present = [column for column in self.columns if column in frame]
        for column in present:  # one after the other: a frame may fill half of the memory
            kind, dtype = self.columns[column], frame[column].dtype
            nulls = frame[column].isna().to_numpy()
            if not nulls.all() and not _KINDS[kind](dtype):
                problems.append(f"column '{column}' has dtype {dtype}, expected a {kind}")
            if column not in self.nullable and nulls.any():
                row = frame.index[nulls][0]
                problems.append(f"column '{column}' is null, first at row {row}")
        if not problems:
            problems += self._grain_problems(frame)
        if problems:
            raise ValueError(f"frame '{self.name}': " + "; ".join(problems))
        return frame

    def _grain_problems(self, frame: pd.DataFrame) -> Sequence[str]:
        repeated = frame.duplicated(list(self.grain), keep=False)
        if not repeated.any():
            return []
        first = frame.loc[repeated, list(self.grain)].iloc[0].to_dict()
        return [f"{int(repeated.sum())} rows share their key {self.grain}, first: {first}"]


def quantile_column(q: float) -> str:
    """Column name of quantile `q`: 0.05 -> "p05", 0.975 -> "p97_5"."""
    return "p" + f"{q * 100:04.1f}".removesuffix(".0").replace(".", "_")


def quantile_columns(columns: Iterable[str]) -> dict[float, str]:
    """Those of `columns`, or of a frame, that hold quantiles, ascending by q.

    >>> quantile_columns(["unique_id", "p97_5", "p05", "periods"])
    {0.05: 'p05', 0.975: 'p97_5'}
    """
    found = {name: _QUANTILE.fullmatch(str(name)) for name in columns}
    levels = {float(f"0.{m[1]}{m[2] or ''}"): name for name, m in found.items() if m}
    return dict(sorted(levels.items()))


FEAT_DEMAND = FrameSpec(
    "feat_demand",
    {
        "unique_id": "text",
        "ds": "date",
        "y": "number",
        "in_stock_share": "number",
        "is_stockout": "flag",
        "price_amount": "number",
        "order_count": "number",
    },
    grain=("unique_id", "ds"),
    nullable=("price_amount",),
)

FEAT_DEMAND_STATIC = FrameSpec(
    "feat_demand_static",
    {
        "unique_id": "text",
        "sku_id": "text",
        "warehouse_id": "text",
        "brand_id": "text",
        "category": "text",
        "baby_stage": "text",
        "list_price_amount": "number",
        "abc_class": "text",
        "first_sold_on": "date",
    },
    grain=("unique_id",),
    nullable=("brand_id", "category", "baby_stage", "list_price_amount"),
)

FEAT_KNOWN_FUTURE = FrameSpec(
    "feat_known_future",
    {
        "unique_id": "text",
        "ds": "date",
        "promo_share": "number",
        "discount_rate": "number",
        "festival_share": "number",
        "peak_share": "number",
        "deposit_share": "number",
        "big_festival_share": "number",
        "big_peak_share": "number",
        "days_to_spring_festival": "number",
    },
    grain=("unique_id", "ds"),
)

CUSTOMER_NUMBERS = (
    "recency_days",
    "tenure_days",
    "frequency",
    "monetary_amount",
    "mean_gap_days",
    "sd_gap_days",
    "recency_over_gap",
    "expected_gap_days",
    "orders_30d",
    "orders_90d",
    "amount_30d",
    "amount_90d",
    "mean_order_amount",
    "category_count",
    "brand_count",
    "discount_share",
    "refund_rate",
    "gift_share",
)

FEAT_CUSTOMER = FrameSpec(
    "feat_customer",
    {
        "customer_id": "text",
        "as_of": "date",
        **dict.fromkeys(CUSTOMER_NUMBERS, "number"),
        "platform": "text",
        "last_category": "text",
        "is_reachable": "flag",
    },
    grain=("customer_id", "as_of"),
    nullable=("last_category",),
)

FEAT_CUSTOMER_EVENTS = FrameSpec(
    "feat_customer_events",
    {
        "customer_id": "text",
        "ds": "date",
        "order_count": "number",
        "qty": "number",
        "paid_amount": "number",
        "discount_rate": "number",
        "category": "text",
    },
    grain=("customer_id", "ds"),
    nullable=("category",),
)

FEAT_CUSTOMER_BIRTHS = FrameSpec(
    "feat_customer_births",
    {
        "customer_id": "text",
        "ds": "date",
        "source": "text",
        "earliest_birth_on": "date",
        "latest_birth_on": "date",
        "edge_months": "number",
    },
    grain=("customer_id", "ds", "source", "earliest_birth_on", "latest_birth_on"),
)

FEAT_CUSTOMER_TALKS = FrameSpec(
    "feat_customer_talks",
    {"customer_id": "text", "ds": "date", "chats": "number", "messages": "number"},
    grain=("customer_id", "ds"),
)

INVENTORY_POSITION = FrameSpec(
    "fct_inventory_position",
    {
        "unique_id": "text",
        "sku_id": "text",
        "warehouse_id": "text",
        "supplier_id": "text",
        "supplier_name": "text",
        "sku_name": "text",
        "category": "text",
        "abc_class": "text",
        "on_hand": "number",
        "reserved": "number",
        "on_order": "number",
        "next_expected_on": "date",
        "stock_snapshot_date": "date",
        "lead_time_days": "number",
        "lead_time_sd_days": "number",
        "review_period_days": "number",
        "moq": "number",
        "pack_size": "number",
        "unit_cost_amount": "number",
        "shelf_life_days": "number",
        "discontinued_on": "date",
        "has_stock_snapshot": "flag",
        "is_stock_guessed": "flag",
        "has_supplier_terms": "flag",
        "last_26w_demand_qty": "number",
    },
    grain=("unique_id",),
    nullable=(
        "supplier_id",
        "supplier_name",
        "sku_name",
        "category",
        "abc_class",
        "on_hand",
        "reserved",
        "next_expected_on",
        "stock_snapshot_date",
        "lead_time_days",
        "lead_time_sd_days",
        "review_period_days",
        "moq",
        "pack_size",
        "unit_cost_amount",
        "shelf_life_days",
        "discontinued_on",
    ),
)

DATA_ISSUES = FrameSpec(
    "mart_data_issues",
    {
        "issue": "text",
        "platform": "text",
        "shop_id": "text",
        "record_count": "number",
        "amount": "number",
    },
    grain=("issue", "platform", "shop_id"),
    nullable=("shop_id",),
)

OPEN_ORDERS = FrameSpec(
    "fct_open_orders",
    {"unique_id": "text", "expected_on": "date", "open_qty": "number"},
    grain=("unique_id", "expected_on"),
    nullable=("expected_on",),
)
