"""Who wants to buy today: pantries run low, festivals tempt, babies outgrow, people leave."""

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.catalogue import CATEGORIES
from orchestration.sandbox.world.families import FAR, MONTH, MONTHS, Families
from orchestration.sandbox.world.market import Market
from orchestration.sandbox.world.rows import Rows

_C = len(CATEGORIES)
# use over the year by category: size of the winter peak (below zero: a summer category)
_WINTER = np.array([0.03, 0.08, -0.06, -0.04, 0.15, -0.05])
_WEEKDAY = np.array([0.95, 0.92, 0.93, 0.97, 1.02, 1.16, 1.18])
# days a purchase is meant to last
_SPAN = np.array([24.0, 22.0, 38.0, 18.0, 60.0, 60.0])
_OUTSIDE = np.array([0.0, 0.1, 0.3, 0.2, 0.3, 0.4])  # log odds of buying elsewhere
_LAPSE_A_WEEK = 0.0075


@dataclass
class Wants(Rows):
    """One row per household and category that wants to buy today."""

    household: np.ndarray
    category: np.ndarray
    left: np.ndarray  # days of stock at home
    rate: np.ndarray  # standard units used a day
    month: np.ndarray  # age in months of the baby it is for
    units: np.ndarray  # standard units wanted
    deposit: np.ndarray  # by deposit now, balance later
    outside: np.ndarray  # bought elsewhere


class Needs:
    """Turns pantries into wishes, day by day."""

    def __init__(self, families: Families, calendar: Calendar, market: Market, use: np.ndarray):
        self.state, self.calendar, self.market, self.use = families, calendar, market, use
        self.pressure = np.zeros((_C, MONTHS))  # rows that will run out soon, by month of age

    def today(self, rng: np.random.Generator, day: int) -> Wants:
        """Everything wanted on `day`, elsewhere or here."""
        state, cal = self.state, self.calendar
        wake = state.wake.reshape(-1)
        due = np.flatnonzero(wake <= day)
        tempted, deposit = self._tempted(rng, day)
        rows, left, rate, month = self.alive(rng, due, day)
        at = rows % _C * MONTHS + month
        self.pressure = np.bincount(at, minlength=_C * MONTHS).reshape(_C, MONTHS).astype(float)
        thrift = state.thrift[rows // _C]
        chance = 0.40 / (1.0 + np.exp((left - 2.5) / 1.7))
        hold = cal.wait[day] * (0.25 + thrift) * 3.0 * (left > -5)
        chance *= _WEEKDAY[cal.weekday[day]] * np.clip(1.0 - hold, 0.1, 1.0)
        if cal.paused[day]:
            chance *= 0.5
        drawn = rng.random(len(rows)) < chance
        rows, left, rate, month = rows[drawn], left[drawn], rate[drawn], month[drawn]
        first = len(rows)
        more = np.setdiff1d(np.r_[tempted, self._along(rng, rows, day)], rows)
        if len(more):
            extra = self.alive(rng, more, day)
            rows, left, rate, month = (
                np.concatenate(pair) for pair in zip((rows, left, rate, month), extra, strict=True)
            )
        order = np.argsort(rows, kind="stable")
        by_deposit = np.isin(rows, tempted) & deposit & (np.arange(len(rows)) >= first)
        rows, left, rate, month, by_deposit = (
            a[order] for a in (rows, left, rate, month, by_deposit)
        )
        units = self._amount(rng, rows, left, rate, month, day)
        return Wants(
            household=rows // _C,
            category=rows % _C,
            left=left,
            rate=rate,
            month=month,
            units=units,
            deposit=by_deposit,
            outside=self._outside(rng, rows, day) & ~by_deposit,
        )

    def alive(self, rng, rows: np.ndarray, day: int):
        """Drop rows without a need today (asleep until there is one); give left, rate, month."""
        state = self.state
        h, c = rows // _C, rows % _C
        ages = np.stack([day - state.born[h], day - state.born_2[h]]) / np.float32(MONTH)
        start, end = state.start_month[h, c], state.end_month[h, c]
        inside = (ages >= start) & (ages < end)
        use = self.use[c, np.clip(ages, 0, MONTHS - 1).astype(np.int64)] * inside
        both = use.sum(axis=0)
        gone = (state.lapsed[h] <= day) | (both <= 0)
        wake = state.wake.reshape(-1)
        later = np.where(
            ages[0] < start,
            state.born[h] + start * MONTH,
            np.where(ages[1] < start, state.born_2[h] + start * MONTH, FAR),
        )
        later = np.where(later > day, np.maximum(later, state.joined[h]), FAR)
        later = np.where(state.lapsed[h] <= day, FAR, later)
        wake[rows[gone]] = np.minimum(later[gone], FAR).astype(np.int32)
        state.run_out.reshape(-1)[rows[gone]] = later[gone]
        keep = ~gone
        h, c, rows = h[keep], c[keep], rows[keep]
        season = 1.0 + _WINTER[c] * np.cos(self.calendar.season[day] - 0.26)
        second = rng.random(len(rows)) * both[keep] < use[1, keep]
        month = np.where(second, ages[1, keep], ages[0, keep]).astype(np.int64)
        left = state.run_out[h, c] - day
        return rows, left, both[keep] * state.pace[h, c] * season, np.clip(month, 0, MONTHS - 1)

    def _tempted(self, rng, day: int) -> tuple[np.ndarray, bool]:
        """Rows that buy ahead: a festival's peak, or its deposits, comes before they are due."""
        cal, state = self.calendar, self.state
        deposit = cal.balance_on[day] > day
        pull = cal.peak[day]
        if deposit:
            pull = cal.pull[cal.balance_on[day]] * (0.42 if cal.deposit_first[day] else 0.10)
        if pull <= 0:
            return np.zeros(0, dtype=np.int64), False
        reach = 14 + 75 * pull
        run_out, wake = state.run_out.reshape(-1), state.wake.reshape(-1)
        near = np.flatnonzero((run_out < day + reach) & (run_out > day - 25) & (wake < FAR))
        h = near // _C
        near = near[(state.joined[h] <= day) & (state.lapsed[h] > day)]
        h = near // _C
        chance = pull * (0.30 + 0.9 * state.thrift[h]) * (1 - (run_out[near] - day) / (2 * reach))
        return near[rng.random(len(near)) < chance * 0.75], bool(deposit)

    def _along(self, rng, rows: np.ndarray, day: int) -> np.ndarray:
        """Other categories of those who buy anyway, if they are not well stocked."""
        state = self.state
        h = np.unique(rows // _C)
        left = state.run_out[h] - day
        soon = (state.wake[h] < FAR) & (left < 17) & (left > -40)
        pick = soon & (rng.random(left.shape) < 0.38)
        who, category = np.nonzero(pick)
        return h[who] * _C + category

    def _amount(self, rng, rows, left, rate, month, day: int) -> np.ndarray:
        """Standard units: some weeks' use, more at a festival, not beyond the baby's stage."""
        h, c = rows // _C, rows % _C
        span = _SPAN[c] * np.exp(rng.normal(0, 0.33, len(rows)))
        pull = self.calendar.peak[day]
        if self.calendar.balance_on[day] > day:
            pull = self.calendar.pull[self.calendar.balance_on[day]]
        span *= 1.0 + 2.6 * pull * (0.35 + self.state.thrift[h])
        ends = self.state.end_month[h, c] * MONTH - (month * MONTH + 15)
        span = np.minimum(span, np.maximum(ends + 12, 10)) - np.clip(left, 0, 12) * 0.4
        return np.maximum(span, 4) * rate

    def _outside(self, rng, rows: np.ndarray, day: int) -> np.ndarray:
        """Bought elsewhere: rivals, fading ties, annoyance; discounts here hold people."""
        state, market = self.state, self.market
        h, c = rows // _C, rows % _C
        ours = market.discount[day].mean() / 100
        fading = np.clip((day - state.fades[h]) / 30.0, 0, 1.5)
        logit = (
            -0.45
            + _OUTSIDE[c]
            + market.rival[day, c] * (0.5 + state.thrift[h])
            + 1.6 * fading
            + 0.35 * state.annoyance[h]
            - 5.5 * ours * (0.5 + state.thrift[h])
            - 0.5 * (state.last_brand[h, c] >= 0)
        )
        return rng.random(len(rows)) < 1.0 / (1.0 + np.exp(-logit))

    def stock_up(self, h, c, units, rate, day: int, rng) -> None:
        """`units` have come into the pantry; the next purchase is not thought of for a while."""
        state = self.state
        stock = np.maximum(state.run_out[h, c], day - 3) + units / np.maximum(rate, 1e-4)
        state.run_out[h, c] = stock
        state.wake[h, c] = np.maximum(stock - rng.uniform(3, 11, len(h)), day + 2)

    def leave(self, rng: np.random.Generator, day: int) -> None:
        """A seventh of the households, one day in seven, thinks about leaving for good."""
        state = self.state
        h = np.arange(day % 7, len(state), 7)
        h = h[(state.joined[h] <= day - 14) & (state.fades[h] == FAR) & (state.graduates[h] > day)]
        war = (self.market.war[day] * state.uses[h]).sum(axis=1) / state.uses[h].sum(axis=1)
        hazard = _LAPSE_A_WEEK * np.exp(1.1 * (state.thrift[h] - 0.5)) * (1 + 2.2 * war)
        hazard *= 1.0 + 0.8 * state.annoyance[h]
        goes = h[rng.random(len(h)) < hazard]
        ends = day + rng.integers(14, 56, len(goes))
        goes, ends = goes[ends < state.graduates[goes]], ends[ends < state.graduates[goes]]
        state.fades[goes] = day
        state.lapsed[goes] = ends
        state.annoyance[day % 7 :: 7] *= 0.88
