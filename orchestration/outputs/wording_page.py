"""Words of the plan's web page that no sheet has."""

_TEXTS = {
    "zh": {
        "tab_plan": "计划与异常",
        "tab_transfers": "调拨",
        "tab_changes": "与上期相比",
        "tab_glossary": "说明",
        "everything": "全部",
        "search": "搜商品、供应商、原因",
        "only_orders": "只看要订的",
        "all_suppliers": "所有供应商",
        "all_warehouses": "所有仓库",
        "count": "{} 行",
        "more": "再显示一些",
        "saves": "预计少损失毛利(元)",
        "by": "谁",
        "why": "为什么",
        "until": "有效到（空为一直有效）",
        "unknown": "没有数据。",
        "left_out": "共 {} 行，本页只列最紧急的 {} 行，筛选和搜索也只在这些行里，其余见 CSV。",
        "keep": "改成这个数量",
        "kept": "已记下。点上面的按钮保存 overrides.csv（仍有效的人工调整也在内），"
        "替换计划文件夹里的同名文件，下次计划照办。",
        "odd": "注意：不足起订量（{}）或不成整箱（{}件一箱），照您的数下单。",
        "no_quantity": "没有记下：数量要填 0 或正整数。",
        "save": "保存 {} 条人工调整",
        "drop": "撤销这条改动",
        "was": "计划数量",
        "draft": "已恢复上次没有保存的 {} 条改动。",
        "draft_saved": "上次已保存的 {} 条改动仍在本页，再保存时会一起写入。",
        "discard": "全部丢弃",
        "no_draft": "浏览器存不下草稿：请保存 overrides.csv 后再关闭本页。",
    },
    "en": {
        "tab_plan": "Plan and exceptions",
        "tab_transfers": "Transfers",
        "tab_changes": "Against the last plan",
        "tab_glossary": "Glossary",
        "everything": "All",
        "search": "Search SKU, supplier, reason",
        "only_orders": "orders only",
        "all_suppliers": "All suppliers",
        "all_warehouses": "All warehouses",
        "count": "{} rows",
        "more": "Show more",
        "saves": "Margin at stake (CNY)",
        "by": "Who",
        "why": "Why",
        "until": "Until (empty: for good)",
        "unknown": "Nothing is known.",
        "left_out": "{} rows in all: this page lists, filters and searches the {} most urgent, "
        "see the CSV for the rest.",
        "keep": "Order this many",
        "kept": "Noted. Save overrides.csv with the button above (the overrides that still hold "
        "are in it) over the one in the planning folder: the next plan keeps to it.",
        "odd": "Note: under the MOQ of {} or in broken packs of {}; it is ordered as you say. ",
        "no_quantity": "Not noted: the quantity must be 0 or a whole number above.",
        "save": "Save {} overrides",
        "drop": "Undo this change",
        "was": "Planned:",
        "draft": "{} changes that were not saved last time are back.",
        "draft_saved": "{} changes saved last time are still here and go into the next file too.",
        "discard": "Discard all",
        "no_draft": "The browser keeps no draft: save overrides.csv before closing this page.",
    },
}


def page_texts(language: str) -> dict[str, str]:
    """Labels of the page in a language that `wording.texts` has."""
    return _TEXTS[language]
