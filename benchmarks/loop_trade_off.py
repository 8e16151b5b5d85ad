"""What other limits of the triggers would cost: false retrains against weeks to detection.

Seeds 2000 to 2009: whatever the limits, the median rise or fall is found in 2 weeks. 15 % of the
products instead of 20 for bias_cusum: 1.2 false retrains a model-year for 0.8, nothing
found earlier; a quarter spares none. 1000 quiet years instead of 100 for demand_shift: 0.4, but of
ten rises one is found after the third week. The product keeps 100: below one false retrain a year,
finding a change earlier is worth more, for a training costs minutes and empty shelves cost sales.
"""

import numpy as np

from benchmarks.loop_run import Limits, Shop, live
from benchmarks.loop_world import WATCHED, make_shops
from monitoring.demand_shift import ShiftLimits
from monitoring.forecast_error import CusumLimits

SETTINGS = {
    "the product's": Limits(),
    **{
        f"demand_shift, {years:g} quiet years": Limits(shift=ShiftLimits(quiet_years=years))
        for years in (30, 1000)
    },
    **{
        f"bias_cusum, {share:.0%} of products": Limits(cusum=CusumLimits(share=share))
        for share in (0.15, 0.25)
    },
}
Found = dict[str, dict[str, float]]  # of one seed, by setting


def measure(seed: int) -> Found:
    """False retrains a year in the quiet shop, weeks to the first alarm after up and down."""
    shops = {c: Shop(weeks) for c, weeks in make_shops(seed, ("up", "down")).items()}
    found: Found = {}
    for name, limits in SETTINGS.items():
        lives = {change: live(shop, limits=limits) for change, shop in shops.items()}
        found[name] = {"false": len(lives["quiet"].retrains) * 52 / WATCHED}
        found[name] |= {change: lives[change].weeks_to_alarm for change in ("up", "down")}
    return found


def report(seeds: list[Found]) -> None:
    """One line per setting: means and medians over the seeds."""
    print(f"{len(seeds)} seeds; false retrains a model-year; weeks to detection, share within 3")
    shown = f"{'up':>5} {'within':>7} {'down':>5} {'within':>7}"
    print(f"{'limits':34} {'false':>6} {'median':>7} {shown}")
    for name in SETTINGS:
        values = {key: np.array([f[name][key] for f in seeds]) for key in ("false", "up", "down")}
        up, down = (
            f"{np.median(values[change]):>5.1f} {(values[change] <= 3).mean():>7.0%}"
            for change in ("up", "down")
        )
        false = values["false"]
        print(f"{name:34} {false.mean():>6.2f} {np.median(false):>7.2f} {up} {down}")
