"""Is a retrain due? One answer from all red verdicts, the data's health and the calendar."""

from collections.abc import Sequence
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


def retrain_due(
    verdicts: Sequence[Verdict],
    *,
    red_since: date | None,
    data: Sequence[Verdict],
    as_of: date,
    trained_on: date | None,
    rule: RetrainRule | None = None,
) -> Verdict:
    """Verdict "retrain_due" of one model: red asks for exactly one training.

    `verdicts`: today's of the monitors that may trigger; `red_since`: first day of the unbroken
    stretch of days on which one of them was red, up to today. `data`: the extracts' verdicts:
    bad data is not drift, so nothing is due while one of them is red. `trained_on`: as-of day of
    the last training that came to its end, promoted or refused. It answers every alarm that was
    raised by then; an alarm whose training was cut off stays due.
    """
    rule = rule or RetrainRule()
    red = [verdict for verdict in verdicts if not verdict.passed]
    broken = [verdict for verdict in data if not verdict.passed]
    age = None if trained_on is None else (as_of - trained_on).days
    numbers: dict[str, float] = {
        "n_red": len(red),
        "n_data_red": len(broken),
        "cool_down_days": rule.cool_down_days,
        "calendar_days": rule.calendar_days,
    }
    if age is not None:
        numbers["days_since_training"] = age

    def answer(is_due: bool, reason: str) -> Verdict:
        return Verdict(NAME, not is_due, reason, numbers)

    if age is None:
        return answer(False, "no model was trained yet: the first training is not a retrain")
    why = "; ".join(f"{verdict.name}: {verdict.reason}" for verdict in red)
    is_new = bool(red) and (red_since is None or red_since > trained_on)
    is_old = age >= rule.calendar_days
    if not is_new and not is_old:
        if red:
            return answer(False, f"red, and answered by the training of {trained_on}: {why}")
        return answer(False, f"nothing is red; last trained {age} days ago")
    wish = why if is_new else f"last trained {age} days ago, limit {rule.calendar_days}"
    if broken:
        first = broken[0]
        return answer(
            False, f"held, the data is red ({first.name}: {first.reason}); wished for: {wish}"
        )
    if age < rule.cool_down_days:
        over = trained_on + timedelta(days=rule.cool_down_days)
        return answer(False, f"cooling down until {over}; wished for: {wish}")
    return answer(True, f"retrain: {wish}")
