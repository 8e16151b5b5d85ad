"""The churn workbook, opened again and read back: who to contact, who not, whom people reached."""

import openpyxl
import pandas as pd
import pytest

from ml.churn.action_list import COLUMNS
from ml.churn.plays import read_plays
from ml.churn.reasons import CATALOGUE
from orchestration.outputs.churn_wording import CHURN_COLUMNS, CHURN_TEXTS, CODES
from orchestration.outputs.churn_workbook import write_churn_workbook
from orchestration.outputs.contacted import read_contacted


def make_list(count=12):
    table = pd.DataFrame({"rank": range(1, count + 1)})
    table["customer_id"] = [f"c_{i:020d}" for i in range(count)]
    table["as_of"] = pd.Timestamp("2026-06-28")
    table["is_holdout"] = table["rank"] % 4 == 0
    table["risk_tier"] = ["high"] * 6 + ["medium"] * 3 + ["low"] * (count - 9)
    numbers = ("churn_score", "buys_7d", "buys_30d", "buys_90d", "leaves_in_7d_score")
    table = table.assign(**dict.fromkeys(numbers, 0.25), recency_days=30.0, value_tier="A")
    table["outcome_days"] = 60
    table["value_at_stake_amount"] = 100.0 - table["rank"]
    return table.assign(
        expected_90d_amount=50.0, ending_expected="graduated", rfm_class="keep",
        segment="老客·客单高",
        last_category="奶粉", platform="jd", expected_on=pd.NaT, play="next_stage",
        reasons="已 30 天未购买，按习惯约 20 天买一次；多在打折时购买：占 80%，一般为 50%",
        reason_1="overdue", reason_2=None, reason_3=None, suggested_play="=1+1",
    )[list(COLUMNS)]  # fmt: skip


@pytest.fixture
def written(tmp_path):
    return write_churn_workbook(make_list(), read_plays(), tmp_path / "churn_list.xlsx")


def sheet_of(path, name, language="zh"):
    return openpyxl.load_workbook(path)[CHURN_TEXTS[language][name]]


def test_the_list_holds_who_to_contact_and_the_hold_out_lies_apart(written):
    shown, held = sheet_of(written, "list"), sheet_of(written, "holdout")
    assert [cell.value for cell in shown["A"][1:]] == [1, 2, 3, 5, 6, 7, 9]
    assert [cell.value for cell in held["A"][1:]] == [4, 8]
    headers = [cell.value for cell in shown[1]]
    assert headers == [column.zh for column in CHURN_COLUMNS.values()]
    assert "已联系" not in [cell.value for cell in held[1]]
    row = dict(zip(headers, [cell.value for cell in shown[2]], strict=True))
    assert (row["风险"], row["预计结局"], row["平台"], row["RFM 分类"]) == (
        "高", "毕业", "京东", "重要保持客户",
    )  # fmt: skip
    assert row["为什么"].split("\n")[1].startswith("多在打折时购买")
    assert row["预计下次购买"] is None
    assert row["流失概率"] == 0.25


def test_the_first_sheet_counts_and_says_how_to_use_it(written):
    summary = sheet_of(written, "summary")
    told = {row[0].value: row[1].value for row in summary.iter_rows(max_col=2) if row[0].value}
    assert told["建议联系（风险中、高）"] == 7
    assert told["对照组（随机抽取，请勿联系）"] == 3
    assert told["其中列在“对照组”表（与所列顾客同一段排名）"] == 2
    assert told["观察期（天）：此后这么多天一次都不买，算流失"] == 60
    assert told["建议联系者的预计流失金额（元）"] == 667
    assert any("从第一行往下联系" in name for name in told)


def test_text_never_runs_and_the_same_list_is_the_same_file(written, tmp_path):
    cell = sheet_of(written, "list")["D2"]
    assert cell.value == "=1+1"
    assert cell.data_type == "s"
    again = write_churn_workbook(make_list(), read_plays(), tmp_path / "again.xlsx")
    assert again.read_bytes() == written.read_bytes()


def test_it_is_all_in_english_where_asked(tmp_path):
    english = make_list().assign(reasons="many refunds", suggested_play="call", segment="old")
    path = write_churn_workbook(english, read_plays(), tmp_path / "x.xlsx", language="en")
    book = openpyxl.load_workbook(path)
    texts = [
        str(cell.value)
        for name in ("Start here", "To contact", "Hold-out (leave alone)", "Glossary")
        for row in book[name].iter_rows()
        for cell in row
        if cell.value is not None and cell.value != "奶粉"
    ]
    assert not [text for text in texts if any("一" <= char <= "鿿" for char in text)]
    with pytest.raises(ValueError, match="'fr'"):
        write_churn_workbook(english, read_plays(), path, language="fr")


def test_no_play_is_cut_off_and_codes_stand_beside_the_words_of_the_list(tmp_path):
    english = make_list().assign(suggested_play="a long play " * 12, segment="old")
    path = write_churn_workbook(english, read_plays(), tmp_path / "x.xlsx", language="en")
    book = openpyxl.load_workbook(path)
    summary, plays = book["Start here"], book["Plays"]
    row = next(r for r in summary.iter_rows(max_col=1) if str(r[0].value).startswith("a long"))[0]
    assert row.alignment.wrap_text
    assert summary.row_dimensions[row.row].height > 2 * 13
    long = next(cell for cell in plays["E"] if str(cell.value).endswith("no coupons"))
    assert plays.row_dimensions[long.row].height > 2 * 13
    assert plays["A3"].value == "graduated (outgrown)"
    assert plays["B3"].value == "champions (valuable, active)"
    assert plays["C5"].value == "refunds (many refunds)"
    assert plays["B2"].value == "RFM class or segment", "the list has both"
    for cell in summary["A"][:10]:
        assert len(str(cell.value or "")) <= summary.column_dimensions["A"].width


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_glossary_explains_every_column_of_sheets_and_csv_once(tmp_path, language):
    path = write_churn_workbook(make_list(), read_plays(), tmp_path / "x.xlsx", language=language)
    glossary = sheet_of(path, "glossary", language)
    rows = list(glossary.iter_rows(min_row=2, values_only=True))
    assert all(all(row) for row in rows)
    assert sorted(row[2] for row in rows) == sorted([*COLUMNS, "contacted"])
    assert len({row[0] for row in rows}) == len(rows)


def test_an_empty_list_says_so(tmp_path):
    path = write_churn_workbook(make_list().head(0), read_plays(), tmp_path / "x.xlsx")
    assert sheet_of(path, "list")["A2"].value == "今天没有需要联系的顾客"


def test_marks_in_the_saved_workbook_are_read_back(written, tmp_path):
    book = openpyxl.load_workbook(written)
    sheet = book["联系名单"]
    for row, mark in ((2, 1), (3, "是"), (4, "0"), (5, "no")):
        sheet.cell(row, 3, mark)
    book.save(tmp_path / "churn_contacted.xlsx")
    assert read_contacted(tmp_path) == {f"c_{i:020d}" for i in (0, 1)}


def test_a_plain_file_of_pseudonyms_counts_whole_and_none_is_none(tmp_path):
    assert read_contacted(tmp_path) is None
    (tmp_path / "churn_contacted.csv").write_text("customer_id\nc_1\nc_2\n", encoding="utf-8-sig")
    assert read_contacted(tmp_path) == {"c_1", "c_2"}
    (tmp_path / "churn_contacted.csv").write_text("customer_id,contacted\nc_1,1\nc_2,\n")
    assert read_contacted(tmp_path) == {"c_1"}
    chinese = " 顾客编号 ,已联系,为什么\n c_1 ,1,累计\nc_2,0.0,\nc_3,未联系,\nc_4,7月2日,\n,,\n"
    (tmp_path / "churn_contacted.csv").write_bytes(chinese.encode("gbk"))
    assert read_contacted(tmp_path) == {"c_1", "c_4"}
    (tmp_path / "churn_contacted.csv").write_text("Customer_ID;Contacted\nc_1;1\nc_2;\n")
    assert read_contacted(tmp_path) == {"c_1"}
    (tmp_path / "churn_contacted.csv").write_text("name\nx\n")
    with pytest.raises(ValueError, match="lacks the column"):
        read_contacted(tmp_path)
    (tmp_path / "churn_contacted.xlsx").write_text("customer_id")
    with pytest.raises(ValueError, match="churn_contacted.xlsx: it is no workbook"):
        read_contacted(tmp_path)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_reason_has_words_beside_its_code(language):
    assert list(CODES["reason"][language]) == [reason.code for reason in CATALOGUE]
