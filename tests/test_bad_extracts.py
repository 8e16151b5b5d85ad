"""A platform goes dark, yuan turn into fen, a field vanishes, while an alarm of the model stands.

Each on a real Dagster instance, from files to message: caught at the door, no retrain, the plan is
marked or held back, people are told.
"""

from datetime import date, timedelta

import dagster as dg
import pandas as pd
import pytest
from order_lines import land
from pydantic import SecretStr

from ml.columns import DATA_ISSUES
from monitoring.forecast_watch import TRIGGERS
from monitoring.verdict import Verdict
from orchestration import alerting, runner
from orchestration.assets.retraining import RETRAINING
from orchestration.graph import build
from orchestration.resources import resources
from orchestration.settings import Settings
from orchestration.verdicts import keep, plan_notices

DAY = date(2026, 5, 10)  # a Sunday outside every peak
EXTRACT, MODEL = dg.AssetKey(["generic", "order_lines"]), dg.AssetKey("demand_model")
DUE = dg.AssetCheckKey(MODEL, "retrain_due")
NO_ISSUES = pd.DataFrame(columns=list(DATA_ISSUES.columns))
NO_CUSTOMER = {"with_customer": False}
# how the last day lands in the shops (None: not at all), the check that sees it, what it says
BREAKS = {
    "a dark shop": ({"two": None}, "as_usual", "generic/two: 0 rows"),
    "fen": ({"one": {"factor": 100.0}}, "amounts_in_unit", "generic/one: paid_amount"),
    "a lost field": ({"one": NO_CUSTOMER, "two": NO_CUSTOMER}, "as_usual", "customer_id: 100% of"),
}


class Shop:
    """An installation whose demand model, trained three weeks ago, turned red today."""

    def __init__(self, tmp_path, url: str, last_day: dict) -> None:
        self.settings = Settings(
            environment="test",
            state=tmp_path / "state",
            landing=tmp_path / "landing",
            out=tmp_path / "out",
            as_of=DAY,
            first_day=DAY,
            alert_urls=SecretStr(url),
            language="en",
        )
        for back in range(30, -1, -1):
            for shop in ("one", "two"):
                how = last_day.get(shop, {}) if back == 0 else {}
                if how is not None:
                    land(self.settings.landing_folder, shop, DAY - timedelta(days=back), **how)
        self.defs = build(self.settings)
        self.instance, self.cursor = runner.instance(self.settings), None
        self.results = resources(self.settings)["results"]
        self.results.write_text(DAY - timedelta(days=21), "demand_promotion.txt", "promoted")
        calm, alarm = (Verdict(TRIGGERS[0], passed, "brand b1 sold -40 %") for passed in (1, 0))
        keep(self.results, DAY - timedelta(days=1), "forecast_error", [calm])
        keep(self.results, DAY, "forecast_error", [alarm])

    def make(self, *keys: dg.AssetKey, checks: tuple = (), partition: str | None = None) -> bool:
        assets = [*self.defs.assets, *self.defs.asset_checks]
        wanted = dg.AssetSelection.assets(*keys) | dg.AssetSelection.checks(*checks)
        return dg.materialize(
            assets,
            instance=self.instance,
            resources=self.defs.resources,
            selection=wanted,
            partition_key=partition,
            raise_on_error=False,
        ).success

    def is_asked_for(self) -> bool:
        """What the daemon decides now: shall the model be trained?"""
        found = dg.evaluate_automation_conditions(
            self.defs, self.instance, dg.AssetSelection.assets(MODEL), cursor=self.cursor
        )
        self.cursor = found.cursor
        return found.get_num_requested(MODEL) > 0

    def night(self) -> None:
        """What the daemon makes of the day's files, as far as this is about."""
        self.make(EXTRACT, partition=DAY.isoformat())
        NO_ISSUES.to_parquet(self.settings.folder("exports") / "mart_data_issues.parquet")
        loop = [
            asset.key for asset in RETRAINING if asset.key.path[-1] in ("history", "plan_notice")
        ]
        assert self.make(*loop, dg.AssetKey("demand_retrain"), checks=(DUE,))

    def latest(self, key: dg.AssetCheckKey):
        found = self.instance.event_log_storage.get_latest_asset_check_execution_by_key([key])
        return found[key].event.dagster_event.asset_check_evaluation_data

    def tell(self) -> None:
        graph = self.defs.resolve_asset_graph()
        alerting.tell(lambda: alerting.problems(self.instance, graph, self.settings), self.settings)


@pytest.mark.parametrize("name", BREAKS)
def test_bad_data_is_no_drift_the_plan_says_so_and_people_are_told(name, tmp_path, server):
    last_day, check, words = BREAKS[name]
    shop = Shop(tmp_path, server.url, last_day)
    shop.is_asked_for()
    shop.night()
    caught = shop.latest(dg.AssetCheckKey(EXTRACT, check))
    assert not caught.passed
    assert words in caught.description
    assert caught.blocking == (check == "amounts_in_unit"), "what is wrong by 100 stops the plan"
    due = shop.latest(DUE)
    assert due.passed
    assert words in due.description, "it says what it waits for"
    assert not shop.is_asked_for()
    note = shop.results.out_path(DAY, "read_first.txt").read_text(encoding="utf-8")
    assert words in note
    shop.tell()
    (message,) = server.got
    assert words in message["message"]


def test_on_a_healthy_day_the_same_alarm_asks_for_a_retrain(tmp_path, server):
    shop = Shop(tmp_path, server.url, {})
    shop.is_asked_for()
    shop.night()
    assert shop.latest(dg.AssetCheckKey(EXTRACT, "as_usual")).passed
    assert not shop.latest(DUE).passed
    assert shop.is_asked_for()
    assert not shop.is_asked_for(), "once"


def test_a_night_of_which_nothing_landed_marks_the_plan_that_is_made_all_the_same(tmp_path, server):
    dark = {"one": None, "two": None}
    shop = Shop(tmp_path, server.url, dark)
    newest = DAY - timedelta(days=1)
    shop.settings = shop.settings.model_copy(update={"as_of": None})
    shop.defs = build(shop.settings)
    shop.make(EXTRACT, partition=DAY.isoformat())
    assert not shop.latest(dg.AssetCheckKey(EXTRACT, "as_usual")).passed
    (said,) = [
        notice
        for notice in plan_notices(shop.results, newest, NO_ISSUES)
        if "order_lines" in notice
    ]
    assert "generic/one: 0 rows" in said


def test_a_file_that_cannot_be_read_is_named_with_its_reason_and_told_once(tmp_path):
    settings = Settings(environment="test", state=tmp_path, as_of=DAY, first_day=DAY)
    folder = settings.landing_folder / "me" / "generic" / "one" / "order_lines" / DAY.isoformat()
    folder.mkdir(parents=True)
    (folder / "export.csv").write_text("订单编号,商品编码,数量\n1,S1,2\n", encoding="gbk")
    extract = next(a for a in build(settings).assets if getattr(a, "key", None) == EXTRACT)
    defs = dg.Definitions(
        assets=[extract],
        resources=resources(settings),
        jobs=[dg.define_asset_job("extract", dg.AssetSelection.assets(EXTRACT))],
        executor=dg.in_process_executor,
    )
    report = runner.run(defs, settings, print)
    (failed,) = report.failures
    assert failed == "generic/order_lines: broken_share_below_limit"
    told = report.failed_checks["generic/order_lines: quarantine"]
    assert "order_lines/2026-05-10/export.csv: none of the first 2 rows is a header" in told
    assert "order_id, line_id, sku_id, paid_at, qty, paid_amount" in told
