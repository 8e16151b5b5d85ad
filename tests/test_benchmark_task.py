"""A panel that no model could be measured on is refused with a reason; the rest is treated."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.task import BadTask, Setting, Task, make_task, read_task
from benchmarks.wide import complete, filled, widen

WEEKS = pd.date_range("2025-01-06", periods=30, freq="W-MON")
SETTING = Setting("W-MON", 3)


def panel() -> pd.DataFrame:
    rows = pd.MultiIndex.from_product([["a", "b", "c"], WEEKS], names=["unique_id", "ds"])
    return rows.to_frame(index=False).assign(y=np.arange(90) % 7 * 1.0)


def plan(**columns) -> pd.DataFrame:
    return panel()[["unique_id", "ds"]].assign(**(columns or {"price": 2.0}))


def task(frame: pd.DataFrame, **options) -> Task:
    return make_task("p", frame, **{"setting": SETTING, "windows": 2} | options)


def with_first_y(value: float) -> pd.DataFrame:
    frame = panel()
    frame.loc[0, "y"] = value
    return frame


BAD = {
    "repeat a key": pd.concat([panel(), panel().head(2)]),
    "column 'y' is missing": panel().drop(columns="y"),
    "column 'unique_id' is missing": panel().drop(columns="unique_id"),
    "no rows": panel().head(0),
    "not negative": with_first_y(-1),
    "finite": with_first_y(np.inf),
    "time zone UTC": panel().assign(ds=lambda f: f["ds"].dt.tz_localize("UTC")),
    "expected a date": panel().assign(ds=lambda f: f["ds"].astype(str)),
    "expected a number": panel().assign(y=lambda f: f["y"].astype(str)),
    "not on the W-MON grid": panel().assign(ds=lambda f: f["ds"] + pd.Timedelta(days=1)),
    "a key is null": panel().assign(unique_id=lambda f: f["unique_id"].mask(f["y"] == 3)),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_panel_is_refused_with_what_is_wrong(reason):
    with pytest.raises(BadTask, match=reason):
        task(BAD[reason])


def test_more_windows_than_the_panel_has_room_for_are_refused():
    with pytest.raises(BadTask, match="the panel has 30"):
        task(panel(), windows=12)


def test_a_plan_with_a_hole_after_a_cutoff_names_column_series_and_day():
    known = plan()
    known.loc[(known["unique_id"] == "b") & (known["ds"] == WEEKS[28]), "price"] = np.nan
    with pytest.raises(BadTask, match="'price' is not known for b at 2025-07-21"):
        task(panel(), known_future=known)


def test_rows_in_any_order_numbers_for_ids_and_plain_dates_are_the_same_task():
    plain = panel().assign(unique_id=lambda f: f["unique_id"].map({"a": 1, "b": 2, "c": 3}))
    mixed = plain.sample(frac=1, random_state=1).assign(ds=lambda f: f["ds"].dt.date)
    one, other = task(plain), task(mixed)
    pd.testing.assert_frame_equal(one.panel, other.panel)
    assert one.cutoffs == other.cutoffs == [WEEKS[23], WEEKS[26]]


def test_models_see_the_panel_to_the_cutoff_and_the_plan_to_the_horizon():
    found = task(panel(), known_future=plan(price=2.0, words="x"))
    seen, known = found.visible(found.cutoffs[0])
    assert seen["ds"].max() == WEEKS[23]
    assert known["ds"].max() == WEEKS[26]
    assert list(known.columns) == ["unique_id", "ds", "price"]


def test_a_task_written_and_read_again_is_the_same(tmp_path):
    found = task(
        panel(), known_future=plan(is_promo=1.0), static=pd.DataFrame({"unique_id": ["a"]})
    )
    found.save(tmp_path)
    again = Task.load(tmp_path)
    assert (again.setting, again.cutoffs, again.name) == (found.setting, found.cutoffs, "p")
    pd.testing.assert_frame_equal(again.panel, found.panel)
    assert len(again.events) == 90


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadTask, match="no such file"):
        read_task(tmp_path / "none.parquet", setting=SETTING, windows=1)


def test_unseen_periods_get_the_mean_of_the_thirteen_before_them():
    frame = panel()[lambda f: f["unique_id"] == "a"].assign(y=np.arange(30.0), is_stockout=False)
    frame.loc[frame["ds"] == WEEKS[20], "is_stockout"] = True
    frame = frame[(frame["ds"] >= WEEKS[2]) & (frame["ds"] != WEEKS[5])]
    wide = widen(frame, "W-MON")
    long = complete(wide, filled(wide)).set_index("ds")
    assert len(long) == 28
    assert long.loc[WEEKS[5], "y"] == np.mean([2, 3, 4])
    assert long.loc[WEEKS[20], "y"] == pytest.approx(np.mean(range(8, 20)))
    assert list(long.index[~long["is_seen"]]) == [WEEKS[5], WEEKS[20]]
