"""Features as known at an origin, for any (series, origin, step) rows at once.

Every table holds at period t only what periods <= t told, so a row of origin o reads column o
and nothing later; calendar and known-future columns are read at the target o + step.
Quantities are divided by the series' scale at the origin: its mean over the last year of
in-stock periods. A global model can then learn small and large series together.
"""

from collections.abc import Iterator

import numpy as np

from ml.demand.groups import GroupDemand, GroupSum, group_codes
from ml.demand.panel import History
from ml.demand.response import (
    MAX_LOG_UPLIFT,
    drive_of,
    log_over_normal,
    price_column,
    promo_periods,
    uplift_slope,
)
from ml.demand.rhythm import YEAR_WEEKS, Rhythm
from ml.demand.season import PooledSeason
from ml.demand.windows import row_mean, smooth, window_mean

SEASON = YEAR_WEEKS
LAGS = 6
PROMISES = ("discount_rate", "promo_share")
# more of it never means less demand
RISING = (*PROMISES, *(f"{name}_change" for name in PROMISES), "uplift", "season_base")
FALLING = ("price_over_normal",)
LAUNCH_WEEKS = 26  # after that, age would only number the weeks
WAVES = 3
# What only models of earlier versions read: what numbers the weeks, or is one number a week for
# all series, lets trees learn by heart what all shared in single weeks. XGBoost alone, with these
# and one wave of the year against without them and three, two to four earlier origins each: WAPE
# and scaled pinball Online Retail .842 -> .777 and .455 -> .444, Dominick's .444 -> .437 and .295
# -> .297, Complete Journey 1.002 -> 1.008 and .536 -> .531, two generated shops .304 -> .307 and
# .171 -> .170; VN2's WAPE .608 -> .595.
FORMER = ("age_weeks", "season_week", "all_now", "all_last_year")


class FeatureTables:
    """Causal tables of one History; `rows` reads feature rows from them."""

    def __init__(self, history: History) -> None:
        self.history, self.rhythm = history, Rhythm.of(history.freq)
        self.n_series, self.n_weeks = history.y.shape
        self.season_week = self.rhythm.year_phase(history.weeks)
        self.cycle_phase = self.rhythm.cycle_phase(history.weeks)
        self.seen = ~np.isnan(history.y)
        self.filled = np.where(self.seen, history.y, 0.0)
        self.count = np.cumsum(self.seen, axis=1, dtype=np.int32)
        least = 1 / self.rhythm.scale
        scale = window_mean(self.filled, self.seen, self.rhythm.scale)
        self.scale = np.maximum(np.nan_to_num(scale, nan=least), least)
        self._relative = self._relative_tables()
        self._plain = self._plain_tables()
        self._planned = self._planned_tables()
        drive = drive_of(history)
        self.drive = np.zeros((self.n_series, len(history.weeks)), "f4") if drive is None else drive
        self.uplift_slope = uplift_slope(self.drive, self._calm_mean, self.filled, self.seen)
        self._season = PooledSeason(
            self.filled,
            self.seen,
            _category(history),
            (self.season_week, self.cycle_phase),
            self.rhythm,
            None if drive is None else self._lift,
        )
        week = self.rhythm.per_week
        self._groups = {
            name: (
                GroupDemand(code, self.filled, self.seen, self.scale, 4 * week),
                GroupDemand(code, self.filled, self.seen, self.scale, 3 * week),
            )
            for name, code in group_codes(history).items()
        }

    @property
    def names(self) -> list[str]:
        """Names of the feature columns to learn from, in the order of `rows`."""
        at = np.zeros(1, int)
        found = [name for name, _ in self._columns(at, at, at + 1)]
        return [name for name in found if name not in FORMER]

    def can_model(self, origin: int) -> np.ndarray:
        """Flag per series: enough in-stock periods up to `origin`, some of them with demand."""
        return (self.count[:, origin] >= self.rhythm.least) & self.is_selling(origin)

    def is_selling(self, origin: int) -> np.ndarray:
        """Flag per series: some demand in the year up to `origin`."""
        first = max(0, origin - self.rhythm.season + 1)
        return self.filled[:, first : origin + 1].sum(1) > 0

    def is_young(self, origin: int) -> np.ndarray:
        """Flag per series: too few in-stock periods to be modelled, first sold within a year.

        A series without any row counts when its planned launch says so.
        """
        few = self.count[:, origin] < self.rhythm.least
        unseen_sales = (self.count[:, origin] == 0) & ~np.isnan(self.history.sold).all(1)
        return few & ~unseen_sales & (origin - self.history.first < self.rhythm.season)

    def rows(
        self,
        series: np.ndarray,
        origin: np.ndarray,
        step: np.ndarray,
        names: list[str] | None = None,
    ) -> np.ndarray:
        """Return the float32 feature matrix of the given rows: columns `names`, by default all.

        Raises ValueError for a name that no column has.
        """
        place = {name: k for k, name in enumerate(self.names if names is None else names)}
        out = np.empty((len(series), len(place)), np.float32)
        for name, values in self._columns(series, origin, step):
            if name in place:
                out[:, place.pop(name)] = values
        if place:
            raise ValueError(f"no feature is called {next(iter(place))!r}")
        return out

    def season(
        self, series: np.ndarray, origin: np.ndarray, target: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pooled seasonal index of the target period, and the series' level without season.

        Level: the last in-stock quarter with season and promotion divided out.
        """
        level = np.empty(len(series))
        for one in np.unique(origin):
            at = origin == one
            level[at] = self._season.level(int(one), self.scale[:, one])[series[at]]
        return self._season.index(series, origin, target), level

    def uplift(self, series: np.ndarray, origin: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Expected factor of the target period's planned discount, never below 1."""
        planned = self.uplift_slope[series, origin] * self.drive[series, target]
        return np.exp(np.clip(planned, 0, MAX_LOG_UPLIFT))

    def season_base(self, origin: int, horizon: int) -> np.ndarray:
        """Level x season x uplift for all series, N x horizon: the classical forecast."""
        series, step = np.divmod(np.arange(self.n_series * horizon), horizon)
        origins = np.full(len(series), origin)
        target = origins + step + 1
        index, base = self.season(series, origins, target)
        forecast = base * index * self.uplift(series, origins, target)
        return forecast.reshape(self.n_series, horizon)

    def expected(self, origin: int, periods: np.ndarray) -> np.ndarray:
        """Level x season x planned promotion of all series as known at `origin`, N x periods."""
        level = self._season.level(origin, self.scale[:, origin])
        return level[:, None] * self._season.factor(periods, origin)

    def _columns(self, series, origin, step) -> Iterator[tuple[str, np.ndarray]]:
        yield from self._history_columns(series, origin, origin + step, step)
        yield from self._calendar_columns(series, origin, origin + step, step)
        for name, table in self._planned.items():
            yield name, table[series, origin + step]
        for name, table in self.history.known.items():
            recent = [self._at(table, series, origin - k) for k in range(8)]
            yield f"{name}_change", table[series, origin + step] - row_mean(recent)
            if name not in PROMISES:
                yield f"{name}_before", self._at(table, series, origin + step - 1)
        for name, values in self.history.static.items():
            yield name, values[series]

    def _history_columns(self, series, origin, target, step) -> Iterator[tuple[str, np.ndarray]]:
        y, scale, season = self.history.y, self.scale[series, origin], self.rhythm.season
        for lag in range(LAGS):
            yield f"lag_{lag}", self._at(y, series, origin - lag) / scale
        for name, table in self._relative.items():
            yield name, table[series, origin] / scale
        cycle = self.rhythm.cycle
        if cycle > 1:
            same = target - cycle * ((step - 1) // cycle + 1)
            past = [self._at(y, series, same - cycle * k) for k in range(4)]
            yield "same_day_last_week", past[0] / scale
            yield "same_day_mean_4", row_mean(past) / scale
        last_year = target - season * ((step - 1) // season + 1)
        yield "last_year", self._at(y, series, last_year) / scale
        week = self.rhythm.per_week
        beside = [np.minimum(last_year + k * week, origin) for k in (-2, -1, 0, 1, 2)]
        around = row_mean([self._at(y, series, at) for at in beside])
        yield "last_year_around", around / scale
        before = self._at(self._relative[f"mean_{self.rhythm.windows[2]}"], series, origin - season)
        yield "last_year_growth", around / (before + 0.1 * scale)
        for name, table in self._plain.items():
            yield name, table[series, origin]
        for name, (short, centred) in self._groups.items():
            yield f"{name}_now", short.now(series, origin)
            yield f"{name}_last_year", centred.around(series, last_year, origin)

    def _calendar_columns(self, series, origin, target, step) -> Iterator[tuple[str, np.ndarray]]:
        scale = self.scale[series, origin]
        yield "log_scale", np.log(scale)
        age = (origin - self.history.first[series]) / self.rhythm.per_week
        yield "age_weeks", age
        yield "launch_weeks", np.minimum(age, LAUNCH_WEEKS)
        index, base = self.season(series, origin, target)
        uplift = self.uplift(series, origin, target)
        yield "season_index", index
        yield "season_base", base * index * uplift / scale
        yield "uplift", uplift
        yield "step", step
        yield "season_week", self.season_week[target]
        if self.rhythm.cycle > 1:
            yield "weekday", self.cycle_phase[target]
        angle = 2 * np.pi * self.season_week[target] / YEAR_WEEKS
        for k in range(1, WAVES + 1):
            yield f"sin_{k}", np.sin(k * angle)
            yield f"cos_{k}", np.cos(k * angle)

    def _lift(self, periods: np.ndarray, origin: int) -> np.ndarray:
        planned = self.uplift_slope[:, [origin]] * self.drive[:, periods]
        return np.exp(np.clip(planned, 0, MAX_LOG_UPLIFT))

    def _relative_tables(self) -> dict[str, np.ndarray]:
        filled, seen, tables = self.filled, self.seen, {}
        for width in self.rhythm.windows:
            mean = window_mean(filled, seen, width)
            square = window_mean(filled**2, seen, width)
            tables[f"mean_{width}"] = mean
            tables[f"std_{width}"] = np.sqrt(np.maximum(square - mean**2, 0))
        for width in self.rhythm.windows[1::2]:  # hardly moved by a single peak
            tables[f"calm_{width}"] = window_mean(np.sqrt(filled), seen, width) ** 2
        for name, alpha in (("slow", 0.1), ("fast", 0.35)):
            tables[f"smooth_{name}"] = smooth(filled, seen, alpha)
        calm = seen & ~promo_periods(self.history)[:, : self.n_weeks]
        middle = self.rhythm.windows[2]
        mean = window_mean(np.where(calm, filled, 0), calm, middle)
        self._calm_mean = np.where(np.isnan(mean), tables[f"mean_{middle}"], mean)
        if self.history.known:
            tables["no_promo_mean"] = self._calm_mean
            year = window_mean(np.where(calm, filled, 0), calm, self.rhythm.windows[-1])
            tables["no_promo_mean_year"] = year
        return {name: table.astype(np.float32) for name, table in tables.items()}

    def _plain_tables(self) -> dict[str, np.ndarray]:
        history, seen, windows = self.history, self.seen, self.rhythm.windows
        selling = self.filled > 0
        period = np.arange(self.n_weeks)[None, :]
        last_sale = np.maximum.accumulate(np.where(selling, period, -1), axis=1)
        since = np.where(last_sale >= 0, period - last_sale, self.rhythm.season)
        started = ~np.isnan(history.sold)
        tables = {
            "sell_share_quarter": window_mean(selling, seen, windows[2]),
            "sell_share_year": window_mean(selling, seen, windows[-1]),
            "weeks_since_sale": since / self.rhythm.per_week,
            "stockout_share": window_mean(history.is_stockout, started, windows[1]),
        }
        for name, table in history.observed.items():
            known = ~np.isnan(table) & ~history.is_stockout
            value = np.where(known, table, 0.0)
            long = window_mean(value, known, windows[-2])
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = window_mean(value, known, windows[0]) / long
            tables[f"{name}_trend"] = np.where(np.isfinite(ratio), ratio, np.nan)
        return {name: table.astype(np.float32) for name, table in tables.items()}

    def _planned_tables(self) -> dict[str, np.ndarray]:
        """Known-future columns as they are, and the price against its own normal and siblings."""
        tables = dict(self.history.known)
        name = price_column(self.history)
        if name is not None:
            relative = log_over_normal(self.history.known[name])
            tables["price_over_normal"] = relative
            for attribute, code in group_codes(self.history).items():
                tables[f"price_over_{attribute}"] = relative - _group_mean(relative, code)
        return {name: table.astype(np.float32) for name, table in tables.items()}

    def _at(self, table: np.ndarray, series: np.ndarray, period: np.ndarray) -> np.ndarray:
        return np.where(period >= 0, table[series, np.maximum(period, 0)], np.nan)


def _category(history: History) -> np.ndarray:
    if "category" not in history.static:
        return np.zeros(len(history.ids), int)
    return np.unique(history.static["category"], return_inverse=True)[1]


def _group_mean(table: np.ndarray, code: np.ndarray) -> np.ndarray:
    of_group, seen = GroupSum(code), ~np.isnan(table)
    total, count = of_group(np.where(seen, table, 0.0)), of_group(seen.astype(float))
    return (total / np.maximum(count, 1))[code]
