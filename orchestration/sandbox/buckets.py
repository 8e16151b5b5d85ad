"""When the sandbox is pulled: history by the month, the last weeks by the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

DAILY_DAYS = 60


@dataclass(frozen=True)
class Bucket:
    """One pull's window, days inclusive; it lands on its last day, as things stand at its end."""

    no: int
    first_day: date
    last_day: date

    @property
    def landed_on(self) -> date:
        """The day of the folder it lands in."""
        return self.last_day

    @property
    def is_daily(self) -> bool:
        """Whether this is a nightly pull rather than a month of history."""
        return self.first_day == self.last_day

    @property
    def end(self) -> datetime:
        """The first moment after it, in Beijing."""
        return datetime.combine(self.last_day + timedelta(days=1), time())


def buckets_of(first: date, last: date, *, daily_days: int = DAILY_DAYS) -> tuple[Bucket, ...]:
    """Calendar months from `first` on, then one bucket for each of the last `daily_days` days."""
    daily_from = max(first, last - timedelta(days=daily_days - 1))
    windows, start = [], first
    while start < daily_from:
        next_month = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = min(next_month, daily_from)
        windows.append((start, end - timedelta(days=1)))
        start = end
    days = (last - daily_from).days + 1
    windows += [(day, day) for day in (daily_from + timedelta(days=n) for n in range(days))]
    return tuple(Bucket(no, *window) for no, window in enumerate(windows))


def groups_of(buckets: Sequence[Bucket], *, days: int) -> tuple[tuple[Bucket, ...], ...]:
    """Neighbouring buckets that are written together: `days` at most, or a single month."""
    groups: list[list[Bucket]] = []
    for bucket in buckets:
        fits = groups and (bucket.last_day - groups[-1][0].first_day).days < days
        if not fits:
            groups.append([])
        groups[-1].append(bucket)
    return tuple(tuple(group) for group in groups)
