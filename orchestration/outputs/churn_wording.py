"""Every word of the churn list: column headers, codes, sheet titles, how to read it."""

from ml.churn.rfm import RFM_CLASSES
from orchestration.outputs.wording import Column

_ROWS = (
    ("rank", "序号", "No.", "qty", 6, "按预计流失金额从大到小", "By value at stake, largest first"),
    (
        "customer_id", "顾客编号", "Customer", "text", 25,
        "加密后的编号，不含姓名电话；在自己的系统里用同一把密钥可对应到人",
        "Pseudonym; no name and no phone. Your own system finds the person with the same key",
    ),
    (
        "contacted", "已联系", "Contacted", "text", 11,
        "联系过就填 1，存回原目录并命名为 churn_contacted.xlsx，之后会算出联系的效果",
        "Put 1 once contacted and save as churn_contacted.xlsx in the same folder: "
        "what contacting was worth is then worked out",
    ),
    (
        "suggested_play", "建议做法", "Suggested play", "text", 30,
        "按结局、RFM 分类或人群、首要原因从“做法表”里选出，可以改",
        "From the table of plays, by ending, RFM class or segment, and first reason; "
        "yours to change",
    ),
    ("reasons", "为什么", "Why", "text", 52, "最主要的原因，最多三条", "The strongest reasons"),
    ("risk_tier", "风险", "Risk", "code", 7, "与平均顾客相比", "Against the average customer"),
    (
        "churn_score", "流失概率", "Chance to leave", "percent", 9,
        "在观察期内一次都不买的概率", "Chance of no purchase at all in the outcome window",
    ),
    (
        "ending_expected", "预计结局", "Ending", "code", 10,
        "流失：去别处买了；毕业：宝宝大了，不再需要",
        "Lapsed: buys elsewhere. Outgrown: the baby no longer needs it",
    ),
    (
        "value_at_stake_amount", "预计流失金额", "Value at stake", "money", 12,
        "若会再来，未来 90 天的消费金额 × 流失概率，元",
        "What they would spend in 90 days if they came x chance to leave, yuan",
    ),
    (
        "expected_90d_amount", "90 天预计消费", "Expected in 90 days", "money", 12,
        "未来 90 天预计消费，已计入不来的可能，元",
        "Expected spend in 90 days, the chance that they don't come counted in, yuan",
    ),
    (
        "value_tier", "价值档", "Tier", "text", 7,
        "A：合计占预计消费的前一半；B：到八成；C：其余",
        "A brings the first half of expected spend, B up to four fifths, C the rest",
    ),
    ("rfm_class", "RFM 分类", "RFM class", "code", 26, "最近、次数、金额", "Recent, often, much"),
    ("segment", "人群", "Segment", "text", 26, "按行为聚类的人群", "Customers who behave alike"),
    (
        "expected_on", "预计下次购买", "Next purchase", "date", 12,
        "到这一天，买与没买机会各半；空白为 90 天以后",
        "By this day a purchase is as likely as not; blank: later than 90 days",
    ),
    ("buys_7d", "7 天内购买", "Buys in 7 days", "percent", 9, "概率", "Chance"),
    ("buys_30d", "30 天内购买", "Buys in 30 days", "percent", 9, "概率", "Chance"),
    ("buys_90d", "90 天内购买", "Buys in 90 days", "percent", 9, "概率", "Chance"),
    ("recency_days", "未购天数", "Days silent", "qty", 8, "距上次购买", "Since the last purchase"),
    ("last_category", "上次品类", "Last category", "text", 10, "上次所购", "What was last bought"),
    ("platform", "平台", "Platform", "code", 10, "上次购买的平台", "Of the last purchase"),
)  # fmt: skip
CHURN_COLUMNS = {name: Column(*rest) for name, *rest in _ROWS}
# what the CSV tells beyond the sheets: for systems, explained in the glossary
_CSV_ROWS = (
    ("as_of", "数据截止日", "Data up to", "看得到的最后一天", "Last visible day"),
    (
        "outcome_days", "观察期（天）", "Outcome window",
        "流失概率所说的天数：数据截止日之后这么多天一次都不买，算流失",
        "The days that the chance to leave speaks of: who buys nothing for so long after the last "
        "visible day has left",
    ),
    (
        "leaves_in_7d_score", "7 天后流失概率", "Early warning",
        "提前 7 天的预警：7 天之后的整个观察期内一次都不买的概率",
        "Chance of an outcome window without a purchase that begins in seven days",
    ),
    ("reason_1", "首要原因", "First reason", "原因代码", "Its code"),
    ("reason_2", "第二原因", "Second reason", "原因代码", "Its code"),
    ("reason_3", "第三原因", "Third reason", "原因代码", "Its code"),
    (
        "play", "做法代码", "Play",
        "建议做法在“做法表”里的代码；对照组没有",
        "Code of the suggested play in the table of plays; none for the hold-out",
    ),
    (
        "is_holdout", "对照组", "Held out",
        "true 为随机抽出的对照组：没有做法，请勿联系",
        "true: held out at random, without a play and not to be contacted",
    ),
)  # fmt: skip
CSV_COLUMNS = {
    name: Column(zh, en, "text", 0, zh_meaning, en_meaning)
    for name, zh, en, zh_meaning, en_meaning in _CSV_ROWS
}

CODES = {
    "risk_tier": {
        "zh": {"high": "高", "medium": "中", "low": "低"},
        "en": {"high": "high", "medium": "medium", "low": "low"},
    },
    "ending_expected": {
        "zh": {"lapsed": "流失", "graduated": "毕业"},
        "en": {"lapsed": "lapsed", "graduated": "outgrown"},
    },
    "platform": {
        "zh": {
            "taobao": "淘宝天猫",
            "jd": "京东",
            "douyin": "抖音",
            "xiaohongshu": "小红书",
            "generic": "其他店铺",
        },
        "en": {
            "taobao": "Taobao",
            "jd": "JD",
            "douyin": "Douyin",
            "xiaohongshu": "Xiaohongshu",
            "generic": "other shop",
        },
    },
    "reason": {
        "zh": {
            "overdue": "超过习惯间隔", "quiet": "久未购买", "slow_rhythm": "购买间隔长",
            "irregular": "节奏不规律", "few_orders": "累计次数少", "new_customer": "新客",
            "fewer_orders": "近期次数少", "lower_spend": "近期消费少", "small_baskets": "客单价低",
            "narrow_range": "品类单一", "discount_driven": "打折才买", "refunds": "退款多",
            "gifts": "赠品多", "category_churn": "品类易流失", "platform_churn": "平台易流失",
            "older_baby": "宝宝较大", "fewer_talks": "沟通少",
        },
        "en": {
            "overdue": "past the usual gap", "quiet": "long silent", "slow_rhythm": "long gaps",
            "irregular": "no rhythm", "few_orders": "few purchases", "new_customer": "new",
            "fewer_orders": "few of late", "lower_spend": "spends little of late",
            "small_baskets": "low spend an order", "narrow_range": "few categories",
            "discount_driven": "buys on discount", "refunds": "many refunds",
            "gifts": "many gifts", "category_churn": "category loses buyers",
            "platform_churn": "platform loses buyers", "older_baby": "baby is older",
            "fewer_talks": "few talks",
        },
    },
    "rfm_class": {
        language: {code: words[language] for code, words in RFM_CLASSES.items()}
        for language in ("zh", "en")
    },
}  # fmt: skip
CHURN_TEXTS = {
    "zh": {
        "title": "流失预警名单",
        "summary": "先看这里",
        "list": "联系名单",
        "holdout": "对照组(勿联系)",
        "plays": "做法表",
        "glossary": "名词说明",
        "as_of": "数据截止日",
        "customers": "近期有购买、还能挽回的顾客",
        "to_contact": "建议联系（风险中、高）",
        "window": "观察期（天）：此后这么多天一次都不买，算流失",
        "held": "对照组（随机抽取，请勿联系）",
        "held_shown": "其中列在“对照组”表（与所列顾客同一段排名）",
        "at_stake": "建议联系者的预计流失金额（元）",
        "shown": "其中列在“联系名单”表（其余见 churn_list.csv）",
        "by_play": "按建议做法",
        "count": "人数",
        "amount": "预计流失金额（元）",
        "how": "怎么用",
        "steps": (
            "1. 打开“联系名单”，从第一行往下联系：排在前面的人，流失的损失最大。",
            "2. “为什么”和“建议做法”告诉您说什么；每行一位顾客，只有编号，没有姓名电话。",
            "3. 联系过的，在“已联系”填 1。"
            "存回本目录，命名为 churn_contacted.xlsx，观察期过后会算出联系带来了多少。",
            "4. “对照组”请不要联系：没有他们，就无从知道联系有没有用。",
            "5. 做法可以改：见“做法表”。",
        ),
        "plays_note": "自上而下，第一条符合的生效；* 表示不限。改自己的一份：见 STORK_PLAYS 设置。",
        "empty": "今天没有需要联系的顾客",
        "term": "名词", "meaning": "含义", "field": "CSV 列名",
        "ending": "结局", "segment": "RFM 分类或人群", "reason": "原因",
        "play": "代码", "words": "做法",
    },
    "en": {
        "title": "Churn list",
        "summary": "Start here",
        "list": "To contact",
        "holdout": "Hold-out (leave alone)",
        "plays": "Plays",
        "glossary": "Glossary",
        "as_of": "Data up to",
        "customers": "Customers still within reach",
        "to_contact": "To contact (medium or high risk)",
        "window": "Outcome window: who buys nothing for so many days left",
        "held": "Held out at random: leave them alone",
        "held_shown": "Of them on the hold-out sheet (same ranks)",
        "at_stake": "Value at stake among those to contact (yuan)",
        "shown": "Of them on the sheet 'To contact' (the rest: churn_list.csv)",
        "by_play": "By suggested play",
        "count": "Customers",
        "amount": "Value at stake (yuan)",
        "how": "How to use it",
        "steps": (
            "1. Open 'To contact' and go from the top: there the loss would be largest.",
            "2. 'Why' and 'Suggested play' say what to talk about. "
            "A row is one customer, by pseudonym, without name or phone.",
            "3. Put 1 under 'Contacted' and save the file here as churn_contacted.xlsx: "
            "once the outcome window is over you are told what contacting was worth.",
            "4. Leave the hold-out alone: without them nobody can know whether contacting works.",
            "5. Plays are yours to change: see the sheet 'Plays'.",
        ),
        "plays_note": "From the top, the first line that fits counts; * fits all. "
        "To use a table of your own see the setting STORK_PLAYS.",
        "empty": "Nobody needs contacting today",
        "term": "Term", "meaning": "Meaning", "field": "Column in the CSV",
        "ending": "Ending", "segment": "RFM class or segment", "reason": "Reason", "play": "Code",
        "words": "Play",
    },
}  # fmt: skip
