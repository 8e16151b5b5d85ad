"""Features as known at an origin week, for any (series, origin, step) rows at once.

Every table holds at week t only what weeks <= t told, so a row of origin o reads column o and
nothing later; calendar and known-future columns are read at the target week o + step.
Quantities are divided by the series' scale at the origin: its mean over the last 53 in-stock
weeks. A global model can then learn small and large series together.
"""

from dataclasses import dataclass

import numpy as np

from ml.demand.panel import History

SEASON = 52
SCALE_WEEKS = 53
MIN_WEEKS = 8  # in-stock weeks a series must show before a model is trusted with it
WINDOWS = (4, 8, 13, 26, 52)
LAGS = 6
PROMO_COLUMNS = ("discount_rate", "promo_share", "peak_share", "festival_share")
RISING = ("discount_rate", "promo_share", "uplift")  # more of it never means less demand
PRIOR_DISCOUNT = 0.25  # weight of the pooled uplift, in units of summed squared discount
SEASON_PRIOR = 0.3
MAX_LOG_UPLIFT = 2.5


@dataclass(frozen=True)
class Rows:
    """Training rows: series, origin and step indices, scaled target, scale and weight."""

    series: np.ndarray
    origin: np.ndarray
    step: np.ndarray
    target: np.ndarray
    scale: np.ndarray
    decay: np.ndarray


class FeatureTables:
    """Causal tables of one History; `rows` reads feature rows from them."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.n_series, self.n_weeks = history.y.shape
        self.season_week = np.minimum(history.weeks.isocalendar().week.to_numpy(int), SEASON) - 1
        self.group, self.n_groups = _groups(history)
        y = history.y
        self.seen = ~np.isnan(y)
        self.filled = np.where(self.seen, y, 0.0)
        self.count = np.cumsum(self.seen, axis=1)
        self.scale = np.maximum(_mean(self.filled, self.seen, SCALE_WEEKS), 1 / SCALE_WEEKS)
        self.scale = np.where(np.isnan(self.scale), 1 / SCALE_WEEKS, self.scale)
        self.drive = self._drive()
        self._relative = self._relative_tables()
        self._plain = self._plain_tables()
        self.uplift_slope = self._uplift_slope()
        self._ready = np.zeros(self.n_weeks, bool)
        self._index = np.empty((self.n_weeks, self.n_groups, SEASON))
        self._level = np.empty((self.n_series, self.n_weeks))

    @property
    def names(self) -> list[str]:
        """Names of the feature columns, in the order of `rows`."""
        return [
            *(f"lag_{lag}" for lag in range(LAGS)),
            *self._relative,
            "last_year",
            "last_year_around",
            *self._plain,
            "log_scale",
            "age_weeks",
            "season_index",
            "season_base",
            "uplift",
            "step",
            "season_week",
            *(f"{wave}_{k}" for k in (1, 2) for wave in ("sin", "cos")),
            "last_year_drive",
            *self.history.known,
            *(f"{name}_recent" for name in self.history.known),
            *self.history.static,
        ]

    def can_model(self, origin: int) -> np.ndarray:
        """Flag per series: enough in-stock weeks up to `origin`, some of them with demand."""
        return (self.count[:, origin] >= MIN_WEEKS) & self.is_selling(origin)

    def is_selling(self, origin: int) -> np.ndarray:
        """Flag per series: some demand in the year up to `origin`."""
        return self.filled[:, max(0, origin - SEASON + 1) : origin + 1].sum(1) > 0

    def rows(self, series: np.ndarray, origin: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Return the float32 feature matrix of the given rows, columns as in `names`."""
        history, target = self.history, origin + step
        scale = self.scale[series, origin]
        columns = [self._at(history.y, series, origin - lag) / scale for lag in range(LAGS)]
        columns += [table[series, origin] / scale for table in self._relative.values()]
        back = SEASON * ((step - 1) // SEASON + 1)
        last_year = target - back
        columns.append(self._at(history.y, series, last_year) / scale)
        around = [self._at(history.y, series, np.minimum(last_year + k, origin)) for k in (-1, 1)]
        columns.append(_row_mean([*around, columns[-1] * scale]) / scale)
        columns += [table[series, origin] for table in self._plain.values()]
        columns.append(np.log(scale))
        columns.append((origin - history.first[series]).astype(float))
        index, base = self.season(series, origin, target)
        uplift = self.uplift(series, origin, target)
        columns += [index, base * index * uplift / scale, uplift, step.astype(float)]
        week = self.season_week[target]
        columns.append(week.astype(float))
        for k in (1, 2):
            angle = 2 * np.pi * k * week / SEASON
            columns += [np.sin(angle), np.cos(angle)]
        columns.append(self._at(self.drive, series, last_year))
        columns += [table[series, target] for table in history.known.values()]
        columns += [_recent(table, series, origin) for table in history.known.values()]
        columns += [values[series] for values in history.static.values()]
        return np.column_stack(columns).astype(np.float32)

    def season(
        self, series: np.ndarray, origin: np.ndarray, target: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pooled seasonal index of the target week, and the series' level without season.

        Index: demand of that week of the year over the level, pooled over the series of a
        category and shrunk towards all series and 1. Level: the last 13 in-stock weeks with
        season and promotion divided out.
        """
        self._prepare(np.unique(origin))
        index = self._index[origin, self.group[series], self.season_week[target]]
        return index, self._level[series, origin]

    def uplift(self, series: np.ndarray, origin: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Expected factor of the target week's planned discount, never below 1."""
        planned = np.nan_to_num(self.drive[series, target])
        return np.exp(np.clip(self.uplift_slope[series, origin] * planned, 0, MAX_LOG_UPLIFT))

    def season_base(self, origin: int, horizon: int) -> np.ndarray:
        """Level x season x uplift for all series, N x horizon: the classical forecast."""
        series, step = np.divmod(np.arange(self.n_series * horizon), horizon)
        origins = np.full(len(series), origin)
        target = origins + step + 1
        index, base = self.season(series, origins, target)
        forecast = base * index * self.uplift(series, origins, target)
        return forecast.reshape(self.n_series, horizon)

    def _prepare(self, origins: np.ndarray) -> None:
        """Fill the season table and the level of origins asked for the first time."""
        for origin in origins[~self._ready[origins]]:
            table = self._season_table(origin)
            window = np.arange(max(0, origin - 12), origin + 1)
            factor = table[self.group][:, self.season_week[window]]
            factor = factor * self._lift(window, origin) * self.seen[:, window]
            total = factor.sum(1)
            level = self.filled[:, window].sum(1) / np.where(total > 0, total, 1)
            self._index[origin] = table
            self._level[:, origin] = np.where(total > 0, level, self.scale[:, origin])
            self._ready[origin] = True

    def _lift(self, weeks: np.ndarray, origin: int) -> np.ndarray:
        planned = np.nan_to_num(self.drive[:, weeks])
        return np.exp(np.clip(self.uplift_slope[:, [origin]] * planned, 0, MAX_LOG_UPLIFT))

    def _season_table(self, origin: int) -> np.ndarray:
        """Seasonal index, groups x weeks of the year, from weeks up to `origin`.

        Demand over the level expected without season, pooled; level and season are found in
        turn, since half a year more of history shifts a plain mean.
        """
        member = np.zeros((self.n_groups, self.n_series))
        member[self.group, np.arange(self.n_series)] = 1.0
        week = self.season_week[: origin + 1]
        weeks = np.eye(SEASON)[week]
        one = np.eye(SEASON)
        weeks = weeks @ (one + 0.5 * (np.roll(one, 1, 0) + np.roll(one, -1, 0)))
        demand = self.filled[:, : origin + 1]
        lift = self._lift(np.arange(origin + 1), origin) * self.seen[:, : origin + 1]
        got = member @ demand @ weeks
        index = np.ones((self.n_groups, SEASON))
        for _ in range(2):
            weight = (lift * index[self.group][:, week]).sum(1)
            level = demand.sum(1) / np.where(weight > 0, weight, 1)
            expected = (member * level) @ lift @ weeks
            typical = max(expected.sum() / SEASON, 1e-9) * SEASON_PRIOR
            pooled = (got.sum(0) + typical) / (expected.sum(0) + typical)
            prior = np.maximum(expected.sum(1, keepdims=True) / SEASON, 1e-9) * SEASON_PRIOR
            index = (got + prior * pooled) / (expected + prior)
        return index

    def _relative_tables(self) -> dict[str, np.ndarray]:
        filled, seen = self.filled, self.seen
        tables = {}
        for width in WINDOWS:
            mean = _mean(filled, seen, width)
            square = _mean(filled**2, seen, width)
            tables[f"mean_{width}"] = mean
            tables[f"std_{width}"] = np.sqrt(np.maximum(square - mean**2, 0))
        for name, alpha in (("slow", 0.1), ("fast", 0.35)):
            tables[f"smooth_{name}"] = _smooth(filled, seen, alpha)
        calm = seen & ~self._is_promo()[:, : self.n_weeks]
        self._calm_mean = _mean(np.where(calm, filled, 0), calm, 13)
        self._calm_mean = np.where(np.isnan(self._calm_mean), tables["mean_13"], self._calm_mean)
        if self.history.known:
            tables["calm_mean_13"] = self._calm_mean
            tables["calm_mean_52"] = _mean(np.where(calm, filled, 0), calm, 52)
        return tables

    def _plain_tables(self) -> dict[str, np.ndarray]:
        history, seen = self.history, self.seen
        selling = self.filled > 0
        week = np.arange(self.n_weeks)[None, :]
        last_sale = np.maximum.accumulate(np.where(selling, week, -1), axis=1)
        started = ~np.isnan(history.sold)
        tables = {
            "sell_share_13": _mean(selling.astype(float), seen, 13),
            "sell_share_52": _mean(selling.astype(float), seen, 52),
            "weeks_since_sale": np.where(last_sale >= 0, week - last_sale, SEASON).astype(float),
            "stockout_share_8": _mean(history.is_stockout.astype(float), started, 8),
        }
        for name, table in history.observed.items():
            known = ~np.isnan(table) & ~history.is_stockout
            value = np.where(known, table, 0.0)
            long = _mean(value, known, 26)
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = _mean(value, known, 4) / long
            tables[f"{name}_trend"] = np.where(np.isfinite(ratio), ratio, np.nan)
        return tables

    def _drive(self) -> np.ndarray:
        known = self.history.known
        name = next((name for name in PROMO_COLUMNS[:2] if name in known), None)
        if name is None:
            return np.zeros((self.n_series, len(self.history.weeks)))
        return known[name]

    def _is_promo(self) -> np.ndarray:
        known = self.history.known
        flag = np.zeros((self.n_series, len(self.history.weeks)), bool)
        for name in PROMO_COLUMNS:
            if name in known:
                flag |= np.nan_to_num(known[name]) > 0.01
        return flag

    def _uplift_slope(self) -> np.ndarray:
        """Log-uplift per unit of discount, per series and week, shrunk to all series' slope."""
        drive = np.nan_to_num(self.drive[:, : self.n_weeks])
        before = np.roll(self._calm_mean, 1, axis=1)
        before[:, 0] = np.nan
        usable = self.seen & (drive > 0.01) & (np.nan_to_num(before) > 0)
        level = np.where(usable, before, 1.0)
        ratio = np.log((self.filled + 0.5) / (level + 0.5))
        # small series say little about the factor: their weeks are mostly counting noise
        weight = np.where(usable, level / (level + 2.0), 0.0)
        along = np.cumsum(weight * drive * ratio, axis=1)
        square = np.cumsum(weight * drive**2, axis=1)
        pooled = along.sum(0) / (square.sum(0) + PRIOR_DISCOUNT)
        slope = (along + PRIOR_DISCOUNT * pooled) / (square + PRIOR_DISCOUNT)
        return np.clip(slope, 0, 10)

    def _at(self, table: np.ndarray, series: np.ndarray, week: np.ndarray) -> np.ndarray:
        return np.where(week >= 0, table[series, np.maximum(week, 0)], np.nan)


def training_rows(
    tables: FeatureTables,
    *,
    last: int,
    horizon: int,
    max_rows: int,
    half_life_weeks: float,
    seed: int,
) -> Rows:
    """Sample (series, origin, step) rows whose target week is seen and not after `last`.

    Weights halve every `half_life_weeks` before `last`. Deterministic for a seed.
    """
    steps = np.arange(1, horizon + 1)
    parts = []
    for origin in range(min(MIN_WEEKS, max(last - 1, 0)) - 1, last):
        target = origin + steps[origin + steps <= last]
        ready = (tables.count[:, origin] >= MIN_WEEKS // 2) & tables.is_selling(origin)
        series, step = np.nonzero(ready[:, None] & tables.seen[:, target])
        parts.append(np.column_stack([series, np.full(len(series), origin), step + 1]))
    found = np.concatenate(parts) if parts else np.empty((0, 3), int)
    if len(found) > max_rows:
        chosen = np.random.default_rng(seed).choice(len(found), max_rows, replace=False)
        found = found[np.sort(chosen)]
    series, origin, step = found.T
    scale = tables.scale[series, origin]
    return Rows(
        series=series,
        origin=origin,
        step=step,
        target=tables.history.y[series, origin + step] / scale,
        scale=scale,
        decay=0.5 ** ((last - origin - step) / half_life_weeks),
    )


def _groups(history: History) -> tuple[np.ndarray, int]:
    if "category" not in history.static:
        return np.zeros(len(history.ids), int), 1
    codes = history.static["category"].astype(int) + 1
    return codes, int(codes.max()) + 1


def _window_sum(values: np.ndarray, width: int) -> np.ndarray:
    total = np.cumsum(values, axis=1)
    before = np.zeros_like(total)
    before[:, width:] = total[:, :-width]
    return total - before


def _mean(values: np.ndarray, seen: np.ndarray, width: int) -> np.ndarray:
    count = _window_sum(seen.astype(float), width)
    total = _window_sum(np.where(seen, values, 0.0), width)
    return np.where(count > 0, np.maximum(total, 0) / np.maximum(count, 1), np.nan)


def _smooth(values: np.ndarray, seen: np.ndarray, alpha: float) -> np.ndarray:
    out = np.full(values.shape, np.nan)
    level = np.full(len(values), np.nan)
    for week in range(values.shape[1]):
        now = values[:, week]
        moved = np.where(np.isnan(level), now, level + alpha * (now - level))
        level = np.where(seen[:, week], moved, level)
        out[:, week] = level
    return out


def _recent(table: np.ndarray, series: np.ndarray, origin: np.ndarray) -> np.ndarray:
    return _row_mean(
        [np.where(origin >= k, table[series, np.maximum(origin - k, 0)], np.nan) for k in range(8)]
    )


def _row_mean(columns: list[np.ndarray]) -> np.ndarray:
    stacked = np.stack(columns)
    seen = ~np.isnan(stacked)
    count = seen.sum(0)
    return np.where(count > 0, np.where(seen, stacked, 0).sum(0) / np.maximum(count, 1), np.nan)
