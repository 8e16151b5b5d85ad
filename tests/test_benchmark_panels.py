"""Public files become panels by rules that are stated, whatever oddities they hold."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import dominicks, dominicks_oj, online_retail, vn2_panel
from benchmarks.frames import Frames
from benchmarks.panels import absent
from benchmarks.task import BadTask
from ml.columns import quantile_column


def test_vn2_series_begin_when_first_offered_and_know_their_stock_outs(tmp_path):
    days = pd.date_range("2021-04-12", periods=4, freq="W-MON").strftime("%Y-%m-%d")
    keys = pd.DataFrame({"Store": [0, 1], "Product": [126, 126]})
    sales = pd.DataFrame([[0, 3, 0, 2], [1, 0, 4, 0]], columns=days)
    stock = pd.DataFrame([[False, True, False, True], [True] * 4], columns=days)
    pd.concat([keys, sales], axis=1).to_csv(tmp_path / "sales.csv", index=False)
    pd.concat([keys, stock], axis=1).to_csv(tmp_path / "in_stock.csv", index=False)
    keys.assign(Department=30).to_csv(tmp_path / "master.csv", index=False)
    frames = vn2_panel.read(tmp_path)
    first = frames.panel[frames.panel["unique_id"] == "0-126"]
    assert list(first["y"]) == [3, 0, 2]
    assert list(first["is_stockout"]) == [False, True, False]
    assert frames.static.set_index("unique_id").loc["1-126", ["store", "product"]].tolist() == [
        "1",
        "126",
    ]


def oj(folder) -> None:
    """Two brands of one store over weeks 100 to 146; brand 2 has no row in week 140."""
    weeks = np.arange(100, 147)
    rows = pd.concat(
        pd.DataFrame({"store": 2, "brand": b, "week": weeks, "logmove": np.log(64.0 * b)})
        for b in (1, 2)
    ).reset_index(drop=True)
    prices = {f"price{b}": 0.01 * b + 0.001 * (rows["week"] % 5) for b in range(1, 12)}
    rows = rows.assign(**prices, deal=(rows["week"] % 10 == 0).astype(int), feat=0.0, profit=1.0)
    gone = (rows["brand"] == 2) & (rows["week"] == 140)
    rows[~gone].to_parquet(folder / "yx_to_week_146.parquet")
    pd.DataFrame({"STORE": [2], "INCOME": [10.5]}).to_parquet(folder / "storedemo.parquet")


def test_dominicks_units_prices_and_promotions_are_those_of_the_week(tmp_path):
    oj(tmp_path)
    frames = dominicks_oj.read(tmp_path)
    assert frames.panel["y"].max() == pytest.approx(128)
    known = frames.known_future.set_index(["unique_id", "ds"])
    day = pd.Timestamp("1989-09-14") + pd.Timedelta(weeks=139)
    assert known.loc[("2-2", day), "price"] == pytest.approx(0.02)
    assert known.loc[("2-2", day), "lowest_other_price"] == pytest.approx(0.01)
    # week 140 itself is a deal of brand 1; brand 2 has no row, so none is assumed
    assert known.loc[("2-1", day), "is_promo"] == 1
    assert known.loc[("2-2", day), "is_promo"] == 0
    assert not known.isna().to_numpy().any()


def test_the_point_for_mape_has_the_least_expected_percentage_error():
    levels = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
    even = {quantile_column(level): [10 + 100 * level, 0.0] for level in levels}

    point = dominicks.with_point_for_mape(pd.DataFrame(even))["for_mape"]

    outcomes = np.clip(np.linspace(10, 110, 999), 11, 109)
    errors = {f: np.mean(np.abs(f - outcomes) / outcomes) for f in np.arange(11, 109, 0.5)}
    assert point[0] == pytest.approx(min(errors, key=errors.get), rel=0.02)
    assert point[1] == 0
    assert "for_mape" not in dominicks.with_point_for_mape(pd.DataFrame({"y_hat": [1.0]}))


def test_dominicks_rounds_end_in_the_file_and_leave_one_week_out(tmp_path):
    oj(tmp_path)
    task = dominicks.rounds(dominicks_oj.read(tmp_path), 10, 1)
    weeks = [(cutoff - pd.Timestamp("1989-09-14")).days // 7 + 1 for cutoff in task.cutoffs]
    assert weeks == [135, 137, 139, 141, 143]
    frame = pd.DataFrame({"step": [1, 2, 3], "y": [10.0, 10, 20], "y_hat": [99.0, 12, 15]})
    assert dominicks.mape(frame, "y_hat") == pytest.approx(22.5)
    early = Frames(task.panel[task.panel["ds"] < task.cutoffs[0]])
    with pytest.raises(BadTask, match="no round"):
        dominicks.rounds(early, 10, 1)


def test_cancelled_sales_are_no_demand_and_quiet_weeks_are_zero(tmp_path):
    weeks = pd.date_range("2010-01-04 10:00", periods=70, freq="W-MON")
    lines = pd.DataFrame({"InvoiceDate": weeks, "Quantity": 5, "InvoiceNo": "500"})
    lines = lines[lines.index != 40]
    odd = pd.DataFrame(
        {
            "InvoiceDate": [weeks[50], weeks[51], weeks[52], weeks[53]],
            "Quantity": [70_000, -70_000, 900, -3],
            "InvoiceNo": ["501", "C502", "A503", "C504"],
        }
    )
    lines = pd.concat([lines, odd], ignore_index=True).assign(
        StockCode="22423", CustomerID=7.0, UnitPrice=2.0
    )
    post = lines.head(3).assign(StockCode="POST")
    pd.concat([lines, post]).to_parquet(tmp_path / online_retail.FILE)
    panel = online_retail.read(tmp_path).panel
    assert set(panel["unique_id"]) == {"22423"}
    by_week = panel.set_index("ds")["y"]
    assert by_week[weeks[40].normalize()] == 0
    assert by_week[weeks[50].normalize()] == 5
    assert by_week.max() == 5
    # the first week and the last, which may be cut off, are left out
    assert len(by_week) == 68


def test_a_panel_whose_files_are_not_there_says_where_they_should_be(tmp_path):
    assert "--data DIR" in absent("vn2", None)
    assert str(tmp_path / "vn2") in absent("vn2", tmp_path)
    (tmp_path / "vn2").mkdir()
    assert absent("vn2", tmp_path) == ""
