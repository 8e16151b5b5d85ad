"""Feature contributions in a planner's words, in English and Chinese."""

from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

LEVEL_SHIFT = "level_shift"  # no feature: what demand before a shift was multiplied by
# first match wins; patterns are those of feature names
REASONS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (
        "last_year",
        ("last_year", "last_year_*"),
        "sales in the same weeks last year",
        "去年同期销量",
    ),
    (
        "recent_sales",
        ("lag_*", "mean_4", "mean_7", "mean_8", "mean_14", "smooth_*", "calm_*", "same_day_*"),
        "recent sales",
        "近期销量",
    ),
    ("usual_sales", ("mean_*", "no_promo_*", "log_scale"), "the usual sales level", "常态销量"),
    ("level_shift", (LEVEL_SHIFT,), "a lasting shift in the level of sales", "销量水平持续变化"),
    ("volatility", ("std_*",), "how much sales swing", "销量波动"),
    ("season", ("season_*", "sin_*", "cos_*"), "the time of the year", "季节"),
    ("weekday", ("weekday",), "the day of the week", "星期几"),
    (
        "festival",
        ("*festival*", "*peak_share*", "deposit_share*"),
        "the festival calendar",
        "节日与大促档期",
    ),
    ("promotion", ("discount_rate*", "promo_*", "uplift"), "planned promotions", "计划促销"),
    ("price", ("price*", "own_price*"), "the planned price", "计划价格"),
    ("neighbours", ("*_now", "*_last_year"), "demand of similar products", "同类商品走势"),
    ("stock_outs", ("stockout_share",), "recent stock-outs", "近期缺货"),
    (
        "how_often",
        ("sell_share_*", "weeks_since_sale"),
        "how often it sells",
        "动销频率",
    ),
    ("age", ("age_weeks", "launch_weeks"), "time since launch", "上市时长"),
    ("distance", ("step",), "how far ahead the week is", "预测跨度"),
    ("trend", ("*_trend",), "trends seen in other columns", "其他指标走势"),
    ("plan", ("*_change", "*_before"), "other planned columns", "其他计划因素"),
    ("attributes", ("*",), "what kind of product it is", "商品属性"),
)
MADE_BY = {
    "cold_start": ("sales of similar products at launch", "同类新品上市表现"),
    "seasonal_naive": ("last year's sales, or the latest", "去年同期或最近销量"),
    "other": ("the model's forecast as a whole", "模型整体预测"),
}
TOP = 5


def reason_of(feature: str, planned: tuple[str, ...] = ()) -> str:
    """Key of the reason a feature belongs to; a planned column without a reason of its own is
    "plan"."""
    for key, patterns, _, _ in REASONS[:-1]:
        if any(fnmatchcase(feature, pattern) for pattern in patterns):
            return key
    return "plan" if feature in planned else "attributes"


def top_reasons(
    rows: pd.DataFrame,
    names: list[str],
    contributions: np.ndarray,
    planned: tuple[str, ...] = (),
) -> pd.DataFrame:
    """The five largest reasons of each row, largest first.

    `rows`: unique_id, ds, y_hat. `contributions`: rows x names in log points; the name "usual"
    is the average row and no reason. Returns unique_id, ds, rank, reason, factor (what it
    multiplies the forecast by), effect_qty (units the forecast would lack without it), words,
    words_zh.
    """
    keys = [key for key, *_ in REASONS]
    kept = [k for k, name in enumerate(names) if name != "usual"]
    member = np.zeros((len(kept), len(keys)))
    for position, k in enumerate(kept):
        member[position, keys.index(reason_of(names[k], planned))] = 1.0
    by_reason = contributions[:, kept] @ member
    order = np.argsort(-np.abs(by_reason), axis=1, kind="stable")[:, :TOP]
    effect = np.take_along_axis(by_reason, order, axis=1).ravel()
    row = np.repeat(np.arange(len(rows)), order.shape[1])
    y_hat = rows["y_hat"].to_numpy(float)[row]
    frame = pd.DataFrame(
        {
            "unique_id": rows["unique_id"].to_numpy()[row],
            "ds": rows["ds"].to_numpy()[row],
            "rank": np.tile(np.arange(1, order.shape[1] + 1), len(rows)),
            "reason": np.array(keys, dtype=object)[order.ravel()],
            "factor": np.exp(effect),
            "effect_qty": y_hat * (1 - np.exp(-effect)),
        }
    )
    words = {key: (english, chinese) for key, _, english, chinese in REASONS}
    return _worded(frame[np.abs(effect) > 1e-6], words)


def whole_reasons(rows: pd.DataFrame) -> pd.DataFrame:
    """One reason per row that no booster made: the name of what did, with the whole forecast."""
    made_by = rows["model"].where(rows["model"].isin(list(MADE_BY)), "other")
    frame = rows[["unique_id", "ds"]].assign(
        rank=1, reason=made_by, factor=1.0, effect_qty=rows["y_hat"]
    )
    return _worded(frame, MADE_BY)


def _worded(frame: pd.DataFrame, words: dict[str, tuple[str, str]]) -> pd.DataFrame:
    up = frame["effect_qty"] >= 0
    english = frame["reason"].map({key: pair[0] for key, pair in words.items()})
    chinese = frame["reason"].map({key: pair[1] for key, pair in words.items()})
    size = frame["effect_qty"].abs().map("{:.1f}".format)
    return frame.assign(
        words=english + np.where(up, " raises it by ", " lowers it by ") + size,
        words_zh=chinese + np.where(up, "：多 ", "：少 ") + size,
    )
