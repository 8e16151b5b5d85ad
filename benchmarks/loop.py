"""The closed loop on made-up shops: false retrains, weeks to detection, plan cost with and without.

python -m benchmarks.loop [--seeds 30] [--out var/bench/loop.json]

Half a year of weeks for each seed, quiet and with each planted change. Monitors, their limits, the
retrain rule and the plan's replay are the product's own; the forecaster is a pooled ridge
regression that stands in for the ensemble, and no gate is played: every challenger takes charge.
Limits were chosen on seeds from 2000 on, and none of those is reported.
A false retrain is one that an alarm asked for in a quiet shop; the calendar's are told apart.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from benchmarks.loop_run import Life, Shop, live
from benchmarks.loop_world import CHANGES, PAST, WATCHED, make_world

YEARS = WATCHED / 52
SOON = 8  # weeks; the calendar retrains after as many anyway
POLICIES = ("loop", "never", "weekly")


def main() -> int:
    """Measure, print, and return 1 if a limit of the promise does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("var/bench/loop.json"))
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    quiet = quiet_figures(seeds)
    print(
        f"quiet, {len(seeds)} seeds x {WATCHED} weeks: {quiet['false_mean']:.2f} false retrains a "
        f"model-year on average, {quiet['false_median']:.2f} in the median seed, none in "
        f"{quiet['without_any']:.0%} of seeds; by monitor {quiet['by_monitor']}; "
        f"{quiet['refreshes']:.1f} a year by the calendar"
    )
    print(costs_line("quiet", quiet))
    found = {change: change_figures(change, seeds) for change in CHANGES}
    for change, figures in found.items():
        print(
            f"{change}: seen in {figures['seen']:.0%} of seeds within {SOON} weeks, in "
            f"{figures['within_3']:.0%} within 3; {figures['weeks']} weeks in the median, by "
            f"{figures['by_monitor']}"
        )
        print(costs_line(change, figures))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"quiet": quiet} | found, indent=1), encoding="utf-8")
    dark = found["dark"]["retrains_on_bad_data"]
    print(f"retrains while the data was red: {dark}")
    print(
        f"false_retrains_per_model_year: {quiet['false_median']:.2f} "
        f"detection_weeks_up: {found['up']['weeks']} detection_weeks_down: {found['down']['weeks']}"
    )
    kept = quiet["false_mean"] <= 1 and max(found[c]["weeks"] for c in ("up", "down")) <= 3
    return 0 if kept and not dark else 1


def quiet_figures(seeds: range) -> dict:
    """Retrains that an alarm asked for although nothing was planted."""
    lives = [_lives(seed, None) for seed in seeds]
    false = np.array([len(lived["loop"].retrains) for lived in lives])
    named = [name for lived in lives for _, red in lived["loop"].alarms for name in red]
    return {
        "false_mean": float(false.mean() / YEARS),
        "false_median": float(np.median(false) / YEARS),
        "without_any": float((false == 0).mean()),
        "by_monitor": {name: named.count(name) for name in sorted(set(named))},
        "refreshes": float(np.mean([len(lived["loop"].refreshes) for lived in lives]) / YEARS),
        **_costs(lives),
    }


def change_figures(change: str, seeds: range) -> dict:
    """Weeks from the change to its detection: 1 is at the end of the first week it lasted.

    A dark platform is detected by the data's verdict, all else by the first alarm that was not
    raised before the change.
    """
    lives, weeks, named, on_bad_data = [], [], [], 0
    for seed in seeds:
        lived = _lives(seed, change)
        lives.append(lived)
        loop, at = lived["loop"], lived["changed_at"] - PAST
        if change == "dark":
            after = [week for week in loop.data_red if week >= at]
            on_bad_data += len({*loop.retrains, *loop.refreshes} & set(loop.data_red))
            named += ["landed_volume"] * bool(after)
        else:
            after = [week for week, _ in loop.alarms if week >= at]
            named += [n for week, red in loop.alarms if after and week == after[0] for n in red]
        weeks.append(after[0] - at + 1 if after else np.inf)
    weeks = np.array(weeks)
    return {
        "seen": float((weeks <= SOON).mean()),
        "within_3": float((weeks <= 3).mean()),
        "weeks": float(np.median(weeks)),
        "by_monitor": {name: named.count(name) for name in sorted(set(named))},
        "retrains_on_bad_data": on_bad_data,
        **_costs(lives),
    }


def costs_line(name: str, figures: dict) -> str:
    """Plan cost of the three policies, and what each trained for it."""
    saved = 1 - figures["cost_loop"] / figures["cost_never"]
    best = 1 - figures["cost_weekly"] / figures["cost_never"]
    return (
        f"{name}: plan cost {figures['cost_loop']:,.0f} with the loop "
        f"({figures['trainings']:.1f} retrains in half a year), {figures['cost_never']:,.0f} "
        f"without, {figures['cost_weekly']:,.0f} retrained every week ({WATCHED - 1} retrains): "
        f"saves {saved:.1%} of {best:.1%}"
    )


def _lives(seed: int, change: str | None) -> dict:
    world = make_world(seed, change)
    shop = Shop(world)
    lived: dict = {policy: live(shop, policy=policy) for policy in POLICIES}
    return lived | {"changed_at": world.changed_at}


def _costs(lives: list[dict]) -> dict[str, float]:
    def trainings(life: Life) -> int:
        return len(life.retrains) + len(life.refreshes)

    mean = {f"cost_{p}": float(np.mean([lived[p].cost for lived in lives])) for p in POLICIES}
    return mean | {"trainings": float(np.mean([trainings(lived["loop"]) for lived in lives]))}


if __name__ == "__main__":
    raise SystemExit(main())
