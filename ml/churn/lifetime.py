"""Buy-till-you-die models of purchase days, BG/NBD and Pareto/NBD: two rates and an end a head."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import ClassVar

import numpy as np
import pandas as pd

from ml.churn.logistic import log_odds
from ml.churn.timeline import Timeline, day_number

_LOG_BOUND = 7.0
_NO_ANSWER = 1e9  # the loss where it cannot be reckoned
_QUADRATURE_NODES = 48
# 1e-5 off 1 the closed form of expected purchases loses seven digits, which leaves enough
_NEAR_ONE = 1e-5
_LITTLE = 1e-9


@dataclass(frozen=True)
class Histories:
    """What both models read of a customer, (n,) each, in days.

    `repeats`: purchase days after the first; `last`: from the first purchase day to the last;
    `age`: from the first purchase day to the day the customer is looked at.
    """

    repeats: np.ndarray
    last: np.ndarray
    age: np.ndarray

    @classmethod
    def of(cls, timeline: Timeline, slices: pd.DataFrame) -> "Histories":
        """As seen at the end of each row's as_of; who has not bought by then counts as new."""
        first, end = timeline.visible(slices)
        today = day_number(slices["as_of"]).astype(float)
        n = end - first
        if not len(timeline.day):
            return cls(np.zeros(len(n)), np.zeros(len(n)), np.zeros(len(n)))
        begun = np.where(n > 0, timeline.day[np.minimum(first, len(timeline.day) - 1)], today)
        last = np.where(n > 0, timeline.day[np.maximum(end - 1, 0)], today)
        return cls(np.maximum(n - 1, 0).astype(float), last - begun, today - begun)

    @classmethod
    def of_everyone(cls, timeline: Timeline, as_of: pd.Timestamp) -> "Histories":
        """Of all customers who have bought by the end of `as_of`."""
        known = timeline.events.loc[timeline.events["ds"] <= as_of, "customer_id"].unique()
        return cls.of(timeline, pd.DataFrame({"customer_id": known, "as_of": as_of}))

    def compressed(self) -> tuple["Histories", np.ndarray, np.ndarray]:
        """Distinct histories, how many customers have each, and each customer's place in them."""
        table = np.column_stack([self.repeats, self.last, self.age])
        distinct, place, count = np.unique(table, axis=0, return_inverse=True, return_counts=True)
        return Histories(*distinct.T), count.astype(float), place.ravel()


@dataclass(frozen=True)
class BetaGeometric:
    """BG/NBD (Fader, Hardie and Lee 2005): Poisson purchases, an end after any of them.

    Purchase rates are gamma(r, alpha), chances to leave after a purchase beta(a, b).
    """

    r: float
    alpha: float
    a: float
    b: float
    name: ClassVar[str] = "bg_nbd"
    start: ClassVar[tuple[float, ...]] = (0.5, 30.0, 0.8, 2.0)

    def log_likelihood(self, h: Histories) -> np.ndarray:
        """Of each history, (n,)."""
        from scipy.special import gammaln

        x, r, alpha, a, b = h.repeats, self.r, self.alpha, self.a, self.b
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        common += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        alive = -(r + x) * np.log(alpha + h.age)
        gone = np.where(
            x > 0,
            np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + h.last),
            -np.inf,
        )
        return common + np.logaddexp(alive, gone)

    def alive(self, h: Histories) -> np.ndarray:
        """Chance that a customer has not left, (n,); 1 for who bought once."""
        x = h.repeats
        odds = (self.r + x) * np.log((self.alpha + h.age) / (self.alpha + h.last))
        odds += np.log(self.a) - np.log(self.b + np.maximum(x, 1) - 1)
        return np.where(x > 0, 1 / (1 + np.exp(np.minimum(odds, 500))), 1.0)

    def buys_within(self, h: Histories, days: float) -> np.ndarray:
        """Chance of a purchase in the next `days`, (n,)."""
        rest = np.log((self.alpha + h.age) / (self.alpha + h.age + days))
        return self.alive(h) * -np.expm1((self.r + h.repeats) * rest)

    def expected_purchases(self, h: Histories, days: float) -> np.ndarray:
        """Purchase days expected in the next `days`, (n,)."""
        from scipy.special import hyp2f1

        x, r, alpha, b = h.repeats, self.r, self.alpha, self.b
        a = self.a if abs(self.a - 1) > _NEAR_ONE else 1 + _NEAR_ONE
        share = ((alpha + h.age) / (alpha + h.age + days)) ** (r + x)
        series = hyp2f1(r + x, b + x, a + b + x - 1, days / (alpha + h.age + days))
        return (a + b + x - 1) / (a - 1) * (1 - share * series) * self.alive(h)


@dataclass(frozen=True)
class ParetoNbd:
    """Pareto/NBD (Schmittlein, Morrison and Colombo 1987): Poisson purchases, an end at any time.

    Purchase rates are gamma(r, alpha), rates of leaving gamma(s, beta).
    """

    r: float
    alpha: float
    s: float
    beta: float
    name: ClassVar[str] = "pareto_nbd"
    start: ClassVar[tuple[float, ...]] = (0.5, 30.0, 0.6, 40.0)

    def log_likelihood(self, h: Histories) -> np.ndarray:
        """Of each history, (n,); Fader and Hardie's form (2005, a note on the derivation)."""
        from scipy.special import gammaln

        x, r = h.repeats, self.r
        common = gammaln(r + x) - gammaln(r) + r * np.log(self.alpha) + self.s * np.log(self.beta)
        return common + np.logaddexp(self._log_alive(h), self._log_gone(h))

    def alive(self, h: Histories) -> np.ndarray:
        """Chance that a customer has not left, (n,)."""
        odds = self._log_gone(h) - self._log_alive(h)
        return 1 / (1 + np.exp(np.minimum(odds, 500)))

    def buys_within(self, h: Histories, days: float) -> np.ndarray:
        """Chance of a purchase in the next `days`, (n,).

        The density of the first purchase, (r+x) (alpha+T)^(r+x) / (alpha+T+u)^(r+x+1) times the
        chance to be there still, ((beta+T) / (beta+T+u))^s, summed over u by Gauss-Legendre.
        """
        node, weight = _quadrature()
        u = (days * (node + 1) / 2)[:, None]
        buying, leaving = self.alpha + h.age, self.beta + h.age
        density = np.exp(
            np.log(self.r + h.repeats)
            - np.log(buying + u)
            + (self.r + h.repeats) * np.log(buying / (buying + u))
            + self.s * np.log(leaving / (leaving + u))
        )
        return self.alive(h) * (weight @ density) * days / 2

    def expected_purchases(self, h: Histories, days: float) -> np.ndarray:
        """Purchase days expected in the next `days`, (n,)."""
        s = self.s if abs(self.s - 1) > _NEAR_ONE else 1 + _NEAR_ONE
        rate = (self.r + h.repeats) * (self.beta + h.age) / ((self.alpha + h.age) * (s - 1))
        still = ((self.beta + h.age) / (self.beta + h.age + days)) ** (s - 1)
        return rate * (1 - still) * self.alive(h)

    def _log_alive(self, h: Histories) -> np.ndarray:
        x = self.r + h.repeats
        return -x * np.log(self.alpha + h.age) - self.s * np.log(self.beta + h.age)

    def _log_gone(self, h: Histories) -> np.ndarray:
        """log of s / (r+s+x) times the difference of the two hypergeometric terms."""
        from scipy.special import hyp2f1

        total = self.r + self.s + h.repeats
        larger, smaller = max(self.alpha, self.beta), min(self.alpha, self.beta)
        second = self.s + 1 if self.alpha >= self.beta else self.r + h.repeats

        def term(day: np.ndarray) -> np.ndarray:
            ratio = (larger - smaller) / (larger + day)
            return np.log(hyp2f1(total, second, total + 1, ratio)) - total * np.log(larger + day)

        early, late = term(h.last), term(h.age)
        gap = np.minimum(late - early, -1e-12)
        return np.log(self.s) - np.log(total) + early + np.log(-np.expm1(gap))


@cache
def _quadrature() -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(_QUADRATURE_NODES)


LifetimeModel = BetaGeometric | ParetoNbd


def fit_lifetime(
    kind: type[LifetimeModel], histories: Histories, *, ridge: float = 1e-4
) -> LifetimeModel:
    """The most likely parameters, by L-BFGS-B on their logarithms.

    `ridge` draws the logarithms to the start's, times the number of customers: it matters only
    where the data say nothing (nobody ever came back). Raises ValueError for no histories.
    """
    if not len(histories.age):
        raise ValueError("a lifetime model needs at least one customer")
    distinct, count, _ = histories.compressed()
    table = np.stack([distinct.repeats, distinct.last, distinct.age])
    return _most_likely(kind, table.tobytes(), count.tobytes(), ridge)


@lru_cache(maxsize=16)  # one training asks for the same customers in tuning, test and last fit
def _most_likely(
    kind: type[LifetimeModel], table: bytes, count: bytes, ridge: float
) -> LifetimeModel:
    from scipy.optimize import minimize

    customers = np.frombuffer(count)
    distinct = Histories(*np.frombuffer(table).reshape(3, -1))
    start = np.log(kind.start)

    def loss(logs: np.ndarray) -> float:
        # where customers are all alike the parameters grow without end, until the terms overflow
        with np.errstate(over="ignore", invalid="ignore"):
            value = -(customers @ kind(*np.exp(logs)).log_likelihood(distinct)) / customers.sum()
        if not np.isfinite(value):
            return _NO_ANSWER
        return value + ridge * float((logs - start) @ (logs - start))

    bounds = [(s - _LOG_BOUND, s + _LOG_BOUND) for s in start]
    found = minimize(loss, start, bounds=bounds, method="L-BFGS-B")
    return kind(*(float(p) for p in np.exp(found.x)))


@dataclass(frozen=True)
class Lifetimes:
    """Both models, fitted on everyone, and the days ahead they are asked about."""

    beta_geometric: BetaGeometric
    pareto: ParetoNbd
    days: int

    @classmethod
    def learn(cls, events: pd.DataFrame, as_of: pd.Timestamp, days: int) -> "Lifetimes":
        """Fit on all customers of `events` (feat_customer_events) as known at the end of as_of."""
        known = Histories.of_everyone(Timeline.of(events), as_of)
        return cls(fit_lifetime(BetaGeometric, known), fit_lifetime(ParetoNbd, known), days)

    @classmethod
    def from_dict(cls, kept: dict) -> "Lifetimes":
        """What `dataclasses.asdict` gave of one."""
        return cls(
            BetaGeometric(**kept["beta_geometric"]), ParetoNbd(**kept["pareto"]), kept["days"]
        )

    def numbers(self, timeline: Timeline, slices: pd.DataFrame) -> np.ndarray:
        """One column per LIFETIME_NUMBERS: log odds of being there, of buying; log of purchases."""
        distinct, _, place = Histories.of(timeline, slices).compressed()
        columns = []
        for model in (self.beta_geometric, self.pareto):
            columns.append(model.alive(distinct))
            columns.append(log_odds(model.buys_within(distinct, self.days)))
            columns.append(np.log(model.expected_purchases(distinct, self.days) + _LITTLE))
        return np.column_stack(columns)[place].astype(np.float32)

    def odds_moved(self, timeline: Timeline, slices: pd.DataFrame, days: int) -> np.ndarray:
        """How much higher the log odds to buy are within `days` than within the days fitted.

        The odds of a rare event grow as its expected number does: the ratio of Pareto/NBD's
        expected purchases, (n,). Exact for small chances, an approximation for large ones.
        """
        distinct, _, place = Histories.of(timeline, slices).compressed()
        near = self.pareto.expected_purchases(distinct, self.days)
        far = self.pareto.expected_purchases(distinct, days)
        return np.log((far + _LITTLE) / (near + _LITTLE))[place]

    def purchases_given(
        self, buys: np.ndarray, timeline: Timeline, slices: pd.DataFrame, days: int
    ) -> np.ndarray:
        """Purchase days expected in the next `days`, (n,), when another model gives the chances.

        Pareto/NBD's count, and the count of its buyers times `buys` (n,), the other model's chance
        of a purchase: their geometric mean, half the way from the one to the other.
        """
        distinct, _, place = Histories.of(timeline, slices).compressed()
        count = self.pareto.expected_purchases(distinct, days)[place]
        chance = self.pareto.buys_within(distinct, days)[place]
        return count * np.sqrt(buys / np.maximum(chance, _LITTLE))


LIFETIME_NUMBERS = tuple(
    f"{model}_{what}"
    for model in ("bg_nbd", "pareto_nbd")
    for what in ("alive", "buying", "purchases")
)
