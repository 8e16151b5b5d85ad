"""Churn training: tune, score on a later period beside baseline and champion, register, promote."""

from collections.abc import Callable
from datetime import date

import pandas as pd

from ml.churn.evaluation import churn_objective, evaluate, population
from ml.churn.model import COMPARED, ChurnModel
from ml.churn.outlook import EXTRAS, Outlook, with_extras
from ml.columns import TooLittleData
from ml.promotion import decide_churn
from ml.registry import Registry
from ml.training import (
    Budget,
    Proposal,
    Recipe,
    Training,
    champion_recipe,
    fingerprint,
    in_charge,
    recorded,
    settle,
    tune_families,
)

NAME = "churn"
CHALLENGER = "stack"
BASELINE = {"model": "recency_frequency"}


def train_churn(
    features: pd.DataFrame,
    events: pd.DataFrame,
    *,
    last_day: date,
    registry: Registry,
    budget: Budget,
    births: pd.DataFrame | None = None,
    talks: pd.DataFrame | None = None,
    say: Callable[[str], None] = print,
) -> Training:
    """Train a challenger and let it compete for the champion's place.

    `features`: feat_customer, `events`: feat_customer_events, `births`: feat_customer_births,
    `talks`: feat_customer_talks, None where a shop has neither. All contenders learn from slices
    whose outcome was known when the test slice began and are scored on that slice's reachable
    customers; the winner, and what is said beside its score, is then fitted on every slice whose
    outcome is known at `last_day`. Raises TooLittleData when no slice can be tested.
    """
    if features.empty:
        raise TooLittleData("no paid order line carries a customer_id, so there is nobody to score")
    last = pd.Timestamp(last_day)
    features = with_extras(population(features), births, talks)
    data = fingerprint(features, events)
    params, trials = tune_families(
        NAME,
        lambda family: churn_objective(
            features,
            events,
            outcome_days=budget.outcome_days,
            last_day=last,
            family=family,
            extras=EXTRAS,
            seed=budget.seed,
            threads=budget.threads,
        ),
        data=data,
        last_day=last.date(),
        budget=budget,
        say=say,
    )
    recipe = {"model": CHALLENGER, "params": params, "extras": list(EXTRAS)}
    proposal = Proposal(NAME, recipe, data, str(last.date()), budget.code)
    known = recorded(registry, proposal, trials)
    if known is not None:
        say(known.promotion.reason)
        return known

    def play(what: Recipe, models: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
        say(f"scoring {', '.join(models)} on a later period")
        return evaluate(
            lambda name: model(what | {"model": name}, budget),
            features,
            events,
            outcome_days=budget.outcome_days,
            last_day=last,
            models=models,
        )

    table, predictions = play(recipe, tuple(COMPARED))
    champion = registry.champion(NAME)
    present = champion_recipe(champion)
    if present is not None:
        # the champion's model family may be a baseline's: it is listed under its role
        if present == recipe:
            rows, scored = (f[f["model"] == present["model"]] for f in (table, predictions))
        else:
            rows, scored = play(present, (present["model"],))
        table = pd.concat([table, rows.assign(model="champion")], ignore_index=True)
        predictions = pd.concat([predictions, scored.assign(model="champion")], ignore_index=True)
    scores = predictions.pivot(index="customer_id", columns="model", values="churn_score")
    tested = predictions.drop_duplicates("customer_id").set_index("customer_id")
    truth = tested["is_churned"]
    spent = features[features["as_of"] == tested["as_of"].iloc[0]].set_index("customer_id")
    promotion = decide_churn(
        truth.loc[scores.index].to_numpy(),
        scores[CHALLENGER].to_numpy(),
        scores["champion"].to_numpy() if present is not None else None,
        scores[BASELINE["model"]].to_numpy(),
        customer_id=scores.index.to_numpy(),
        value=spent.loc[scores.index, "monetary_amount"].to_numpy(float),
        is_newer_data=proposal.is_newer_than(champion),
        is_same_recipe=present == recipe,
    )
    say(promotion.reason)
    winner = BASELINE if promotion.winner == "baseline" else recipe
    say(f"fitting {winner['model']} on every slice whose outcome is known")
    outlook = Outlook.learn(
        model(winner, budget),
        features,
        events,
        outcome_days=budget.outcome_days,
        last_day=last,
        say=say,
    )
    return settle(
        registry,
        proposal,
        promotion,
        recipe=winner,
        save=outlook.save,
        metrics=table.set_index("model").loc[winner["model"]].drop("as_of").to_dict(),
        table=table,
        backtest=predictions[predictions["model"] == winner["model"]],
        trials=trials,
    )


def score_customers(
    features: pd.DataFrame,
    events: pd.DataFrame,
    *,
    last_day: date,
    registry: Registry,
    births: pd.DataFrame | None = None,
    talks: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What the champion says of the newest slice's reachable customers, see `Outlook.predict`, and
    which of its versions (`model_version`) said it.

    `last_day` is the last that is visible. Raises LookupError as `in_charge` does.
    """
    champion = in_charge(registry, NAME, last_day)
    newest = population(features[features["as_of"] == features["as_of"].max()])
    outlook = Outlook.load(registry.fetch(champion))
    scores = outlook.predict(with_extras(newest, births, talks), events)
    return scores.assign(model_version=champion.version)


def model(recipe: Recipe, budget: Budget) -> ChurnModel:
    """An unfitted churn model as the recipe says."""
    return ChurnModel(
        recipe["model"],
        budget.seed,
        params=recipe.get("params"),
        extras=recipe.get("extras", ()),
        threads=budget.threads,
    )
