"""Live sessions and notes: when creators are on, how many look, and whom that draws."""

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.listings import PLATFORMS
from orchestration.sandbox.world.oddities import KOLS
from orchestration.sandbox.world.orders import BRUSH, CHANNELS, DAY, NONE, Orders

DOUYIN = PLATFORMS.index("douyin")
XHS = PLATFORMS.index("xiaohongshu")
LIVE, VIDEO, CARD, SEARCH, NOTE = (CHANNELS.index(c) for c in CHANNELS[1:])
NOTE_DAYS = 75
_START = 20 * 3600


@dataclass(frozen=True)
class Sessions:
    """Live sessions, one at most a day; `of_day` gives the index of a day's session or -1."""

    of_day: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    kol: np.ndarray
    reach: np.ndarray


@dataclass(frozen=True)
class Notes:
    """Published notes and their reads by day since publication."""

    published: np.ndarray  # seconds
    kol: np.ndarray
    reads: np.ndarray  # [note, day of life], new reads
    title: np.ndarray


class Media:
    """Draws people to shops; what it counts depends on the orders that follow."""

    def __init__(self, rng: np.random.Generator, calendar: Calendar, households: int) -> None:
        self.calendar, self.size = calendar, households
        self.sessions = self._plan_sessions(rng)
        self.notes = self._plan_notes(rng)
        day = self.notes.published // DAY
        span = calendar.days + NOTE_DAYS + 1
        reads = np.zeros(span)
        for start, of_note in zip(day, self.notes.reads, strict=True):
            reads[start : start + NOTE_DAYS] += of_note
        self.reads = reads
        self._warmth = 0.0
        self._usual = max(float(reads[NOTE_DAYS:].mean()) if len(reads) > NOTE_DAYS else 1.0, 1.0)
        count = len(self.sessions.starts)
        self.paid_orders = np.zeros(count, dtype=np.int64)
        self.paid_cents = np.zeros(count, dtype=np.int64)

    def _plan_sessions(self, rng) -> Sessions:
        days = self.calendar.days
        odds = np.where(self.calendar.pull[:days] > 0.1, 0.85, 0.5)
        on = np.flatnonzero(rng.random(days) < odds)
        of_day = np.full(days, NONE)
        of_day[on] = np.arange(len(on))
        hours = rng.uniform(2.5, 5.4, len(on))  # four in ten go on past midnight
        starts = on * DAY + _START - rng.integers(0, 1800, len(on))
        reach = rng.lognormal(0, 0.5, len(on)) * (1 + 2.5 * self.calendar.pull[on])
        ends = starts + (hours * 3600).astype(np.int64)
        return Sessions(of_day, starts, ends, rng.integers(0, KOLS, len(on)), reach)

    def _plan_notes(self, rng) -> Notes:
        days = self.calendar.days
        odds = 0.16 + 0.35 * self.calendar.warmup[:days]
        day = np.flatnonzero(rng.random(days) < odds)
        day = day if len(day) else np.array([0])
        count = len(day)
        size = rng.lognormal(np.log(60 + self.size / 12), 0.9, count)
        life = np.arange(NOTE_DAYS)
        fade = rng.uniform(3, 14, (count, 1))
        curve = np.exp(-life / fade) * (1 - np.exp(-(life + 0.6)))
        reads = rng.poisson(size[:, None] * curve / curve.sum(axis=1, keepdims=True))
        published = day * DAY + rng.integers(9 * 3600, 22 * 3600, count)
        topic = np.array(
            ["奶粉怎么选", "纸尿裤测评", "辅食添加", "囤货清单", "待产包", "红屁屁护理"]
        )
        number = np.char.add(" ", (np.arange(count) + 1).astype(str))
        title = np.char.add(rng.choice(topic, count), number)
        return Notes(published, rng.integers(0, KOLS, count), reads, title)

    def boost(self, day: int) -> np.ndarray:
        """How much more each shop draws today: a session tonight, notes read these days."""
        push = np.zeros(len(PLATFORMS))
        session = self.sessions.of_day[day]
        if session >= 0:
            push[DOUYIN] = 0.35 + 0.3 * np.log1p(self.sessions.reach[session])
        # reads of some days ago work today
        self._warmth = 0.8 * self._warmth + 0.2 * self.reads[max(day - 2, 0)]
        push[XHS] = 0.6 * np.log1p(self._warmth / self._usual)
        early = self.calendar.wait[day] > 0.25  # Douyin and JD begin their waves earlier
        push[DOUYIN] += 0.4 * early
        push[PLATFORMS.index("jd")] += 0.4 * early
        return push

    def channels(self, rng: np.random.Generator, orders: Orders, day: int) -> None:
        """Say where an order came from; those made in a session get its room and time."""
        draw = rng.random(len(orders))
        search = np.where(draw < 0.55, SEARCH, CARD)
        orders.channel = np.where(orders.shop == XHS, np.where(draw < 0.6, NOTE, CARD), search)
        douyin = (orders.shop == DOUYIN) & (orders.kind != BRUSH)
        orders.channel = np.where(douyin, np.where(draw < 0.35, VIDEO, CARD), orders.channel)
        ours = self.notes.published // DAY <= day
        if ours.any():
            newest = np.flatnonzero(ours)[-6:]
            noted = orders.channel == NOTE
            orders.kol[noted] = self.notes.kol[rng.choice(newest, int(noted.sum()))]
        video = orders.channel == VIDEO
        orders.kol[video] = rng.integers(0, KOLS, int(video.sum()))
        midnight = day * DAY
        for on in (day - 1, day):
            number = self.sessions.of_day[on] if on >= 0 else NONE
            if number < 0:
                continue
            start = max(int(self.sessions.starts[number]), midnight)
            end = min(int(self.sessions.ends[number]), midnight + DAY)
            if end - start < 600:
                continue
            share = 0.42 if on == day else 0.05
            plain = (orders.channel != LIVE) & (orders.deposit_at < 0) & (orders.deposit_cents == 0)
            inside = douyin & plain & (rng.random(len(orders)) < share)
            self._move_into(rng, orders, inside, start, end)
            orders.channel[inside], orders.room[inside] = LIVE, number
            orders.kol[inside] = self.sessions.kol[number]

    def _move_into(self, rng, orders: Orders, which, start: int, end: int) -> None:
        """Orders of one household in one shop keep one moment."""
        house = orders.household[which]
        at = start + (rng.random(len(house)) * (end - start)).astype(np.int64)
        orders.created[which] = at

    def count(self, orders: Orders, paid_cents: np.ndarray) -> None:
        """Add paid orders to the sessions they were made in."""
        live = (orders.room >= 0) & (orders.paid >= 0)
        count = len(self.paid_orders)
        self.paid_orders += np.bincount(orders.room[live], minlength=count)
        self.paid_cents += np.bincount(orders.room[live], paid_cents[live], count).astype(np.int64)

    def session_rows(self, rng: np.random.Generator, day: int) -> dict[str, np.ndarray]:
        """The finished session that began on `day`, as a row of live_sessions, or no row."""
        number = self.sessions.of_day[day] if day >= 0 else NONE
        which = np.array([number] if number >= 0 else [], dtype=np.int64)
        orders = self.paid_orders[which]
        seen = rng.poisson(
            (orders * 38 + 30) * self.sessions.reach[which] * (1 + self.size / 40_000)
        )
        return {
            "session_no": which,
            "starts": self.sessions.starts[which],
            "ends": self.sessions.ends[which],
            "kol": self.sessions.kol[which],
            "visitors": seen,
            "views": seen * 14 // 10,
            "impressions": seen * 5 + 11,
            "paid_orders": orders,
            "paid_cents": self.paid_cents[which],
            "clicks": rng.binomial(seen, 0.22),
            "new_followers": rng.binomial(seen, 0.015),
            "spend_cents": seen * rng.integers(15, 45, len(which)),
        }

    def note_rows(self, day: int) -> dict[str, np.ndarray]:
        """Lifetime counters of all notes that are at most 75 days old."""
        age = day - self.notes.published // DAY
        which = np.flatnonzero((age >= 0) & (age < NOTE_DAYS))
        upto = np.arange(NOTE_DAYS)[None, :] <= age[which][:, None]
        reads = (self.notes.reads[which] * upto).sum(axis=1)
        trait = (which * 7919 % 97) / 97
        return {
            "note": which,
            "published": self.notes.published[which],
            "kol": self.notes.kol[which],
            "reads": reads,
            "impressions": (reads * (5 + 3 * trait)).astype(np.int64),
            "likes": (reads * (0.02 + 0.04 * trait)).astype(np.int64),
            "comments": (reads * (0.002 + 0.006 * trait)).astype(np.int64),
            "favourites": (reads * (0.01 + 0.05 * trait)).astype(np.int64),
            "shares": (reads * 0.006).astype(np.int64),
            "new_followers": (reads * 0.004).astype(np.int64),
        }
