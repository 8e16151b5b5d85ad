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


def draws(number: np.ndarray, salt: int) -> np.ndarray:
    """A number from 0 to 1 for each of `number`, always the same for the same salt (splitmix64)."""
    z = number.astype(np.uint64) * np.uint64(64) + np.uint64(salt)
    z = z * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    return (z ^ (z >> np.uint64(31))) / 2.0**64


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
        handed = self.added_at + rng.integers(60, 360, count) * DAY
        self.handed_at = np.where((rng.random(count) < 0.1) & (handed >= 0), handed, NONE)

    def members(self, since: int, until: int) -> dict[str, np.ndarray]:
        """Member and baby rows recorded in [since, until) seconds."""
        state = self.state
        told = np.maximum((state.born_2.astype(np.int64) + 40) * DAY, self.joined_at)
        rows = []
        for baby, born, at in ((1, state.born, self.joined_at), (2, state.born_2, told)):
            there = self.is_member & (at >= since) & (at < until) & (born < FAR)
            if baby == 2:  # half of the parents tell of a second baby
                there &= draws(np.arange(len(state)), 1) < 0.5
            who = np.flatnonzero(there)
            rows.append((who, np.full(len(who), baby), born[who], at[who]))
        who, baby, born, at = (np.concatenate(column) for column in zip(*rows, strict=True))
        key = who * 2 + baby
        kind, pregnant = self._birthday_kind(key, born, at)
        due = born - 12 + (draws(key, 3) * 25).astype(np.int64)
        typed_wrong = self._wrong_birthday(key, born, at)
        birthday = np.select(
            [kind == RIGHT, kind == WRONG, kind == TYPED_DUE], [born, typed_wrong, due], 0
        )
        at_taobao = np.array(PLATFORMS)[state.home_shop[who]] == "taobao"
        return {
            "household": who,
            "home_shop": state.home_shop[who].astype(np.int64),
            "baby_no": baby,
            "birthday": birthday,
            "has_birthday": kind != HIDDEN,
            "due": due,
            "has_due": pregnant | (draws(key, 4) < 0.12),
            "kind": kind,
            "joined_at": self.joined_at[who],
            "recorded_at": at,
            "gender": (draws(key, 5) < 0.5).astype(np.int64),
            "source": (draws(who, 6) * len(SOURCES)).astype(np.int64),
            "level": 1 + np.searchsorted([0.45, 0.7, 0.88], draws(who, 7)),
            "consent": (draws(who, 8) < 0.72).astype(np.int64),
            "has_union": draws(who, 9) < np.where(self.is_contact[who], 0.95, 0.35),
            "has_taobao": at_taobao & (draws(who, 10) < 0.8),
        }

    def _birthday_kind(self, key, born, at) -> tuple[np.ndarray, np.ndarray]:
        """What is typed into the birthday field, and whether the baby is yet to come."""
        draw = draws(key, 2)
        pregnant = born.astype(np.int64) * DAY > at
        kind = np.where(draw < 0.26, HIDDEN, np.where(draw < 0.34, WRONG, RIGHT))
        return np.where(pregnant, np.where(draw < 0.15, TYPED_DUE, HIDDEN), kind), pregnant

    def _wrong_birthday(self, key, born, at) -> np.ndarray:
        """The form's default, the day of joining, or a year too late or too early."""
        default = np.datetime64("1900-01-01") - np.datetime64(self.calendar.first)
        way = draws(key, 11)
        return np.select(
            [way < 0.3, way < 0.6, way < 0.8],
            [np.full(len(key), default.astype(int)), at // DAY, born.astype(np.int64) + 365],
            born.astype(np.int64) - 365,
        )

    def contacts(self, since: int, until: int) -> dict[str, np.ndarray]:
        """Contacts added in [since, until) seconds; a tenth is handed to other staff later."""
        who = self.contacts_known
        at, handed = self.added_at[who], self.handed_at[who]
        first, second = (at >= since) & (at < until), (handed >= since) & (handed < until)
        household = np.r_[who[first], who[second]]
        is_second = np.repeat([False, True], [int(first.sum()), int(second.sum())])
        ways = np.array([1, 1, 1, 3, 4, 5, 10])[(draws(household, 12) * 7).astype(np.int64)]
        added = np.r_[at[first], handed[second]]
        return {
            "contact_no": household * 2 + is_second + 1,
            "household": household,
            "staff": (self.staff[household] + is_second * 5) % STAFF,
            "added_at": added,
            "add_way": np.where(is_second, 201 + household % 2, ways),
            "age": added // DAY - self.state.born[household],
            "has_union": draws(household, 13) < 0.93,
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
        moved = (self.handed_at[who] >= 0) & (self.handed_at[who] < day * DAY)
        return {
            "household": who,
            "staff": (self.staff[who] + moved * 5) % STAFF,
            "chats": chats,
            "messages": chats + rng.poisson(chats * 5.0),
        }

    def group_members(self, since: int, until: int) -> dict[str, np.ndarray]:
        """Contacts that entered a group in [since, until) seconds; one in four leaves again."""
        who = self.contacts_known[draws(self.contacts_known, 14) < 0.4]
        at = self.added_at[who] + (draws(who, 15) * 20).astype(np.int64) * DAY
        now = (at >= since) & (at < until)
        who, at = who[now], at[now]
        left = at + ((5 + draws(who, 16) * 195) * DAY).astype(np.int64)
        return {
            "household": who,
            "group": (draws(who, 17) * GROUPS).astype(np.int64),
            "joined_at": at,
            "left_at": np.where(draws(who, 18) < 0.25, left, NONE),
            "join_scene": 1 + (draws(who, 19) * 3).astype(np.int64),
        }
