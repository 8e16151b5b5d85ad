"""When a customer buys next: chances within 7, 30 and 90 days, and the expected date."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from ml.churn.boosted import Boosted
from ml.churn.features import Inputs, Vocabulary, model_inputs
from ml.churn.lifetime import Lifetimes
from ml.churn.logistic import probability
from ml.churn.timeline import KEYS, Timeline, days_visible
from ml.columns import FEAT_CUSTOMER, TooLittleData

ENDS = (7, 14, 30, 60, 90)
HORIZONS = (7, 30, 90)
_INTERVAL = "interval"
_TREES = {"learning_rate": 0.08, "max_depth": 4, "max_rounds": 150}
_MOST_ROWS = 40_000


class PurchaseTiming:
    """A hazard per interval (0, 7], (7, 14], … (60, 90] of days after as_of, by boosted trees.

    One row per customer, slice and interval reached without a purchase (discrete-time survival,
    Cox 1972): an interval that ends after the last complete day is left out, so a slice whose 90
    days are not over yet still teaches what is known of it. Chances never fall with the horizon.
    """

    def __init__(self, seed: int = 7, *, extras: Sequence[str] = (), threads: int = 2) -> None:
        self.seed = seed
        self.extras = tuple(extras)
        self.threads = threads
        self._trees = Boosted(
            params=_TREES, seed=seed, threads=threads, extras=(*self.extras, _INTERVAL)
        )
        self._vocabulary: Vocabulary | None = None
        self._lifetimes: Lifetimes | None = None

    def fit(
        self, features: pd.DataFrame, events: pd.DataFrame, *, last_day: pd.Timestamp
    ) -> "PurchaseTiming":
        """Learn from every slice whose first interval is complete at the end of `last_day`.

        `features`: feat_customer with the extra columns. `events`: feat_customer_events, of which
        nothing after `last_day` is read. Learns from at most 40,000 rows drawn with the seed. The
        hazards are those of all slices together: one slice alone, say the one after a festival,
        would tell its season's and not the customers'.

        Raises TooLittleData when some interval was never reached or all purchases fall alike.
        """
        last_day = pd.Timestamp(last_day)
        events = days_visible(events, last_day)
        rows = FEAT_CUSTOMER.check(features)
        rows = rows[rows["as_of"] + pd.Timedelta(days=ENDS[0]) <= last_day]
        rows = rows.sort_values(["as_of", "customer_id"], ignore_index=True)
        draw = np.random.default_rng(self.seed)
        kept = np.sort(draw.permutation(len(rows))[:_MOST_ROWS])
        rows = rows.iloc[kept].reset_index(drop=True)
        self._vocabulary = Vocabulary.learn(rows, events)
        self._lifetimes = Lifetimes.learn(events, last_day, HORIZONS[1])
        inputs = self._inputs(rows, events)
        waited = Timeline.of(events).days_until_next(rows)
        row, interval, bought = _at_risk(waited, (last_day - rows["as_of"]).dt.days.to_numpy())
        reached = [len(np.unique(bought[interval == k])) for k in range(len(ENDS))]
        if min(reached) < 2:
            raise TooLittleData(
                f"{rows['as_of'].nunique()} slices: some part of the {ENDS[-1]} days after them saw"
                " no purchase or nothing else, so the timing of purchases cannot be learnt"
            )
        self._trees.refit(_with_interval(inputs, row, interval), bought)
        return self

    def predict(self, features: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
        """Timing of every row of `features`, sorted by as_of and customer_id.

        Returns customer_id, as_of, buys_7d, buys_30d, buys_90d (chances of a purchase) and
        expected_on: the day by which a purchase is as likely as not, null when that is more than
        90 days away. Events after a row's as_of are not read. Raises ValueError before `fit`.
        """
        if self._lifetimes is None:
            raise ValueError("the timing model is not fitted")
        rows = features.sort_values(["as_of", "customer_id"], ignore_index=True)
        inputs = self._inputs(rows, events)
        still = np.ones((len(rows), len(ENDS) + 1))
        everyone = np.arange(len(rows))
        for k in range(len(ENDS)):
            asked = _with_interval(inputs, everyone, np.full(len(rows), k))
            hazard = probability(self._trees.margin(asked))
            still[:, k + 1] = still[:, k] * (1 - hazard)
        table = rows[KEYS].copy()
        for horizon in HORIZONS:
            table[f"buys_{horizon}d"] = 1 - still[:, ENDS.index(horizon) + 1]
        table["expected_on"] = rows["as_of"] + pd.to_timedelta(np.ceil(_median(still)), unit="D")
        return table

    def save(self, folder: Path) -> None:
        """Write `timing.json` and `xgboost.ubj` into `folder`, made when missing."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        kept = {
            "seed": self.seed,
            "extras": self.extras,
            "vocabulary": self._vocabulary.words,
            "lifetimes": asdict(self._lifetimes),
        }
        text = json.dumps(kept, ensure_ascii=False, indent=1)
        (folder / "timing.json").write_text(text, encoding="utf-8")
        self._trees.save(folder)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 2) -> "PurchaseTiming":
        """Read what `save` wrote; no code in the files is run."""
        folder = Path(folder)
        kept = json.loads((folder / "timing.json").read_text(encoding="utf-8"))
        timing = cls(kept["seed"], extras=kept["extras"], threads=threads)
        timing._vocabulary = Vocabulary({k: tuple(v) for k, v in kept["vocabulary"].items()})
        timing._lifetimes = Lifetimes.from_dict(kept["lifetimes"])
        timing._trees.load(folder)
        return timing

    def _inputs(self, rows: pd.DataFrame, events: pd.DataFrame) -> Inputs:
        columns = [*FEAT_CUSTOMER.columns, *self.extras]
        return model_inputs(rows[columns], events, self._vocabulary, self._lifetimes, self.extras)


def _at_risk(waited: np.ndarray, seen_days: np.ndarray) -> tuple[np.ndarray, ...]:
    """(row, interval, bought) of every interval a row entered and whose end has been seen."""
    ends = np.asarray(ENDS)
    starts = np.concatenate([[0], ends[:-1]])
    entered = (waited[:, None] > starts) & (ends <= seen_days[:, None])
    row, interval = np.nonzero(entered)
    return row, interval, (waited[row] <= ends[interval]).astype(float)


def _with_interval(inputs: Inputs, row: np.ndarray, interval: np.ndarray) -> Inputs:
    asked = inputs.take(row)
    extras = np.column_stack([asked.extras, interval]).astype(np.float32)
    return Inputs(asked.numbers, asked.codes, asked.rhythm, asked.lifetime, extras, asked.sequences)


def _median(still: np.ndarray) -> np.ndarray:
    """Days until half have bought, (n,), the hazard being even within an interval; nan if later."""
    edges = np.array([0, *ENDS], dtype=float)
    k = np.argmax(still <= 0.5, axis=1)
    reached = still[:, -1] <= 0.5
    before, after = (np.take_along_axis(still, np.c_[i], 1)[:, 0] for i in (k - 1, k))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.log(before / 0.5) / np.log(before / after)
    days = edges[k - 1] + share * (edges[k] - edges[k - 1])
    return np.where(reached, np.maximum(days, 1.0), np.nan)
