"""Tells two endings apart: lapsed (went elsewhere) and graduated (the baby outgrew the shop)."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ml.churn.babies import BABY_NUMBERS
from ml.churn.baseline import COLUMNS
from ml.churn.logistic import Logistic, divisor, fit_logistic, probability
from ml.churn.timeline import KEYS
from ml.columns import FEAT_CUSTOMER, TooLittleData

ENDINGS = ("lapsed", "graduated")
# how often a customer buys tells how soon silence means leaving; how long ago the last purchase was
# is no cause of an ending but its first days, of the one as of the other
_BEHAVIOUR = COLUMNS["frequency"]
# nappies, formula and first food are made for babies up to two years, some of each beyond:
# nobody outgrows them before, and how fast they do afterwards is learnt
OUTGROWS_FROM = 24.0
_KNOTS = (OUTGROWS_FROM, 30.0, 36.0, 42.0)
_DAYS_A_MONTH = 30.44
_FEWEST_ROWS = 200


@dataclass(frozen=True)
class Endings:
    """The share of a customer's risk that is due to the baby's age.

    No shop sees why a customer stays away. What it sees is that of customers who buy as often more
    stay away once the baby is old enough: the excess over the same customer with a younger baby
    are those who outgrew the shop (the attributable fraction of epidemiology, 1 - p0 / p1).
    """

    centre: tuple[float, ...]
    spread: tuple[float, ...]
    behaviour: Logistic
    ages: Logistic

    @classmethod
    def learn(cls, features: pd.DataFrame, labels: pd.DataFrame) -> "Endings":
        """Fit on labelled slices of customers whose baby's age is told.

        `features`: feat_customer with baby_age_months (see `baby_ages`). `labels`: what
        `churn_labels` returns for windows that follow the household's cycle (`cycle_days`). How
        behaviour bears on silence is learnt from the younger babies, how age bears on it from all.
        Raises TooLittleData with fewer than 200 rows below or above the age of two.
        """
        rows = labels.merge(FEAT_CUSTOMER.check(features), on=KEYS, validate="one_to_one")
        rows = rows[rows["baby_age_months"].notna()]
        y = rows["is_churned"].to_numpy(float)
        age = _age_at(rows, (rows["known_on"] - rows["as_of"]).dt.days.to_numpy())
        young = age < OUTGROWS_FROM
        if min(young.sum(), (~young).sum()) < _FEWEST_ROWS or len(np.unique(y[young])) < 2:
            raise TooLittleData(
                f"{int(young.sum())} labelled rows of babies under two and {int((~young).sum())} "
                f"above are too few to tell who outgrew the shop, {_FEWEST_ROWS} each are needed"
            )
        logs = _logs(rows)
        centre = logs.mean(axis=0)
        spread = divisor(logs.std(axis=0), centre)
        scaled = (logs - centre) / spread
        behaviour = fit_logistic(scaled[young], y[young], ridge=1.0)
        ages = fit_logistic(
            np.column_stack([behaviour.margin(scaled), _beyond(age)]),
            y,
            ridge=1.0,
            prior=[1.0] + [0.0] * len(_KNOTS),
            at_least=0.0,
        )
        return cls(
            tuple(float(v) for v in centre), tuple(float(v) for v in spread), behaviour, ages
        )

    def graduated_share(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Of the chance to stay away for `days` (n,), the part due to the baby's age, (n,).

        0 where nothing tells the age. `features` as in `learn`; its row order is kept.
        """
        scaled = (_logs(features) - np.asarray(self.centre)) / np.asarray(self.spread)
        margin = self.behaviour.margin(scaled)
        beyond = _beyond(_age_at(features, days))
        older, younger = (
            probability(self.ages.margin(np.column_stack([margin, part])))
            for part in (beyond, np.zeros_like(beyond))
        )
        share = np.clip(1 - younger / older, 0.0, 1.0)
        return np.where(features[BABY_NUMBERS[0]].notna(), share, 0.0)

    def to_dict(self) -> dict:
        """Plain numbers, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: dict) -> "Endings":
        """What `to_dict` gave."""
        return cls(
            tuple(kept["centre"]),
            tuple(kept["spread"]),
            *(
                Logistic(kept[part]["intercept"], tuple(kept[part]["weights"]))
                for part in ("behaviour", "ages")
            ),
        )


def expected_ending(graduated_share: np.ndarray) -> np.ndarray:
    """The likelier of the two endings, should the customer leave, (n,) of ENDINGS."""
    return np.where(np.asarray(graduated_share) >= 0.5, "graduated", "lapsed")


def _age_at(features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
    return features["baby_age_months"].to_numpy(float) + np.asarray(days) / _DAYS_A_MONTH


def _beyond(age: np.ndarray) -> np.ndarray:
    """Years beyond each knot, (n, knots); 0 where the age is not known."""
    return np.nan_to_num(np.maximum(age[:, None] - np.asarray(_KNOTS), 0.0) / 12)


def _logs(features: pd.DataFrame) -> np.ndarray:
    return np.log1p(features[list(_BEHAVIOUR)].to_numpy(float).clip(0))
