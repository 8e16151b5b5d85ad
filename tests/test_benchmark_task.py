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


def with_cell(frame: pd.DataFrame, column: str, value) -> pd.DataFrame:
    """The frame with one value at b, 2025-07-21."""
    at = (frame["unique_id"] == "b") & (frame["ds"] == WEEKS[28])
    return frame.assign(**{column: frame[column].mask(at, value)})


def test_words_for_events_mark_event_periods_and_words_for_none_do_not():
    xmas = panel().assign(event=lambda f: np.where(f["ds"] == WEEKS[28], "xmas", None))
    named = panel().assign(event=lambda f: np.where(f["ds"] == WEEKS[28], "xmas", "none"))
    flags = panel().assign(event=lambda f: f["ds"] == WEEKS[28])
    coded = panel().assign(event=lambda f: (f["ds"] == WEEKS[28]).astype("Int64"))
    coded.loc[0, "event"] = pd.NA
    for frame in (xmas, named, named.astype({"event": "category"}), flags, coded):
        events = task(frame).events
        assert events["ds"].tolist() == [WEEKS[28]] * 3


@pytest.mark.parametrize(
    ("yes", "no"),
    [("True", "False"), ("Y", "N"), ("是", "否"), ("1", "0"), (1.0, 0.0), (" yes", "")],
)
def test_stock_outs_written_as_words_are_those_of_flags(yes, no):
    out = panel()["ds"] == WEEKS[20]
    found = task(panel().assign(is_stockout=np.where(out, yes, no))).panel
    assert found["is_stockout"].dtype == bool
    assert found.loc[found["is_stockout"], "ds"].tolist() == [WEEKS[20]] * 3
    gaps = panel().assign(is_stockout=out.astype(object).mask(~out, None))
    pd.testing.assert_frame_equal(task(gaps).panel, found)


@pytest.mark.parametrize("value", ["maybe", 2, 0.5])
def test_a_stock_out_nobody_can_read_names_series_and_day(value):
    frame = panel().assign(is_stockout=0 if not isinstance(value, str) else "N")
    with pytest.raises(BadTask, match=f"is_stockout .* b at 2025-07-21 has '{value}"):
        task(with_cell(frame, "is_stockout", value))


def test_a_panel_with_nothing_to_score_is_refused_and_one_bare_cutoff_is_noted():
    empty = {"y": np.nan}, {"is_stockout": True}
    for columns in empty:
        with pytest.raises(BadTask, match="no in-stock y .* after the cutoffs 2025-06-16, 2025-07"):
            task(panel().assign(**columns))
    bare = panel().assign(is_stockout=lambda f: f["ds"] > WEEKS[26])
    (note,) = task(bare).notes
    assert "2025-07-07: not scored there" in note
    assert task(panel()).notes == ()


def test_a_number_that_is_not_finite_names_frame_column_series_and_day():
    with pytest.raises(BadTask, match="'known_future': 'price' must be finite, b at 2025-07-21"):
        task(panel(), known_future=with_cell(plan(), "price", np.inf))
    with pytest.raises(BadTask, match="'panel': 'price' must be finite, b at 2025-07-21 has -inf"):
        task(with_cell(panel().assign(price=1.0), "price", -np.inf))
    static = pd.DataFrame({"unique_id": ["a", "b"], "weight": [1.0, np.inf]})
    with pytest.raises(BadTask, match="'static': 'weight' must be finite, b has inf"):
        task(panel(), static=static)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("tags", ["x", "y"], "'tags' must be one text, number or date .* a has a list: .'x', 'y'"),
        ("first_sold_on", "unknown", "first_sold_on must be a date .* a has 'unknown'"),
        ("first_sold_on", 20250106, "first_sold_on must be a date .* a has '20250106'"),
        ("discontinued_on", "06/01/2025", "discontinued_on must be a date .* a has '06/01/2025'"),
        (
            "discontinued_on",
            pd.Timestamp("2025-07-01", tz="Asia/Shanghai"),
            "discontinued_on carries the time zone Asia/Shanghai",
        ),
    ],
)
def test_an_attribute_that_cannot_be_read_names_column_and_value(column, value, told):
    static = pd.DataFrame({"unique_id": list("abc"), column: [value] * 3})
    with pytest.raises(BadTask, match=f"frame 'static': {told}"):
        task(panel(), static=static)


def test_attribute_dates_as_text_or_plain_dates_are_dates():
    days = pd.Series(pd.to_datetime(["2025-01-06", None, "2025-02-03"]))
    for written in (days, days.dt.strftime("%Y-%m-%d"), days.dt.date, days.astype(str)):
        static = pd.DataFrame({"unique_id": list("abc"), "first_sold_on": written})
        static = static.replace("NaT", None)
        found = task(panel(), static=static).static["first_sold_on"]
        assert found.tolist()[::2] == days.tolist()[::2]
        assert pd.isna(found[1])


def test_a_plan_of_words_alone_is_said_not_to_be_used():
    (note,) = task(panel(), known_future=plan(onpromo="yes", price="2")).notes
    assert note == "known_future: not numbers, so not used: onpromo, price"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"step": 0}, "--step is 0"),
        ({"step": -1}, "--step is -1"),
        ({"windows": 0}, "--windows is"),
    ],
)
def test_a_count_below_one_is_refused(options, told):
    with pytest.raises(BadTask, match=told):
        task(panel(), **options)


def test_a_file_that_is_no_parquet_inside_is_named(tmp_path):
    (tmp_path / "p.parquet").write_text("unique_id,ds,y")
    with pytest.raises(BadTask, match="p.parquet cannot be read"):
        read_task(tmp_path / "p.parquet", setting=SETTING, windows=1)
