"""What a customer is worth over the next 90 days, and who brings half of it."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ml.churn.logistic import divisor
from ml.churn.timeline import Timeline, days_visible
from ml.columns import FEAT_CUSTOMER, TooLittleData

VALUE_DAYS = 90
VALUE_TIERS = ("A", "B", "C")
_TIER_SHARES = (0.5, 0.8)
_COLUMNS = (
    "mean_order_amount",
    "amount_90d",
    "monetary_amount",
    "frequency",
    "orders_90d",
    "expected_gap_days",
    "recency_over_gap",
    "category_count",
)
_ORDER = _COLUMNS.index("mean_order_amount")
_ORDER_VOTES = 0.5  # what is usual weighs as much as so many purchase days of the customer's own
_RIDGE = 10.0
_FEWEST_BUYERS = 50


@dataclass(frozen=True)
class Spending:
    """Yuan that a customer spends in 90 days in which they buy at all.

    Log-linear in the logs of what feat_customer tells, the level set so that the buyers it learnt
    from spend in sum what they spent (Duan's smearing as a ratio). Times the chance to buy it is
    the expected value: a two-part model, for most of what is uncertain is whether they come.

    The log of the customer's average order is drawn to `usual_order`, the less the more often they
    bought (credibility, Bühlmann 1967): a single large order is mostly chance, and at its face
    value would lead every list. None: taken as it is, as outlooks of before were fitted.
    """

    centre: tuple[float, ...]
    spread: tuple[float, ...]
    intercept: float
    weights: tuple[float, ...]
    level: float
    usual_order: float | None = None

    @classmethod
    def learn(
        cls, features: pd.DataFrame, events: pd.DataFrame, *, last_day: pd.Timestamp
    ) -> "Spending":
        """Fit on every slice whose 90 days are complete at the end of `last_day`.

        `features`: feat_customer. `events`: feat_customer_events, of which nothing after
        `last_day` is read. Raises TooLittleData with fewer than 50 buyers.
        """
        last_day = pd.Timestamp(last_day)
        rows = FEAT_CUSTOMER.check(features)
        rows = rows[rows["as_of"] + pd.Timedelta(days=VALUE_DAYS) <= last_day]
        spent = spent_after(rows, days_visible(events, last_day))
        bought = spent > 0
        if bought.sum() < _FEWEST_BUYERS:
            raise TooLittleData(
                f"{int(bought.sum())} buyers in complete windows of {VALUE_DAYS} days are too few "
                f"to learn what customers spend, {_FEWEST_BUYERS} are needed"
            )
        usual = float(np.log1p(rows.loc[bought, "mean_order_amount"].clip(lower=0)).mean())
        logs, y = _logs(rows[bought], usual), np.log(spent[bought])
        centre = logs.mean(axis=0)
        spread = divisor(logs.std(axis=0), centre)
        x = (logs - centre) / spread
        weights = np.linalg.solve(x.T @ x + _RIDGE * np.eye(x.shape[1]), x.T @ (y - y.mean()))
        fitted = np.exp(y.mean() + x @ weights)
        return cls(
            tuple(float(v) for v in centre),
            tuple(float(v) for v in spread),
            float(y.mean()),
            tuple(float(w) for w in weights),
            float(spent[bought].sum() / fitted.sum()),
            usual,
        )

    def if_buying(self, features: pd.DataFrame) -> np.ndarray:
        """Yuan in 90 days of each row, given that the customer buys, (n,)."""
        x = (_logs(features, self.usual_order) - np.asarray(self.centre)) / np.asarray(self.spread)
        return self.level * np.exp(self.intercept + x @ np.asarray(self.weights))

    def to_dict(self) -> dict:
        """Plain numbers, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: dict) -> "Spending":
        """What `to_dict` gave, also that of versions before."""
        spread = divisor(kept["spread"], kept["centre"]).tolist()
        kept = kept | {"spread": spread}
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in kept.items()})


def spent_after(slices: pd.DataFrame, events: pd.DataFrame) -> np.ndarray:
    """Yuan paid in the 90 days after each row's as_of, (n,), refunds not taken off."""
    timeline = Timeline.of(events)
    paid = np.concatenate([[0.0], np.cumsum(timeline.events["paid_amount"].to_numpy(float))])
    _, now = timeline.visible(slices)
    _, then = timeline.visible(slices.assign(as_of=slices["as_of"] + pd.Timedelta(days=VALUE_DAYS)))
    return paid[then] - paid[now]


def own_rhythm_spend(features: pd.DataFrame) -> np.ndarray:
    """Yuan a customer spends in 90 days at their own rhythm, (n,): what is said without a model.

    mean_order_amount x 90 / expected_gap_days, the gap taken as at least one day and the average
    order as at least zero.
    """
    orders = VALUE_DAYS / features["expected_gap_days"].clip(lower=1.0)
    return (features["mean_order_amount"].clip(lower=0.0) * orders).to_numpy()


def value_tier(amount: np.ndarray) -> np.ndarray:
    """A for who brings the first half of the sum, B up to four fifths, C for the rest, (n,)."""
    amount = np.asarray(amount, dtype=float)
    order = np.argsort(-amount, kind="stable")
    before = np.cumsum(amount[order]) - amount[order]
    tiers = np.empty(len(amount), dtype=object)
    places = np.searchsorted(np.asarray(_TIER_SHARES) * amount.sum(), before, side="right")
    tiers[order] = np.asarray(VALUE_TIERS, dtype=object)[places]
    return tiers


def _logs(features: pd.DataFrame, usual_order: float | None) -> np.ndarray:
    logs = np.log1p(features[list(_COLUMNS)].to_numpy(float).clip(0))
    if usual_order is not None:
        votes = features["frequency"].to_numpy(float)
        share = votes / (votes + _ORDER_VOTES)
        logs[:, _ORDER] = usual_order + share * (logs[:, _ORDER] - usual_order)
    return logs
