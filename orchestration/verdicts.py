"""Verdicts of a day by asset, as files: monitors write them, checks and the retrain rule read."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd

from monitoring.data_issues import plan_warnings
from monitoring.forecast_watch import TRIGGERS
from monitoring.history import merged, red_days, rows
from monitoring.verdict import Verdict
from orchestration.resources import Results, read_parquet

FOLDER = "verdicts"
# what demand and customers are made of: while it is red nothing may be learnt from it
FEEDS = ("orders", "order_lines", "refunds", "cancellations", "outbound", "stock")
DATA = ("broken_share_below_limit", "as_usual", "amounts_in_unit")


def keep(results: Results, day: date, asset: str, verdicts: Iterable[Verdict]) -> None:
    """Remember what was found about `asset` ("forecast_error", "jd/orders") on a day."""
    for verdict in verdicts:
        results.write_text(day, _name(asset, verdict.name), verdict.to_json())


def read(results: Results, day: date, asset: str, verdict: str) -> Verdict:
    """One verdict of a day. Raises FileNotFoundError when there is none."""
    return Verdict.from_json(results.read_text(day, _name(asset, verdict)))


def of_day(results: Results, day: date) -> list[tuple[str, Verdict]]:
    """Every asset's verdicts of a day."""
    found = []
    for path in sorted(results.path(day, FOLDER).glob("*.json")):
        asset = path.stem.split("__")[0].replace(".", "/")
        try:
            found.append((asset, Verdict.from_json(path.read_text(encoding="utf-8"))))
        except ValueError as damaged:
            raise ValueError(f"{path}: damaged ({damaged}); remove it and run the day again") from (
                damaged
            )
    return found


def of_data(results: Results, day: date, datasets: Iterable[str] | None = None) -> list[Verdict]:
    """The extracts' verdicts of a day, of these datasets only or of all; each reason begins with
    the extract's name."""
    return [
        replace(verdict, reason=f"{asset}: {verdict.reason}")
        for asset, verdict in of_day(results, day)
        if verdict.name in DATA and (datasets is None or asset.split("/")[-1] in datasets)
    ]


def of_loaded_data(results: Results, until: date, datasets: Iterable[str]) -> list[Verdict]:
    """`of_data` of the newest day up to `until` whose extracts were loaded: what has landed since
    is in no table yet."""
    datasets = list(datasets)
    days = [day for day in results.days_with(FOLDER) if day <= until]
    found = (of_data(results, day, datasets) for day in reversed(days))
    return next(filter(None, found), [])


def plan_notices(results: Results, day: date, issues: pd.DataFrame) -> list[str]:
    """Why the plan of a day is to be read with care: a sentence for each extract that is red that
    day, for what is counted twice (`issues`: ml.columns.DATA_ISSUES), and for each demand alarm
    that was red when it was last looked at, up to that day."""
    broken = [verdict.reason for verdict in of_data(results, day) if not verdict.passed]
    watched = read_history(results, day)
    watched = watched[watched["verdict"].isin(TRIGGERS)].sort_values("as_of", kind="stable")
    newest = watched.drop_duplicates(["asset", "verdict"], keep="last")
    doubted = newest.loc[~newest["passed"].astype(bool), ["as_of", "reason"]]
    said = zip(doubted["as_of"], doubted["reason"], strict=True)
    alarms = [f"demand_model: {reason} ({seen:%Y-%m-%d})" for seen, reason in said]
    return [*broken, *plan_warnings(issues), *alarms]


def red_feed_days(results: Results, until: date) -> list[pd.Timestamp]:
    """The days up to `until` on which one of FEEDS was red, on whatever platform."""
    history = read_history(results, until)
    return red_days(history[history["asset"].str.split("/").str[-1].isin(FEEDS)], DATA)


def table(results: Results, day: date) -> pd.DataFrame:
    """A day's verdicts as rows of `monitoring.history`."""
    parts = [rows(day, asset, [verdict]) for asset, verdict in of_day(results, day)]
    return pd.concat(parts, ignore_index=True) if parts else rows(day, "", [])


def read_history(results: Results, until: date) -> pd.DataFrame:
    """`monitoring.history` up to and including a day, with that day's and the day before's
    verdicts as they are by now."""
    kept = whole_history(results, until)
    return kept[kept["as_of"] <= pd.Timestamp(until)].reset_index(drop=True)


def whole_history(results: Results, day: date) -> pd.DataFrame:
    """`monitoring.history` of all days, later ones too, with the verdicts of a day and of the day
    before as they are by now. Where it is missing or damaged it is made anew of all verdicts."""
    days = {day - timedelta(days=1), day}
    try:
        kept = read_parquet(results.history())
    except (FileNotFoundError, ValueError):
        kept, days = rows(day, "", []), {*results.days_with(FOLDER), *days}
    for known in sorted(days):
        kept = merged(kept, table(results, known))
    return kept


def _name(asset: str, verdict: str) -> str:
    return f"{FOLDER}/{asset.replace('/', '.')}__{verdict}.json"
