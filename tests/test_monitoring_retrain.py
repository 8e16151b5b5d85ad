"""When a retrain is due: once an alarm, never on bad data, not too soon, not too late."""

from datetime import date, timedelta

import pytest

from monitoring.retrain import RetrainRule, alarms, retrain_due
from monitoring.verdict import Verdict

TODAY = date(2026, 6, 28)
A_MONTH_AGO = TODAY - timedelta(days=30)
RED = Verdict("demand_shift", False, "brand b2 sold +60%")
GREEN = Verdict("demand_shift", True, "quiet")
OTHER = Verdict("bias_cusum", False, "20 % of products")
BROKEN = Verdict("landed_volume", False, "jd: 0 rows, expected 400")


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def due(raised=(), *, data=(), trained=A_MONTH_AGO, as_of=TODAY):
    return retrain_due(raised, data=data, as_of=as_of, trained_on=trained)


def test_a_stretch_of_red_days_is_one_alarm_however_many_monitors_are_red():
    days = {
        ago(5): [GREEN],
        ago(4): [RED],
        ago(3): [RED, OTHER],
        ago(2): [OTHER],
        ago(1): [GREEN],
        ago(0): [RED, OTHER],
    }
    found = alarms(days)
    assert [alarm.day for alarm in found] == [ago(4), ago(0)]
    assert "brand b2" in found[1].reason
    assert "20 % of products" in found[1].reason


def test_nothing_is_due_while_nothing_is_red():
    assert due().passed


def test_an_alarm_is_due_until_a_training_came_to_its_end():
    raised = alarms({ago(1): [RED]})
    first = due(raised)
    assert not first.passed
    assert "brand b2" in first.reason
    assert not due(raised, as_of=TODAY + timedelta(days=1)).passed, "the training was cut off"
    assert due(raised, trained=ago(1)).passed, "answered, promoted or refused"
    assert due(raised, trained=ago(0)).passed


def test_staying_red_after_the_answer_asks_for_nothing_more():
    raised = alarms({ago(k): [RED] for k in range(20, -1, -1)})
    assert due(raised, trained=ago(16)).passed


def test_bad_data_is_not_drift():
    raised = alarms({ago(1): [RED]})
    held = due(raised, data=[BROKEN])
    assert held.passed
    assert "jd: 0 rows" in held.reason
    assert not due(raised, data=[]).passed, "it waits until the data is mended"
    assert due(trained=ago(80), data=[BROKEN]).passed, "the calendar waits too"


def test_an_alarm_soon_after_a_training_waits_until_it_has_cooled_down():
    raised = alarms({ago(1): [RED]})
    early = due(raised, trained=ago(9))
    assert early.passed
    assert "cooling down until 2026-07-03" in early.reason
    assert not due(raised, trained=ago(9), as_of=date(2026, 7, 3)).passed


@pytest.mark.parametrize(("age", "is_due"), [(55, False), (56, True)])
def test_the_calendar_asks_after_eight_weeks(age, is_due):
    assert due(trained=ago(age)).passed is not is_due


@pytest.mark.parametrize(("outcome", "calendar"), [(0, 56), (30, 56), (60, 60), (90, 90)])
def test_the_calendar_asks_no_sooner_than_a_new_outcome_window_is_over(outcome, calendar):
    assert RetrainRule.of_outcome(outcome).calendar_days == calendar
    assert RetrainRule.of_outcome(outcome).cool_down_days == RetrainRule().cool_down_days


def test_without_a_first_training_nothing_is_retrained():
    assert due(alarms({ago(1): [RED]}), trained=None).passed


def test_what_happens_after_the_day_is_not_known_on_it():
    later = alarms({TODAY + timedelta(days=1): [RED]})
    assert due(later).passed
