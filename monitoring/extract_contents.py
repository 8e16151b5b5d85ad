"""Does an extract still hold what it held? Money in the same unit, fields filled, shops there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd

from monitoring.verdict import Verdict


@dataclass(frozen=True)
class ContentLimits:
    """A money column's median may move by less than `unit_factor` either way (yuan written as fen
    is a factor of 100, a sale is not one of 20); the share of rows without a value may grow by
    less than `missing_rise`. Fewer than `floor_rows` rows on either side are not judged.
    """

    unit_factor: float = 20.0
    missing_rise: float = 0.5
    floor_rows: int = 20


def amounts_in_unit(
    newest: pd.DataFrame, before: pd.DataFrame, *, limits: ContentLimits | None = None
) -> Verdict:
    """Verdict "amounts_in_unit": no money column jumped by a factor only a unit explains.

    Both frames: shop, column, rows (with a value above zero), median; `newest` of the newest
    day, `before` of the weeks before it, one row a shop and column.
    """
    limits = limits or ContentLimits()
    both = newest.merge(before, on=["shop", "column"], suffixes=("", "_before"))
    enough = both[["rows", "rows_before"]].min(axis=1) >= limits.floor_rows
    both = both[enough & (both["median_before"] > 0) & (both["median"] > 0)]
    ratio = both["median"] / both["median_before"]
    far = both[(ratio >= limits.unit_factor) | (ratio <= 1 / limits.unit_factor)]
    said = "; ".join(
        f"{row.shop}: {row.column} is {row.median:,.2f} in the median, "
        f"{row.median_before:,.2f} before"
        for row in far.head(5).itertuples()
    )
    numbers = {"n_columns": len(both), "n_red": len(far), "limit": limits.unit_factor}
    told = f"{len(both)} money columns of shops are in the unit they were in"
    return Verdict("amounts_in_unit", far.empty, said or told, numbers)


def columns_filled(
    newest: pd.DataFrame, before: pd.DataFrame, *, limits: ContentLimits | None = None
) -> Verdict:
    """Verdict "columns_filled": no column lost its values from one day to the next.

    Both frames: column, rows, filled (rows with a value), one row a column.
    """
    limits = limits or ContentLimits()
    both = newest.merge(before, on="column", suffixes=("", "_before"))
    both = both[both[["rows", "rows_before"]].min(axis=1) >= limits.floor_rows]
    missing, past = (1 - both[f"filled{s}"] / both[f"rows{s}"] for s in ("", "_before"))
    lost = both[missing - past >= limits.missing_rise]
    said = "; ".join(
        f"{row.column}: {1 - row.filled / row.rows:.0%} of {row.rows:,} rows have no value, "
        f"{1 - row.filled_before / row.rows_before:.0%} before"
        for row in lost.head(5).itertuples()
    )
    numbers = {"n_columns": len(both), "n_red": len(lost), "limit": limits.missing_rise}
    told = f"{len(both)} columns are filled as before"
    return Verdict("columns_filled", lost.empty, said or told, numbers)


def landed_on_time(days: Iterable[date], as_of: date) -> Verdict:
    """Verdict "landed_on_time": the newest landing is not older than this extract's own habit.

    `days` on which anything landed. Late is more than twice the median gap of the last twelve
    landings, and two days more. Fewer than four landings, or one in a fortnight, are no habit.
    """
    landed = sorted(set(days))
    if len(landed) < 4:
        told = f"landed {len(landed)} times so far, not judged"
        return Verdict("landed_on_time", True, told, {"n_landings": len(landed)})
    gaps = sorted((b - a).days for a, b in pairwise(landed[-13:]))
    limit = 2 * gaps[len(gaps) // 2] + 2
    if gaps[len(gaps) // 2] > 14:
        told = f"lands every {gaps[len(gaps) // 2]} days or so, not judged"
        return Verdict("landed_on_time", True, told, {"n_landings": len(landed)})
    age = (as_of - landed[-1]).days
    due = landed[-1] + timedelta(days=gaps[len(gaps) // 2])
    return Verdict(
        "landed_on_time",
        age <= limit,
        f"landed last on {landed[-1]}, {age} days ago (limit {limit}; was due on {due})",
        {"age_days": age, "limit_days": limit},
    )


def shops_present(registered: Iterable[str], landed: Iterable[str]) -> Verdict:
    """Verdict "shops_present": every registered shop has landed rows at some time.

    A shop that the registry knows and no file ever named is a puller that was never set up.
    """
    wanted, here = set(registered), set(landed)
    missing = sorted(wanted - here)
    said = f"registered, and nothing ever landed: {', '.join(missing[:10])}"
    told = f"all {len(wanted)} registered shops have landed"
    numbers = {"n_registered": len(wanted), "n_missing": len(missing)}
    return Verdict("shops_present", not missing, said if missing else told, numbers)


def as_usual(verdicts: Iterable[Verdict]) -> Verdict:
    """Verdict "as_usual": red when one of `verdicts` is; the reason names those that are."""
    found = list(verdicts)
    red = [verdict for verdict in found if not verdict.passed]
    numbers = {f"{v.name}.{key}": value for v in found for key, value in v.numbers.items()}
    reason = "; ".join(f"{v.name}: {v.reason}" for v in (red or found))
    return Verdict("as_usual", not red, reason, numbers)
