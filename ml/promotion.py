"""The gate: may a challenger replace the champion? A paired comparison with an interval."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

_KEYS = ["unique_id", "ds", "cutoff"]
_QUANTILE = re.compile(r"p(\d\d)(?:_(\d+))?")

PlanCost = Callable[[Mapping[str, pd.DataFrame]], dict[str, pd.DataFrame]]
"""Backtest frames by name -> what ordering by each would have cost: unique_id, cutoff, cost."""


@dataclass(frozen=True)
class Rules:
    """What the gate asks for; losses are compared as relative differences (0.01 = 1 % worse).

    `margin`: how much worse the upper end of the interval may be before we call it worse.
    `slice_margin`: how much worse the A class (and WAPE over all) may be on average.
    `collapse_margin`: how much worse any one slice may be: class B or C, near or far steps, a
    value of an attribute, if it has `min_clusters` series.
    `cost_margin`: how much more the simulated plan may cost on average.
    `contact_share`: share of the customers that people contact; `value_margin`: how much less value
    than its rival a challenger's list may capture on average, where it can't be as much more.
    `bias_limit`: absolute bias always allowed (churn: mean score less base rate).
    `min_clusters`: fewer series (customers) than this give no interval worth the name.
    """

    margin: float = 0.005
    slice_margin: float = 0.02
    collapse_margin: float = 0.10
    cost_margin: float = 0.02
    contact_share: float = 0.10
    value_margin: float = 0.05
    bias_limit: float = 0.10
    bias_slack: float = 0.02
    confidence: float = 0.95
    n_resamples: int = 1_000
    min_clusters: int = 10
    min_class_rows: int = 20
    seed: int = 7


@dataclass(frozen=True)
class Promotion:
    """The gate's answer: `winner` is "challenger", "champion" or "baseline".

    `promote` says whether the champion alias has to move to the winner.
    """

    promote: bool
    reason: str
    winner: str
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """Relative difference of two total losses, with the bounds of its bootstrap interval."""

    mean: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.mean:+.1%} [{self.lower:+.1%}, {self.upper:+.1%}]"


@dataclass(frozen=True)
class _Evidence:
    """All that the rules need, whatever the loss was."""

    loss: str
    against_baseline: Difference
    against_champion: Difference | None
    champion_against_baseline: Difference | None
    objections: tuple[str, ...]
    numbers: dict[str, float]


def relative_difference(
    loss: np.ndarray, other: np.ndarray, clusters: np.ndarray, *, rules: Rules | None = None
) -> Difference:
    """Paired cluster bootstrap of `sum(loss) / sum(other) - 1`.

    `loss` and `other` hold one row each for the same cases; whole clusters are drawn with
    replacement, because the errors of one series (or customer) belong together. Seeded.
    Percentile interval: Efron and Tibshirani (1993), chapter 13.
    """
    rules = rules or Rules()
    _, codes = np.unique(np.asarray(clusters), return_inverse=True)
    n = int(codes.max()) + 1 if len(codes) else 0
    sums = np.bincount(codes, loss, minlength=n), np.bincount(codes, other, minlength=n)
    rng = np.random.default_rng(rules.seed)
    rows = max(1, 4_000_000 // max(n, 1))  # draws held in memory at a time
    ratios = []
    for start in range(0, rules.n_resamples, rows):
        drawn = rng.integers(0, n, (min(rows, rules.n_resamples - start), n))
        ratios.append(_ratio(sums[0][drawn].sum(axis=1), sums[1][drawn].sum(axis=1)))
    tail = (1 - rules.confidence) / 2
    lower, upper = np.quantile(np.concatenate(ratios), [tail, 1 - tail])
    mean = float(_ratio(sums[0].sum(), sums[1].sum()))
    return Difference(mean, float(lower), float(upper))


def decide(
    challenger: pd.DataFrame,
    champion: pd.DataFrame | None,
    baseline: pd.DataFrame,
    *,
    is_newer_data: bool = False,
    is_same_recipe: bool = False,
    abc_class: pd.Series | None = None,
    attributes: pd.DataFrame | None = None,
    plan_cost: PlanCost | None = None,
    rules: Rules | None = None,
) -> Promotion:
    """Decide between backtest frames of the same cutoffs (unique_id, ds, cutoff, step, y,
    is_stockout, y_hat, p05 ...), one row per series, week and cutoff.

    The loss is the pinball loss averaged over the quantiles that all frames have, divided by
    the series' mean in-stock demand (at least 1 unit). Stock-out periods are left out.
    `abc_class` maps unique_id to A, B or C; without it the A class is the largest series that
    make up 80 % of the compared volume. `attributes` (unique_id and text columns) name further
    slices that must not collapse. `plan_cost` replays the plan on the frames: the challenger's
    must not cost more than its rival's, by the same paired bootstrap. `champion` is the
    champion's recipe backtested on these cutoffs, None when there is none.

    Raises ValueError when the frames differ in cutoffs, keys or actuals.
    """
    rules = rules or Rules()
    given = {"challenger": challenger, "baseline": baseline}
    if champion is not None:
        given["champion"] = champion
    frames = aligned(given)
    truth = frames["challenger"]
    numbers = {
        "n_series": float(truth["unique_id"].nunique()),
        "n_rows": float(len(truth)),
        "n_cutoffs": float(truth["cutoff"].nunique()),
    }
    if numbers["n_series"] < rules.min_clusters:
        return _too_little(
            f"only {numbers['n_series']:.0f} series to compare, the gate needs "
            f"{rules.min_clusters}",
            has_champion=champion is not None,
            numbers=numbers,
        )
    series = truth["unique_id"].to_numpy()
    y = truth["y"].to_numpy(float)
    pinball = scaled_pinball_rows(frames)
    errors = {k: np.abs(f["y_hat"].to_numpy(float) - y) for k, f in frames.items()}
    is_a = _a_class(truth, abc_class)
    for name, frame in frames.items():
        numbers[f"{name}_scaled_pinball"] = float(pinball[name].mean())
        numbers[f"{name}_wape"] = float(errors[name].sum() / max(y.sum(), 1e-9))
        numbers[f"{name}_bias"] = float((frame["y_hat"].sum() - y.sum()) / max(y.sum(), 1e-9))

    rival = "baseline" if champion is None else "champion"
    numbers["a_class_difference"] = float(
        _ratio(pinball["challenger"][is_a].sum(), pinball[rival][is_a].sum())
    )
    numbers["wape_difference"] = float(_ratio(errors["challenger"].sum(), errors[rival].sum()))
    objections = []
    bias, rival_bias = abs(numbers["challenger_bias"]), abs(numbers[f"{rival}_bias"])
    allowed = max(rules.bias_limit, rival_bias + rules.bias_slack)
    if bias > allowed:
        objections.append(f"|bias| {bias:.1%} is above the allowed {allowed:.1%}")
    if numbers["a_class_difference"] > rules.slice_margin:
        objections.append(
            f"A-class loss is {numbers['a_class_difference']:+.1%} against the {rival}, "
            f"limit {rules.slice_margin:+.1%}"
        )
    if numbers["wape_difference"] > rules.slice_margin:
        objections.append(
            f"WAPE is {numbers['wape_difference']:+.1%} against the {rival}, "
            f"limit {rules.slice_margin:+.1%}"
        )
    for name, mask in _slices(truth, is_a, attributes, rules):
        worse = float(_ratio(pinball["challenger"][mask].sum(), pinball[rival][mask].sum()))
        numbers[f"slice_difference.{name}"] = worse
        if worse > rules.collapse_margin:
            objections.append(
                f"slice '{name}' collapses: loss {worse:+.1%} against the {rival}, limit "
                f"{rules.collapse_margin:+.1%}"
            )
    if plan_cost is not None:
        objections += _costs_more(plan_cost(given), rival, numbers, rules)
    evidence = _compare("scaled pinball loss", pinball, series, objections, numbers, rules)
    return _judge(evidence, rules, is_newer_data=is_newer_data, is_same_recipe=is_same_recipe)


def decide_churn(
    y: np.ndarray,
    challenger_score: np.ndarray,
    champion_score: np.ndarray | None,
    baseline_score: np.ndarray,
    *,
    customer_id: np.ndarray | None = None,
    value: np.ndarray | None = None,
    is_newer_data: bool = False,
    is_same_recipe: bool = False,
    rules: Rules | None = None,
) -> Promotion:
    """The same gate for churn scores of the same held-out rows, by log loss and value captured.

    `y` is 1 for churned, scores are probabilities in 0..1. Rows of one `customer_id` are drawn
    together; without it every row is its own cluster. The bias guard compares the mean score
    with the base rate. `value`: yuan at stake in each row, known when it was scored (negative
    counts as none). The `contact_share` of the rows with the highest score x value would be
    contacted; the value of the churned among them is captured, and the challenger must not capture
    less than its rival, by the same paired bootstrap of the lists as they are.

    Raises ValueError when lengths differ, a score is outside 0..1 or a value is no number.
    """
    rules = rules or Rules()
    y = np.asarray(y, float)
    scores = {"challenger": challenger_score, "baseline": baseline_score}
    if champion_score is not None:
        scores["champion"] = champion_score
    scores = {name: np.asarray(score, float) for name, score in scores.items()}
    for name, score in scores.items():
        if score.shape != y.shape:
            raise ValueError(f"{name}: {score.size} scores for {y.size} outcomes")
        if not ((score >= 0) & (score <= 1)).all():
            raise ValueError(f"{name}: scores must be probabilities between 0 and 1")
    clusters = np.arange(len(y)) if customer_id is None else np.asarray(customer_id)
    if clusters.shape != y.shape:
        raise ValueError(f"{clusters.size} customer ids for {y.size} outcomes")
    n_churned = float(y.sum())
    numbers = {
        "n_rows": float(len(y)),
        "n_customers": float(len(np.unique(clusters))),
        "base_rate": n_churned / max(len(y), 1),
    }
    if min(n_churned, len(y) - n_churned) < rules.min_class_rows:
        return _too_little(
            f"{n_churned:.0f} churned and {len(y) - n_churned:.0f} staying customers, the gate "
            f"needs {rules.min_class_rows} of each",
            has_champion=champion_score is not None,
            numbers=numbers,
        )
    losses = {}
    for name, score in scores.items():
        safe = np.clip(score, 1e-6, 1 - 1e-6)
        losses[name] = -(y * np.log(safe) + (1 - y) * np.log1p(-safe))
        numbers[f"{name}_log_loss"] = float(losses[name].mean())
        numbers[f"{name}_bias"] = float(score.mean() - numbers["base_rate"])
    rival = "baseline" if champion_score is None else "champion"
    bias, rival_bias = abs(numbers["challenger_bias"]), abs(numbers[f"{rival}_bias"])
    allowed = max(rules.bias_limit, rival_bias + rules.bias_slack)
    objections = []
    if bias > allowed:
        objections.append(f"mean score is {bias:.1%} off the base rate, allowed {allowed:.1%}")
    if value is not None:
        captured = _captured(y, scores, value, rules)
        objections += _captures_less(captured, rival, clusters, numbers, rules)
    evidence = _compare("log loss", losses, clusters, objections, numbers, rules)
    return _judge(evidence, rules, is_newer_data=is_newer_data, is_same_recipe=is_same_recipe)


def _captured(
    y: np.ndarray, scores: Mapping[str, np.ndarray], value: np.ndarray, rules: Rules
) -> dict[str, np.ndarray]:
    """Yuan at stake in each row that is contacted in time, by whose list is followed."""
    value = np.asarray(value, float)
    if value.shape != y.shape or not np.isfinite(value).all():
        raise ValueError(f"a finite value is needed for each of {y.size} outcomes")
    value, contacts = np.maximum(value, 0.0), int(np.ceil(rules.contact_share * len(y)))
    captured = {}
    for name, score in scores.items():
        # equal stakes: the likelier one first, then the order of the rows
        listed = np.lexsort((-score, -score * value))[:contacts]
        captured[name] = np.zeros(len(y))
        captured[name][listed] = (value * y)[listed]
    return captured


def _captures_less(
    captured: dict[str, np.ndarray],
    rival: str,
    clusters: np.ndarray,
    numbers: dict[str, float],
    rules: Rules,
) -> list[str]:
    """The objection to a challenger whose list would capture less value, if it does."""
    numbers |= {f"{name}_value_captured": float(yuan.sum()) for name, yuan in captured.items()}
    if captured[rival].sum() <= 0:
        return []
    difference = relative_difference(captured["challenger"], captured[rival], clusters, rules=rules)
    numbers |= {
        "contact_share": rules.contact_share,
        "value_difference": difference.mean,
        "value_difference_lower": difference.lower,
        "value_difference_upper": difference.upper,
    }
    # the few customers on a list make a wide interval: only evidence of less value objects
    is_less = difference.mean < -rules.value_margin and difference.upper < rules.value_margin
    if difference.upper >= 0 and not is_less:
        return []
    return [
        f"contacting {rules.contact_share:.0%} of the customers would capture {difference} of the "
        f"{rival}'s value, limit {-rules.value_margin:+.1%}"
    ]


def _slices(
    truth: pd.DataFrame, is_a: np.ndarray, attributes: pd.DataFrame | None, rules: Rules
) -> Iterator[tuple[str, np.ndarray]]:
    """Parts of the compared rows with enough series to be judged by themselves."""
    half = truth["step"].median() if "step" in truth else None
    found = {"not class A": ~is_a}
    if half is not None:
        found |= {"near steps": (truth["step"] <= half).to_numpy()}
        found |= {"far steps": (truth["step"] > half).to_numpy()}
    if attributes is not None:
        known = attributes.drop_duplicates("unique_id").set_index("unique_id")
        for column in known.columns:
            values = truth["unique_id"].map(known[column])
            for value in sorted(values.dropna().unique()):
                found[f"{column} {value}"] = values.eq(value).to_numpy()
    series = truth["unique_id"].to_numpy()
    for name, mask in found.items():
        if len(np.unique(series[mask])) >= rules.min_clusters:
            yield name, mask


def _costs_more(
    costs: dict[str, pd.DataFrame], rival: str, numbers: dict[str, float], rules: Rules
) -> list[str]:
    """The objection to a challenger whose plan would cost more, if it does."""
    keys = ["unique_id", "cutoff"]
    pair = costs["challenger"].merge(costs[rival], on=keys, suffixes=("", "_rival"))
    if pair["unique_id"].nunique() < rules.min_clusters:
        return []
    difference = relative_difference(
        pair["cost"].to_numpy(float),
        pair["cost_rival"].to_numpy(float),
        pair["unique_id"].to_numpy(),
        rules=rules,
    )
    numbers |= {
        "plan_cost": float(pair["cost"].sum()),
        "plan_cost_rival": float(pair["cost_rival"].sum()),
        "plan_cost_difference": difference.mean,
        "plan_cost_difference_lower": difference.lower,
        "plan_cost_difference_upper": difference.upper,
    }
    if difference.mean <= rules.cost_margin and difference.lower <= 0:
        return []
    return [
        f"the plan would cost {difference} against the {rival}'s, limit {rules.cost_margin:+.1%}"
    ]


def _compare(
    loss: str,
    losses: dict[str, np.ndarray],
    clusters: np.ndarray,
    objections: list[str],
    numbers: dict[str, float],
    rules: Rules,
) -> _Evidence:
    pairs = {
        "against_baseline": ("challenger", "baseline"),
        "against_champion": ("challenger", "champion"),
        "champion_against_baseline": ("champion", "baseline"),
    }
    found: dict[str, Difference | None] = {}
    for label, (one, other) in pairs.items():
        if one not in losses or other not in losses:
            found[label] = None
            continue
        difference = relative_difference(losses[one], losses[other], clusters, rules=rules)
        found[label] = difference
        numbers[label] = difference.mean
        numbers[f"{label}_lower"] = difference.lower
        numbers[f"{label}_upper"] = difference.upper
    return _Evidence(loss=loss, objections=tuple(objections), numbers=numbers, **found)


def _judge(
    seen: _Evidence, rules: Rules, *, is_newer_data: bool, is_same_recipe: bool
) -> Promotion:
    """The rules, in the order in which a person would ask them."""

    def answer(winner: str, promote: bool, reason: str) -> Promotion:
        return Promotion(promote, reason, winner, seen.numbers)

    beats_naive = seen.against_baseline.upper < 0
    naive = f"{seen.loss} against the seasonal-naive baseline {seen.against_baseline}"
    if seen.loss == "log loss":
        naive = f"{seen.loss} against the baseline {seen.against_baseline}"
    objection = "; ".join(seen.objections)
    versus = seen.against_champion
    if versus is None:
        if beats_naive and not objection:
            return answer("challenger", True, f"first champion: {naive}")
        why = f"does not beat it: {naive}" if not beats_naive else objection
        return answer("baseline", True, f"the baseline is kept in charge, the challenger {why}")
    if not beats_naive:
        champion = seen.champion_against_baseline
        if champion.lower > 0:
            return answer(
                "baseline",
                True,
                f"back to the baseline: it beats both the challenger ({seen.against_baseline}) "
                f"and the champion ({champion})",
            )
        return answer("champion", False, f"does not beat the baseline: {naive}")
    if is_same_recipe and not is_newer_data:
        return answer("champion", False, "same recipe as the champion's, and no newer data: kept")
    if objection:
        return answer("champion", False, objection)
    against = f"{seen.loss} against the champion {versus}"
    if versus.upper >= rules.margin:
        return answer("champion", False, f"may be worse: {against}, limit {rules.margin:+.1%}")
    if versus.mean < 0:
        return answer("challenger", True, f"better: {against}; {naive}")
    if is_newer_data:
        return answer("challenger", True, f"not worse, and trained on newer data: {against}")
    return answer("champion", False, f"not better, and not trained on newer data: {against}")


def _too_little(why: str, *, has_champion: bool, numbers: dict[str, float]) -> Promotion:
    if has_champion:
        return Promotion(False, f"{why}; the champion stays", "champion", numbers)
    return Promotion(True, f"{why}; the baseline takes charge", "baseline", numbers)


def aligned(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same in-stock rows of every frame in the same order, or ValueError."""
    indexed = {}
    for name, frame in frames.items():
        missing = [c for c in (*_KEYS, "y", "y_hat") if c not in frame]
        if missing:
            raise ValueError(f"{name}: columns {missing} are missing")
        if frame.duplicated(_KEYS).any():
            raise ValueError(f"{name}: several rows share {tuple(_KEYS)}")
        indexed[name] = frame.set_index(_KEYS).sort_index()
    first = indexed["challenger"]
    for name, frame in indexed.items():
        cutoffs = [set(f.index.get_level_values("cutoff")) for f in (first, frame)]
        if cutoffs[0] != cutoffs[1]:
            odd = sorted(str(pd.Timestamp(c).date()) for c in cutoffs[0] ^ cutoffs[1])
            raise ValueError(f"challenger and {name} differ in cutoffs: {', '.join(odd)}")
        odd = first.index.symmetric_difference(frame.index)
        if len(odd):
            raise ValueError(f"challenger and {name} differ in {len(odd)} keys, first: {odd[0]}")
        if not np.allclose(first["y"], frame["y"], equal_nan=True):
            raise ValueError(f"challenger and {name} were scored on different actuals")
        if frame.loc[first["y"].notna(), "y_hat"].isna().any():
            raise ValueError(f"{name}: y_hat is null where demand is known")
    keep = first["y"].notna()
    if "is_stockout" in first:
        keep &= ~first["is_stockout"].fillna(False).astype(bool)
    return {name: frame[keep.to_numpy()].reset_index() for name, frame in indexed.items()}


def scaled_pinball_rows(frames: dict[str, pd.DataFrame]) -> dict[str, np.ndarray]:
    """Row losses: mean pinball over the shared quantiles, divided by the series' scale.

    Without shared quantiles it is half the absolute error, the pinball loss of the median.
    """
    truth = frames["challenger"]
    y = truth["y"].to_numpy(float)
    scale = truth.groupby("unique_id")["y"].transform("mean").clip(lower=1.0).to_numpy()
    shared = [c for c in truth if _QUANTILE.fullmatch(c) and all(c in f for f in frames.values())]
    losses = {}
    for name, frame in frames.items():
        if not shared:
            losses[name] = np.abs(frame["y_hat"].to_numpy(float) - y) / 2 / scale
            continue
        total = np.zeros(len(y))
        for column in shared:
            whole, part = _QUANTILE.fullmatch(column).groups()
            q = float(f"{whole}.{part or 0}") / 100
            miss = y - frame[column].to_numpy(float)
            total += np.maximum(q * miss, (q - 1) * miss)
        losses[name] = total / len(shared) / scale
    return losses


def _a_class(truth: pd.DataFrame, abc_class: pd.Series | None) -> np.ndarray:
    if abc_class is not None:
        return truth["unique_id"].map(abc_class).eq("A").to_numpy()
    volume = truth.groupby("unique_id")["y"].sum().sort_values(ascending=False, kind="stable")
    before = volume.cumsum() - volume
    return truth["unique_id"].isin(volume.index[before < 0.8 * volume.sum()]).to_numpy()


def _ratio(loss: np.ndarray | float, other: np.ndarray | float) -> np.ndarray:
    """`loss / other - 1`; two losses of zero are equal."""
    loss, other = np.asarray(loss, float), np.asarray(other, float)
    safe = np.where(other > 0, other, 1.0)
    return np.where(other > 0, loss / safe - 1, np.where(loss > 0, np.inf, 0.0))
