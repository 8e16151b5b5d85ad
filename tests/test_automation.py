"""The night's rhythm and the retrain edge, ticked on a real (ephemeral) Dagster instance."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from orchestration.graph import build
from orchestration.settings import Settings

DAY = date(2026, 6, 28)
BEFORE = datetime(2026, 6, 28, 21, 0, tzinfo=UTC)  # 05:00 in Beijing, the night's tick is at 06:00
AFTER = BEFORE + timedelta(hours=2)
MODEL = dg.AssetKey("demand_model")


@pytest.fixture(scope="module")
def defs(tmp_path_factory):
    state = tmp_path_factory.mktemp("automation")
    return build(Settings(environment="test", state=state, as_of=DAY, first_day=DAY))


def now() -> datetime:
    """A check is newly evaluated by the clock, so these ticks go by it too."""
    return datetime.now(UTC)


class Night:
    """One instance over several ticks."""

    def __init__(self, defs: dg.Definitions, selection: dg.AssetSelection | None = None) -> None:
        self.defs, self.instance, self.cursor = defs, dg.DagsterInstance.ephemeral(), None
        self.selection = selection

    def tick(self, at: datetime) -> set[dg.AssetKey]:
        result = dg.evaluate_automation_conditions(
            *(self.defs, self.instance, self.selection),
            evaluation_time=at,
            cursor=self.cursor,
        )
        self.cursor = result.cursor
        graph = self.defs.resolve_asset_graph()
        found = {one.key for one in result.results if not one.true_subset.is_empty}
        self.wanted_checks = {key for key in found if isinstance(key, dg.AssetCheckKey)}
        wanted = graph.get_all_asset_keys()
        asked = {key for key in wanted if result.get_num_requested(key)}
        self.partitions = {key: result.get_requested_partitions(key) for key in asked}
        return asked

    def materialize(self, key: dg.AssetKey, partition: str | None = None) -> None:
        self.instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=partition))

    def check(self, key: dg.AssetKey, name: str, passed: bool, blocking: bool = False) -> None:
        self.instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=key, check_name=name, passed=passed, blocking=blocking
            )
        )


def extract_keys(defs: dg.Definitions) -> list[dg.AssetKey]:
    graph = defs.resolve_asset_graph()
    return [k for k in graph.get_all_asset_keys() if graph.get(k).group_name == "extracts"]


def test_a_retrain_is_asked_for_once_each_time_it_is_found_to_be_due(defs):
    night = Night(defs, dg.AssetSelection.assets(MODEL))
    night.materialize(MODEL)
    night.check(MODEL, "retrain_due", passed=True)
    assert MODEL not in night.tick(now()), "healthy"
    night.check(MODEL, "retrain_due", passed=False)
    assert MODEL in night.tick(now()), "due"
    assert MODEL not in night.tick(now()), "asked for already"
    night.check(MODEL, "retrain_due", passed=False)
    assert MODEL in night.tick(now()), "the next night: it was cut off"
    night.materialize(MODEL)
    night.check(MODEL, "retrain_due", passed=True)
    assert MODEL not in night.tick(now()), "retrained"


def test_many_red_monitors_ask_for_nothing_by_themselves(defs):
    night = Night(defs, dg.AssetSelection.assets(MODEL))
    night.check(MODEL, "retrain_due", passed=True)
    night.tick(now())
    for name in ("forecast_error", "demand_shift", "error_size", "bias_cusum"):
        night.check(MODEL, name, passed=False)
        assert MODEL not in night.tick(now())


def test_a_verdict_is_read_when_it_is_written_and_not_again_when_its_model_was_trained(defs):
    due = dg.AssetCheckKey(MODEL, "retrain_due")
    night = Night(defs, dg.AssetSelection.checks(due))
    night.tick(now())
    night.materialize(dg.AssetKey("demand_retrain"))
    night.tick(now())
    assert night.wanted_checks == {due}
    night.check(MODEL, "retrain_due", passed=False)
    night.materialize(MODEL)
    night.tick(now())
    assert night.wanted_checks == set(), "or the training would ask for itself again"


def test_the_night_pulls_every_extract_once_and_only_then_builds_what_reads_it(defs):
    night = Night(defs)
    extracts = set(extract_keys(defs))
    assert extracts
    assert not night.tick(BEFORE) & extracts
    asked = night.tick(AFTER)
    assert extracts <= asked
    # in the same tick, what reads an extract may only be asked for together with it
    assert not night.tick(AFTER + timedelta(minutes=1)), "nothing twice"


def test_the_night_pulls_the_day_that_ended_and_not_the_one_that_has_just_begun(defs):
    night = Night(defs)
    night.tick(BEFORE)
    night.tick(AFTER)
    asked = {day for key in extract_keys(defs) for day in night.partitions[key]}
    assert asked == {DAY.isoformat()}, "at six in the morning nothing of today can have landed"


def test_the_night_builds_all_tables_with_their_seeds_in_one_go_and_reaches_the_plan(defs):
    graph = defs.resolve_asset_graph()
    night = Night(defs)
    night.tick(BEFORE)
    night.tick(AFTER)
    for key in extract_keys(defs):
        night.materialize(key, partition=DAY.isoformat())
        for name in ("broken_share_below_limit", "amounts_in_unit"):
            night.check(key, name, passed=True, blocking=True)
    built = night.tick(AFTER + timedelta(minutes=5))
    assert built == {key for key in graph.get_all_asset_keys() if "dbt" in graph.get(key).kinds}
    for key in built:
        night.materialize(key)
    for check in map(graph.get, graph.asset_check_keys):
        if check.blocking and check.key.asset_key in built:
            night.check(check.key.asset_key, check.key.name, passed=True, blocking=True)
    asked = night.tick(AFTER + timedelta(minutes=10))
    assert {"replenishment_plan", "churn_list", "plan_notice"} <= {key.path[-1] for key in asked}


def test_broken_data_stops_everything_that_reads_it(defs):
    def staging_wanted(healthy: bool) -> bool:
        night = Night(defs)
        night.tick(BEFORE)
        night.tick(AFTER)
        for key in extract_keys(defs):
            night.materialize(key, partition=DAY.isoformat())
            night.check(key, "broken_share_below_limit", passed=healthy, blocking=True)
            night.check(key, "amounts_in_unit", passed=True, blocking=True)
        graph = defs.resolve_asset_graph()
        asked = night.tick(AFTER + timedelta(minutes=5))
        return any(graph.get(key).group_name == "staging" for key in asked)

    assert staging_wanted(healthy=True)
    assert not staging_wanted(healthy=False)


def test_every_verdict_on_a_model_is_a_check_of_it_and_one_alone_may_retrain_it(defs):
    graph = defs.resolve_asset_graph()
    on_models = {
        key.name
        for key in graph.asset_check_keys
        if key.asset_key in (MODEL, dg.AssetKey("churn_model"))
    }
    on_demand = {"forecast_error", "demand_shift", "error_size", "bias_cusum", "interval_coverage"}
    assert on_models == on_demand | {"churn_performance", "retrain_due"}
