"""What changed against the previous plan, row by row, and why; how much of it stayed the same."""

import numpy as np
import pandas as pd

from ml.replenishment.wording import JOINT, LIFTS, quantities, words_of

CHANGE_COLUMNS = (
    "sku_id",
    "sku_name",
    "warehouse_id",
    "before_qty",
    "after_qty",
    "change_qty",
    "change_reason",
)
_KEY = ["sku_id", "warehouse_id"]
_WORDS = {
    "zh": {
        "new": "新进计划",
        "gone": "不再在计划里",
        "override": "人工调整有变",
        "on_hand": "库存{}",
        "on_order": "在途{}",
        "moved": "调拨{}",
        "expiring": "临期{}",
        "demand": "预计需求{}",
        "level": "目标库存{}",
        "lost": "到货前缺货{}",
        "prebuild": "节前提前备{}",
        "terms": "交期、起订量或箱规有变",
        "limit": "受限情况有变",
        "rounding": "凑整结果不同",
    },
    "en": {
        "new": "new in the plan",
        "gone": "no longer in the plan",
        "override": "an override changed",
        "on_hand": "on hand {}",
        "on_order": "on order {}",
        "moved": "moved {}",
        "expiring": "expiring {}",
        "demand": "expected demand {}",
        "level": "order-up-to level {}",
        "lost": "missing before arrival {}",
        "prebuild": "festival pre-build {}",
        "terms": "lead time, MOQ or pack changed",
        "limit": "what binds changed",
        "rounding": "rounded differently",
    },
}
_NUMBERS = (
    "order_qty",
    "on_hand",
    "reserved",
    "on_order",
    "transfer_in_qty",
    "transfer_out_qty",
    "expiring_qty",
    "lost_before_qty",
    "demand_mean_qty",
    "order_up_to_level",
    "lead_time_days",
    "moq",
    "pack_size",
    "prebuild_qty",
)


def difference(before: pd.DataFrame, after: pd.DataFrame, *, language: str = "zh") -> pd.DataFrame:
    """CHANGE_COLUMNS of every row whose order changed, largest change first.

    `before`, `after`: plans, `policy.PLAN_COLUMNS`; a row is a SKU in a warehouse, the first of
    repeated ones. A reason names every number behind the order that moved, with how far.
    """
    words = words_of(_WORDS, language)
    joined = _once(before).merge(
        _once(after), on=_KEY, how="outer", suffixes=("_0", "_1"), indicator="side"
    )
    moved = {
        name: joined[f"{name}_1"].fillna(0.0) - joined[f"{name}_0"].fillna(0.0) for name in _NUMBERS
    }
    is_new, is_gone = (joined["side"] == side for side in ("right_only", "left_only"))
    both = ~(is_new | is_gone)
    text = np.where(is_new, words["new"], np.where(is_gone, words["gone"], "")).astype(object)

    def say(rows, phrases) -> None:
        nonlocal text
        said = np.where(rows & both, phrases, "").astype(object)
        text = text + np.where((text != "") & (said != ""), JOINT[language], "") + said

    def say_moved(key: str, units: pd.Series) -> None:
        numbers = quantities(units)
        said = [words[key].format(n if n.startswith("-") else f"+{n}") for n in numbers]
        say((units.abs() >= 0.5).to_numpy(), np.array(said, dtype=object))

    def differs(name: str):
        return joined[f"{name}_0"].fillna("") != joined[f"{name}_1"].fillna("")

    say(differs("override").to_numpy(), words["override"])
    say_moved("on_hand", moved["on_hand"] - moved["reserved"])
    say_moved("on_order", moved["on_order"])
    say_moved("moved", moved["transfer_in_qty"] - moved["transfer_out_qty"])
    say_moved("expiring", moved["expiring_qty"])
    say_moved("demand", moved["demand_mean_qty"])
    say_moved("level", moved["order_up_to_level"])
    say_moved("lost", moved["lost_before_qty"])
    say_moved("prebuild", moved["prebuild_qty"])
    terms = sum(moved[name].abs() for name in ("lead_time_days", "moq", "pack_size"))
    say((terms > 0).to_numpy(), words["terms"])
    # what the same limit cuts on both days is as large as the limit lets it be
    bound_by = joined["bound_by_1"].fillna("")
    is_cut = (bound_by != "") & ~bound_by.isin(LIFTS)
    say((differs("bound_by") | is_cut).to_numpy(), words["limit"])
    say(text == "", words["rounding"])
    changes = pd.DataFrame(
        {
            "sku_id": joined["sku_id"],
            "sku_name": joined["sku_name_1"].fillna(joined["sku_name_0"]),
            "warehouse_id": joined["warehouse_id"],
            "before_qty": joined["order_qty_0"].fillna(0).astype(np.int64),
            "after_qty": joined["order_qty_1"].fillna(0).astype(np.int64),
            "change_qty": moved["order_qty"].astype(np.int64),
            "change_reason": text,
        }
    )
    changes = changes[changes["change_qty"] != 0]
    order = np.lexsort(
        (changes["warehouse_id"], changes["sku_id"], -changes["change_qty"].abs().to_numpy())
    )
    return changes.iloc[order].reset_index(drop=True)


def kept_rate(before: pd.DataFrame, after: pd.DataFrame) -> float:
    """Share of the rows that either plan orders whose quantity is the same in both; nan for none.

    The plan's calm: a planner who sees it far below 1 each morning stops trusting it.
    """
    joined = _once(before).merge(_once(after), on=_KEY, how="outer", suffixes=("_0", "_1"))
    old, new = (joined[f"order_qty_{k}"].fillna(0).to_numpy() for k in (0, 1))
    ordered = (old > 0) | (new > 0)
    return float((old == new)[ordered].mean()) if ordered.any() else float("nan")


def _once(plan: pd.DataFrame) -> pd.DataFrame:
    columns = [*_KEY, "sku_name", "override", "bound_by", *_NUMBERS]
    ranked = plan.sort_values("order_qty", ascending=False, kind="stable")
    # a plan archived before a column existed lacks it
    return ranked.drop_duplicates(_KEY).reindex(columns=columns)
