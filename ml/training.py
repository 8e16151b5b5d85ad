"""Training: what the demand and the churn model share between tuning and promotion."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from ml.promotion import Promotion
from ml.registry import Registry, Version
from ml.tuning import last_study, tune

# What a study found holds this long for the same code: a retrain learns from new data, and how to
# learn changes slower than what there is to learn.
STUDY_HOLDS = timedelta(weeks=13)

Recipe = dict[str, Any]
"""All that makes a model but its data: family, tuned parameters."""


@dataclass(frozen=True)
class Budget:
    """How much work one training may do. `studies_url` is Optuna's storage (None: memory),
    `tuning_seconds` what one study may take before its last trial ends (None: no limit).

    `code` names the code that trains: results of other code are neither resumed nor reused.
    `shadow_nights`: how long a challenger that passed the gate forecasts beside the champion first.
    """

    horizon: int = 13
    n_windows: int = 3
    step_size: int = 4
    outcome_days: int = 60
    n_trials: int = 6
    tuning_seconds: float | None = None
    seed: int = 7
    threads: int = 2
    shadow_nights: int = 0
    studies_url: str | None = None
    code: str = "unknown"


@dataclass(frozen=True)
class Training:
    """What one training came to.

    `version` is the champion after the decision, `backtest` its recipe's out-of-sample rows
    (monitors compare against them), `table` the scores of every model that took part, one row
    each, `trials` the tuning study.
    """

    promotion: Promotion
    version: Version
    table: pd.DataFrame
    backtest: pd.DataFrame
    trials: pd.DataFrame

    def outcome(self) -> str:
        """Who is champion now, made by what, and why, in a sentence."""
        made_by = champion_recipe(self.version)["model"]
        return f"Champion: {self.version.name} v{self.version.version} ({made_by}). " + (
            self.promotion.reason[:1].upper() + self.promotion.reason[1:]
        )


@dataclass(frozen=True)
class Proposal:
    """A challenger before it competes: data, recipe and code, all by content."""

    name: str
    recipe: Recipe
    data: str
    last_day: str
    code: str

    def tags(self) -> dict[str, str]:
        return {
            "data": self.data,
            "last_day": self.last_day,
            "code": self.code,
            "proposed": json.dumps(self.recipe, sort_keys=True),
        }

    def is_newer_than(self, champion: Version | None) -> bool:
        """Whether it saw a later day than the champion did."""
        return champion is not None and self.last_day > champion.tags["last_day"]


def fingerprint(*frames: pd.DataFrame) -> str:
    """Hash of the frames' content, independent of row and column order (16 hex digits)."""
    digest = hashlib.sha256()
    for frame in frames:
        ordered = frame[sorted(frame.columns)]
        digest.update(",".join(ordered.columns).encode())
        rows = pd.util.hash_pandas_object(ordered, index=False).to_numpy(copy=True)
        rows.sort()
        digest.update(rows.tobytes())
    return digest.hexdigest()[:16]


def tune_families(
    name: str,
    objective: Callable[[str], Callable[[Any], float]],
    *,
    data: str,
    last_day: date,
    budget: Budget,
    say: Callable[[str], None],
    defaults: Callable[[str], dict[str, Any]] | None = None,
) -> tuple[dict[str, dict[str, Any]], pd.DataFrame]:
    """The best parameters of each model family's study, and all their trials.

    `objective(family)` makes the function a study minimises; `last_day` is that of its data.
    Studies are named by data and code: the same two resume a study that was cut off. What the same
    code found with as many trials on the same data, or on data of the last STUDY_HOLDS, is taken
    over, so a retrain costs no tuning. A new study's first trial is an older one's best or else
    `defaults(family)`, so that few trials do no worse than none. An LSTM trial costs several
    boosted ones, so that study gets a third of the trials.
    """
    params, trials = {}, [pd.DataFrame(columns=["family", "number", "state", "value"])]
    for family, share in (("xgboost", 1), ("lstm", 3)):
        n_trials = -(-budget.n_trials // share)
        if n_trials == 0:
            continue
        prefix = f"{name}-{family}-"
        study_name = f"{prefix}{data}-{budget.code}"
        last = last_study(budget.studies_url, prefix, until=last_day, own=study_name)
        if last is not None and (
            last.study_name.endswith(f"-{budget.code}")
            and last.n_trials >= n_trials
            and last_day - last.last_day <= STUDY_HOLDS
        ):
            say(f"{family}: what was tuned on data up to {last.last_day} holds")
            params[family] = last.params
            trials.append(last.trials.assign(family=family))
            continue
        start = last.params if last else defaults(family) if defaults else None
        say(f"tuning {family}: {n_trials} trials")
        result = tune(
            objective(family),
            study_name=study_name,
            storage_url=budget.studies_url,
            n_trials=n_trials,
            seed=budget.seed,
            timeout=budget.tuning_seconds,
            start_from=start,
            last_day=last_day,
        )
        params[family] = result.params
        trials.append(result.trials.assign(family=family))
    return params, pd.concat([t for t in trials if len(t)] or trials, ignore_index=True)


def in_charge(registry: Registry, name: str, day: date) -> Version:
    """The champion for work on what was known on `day`.

    On a day that is run again the present champion may have learnt from days after it. Then the
    last champion that had not takes its place, or else the newest version that had not, also one
    that was refused: what was trained on that very day. Raises LookupError when there is nobody.
    """
    champion = registry.champion(name)
    if champion is None:
        raise LookupError(
            f"no {name} model is champion yet: materialize asset '{name}_model', then what depends "
            "on it"
        )
    if _knows_nothing_after(champion, day):
        return champion
    reigned = registry.reigns(name)["version"].tolist()[::-1]
    others = registry.history(name)["version"].tolist()
    for number in dict.fromkeys([*reigned, *others]):
        version = registry.version(name, int(number))
        if _knows_nothing_after(version, day):
            return version
    raise LookupError(
        f"every {name} model has learnt from days after {day}, as champion v{champion.version} up "
        f"to {champion.tags['last_day']}: materialize asset '{name}_model' for that day first"
    )


def _knows_nothing_after(version: Version, day: date) -> bool:
    return version.tags["last_day"] <= day.isoformat()


def champion_recipe(champion: Version | None) -> Recipe | None:
    """What the champion was made by."""
    return json.loads(champion.params["recipe"]) if champion else None


def recorded(registry: Registry, proposal: Proposal, trials: pd.DataFrame) -> Training | None:
    """The training that already decided on this very proposal, None when there is none.

    A retrain on unchanged data would repeat it number by number; its result stands instead.
    """
    champion = registry.champion(proposal.name)
    for version in (champion, registry.challenger(proposal.name), registry.shadow(proposal.name)):
        if version and champion and proposal.tags().items() <= version.tags.items():
            reason = (
                f"nothing to decide: version {version.version} was made from the same data by the "
                f"same recipe; champion stays version {champion.version}"
            )
            return Training(
                Promotion(False, reason, winner="champion"),
                champion,
                registry.table(version, "scores"),
                registry.table(champion, "backtest"),
                trials,
            )
    return None


def settle(
    registry: Registry,
    proposal: Proposal,
    promotion: Promotion,
    *,
    recipe: Recipe,
    save: Callable[[Path], object],
    metrics: dict[str, float],
    table: pd.DataFrame,
    backtest: pd.DataFrame,
    trials: pd.DataFrame,
    shadow_nights: int = 0,
) -> Training:
    """Register the fitted model and move the alias the gate decided on.

    `recipe` made the fitted model: the challenger's, or the baseline's when that won. A refused
    challenger is registered too, with the reason, and the champion keeps its place; so it does
    against all that was trained on a day run again, on older data than its own. With
    `shadow_nights` a challenger that won over a champion only becomes its shadow, until
    `ml.shadow.judge_shadow` says that it earned the place; the newest winner is the shadow.
    """
    champion = registry.champion(proposal.name)
    if promotion.promote and champion and proposal.last_day < champion.tags["last_day"]:
        reason = f"the champion has learnt from newer data, up to {champion.tags['last_day']}"
        reason = f"{reason}, than {proposal.last_day}; else: {promotion.reason}"
        promotion = Promotion(False, reason, "champion", promotion.numbers)
    has_won = promotion.promote and promotion.winner == "challenger"
    waits = has_won and shadow_nights > 0 and champion is not None
    if waits:
        reason = f"in shadow for {shadow_nights} nights first: {promotion.reason}"
        promotion = Promotion(False, reason, "champion", promotion.numbers)
    with TemporaryDirectory() as scratch:
        save(Path(scratch))
        made = registry.record(
            proposal.name,
            folder=Path(scratch),
            params={"recipe": json.dumps(recipe, sort_keys=True)},
            metrics={name: float(value) for name, value in metrics.items() if value == value},
            tags=proposal.tags(),
            tables={"scores": table, "backtest": backtest},
        )
    registry.trials(proposal.name, trials)
    alias = "shadow" if waits else "champion" if promotion.promote else "challenger"
    registry.set_alias(proposal.name, alias, made, reason=promotion.reason)
    champion = registry.champion(proposal.name)
    return Training(promotion, champion, table, registry.table(champion, "backtest"), trials)
