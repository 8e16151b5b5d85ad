"""Everything the night says of a customer: score, ending, timing, value and segment together."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ml.churn.babies import BABY_NUMBERS, baby_ages
from ml.churn.endings import Endings, expected_ending
from ml.churn.evaluation import population
from ml.churn.interactions import TALK_NUMBERS, talk_numbers
from ml.churn.labels import churn_labels, cycle_days
from ml.churn.model import ChurnModel
from ml.churn.reasons import LANGUAGES
from ml.churn.segments import Segments
from ml.churn.timeline import KEYS
from ml.churn.timing import HORIZONS, PurchaseTiming
from ml.churn.value import Spending, own_rhythm_spend, value_tier
from ml.columns import TooLittleData

EXTRAS = (*BABY_NUMBERS, *TALK_NUMBERS)
WARNING_DAYS = 7
WARNED_BY = "logistic"
_ROWS_AT_ONCE = 50_000
_IN_JSON = {"endings": Endings, "spending": Spending, "segments": Segments}
_IN_FOLDERS = {"timing": PurchaseTiming, "warning": ChurnModel}
_TIMING = [*(f"buys_{days}d" for days in HORIZONS), "expected_on"]


def with_extras(
    features: pd.DataFrame, births: pd.DataFrame | None, talks: pd.DataFrame | None
) -> pd.DataFrame:
    """`features` (feat_customer) with EXTRAS: the baby's age and the talks of the last 30 days.

    `births`: feat_customer_births, `talks`: feat_customer_talks, None where a shop has none. All
    that is not known is nan; nothing after a row's as_of is read.
    """
    parts = (
        (births, baby_ages, BABY_NUMBERS),
        (talks, talk_numbers, TALK_NUMBERS),
    )
    extended = features.reset_index(drop=True)
    for told, numbers, names in parts:
        found = np.nan if told is None else numbers(extended, told)[list(names)].to_numpy()
        extended[list(names)] = found
    return extended


class Outlook:
    """A fitted churn model and what is said beside its score.

    A part is None where there was too little data for it; what it would say is then null.
    """

    def __init__(
        self,
        churn: ChurnModel,
        endings: Endings | None = None,
        timing: PurchaseTiming | None = None,
        warning: ChurnModel | None = None,
        spending: Spending | None = None,
        segments: Segments | None = None,
    ) -> None:
        self.churn = churn
        self.endings = endings
        self.timing = timing
        self.warning = warning
        self.spending = spending
        self.segments = segments

    @classmethod
    def learn(
        cls,
        churn: ChurnModel,
        features: pd.DataFrame,
        events: pd.DataFrame,
        *,
        outcome_days: int,
        last_day: pd.Timestamp,
        say: Callable[[str], None] = print,
    ) -> "Outlook":
        """Fit `churn` and the rest on the reachable customers of every slice with a known outcome.

        `features`: feat_customer with EXTRAS (see `with_extras`). `events`: feat_customer_events.
        The early warning asks who will be silent for `outcome_days` that begin in seven days;
        segments are those of the newest slice.
        """
        rows = population(features).reset_index(drop=True)
        last = pd.Timestamp(last_day)

        def labels(days: int | np.ndarray, gap_days: int = 0) -> pd.DataFrame:
            return churn_labels(rows, events, outcome_days=days, last_day=last, gap_days=gap_days)

        churn.fit(rows, events, labels(outcome_days))
        warning = ChurnModel(WARNED_BY, churn.seed, extras=EXTRAS, threads=churn.threads)
        timing = PurchaseTiming(churn.seed, extras=BABY_NUMBERS, threads=churn.threads)
        parts = {
            "endings": lambda: Endings.learn(rows, labels(cycle_days(rows))),
            "timing": lambda: timing.fit(rows, events, last_day=last),
            "warning": lambda: warning.fit(rows, events, labels(outcome_days, WARNING_DAYS)),
            "spending": lambda: Spending.learn(rows, events, last_day=last),
            "segments": lambda: Segments.learn(
                rows[rows["as_of"] == rows["as_of"].max()], seed=churn.seed
            ),
        }
        learnt = {}
        for name, learn in parts.items():
            try:
                learnt[name] = learn()
            except TooLittleData as problem:
                say(f"no {name}: {problem}")
        return cls(churn, **learnt)

    def predict(self, features: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
        """All that is said of each row, sorted by as_of and customer_id; 50,000 rows at a time.

        What `ChurnModel.predict` returns, and beside it outcome_days (the days that churn_score
        speaks of) and, null where not learnt:

        graduated_share (of the risk, what is due to the baby's age), lapsed_score and
        graduated_score (churn_score in two parts), ending_expected (the likelier ending, should
        the customer leave), buys_7d, buys_30d, buys_90d, expected_on (see `PurchaseTiming`),
        leaves_in_7d_score (chance of a silence that begins in seven days), segment_zh and
        segment_en. Always there: buying_90d_amount (yuan in 90 days, given that the customer
        buys; at their own rhythm where not learnt), expected_90d_amount (times the chance to
        buy), value_at_stake_amount (times churn_score) and value_tier (see `value_tier`).
        """
        rows = features.sort_values(["as_of", "customer_id"], ignore_index=True)
        if len(rows) <= _ROWS_AT_ONCE:
            scored = self._predict(rows, events)
        else:
            events = events.sort_values("customer_id", kind="stable", ignore_index=True)
            starts = range(0, len(rows), _ROWS_AT_ONCE)
            parts = (rows.iloc[start : start + _ROWS_AT_ONCE] for start in starts)
            scored = pd.concat(
                [self._predict(part, _of_customers(events, part)) for part in parts],
                ignore_index=True,
            )
        scored["value_tier"] = value_tier(scored["expected_90d_amount"])
        return scored

    def _predict(self, features: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
        scored = self.churn.predict(features, events)
        scored["outcome_days"] = self.churn.outcome_days
        rows = scored[KEYS].merge(features, on=KEYS, validate="one_to_one")
        share = np.full(len(rows), np.nan)
        if self.endings is not None:
            share = self.endings.graduated_share(rows, cycle_days(rows))
        scored["graduated_share"] = share
        scored["lapsed_score"] = scored["churn_score"] * (1 - share)
        scored["graduated_score"] = scored["churn_score"] * share
        scored["ending_expected"] = np.where(np.isnan(share), None, expected_ending(share))
        scored[_TIMING[:-1]], scored[_TIMING[-1]] = np.nan, pd.NaT
        if self.timing is not None:
            found = self.timing.predict(rows, events)
            for name in _TIMING:
                scored[name] = found[name].to_numpy()
        warned = None if self.warning is None else self.warning.predict(rows, events)
        scored["leaves_in_7d_score"] = np.nan if warned is None else warned["churn_score"]
        amount = self.spending.if_buying(rows) if self.spending else own_rhythm_spend(rows)
        buys = scored["buys_90d"] if self.timing else 1 - scored["churn_score"]
        scored["buying_90d_amount"] = amount
        scored["expected_90d_amount"] = amount * buys
        scored["value_at_stake_amount"] = amount * scored["churn_score"]
        number = None if self.segments is None else self.segments.assign(rows)
        for language in LANGUAGES:
            names = None if number is None else np.array(self.segments.names(language))[number]
            scored[f"segment_{language}"] = names
        return scored

    def save(self, folder: Path) -> None:
        """The churn model's files, one JSON each of numbers, the folders `timing` and `warning`."""
        folder = Path(folder)
        self.churn.save(folder)
        for name in _IN_JSON:
            part = getattr(self, name)
            if part is not None:
                kept = json.dumps(part.to_dict(), indent=1)
                (folder / f"{name}.json").write_text(kept, encoding="utf-8")
        for name in _IN_FOLDERS:
            part = getattr(self, name)
            if part is not None:
                part.save(folder / name)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 2) -> "Outlook":
        """Read what `save` wrote; no code in the files is run."""
        folder = Path(folder)
        parts = {
            name: kind.from_dict(json.loads(path.read_text(encoding="utf-8")))
            for name, kind in _IN_JSON.items()
            if (path := folder / f"{name}.json").exists()
        }
        parts |= {
            name: kind.load(folder / name, threads=threads)
            for name, kind in _IN_FOLDERS.items()
            if (folder / name).exists()
        }
        return cls(ChurnModel.load(folder, threads=threads), **parts)


def _of_customers(events: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The events, sorted by customer, from the first to the last customer of `rows`."""
    bounds = rows["customer_id"].min(), rows["customer_id"].max()
    first = events["customer_id"].searchsorted(bounds[0], side="left")
    last = events["customer_id"].searchsorted(bounds[1], side="right")
    return events.iloc[first:last]
