"""Every word on the files people open: column headers, sheet titles, codes, glossary."""

from dataclasses import dataclass

LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Column:
    """How one plan column is shown: headers, number format kind, width in characters, meaning."""

    zh: str
    en: str
    kind: str
    width: int
    zh_meaning: str
    en_meaning: str

    def header(self, language: str) -> str:
        """Header in one of LANGUAGES."""
        return self.zh if language == "zh" else self.en

    def meaning(self, language: str) -> str:
        """Glossary entry in one of LANGUAGES."""
        return self.zh_meaning if language == "zh" else self.en_meaning


_ROWS = (
    ("as_of", "数据截止日", "Data up to", "date", 11, "看得到的最后一天", "Last visible day"),
    ("sku_id", "商品编码", "SKU", "text", 15, "商品编码", "SKU id"),
    ("sku_name", "商品名称", "Name", "text", 26, "商品名称", "SKU name"),
    ("warehouse_id", "仓库", "Warehouse", "text", 12, "仓库编码", "Warehouse id"),
    ("supplier_id", "供应商编码", "Supplier id", "text", 12, "供应商编码", "Supplier id"),
    ("supplier_name", "供应商", "Supplier", "text", 18, "供应商名称", "Supplier name"),
    (
        "order_qty",
        "建议订货量",
        "Order qty",
        "qty",
        11,
        "按起订量和箱规凑整后的件数，可以修改，金额随之变动",
        "Units, at least MOQ and in whole packs; change it and the amounts follow",
    ),
    (
        "order_by_date",
        "最晚下单日",
        "Order by",
        "date",
        11,
        "这一天早上还没下单，新货到之前就可能断货",
        "Ordered after this morning, stock may run out before the goods arrive",
    ),
    (
        "expected_on",
        "预计到货日",
        "Expected on",
        "date",
        11,
        "最晚下单日加交期",
        "Order by date plus lead time",
    ),
    ("reason", "原因", "Why", "text", 70, "建议的来由和数字", "Where the quantity comes from"),
    (
        "priority",
        "优先级",
        "Priority",
        "code",
        12,
        "1 有断货风险，2 先核对，3 明天下单，4 下次复核前下单，5 不用订",
        "1 sales at risk, 2 check first, 3 order tomorrow, 4 before the next review, 5 nothing",
    ),
    (
        "is_exception",
        "是否异常",
        "Exception?",
        "flag",
        9,
        "需要人来处理",
        "A person has to act",
    ),
    (
        "exception",
        "异常",
        "Exception",
        "code",
        16,
        "需要人处理的原因",
        "Why a person has to act",
    ),
    (
        "abc_class",
        "ABC",
        "ABC",
        "text",
        6,
        "按近26周销售额：A 前80%，B 到95%，C 其余",
        "By paid amount of the last 26 weeks: A first 80%, B up to 95%, C the rest",
    ),
    ("on_hand", "库存", "On hand", "qty", 9, "最近一次库存数", "Latest stock count"),
    ("reserved", "预留", "Reserved", "qty", 9, "已售未发", "Sold, not shipped"),
    ("on_order", "在途", "On order", "qty", 9, "已下单未到货", "Ordered, not received"),
    (
        "inventory_position",
        "可用合计",
        "Position",
        "qty",
        10,
        "库存 - 预留 + 在途；负库存按欠货",
        "On hand - reserved + on order; negative stock is a backorder",
    ),
    (
        "demand_mean_qty",
        "预计需求",
        "Demand",
        "number",
        10,
        "备货期（交期+复核周期）内的预计件数",
        "Expected units over lead time plus review period",
    ),
    (
        "demand_low_qty",
        "需求低位",
        "Demand low",
        "number",
        10,
        "备货期需求的10%分位",
        "10% quantile of that demand",
    ),
    (
        "demand_high_qty",
        "需求高位",
        "Demand high",
        "number",
        10,
        "备货期需求的90%分位",
        "90% quantile of that demand",
    ),
    (
        "service_level",
        "服务水平",
        "Service level",
        "percent",
        10,
        "备货期内不断货的概率",
        "Probability of no stock-out in the protection interval",
    ),
    (
        "order_up_to_level",
        "目标库存",
        "Order-up-to",
        "qty",
        10,
        "达到服务水平要备到的件数",
        "Units that reach the service level",
    ),
    (
        "reorder_point",
        "再订货点",
        "Reorder point",
        "qty",
        10,
        "可用合计低于它，就不能再等一天",
        "A position below it cannot wait another day",
    ),
    (
        "safety_stock_qty",
        "安全库存",
        "Safety stock",
        "number",
        10,
        "目标库存减预计需求",
        "Order-up-to level less expected demand",
    ),
    (
        "days_of_cover",
        "可售天数",
        "Days of cover",
        "days",
        10,
        "可用合计按预测能卖多少天，最多999",
        "Days the position lasts at the forecast, at most 999",
    ),
    (
        "days_of_cover_after",
        "订后可售天数",
        "Cover after",
        "days",
        12,
        "加上建议订货量之后",
        "The same with the order",
    ),
    (
        "lead_time_days",
        "交期(天)",
        "Lead time",
        "qty",
        9,
        "下单到可售的天数，向上取整",
        "Days from order to sellable, rounded up",
    ),
    (
        "review_period_days",
        "复核周期(天)",
        "Review",
        "qty",
        11,
        "两次订货之间的天数",
        "Days between orders",
    ),
    ("moq", "起订量", "MOQ", "qty", 8, "一次最少件数", "Least units per order"),
    ("pack_size", "箱规", "Pack", "qty", 8, "每箱件数", "Units per pack"),
    ("unit_cost_amount", "进价(元)", "Unit cost", "money", 10, "每件进价", "CNY per unit"),
    (
        "order_amount",
        "订货金额(元)",
        "Order amount",
        "money",
        13,
        "件数乘进价；进价不明则空",
        "Units times unit cost; empty where the cost is unknown",
    ),
    (
        "doubts",
        "存疑",
        "Doubts",
        "text",
        30,
        "缺失或不可信的数据，以及用什么代替",
        "Data missing or not to be trusted, and what stood in",
    ),
    (
        "model",
        "预测模型",
        "Model",
        "text",
        15,
        "需求由哪个模型给出；last_26w_rate 是近26周日均",
        "Which model gave the demand; last_26w_rate is the average of 26 weeks",
    ),
)
COLUMNS = {name: Column(*rest) for name, *rest in _ROWS}

EXCEPTIONS = {
    "zh": {
        "": "",
        "expedite": "到货前会断货",
        "late_po": "在途来不及",
        "check_stock": "核对库存",
        "check_master": "核对资料",
    },
    "en": {
        "": "",
        "expedite": "stock-out first",
        "late_po": "open PO too late",
        "check_stock": "check stock",
        "check_master": "check master",
    },
}
PRIORITIES = {
    "zh": {1: "1 断货风险", 2: "2 先核对", 3: "3 明天下单", 4: "4 复核前下单", 5: "5 不用订"},
    "en": {1: "1 at risk", 2: "2 check", 3: "3 tomorrow", 4: "4 this review", 5: "5 nothing"},
}
FLAGS = {"zh": {True: "是", False: ""}, "en": {True: "yes", False: ""}}

TEXTS = {
    "zh": {
        "summary": "总览",
        "exceptions": "异常",
        "plan": "订货计划",
        "purchase_orders": "采购单(按供应商)",
        "all": "全部商品",
        "glossary": "说明",
        "title": "补货计划",
        "as_of": "数据截至 {}，计划自次日早上起有效",
        "rows": "商品×仓库数",
        "to_order": "建议下单行数",
        "order_qty": "建议订货件数",
        "amount": "订货金额(元)",
        "tomorrow": "明天必须下单的行数",
        "exceptions_count": "异常行数",
        "no_cost": "进价不明、未计金额的行数",
        "doubted": "有存疑数据的行数",
        "by_exception": "异常分类",
        "by_supplier": "按供应商",
        "supplier": "供应商",
        "supplier_id": "供应商编码",
        "lines": "行数",
        "chart": "各供应商订货金额(元)",
        "chart_axis": "元",
        "no_supplier": "(无供应商)",
        "packs": "箱数",
        "line": "行号",
        "subtotal": "小计",
        "total": "合计",
        "empty": "没有需要列出的行。",
        "cut": "共 {} 行，超出Excel上限，其余见CSV。",
        "how": "怎么用",
        "how_1": "先看“异常”：会断货、在途来不及、要先核对的，逐条处理。",
        "how_2": "再看“订货计划”：按最晚下单日排好，每行“原因”写明了数字的来由。",
        "how_3": "改“订货计划”里的建议订货量，金额、本页合计和图会跟着变。",
        "how_4": "“采购单(按供应商)”打印时每家供应商单独一页。",
        "demand": "每周需求(件)",
        "demand_history": "实际",
        "demand_forecast": "预测",
        "week": "周",
        "term": "列名",
        "meaning": "含义",
        "field": "CSV列名",
    },
    "en": {
        "summary": "Summary",
        "exceptions": "Exceptions",
        "plan": "Plan",
        "purchase_orders": "Orders by supplier",
        "all": "All SKUs",
        "glossary": "Glossary",
        "title": "Replenishment plan",
        "as_of": "Data up to {}; the plan holds from the next morning",
        "rows": "SKU x warehouse rows",
        "to_order": "Rows to order",
        "order_qty": "Units to order",
        "amount": "Order amount (CNY)",
        "tomorrow": "Rows that must be ordered tomorrow",
        "exceptions_count": "Exceptions",
        "no_cost": "Ordered rows without a known cost",
        "doubted": "Rows with doubts",
        "by_exception": "Exceptions by kind",
        "by_supplier": "By supplier",
        "supplier": "Supplier",
        "supplier_id": "Supplier id",
        "lines": "Rows",
        "chart": "Order amount by supplier (CNY)",
        "chart_axis": "CNY",
        "no_supplier": "(no supplier)",
        "packs": "Packs",
        "line": "Line",
        "subtotal": "Subtotal",
        "total": "Total",
        "empty": "Nothing to list.",
        "cut": "{} rows in all, more than a sheet holds: see the CSV for the rest.",
        "how": "How to read it",
        "how_1": "Start with Exceptions: sales at risk, open orders too late, data to check.",
        "how_2": "Then Plan, sorted by the latest day to order; Why gives the numbers of each row.",
        "how_3": "Change an order quantity in Plan and the amounts, totals and chart follow.",
        "how_4": "Orders by supplier prints one page per supplier.",
        "demand": "Demand per week (units)",
        "demand_history": "Actual",
        "demand_forecast": "Forecast",
        "week": "Week",
        "term": "Column",
        "meaning": "Meaning",
        "field": "Name in the CSV",
    },
}


def texts(language: str) -> dict[str, str]:
    """Titles and labels in `language`. Raises ValueError for a language without wording."""
    if language not in TEXTS:
        raise ValueError(f"no wording in '{language}', only in {sorted(TEXTS)}")
    return TEXTS[language]
