"""Have the inputs changed? Effect sizes per column, season against season; it only informs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ml.columns import quantile_columns
from monitoring.verdict import Verdict

TARGETS = frozenset({"y", "y_hat", "is_churned", "churn_score"})
_NOT_FEATURES = TARGETS | {
    *("unique_id", "customer_id", "ds", "as_of", "cutoff", "step"),
    *("is_stockout", "is_reachable"),  # tell which weeks and customers count, are no inputs
}
_TABLE = ["column", "psi", "wasserstein", "mean_current", "mean_reference", "is_drifted"]


@dataclass(frozen=True)
class Limits:
    """A column drifted when its PSI, and for numbers also its Wasserstein size, is above.

    The PSI must also be above what chance shows (`noise_psi`) at the family-wise level `alpha`
    over all columns (Bonferroni), counting the series or customers of a window, not its rows: the
    weeks of one series are no independent witnesses.

    `share`: share of drifted columns that turns the verdict red; generous, because features of
    a shop always move. `floor_rows`: fewer rows on either side are not judged (PSI of pure
    noise is about 9 x (1/n + 1/m) with ten bins).
    """

    psi: float = 0.2
    wasserstein: float = 0.1
    share: float = 0.5
    floor_rows: int = 200
    alpha: float = 0.05


@dataclass(frozen=True)
class Windows:
    """The two samples that were compared, and in words which they are."""

    current: pd.DataFrame = field(repr=False)
    reference: pd.DataFrame = field(repr=False)
    label: str = ""


def psi(current: pd.Series, reference: pd.Series, *, n_bins: int = 10) -> float:
    """Population stability index, sum of (p - q) ln(p / q).

    Numbers are binned at the reference's quantiles (a value that repeats gets one bin), other
    kinds by value; nulls are a bin of their own. Half a row is added to each bin so that an
    empty one stays finite. 0 is no difference.
    """
    if _is_number(reference) and _is_number(current):
        return _psi_of_numbers(_Sorted.of(current), _Sorted.of(reference), n_bins)
    joined = pd.concat([current, reference], ignore_index=True).astype("string")
    codes, found = pd.factorize(joined, use_na_sentinel=False)
    sides = codes[: len(current)], codes[len(current) :]
    return _psi_of_counts(*(np.bincount(side, minlength=len(found)) for side in sides))


def _psi_of_numbers(current: "_Sorted", reference: "_Sorted", n_bins: int = 10) -> float:
    edges = np.array([])
    if len(reference.values):
        grid = np.linspace(0, 1, n_bins + 1)[:-1]
        edges = np.unique(np.quantile(reference.values, grid))
    return _psi_of_counts(current.counts(edges), reference.counts(edges))


def _psi_of_counts(current: np.ndarray, reference: np.ndarray) -> float:
    seen = (current + reference) > 0
    p, q = ((c[seen] + 0.5) / (c[seen] + 0.5).sum() for c in (current, reference))
    return float(np.sum((p - q) * np.log(p / q)))


def noise_psi(
    n_current: int, n_reference: int, *, alpha: float, n_tests: int = 1, n_bins: int = 10
) -> float:
    """The PSI that one of `n_tests` columns exceeds by chance with probability `alpha`.

    Without any difference PSI / (1/n + 1/m) is about chi-squared with n_bins - 1 degrees of
    freedom (Yurdakul 2018).
    """
    from scipy.stats import chi2

    spread = 1 / max(n_current, 1) + 1 / max(n_reference, 1)
    return float(chi2.ppf(1 - alpha / max(n_tests, 1), n_bins - 1)) * spread


def wasserstein(current: pd.Series, reference: pd.Series) -> float:
    """Mean distance mass must move, in standard deviations of the reference (nulls left out).

    A constant reference is measured in units of its own size, or 1 when it is zero.
    """
    return _distance(_Sorted.of(current), _Sorted.of(reference))


def _distance(current: "_Sorted", reference: "_Sorted") -> float:
    a, b = current.values, reference.values
    if not len(a) or not len(b):
        return float("nan")
    points = np.sort(np.concatenate([a, b]), kind="stable")
    share_a = np.searchsorted(a, points[:-1], side="right") / len(a)
    share_b = np.searchsorted(b, points[:-1], side="right") / len(b)
    moved = float(np.sum(np.abs(share_a - share_b) * np.diff(points)))
    scale = float(b.std())
    if scale <= 1e-12 * max(1.0, abs(float(b[0]))):
        scale = abs(float(b[0])) or 1.0
    return moved / scale


@dataclass(frozen=True)
class _Sorted:
    """The numbers of a column in order, sorted once for all measures, and how many are null."""

    values: np.ndarray
    n_null: int

    @classmethod
    def of(cls, column: pd.Series) -> "_Sorted":
        numbers = column.to_numpy(float, na_value=np.nan)
        numbers = np.sort(numbers)  # nulls go last
        n_null = int(np.isnan(numbers).sum())
        return cls(numbers[: len(numbers) - n_null], n_null)

    def counts(self, edges: np.ndarray) -> np.ndarray:
        """How many lie up to each edge and above the one before, above the last, and are null."""
        below = np.searchsorted(self.values, edges, side="right")
        return np.append(np.diff(below, prepend=0, append=len(self.values)), self.n_null)


def demand_windows(
    feat_demand: pd.DataFrame, *, cutoff: pd.Timestamp, weeks: int = 8, floor_rows: int = 200
) -> Windows:
    """The newest `weeks` weeks up to `cutoff`, and what they are compared with.

    The reference is the same weeks one year (52 weeks) earlier, restricted on both sides to
    series that sold in both years when these have enough rows; without that year it is the
    preceding window of the same length. Festivals that move with the moon can still differ.
    """
    cutoff = pd.Timestamp(cutoff)
    start = cutoff - pd.Timedelta(weeks=weeks - 1)
    ds = feat_demand["ds"]
    current = feat_demand[ds.between(start, cutoff)]
    year = pd.Timedelta(weeks=52)
    reference = feat_demand[ds.between(start - year, cutoff - year)]
    label = f"{weeks} weeks to {cutoff:%Y-%m-%d} against "
    if len(reference) >= floor_rows and ds.min() <= start - year:
        both = set(current["unique_id"]) & set(reference["unique_id"])
        pair = [frame[frame["unique_id"].isin(both)] for frame in (current, reference)]
        if min(map(len, pair)) >= floor_rows:
            return Windows(*pair, f"{label}the same weeks one year earlier, same series")
        return Windows(current, reference, f"{label}the same weeks one year earlier")
    before = start - pd.Timedelta(weeks=1)
    reference = feat_demand[ds.between(before - pd.Timedelta(weeks=weeks - 1), before)]
    return Windows(current, reference, f"{label}the {weeks} weeks before (no earlier year)")


def customer_windows(
    feat_customer: pd.DataFrame, *, as_of: pd.Timestamp, outcome_days: int = 0
) -> Windows:
    """The slice at `as_of` against all slices whose outcome was known by then: the training
    slices, `outcome_days` or more older. Where the frame tells who is within reach, only they
    count: the model learns from and scores nobody else, and those long gone grow older for ever."""
    as_of = pd.Timestamp(as_of)
    if "is_reachable" in feat_customer:
        feat_customer = feat_customer[feat_customer["is_reachable"].astype(bool)]
    current = feat_customer[feat_customer["as_of"] == as_of]
    last = as_of - pd.Timedelta(days=max(outcome_days, 1))
    reference = feat_customer[feat_customer["as_of"] <= last]
    slices = reference["as_of"].nunique()
    return Windows(
        current,
        reference,
        f"customers within reach at {as_of:%Y-%m-%d} against {slices} training slices",
    )


def demand_drift(
    feat_demand: pd.DataFrame,
    *,
    cutoff: pd.Timestamp,
    columns: Sequence[str] | None = None,
    weeks: int = 8,
    limits: Limits | None = None,
) -> tuple[Verdict, pd.DataFrame]:
    """Verdict "demand_drift" and one table row per feature column.

    `columns` defaults to every feature column of the frame; the target is never one of them,
    its change of level is told as the number `demand_ratio`.
    """
    limits = limits or Limits()
    windows = demand_windows(feat_demand, cutoff=cutoff, weeks=weeks, floor_rows=limits.floor_rows)
    names = feature_columns(feat_demand) if columns is None else columns
    verdict, table = drift("demand_drift", windows, names, limits=limits)
    if "y" in feat_demand and len(windows.reference) and len(windows.current):
        before = float(windows.reference["y"].mean())
        if before > 0:
            ratio = float(windows.current["y"].mean()) / before
            verdict = replace(verdict, numbers={**verdict.numbers, "demand_ratio": ratio})
    return verdict, table


def customer_drift(
    feat_customer: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    columns: Sequence[str] | None = None,
    outcome_days: int = 0,
    limits: Limits | None = None,
) -> tuple[Verdict, pd.DataFrame]:
    """Verdict "customer_drift" and one table row per feature column."""
    windows = customer_windows(feat_customer, as_of=as_of, outcome_days=outcome_days)
    names = feature_columns(feat_customer) if columns is None else columns
    return drift("customer_drift", windows, names, limits=limits)


def drift(
    name: str, windows: Windows, columns: Sequence[str], *, limits: Limits | None = None
) -> tuple[Verdict, pd.DataFrame]:
    """Judge `columns` of two samples; the table is sorted by effect size, largest first.

    Raises ValueError when a target or prediction is among `columns`, or a column is missing.
    """
    limits = limits or Limits()
    check_features(columns, windows)
    n_current, n_reference = len(windows.current), len(windows.reference)
    numbers = {"n_current": n_current, "n_reference": n_reference}
    if min(n_current, n_reference) < limits.floor_rows:
        reason = (
            f"too few rows, not judged: {n_current} and {n_reference} of {limits.floor_rows} "
            f"needed ({windows.label})"
        )
        return Verdict(name, True, reason, numbers), pd.DataFrame(columns=_TABLE)
    witnesses = [_witnesses(frame) for frame in (windows.current, windows.reference)]
    chance = noise_psi(*witnesses, alpha=limits.alpha, n_tests=len(columns))
    strict = replace(limits, psi=max(limits.psi, chance))
    numbers |= {"psi_limit": strict.psi}
    table = pd.DataFrame([_column(windows, c, strict) for c in columns], columns=_TABLE)
    table = table.sort_values(["psi", "column"], ascending=[False, True], ignore_index=True)
    drifted = table.loc[table["is_drifted"], "column"].tolist()
    share = len(drifted) / max(len(table), 1)
    numbers |= {
        "n_columns": len(table),
        "n_drifted": len(drifted),
        "drifted_share": share,
        "drifted_share_limit": limits.share,
        **{f"psi.{row.column}": row.psi for row in table.itertuples()},
    }
    which = f": {', '.join(drifted)}" if drifted else ""
    reason = (
        f"{len(drifted)} of {len(table)} columns drifted, limit {limits.share:.0%}"
        f"{which} ({windows.label})"
    )
    return Verdict(name, share <= limits.share, reason, numbers), table


def feature_columns(frame: pd.DataFrame) -> list[str]:
    """The columns of `frame` that are features: no keys, dates, targets or predictions."""
    return [
        c
        for c in frame
        if not _is_target(c)
        and c not in _NOT_FEATURES
        and not pd.api.types.is_datetime64_any_dtype(frame[c])
    ]


def check_features(columns: Sequence[str], windows: Windows) -> None:
    """Raise ValueError when `columns` holds a target, a prediction or a missing column."""
    targets = [c for c in columns if _is_target(c)]
    if targets:
        raise ValueError(f"targets and predictions are no features: {targets}")
    missing = [c for c in columns if c not in windows.current or c not in windows.reference]
    if missing:
        raise ValueError(f"columns {missing} are missing")


def _witnesses(frame: pd.DataFrame) -> int:
    """Independent ones among the rows: series or customers where these are named."""
    for key in ("unique_id", "customer_id"):
        if key in frame:
            return int(frame[key].nunique())
    return len(frame)


def _is_target(column: str) -> bool:
    return column in TARGETS or bool(quantile_columns([column]))


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _column(windows: Windows, column: str, limits: Limits) -> dict[str, object]:
    current, reference = windows.current[column], windows.reference[column]
    moved = float("nan")
    means = [float("nan")] * 2
    if _is_number(current) and _is_number(reference):
        sides = _Sorted.of(current), _Sorted.of(reference)
        size, moved = _psi_of_numbers(*sides), _distance(*sides)
        means = [float(current.mean()), float(reference.mean())]
    else:
        size = psi(current, reference)
    # a column of words, or one that lost all its values, has no distance to measure
    is_drifted = size > limits.psi and (np.isnan(moved) or moved > limits.wasserstein)
    return dict(zip(_TABLE, (column, size, moved, *means, bool(is_drifted)), strict=True))
