"""The sentences of the plan, in Chinese or English: why this quantity, and what to doubt."""

import numpy as np
import pandas as pd

from ml.replenishment.exceptions import LONGEST_COVER_DAYS

# Positions: 0 days, 1 lead time, 2 days to the next order, 3 mean, 4 low, 5 high, 6 service %,
# 7 level, 8 stock, 9 reserved, 10 on order, 11 position, 12 gap, 13 moq, 14 pack, 15 order,
# 16 last day, 17 cover, 18 arrival, 19 next PO date, 20 cover of the stock in the house, 21 order
# before limits, 22 days to the first order day, 23 expiring, 24 moved in, 25 moved out, 26 lost
# before arrival, 27 override, 28 order without it, 29 pallet, 30 ahead of a festival, 31 which one,
# 32 weeks empty, 33 cover with the order.
_REASONS = {
    "zh": {
        "demand": "未来{0}天（{days}）预计需求{3}件（八成可能在{4}–{5}件），"
        "按{6}%服务水平应备到{7}件；",
        "days": "{wait}交期{1}天+复核{2}天",
        "wait": "{22}天后才是下单日+",
        "days_end": "到停售日{16}为止",
        "held": "库存{8}{less_expiring}-预留{9}+在途{10}{moved_in}{moved_out}=可用{11}件，",
        "less_expiring": "-临期{23}",
        "moved_in": "+调入{24}",
        "moved_out": "-调出{25}",
        "prebuild": "（其中为“{31}”节前提前备{30}件：之后的订单来不及或排不下{rescue}）",
        "rescue": "；调出的{25}件救邻仓的急，新货来不及",
        "pallet": "、整托{29}件",
        "lost": "到货前会缺{26}件、已来不及补，",
        "order": "缺{12}件{prebuild}，按起订量{13}、箱规{14}{pallet}凑整，订{15}件。",
        "enough": "已够，本次不订。",
        "cut": "缺{12}件{prebuild}，按起订量{13}、箱规{14}{pallet}凑整应订{21}件；"
        "{limit}，只订{15}件。",
        "unlisted": "缺{12}件；对应货号之前没法向供应商下单，本次不订。",
        "lifted": "缺{12}件{prebuild}；{limit}，订{15}件。",
        "early": "本可不订；{limit}，订{15}件。",
        "override": "人工调整（{27}）：订{15}件，计划原为{28}件。",
        "budget": "预算已用于更急的商品",
        "supplier_capacity": "供应商产能不足",
        "warehouse_capacity": "仓库放不下",
        "shelf_life": "再多就来不及在保质期内卖完",
        "below_minimum": "供应商的订单不够起订金额",
        "supplier_minimum": "为凑够供应商起订金额提前多备",
        "full_pallet": "凑满整托（每托{29}件）比散托省",
        "ending": "商品{16}停售，现在下单到货也来不及卖，不再订货。",
        "dormant": "已{32}周没有库存也没有出货，按停售处理，不计需求、不订货：要继续卖，"
        "请在人工调整里填数量；不卖了，请在主数据里填停售日。",
        "repeated": "与另一行是同一商品同一仓库，数量只算在那一行，本行不订。",
        "expedite": "可用量约{17}天后售完，新货最快{18}到：请加急、调拨或控量。",
        "late_po": "现货（加先到的在途）约{20}天后售完，而在途{19}：请催货。",
        "override_short": "按人工调整只够卖约{33}天，而这次订货要管{0}天：请与调整人核对。",
        "unmapped": "ERP里查不到这个商品（没有名称、供应商和库存数），多半是平台商品没有对应货号："
        "请先补商品对应，对应后需求并入原货号，以免重复订货。",
        "check_stock": "库存数没有，或与出库矛盾，按0件算：请先核对库存再下单。",
        "check_master": "供应商或交期缺失：请先核对再下单。",
        "over_limit": "受限没有订足：请决定追加还是放弃。",
        "festival_prebuild": "节前提前备货：请与供应商确认产能和交期。",
        "substitute": "有别的商品的需求转来（见需求驱动）：请核对替代关系。",
        "supplier_late": "在途{19}：请催供应商。",
        "expiring": "{23}件预计过不了效期前卖完：请促销、调拨或退货。",
        "no_forecast": "没有预测：请估一个量或指定参照商品。",
        "overstock": "可用量够卖{17}天：请促销、调拨或退货。",
        "po_due": "预计{}才到",
        "po_overdue": "原定{}已过期未到",
        "po_undated": "没有预计到货日",
        "unknown": "不明(按0)",
        "at_least": "至少{}",
    },
    "en": {
        "demand": "{3} units expected in the next {0} days ({days}), 80% range {4}-{5}; "
        "{6}% service needs {7}. ",
        "days": "{wait}lead time {1} + review {2}",
        "wait": "order day in {22} + ",
        "days_end": "up to its last day {16}",
        "held": "On hand {8}{less_expiring} - reserved {9} + on order {10}{moved_in}{moved_out}"
        " = {11} available",
        "less_expiring": " - expiring {23}",
        "moved_in": " + moved in {24}",
        "moved_out": " - moved out {25}",
        "prebuild": " ({30} of them festival pre-build for '{31}', which later orders could not "
        "bring in time{rescue})",
        "rescue": "; the {25} moved out save sales that no order could",
        "pallet": " and pallet {29}",
        "lost": ", {26} will be missing before any order can land",
        "order": ", {12} short{prebuild}; with MOQ {13} and pack {14}{pallet}: order {15}.",
        "enough": ", enough: nothing to order.",
        "cut": ", {12} short{prebuild}; with MOQ {13} and pack {14}{pallet} that is {21}; "
        "{limit}: order {15}.",
        "unlisted": ", {12} short; until it is mapped no supplier can be asked for it: nothing to "
        "order.",
        "lifted": ", {12} short{prebuild}; {limit}: order {15}.",
        "early": ", enough for now; {limit}: order {15}.",
        "override": ". Set by hand ({27}): order {15}, where the plan had {28}.",
        "budget": "the budget went to more urgent goods",
        "supplier_capacity": "the supplier cannot deliver more",
        "warehouse_capacity": "the warehouse has no room for more",
        "shelf_life": "more would not sell before it is too old",
        "below_minimum": "the supplier's orders stay under its minimum value",
        "supplier_minimum": "ordered ahead to reach the supplier's minimum value",
        "full_pallet": "filling the pallet of {29} costs less than breaking one",
        "ending": "Ends on {16}, before new goods could be sold: no more orders.",
        "dormant": "No stock and no sale for {32} weeks: taken as ended, no demand is counted and "
        "nothing ordered. To go on selling it, set a quantity by hand; if it has ended, give its "
        "last day in the master.",
        "repeated": "Same SKU and warehouse as another row, which carries the quantity: "
        "nothing ordered here.",
        "expedite": "What is available lasts about {17} days, new goods arrive {18} at the "
        "earliest: expedite, transfer or slow down sales. ",
        "late_po": "What is here and comes before lasts about {20} days, but the open order {19}: "
        "chase it. ",
        "override_short": "As set by hand, stock lasts about {33} of the {0} days that this order "
        "is for: ask who set it. ",
        "unmapped": "The ERP knows nothing of it (no name, supplier or stock count): most likely a "
        "platform listing without a SKU. Map it first; its demand then joins the SKU's, so that "
        "nothing is ordered twice. ",
        "check_stock": "No stock count, or one that sales contradict, 0 assumed: count before "
        "ordering. ",
        "check_master": "Supplier or lead time is missing: check before ordering. ",
        "over_limit": "Left short by a limit: decide whether to add to it or let it go. ",
        "festival_prebuild": "Festival pre-build: agree capacity and dates with the supplier. ",
        "substitute": "Another SKU's demand moves here (see what drives it): check the list. ",
        "supplier_late": "The open order {19}: chase the supplier. ",
        "expiring": "{23} units are not expected to sell in time: promote, move or return them. ",
        "no_forecast": "No forecast: estimate it or name a SKU to plan it like. ",
        "overstock": "What is available lasts {17} days: promote, move or return it. ",
        "po_due": "is due on {}",
        "po_overdue": "was due on {} and has not come",
        "po_undated": "has no due date",
        "unknown": "unknown (0)",
        "at_least": "at least {}",
    },
}
JOINT = {"zh": "；", "en": "; "}
# what makes an order larger than its need
LIFTS = ("supplier_minimum", "full_pallet")


def quantities(values) -> list[str]:
    """Units as a planner reads them: whole where they are whole, else one decimal.

    >>> quantities([1200.0, 3.04, 3.26])
    ['1200', '3', '3.3']
    """
    tenths = np.round(np.asarray(values, dtype=float), 1) + 0.0
    return _spelled(tenths, lambda tenth: f"{tenth:.1f}".removesuffix(".0"))


def reasons(rows: pd.DataFrame, language: str) -> list[str]:
    """What to do, then the numbers it rests on: demand, level, what is held, gap and rounding.

    `rows` is the decided frame of `policy.plan` before sorting. Raises ValueError for a language
    without wording.
    """
    words = words_of(_REASONS, language)
    is_lifted = (rows["order_qty"] > 0) & rows["bound_by"].isin(LIFTS)
    outcome = np.select(
        [
            rows["is_repeated"],
            rows["is_set"],
            rows["is_ending"],
            rows["is_dormant"],
            rows["bound_by"] == "unmapped",
            rows["order_qty"] < rows["wanted_qty"],
            is_lifted & (rows["need_qty"] <= 0),
            is_lifted,
            rows["order_qty"] > 0,
        ],
        [
            "repeated",
            "override",
            "ending",
            "dormant",
            "unlisted",
            "cut",
            "early",
            "lifted",
            "order",
        ],
        default="enough",
    )
    said = {
        "less_expiring": rows["expiring_qty"] > 0,
        "moved_in": rows["transfer_in_qty"] > 0,
        "moved_out": rows["transfer_out_qty"] > 0,
        "lost": rows["lost_before_qty"] > 0,
        "wait": rows["wait_days"] > 0,
        "days_end": rows["is_shortened"],
        "prebuild": (rows["prebuild_need_qty"] > 0) & (rows["need_qty"] > 0),
        "rescue": rows["transfer_out_qty"] > 0,
        "pallet": rows["order_step_qty"] > rows["pack_size"],
    }
    flags = list(zip(*(said.values()), strict=True)) if len(rows) else []
    kinds = list(zip(outcome, flags, rows["exception"], rows["bound_by"], strict=True))
    templates = {kind: _template(words, list(said), *kind) for kind in set(kinds)}
    columns = _columns(rows, words)
    return [
        templates[kind].format(*numbers)
        for kind, numbers in zip(kinds, zip(*columns, strict=True), strict=True)
    ]


def _template(words, names: list[str], outcome: str, flags, exception: str, bound_by: str) -> str:
    first = words[exception] if exception else ""
    if outcome in ("repeated", "ending", "dormant"):
        # what is left over or late still wants a hand
        asks = exception not in ("", "check_master") and outcome == "ending"
        return (first if asks else "") + words[outcome]
    has = dict(zip(names, flags, strict=True))
    days = words["days_end"] if has["days_end"] else words["days"]
    sentence = words["demand"].replace("{days}", days) + words["held"]
    sentence += words["lost"] if has["lost"] and outcome != "override" else ""
    sentence += words[outcome].replace("{limit}", words[bound_by] if bound_by else "")
    for name in ("less_expiring", "moved_in", "moved_out", "wait", "prebuild", "rescue", "pallet"):
        sentence = sentence.replace("{" + name + "}", words[name] if has[name] else "")
    return first + sentence


def _columns(rows: pd.DataFrame, words: dict) -> list[list[str]]:
    unknown = rows["on_hand"].isna().to_numpy()
    on_hand = quantities(rows["on_hand"].fillna(0))
    stock = [words["unknown"] if gone else q for gone, q in zip(unknown, on_hand, strict=True)]
    arrival = rows["as_of"] + pd.to_timedelta(1 + rows["lead_days"], unit="D")
    cover = quantities(np.floor(rows["days_of_cover"].round(1)))
    longest = (rows["days_of_cover"] >= LONGEST_COVER_DAYS).tolist()
    cover = [
        words["at_least"].format(days) if cut else days
        for cut, days in zip(longest, cover, strict=True)
    ]
    due = rows["quoted_po_on"]
    po = np.select([due.isna(), due <= rows["as_of"]], ["po_undated", "po_overdue"], "po_due")
    due_text = [words[key].format(d) for key, d in zip(po, _dates(due), strict=True)]
    return [
        quantities(rows["protection_days"]),
        quantities(rows["lead_time_days"]),
        quantities(rows["next_order_days"]),
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
        cover,
        _dates(arrival),
        due_text,
        quantities(np.floor(rows["days_until_dry"].round(1))),
        quantities(rows["wanted_qty"]),
        quantities(rows["wait_days"]),
        quantities(rows["expiring_qty"]),
        quantities(rows["transfer_in_qty"]),
        quantities(rows["transfer_out_qty"]),
        quantities(rows["lost_before_qty"]),
        rows["override"].tolist(),
        quantities(rows["planned_qty"].fillna(0)),
        quantities(rows["pallet_qty"].fillna(0)),
        quantities(rows["prebuild_need_qty"]),
        rows["prebuild_festival"].tolist(),
        quantities(rows["empty_weeks"]),
        quantities(np.floor(rows["days_of_cover_after"].round(1))),
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


def joined(first: np.ndarray, second: np.ndarray, language: str) -> np.ndarray:
    """Two texts (n,) of each row as one, parted where both say something."""
    return first + np.where((first != "") & (second != ""), JOINT[language], "") + second


def words_of(table: dict, language: str) -> dict:
    """The words of `table` in `language`. Raises ValueError for a language without wording."""
    if language not in table:
        raise ValueError(f"no wording in '{language}', only in {sorted(table)}")
    return table[language]
