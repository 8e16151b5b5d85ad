"""One table of all verdicts: a row a day, asset and verdict; and what Prometheus reads of it."""

import json
import math
import re
from collections.abc import Iterable
from datetime import date

import pandas as pd

from monitoring.verdict import Verdict

COLUMNS = ("as_of", "asset", "verdict", "passed", "reason", "numbers")
KEY = ["as_of", "asset", "verdict"]


def rows(as_of: date, asset: str, verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """Rows of `monitoring.history`: as_of (datetime64), asset, verdict, passed, reason, and the
    numbers as a JSON object (null where one was not finite)."""
    made = [
        {
            "as_of": pd.Timestamp(as_of),
            "asset": asset,
            "verdict": verdict.name,
            "passed": verdict.passed,
            "reason": verdict.reason,
            "numbers": json.dumps(
                {k: v if math.isfinite(v) else None for k, v in verdict.numbers.items()}
            ),
        }
        for verdict in verdicts
    ]
    frame = pd.DataFrame(made, columns=list(COLUMNS))
    return frame.astype({"as_of": "datetime64[ns]", "passed": bool})


def merged(history: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Both together, `new` in place of what it repeats, sorted: a repeat changes nothing."""
    together = pd.concat([frame for frame in (history, new) if len(frame)] or [new])
    last = together.drop_duplicates(KEY, keep="last")
    return last.sort_values(KEY, ignore_index=True)


def by_day(history: pd.DataFrame, names: Iterable[str]) -> dict[date, list[Verdict]]:
    """The verdicts of these names on each day."""
    wanted = history[history["verdict"].isin(list(names))]
    found: dict[date, list[Verdict]] = {}
    for row in wanted.itertuples():
        verdict = Verdict(row.verdict, row.passed, row.reason)
        found.setdefault(row.as_of.date(), []).append(verdict)
    return found


def red_days(history: pd.DataFrame, names: Iterable[str]) -> list[pd.Timestamp]:
    """The days on which one of these verdicts was red, oldest first."""
    red = history[history["verdict"].isin(list(names)) & ~history["passed"]]
    return sorted(red["as_of"].unique())


def prometheus(history: pd.DataFrame) -> str:
    """The newest verdict of each kind in Prometheus' text format, for a textfile collector.

    stork_verdict_passed{asset, verdict} is 1 or 0, stork_verdict_number{asset, verdict, number}
    each finite number behind it, stork_verdict_as_of_seconds the day it is about.
    """
    newest = history.sort_values("as_of").drop_duplicates(KEY[1:], keep="last")
    newest = newest.sort_values(KEY[1:])
    passed, as_of, numbers = [], [], []
    for row in newest.itertuples():
        labels = f'asset="{_escaped(row.asset)}",verdict="{_escaped(row.verdict)}"'
        passed.append(f"stork_verdict_passed{{{labels}}} {int(row.passed)}")
        as_of.append(f"stork_verdict_as_of_seconds{{{labels}}} {row.as_of.timestamp():.0f}")
        for name, value in sorted(json.loads(row.numbers).items()):
            if value is not None:
                number = f'{labels},number="{_escaped(name)}"'
                numbers.append(f"stork_verdict_number{{{number}}} {value!r}")
    parts = (
        ("stork_verdict_passed", "1 when the newest verdict passed, 0 when it is red", passed),
        ("stork_verdict_as_of_seconds", "the day the newest verdict is about", as_of),
        ("stork_verdict_number", "a number behind the newest verdict", numbers),
    )
    lines = []
    for name, about, samples in parts:
        lines += [f"# HELP {name} {about}", f"# TYPE {name} gauge", *samples]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text).replace("\n", " ")
