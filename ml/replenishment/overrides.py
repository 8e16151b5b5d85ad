"""A planner's word over the plan's: read, matched, respected, and never lost.

quantity  order exactly `value` units
hold      order nothing
force     order at least one MOQ in whole packs, even where nothing is missing
uplift    expect `value` times the forecast demand
analogue  expect what the SKU named in `value` sells in the same warehouse (a new SKU's stand-in)

An override holds up to and including `expires_on`. Without a warehouse it holds in all of them. Of
two that say different things about one row the later line counts. Every line handed in comes back
in the report with what became of it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.replenishment.days import read_days
from ml.replenishment.wording import JOINT, words_of

OVERRIDE_COLUMNS = ("sku_id", "warehouse_id", "action", "value", "expires_on", "by", "why")
QUANTITY_ACTIONS = ("quantity", "hold", "force")
ACTIONS = (*QUANTITY_ACTIONS, "uplift", "analogue")
STATUSES = ("applied", "superseded", "expired", "no_match", "unread")
# An override that ended this many days ago is still shown in its row.
RECALLED_DAYS = 7
MOST_UPLIFT = 20.0
_WORDS = {
    "zh": {
        "quantity": "{by}定为{value}件：{why}",
        "hold": "{by}暂停订货：{why}",
        "force": "{by}要求必须订货：{why}",
        "uplift": "{by}把需求调为{value}倍：{why}",
        "analogue": "{by}参照{value}：{why}",
    },
    "en": {
        "quantity": "{by} set {value} units: {why}",
        "hold": "{by} holds the order: {why}",
        "force": "{by} insists on an order: {why}",
        "uplift": "{by} expects {value} times the demand: {why}",
        "analogue": "{by} plans it like {value}: {why}",
    },
}


@dataclass(frozen=True)
class Overrides:
    """What planners want of n rows.

    `fixed` (n,) units, nan for none; `is_forced`, `is_overridden`, `is_expired`, `is_unread` (n,);
    `factor` (n,) on demand; `analogue` (n,) series to plan by, None for its own. `report`: the
    lines handed in with `status`, `problem` and `rows` (how many rows of the plan they name).
    """

    fixed: np.ndarray
    is_forced: np.ndarray
    factor: np.ndarray
    analogue: np.ndarray
    is_overridden: np.ndarray
    is_expired: np.ndarray
    is_unread: np.ndarray
    report: pd.DataFrame
    lines: tuple[tuple[np.ndarray, dict], ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether anything of the plan changes."""
        return bool(self.is_overridden.any())

    @classmethod
    def read(cls, table: pd.DataFrame, rows: pd.DataFrame, as_of: pd.Timestamp) -> "Overrides":
        """Match OVERRIDE_COLUMNS of `table` with `rows` (unique_id, sku_id, warehouse_id).

        A line that can't be understood changes nothing, and its problem is named. Raises
        ValueError when a column is missing.
        """
        missing = [column for column in OVERRIDE_COLUMNS if column not in table]
        if missing:
            raise ValueError(f"overrides lack the columns {missing}")
        known = {name: set(rows[name]) for name in ("sku_id", "warehouse_id", "unique_id")}
        known["value"] = known["sku_id"]
        report = pd.DataFrame(
            {
                name: [_text(value, known.get(name, set())) for value in table[name]]
                for name in OVERRIDE_COLUMNS
            },
            dtype=object,
        )
        report["action"] = report["action"].str.lower()
        report["problem"] = [_problem(line, known) for line in report.to_dict("records")]
        until = read_days(report["expires_on"])
        report["status"] = np.select(
            [report["problem"] != "", until < as_of + pd.Timedelta(days=1)],
            ["unread", "expired"],
            "applied",
        )
        return cls._matched(report, rows, until, as_of)

    @classmethod
    def _matched(cls, report, rows, until, as_of) -> "Overrides":
        n = len(rows)
        out, series = no_overrides(n), set(rows["unique_id"])
        sku, place = rows["sku_id"].to_numpy(object), rows["warehouse_id"].to_numpy(object)
        is_first = ~rows["is_repeated"].to_numpy()
        at_sku = {name: np.flatnonzero(sku == name) for name in set(report["sku_id"])}
        owner = {kind: np.full(n, -1) for kind in ("quantity", "uplift", "analogue")}
        counts, status = np.zeros(len(report), dtype=int), report["status"].to_numpy(object)
        lines = []
        for k, line in enumerate(report.to_dict("records")):
            named = at_sku[line["sku_id"]]
            if line["warehouse_id"]:
                named = named[place[named] == line["warehouse_id"]]
            counts[k] = len(named)
            if status[k] == "unread":
                out.is_unread[named] = True
                continue
            if not len(named):
                status[k] = "no_match" if status[k] == "applied" else status[k]
                continue
            if status[k] == "expired":
                recently = until[k] >= as_of - pd.Timedelta(days=RECALLED_DAYS - 1)
                out.is_expired[named] |= bool(recently)
                continue
            named = named[is_first[named]]
            if line["action"] == "analogue":  # a warehouse without the analogue keeps its forecast
                has = [f"{line['value']}@{at}" in series for at in place[named]]
                named = named[np.array(has, dtype=bool)]
            kind = "quantity" if line["action"] in QUANTITY_ACTIONS else line["action"]
            owner[kind][named] = k
            lines.append((named, line))
        for k in np.flatnonzero(status == "applied"):
            if not any((of == k).any() for of in owner.values()):
                status[k] = "superseded"
        out._take_over(report, owner, place)
        held = [(np.flatnonzero(owner[kind] == k), line) for kind, k, line in _held(owner, report)]
        report = report.assign(status=status, rows=counts)
        is_overridden = np.logical_or.reduce([of >= 0 for of in owner.values()])
        return cls(
            out.fixed,
            out.is_forced,
            out.factor,
            out.analogue,
            is_overridden,
            out.is_expired,
            out.is_unread,
            report,
            tuple(held),
        )

    def _take_over(self, report, owner, place) -> None:
        for kind, k, line in _held(owner, report):
            named = owner[kind] == k
            if line["action"] == "quantity":
                self.fixed[named] = float(line["value"])
            elif line["action"] == "hold":
                self.fixed[named] = 0.0
            elif line["action"] == "force":
                self.is_forced[named] = True
            elif line["action"] == "uplift":
                self.factor[named] = float(line["value"])
            else:
                self.analogue[named] = line["value"] + "@" + place[named]

    def stand_in(self, unique_id: pd.Series, daily_rate: np.ndarray):
        """The series (n,) each row is planned by, and its units per day without a forecast."""
        has = np.array([a is not None for a in self.analogue], dtype=bool)
        series = unique_id.where(~has, self.analogue)
        rates = pd.Series(daily_rate, index=unique_id.to_numpy())
        rates = rates[~rates.index.duplicated()]
        return series, np.where(has, series.map(rates).fillna(0.0).to_numpy(float), daily_rate)

    def forced_need(self, need: np.ndarray) -> np.ndarray:
        """`need` (n,), at least one unit where an order is forced."""
        return np.where(self.is_forced, np.maximum(need, 1.0), need)

    def words(self, language: str) -> np.ndarray:
        """What was overridden in each row (n,), by whom and why; "" for nothing."""
        words = words_of(_WORDS, language)
        text = np.full(len(self.fixed), "", dtype=object)
        for rows, line in self.lines:
            unsaid = {name: line[name] or "?" for name in ("by", "why")}
            said = words[line["action"]].format(**(line | unsaid))
            text[rows] = text[rows] + np.where(text[rows] == "", "", JOINT[language]) + said
        return text


def no_overrides(n: int) -> Overrides:
    """Nobody wants anything of `n` rows."""
    report = pd.DataFrame(columns=[*OVERRIDE_COLUMNS, "problem", "status", "rows"])
    no = (np.zeros(n, dtype=bool) for _ in range(4))
    forced, overridden, expired, unread = no
    analogue = np.full(n, None, dtype=object)
    return Overrides(
        np.full(n, np.nan), forced, np.ones(n), analogue, overridden, expired, unread, report
    )


def _held(owner: dict, report: pd.DataFrame):
    for kind, of in owner.items():
        for k in np.unique(of[of >= 0]):
            yield kind, k, report.iloc[k].to_dict()


def _text(value, known: set) -> str:
    if value is None or value is pd.NaT or value != value:
        return ""
    text = str(value).strip()
    if text in known:
        return text
    # a spreadsheet hands whole numbers over as 30.0 and days as midnights
    return text.removesuffix(".0").removesuffix(" 00:00:00")


def _problem(line: dict, known: dict[str, set]) -> str:
    """Why a line can't be followed, "" if it can."""
    value = pd.to_numeric(line["value"] or None, errors="coerce")
    if not line["sku_id"]:
        return "no sku_id"
    if line["action"] not in ACTIONS:
        return f"action '{line['action']}' is none of {', '.join(ACTIONS)}"
    if line["action"] == "quantity" and not (0 <= value <= 1e9 and value == int(value)):
        return f"quantity '{line['value']}' is no whole number from 0"
    if line["action"] == "uplift" and not 0 <= value <= MOST_UPLIFT:
        return f"uplift '{line['value']}' is no factor from 0 to {MOST_UPLIFT:g}"
    if line["action"] == "analogue" and line["value"] not in known["sku_id"]:
        return f"analogue '{line['value']}' is no known SKU"
    place, series = line["warehouse_id"], f"{line['value']}@{line['warehouse_id']}"
    is_here = line["action"] != "analogue" or place not in known["warehouse_id"]
    if not (is_here or series in known["unique_id"]):
        return f"analogue '{line['value']}' is not in warehouse '{place}'"
    if line["expires_on"] and read_days([line["expires_on"]]).isna().any():
        return f"expires_on '{line['expires_on']}' is no date"
    return ""
