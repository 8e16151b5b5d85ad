"""The pictures and the preview on the asset pages."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from orchestration.outputs import charts
from orchestration.outputs.charts import forecast_chart_png, plan_chart_png
from orchestration.outputs.preview import plan_preview_markdown


def plan_rows():
    return pd.DataFrame(
        {
            "sku_id": ["a|b", "c", "d"],
            "warehouse_id": "main",
            "supplier_id": ["P1", None, "P1"],
            "supplier_name": ["贝因$供$", None, "贝因"],
            "order_qty": [12, 6, 0],
            "order_by_date": [pd.Timestamp("2025-06-09"), pd.Timestamp("2025-06-11"), pd.NaT],
            "order_amount": [1200.4, np.nan, np.nan],
            "days_of_cover": [1.25, 3.0, 999.0],
            "priority": [1, 4, 5],
            "is_exception": [True, False, False],
            "exception": ["expedite", "", ""],
            "reason": ["two\nlines <b>", "x", "y"],
        }
    )


def series(days, y):
    frame = pd.DataFrame({"unique_id": "a", "ds": days})
    return frame.assign(**y)


def size(png):
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    return picture.size


@pytest.mark.parametrize("rows", [slice(0, 3), slice(0, 0)])
def test_the_plan_chart_is_a_picture_even_of_an_empty_plan(rows):
    width, height = size(plan_chart_png(plan_rows().iloc[rows]))
    assert width > height > 300


def test_suppliers_are_shown_by_id_where_no_chinese_font_is_installed(monkeypatch):
    monkeypatch.setattr(charts, "_CHINESE_FONTS", ("No Such Font",))
    orders = plan_rows().iloc[:2]
    assert charts._supplier_labels(orders).tolist() == ["P1", "(none)"]
    size(plan_chart_png(orders))


def test_the_forecast_chart_is_the_same_picture_for_the_same_numbers():
    past = series(pd.date_range("2025-01-06", periods=20, freq="W-MON"), {"y": 5.0})
    ahead = series(
        pd.date_range("2025-05-26", periods=4, freq="W-MON"), {"y_hat": 5.0, "p10": 3.0, "p90": 8.0}
    )
    one, two = forecast_chart_png(past, ahead), forecast_chart_png(past, ahead)
    assert one == two
    assert forecast_chart_png(past, ahead.assign(p90=20.0)) != one
    size(one)


def test_the_preview_keeps_the_order_of_the_plan_and_its_cells_whole():
    lines = plan_preview_markdown(plan_rows(), rows=2).splitlines()
    assert lines[0] == "3 rows, 2 to order, 1 exceptions, 1,200 CNY"
    assert len(lines) == 6
    assert lines[4].startswith("| expedite | a\\|b | main | P1 | 12 | 2025-06-09 | 1,200 | 1.2 |")
    assert lines[4].endswith("two lines \\<b\\> |")
    assert "nan" not in lines[5]
