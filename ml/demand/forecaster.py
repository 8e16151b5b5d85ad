"""The public class: a long panel in, calibrated demand forecasts out."""

import json
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.columns import quantile_column
from ml.demand.baseline import Forecast, SeasonalMean, SeasonalNaive
from ml.demand.boosted import BoostedDemand
from ml.demand.calibration import Calibration, sum_quantiles, tidy
from ml.demand.cold_start import ENOUGH_LAUNCHES, ColdStart
from ml.demand.device import check_device
from ml.demand.ensemble import Weights, combine
from ml.demand.features import FeatureTables
from ml.demand.held_out import Held, learn_from_held_out
from ml.demand.level import log_factor, read_at_present_level
from ml.demand.months import month_shares
from ml.demand.panel import (
    StaticCodes,
    build_history,
    check_known_future,
    check_panel,
    check_static,
)
from ml.demand.reasons import LEVEL_SHIFT, top_reasons, whole_reasons
from ml.demand.recurrent import RecurrentDemand
from ml.demand.rhythm import Rhythm

FAMILIES = {
    "seasonal_naive": ("seasonal_naive",),
    "xgboost": ("xgboost",),
    "lstm": ("lstm",),
    "ensemble": ("xgboost", "lstm", "seasonal_mean"),
}
LEARNT = {"xgboost": BoostedDemand, "lstm": RecurrentDemand}
CLASSICAL = {"seasonal_naive": SeasonalNaive, "seasonal_mean": SeasonalMean}
HELD_OUT_ROWS = 60_000  # held-out forecasts (series x origins) that calibration needs at most


class DemandForecaster:
    """Weekly demand of many series: point forecast, quantiles, and the distribution of sums.

    `model` is "seasonal_naive", "xgboost", "lstm" or "ensemble"; `params` holds tuned
    hyper-parameters per family, e.g. {"xgboost": {"max_depth": 4}}. Same seed, same data:
    same forecasts, in whatever order the rows come.

    Panel: unique_id, ds (week start on the `freq` grid, no time zone), y (units, not negative)
    and, optionally, is_stockout and numeric observed columns. Weeks that are missing inside
    a series, or between its last row and the panel's last week (the cutoff), are unknown
    demand, and so are stock-out weeks; neither is learnt as zero.

    Static: unique_id and attributes; `category` pools the season. Known future: unique_id, ds
    and numeric columns, for the past and for `horizon` weeks after the cutoff.
    """

    def __init__(
        self,
        freq: str = "W-MON",
        horizon: int = 13,
        quantiles: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99),
        model: str = "ensemble",
        seed: int = 7,
        *,
        params: dict[str, dict[str, Any]] | None = None,
        threads: int = 2,
        device: str = "auto",
    ) -> None:
        self.rhythm = Rhythm.of(freq)
        if horizon < 1:
            raise ValueError(f"horizon must be at least 1, got {horizon}")
        if model not in FAMILIES:
            raise ValueError(f"model must be one of {sorted(FAMILIES)}, got {model!r}")
        if not quantiles or not all(0 < q < 1 for q in quantiles):
            raise ValueError(f"quantiles must lie between 0 and 1, got {quantiles}")
        if unknown := set(params or {}) - set(LEARNT):
            raise ValueError(f"params are for {sorted(LEARNT)}, got {sorted(unknown)[0]!r}")
        self.freq, self.horizon, self.model = freq, horizon, model
        self.quantiles = tuple(sorted(quantiles))
        self.seed, self.params, self.threads = seed, params or {}, threads
        self.device = check_device(device)
        self.members: dict[str, Any] = {}
        self._alone: dict[str, Calibration] | None = None

    @property
    def cutoff(self) -> pd.Timestamp:
        """The last week of the panel."""
        return self._panel["ds"].max()

    @property
    def weights(self) -> pd.DataFrame:
        """Share of each member in the mean and in the quantiles, by volume class (small to large).

        Columns: of ("mean", "quantiles"), volume_class, one per member.
        """
        tables = {"mean": self._weights.mean, "quantiles": self._weights.quantiles}
        return pd.concat(
            [
                pd.DataFrame(table, columns=list(self.members))
                .rename_axis("volume_class")
                .reset_index()
                .assign(of=of)
                for of, table in tables.items()
            ],
            ignore_index=True,
        )[["of", "volume_class", *self.members]]

    @property
    def level_shifts(self) -> pd.DataFrame:
        """Lasting shifts of many series at once: demand before them is read at today's level.

        Columns: attribute ("all" for the whole panel), value, series (how many), since (first
        period of the new level), factor.
        """
        self._require_fit()
        history = self._tables.history
        rows = [
            {
                "attribute": shift.group,
                "value": self._value_of(shift.group, history.ids[shift.series]),
                "series": int(shift.series.sum()),
                "since": history.weeks[shift.since],
                "factor": shift.factor,
            }
            for shift in history.shifts
        ]
        return pd.DataFrame(rows, columns=["attribute", "value", "series", "since", "factor"])

    def fit(
        self,
        panel: pd.DataFrame,
        static: pd.DataFrame | None = None,
        known_future: pd.DataFrame | None = None,
    ) -> "DemandForecaster":
        """Learn members, their weights and the calibration from data up to the cutoff.

        Weights and calibration come from models that had not seen the last weeks; the members
        kept are then fitted on everything. Raises ValueError for a frame that breaks its
        contract.
        """
        static = check_static(static)
        known_future = check_known_future(known_future)
        self._codes = StaticCodes.learn(static)
        self._known_columns = (
            () if known_future is None else tuple(known_future.columns.drop(["unique_id", "ds"]))
        )
        tables = self._take(panel, static, known_future)
        last = tables.n_weeks - 1
        self.members = self._new_members(tables)
        self._weights = Weights.untaught(list(self.members))
        self._calibration = Calibration.none(self.horizon, len(self.quantiles))
        self._alone = {}
        self._cold = self._new_cold_start(tables)
        origins = self._held_out_origins(tables)
        if origins:
            for member in self.members.values():
                member.fit(tables, origins[0])
            self._learn_from(tables, origins)
        for member in self.members.values():
            member.fit(tables, last)
        return self

    def update(
        self,
        panel: pd.DataFrame,
        static: pd.DataFrame | None = None,
        known_future: pd.DataFrame | None = None,
    ) -> "DemandForecaster":
        """Take a new history, keep what was learnt: the cutoff moves, nothing is trained.

        `static` and `known_future` replace the earlier ones if given.
        """
        self._require_fit()
        static = self._static if static is None else check_static(static)
        known = self._known if known_future is None else check_known_future(known_future)
        self._take(panel, static, known)
        return self

    def alone(self, member: str) -> "DemandForecaster":
        """One member of a freshly fitted ensemble as a forecaster of its own, without training.

        It has its own calibration and forecasts what a `DemandForecaster(model=member)` fitted
        to the same data does. Where the panel was too short for members, that is the naive.
        """
        self._require_fit()
        if list(self.members) == ["seasonal_naive"]:
            return self
        if self._alone is None:
            raise ValueError("a loaded forecaster does not know its members' own calibration")
        if member not in self.members:
            raise ValueError(f"members are {sorted(self.members)}, not {member!r}")
        single = copy(self)
        single.model = member
        single.members = {member: self.members[member]}
        single._weights = Weights.equal(1)
        none = Calibration.none(self.horizon, len(self.quantiles))
        single._calibration = self._alone.get(member, none)
        return single

    def predict(self, known_future: pd.DataFrame | None = None) -> pd.DataFrame:
        """Forecast the `horizon` weeks after the cutoff, every series of the panel.

        Returns unique_id, ds, cutoff, step, y_hat, one column per quantile (p05 ...) and
        `model`: what made the row. Series too new, also those that only `static` or the known
        future name, get "cold_start"; those without demand for a year the seasonal naive.
        From static `discontinued_on` on the forecast is zero. `known_future` rows override
        those given before. Units as in `y`.
        """
        tables = self._tables_with(known_future)
        forecast, scale, by = self._forecast(tables, tables.n_weeks - 1)
        quantiles = self._calibrated(forecast, scale, by)
        n, h = forecast.mean.shape
        future = tables.history.weeks[tables.n_weeks :]
        frame = pd.DataFrame(
            {
                "unique_id": np.repeat(tables.history.ids.astype(object), h),
                "ds": np.tile(future, n),
                "cutoff": tables.history.cutoff,
                "step": np.tile(np.arange(1, h + 1), n),
                "y_hat": forecast.mean.ravel(),
            }
        )
        for k, q in enumerate(self.quantiles):
            frame[quantile_column(q)] = quantiles[..., k].ravel()
        frame["model"] = np.repeat(by, h)
        return frame

    def predict_cumulative(
        self, periods: tuple[int, ...] = (3,), known_future: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Distribution of the SUM of demand over the next k weeks, for each k in `periods`.

        Calibrated on held-out sums, not added up from weekly quantiles. Returns unique_id,
        cutoff, periods, y_hat, one column per quantile and `model`, as `predict` names it. Raises
        ValueError for a k that is not between 1 and the horizon.
        """
        if bad := [k for k in periods if not 1 <= k <= self.horizon]:
            raise ValueError(f"periods must lie between 1 and {self.horizon}, got {bad[0]}")
        tables = self._tables_with(known_future)
        forecast, scale, by = self._forecast(tables, tables.n_weeks - 1)
        parts = []
        for k in periods:
            share = np.arange(self.horizon) < k
            part = self._sum(forecast, scale, by, share.astype(float))
            part.insert(0, "periods", k)
            part["model"] = by
            parts.append(_named(part, tables))
        frame = pd.concat(parts, ignore_index=True)
        return frame.sort_values(["unique_id", "periods"], ignore_index=True)

    def predict_monthly(self, known_future: pd.DataFrame | None = None) -> pd.DataFrame:
        """Distribution of the sum of demand over each calendar month the horizon touches.

        A week that spans two months is split by days. Returns unique_id, cutoff, month (its
        first day), is_complete (all its days lie within the horizon; otherwise the sum is over
        those that do), y_hat, one column per quantile, calibrated as sums of as many periods.
        """
        tables = self._tables_with(known_future)
        forecast, scale, by = self._forecast(tables, tables.n_weeks - 1)
        days = 7 // self.rhythm.per_week
        months, shares, complete = month_shares(tables.history.weeks[tables.n_weeks :], days)
        parts = []
        for month, share, whole in zip(months, shares.T, complete, strict=True):
            part = self._sum(forecast, scale, by, share)
            part.insert(0, "is_complete", whole)
            part.insert(0, "month", month)
            parts.append(_named(part, tables))
        frame = pd.concat(parts, ignore_index=True)
        return frame.sort_values(["unique_id", "month"], ignore_index=True)

    def explain(
        self, rows: pd.DataFrame | None = None, known_future: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Why the forecast is what it is: the five largest reasons of each row.

        `rows` are some of what `predict` returned (default all), `known_future` what it was
        given. Returns what `reasons.top_reasons` does. In an ensemble the boosted member speaks
        for the whole; rows it took no part in say what made them.
        """
        rows = self.predict(known_future) if rows is None else rows
        tables = self._tables_with(known_future)
        member = self.members.get("xgboost")
        ours = (rows["model"] == self.model).to_numpy() & (member is not None)
        parts = [whole_reasons(rows[~ours])]
        if ours.any():
            series = np.searchsorted(tables.history.ids, rows.loc[ours, "unique_id"].to_numpy(str))
            step = rows.loc[ours, "step"].to_numpy(int)
            names, effects = member.contributions(tables, series, tables.n_weeks - 1, step)
            if tables.history.shifts:
                moved = log_factor(tables.history)[series]
                names, effects = [*names, LEVEL_SHIFT], np.column_stack([effects, moved])
            parts.append(top_reasons(rows[ours], names, effects, self._known_columns))
        frame = pd.concat(parts, ignore_index=True)
        return frame.sort_values(["unique_id", "ds", "rank"], ignore_index=True)

    def save(self, folder: Path) -> None:
        """Write everything needed to predict: JSON, Parquet and each member's native format."""
        self._require_fit()
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "freq": self.freq,
            "horizon": self.horizon,
            "quantiles": self.quantiles,
            "model": self.model,
            "seed": self.seed,
            "params": self.params,
            "threads": self.threads,
            "device": self.device,
            "members": list(self.members),
            "weights": [self._weights.mean.tolist(), self._weights.quantiles.tolist()],
            "calibration": self._calibration.to_dict(),
            "codes": {"levels": self._codes.levels, "numbers": self._codes.numbers},
            "known_columns": self._known_columns,
        }
        (folder / "forecaster.json").write_text(json.dumps(state, indent=1, ensure_ascii=False))
        frames = {"panel": self._panel, "static": self._static, "known_future": self._known}
        for name, frame in frames.items():
            if frame is not None:
                frame.to_parquet(folder / f"{name}.parquet", index=False)
        for name, member in self.members.items():
            member.save(folder / name)
        if self._cold is not None:
            self._cold.save(folder / self._cold.name)

    @classmethod
    def load(cls, folder: Path) -> "DemandForecaster":
        """Read what `save` wrote; forecasts are identical to those before saving."""
        folder = Path(folder)
        state = json.loads((folder / "forecaster.json").read_text())
        out = cls(
            state["freq"],
            state["horizon"],
            tuple(state["quantiles"]),
            state["model"],
            state["seed"],
            params=state["params"],
            threads=state["threads"],
            device=state["device"],
        )
        out._codes = StaticCodes(**state["codes"])
        out._known_columns = tuple(state["known_columns"])
        out._weights = Weights(*(np.array(table) for table in state["weights"]))
        out._calibration = Calibration.from_dict(state["calibration"])
        frames = {}
        for name in ("panel", "static", "known_future"):
            path = folder / f"{name}.parquet"
            frames[name] = pd.read_parquet(path) if path.exists() else None
        out._take(frames["panel"], frames["static"], frames["known_future"])
        for name in state["members"]:
            out.members[name] = out._new_member(name)
            out.members[name].restore(folder / name)
        out._cold = None
        if (folder / ColdStart.name).exists():
            out._cold = ColdStart(horizon=out.horizon, quantiles=out.quantiles)
            out._cold.restore(folder / ColdStart.name)
        return out

    def _take(self, panel, static, known) -> FeatureTables:
        """Check and keep the frames; return their tables."""
        checked = check_panel(panel, self.freq)
        tables = self._tables_of(checked, static, known)
        self._panel, self._static, self._known = checked, static, known
        self._tables = tables
        return tables

    def _tables_of(self, panel, static, known) -> FeatureTables:
        """Tables of the frames; those that are learnt from read the past at today's level."""
        history = build_history(
            panel,
            freq=self.freq,
            horizon=self.horizon,
            codes=self._codes,
            static=static,
            known_future=known,
            known_columns=self._known_columns,
        )
        tables = FeatureTables(history)
        return tables if self.model in CLASSICAL else read_at_present_level(tables)

    def _tables_with(self, known_future: pd.DataFrame | None) -> FeatureTables:
        self._require_fit()
        if known_future is None:
            return self._tables
        newer = check_known_future(known_future)
        if self._known is not None:
            both = pd.concat([self._known, newer])
            newer = both.drop_duplicates(["unique_id", "ds"], keep="last")
        return self._tables_of(self._panel, self._static, newer)

    def _new_members(self, tables: FeatureTables) -> dict[str, Any]:
        names = FAMILIES[self.model]
        # when even the last origin offers nothing to learn from, the naive stands alone
        last = tables.n_weeks - 1
        if not tables.can_model(last).any() or tables.n_weeks <= self.rhythm.learn // 2:
            names = ("seasonal_naive",)
        return {name: self._new_member(name) for name in names}

    def _new_member(self, name: str) -> Any:
        shape = {"horizon": self.horizon, "quantiles": self.quantiles}
        if name in CLASSICAL:
            return CLASSICAL[name](**shape)
        own = self.params.get(name)
        return LEARNT[name](
            **shape, seed=self.seed, threads=self.threads, params=own, device=self.device
        )

    def _new_cold_start(self, tables: FeatureTables) -> ColdStart | None:
        """What speaks for series too new for the members; None where there is none to learn it."""
        if list(self.members) == ["seasonal_naive"]:
            return None
        cold = ColdStart(horizon=self.horizon, quantiles=self.quantiles)
        cold.fit(tables, tables.n_weeks - 1)
        return cold if cold.n_teachers >= ENOUGH_LAUNCHES else None

    def _held_out_origins(self, tables: FeatureTables) -> list[int]:
        last = tables.n_weeks - 1
        first = last - min(self.horizon + self.rhythm.held_out, tables.n_weeks // 4)
        if first + 1 < self.rhythm.learn or not tables.can_model(first).any():
            return []
        return list(range(first, last, self.rhythm.held_out_step))

    def _learn_from(self, tables: FeatureTables, origins: list[int]) -> None:
        """Set weights and calibration from held-out origins."""
        chosen = np.arange(tables.n_series)
        most = max(HELD_OUT_ROWS // (len(origins) * self.horizon), 1)
        if len(chosen) > most:
            drawn = np.random.default_rng(self.seed).permutation(chosen)[:most]
            chosen = np.sort(drawn)
        parts = [
            Held(
                [m.predict(tables, o, chosen) for m in self.members.values()],
                self._actuals(tables, o)[chosen],
                tables.scale[chosen, o],
                tables.can_model(o)[chosen],
            )
            for o in origins
        ]
        learnt = learn_from_held_out(parts, list(self.members), self.quantiles)
        self._weights, self._calibration, self._alone = learnt

    def _actuals(self, tables: FeatureTables, origin: int) -> np.ndarray:
        y = np.full((tables.n_series, self.horizon), np.nan)
        ahead = tables.history.y[:, origin + 1 : origin + 1 + self.horizon]
        y[:, : ahead.shape[1]] = ahead
        return y

    def _forecast(
        self, tables: FeatureTables, origin: int
    ) -> tuple[Forecast, np.ndarray, np.ndarray]:
        """Uncalibrated forecast, scale N, and what made each series' row, N names."""
        scale = tables.scale[:, origin]
        made = [member.predict(tables, origin) for member in self.members.values()]
        mixed = combine(made, self._weights, self._calibration.volume_class(scale))
        alone = list(self.members) == ["seasonal_naive"]
        trusted = tables.can_model(origin) & (not alone or self.model == "seasonal_naive")
        naive = self._new_member("seasonal_naive").predict(tables, origin)
        mean = np.where(trusted[:, None], mixed.mean, naive.mean)
        quantiles = np.where(trusted[:, None, None], mixed.quantiles, naive.quantiles)
        by = np.where(trusted, self.model, "seasonal_naive").astype(object)
        young = np.nonzero(~trusted & tables.is_young(origin))[0]
        if self._cold is not None and len(young):
            first = self._cold.predict(tables, origin, young)
            mean[young], quantiles[young], by[young] = first.mean, first.quantiles, "cold_start"
        over = origin + np.arange(1, self.horizon + 1) >= tables.history.stop[:, None]
        mean[over], quantiles[over] = 0.0, 0.0
        return Forecast(mean, quantiles), scale, by

    def _calibrated(self, forecast: Forecast, scale, by) -> np.ndarray:
        covered = self._calibration.apply(forecast.quantiles, scale)
        covered = np.where((forecast.quantiles == 0).all(-1)[..., None], 0.0, covered)
        ours = (by == self.model)[:, None, None]
        return np.where(ours, covered, tidy(forecast.quantiles))

    def _sum(self, forecast: Forecast, scale, by, share: np.ndarray) -> pd.DataFrame:
        """y_hat and quantiles of the sum of each step's `share` (H values from 0 to 1)."""
        used = share > 0
        mean, quantiles = forecast.mean[:, used] * share[used], forecast.quantiles[:, used]
        guess = sum_quantiles(mean, quantiles * share[used][:, None])
        periods = int(np.clip(round(share.sum()), 1, self.horizon))
        covered = self._calibration.apply_sum(guess, scale, periods)
        covered = np.where((guess == 0).all(-1)[:, None], 0.0, covered)
        made = np.where((by == self.model)[:, None], covered, tidy(guess))
        frame = pd.DataFrame(made, columns=[quantile_column(q) for q in self.quantiles])
        frame.insert(0, "y_hat", mean.sum(1))
        return frame

    def _value_of(self, attribute: str, ids: np.ndarray) -> str:
        """What the series share, as the static frame writes it."""
        if self._static is None or attribute not in self._static:
            return ""
        return str(self._static.set_index("unique_id")[attribute].reindex(ids).iloc[0])

    def _require_fit(self) -> None:
        if not self.members:
            raise ValueError("the forecaster has not been fitted")


def _named(sums: pd.DataFrame, tables: FeatureTables) -> pd.DataFrame:
    sums.insert(0, "cutoff", tables.history.cutoff)
    sums.insert(0, "unique_id", tables.history.ids.astype(object))
    return sums
