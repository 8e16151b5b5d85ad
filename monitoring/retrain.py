"""Is a retrain due? One answer from all red verdicts, the data's health and the calendar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from monitoring.verdict import Verdict

NAME = "retrain_due"


@dataclass(frozen=True)
class RetrainRule:
    """`cool_down_days` must lie between two trainings, unless it is the first; without any
    alarm a model is trained again after `calendar_days`."""

    cool_down_days: int = 14
    calendar_days: int = 56

    @classmethod
    def of_outcome(cls, days: int) -> "RetrainRule":
        """For a model whose outcomes are seen `days` after they were forecast: the calendar waits
        until outcomes that begin after the last training are whole."""
        return cls(calendar_days=max(cls.calendar_days, days))


@dataclass(frozen=True)
class Alarm:
    """The first day of a stretch on which a monitor of a model was red, and what it said."""

    day: date
    reason: str


def alarms(days: Mapping[date, Sequence[Verdict]]) -> list[Alarm]:
    """The edges in the verdicts of a model's monitors, by day: one alarm for each stretch of days
    on which at least one was red, however many were."""
    found, was_red = [], False
    for day in sorted(days):
        red = [verdict for verdict in days[day] if not verdict.passed]
        if red and not was_red:
            reason = "; ".join(f"{verdict.name}: {verdict.reason}" for verdict in red)
            found.append(Alarm(day, reason))
        was_red = bool(red)
    return found


def retrain_due(
    raised: Sequence[Alarm],
    *,
    data: Sequence[Verdict],
    as_of: date,
    trained_on: date | None,
    rule: RetrainRule | None = None,
) -> Verdict:
    """Verdict "retrain_due" of one model: each alarm asks for exactly one training.

    `raised`: the model's alarms up to `as_of`. `trained_on`: as-of day of the last training that
    came to its end, promoted or refused. It answers every alarm raised by then; an alarm whose
    training was cut off, or that came while it could not be answered, waits. `data`: today's
    verdicts on the extracts: bad data is not drift, so nothing is due while one of them is red.
    """
    rule = rule or RetrainRule()
    broken = [verdict for verdict in data if not verdict.passed]
    numbers: dict[str, float] = {
        "n_data_red": len(broken),
        "cool_down_days": rule.cool_down_days,
        "calendar_days": rule.calendar_days,
    }

    def answer(is_due: bool, reason: str) -> Verdict:
        return Verdict(NAME, not is_due, reason, numbers)

    if trained_on is None:
        return answer(False, "no model was trained yet: the first training is not a retrain")
    age = (as_of - trained_on).days
    waiting = [alarm for alarm in raised if trained_on < alarm.day <= as_of]
    numbers |= {"days_since_training": age, "n_alarms": len(waiting)}
    if not waiting and age < rule.calendar_days:
        return answer(False, f"no alarm since the training of {trained_on}, {age} days ago")
    wish = f"last trained {age} days ago, limit {rule.calendar_days}"
    if waiting:
        wish = f"red since {waiting[0].day}: {waiting[0].reason}"
    if broken:
        first = broken[0]
        return answer(
            False, f"held, the data is red ({first.name}: {first.reason}); wished for: {wish}"
        )
    if age < rule.cool_down_days:
        over = trained_on + timedelta(days=rule.cool_down_days)
        return answer(False, f"cooling down until {over}; wished for: {wish}")
    return answer(True, f"retrain: {wish}")
