"""One shop lived through week by week: the product's monitors and retrain rule decide."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from benchmarks.loop_forecaster import Forecaster
from benchmarks.loop_world import AHEAD, PAST, PLATFORMS, WATCHED, WEEKS, ShopWeeks
from ml.replenishment.outcome import Costs
from ml.replenishment.protection import z_score
from ml.replenishment.simulation import Shelf, open_shelf, replay
from monitoring.demand_shift import ShiftLimits, demand_shift
from monitoring.error_slices import SizeLimits, error_size
from monitoring.extract_volume import landed_volume
from monitoring.forecast_archive import trusted
from monitoring.forecast_error import CusumLimits, bias_cusum
from monitoring.retrain import alarms, retrain_due
from monitoring.verdict import Verdict

LEAD, REVIEW = 2, 1  # weeks
COSTS = Costs(holding=0.2, shortage=1.0)
CUTOFFS = (21, 17, 13)  # weeks before a training: the product's three windows of 13 weeks
MATURED_WEEKS = 8


@dataclass(frozen=True)
class Limits:
    """Of the three triggers."""

    shift: ShiftLimits | None = None
    size: SizeLimits | None = None
    cusum: CusumLimits | None = None


@dataclass
class Life:
    """What happened in the WATCHED weeks. Weeks count from the first watched one, 0.

    `alarms`: (week, names of the red monitors); `retrains`: weeks of the trainings that answered
    one; `refreshes`: those of the calendar; `data_red`: weeks with a red data verdict. `cost`: of
    the plan, summed. `changed_at`: first week of the change; `realised`: see ShopWeeks.
    """

    alarms: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    retrains: list[int] = field(default_factory=list)
    refreshes: list[int] = field(default_factory=list)
    data_red: list[int] = field(default_factory=list)
    cost: float = 0.0
    changed_at: int = 0
    realised: float = 1.0

    @property
    def weeks_to_alarm(self) -> float:
        """From the change to the first alarm: 1 is at the end of the first week it lasted."""
        after = [week for week, _ in self.alarms if week >= self.changed_at]
        return after[0] - self.changed_at + 1 if after else np.inf


class Shop:
    """A shop's weeks with its forecasters: what is seen while a platform is dark, and after it."""

    def __init__(self, weeks: ShopWeeks) -> None:
        self.weeks = weeks
        self._whole = Forecaster(weeks, weeks.y)
        self._dark = self._whole if weeks.seen is weeks.y else Forecaster(weeks, weeks.seen)
        gone = (weeks.seen != weeks.y).any(axis=0)
        self._first_gone = int(np.argmax(gone)) if gone.any() else WEEKS
        self._last_gone = WEEKS - int(np.argmax(gone[::-1])) - 1 if gone.any() else -1

    def forecaster(self, now: int) -> Forecaster:
        """What can be known at the end of week `now`: late rows land a week after the dark."""
        return self._dark if self._first_gone <= now <= self._last_gone else self._whole

    def actual(self, now: int) -> np.ndarray:
        """Demand up to `now` as the extracts tell it then (n, WEEKS)."""
        is_dark = self._first_gone <= now <= self._last_gone
        return self.weeks.seen if is_dark else self.weeks.y

    def backtest(self, now: int) -> pd.DataFrame:
        """The recipe at its three cutoffs before `now`."""
        model = self.forecaster(now)
        cutoffs = [now - back for back in CUTOFFS]
        made = [model.forecast(model.fit(cutoff), cutoff) for cutoff in cutoffs]
        return self.frame(np.stack(made), np.array(cutoffs), self.actual(now))

    def frame(self, made: np.ndarray, origins: np.ndarray, actual: np.ndarray) -> pd.DataFrame:
        """Forecasts `made` (origins, n, steps) beside what came, long; `week` is the target's."""
        k, n, ahead = made.shape
        origin = np.repeat(origins, n * ahead)
        series = np.tile(np.repeat(np.arange(n), ahead), k)
        step = np.tile(np.arange(1, ahead + 1), k * n)
        week = origin + step
        inside = week < WEEKS
        origin, series, step, week = (v[inside] for v in (origin, series, step, week))
        days = self.weeks.monday
        return pd.DataFrame(
            {
                "unique_id": self.weeks.static["unique_id"].to_numpy()[series],
                "ds": days[week],
                "cutoff": days[origin],
                "step": step,
                "y": actual[series, week],
                "is_stockout": self.weeks.is_stockout[series, week],
                "y_hat": made.reshape(-1)[inside],
                "is_event": self.weeks.is_event[week],
                "week": week,
            }
        )


def live(
    shop: Shop, *, policy: str = "loop", weeks: int = WATCHED, limits: Limits | None = None
) -> Life:
    """Live the first `weeks` watched weeks.

    `policy`: "loop" watches and retrains, "never" keeps the first model, "weekly" trains every
    week. The stand-in's challengers are not gated. `limits`: None for the product's.
    """
    limits = limits or Limits()
    told, life = shop.weeks, Life(changed_at=shop.weeks.changed_at - PAST)
    trained = PAST - 1
    fit = shop.forecaster(trained).fit(trained)
    reference = shop.backtest(trained) if policy == "loop" else None
    forecasts = np.zeros((weeks, len(told.y), AHEAD))
    verdicts: dict[date, list[Verdict]] = {}
    for k in range(weeks):
        now = PAST + k - 1  # the last week that is over: the plan of week PAST + k is made
        if k and policy == "weekly":
            fit = shop.forecaster(now).fit(now)
        if k and policy == "loop":
            data = _data_verdict(told, now)
            life.data_red += [] if data.passed else [k - 1]
            today = _watch(shop, forecasts[:k], reference, now, trained, life.data_red, limits)
            verdicts[_day(now)] = today
            raised = alarms(verdicts)
            if raised and raised[-1].day == _day(now):
                life.alarms.append((k - 1, tuple(v.name for v in today if not v.passed)))
            due = retrain_due(raised, data=[data], as_of=_day(now), trained_on=_day(trained))
            if not due.passed:
                is_answer = any(alarm.day > _day(trained) for alarm in raised)
                (life.retrains if is_answer else life.refreshes).append(k - 1)
                fit, trained = shop.forecaster(now).fit(now), now
                reference = shop.backtest(now)
        forecasts[k] = shop.forecaster(now).forecast(fit, now)
    life.cost = _plan_cost(shop, forecasts)
    return life


def _day(week: int) -> date:
    return date(2024, 1, 7) + timedelta(weeks=week)


def _watch(
    shop: Shop,
    forecasts: np.ndarray,
    reference: pd.DataFrame,
    now: int,
    trained: int,
    data_red: list[int],
    limits: Limits,
) -> list[Verdict]:
    """The triggers' verdicts at the end of week `now`."""
    origins = np.arange(PAST - 1, PAST - 1 + len(forecasts))
    actual = shop.actual(now)
    nearest = shop.frame(forecasts[:, :, :1], origins, actual)
    own = origins >= max(trained, now - MATURED_WEEKS)
    recent = shop.frame(forecasts[own], origins[own], actual)
    recent = recent[recent["week"] <= now]
    red_days = shop.weeks.monday[[PAST + k for k in data_red]]
    nearest, recent = trusted(nearest, red_days), trusted(recent, red_days)
    return [
        demand_shift(nearest, reference, shop.weeks.static, limits=limits.shift)[0],
        error_size(recent, reference, limits=limits.size)[0],
        bias_cusum(recent, reference, limits=limits.cusum),
    ]


def _data_verdict(told: ShopWeeks, now: int) -> Verdict:
    """The volume monitor's on the last day of week `now`."""
    last = (now + 1) * 7
    days = pd.date_range(told.monday[0], periods=last)[-63:]
    rows = pd.DataFrame(told.rows[last - 63 : last], index=days, columns=list(PLATFORMS))
    peaks = pd.Series(told.is_peak[last - 63 : last], index=days)
    return landed_volume(rows, days[-1], peaks=peaks)[0]


def _plan_cost(shop: Shop, forecasts: np.ndarray) -> float:
    """Replay, against what households wanted, of the plan that orders up to the 0.833 quantile.

    The quantile is of the protected weeks' demand; the spread is a Poisson count's plus 40 % of
    each week's forecast, for all policies alike.
    """
    covered = forecasts[:, :, : LEAD + REVIEW]
    mean = covered.sum(axis=2)
    spread = np.sqrt(mean + np.square(0.4 * covered).sum(axis=2))
    service = COSTS.shortage / (COSTS.shortage + COSTS.holding)
    levels = mean + z_score(service) * spread

    def order(t: int, shelf: Shelf) -> np.ndarray:
        return np.rint(np.maximum(levels[t] - shelf.position, 0.0))

    first = forecasts[0]
    shelf = open_shelf(np.rint(first[:, 0] * 1.3), np.rint(first[:, [1, 1]]), longest_lead=LEAD)
    wanted = shop.weeks.wanted[:, PAST:]
    ledger, _ = replay(order, wanted[:, : len(forecasts)], shelf, lead=LEAD)
    return float(COSTS.of(ledger)[:, 4:].sum())
