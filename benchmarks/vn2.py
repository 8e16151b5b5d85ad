"""The VN2 inventory competition, played on earlier weeks of its history or on revealed weeks.

python -m benchmarks.vn2 --data DIR [--long | --reveal DIR] --out results.json

Games of eight weeks at every starting point (eight weeks apart) that two whole seasons precede.
--long: one game of the last 30 weeks instead, from four weeks of the opponent's forecast and
nothing under way; the first eight weeks, in which that is sold, are not scored. --reveal: the real
game from the state in DIR, week_1.csv ... one at a time.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.weekly_game import (
    Game,
    RollingForecasts,
    Sales,
    believed_demand,
    contestants,
    cover_state,
    opening_state,
    play,
    scores,
    tuned_level,
)
from ml.replenishment.simulation import Shelf, open_shelf

KEY = ["Store", "Product"]
# of whole weeks: two seasons before a game, and what the earliest game to tune on needs
SEASONS_BEFORE, TUNING_BEFORE = 104, 88
LONG = Game(weeks=30, judged=22)


def main() -> None:
    """Play, print the table, write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--long", action="store_true", help="one game of 30 weeks, the last 22 scored"
    )
    kind.add_argument("--reveal", type=Path, help="folder of the real game's weeks")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default="ensemble", help="model of the demand forecaster")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    game, sales = Game(), read_sales(options.data)
    begun = time.monotonic()
    anchors = list(range(sales.width, TUNING_BEFORE - 1, -game.weeks))[::-1]
    forecasts = RollingForecasts(
        anchors, horizon=game.lead + 2, model=options.model, threads=options.threads
    )
    demand = believed_demand(sales, game, anchors[0] - game.warm_up)
    played = LONG if options.long else game
    judged = f"{played.weeks - played.judged + 1}_{played.weeks}"
    results = {"model": options.model, "judged_weeks": judged.replace("_", "-")}
    if options.reveal:
        shelf = read_state(options.data, game)
        results["policies"] = real_game(sales, demand, shelf, options.reveal, game, forecasts)
    elif options.long:
        starts = [sales.width - LONG.weeks]
        results |= earlier_games(
            sales, demand, starts, anchors, LONG, forecasts, lambda s: cover_state(s, LONG)
        )
    else:
        starts = [a for a in anchors if SEASONS_BEFORE <= a <= sales.width - game.weeks]
        results |= earlier_games(
            sales,
            demand,
            starts,
            anchors,
            game,
            forecasts,
            lambda s: opening_state(s, demand, game),
        )
    for table in results["policies"].values():
        table[f"cost_weeks_{judged}"] = table.pop("cost_judged")
    results["seconds"] = round(time.monotonic() - begun, 1)
    options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
    _print(results)


def read_sales(folder: Path) -> Sales:
    """History to week 0: units sold, in-stock marks and the attributes of each store-product."""
    sold, stock = (pd.read_csv(folder / f"{name}.csv") for name in ("sales", "in_stock"))
    master = sold[KEY].merge(pd.read_csv(folder / "master.csv"), on=KEY, how="left")
    ids = (sold["Store"].astype(str) + "_" + sold["Product"].astype(str)).to_numpy()
    static = master.astype(str).rename(columns={"Department": "category"}).assign(unique_id=ids)
    stock = sold[KEY].merge(stock, on=KEY, how="left")
    weeks = sold.columns.drop(KEY)
    return Sales(
        ids,
        pd.DatetimeIndex(weeks),
        sold[weeks].to_numpy(float),
        stock[weeks].to_numpy(bool),
        static,
    )


def read_state(folder: Path, game: Game) -> Shelf:
    """The shelf at the end of week 0, in the order of the sales file."""
    sold = pd.read_csv(folder / "sales.csv", usecols=KEY)
    state = sold.merge(pd.read_csv(folder / "initial_state.csv"), on=KEY, how="left")
    under_way = state[["In Transit W+1", "In Transit W+2"]].to_numpy(float)
    return open_shelf(state["End Inventory"].to_numpy(float), under_way, longest_lead=game.lead)


def read_week(path: Path, ids: np.ndarray) -> np.ndarray:
    """Units sold in one revealed week (n,), in the order of `ids`: the file's last column.

    Raises ValueError when a store-product is missing.
    """
    frame = pd.read_csv(path)
    frame.index = frame["Store"].astype(str) + "_" + frame["Product"].astype(str)
    units = frame.iloc[:, -1].reindex(ids).to_numpy(float)
    if np.isnan(units).any():
        raise ValueError(f"{path.name} lacks {int(np.isnan(units).sum())} store-products")
    return units


def real_game(sales, demand, shelf, folder: Path, game: Game, forecasts) -> dict:
    """Scores of all policies; week k is read only once the order before it is placed."""
    windows = [a for a in forecasts.anchors if a + game.weeks <= sales.width]
    level = tuned_level(sales, demand, game, forecasts, windows)
    revealed = [sales]

    def reveal(t: int) -> np.ndarray:
        if len(revealed) == t + 1:
            units = read_week(folder / f"week_{t + 1}.csv", sales.ids)
            revealed.append(revealed[t].plus(units))
        return revealed[t + 1].units[:, -1]

    policies = contestants(game, lambda t: revealed[t], forecasts, level)
    return scores(game, play(game, policies, reveal, shelf))


def earlier_games(
    sales, demand, starts, anchors, game: Game, forecasts, opening: Callable[[Sales], Shelf]
) -> dict:
    """Scores at each starting point, and on average over them.

    `opening` makes the shelf to start from out of the sales before. Service levels are tuned on
    games of eight weeks that were over by then, however long `game` is.
    """
    by_start, short = {}, Game()
    for start in starts:
        before = sales.until(start)

        def known(t: int, start: int = start) -> Sales:
            return sales.until(start + t)

        windows = [a for a in anchors if a + short.weeks <= start]
        level = tuned_level(before, demand, short, forecasts, windows)
        policies = contestants(game, known, forecasts, level)
        shelf = opening(before)
        truth = demand[:, start : start + game.weeks]
        censored = ~sales.in_stock[:, start : start + game.weeks]
        by_start[f"{before.weeks[-1]:%Y-%m-%d}"] = {
            "service_levels": sorted({float(x) for x in level}),
            "imputed_share": round(float(censored.mean()), 4),
            "policies": scores(game, play(game, policies, truth, shelf)),
        }
    names = next(iter(by_start.values()))["policies"]
    mean = {
        name: {
            key: np.mean([one["policies"][name][key] for one in by_start.values()], axis=0)
            .round(4)
            .tolist()
            for key in names[name]
        }
        for name in names
    }
    saving = [
        1
        - one["policies"]["stork"]["cost_judged"]
        / one["policies"]["official_benchmark"]["cost_judged"]
        for one in by_start.values()
    ]
    return {"policies": mean, "starts": by_start, "saving_mean": round(float(np.mean(saving)), 4)}


def _print(results: dict) -> None:
    starts, judged = results.get("starts", {}), results["judged_weeks"]
    head = "".join(f"{day:>12}" for day in starts)
    print(f"{'cost of weeks ' + judged:24}{'mean' if starts else 'cost':>9} {head}   fill  days")
    for name, row in results["policies"].items():
        costs = (one["policies"][name]["cost_judged"] for one in starts.values())
        each = "".join(f"{cost:12.1f}" for cost in costs)
        print(
            f"{name:24}{row['cost_weeks_' + judged.replace('-', '_')]:9.1f} {each}  "
            f"{row['fill_rate']:.3f} {row['turnover_days']:5.1f}"
        )
    if starts:
        print(f"stork below official_benchmark, mean over starts: {results['saving_mean']:.1%}")
    print(f"{results['seconds']} s")


if __name__ == "__main__":
    main()
