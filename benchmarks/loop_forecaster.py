"""The benchmark's stand-in forecaster: one pooled ridge regression a step, refitted in no time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.loop_world import AHEAD, PAST, WEEKS, ShopWeeks

HALF_LIFE = 26.0  # weeks after which a past week counts half
RIDGE = 20.0


@dataclass(frozen=True)
class Fit:
    """`weights` (AHEAD, features), learnt from targets up to week `last`."""

    weights: np.ndarray
    last: int


class Forecaster:
    """Direct forecasts of 1 to AHEAD weeks from recent means, last year, festivals and discounts.

    It stands in for the product's ensemble, which trains for minutes: as there, the lags follow
    demand without any training, and what is learnt (how much to trust them, how brands,
    categories, festivals and discounts differ) grows stale.
    """

    def __init__(self, shop: ShopWeeks, seen: np.ndarray) -> None:
        self._shop = shop
        y = np.where(shop.is_stockout, np.nan, seen)
        self._pull = _pull(shop.plans, y)
        self._y = y / self._pull

    def fit(self, now: int) -> Fit:
        """Learn from all weeks up to and including `now`."""
        past = np.arange(30, now)
        weights = []
        for h in range(1, AHEAD + 1):
            targets = past[past + h <= now]
            age = 0.5 ** ((now - targets) / HALF_LIFE)
            gram = np.tensordot(age, self._grams[h - 1][targets], 1)
            side = np.tensordot(age, self._sides[h - 1][targets], 1)
            weights.append(np.linalg.solve(gram + RIDGE * np.eye(len(side)), side))
        return Fit(np.stack(weights), now)

    def forecast(self, fit: Fit, now: int) -> np.ndarray:
        """Expected demand (n, AHEAD) of the weeks after `now`."""
        made = [self._features(h)[now] @ fit.weights[h - 1] for h in range(1, AHEAD + 1)]
        ahead = np.minimum(now + np.arange(1, AHEAD + 1), WEEKS - 1)
        made = np.clip(np.stack(made, axis=1), 0, None) * self._scale[:, now, None]
        return made * self._pull[ahead] * self._shop.is_on_sale[:, ahead]

    @cached_property
    def _means(self) -> dict[int, np.ndarray]:
        """Mean of the last k weeks up to each week, of those seen, without festivals' pull."""
        seen = ~np.isnan(self._y)
        total = np.cumsum(np.where(seen, self._y, 0.0), axis=1)
        count = np.cumsum(seen, axis=1)
        found = {}
        for k in (1, 3, 8, 26):
            before = np.maximum(np.arange(WEEKS) - k, -1)
            start = before < 0
            t = total - np.where(start, 0.0, total[:, before])
            c = count - np.where(start, 0, count[:, before])
            found[k] = np.where(c > 0, t / np.maximum(c, 1), np.nan)
        return found

    @cached_property
    def _scale(self) -> np.ndarray:
        return np.maximum(np.nan_to_num(self._means[26]), 0.2)

    @cached_property
    def _season(self) -> np.ndarray:
        """Demand of each series' category around a week."""
        codes = np.unique(self._shop.static["category"], return_inverse=True)[1]
        total = np.stack([np.nansum(self._y[codes == c], axis=0) for c in range(codes.max() + 1)])
        smooth = np.apply_along_axis(lambda v: np.convolve(v, np.ones(5) / 5, "same"), 1, total)
        return smooth[codes]

    def _features(self, h: int) -> np.ndarray:
        return self._tables[h - 1]

    @cached_property
    def _tables(self) -> list[np.ndarray]:
        """For each step (WEEKS, n, features) as known at the end of each week."""
        shop, means, scale = self._shop, self._means, self._scale
        n = len(shop.y)
        lags = [np.nan_to_num(means[k] / scale, nan=1.0) for k in (1, 3, 8)]
        dummies = [
            (shop.static[name].to_numpy()[:, None] == np.unique(shop.static[name])).astype(float)
            for name in ("brand_id", "category")
        ]
        fixed = np.concatenate([*dummies, np.ones((n, 1))], axis=1)
        week = np.arange(WEEKS)
        tables = []
        for h in range(1, AHEAD + 1):
            target = np.minimum(week + h, WEEKS - 1)
            year_ago = np.maximum(target - 52, 0)
            then = np.maximum(week - 52, 0)
            known = (target - 52 >= 2) & (then >= 2)
            season = np.where(
                known, self._season[:, year_ago] / np.maximum(self._season[:, then], 1.0) - 1, 0.0
            )
            pull = np.broadcast_to(np.log(self._pull), (n, WEEKS))
            coming, discount = pull[:, target], shop.discount[:, target]
            moving = np.stack(
                [
                    *lags,
                    np.clip(season, -0.5, 0.5),
                    *(discount, shop.discount, lags[1] * discount),
                    *(coming, pull, lags[1] * coming),
                    *(coming * of_category[:, None] for of_category in dummies[1].T),
                ],
                axis=2,
            ).transpose(1, 0, 2)
            tables.append(
                np.concatenate([moving, np.broadcast_to(fixed, (WEEKS, *fixed.shape))], axis=2)
            )
        return tables

    @cached_property
    def _products(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Normal equations of each target week, so that a fit is a weighted sum of them."""
        grams, sides = [], []
        for h in range(1, AHEAD + 1):
            features, target = self._tables[h - 1], self._y / np.roll(self._scale, h, axis=1)
            size = features.shape[2]
            gram, side = np.zeros((WEEKS, size, size)), np.zeros((WEEKS, size))
            for week in range(30, WEEKS):
                seen = ~np.isnan(target[:, week])
                weight = np.sqrt(self._scale[seen, week - h])[:, None]
                x = features[week - h][seen]
                gram[week] = (x * weight).T @ x
                side[week] = (x * weight).T @ np.minimum(target[seen, week], 8.0)
            grams.append(gram)
            sides.append(side)
        return grams, sides

    @property
    def _grams(self) -> list[np.ndarray]:
        return self._products[0]

    @property
    def _sides(self) -> list[np.ndarray]:
        return self._products[1]


def _pull(plans: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Factor (WEEKS,) that festivals and discounts put on all demand, learnt from the PAST weeks.

    A ridge regression of the log of demand on the plans, and the level around each week as what
    it leaves, in turns.
    """
    first = 8  # weeks whose own past is not known
    usual = np.nansum(y[:, :PAST], axis=1) / np.maximum((~np.isnan(y[:, :PAST])).sum(axis=1), 1)
    due = np.where(np.isnan(y), 0.0, usual[:, None]).sum(axis=0)
    told = np.log(np.nansum(y, axis=0)[:PAST] / due[:PAST])
    x, effect = plans[first:PAST], np.zeros(plans.shape[1])
    for _ in range(10):
        left = told - plans[:PAST] @ effect
        level = np.array([np.median(left[max(0, t - 9) : t + 10]) for t in range(first, PAST)])
        gram = x.T @ x + 0.02 * np.eye(x.shape[1])
        effect = np.linalg.solve(gram, x.T @ (told[first:] - level))
    return np.exp(plans @ effect)
