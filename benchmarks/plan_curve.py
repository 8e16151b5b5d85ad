"""Stock against service through a festival: every policy's whole curve on one generated shop.

python -m benchmarks.plan_curve --state var/demo [--weeks 26] [--out var/bench/plan]

Demand is what households really wanted, which the shop's own tables never show where shelves were
empty; each policy meets the same demand and the same lead time draws, in weeks, sales lost. All
know the demand up to the week they order in; ours forecasts from features of the weeks before, the
forecaster trained once, before the first week. "stork" is the plan's rule in whole weeks,
"make_plan" the plan itself, made anew every week. Opening stock: four weeks of the average before.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.made_plan import MadePlan
from ml.columns import FEAT_DEMAND, FEAT_DEMAND_STATIC, FEAT_KNOWN_FUTURE, quantile_columns
from ml.demand.forecaster import DemandForecaster
from ml.replenishment.arrival import ArrivalQuantile, ArrivalTarget, PeriodForecast
from ml.replenishment.outcome import Costs, Outcome, outcome
from ml.replenishment.rules import (
    ClassicalSafetyStock,
    ErpFormula,
    MinMax,
    PerfectForesight,
    SeasonalCover,
    seen_mean,
)
from ml.replenishment.simulation import Terms, lead_time_draws, lead_time_miss, open_shelf, replay
from orchestration.resources import Warehouse

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999)
BEYOND = (0.9995, 0.9999, 0.99999)  # settings above the highest quantile that is forecast
PLAN_LEVELS = (0.5, 0.7, 0.9, 0.975, 0.99, 0.999, *BEYOND)
PROMOTED = 0.3
SHOWN = ("fill_rate", "turnover_days", "stockout_rate", "a_stockout_rate", "promotion_fill", "cost")


class Shop:
    """Weekly truth of n series, what was known of them, and the suppliers' terms."""

    def __init__(self, state: Path, weeks: int):
        read = Warehouse(exports=str(state / "exports")).read_table
        self.static, self.known = (read(s.name) for s in (FEAT_DEMAND_STATIC, FEAT_KNOWN_FUTURE))
        panel, position = read(FEAT_DEMAND.name), read("fct_inventory_position")
        wanted = weekly_truth(state)
        terms = position.dropna(subset=["lead_time_days"]).set_index("unique_id")
        self.weeks = pd.DatetimeIndex(np.sort(panel["ds"].unique()))
        # what is sold from before the game to its end: others start or stop within it
        played = self.known[self.known["ds"] >= self.weeks[-weeks]].groupby("unique_id").size()
        planned = set(played.index[played == played.max()])
        before = set(panel.loc[panel["ds"] == self.weeks[-weeks - 1], "unique_id"])
        ids = sorted(planned & before & set(wanted.index) & set(terms.index))
        self.ids, self.terms = ids, terms.loc[ids]
        self.wanted = wanted.reindex(index=ids, columns=self.weeks).fillna(0.0).to_numpy()
        self.start = len(self.weeks) - weeks
        self.panel = panel[panel["unique_id"].isin(ids)]
        self.static = self.static[self.static["unique_id"].isin(ids)]
        self.known = self.known[self.known["unique_id"].isin(ids)]
        share = self.known.pivot(index="unique_id", columns="ds", values="promo_share")
        self.is_promotion = share.reindex(index=ids, columns=self.weeks).to_numpy() >= PROMOTED

    def past(self, t: int) -> np.ndarray:
        """Demand (n, weeks) known when the order before week t is decided."""
        return self.wanted[:, : self.start + t]

    def cutoff(self, t: int) -> pd.Timestamp:
        """Monday of the last week before week t."""
        return self.weeks[self.start + t - 1]

    def panel_until(self, t: int) -> pd.DataFrame:
        """The forecaster's history then: its own tables before the game, the truth from then on."""
        before = self.weeks[self.start]
        known = self.panel[self.panel["ds"] < before]
        played = self.weeks[self.start : self.start + t]
        n, width = len(self.ids), len(played)
        new = pd.DataFrame({"unique_id": np.repeat(self.ids, width), "ds": np.tile(played, n)})
        new["y"] = self.wanted[:, self.start : self.start + t].ravel()
        new["is_stockout"] = False
        return pd.concat([known[["unique_id", "ds", "y", "is_stockout"]], new], ignore_index=True)


def weekly_truth(state: Path) -> pd.DataFrame:
    """Units really wanted: unique_id x Monday."""
    days = pd.read_parquet(state / "truth" / "demand")
    ds = pd.to_datetime(days["ds"])
    days = days.assign(
        week=ds - pd.to_timedelta(ds.dt.dayofweek, unit="D"),
        unique_id=days["sku_code"].astype(str) + "@" + days["warehouse"].astype(str),
    )
    return days.pivot_table(index="unique_id", columns="week", values="wanted_qty", aggfunc="sum")


def forecasts(
    shop: Shop, model: str, horizon: int, seed: int
) -> tuple[Callable[[int], PeriodForecast], Callable[[int], pd.DataFrame]]:
    """What the forecaster knows before each week, by week and in sums; each is made once."""
    forecaster = DemandForecaster(
        horizon=horizon, quantiles=LEVELS, model=model, seed=seed, threads=1
    )
    forecaster.fit(shop.panel_until(0), shop.static, shop.known)
    made: dict[int, tuple[PeriodForecast, pd.DataFrame]] = {}

    def at(t: int) -> tuple[PeriodForecast, pd.DataFrame]:
        if t not in made:
            updated = forecaster.update(shop.panel_until(t))
            frame = updated.predict()
            frame = frame.set_index(["unique_id", "step"])
            frame = frame.loc[[(u, h) for u in shop.ids for h in range(1, horizon + 1)]]
            names = list(quantile_columns(frame).values())
            shape = (len(shop.ids), horizon)
            quantiles = frame[names].to_numpy().reshape(*shape, len(names))
            mean = frame["y_hat"].to_numpy().reshape(shape)
            sums = updated.predict_cumulative(tuple(range(1, horizon + 1)))
            made[t] = PeriodForecast(mean, quantiles, np.array(LEVELS)), sums
        return made[t]

    return lambda t: at(t)[0], lambda t: at(t)[1]


def curves(
    shop: Shop,
    known: Callable[[int], PeriodForecast],
    sums: Callable[[int], pd.DataFrame],
    lead: np.ndarray,
    miss: np.ndarray,
) -> dict:
    """Policies by name, each a list of (setting, policy)."""
    first = shop.weeks[shop.start]

    def season(t: int) -> int:
        return (first + pd.Timedelta(days=7 * t)).isocalendar().week

    return {
        "stork": [(q, ArrivalTarget(known, lead, q, miss)) for q in (*LEVELS, *BEYOND)],
        "make_plan": [
            (q, MadePlan(shop.terms, lead, 7 * miss, shop.cutoff, sums, q)) for q in PLAN_LEVELS
        ],
        "arrival_only": [(q, ArrivalQuantile(known, lead, q)) for q in LEVELS],
        "erp_formula": [
            (s, ErpFormula(shop.past, lead=lead + 1.0, safety=s)) for s in (0.0, 0.5, 1, 2, 3, 5)
        ],
        "min_max": [
            (m, MinMax(shop.past, lead + m, lead + 1.0 + m)) for m in (0.5, 1.0, 2.0, 3.0, 5.0)
        ],
        "classical": [
            (q, ClassicalSafetyStock(shop.past, lead, service_level=q)) for q in (*LEVELS, *BEYOND)
        ],
        "seasonal_cover": [
            (c, SeasonalCover(shop.past, season, cover=c)) for c in (4, 5, 6, 7, 8, 10)
        ],
    }


def main() -> int:
    """Replay, print the table, write curve.json and curve.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("var/demo"))
    parser.add_argument("--weeks", type=int, default=26)
    parser.add_argument("--model", default="ensemble")
    parser.add_argument("--seed", type=int, default=7, help="of the forecaster")
    parser.add_argument("--out", type=Path, default=Path("var/bench/plan"))
    options = parser.parse_args()
    shop = Shop(options.state, options.weeks)
    lead_days = shop.terms["lead_time_days"].to_numpy(float)
    sd_days = shop.terms["lead_time_sd_days"].fillna(0).to_numpy(float)
    lead = np.ceil(lead_days / 7).astype(int)
    miss = lead_time_miss(lead_days, sd_days, lead)
    draws = lead_time_draws(np.random.default_rng(11), lead_days, sd_days, options.weeks)
    known, sums = forecasts(shop, options.model, int(lead.max()) + 1, options.seed)
    truth = shop.wanted[:, shop.start :]
    opening = np.rint(4 * seen_mean(shop.past(0), 13))
    longest = int(max(draws.max(), lead.max())) + 1
    terms = Terms(
        moq=shop.terms["moq"].to_numpy(float), pack_size=shop.terms["pack_size"].to_numpy(float)
    )
    told = {
        "is_a": (shop.terms["abc_class"] == "A").to_numpy(),
        "is_promotion": shop.is_promotion[:, shop.start + int(lead.max()) + 1 :],
    }

    def measured(policy, **more) -> Outcome:
        shelf = open_shelf(opening, longest_lead=longest)
        options_of = {"lead": draws, "quoted_lead": lead, "terms": terms} | more
        ledger, _ = replay(policy, truth, shelf, **options_of)
        # what arrives before the first own order is nobody's merit
        ledger = ledger.last(truth.shape[1] - int(lead.max()) - 1)
        return outcome(ledger, Costs(), **told)

    found = {
        name: {str(setting): asdict(measured(policy)) for setting, policy in policies}
        for name, policies in curves(shop, known, sums, lead, miss).items()
    }
    sure = {"lead": int(lead.max()), "quoted_lead": int(lead.max()), "terms": Terms()}
    foresight = PerfectForesight(truth, int(lead.max()))
    found["perfect_foresight"] = {"-": asdict(measured(foresight, **sure))}
    report(shop, options, found)
    return 0


def report(shop: Shop, options, found: dict) -> None:
    """The table, the figures of the issue, and the plot."""
    first, last = shop.weeks[shop.start], shop.weeks[-1]
    print(
        f"{len(shop.ids)} SKU-warehouses, weeks of {first:%Y-%m-%d} to {last:%Y-%m-%d}, lost "
        f"sales, model {options.model}; turnover in days of sales, rates by units or SKU-weeks"
    )
    print(f"{'policy':18} {'setting':>8} " + " ".join(f"{name:>15}" for name in SHOWN))
    for name, line in found.items():
        for setting, numbers in line.items():
            shown = " ".join(f"{numbers[key]:>15.3f}" for key in SHOWN)
            print(f"{name:18} {setting:>8} {shown}")
    for safety, rule in found["erp_formula"].items():
        days = days_at_fill(found["stork"], rule["fill_rate"])
        if np.isnan(days):
            continue
        print(
            f"at the ERP rule's fill rate ({rule['fill_rate']:.3f}, {safety} weeks of safety): "
            f"{days:.1f} days against its {rule['turnover_days']:.1f} "
            f"({days / rule['turnover_days'] - 1:+.0%})"
        )
    for name, line in found.items():
        reached = [(p["turnover_days"], s) for s, p in line.items() if meets_targets(p)]
        days = "at {:.1f} days (setting {})".format(*min(reached)) if reached else "by no setting"
        print(f"98 % fill, 98 % in promotions, A-class stock-outs at most 2 %: {name} {days}")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "curve.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    draw(found, options.out / "curve.png")


def meets_targets(numbers: dict) -> bool:
    """Whether a setting serves as well as shops ask for: by units, in promotions, and class A."""
    is_full = min(numbers["fill_rate"], numbers["promotion_fill"]) >= 0.98
    return is_full and numbers["a_stockout_rate"] <= 0.02


def days_at_fill(line: dict, fill: float) -> float:
    """Turnover days of a curve at a fill rate, straight between its settings; nan outside them."""
    points = sorted((p["fill_rate"], p["turnover_days"]) for p in line.values())
    rates, days = zip(*points, strict=True)
    return float(np.interp(fill, rates, days, left=np.nan, right=np.nan))


def draw(found: dict, path: Path) -> None:
    """Fill rate and SKU-week stock-outs against stock days, one line per policy."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), dpi=110, layout="constrained")
    for axis, key, title in zip(
        figure.subplots(1, 2),
        ("fill_rate", "stockout_rate"),
        ("Fill rate (units)", "Stock-outs (share of SKU-weeks)"),
        strict=True,
    ):
        for name, line in found.items():
            points = sorted((p["turnover_days"], p[key]) for p in line.values())
            axis.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
        axis.set_xlabel("stock, in days of sales")
        axis.set_title(title)
        axis.grid(color="#E0E0E0")
    axis.legend(frameon=False)
    figure.savefig(path)


if __name__ == "__main__":
    raise SystemExit(main())
