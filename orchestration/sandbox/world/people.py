"""What the brand knows of its households: members, WeCom contacts, talks and groups."""

import numpy as np

from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.families import FAR, Families
from orchestration.sandbox.world.listings import PLATFORMS
from orchestration.sandbox.world.orders import DAY, NONE

STAFF = 12
GROUPS = 24
BIRTHDAY_KINDS = ("right", "hidden", "wrong", "due_date_typed")
RIGHT, HIDDEN, WRONG, TYPED_DUE = range(4)
SOURCES = ("parcel_card", "form", "taobao_bind", "live")
_TAOBAO = PLATFORMS.index("taobao")
_TALKS_A_DAY = 0.022


class People:
    """Decides once who becomes a member or contact; then counts talks day by day."""

    def __init__(self, rng: np.random.Generator, state: Families, calendar: Calendar) -> None:
        self.state, self.calendar = state, calendar
        count = len(state)
        self.is_member = rng.random(count) < 0.42
        self.is_contact = rng.random(count) < np.where(self.is_member, 0.45, 0.14)
        self.joined_at = np.maximum(state.joined, -600) * DAY + rng.integers(8, 80, count) * 3600
        self.added_at = self.joined_at + rng.integers(0, 20 * DAY, count)
        self.staff = rng.integers(0, STAFF, count)
        self.talkative = rng.gamma(1.6, 1 / 1.6, count)
        self.contacts_known = np.flatnonzero(self.is_contact)

    def members(self, rng: np.random.Generator, since: int, until: int) -> dict[str, np.ndarray]:
        """Member and baby rows recorded in [since, until) seconds."""
        state = self.state
        second_at = np.where(
            state.born_2 < FAR, state.born_2.astype(np.int64) * DAY + 40 * DAY, NONE
        )
        rows = []
        for baby, born, at in (
            (1, state.born, self.joined_at),
            (2, state.born_2, np.maximum(second_at, self.joined_at)),
        ):
            there = self.is_member & (at >= since) & (at < until) & (born < FAR)
            if baby == 2:  # half of the parents tell of a second baby
                there &= (np.arange(len(state)) * 7919 % 10) < 5
            who = np.flatnonzero(there)
            rows.append((who, np.full(len(who), baby), born[who], at[who]))
        who, baby, born, at = (np.concatenate(column) for column in zip(*rows, strict=True))
        count = len(who)
        draw = rng.random(count)
        pregnant = born.astype(np.int64) * DAY > at
        kind = np.where(draw < 0.26, HIDDEN, np.where(draw < 0.34, WRONG, RIGHT))
        kind = np.where(pregnant, np.where(draw < 0.15, TYPED_DUE, HIDDEN), kind)
        due = born + rng.integers(-12, 13, count)
        wrong = np.stack(
            [
                np.full(
                    count,
                    (np.datetime64("1900-01-01") - np.datetime64(self.calendar.first)).astype(int),
                ),
                at // DAY,
                born + 365,
                born - 365,
            ]
        )[rng.integers(0, 4, count), np.arange(count)]
        birthday = np.select([kind == RIGHT, kind == WRONG, kind == TYPED_DUE], [born, wrong, due])
        return {
            "household": who,
            "baby_no": baby,
            "birthday": birthday,
            "has_birthday": kind != HIDDEN,
            "due": due,
            "has_due": pregnant | (rng.random(count) < 0.12),
            "kind": kind,
            "joined_at": self.joined_at[who],
            "recorded_at": at,
            "gender": rng.integers(0, 2, count),
            "source": rng.integers(0, len(SOURCES), count),
            "level": np.minimum(rng.geometric(0.45, count), 4),
            "consent": (rng.random(count) < 0.72).astype(np.int64),
            "has_union": rng.random(count) < np.where(self.is_contact[who], 0.95, 0.35),
            "has_taobao": (np.array(PLATFORMS)[self.state.home_shop[who]] == "taobao")
            & (rng.random(count) < 0.8),
        }

    def contacts(self, rng: np.random.Generator, since: int, until: int) -> dict[str, np.ndarray]:
        """Contacts added in [since, until) seconds; a tenth is handed to other staff later."""
        who = self.contacts_known
        at = self.added_at[who]
        handed = at + (60 + who * 7919 % 300) * DAY
        moved = (who * 104_729 % 10) == 0
        first, second = (at >= since) & (at < until), moved & (handed >= since) & (handed < until)
        household = np.r_[who[first], who[second]]
        is_second = np.r_[
            np.zeros(int(first.sum()), dtype=bool), np.ones(int(second.sum()), dtype=bool)
        ]
        count = len(household)
        ways = rng.choice([1, 1, 1, 3, 4, 5, 10], count)
        return {
            "household": household,
            "staff": (self.staff[household] + is_second * 5) % STAFF,
            "added_at": np.r_[at[first], handed[second]],
            "add_way": np.where(is_second, rng.choice([201, 202], count), ways),
            "age": np.r_[at[first], handed[second]] // DAY - self.state.born[household],
            "has_union": rng.random(count) < 0.93,
        }

    def talks(self, rng: np.random.Generator, day: int) -> dict[str, np.ndarray]:
        """Chats of the day: fewer and fewer before a household leaves, none afterwards."""
        who, state = self.contacts_known, self.state
        here = (self.added_at[who] < day * DAY) & (state.lapsed[who] > day - 20)
        who = who[here & (state.graduates[who] > day)]
        fading = np.clip((day - state.fades[who] + 12) / 30.0, 0, 1)
        mean = _TALKS_A_DAY * self.talkative[who] * (1 - 0.93 * fading)
        mean *= 1 + 1.2 * self.calendar.warmup[day]
        chats = rng.poisson(mean)
        who, chats = who[chats > 0], chats[chats > 0]
        moved = ((who * 104_729 % 10) == 0) & (
            self.added_at[who] + (60 + who * 7919 % 300) * DAY < day * DAY
        )
        return {
            "household": who,
            "staff": (self.staff[who] + moved * 5) % STAFF,
            "chats": chats,
            "messages": chats + rng.poisson(chats * 5.0),
        }

    def group_members(self, rng, since: int, until: int) -> dict[str, np.ndarray]:
        """Contacts that entered a group in [since, until) seconds."""
        who = self.contacts_known[(self.contacts_known * 31 % 10) < 4]
        at = self.added_at[who] + (who * 17 % 20) * DAY
        who, at = who[(at >= since) & (at < until)], at[(at >= since) & (at < until)]
        stays = rng.random(len(who)) < 0.75
        left = np.where(stays, NONE, at + rng.integers(5 * DAY, 200 * DAY, len(who)))
        return {
            "household": who,
            "group": who * 13 % GROUPS,
            "joined_at": at,
            "left_at": left,
            "join_scene": rng.integers(1, 4, len(who)),
        }
