"""A weekly ordering game on a table of sales: opening state, contestants, and what each one cost.

Clock and costs of the game are stated once, in `Game`; nothing here knows which data it plays on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ml.columns import quantile_columns
from ml.demand.forecaster import DemandForecaster
from ml.replenishment.arrival import ArrivalQuantile, PeriodForecast
from ml.replenishment.outcome import Costs
from ml.replenishment.rules import (
    ClassicalSafetyStock,
    ErpFormula,
    MinMax,
    PerfectForesight,
    SeasonalCover,
)
from ml.replenishment.service import service_by_cost, volume_class
from ml.replenishment.simulation import Demand, Ledger, Shelf, open_shelf, replay

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Game:
    """`lead` whole weeks lie between an order and its first selling week; `weeks` are played, the
    last `judged` are scored. The opponent covers `cover` weeks by the mean of `averaged`."""

    lead: int = 2
    weeks: int = 8
    judged: int = 6
    cover: int = 4
    averaged: int = 13
    warm_up: int = 4
    costs: Costs = field(default_factory=lambda: Costs(holding=0.2, shortage=1.0))


@dataclass(frozen=True)
class Sales:
    """What is known of n series over T weeks: units sold, and whether they could be bought."""

    ids: np.ndarray
    weeks: pd.DatetimeIndex
    units: np.ndarray
    in_stock: np.ndarray
    static: pd.DataFrame

    @property
    def width(self) -> int:
        return len(self.weeks)

    @property
    def demand(self) -> np.ndarray:
        """Units (n, T), nan where a stock-out hid the demand."""
        return np.where(self.in_stock, self.units, np.nan)

    def until(self, width: int) -> "Sales":
        """The first `width` weeks alone."""
        return Sales(
            self.ids,
            self.weeks[:width],
            self.units[:, :width],
            self.in_stock[:, :width],
            self.static,
        )

    def plus(self, units: np.ndarray) -> "Sales":
        """One more week, all of it seen."""
        new = np.asarray(units, dtype=float)[:, None]
        return Sales(
            self.ids,
            self.weeks.append(self.weeks[-1:] + pd.Timedelta(days=7)),
            np.hstack([self.units, new]),
            np.hstack([self.in_stock, np.ones_like(new, dtype=bool)]),
            self.static,
        )

    def panel(self) -> pd.DataFrame:
        """The long frame a forecaster reads."""
        n, t = self.units.shape
        return pd.DataFrame(
            {
                "unique_id": np.repeat(self.ids, t),
                "ds": np.tile(self.weeks, n),
                "y": self.units.ravel(),
                "is_stockout": ~self.in_stock.ravel(),
            }
        )


class RollingForecasts:
    """Forecasts as known after each week: trained at the `anchors` (widths), updated in between.

    A forecast is made from the sales handed in and from nothing else; each is kept.
    """

    def __init__(self, anchors: list[int], *, horizon: int, model: str, threads: int) -> None:
        self.anchors, self.horizon = sorted(anchors), horizon
        self.model, self.threads = model, threads
        self._made: dict[int, PeriodForecast] = {}
        self._fitted: tuple[int, DemandForecaster] | None = None

    def after(self, sales: Sales) -> PeriodForecast:
        """The forecast of the weeks after the last one of `sales`."""
        if sales.width not in self._made:
            forecaster = self._trained(sales).update(sales.panel())
            frame = forecaster.predict().set_index(["unique_id", "step"]).sort_index()
            rows = [(one, step) for one in sales.ids for step in range(1, self.horizon + 1)]
            frame = frame.loc[rows]
            shape = (len(sales.ids), self.horizon)
            columns = list(quantile_columns(frame).values())
            self._made[sales.width] = PeriodForecast(
                frame["y_hat"].to_numpy().reshape(shape),
                frame[columns].to_numpy().reshape(*shape, len(columns)),
                np.array(LEVELS),
            )
        return self._made[sales.width]

    def _trained(self, sales: Sales) -> DemandForecaster:
        anchor = max(a for a in self.anchors if a <= sales.width)
        if self._fitted is None or self._fitted[0] != anchor:
            forecaster = DemandForecaster(
                horizon=self.horizon, quantiles=LEVELS, model=self.model, threads=self.threads
            )
            self._fitted = anchor, forecaster.fit(sales.until(anchor).panel(), sales.static)
        return self._fitted[1]


Known = Callable[[int], Sales]


def season_of(first: pd.Timestamp) -> Callable[[int], int]:
    """ISO week number of period t, where period 0 starts on `first`."""
    return lambda t: (first + pd.Timedelta(days=7 * t)).isocalendar().week


def opponent(game: Game, known: Known) -> SeasonalCover:
    """The benchmark policy: seasonal moving average, so many weeks of cover."""
    start = known(0).weeks[-1] + pd.Timedelta(days=7)
    return SeasonalCover(lambda t: known(t).demand, season_of(start), game.cover, game.averaged)


def believed_demand(sales: Sales, game: Game, first: int) -> np.ndarray:
    """Demand (n, T): what was sold, and in censored weeks from `first` on the seasonal base.

    The base of a week is what the opponent expected just before it, in whole units, at least what
    was sold. Mark such cells by `~sales.in_stock`.
    """
    base = np.zeros_like(sales.units)
    for t in range(first, sales.width):
        seen = sales.until(t)
        base[:, t] = opponent(game, lambda _t, seen=seen: seen).forecast(0, 1)[:, 0]
    return np.where(sales.in_stock, sales.units, np.maximum(sales.units, np.rint(base)))


def cover_state(sales: Sales, game: Game) -> Shelf:
    """A shelf that holds the opponent's order-up-to level, with nothing under way."""
    level = np.rint(opponent(game, lambda _t: sales).forecast(0, game.cover).sum(axis=1))
    return open_shelf(level, longest_lead=game.lead)


def opening_state(sales: Sales, demand: np.ndarray, game: Game) -> Shelf:
    """The shelf at the end of the last week of `sales`.

    The opponent plays the warm-up weeks from an opening stock of its own order-up-to level.
    """
    start = sales.width - game.warm_up
    policy = opponent(game, lambda t: sales.until(start + t))
    level = np.rint(policy.forecast(0, game.cover).sum(axis=1))
    played = demand[:, start : sales.width]
    return replay(policy, played, open_shelf(level, longest_lead=game.lead), lead=game.lead)[1]


def contestants(game: Game, known: Known, forecasts: RollingForecasts, level) -> dict:
    """Every policy that plays without a look into the future, by name."""

    def past(t: int) -> np.ndarray:
        return known(t).demand

    weeks = float(game.lead + 1)
    return {
        "stork": ArrivalQuantile(lambda t: forecasts.after(known(t)), game.lead, level),
        "official_benchmark": opponent(game, known),
        "erp_formula": ErpFormula(past, lead=weeks),
        "erp_formula_no_safety": ErpFormula(past, lead=weeks, safety=0.0),
        "min_max": MinMax(past, weeks, weeks + 1),
        "classical_95": ClassicalSafetyStock(past, game.lead),
        "classical_83": ClassicalSafetyStock(past, game.lead, service_level=5 / 6),
    }


def tuned_level(
    sales: Sales, demand: np.ndarray, game: Game, forecasts: RollingForecasts, windows: list[int]
) -> np.ndarray:
    """Service level (n,) by volume class, from games at the earlier `windows` (widths).

    Raises ValueError when a window is not over at the end of `sales`.
    """
    if max(windows) + game.weeks > sales.width:
        raise ValueError("a window to tune on must be over before the game starts")

    def window(width: int) -> Callable[[float], Ledger]:
        def known(t: int) -> Sales:
            return sales.until(width + t)

        shelf = opening_state(known(0), demand, game)
        truth = demand[:, width : width + game.weeks]

        def at(level: float) -> Ledger:
            policy = ArrivalQuantile(lambda t: forecasts.after(known(t)), game.lead, level)
            return replay(policy, truth, shelf, lead=game.lead)[0].last(game.judged)

        return at

    classes = volume_class(sales.demand[:, -52:])
    return service_by_cost([window(w) for w in windows], game.costs, classes)


def play(game: Game, policies: dict, demand: Demand, shelf: Shelf) -> dict[str, Ledger]:
    """Ledger of each policy, and of perfect foresight where `demand` is known beforehand."""
    ledgers = {
        name: replay(policy, demand, shelf, lead=game.lead, periods=game.weeks)[0]
        for name, policy in policies.items()
    }
    known = next(iter(ledgers.values())).demand
    ledgers["perfect_foresight"] = replay(
        PerfectForesight(known, game.lead), known, shelf, lead=game.lead
    )[0]
    return ledgers


def scores(game: Game, ledgers: dict[str, Ledger]) -> dict[str, dict]:
    """Per policy: cost of each week, of the judged weeks and in all, fill, stock-outs, days."""
    from ml.replenishment.outcome import outcome

    table = {}
    for name, ledger in ledgers.items():
        weekly = game.costs.of(ledger).sum(axis=0)
        judged = outcome(ledger.last(game.judged), game.costs)
        table[name] = {
            "weekly": [round(float(c), 2) for c in weekly],
            "cost_judged": round(float(weekly[-game.judged :].sum()), 2),
            "cost_total": round(float(weekly.sum()), 2),
            "fill_rate": round(judged.fill_rate, 4),
            "stockout_rate": round(judged.stockout_rate, 4),
            "turnover_days": round(judged.turnover_days, 2),
        }
    return table
