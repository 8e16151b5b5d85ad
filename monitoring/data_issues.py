"""What the tables could not make right: counted for the engineer, told to whoever orders by it."""

import pandas as pd

from monitoring.verdict import Verdict


def data_issues(table: pd.DataFrame) -> Verdict:
    """Passes when `table` (ml.columns.DATA_ISSUES) has no rows; the reason names each kind with its
    records and yuan, most money first, and the numbers are the records by kind."""
    kinds = by_kind(table)
    said = [
        f"{kind.issue} {kind.record_count:,.0f}"
        + (f" ({kind.amount:,.0f} yuan)" if kind.amount else "")
        for kind in kinds.itertuples()
    ]
    reason = f"what the tables could not make right: {', '.join(said)}"
    numbers = dict(zip(kinds["issue"], kinds["record_count"], strict=True))
    return Verdict("data_issues", kinds.empty, reason if said else "nothing to mend", numbers)


def by_kind(table: pd.DataFrame) -> pd.DataFrame:
    """issue, record_count, amount: all platforms and shops together, most money first."""
    sums = table.groupby("issue", as_index=False)[["record_count", "amount"]].sum()
    return sums.sort_values(
        ["amount", "record_count", "issue"], ascending=[False, False, True], ignore_index=True
    )


def plan_warnings(table: pd.DataFrame) -> list[str]:
    """Sentences for the head of the plan: what changes quantities of rows that no row can say.

    An order that two shops tell is demand twice. Of the other kinds rows tell themselves (listings
    without a SKU, stock of which only a total was told), or they change money only.
    """
    twice = table[table["issue"] == "order_in_two_shops"]
    return [
        f"{row.platform}: {row.record_count:,.0f} orders are told by two shops and count twice, "
        f"{row.amount:,.0f} yuan too much: a file of one shop lies in another's folder"
        for row in twice.sort_values("platform").itertuples()
    ]
