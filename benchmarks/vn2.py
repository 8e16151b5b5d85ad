"""The VN2 inventory competition, played on earlier weeks of its history or on revealed weeks.

python -m benchmarks.vn2 --data DIR [--long | --reveal DIR] --out results.json

Games of eight weeks at every starting point (eight weeks apart) that two whole seasons precede.
--long: one game of the last 30 weeks instead, from four weeks of the opponent's forecast and
nothing under way; the first eight weeks, in which that is sold, are not scored. --reveal: the real
game from the state in DIR, week_1.csv to week_8.csv one at a time; while fewer are known, the first
three or more of them are played. All files are checked before anything is trained.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.vn2_files import read_sales, read_state, read_week, revealed_weeks
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
from ml.replenishment.simulation import Shelf

# of whole weeks: two seasons before a game, and what the earliest game to tune on needs
SEASONS_BEFORE, TUNING_BEFORE = 104, 88
LONG = Game(weeks=30, judged=22)


def main() -> int:
    """Play, print the table, write the results; 2 for files that no game could be played on."""
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
    game, shelf = Game(), None
    played = LONG if options.long else game
    try:
        sales = read_sales(options.data)
        if options.reveal:
            shelf = read_state(options.data, game)
            weeks = revealed_weeks(options.reveal, sales, game)
            played = replace(game, weeks=weeks, judged=game.judged - game.weeks + weeks)
        anchors = list(range(sales.width, TUNING_BEFORE - 1, -game.weeks))[::-1]
        starts = [a for a in anchors if SEASONS_BEFORE <= a <= sales.width - game.weeks]
        if options.reveal or options.long:
            starts = [sales.width - (0 if options.reveal else LONG.weeks)]
        if not starts or not any(a + game.weeks <= starts[0] for a in anchors):
            raise ValueError(
                f"sales.csv holds {sales.width} weeks, too few for a game and one before it to "
                "tune on"
            )
        options.out.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        print(f"benchmarks.vn2: {problem}", file=sys.stderr)
        return 2
    if played.weeks < game.weeks:
        print(f"{options.reveal} holds week_1.csv to week_{played.weeks}.csv: these are played")
    begun = time.monotonic()
    forecasts = RollingForecasts(
        anchors, horizon=game.lead + 2, model=options.model, threads=options.threads
    )
    demand = believed_demand(sales, game, anchors[0] - game.warm_up)
    judged = f"{played.weeks - played.judged + 1}_{played.weeks}"
    results = {"model": options.model, "judged_weeks": judged.replace("_", "-")}
    if options.reveal:
        results["policies"] = real_game(
            sales, demand, shelf, options.reveal, game, forecasts, played
        )
    elif options.long:
        results |= earlier_games(
            sales, demand, starts, anchors, LONG, forecasts, lambda s: cover_state(s, LONG)
        )
    else:
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
    return 0


def real_game(
    sales, demand, shelf: Shelf, folder: Path, game: Game, forecasts, played: Game
) -> dict:
    """Scores of all policies; week k reaches them only once the order before it is placed.

    Service levels are tuned on whole games, of which `played` may be the first weeks.
    """
    windows = [a for a in forecasts.anchors if a + game.weeks <= sales.width]
    level = tuned_level(sales, demand, game, forecasts, windows)
    revealed = [sales]

    def reveal(t: int) -> np.ndarray:
        if len(revealed) == t + 1:
            units = read_week(folder / f"week_{t + 1}.csv", sales, t + 1)
            revealed.append(revealed[t].plus(units))
        return revealed[t + 1].units[:, -1]

    policies = contestants(game, lambda t: revealed[t], forecasts, level)
    return scores(played, play(played, policies, reveal, shelf))


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
    raise SystemExit(main())
