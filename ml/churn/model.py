"""The churn model: a calibrated probability per customer and slice, with its reasons."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.churn.baseline import Baseline
from ml.churn.boosted import Boosted
from ml.churn.features import CODED, Inputs, Vocabulary, model_inputs
from ml.churn.labels import LABELS
from ml.churn.lifetime import Lifetimes
from ml.churn.logistic import Logistic, at_level_of, fit_logistic, probability
from ml.churn.reasons import Population, top_reasons
from ml.churn.recurrent import Recurrent
from ml.churn.season import Season
from ml.churn.splits import learners_and_held
from ml.churn.surrogate import Surrogate
from ml.churn.timeline import KEYS, Timeline, days_visible
from ml.columns import FEAT_CUSTOMER

MEMBERS = {
    "recency": ("recency",),
    "frequency": ("frequency",),
    "rfm": ("rfm",),
    "recency_frequency": ("recency_frequency",),
    "lifetime": ("lifetime",),
    "logistic": ("logistic",),
    "xgboost": ("xgboost",),
    "lstm": ("lstm",),
    "stack": ("lifetime", "logistic", "xgboost", "lstm"),
}
# what a night's training compares; the others are opponents of the benchmarks
COMPARED = ("recency", "recency_frequency", "xgboost", "lstm", "stack")
_TREES = "xgboost"
_LINEAR = "recency_frequency"
_BLEND_RIDGE = 20.0
_FORMAT, _BEFORE_SEASONS = 4, 3
_IMITATED_ROWS = 30_000


@dataclass(frozen=True)
class Lessons:
    """Labelled rows as members read them: `inputs` and `y` (n,), positions of the rows to learn
    from (`train`) and of those that weigh and calibrate (`held`), what made the inputs, and the
    season that goes into the calibration."""

    inputs: Inputs
    y: np.ndarray
    train: np.ndarray
    held: np.ndarray
    vocabulary: Vocabulary
    population: Population
    lifetimes: Lifetimes
    season: Season
    extras: tuple[str, ...]

    @classmethod
    def of(
        cls,
        features: pd.DataFrame,
        events: pd.DataFrame,
        labels: pd.DataFrame,
        extras: Sequence[str] = (),
    ) -> "Lessons":
        """As `ChurnModel.fit`, which takes the same frames and says what it raises."""
        LABELS.check(labels)
        FEAT_CUSTOMER.check(features)
        known = features[KEYS].assign(place=np.arange(len(features)))
        rows = labels.merge(known, on=KEYS, how="left")
        orphans = int(rows["place"].isna().sum())
        if orphans:
            raise ValueError(f"{orphans} labels have no row in feat_customer")
        rows = rows.sort_values(["as_of", "customer_id"], ignore_index=True)
        place = rows["place"].to_numpy(np.int64)
        events = days_visible(events, rows["as_of"].max())
        y = rows["is_churned"].to_numpy(float)
        train, held = learners_and_held(rows)
        vocabulary = Vocabulary.learn(features[list(CODED)].iloc[place], events)
        outcome_days = int((rows["known_on"] - rows["as_of"]).dt.days.max())
        lifetimes = Lifetimes.learn(events, rows["as_of"].max(), outcome_days)
        inputs = model_inputs(features, events, vocabulary, lifetimes, extras, rows=place)
        season = Season.learn(events, inputs.as_of, outcome_days)
        population = Population.learn(features, y, place)
        return cls(inputs, y, train, held, vocabulary, population, lifetimes, season, tuple(extras))

    def read(self, features: pd.DataFrame, events: pd.DataFrame) -> Inputs:
        """Other rows of feat_customer, in their order, as the lessons' rows were read."""
        return model_inputs(features, events, self.vocabulary, self.lifetimes, self.extras)


class ChurnModel:
    """P(no purchase within the outcome window after as_of), calibrated on customers held back.

    `model`: "recency", "recency_frequency", "lifetime" (BG/NBD and Pareto/NBD), "logistic",
    "xgboost", "lstm" or "stack" (the last four together). `params`: tuned hyper-parameters by
    family, {"xgboost": {...}, "lstm": {...}}. `extras`: numeric columns of `features` beyond the
    contract that the logistic regression and the trees read, null where unknown. `threads` is for
    the boosted trees; it changes no prediction.

    Members learn from 70 % of the customers. Their log odds for the others, in all slices, are
    weighed by a logistic regression with weights >= 0, shrunk to the plain average (stacking,
    Wolpert 1992); with one member that is Platt's calibration (1999). What customers did at the
    same time of the year before has a weight, too (see `Season`), the same for all rows of a day.
    Then every member learns again from everyone, at the length of training found best for those
    held back, and the intercept is set to the level of all slices: a season's level is not the
    next one's.
    """

    def __init__(
        self,
        model: str = "stack",
        seed: int = 7,
        *,
        params: Mapping[str, Mapping[str, float]] | None = None,
        extras: Sequence[str] = (),
        threads: int = 2,
    ) -> None:
        if model not in MEMBERS:
            raise ValueError(f"model '{model}' is not one of {sorted(MEMBERS)}")
        unknown = sorted(set(params or {}) - {"xgboost", "lstm"})
        if unknown:
            raise ValueError(f"params name families that take none: {unknown}")
        self.model = model
        self.seed = seed
        self.params = {family: dict(chosen) for family, chosen in (params or {}).items()}
        self.extras = tuple(extras)
        self.threads = threads
        self._surrogate: Surrogate | None = None
        names = [*MEMBERS[model]]
        if _TREES in names:
            self._surrogate = Surrogate(seed=seed, threads=threads, extras=self.extras)
        elif model != "recency":
            names.append(_LINEAR)
        self._parts = {
            name: _member(name, self.params.get(name, {}), seed, threads, self.extras)
            for name in dict.fromkeys(names)
        }
        self._vocabulary: Vocabulary | None = None
        self._population: Population | None = None
        self._lifetimes: Lifetimes | None = None
        self._season: Season | None = None
        self._blend: Logistic | None = None
        self._alone: dict[str, Logistic] | None = None

    def fit(
        self, features: pd.DataFrame, events: pd.DataFrame, labels: pd.DataFrame
    ) -> "ChurnModel":
        """Learn from the labelled rows.

        `features`: feat_customer, several slices. `events`: feat_customer_events. `labels`:
        what `churn_labels` returns; every label needs its feature row, feature rows without a
        label are not used. Events after the newest labelled as_of are not read.

        Raises ValueError when a frame breaks its contract, a label has no features, or the labels
        cannot be split into training and held rows (see `learners_and_held`).
        """
        lessons = Lessons.of(features, events, labels, self.extras)
        inputs, y, held = lessons.inputs, lessons.y, lessons.held
        self._vocabulary, self._population = lessons.vocabulary, lessons.population
        self._lifetimes, self._season = lessons.lifetimes, lessons.season
        others = inputs.take(held)
        for part in self._parts.values():
            part.fit(inputs.take(lessons.train), y[lessons.train], others, y[held])
        told = self._told(others)
        weighed = _weighed(told, y[held])
        own = {
            name: _weighed(told[:, [k, -1]], y[held]) for k, name in enumerate(MEMBERS[self.model])
        }
        for part in self._parts.values():
            part.refit(inputs, y)
        told = self._told(inputs)
        self._blend = at_level_of(weighed, told, y)
        self._alone = {
            name: at_level_of(logistic, told[:, [k, -1]], y)
            for k, (name, logistic) in enumerate(own.items())
        }
        if self._surrogate is not None:
            drawn = np.random.default_rng(self.seed).permutation(len(inputs))[:_IMITATED_ROWS]
            some = np.sort(drawn)
            self._surrogate.fit(inputs.take(some), self._blend.margin(told[some]))
        return self

    def predict(
        self, features: pd.DataFrame, events: pd.DataFrame, *, days: int | None = None
    ) -> pd.DataFrame:
        """Score every row of `features`, sorted by as_of and customer_id.

        `days`: the outcome window asked about, by default the one learnt. For another, each
        customer's odds move as Pareto/NBD's expected purchases do from one window to the other.

        Returns customer_id, as_of, churn_score, model and, for i = 1..3, reason_<i> (a code of
        `reasons.CATALOGUE` or None), reason_<i>_value, reason_<i>_typical. Reasons come from an
        imitation of the score (see `Surrogate`), or from the logistic baseline where the model
        is not much more than one.
        Events after a row's as_of are not read. Raises ValueError before `fit` and for frames that
        break their contract.
        """
        if self._blend is None:
            raise ValueError("the churn model is not fitted")
        rows = features.sort_values(["as_of", "customer_id"], ignore_index=True)
        inputs = self._inputs(rows, events)
        explained_by = self._surrogate or self._parts.get(_LINEAR) or self._parts["recency"]
        contributions = explained_by.contributions(inputs)
        scored = top_reasons(rows, contributions, self._population)
        margin = self._blend.margin(self._told(inputs))
        if days is not None and days != self._lifetimes.days:
            margin -= self._lifetimes.odds_moved(Timeline.of(events), rows, days)
        scored.insert(2, "churn_score", probability(margin))
        scored.insert(3, "model", self.model)
        return scored

    def member_scores(self, features: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
        """What a freshly fitted stack and each of its members alone say, without reasons.

        Rows as in `predict`: customer_id, as_of, and one column of P(churn) for the model and for
        each member, equal to what a `ChurnModel(member)` fitted to the same data says. Raises
        ValueError before `fit` and after `load`.
        """
        if self._alone is None:
            raise ValueError("only a freshly fitted model knows how its members do alone")
        rows = features.sort_values(["as_of", "customer_id"], ignore_index=True)
        told = self._told(self._inputs(rows, events))
        scores = rows[["customer_id", "as_of"]].copy()
        for k, (name, own) in enumerate(self._alone.items()):
            scores[name] = probability(own.margin(told[:, [k, -1]]))
        scores[self.model] = probability(self._blend.margin(told))
        return scores

    def expected_purchases(
        self, scored: pd.DataFrame, events: pd.DataFrame, *, days: int | None = None
    ) -> np.ndarray:
        """Purchase days expected within the outcome window after as_of, (n,).

        `scored`: what `predict` gave for the same `days`; of `events` nothing after a row's as_of
        is read. See `Lifetimes.purchases_given`. Raises ValueError before `fit`.
        """
        if self._lifetimes is None:
            raise ValueError("the churn model is not fitted")
        buys = 1 - scored["churn_score"].to_numpy(float)
        asked = self._lifetimes.days if days is None else days
        return self._lifetimes.purchases_given(buys, Timeline.of(events), scored, asked)

    @property
    def outcome_days(self) -> int:
        """Days after as_of that the score speaks of. Raises ValueError before `fit`."""
        if self._lifetimes is None:
            raise ValueError("the churn model is not fitted")
        return self._lifetimes.days

    @property
    def blend_weights(self) -> dict[str, float]:
        """Weight of each member's log odds in the score, and of the season's."""
        return dict(zip((*MEMBERS[self.model], "season"), self._blend.weights, strict=True))

    def save(self, folder: Path) -> None:
        """Write `model.json` and each member's native files into `folder`, made when missing."""
        if self._blend is None:
            raise ValueError("the churn model is not fitted")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        kept = {
            "format": _FORMAT,
            "model": self.model,
            "seed": self.seed,
            "params": self.params,
            "extras": self.extras,
            "lifetimes": asdict(self._lifetimes),
            "season": self._season.to_dict(),
            "vocabulary": self._vocabulary.words,
            "population": asdict(self._population),
            "blend": asdict(self._blend),
        }
        text = json.dumps(kept, ensure_ascii=False, indent=1)
        (folder / "model.json").write_text(text, encoding="utf-8")
        for part in self._parts.values():
            part.save(folder)
        if self._surrogate is not None:
            self._surrogate.save(folder)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 2) -> "ChurnModel":
        """Read what `save` wrote, also before seasons were known; no code in the files is run.

        Raises ValueError for a format of another version.
        """
        folder = Path(folder)
        kept: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if kept["format"] == _BEFORE_SEASONS:
            kept["season"] = Season.unknown().to_dict()
            kept["blend"]["weights"].append(0.0)
        elif kept["format"] != _FORMAT:
            raise ValueError(
                f"{folder}: this version reads churn models of format {_BEFORE_SEASONS} and "
                f"{_FORMAT}, not {kept['format']}: train anew, materialize 'churn_model'"
            )
        model = cls(
            kept["model"],
            kept["seed"],
            params=kept["params"],
            extras=kept["extras"],
            threads=threads,
        )
        model._lifetimes = Lifetimes.from_dict(kept["lifetimes"])
        model._season = Season.from_dict(kept["season"])
        model._vocabulary = Vocabulary({k: tuple(v) for k, v in kept["vocabulary"].items()})
        model._population = Population(**kept["population"])
        blend = kept["blend"]
        model._blend = Logistic(blend["intercept"], tuple(blend["weights"]))
        for part in model._parts.values():
            part.load(folder)
        if model._surrogate is not None:
            model._surrogate.load(folder)
        return model

    def _inputs(self, rows: pd.DataFrame, events: pd.DataFrame) -> Inputs:
        return model_inputs(rows, events, self._vocabulary, self._lifetimes, self.extras)

    def _told(self, inputs: Inputs) -> np.ndarray:
        """What is weighed: the members' log odds, and in the last column the season's."""
        margins = [self._parts[name].margin(inputs) for name in MEMBERS[self.model]]
        return np.column_stack([*margins, self._season.of(inputs.as_of)])


def tried(
    family: str,
    params: Mapping[str, float],
    lessons: Lessons,
    asked: Inputs,
    *,
    seed: int,
    threads: int,
) -> np.ndarray:
    """P(churn) of `asked` (n,) by one family alone, to compare parameters by.

    It learns from the lessons' training rows and is calibrated on those held, as in
    `ChurnModel.fit`; learning again from everyone is left to the model that is used.
    """
    part = _member(family, params, seed, threads, lessons.extras)
    others, held_y = lessons.inputs.take(lessons.held), lessons.y[lessons.held]
    part.fit(lessons.inputs.take(lessons.train), lessons.y[lessons.train], others, held_y)
    told = [
        np.column_stack([part.margin(inputs), lessons.season.of(inputs.as_of)])
        for inputs in (others, asked)
    ]
    return probability(_weighed(told[0], held_y).margin(told[1]))


def _member(
    name: str, params: Mapping[str, float], seed: int, threads: int, extras: tuple[str, ...]
) -> Baseline | Boosted | Recurrent:
    if name == _TREES:
        return Boosted(params=params, seed=seed, threads=threads, extras=extras)
    if name == "lstm":
        return Recurrent(params=params, seed=seed)
    return Baseline(name, extras)


def _weighed(told: np.ndarray, y: np.ndarray) -> Logistic:
    members = told.shape[1] - 1
    return fit_logistic(
        told,
        y,
        ridge=_BLEND_RIDGE,
        prior=[1 / members] * members + [0.0],
        at_least=0.0,
        # a handful of slices tells the season's weight: it moves the level by as much, no more
        at_most=[np.inf] * members + [1.0],
    )
