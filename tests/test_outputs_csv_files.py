"""The CSV files: reproducible bytes, safe in a spreadsheet, nothing lost on the way."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from ml.replenishment.policy import PLAN_COLUMNS
from orchestration.outputs.csv_files import write_churn_list_csv, write_plan_csv
from orchestration.outputs.wording import COLUMNS, EXCEPTIONS, PRIORITIES, TEXTS


def plan_rows(**changes):
    values = dict.fromkeys(PLAN_COLUMNS, 1.0)
    values |= dict.fromkeys(
        ["sku_id", "sku_name", "warehouse_id", "supplier_id", "supplier_name", "model"], "x"
    )
    values |= {
        "as_of": pd.Timestamp("2025-06-08"),
        "order_by_date": [pd.Timestamp("2025-06-09"), pd.NaT],
        "expected_on": [pd.Timestamp("2025-06-23"), pd.NaT],
        "order_qty": [12, 0],
        "reason": '因为, 缺"货"',
        "is_exception": [True, False],
        "exception": ["expedite", ""],
        "doubts": "",
        "abc_class": "A",
        "on_hand": [3.0, np.nan],
        "service_level": 0.95,
        "unit_cost_amount": [1234.5, np.nan],
        "order_amount": [14814.0, np.nan],
        **changes,
    }
    return pd.DataFrame(values)[list(PLAN_COLUMNS)]


def read(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_the_plan_opens_in_excel_and_reads_back_as_it_was(tmp_path):
    path = write_plan_csv(plan_rows(), tmp_path / "deep" / "plan.csv")
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfas_of,sku_id,")
    assert b"\r" not in raw
    first, second = read(path)
    assert list(first) == list(PLAN_COLUMNS)
    assert (first["as_of"], first["order_by_date"]) == ("2025-06-08", "2025-06-09")
    assert (first["order_qty"], first["unit_cost_amount"]) == ("12", "1234.50")
    assert (first["service_level"], first["is_exception"]) == ("0.950", "true")
    assert first["reason"] == '因为, 缺"货"'
    assert second["order_by_date"] == second["on_hand"] == second["order_amount"] == ""
    assert [p.name for p in path.parent.iterdir()] == ["plan.csv"]


def test_the_same_plan_gives_the_same_bytes_whatever_the_noise_in_its_floats(tmp_path):
    one = write_plan_csv(plan_rows(demand_mean_qty=0.3), tmp_path / "a.csv")
    two = write_plan_csv(plan_rows(demand_mean_qty=0.1 + 0.2), tmp_path / "b.csv")
    assert one.read_bytes() == two.read_bytes()
    zero = write_plan_csv(plan_rows(on_hand=-0.0), tmp_path / "c.csv")
    assert read(zero)[0]["on_hand"] == "0"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_that_a_spreadsheet_would_run_is_quoted(tmp_path, start):
    path = write_plan_csv(plan_rows(sku_name=f"{start}cmd|x"), tmp_path / "plan.csv")
    assert read(path)[0]["sku_name"] == f"'{start}cmd|x"


def test_a_negative_number_stays_a_number(tmp_path):
    path = write_plan_csv(plan_rows(inventory_position=-3.0), tmp_path / "plan.csv")
    assert read(path)[0]["inventory_position"] == "-3"


def test_a_plan_without_a_column_is_refused(tmp_path):
    with pytest.raises(ValueError, match="reason"):
        write_plan_csv(plan_rows().drop(columns="reason"), tmp_path / "plan.csv")


def test_the_churn_list_keeps_the_order_it_is_given(tmp_path):
    frame = pd.DataFrame(
        {
            "customer_id": ["c_b", "c_a", "c_c"],
            "as_of": pd.Timestamp("2025-06-08"),
            "churn_score": [0.5, 0.5, 0.912345],
            "reason_1": ["=1", None, "recency"],
        }
    )
    path = write_churn_list_csv(frame, tmp_path / "churn.csv")
    rows = read(path)
    assert list(rows[0]) == ["as_of", "customer_id", "churn_score", "reason_1"]
    assert [row["customer_id"] for row in rows] == ["c_b", "c_a", "c_c"]
    assert rows[2]["churn_score"] == "0.9123"
    assert [row["reason_1"] for row in rows] == ["'=1", "", "recency"]
    with pytest.raises(ValueError, match="churn_score"):
        write_churn_list_csv(frame.drop(columns="churn_score"), path)


def test_every_plan_column_and_every_code_has_words_in_both_languages():
    assert tuple(COLUMNS) == PLAN_COLUMNS
    assert TEXTS["zh"].keys() == TEXTS["en"].keys()
    assert EXCEPTIONS["zh"].keys() == EXCEPTIONS["en"].keys()
    assert PRIORITIES["zh"].keys() == PRIORITIES["en"].keys() == set(range(1, 6))
    for language in ("zh", "en"):
        headers = [column.header(language) for column in COLUMNS.values()]
        assert len(set(headers)) == len(headers)
