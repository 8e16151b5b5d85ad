"""What to doubt about a row, in Chinese or English, and what stood in for what was missing."""

import numpy as np

from ml.replenishment.wording import JOINT, words_of

_DOUBTS = {
    "zh": {
        "no_forecast": "没有可用预测，按近26周日均需求",
        "bad_history": "近26周需求不可用，按0",
        "stale_forecast": "预测不是最近一周做的",
        "beyond_horizon": "备货期超出预测期（{}天），之后按最后一周的速度推算",
        "no_stock_count": "没有库存数，按0",
        "sold_while_empty": "近8周库存数一直是0却出了{}件，库存数可能不准",
        "old_stock_count": "库存数是{}天前的",
        "guessed_stock": "只报了几个仓的库存总数，本仓数量是推算的",
        "negative_stock": "库存为负，按欠货处理",
        "bad_reserved": "预留数不可用，按0",
        "bad_on_order": "在途数不可用，按0",
        "undated_po": "在途没有预计到货日",
        "overdue_po": "在途已过预计到货日",
        "not_in_master": "主数据里没有这个商品",
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
        "bad_shelf_life": "保质期不可用，按不限",
        "pack_over_capacity": "箱规或起订量大于供应商或仓库容量",
        "odd_pallet": "整托件数不是箱规的整数倍，没有采用",
        "no_pallet": "要求整托，但没有每托件数",
        "no_substitute": "替代品不在本仓，需求没有转过去",
        "odd_override": "人工数量不足起订量或不成整箱",
        "set_again": "在途已有{}件，人工定的量可能已下过单",
        "override_unread": "人工调整看不懂，没有生效",
        "override_expired": "人工调整最近已过期",
        "repeated_row": "同一商品仓库重复出现",
        "excess_cover": "订货后够卖{}天，起订量或箱规偏大",
    },
    "en": {
        "no_forecast": "no usable forecast, daily average of the last 26 weeks",
        "bad_history": "unusable demand of the last 26 weeks, 0 assumed",
        "stale_forecast": "the forecast is more than a week old",
        "beyond_horizon": "needs more than the {} days of the forecast, last week's rate goes on",
        "no_stock_count": "no stock count, 0 assumed",
        "sold_while_empty": "counted as empty for weeks, yet {} units left in the last 8",
        "old_stock_count": "stock count is {} days old",
        "guessed_stock": "only the total of several warehouses was counted, this one's is a guess",
        "negative_stock": "negative stock, read as a backorder",
        "bad_reserved": "unusable reserved quantity, 0 assumed",
        "bad_on_order": "unusable quantity on order, 0 assumed",
        "undated_po": "open purchase order without a due date",
        "overdue_po": "open purchase order overdue",
        "not_in_master": "the SKU is in no master",
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
        "bad_shelf_life": "unusable shelf life, no limit assumed",
        "pack_over_capacity": "pack or MOQ is larger than the supplier's or warehouse's capacity",
        "odd_pallet": "the pallet is no whole number of packs and is left aside",
        "no_pallet": "whole pallets are wanted, units on a pallet unknown",
        "no_substitute": "its substitute is not in this warehouse, so no demand moves",
        "odd_override": "the quantity set by hand is under MOQ or in broken packs",
        "set_again": "{} units are on order: the quantity set by hand may have been ordered before",
        "override_unread": "an override could not be understood and changes nothing",
        "override_expired": "an override has just expired",
        "repeated_row": "SKU and warehouse appear more than once",
        "excess_cover": "the order lasts {} days: MOQ or pack is large",
    },
}


def doubt_texts(doubts, policy, n_rows: int, language: str) -> np.ndarray:
    """Every doubt of a row in words, joined; "" for a row without one.

    Raises ValueError for a language without wording.
    """
    words = words_of(_DOUBTS, language)
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
        text[rows] = text[rows] + np.where(text[rows] == "", "", JOINT[language]) + said
    return text
