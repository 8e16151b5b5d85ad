"""Everything the night says of a customer: score, ending, timing and early warning together."""

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
from ml.churn.timeline import KEYS
from ml.churn.timing import HORIZONS, PurchaseTiming
from ml.columns import TooLittleData

EXTRAS = (*BABY_NUMBERS, *TALK_NUMBERS)
WARNING_DAYS = 7
WARNED_BY = "logistic"
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

    `endings`, `timing` and `warning` are None where there was too little data for them; what they
    would say is then null.
    """

    def __init__(
        self,
        churn: ChurnModel,
        endings: Endings | None = None,
        timing: PurchaseTiming | None = None,
        warning: ChurnModel | None = None,
    ) -> None:
        self.churn = churn
        self.endings = endings
        self.timing = timing
        self.warning = warning

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
        The early warning asks who will be silent for `outcome_days` that begin in seven days.
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
        }
        learnt = {}
        for name, learn in parts.items():
            try:
                learnt[name] = learn()
            except TooLittleData as problem:
                say(f"no {name}: {problem}")
        return cls(churn, **learnt)

    def predict(self, features: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
        """What `ChurnModel.predict` returns, and beside it, null where not learnt:

        graduated_share (of the risk, what is due to the baby's age), lapsed_score and
        graduated_score (churn_score in two parts), ending_expected (the likelier ending, should
        the customer leave), buys_7d, buys_30d, buys_90d, expected_on (see `PurchaseTiming`) and
        leaves_in_7d_score (chance of a silence that begins in seven days).
        """
        scored = self.churn.predict(features, events)
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
        return scored

    def save(self, folder: Path) -> None:
        """The churn model's files, `endings.json`, and the folders `timing` and `warning`."""
        folder = Path(folder)
        self.churn.save(folder)
        if self.endings is not None:
            kept = json.dumps(self.endings.to_dict(), indent=1)
            (folder / "endings.json").write_text(kept, encoding="utf-8")
        for name in ("timing", "warning"):
            part = getattr(self, name)
            if part is not None:
                part.save(folder / name)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 2) -> "Outlook":
        """Read what `save` wrote; no code in the files is run."""
        folder = Path(folder)
        endings = folder / "endings.json"
        return cls(
            ChurnModel.load(folder, threads=threads),
            Endings.from_dict(json.loads(endings.read_text(encoding="utf-8")))
            if endings.exists()
            else None,
            *(
                kind.load(folder / name, threads=threads) if (folder / name).exists() else None
                for name, kind in (("timing", PurchaseTiming), ("warning", ChurnModel))
            ),
        )
