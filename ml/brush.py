"""Brush orders (刷单): named signs weighed by how rare they are, and an isolation forest."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

SUSPECTED_FROM = 0.5
# What is assumed before the orders speak, and how many of them must say otherwise to halve it.
PRIOR_RATE = 0.02
RATE_PRIOR_ORDERS = 500.0
PRIOR_ORDERS = 200.0
FLAG_PRIOR_ORDERS = 20.0
LEAST_RATE = 0.002  # no sign counts as rarer than this among ordinary orders
ROUNDS = 4
TELLS_FROM = 2  # a sign twice as likely of a brush order as of an ordinary one is a reason
UNUSUAL_SHARE = 0.03
TREES = 100


@dataclass(frozen=True)
class Sign:
    """One thing a brush order tends to show, and the share of brush orders taken to show it.

    `holds` gives True, False or, where it cannot be known yet, null per row. A weak sign alone,
    or with other weak ones, never makes an order suspected.
    """

    code: str
    hit_rate: float
    holds: Callable[[pd.DataFrame], pd.Series]
    is_weak: bool = False


SIGNS = (
    Sign("shared_address", 0.5, lambda f: f["address_buyers"] >= 3),
    Sign("rushed", 0.6, lambda f: (f["hours_to_finish"] < 48).mask(f["hours_to_finish"].isna())),
    Sign("quick_review", 0.4, lambda f: (f["hours_to_review"] < 72) & (f["rating"] >= 5)),
    Sign(
        "burst",
        0.4,
        lambda f: (f["burst_orders"] >= 3) & (f["burst_orders"] >= 4 * f["usual_burst_orders"]),
    ),
    Sign("missed_gift", 0.2, lambda f: f["missed_gift_rate"] >= 0.6),
    Sign("one_off_buyer", 0.8, lambda f: f["is_lone"], is_weak=True),
    Sign("odd_price", 0.2, lambda f: f["price_gap"].abs() >= 0.15, is_weak=True),
    Sign("night", 0.2, lambda f: f["paid_hour"] < 6, is_weak=True),
    Sign("unusual", 0.5, lambda f: f["is_unusual"], is_weak=True),
)


def score(features: pd.DataFrame, *, seed: int = 7) -> pd.DataFrame:
    """How likely each candidate is a brush order, and the signs that say so.

    `features` has one row per order, as int_brush_features gives them. Rows with `is_sample` tell
    how often ordinary orders of a platform show a sign; how often brush orders do starts from
    `hit_rate` and is re-estimated from the candidates (Fellegi and Sunter 1969 by expectation
    maximisation, a few rounds). A shop's own flag weighs as much as it agrees with the rest.
    Returns order_id, brush_score (0 to 1), brush_reasons (codes joined by commas) and
    is_suspected for every row with `is_candidate`, sorted by order_id. The order of the rows
    given changes nothing.
    """
    frame = features.sort_values("order_id", ignore_index=True)
    frame = frame.assign(is_unusual=_is_unusual(frame, seed=seed))
    holds = [sign.holds(frame).astype("boolean") for sign in SIGNS]
    shown = np.column_stack([column.fillna(False).to_numpy(dtype=bool) for column in holds])
    known = np.column_stack([column.notna().to_numpy(dtype=bool) for column in holds])

    is_weak = np.array([sign.is_weak for sign in SIGNS])
    groups = _groups(frame["platform"])
    # the forest sees what the strong signs see: it may only tell apart orders that agree in those
    unusual_groups = 2 * groups + shown[:, ~is_weak].any(axis=1)
    belief, rate = np.zeros(len(frame)), np.full(len(frame), PRIOR_RATE)
    for _ in range(ROUNDS):
        flag_points = _flag_points(frame, belief)
        points = np.column_stack(
            [
                _points(
                    sign,
                    shown[:, i],
                    known[:, i],
                    unusual_groups if sign.code == "unusual" else groups,
                    frame,
                    belief,
                )
                for i, sign in enumerate(SIGNS)
            ]
        )
        odds = np.log(rate / (1 - rate)) + flag_points + points.sum(axis=1)
        belief = 1 / (1 + np.exp(-odds))
        rate = _rates(groups, frame, belief)

    # what most orders of a platform show is no sign there
    tells = np.column_stack([points, flag_points]) >= np.log(TELLS_FROM)
    tells[:, -1] &= frame["seller_flag"].notna().to_numpy(dtype=bool)
    codes = [sign.code for sign in SIGNS] + ["flag"]
    is_strong = np.append(~is_weak, True)
    is_backed = tells[:, is_strong].any(axis=1) & (tells.sum(axis=1) >= 2)
    scored = pd.DataFrame(
        {
            "order_id": frame["order_id"],
            "brush_score": belief.round(4),
            "brush_reasons": _joined(codes, tells),
            "is_suspected": (belief >= SUSPECTED_FROM) & is_backed,
        }
    )
    return scored[frame["is_candidate"].to_numpy(dtype=bool)].reset_index(drop=True)


def _rates(groups: np.ndarray, frame: pd.DataFrame, belief: np.ndarray) -> np.ndarray:
    """Share of brush orders among all orders of the platform."""
    sample = frame["is_sample"].to_numpy(dtype=float)
    shares = (_sums(groups, sample * belief) + RATE_PRIOR_ORDERS * PRIOR_RATE) / (
        _sums(groups, sample) + RATE_PRIOR_ORDERS
    )
    return shares[groups]


def _points(
    sign: Sign,
    shown: np.ndarray,
    known: np.ndarray,
    groups: np.ndarray,
    frame: pd.DataFrame,
    belief: np.ndarray,
) -> np.ndarray:
    """Log of how much likelier a brush order than an ordinary one of its group looks like this."""
    ordinary = (1 - belief) * (known & frame["is_sample"].to_numpy(dtype=bool))
    brush = belief * (known & frame["is_candidate"].to_numpy(dtype=bool))
    usual = (_sums(groups, ordinary * shown) + 1) / (_sums(groups, ordinary) + 2)
    usual = usual.clip(LEAST_RATE, 0.99)
    hits = (_sums(groups, brush * shown) + PRIOR_ORDERS * sign.hit_rate) / (
        _sums(groups, brush) + PRIOR_ORDERS
    )
    found = np.log(hits / usual).clip(min=0)
    missing = np.log((1 - hits) / (1 - usual)).clip(max=0)
    return np.where(shown, found[groups], missing[groups]) * known


def _flag_points(frame: pd.DataFrame, belief: np.ndarray) -> np.ndarray:
    """Log of how much likelier a brush order of the shop is to carry its flag, or to carry none."""
    shops = _groups(frame["shop"])
    flags = _groups(frame["shop"] + ":" + frame["seller_flag"].fillna(""))
    ordinary = (1 - belief) * frame["is_sample"].to_numpy(dtype=bool)
    brush = belief * frame["is_candidate"].to_numpy(dtype=bool)
    usual = (_sums(flags, ordinary)[flags] + 1) / (_sums(shops, ordinary)[shops] + 2)
    usual = usual.clip(LEAST_RATE, 0.999)
    # an order is no witness to its own flag
    hits = (_sums(flags, brush)[flags] - brush + FLAG_PRIOR_ORDERS * usual) / (
        _sums(shops, brush)[shops] - brush + FLAG_PRIOR_ORDERS
    )
    return np.log(hits / usual)


def _groups(names: pd.Series) -> np.ndarray:
    return pd.factorize(names, sort=True)[0]


def _sums(groups: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.bincount(groups, weights=weights)


def _is_unusual(frame: pd.DataFrame, *, seed: int) -> np.ndarray:
    """Whether a forest isolates an order sooner than nearly all of the sample."""
    from sklearn.ensemble import IsolationForest

    columns = _forest_columns(frame)
    sample = frame["is_sample"].to_numpy(dtype=bool)
    if sample.sum() < 2:
        return np.zeros(len(frame), dtype=bool)
    forest = IsolationForest(
        n_estimators=TREES, max_samples=min(256, int(sample.sum())), random_state=seed
    )
    outlying = -forest.fit(columns[sample]).score_samples(columns)
    return outlying > np.quantile(outlying[sample], 1 - UNUSUAL_SHARE)


def _forest_columns(frame: pd.DataFrame) -> np.ndarray:
    """The evidence as numbers of like spread; what is unknown takes the sample's median."""
    columns = pd.DataFrame(
        {
            "ship": np.log1p(frame["hours_to_ship"].clip(lower=0)),
            "finish": np.log1p(frame["hours_to_finish"].clip(lower=0)),
            "review": np.log1p(frame["hours_to_review"].clip(lower=0)),
            "address": np.log(frame["address_buyers"]),
            "burst": np.log(frame["burst_orders"] / (1 + frame["usual_burst_orders"])),
            "orders": np.log(frame["buyer_orders"]),
            "units": np.log1p(frame["units"].clip(lower=0)),
            "gift": frame["missed_gift_rate"],
            "price": frame["price_gap"],
            "night": frame["paid_hour"] < 6,
        }
    ).astype("float64")
    usual = columns[frame["is_sample"].to_numpy(dtype=bool)].median()
    return columns.fillna(usual).fillna(0.0).to_numpy()


def _joined(codes: list[str], holds: np.ndarray) -> np.ndarray:
    """Per row, the codes that hold, joined by commas."""
    bits = 1 << np.arange(len(codes))
    patterns, which = np.unique(holds @ bits, return_inverse=True)
    words = [",".join(np.array(codes)[(pattern & bits) > 0]) for pattern in patterns]
    return np.array(words, dtype=object)[which]
