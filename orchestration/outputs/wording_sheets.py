"""Words of the sheets beside the plan: transfers, changes, overrides and what they were worth."""

from ml.replenishment import overrides
from ml.replenishment.moves import MOVE_COLUMNS
from orchestration.outputs.wording import COLUMNS, Column

_ROWS = (
    ("from_warehouse_id", "调出仓", "From", "text", 12),
    ("to_warehouse_id", "调入仓", "To", "text", 12),
    ("transfer_qty", "调拨量", "Units", "qty", 10),
    ("ready_on", "可售日", "Sellable on", "date", 12),
    ("transfer_amount", "调拨费(元)", "Freight", "money", 12),
    ("saving_amount", "净省(元)", "Net saving", "money", 12),
    ("before_qty", "上期订货量", "Before", "qty", 11),
    ("after_qty", "本期订货量", "Now", "qty", 11),
    ("change_qty", "变化", "Change", "qty", 9),
    ("change_reason", "变化原因", "Why it changed", "text", 70),
    ("action", "动作", "Action", "code", 12),
    ("value", "数值", "Value", "text", 12),
    ("expires_on", "到期日", "Expires on", "text", 12),
    ("by", "操作人", "By", "text", 12),
    ("why", "原因", "Why", "text", 30),
    ("status", "状态", "Status", "code", 14),
    ("problem", "问题", "Problem", "text", 40),
    ("rows", "涉及行数", "Rows", "qty", 9),
    ("demand_qty", "实际需求", "Demand that came", "number", 12),
    ("missing_qty", "缺货(调整后)", "Missing", "number", 12),
    ("planned_missing_qty", "缺货(原计划)", "Missing, plan's own", "number", 12),
    ("left_qty", "剩余(调整后)", "Left", "number", 12),
    ("planned_left_qty", "剩余(原计划)", "Left, plan's own", "number", 12),
    ("gain_amount", "调整净赚(元)", "Gain of the override", "money", 13),
)
SHEET_COLUMNS = COLUMNS | {
    name: Column(zh, en, kind, width, "", "") for name, zh, en, kind, width in _ROWS
}
SHEET_CODES = {
    "action": {
        "zh": {
            "quantity": "定量",
            "hold": "暂停",
            "force": "必订",
            "uplift": "需求倍数",
            "analogue": "参照",
        },
        "en": {},
    },
    "status": {
        "zh": {
            "applied": "已生效",
            "superseded": "被后一条取代",
            "expired": "已过期",
            "no_match": "没有这个商品",
            "unread": "看不懂",
        },
        "en": {"no_match": "no such row", "unread": "not understood"},
    },
}
# what each sheet shows: what the plan says, less what the whole sheet has in common
TRANSFER_COLUMNS = MOVE_COLUMNS[1:]
OVERRIDE_COLUMNS = (*overrides.OVERRIDE_COLUMNS, "status", "problem", "rows")
