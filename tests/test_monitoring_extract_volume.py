"""Rows landed against the same weekday and phase: gone, halved, doubled, festive, new."""

import numpy as np
import pandas as pd

from monitoring.extract_volume import landed_volume

DAYS = pd.date_range("2026-04-20", periods=70)  # to Sunday 28 June
DAY = DAYS[-1]
RNG = np.random.default_rng(5)
WEEKDAY = np.where(DAYS.dayofweek >= 5, 2.0, 1.0)
ROWS = pd.DataFrame(
    {
        "taobao": RNG.poisson(900 * WEEKDAY),
        "jd": RNG.poisson(300 * WEEKDAY),
        "tiny": RNG.poisson(3 * WEEKDAY),
    },
    index=DAYS,
).astype(float)


def with_last(**rows):
    changed = ROWS.copy()
    for shop, count in rows.items():
        changed.loc[DAY, shop] = count
    return changed


def test_an_ordinary_sunday_is_measured_against_sundays():
    verdict, table = landed_volume(ROWS, DAY)
    assert verdict.passed, verdict.reason
    shop = table.set_index("shop").loc["taobao"]
    assert abs(shop["ratio"] - 1) < 0.1
    assert 1700 < shop["expected"] < 1900


def test_every_day_of_eight_weeks_passes():
    red = [day for day in DAYS[30:] if not landed_volume(ROWS[:day], day)[0].passed]
    assert not red


def test_a_shop_that_goes_dark_is_named_with_what_was_expected():
    verdict, table = landed_volume(with_last(jd=0), DAY)
    assert not verdict.passed
    assert "jd: 0 rows, expected 6" in verdict.reason
    assert table["is_red"].tolist() == [True, False, False]


def test_a_day_that_nothing_landed_on_is_dark_for_all():
    verdict, table = landed_volume(ROWS[:-1], DAY)
    assert not verdict.passed
    assert table["is_red"].sum() == 2, "the tiny shop may have a day without orders"


def test_a_third_or_five_times_of_the_usual_is_red():
    assert not landed_volume(with_last(taobao=600), DAY)[0].passed
    assert not landed_volume(with_last(jd=3_500), DAY)[0].passed
    assert landed_volume(with_last(taobao=1_200), DAY)[0].passed


def test_a_festivals_peak_may_exceed_the_past_but_not_fall_below_it():
    peaks = pd.Series(True, index=[DAY])
    assert landed_volume(with_last(jd=6_000), DAY, peaks=peaks)[0].passed
    assert not landed_volume(with_last(jd=6_000), DAY)[0].passed
    assert not landed_volume(with_last(jd=10), DAY, peaks=peaks)[0].passed


def test_a_peak_in_the_past_does_not_raise_what_is_expected():
    loud = ROWS.copy()
    loud.iloc[-15:-1] *= 6
    peaks = pd.Series(True, index=DAYS[-15:-1])
    assert landed_volume(loud, DAY, peaks=peaks)[0].passed


def test_a_shop_that_began_last_week_is_not_judged():
    verdict, _ = landed_volume(ROWS[-2:], DAY)
    assert verdict.passed
    assert "not judged" in verdict.reason
