"""The sentences of the plan, in Chinese or English: why this quantity, and what to doubt."""

import numpy as np
import pandas as pd

# Positions: 0 days, 1 lead time, 2 review, 3 mean, 4 low, 5 high, 6 service %, 7 level, 8 stock,
# 9 reserved, 10 on order, 11 position, 12 gap, 13 moq, 14 pack, 15 order, 16 last day, 17 cover,
# 18 arrival, 19 next PO date, 20 cover of the stock in the house, 21 order before limits.
_REASONS = {
    "zh": {
        "demand": "未来{0}天（{days}）预计需求{3}件（八成可能在{4}–{5}件），"
        "按{6}%服务水平应备到{7}件；",
        "days": "交期{1}天+复核{2}天",
        "days_end": "到停售日{16}为止",
        "held": "库存{8}-预留{9}+在途{10}=可用{11}件，",
        "order": "缺{12}件，按起订量{13}、箱规{14}凑整，订{15}件。",
        "enough": "已够，本次不订。",
        "cut": "缺{12}件，按起订量{13}、箱规{14}凑整应订{21}件；{limit}，只订{15}件。",
        "budget": "预算已用于更急的商品",
        "supplier_capacity": "供应商产能不足",
        "ending": "商品{16}停售，现在下单到货也来不及卖，不再订货。",
        "repeated": "与另一行是同一商品同一仓库，数量只算在那一行，本行不订。",
        "expedite": "可用量约{17}天后售完，新货最快{18}到：请加急、调拨或控量。",
        "late_po": "仓内现货约{20}天后售完，而在途{19}：请催货。",
        "check_stock": "没有库存数，按0件算：请先核对库存再下单。",
        "check_master": "供应商或交期缺失：请先核对再下单。",
        "po_due": "预计{}才到",
        "po_overdue": "原定{}已过期未到",
        "po_undated": "没有预计到货日",
        "unknown": "不明(按0)",
    },
    "en": {
        "demand": "{3} units expected in the next {0} days ({days}), 80% range {4}-{5}; "
        "{6}% service needs {7}. ",
        "days": "lead time {1} + review {2}",
        "days_end": "up to its last day {16}",
        "held": "On hand {8} - reserved {9} + on order {10} = {11} available",
        "order": ", {12} short; with MOQ {13} and pack {14}: order {15}.",
        "enough": ", enough: nothing to order.",
        "cut": ", {12} short; with MOQ {13} and pack {14} that is {21}; {limit}: order {15}.",
        "budget": "the budget went to more urgent goods",
        "supplier_capacity": "the supplier cannot deliver more",
        "ending": "Ends on {16}, before new goods could be sold: no more orders.",
        "repeated": "Same SKU and warehouse as another row, which carries the quantity: "
        "nothing ordered here.",
        "expedite": "What is available lasts about {17} days, new goods arrive {18} at the "
        "earliest: expedite, transfer or slow down sales. ",
        "late_po": "Stock in the house lasts about {20} days, but the open order {19}: chase it. ",
        "check_stock": "No stock count, 0 assumed: check the stock before ordering. ",
        "check_master": "Supplier or lead time is missing: check before ordering. ",
        "po_due": "is due on {}",
        "po_overdue": "was due on {} and has not come",
        "po_undated": "has no due date",
        "unknown": "unknown (0)",
    },
}

_DOUBTS = {
    "zh": {
        "no_forecast": "没有可用预测，按近26周日均需求",
        "bad_history": "近26周需求不可用，按0",
        "stale_forecast": "预测不是最近一周做的",
        "beyond_horizon": "备货期超出预测期（{}天），之后按最后一周的速度推算",
        "no_stock_count": "没有库存数，按0",
        "old_stock_count": "库存数是{}天前的",
        "negative_stock": "库存为负，按欠货处理",
        "bad_reserved": "预留数不可用，按0",
        "bad_on_order": "在途数不可用，按0",
        "undated_po": "在途没有预计到货日",
        "overdue_po": "在途已过预计到货日",
        "no_supplier": "没有供应商",
        "no_lead_time": "没有交期，按{policy.lead_time_days}天",
        "bad_lead_time": "交期不可用，按{policy.lead_time_days}天",
        "bad_lead_time_sd": "交期波动不可用，按0",
        "bad_review_period": "复核周期不可用，按{policy.review_period_days}天",
        "no_moq": "没有起订量，按{policy.moq}",
        "bad_moq": "起订量不可用，按{policy.moq}",
        "no_pack_size": "没有箱规，按{policy.pack_size}",
        "bad_pack_size": "箱规不可用，按{policy.pack_size}",
        "no_unit_cost": "没有进价，金额不明",
        "bad_unit_cost": "进价不可用，金额不明",
        "no_abc_class": "没有ABC分级，按{policy.fallback_abc_class}",
        "repeated_row": "同一商品仓库重复出现",
        "excess_cover": "订货后够卖{}天，起订量或箱规偏大",
    },
    "en": {
        "no_forecast": "no usable forecast, daily average of the last 26 weeks",
        "bad_history": "unusable demand of the last 26 weeks, 0 assumed",
        "stale_forecast": "the forecast is more than a week old",
        "beyond_horizon": "needs more than the {} days of the forecast, last week's rate goes on",
        "no_stock_count": "no stock count, 0 assumed",
        "old_stock_count": "stock count is {} days old",
        "negative_stock": "negative stock, read as a backorder",
        "bad_reserved": "unusable reserved quantity, 0 assumed",
        "bad_on_order": "unusable quantity on order, 0 assumed",
        "undated_po": "open purchase order without a due date",
        "overdue_po": "open purchase order overdue",
        "no_supplier": "no supplier",
        "no_lead_time": "no lead time, {policy.lead_time_days} days assumed",
        "bad_lead_time": "unusable lead time, {policy.lead_time_days} days assumed",
        "bad_lead_time_sd": "unusable lead time variation, 0 assumed",
        "bad_review_period": "unusable review period, {policy.review_period_days} days assumed",
        "no_moq": "no MOQ, {policy.moq} assumed",
        "bad_moq": "unusable MOQ, {policy.moq} assumed",
        "no_pack_size": "no pack size, {policy.pack_size} assumed",
        "bad_pack_size": "unusable pack size, {policy.pack_size} assumed",
        "no_unit_cost": "no unit cost, amount unknown",
        "bad_unit_cost": "unusable unit cost, amount unknown",
        "no_abc_class": "no ABC class, {policy.fallback_abc_class} assumed",
        "repeated_row": "SKU and warehouse appear more than once",
        "excess_cover": "the order lasts {} days: MOQ or pack is large",
    },
}
_SEPARATOR = {"zh": "；", "en": "; "}


def quantities(values) -> list[str]:
    """Units as a planner reads them: whole where they are whole, else one decimal.

    >>> quantities([1200.0, 3.04, 3.26])
    ['1200', '3', '3.3']
    """
    tenths = np.round(np.asarray(values, dtype=float), 1) + 0.0
    return _spelled(tenths, lambda tenth: f"{tenth:.1f}".removesuffix(".0"))


def doubt_texts(doubts, policy, n_rows: int, language: str) -> np.ndarray:
    """Every doubt of a row in words, joined; "" for a row without one.

    Raises ValueError for a language without wording.
    """
    words = _words(_DOUBTS, language)
    text = np.full(n_rows, "", dtype=object)
    for code, phrase in words.items():
        rows = doubts.rows[code]
        if not rows.any():
            continue
        phrase = phrase if code in doubts.values else phrase.format(policy=policy)
        said = phrase
        if code in doubts.values:
            values = np.broadcast_to(doubts.values[code], (n_rows,))[rows]
            said = np.array([phrase.format(int(value)) for value in values], dtype=object)
        text[rows] = text[rows] + np.where(text[rows] == "", "", _SEPARATOR[language]) + said
    return text


def reasons(rows: pd.DataFrame, language: str) -> list[str]:
    """What to do, then the numbers it rests on: demand, level, what is held, gap and rounding.

    `rows` is the decided frame of `policy.plan` before sorting. Raises ValueError for a language
    without wording.
    """
    words = _words(_REASONS, language)
    is_cut = rows["protection_days"] < rows["lead_time_days"] + rows["review_period_days"]
    outcome = np.select(
        [
            rows["is_repeated"],
            rows["is_ending"],
            rows["order_qty"] < rows["wanted_qty"],
            rows["order_qty"] > 0,
        ],
        ["repeated", "ending", "cut", "order"],
        default="enough",
    )
    kinds = pd.Series(
        list(zip(outcome, is_cut, rows["exception"], rows["bound_by"], strict=True)), dtype=object
    )
    templates = {kind: _template(words, *kind) for kind in set(kinds)}
    columns = _columns(rows, words)
    return [
        templates[kind].format(*numbers)
        for kind, numbers in zip(kinds, zip(*columns, strict=True), strict=True)
    ]


def _template(words: dict, outcome: str, is_cut: bool, exception: str, bound_by: str) -> str:
    if outcome in ("repeated", "ending"):
        return words[outcome]
    days = words["days_end" if is_cut else "days"]
    return (
        (words[exception] if exception else "")
        + words["demand"].replace("{days}", days)
        + words["held"]
        + words[outcome].replace("{limit}", words[bound_by] if bound_by else "")
    )


def _columns(rows: pd.DataFrame, words: dict) -> list[list[str]]:
    unknown = rows["on_hand"].isna().to_numpy()
    on_hand = quantities(rows["on_hand"].fillna(0))
    stock = [words["unknown"] if gone else q for gone, q in zip(unknown, on_hand, strict=True)]
    arrival = rows["as_of"] + pd.to_timedelta(1 + rows["lead_time_days"], unit="D")
    due = rows["next_expected_on"]
    po = np.select([due.isna(), due <= rows["as_of"]], ["po_undated", "po_overdue"], "po_due")
    due_text = [words[key].format(d) for key, d in zip(po, _dates(due), strict=True)]
    return [
        quantities(rows["protection_days"]),
        quantities(rows["lead_time_days"]),
        quantities(rows["review_period_days"]),
        _rounded(rows["demand_mean_qty"]),
        _rounded(rows["demand_low_qty"]),
        _rounded(rows["demand_high_qty"]),
        quantities(rows["service_level"] * 100),
        quantities(rows["order_up_to_level"]),
        stock,
        quantities(rows["reserved"]),
        quantities(rows["on_order"]),
        quantities(rows["inventory_position"]),
        quantities(rows["need_qty"]),
        quantities(rows["moq"]),
        quantities(rows["pack_size"]),
        quantities(rows["order_qty"]),
        _dates(rows["discontinued_on"]),
        quantities(np.floor(rows["days_of_cover"].round(1))),
        _dates(arrival),
        due_text,
        quantities(np.floor(rows["days_in_house"].round(1))),
        quantities(rows["wanted_qty"]),
    ]


def _rounded(values) -> list[str]:
    values = np.asarray(values, dtype=float)
    return quantities(np.where(values >= 10, np.rint(values), values))


def _spelled(values: np.ndarray, spell) -> list[str]:
    codes, distinct = pd.factorize(values)
    return np.array([spell(value) for value in distinct], dtype=object)[codes].tolist()


def _dates(days: pd.Series) -> list[str]:
    spelled = {day: f"{day:%Y-%m-%d}" for day in days.dropna().unique()}
    return days.map(spelled).fillna("").tolist()


def _words(table: dict, language: str) -> dict:
    if language not in table:
        raise ValueError(f"no wording in '{language}', only in {sorted(table)}")
    return table[language]
