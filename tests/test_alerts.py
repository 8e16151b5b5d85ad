"""The outbox against a real HTTP server on loopback, and red checks of a real Dagster instance."""

import json
import subprocess
import sys
import threading
from datetime import date, datetime

import dagster as dg
import pytest
from alert_server import Server

from monitoring.alerts import Outbox, Problem, send
from orchestration import alerting
from orchestration.graph import build
from orchestration.settings import Settings

AT = datetime(2026, 6, 28, 7, 0)  # noqa: DTZ001 only printed
WAPE = Problem("demand_model: forecast_error", "WAPE 61.0% is above its limit 55.0%", "look")
STOCK = Problem("jushuitan/stock: broken_share_below_limit", "all rows broken", "mend the file")


def test_a_problem_is_told_once_when_it_turns_red_and_once_when_it_is_well(tmp_path, server):
    for red in ([WAPE, STOCK], [WAPE, STOCK], [STOCK], [STOCK]):
        outbox = Outbox(tmp_path, language="en")
        outbox.report(red, AT)
        outbox.deliver([server.url], send)

    titles = [message["title"] for message in server.got]
    assert titles == ["Stork: 2 red, 0 well again", "Stork: 0 red, 1 well again"]
    first, second = (message["message"] for message in server.got)
    assert "WAPE 61.0% is above its limit 55.0%" in first
    assert "next step: mend the file" in first
    assert "demand_model: forecast_error (red since 2026-06-28 07:00)" in second


def test_a_channel_that_is_down_gets_its_message_later_and_the_other_not_twice(tmp_path, server):
    down = Server()
    down.is_down = True
    outbox = Outbox(tmp_path)
    outbox.report([WAPE], AT)
    channels = [down.url, server.url]
    assert outbox.deliver(channels, send).waiting == 1
    assert (len(server.got), len(down.got)) == (1, 0)
    down.is_down = False
    delivery = Outbox(tmp_path).deliver(channels, send)
    assert (delivery.sent, delivery.waiting) == (1, 0)
    assert (len(server.got), len(down.got)) == (1, 1)
    down.http.shutdown()
    down.http.server_close()


def test_a_channel_that_is_down_is_asked_once_an_attempt_however_much_waits_for_it(tmp_path):
    asked, outbox = [], Outbox(tmp_path)

    def refuses(channel: str, title: str, text: str) -> bool:  # noqa: ARG001
        asked.append(channel)
        return channel == "up"

    for red in ([WAPE], [], [WAPE], []):
        outbox.report(red, AT)
    delivery = outbox.deliver(["down", "up"], refuses)
    assert asked.count("down") == 1, "an address that times out would hold up all others"
    assert (delivery.sent, delivery.waiting) == (4, 4)


def test_an_address_is_a_secret_and_is_written_nowhere(tmp_path, server):
    outbox = Outbox(tmp_path)
    outbox.report([WAPE], AT)
    outbox.deliver([server.url, "nonsense://"], send)
    kept = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "token-of-the-brand" not in kept
    assert json.loads(kept)["waiting"][0]["reached"], "one channel took it, the other never can"


def test_without_a_channel_messages_wait_for_one(tmp_path, server):
    outbox = Outbox(tmp_path)
    outbox.report([WAPE], AT)
    assert outbox.deliver([], send).waiting == 1
    assert outbox.deliver([server.url], send).sent == 1
    assert "异常" in server.got[0]["title"]


SENDS = """
import sys, time
from pathlib import Path
from monitoring.alerts import Outbox

def send(channel, title, text):
    with Path(sys.argv[2]).open("a") as said:
        said.write(channel + "\\n")
    time.sleep(1)
    return True

Outbox(Path(sys.argv[1])).deliver(["feishu", "mail"], send)
"""


def test_two_processes_that_send_at_once_send_each_message_once(tmp_path):
    Outbox(tmp_path / "outbox").report([WAPE], AT)
    command = [sys.executable, "-c", SENDS, tmp_path / "outbox", tmp_path / "said"]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert (tmp_path / "said").read_text().split() == ["feishu", "mail"]


def test_what_turns_red_while_messages_are_sent_is_not_lost(tmp_path):
    Outbox(tmp_path).report([WAPE], AT)
    other = threading.Thread(target=lambda: Outbox(tmp_path).report([WAPE, STOCK], AT))
    told = []

    def send_slowly(channel: str, title: str, text: str) -> bool:  # noqa: ARG001
        told.append(text)
        if not other.is_alive() and len(told) == 1:
            other.start()
            other.join(timeout=1)
        return True

    Outbox(tmp_path).deliver(["feishu"], send_slowly)
    other.join()
    assert Outbox(tmp_path).deliver(["feishu"], send_slowly).sent == 1
    assert "all rows broken" in told[1]


def test_what_is_red_is_looked_at_by_one_process_at_a_time(tmp_path):
    here = Settings(environment="test", state=tmp_path)
    looked = []

    def looks_long() -> list[Problem]:
        looked.append("first begins")
        other.start()
        other.join(timeout=1)
        looked.append("first ends")
        return [WAPE]

    def sees_it_mended() -> list[Problem]:
        looked.append("second")
        return []

    other = threading.Thread(target=lambda: alerting.tell(sees_it_mended, here))
    alerting.tell(looks_long, here)
    other.join()
    assert looked == ["first begins", "first ends", "second"], "an older look overrules no newer"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    day = date(2026, 6, 28)
    state = tmp_path_factory.mktemp("alerts")
    return Settings(environment="test", state=state, as_of=day, first_day=day, language="en")


def test_a_red_check_of_the_graph_becomes_an_alert_and_a_warning_does_not(settings, server):
    told = settings.model_copy(update={"alert_urls": _secret(server.url)})
    defs = build(settings)
    graph = defs.resolve_asset_graph()
    stock = dg.AssetKey(["jushuitan", "stock"])

    with dg.DagsterInstance.ephemeral() as instance:

        def check(key: dg.AssetKey, name: str, passed: bool, severity="ERROR") -> None:
            instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(
                    asset_key=key,
                    check_name=name,
                    passed=passed,
                    severity=dg.AssetCheckSeverity[severity],
                    description="all rows are broken",
                )
            )

        check(stock, "broken_share_below_limit", passed=False)
        check(stock, "quarantine", passed=False, severity="WARN")
        check(dg.AssetKey("demand_model"), "forecast_error", passed=True)
        red = alerting.problems(instance, graph, told)
        assert [problem.key for problem in red] == ["jushuitan/stock: broken_share_below_limit"]
        assert "quarantine" in red[0].next_step
        assert red[0].link == "http://127.0.0.1:3000/assets/jushuitan/stock?view=checks"
        assert alerting.tell(lambda: red, told)[1].sent == 1
        check(stock, "broken_share_below_limit", passed=True)
        well = alerting.tell(lambda: alerting.problems(instance, graph, told), told)
        assert (well[0], well[1].sent) == ([], 1)

    assert [message["title"] for message in server.got] == [
        "Stork: 1 red, 0 well again",
        "Stork: 0 red, 1 well again",
    ]


def test_a_red_check_that_a_run_is_about_to_repeat_or_never_came_to_is_red_still(tmp_path):
    comes_to_it = [True]

    @dg.asset
    def model() -> None:
        if not comes_to_it[0]:
            raise RuntimeError("out of memory")

    @dg.asset_check(asset=model)
    def is_good(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        during.append(alerting.problems(context.instance, graph, here))
        return dg.AssetCheckResult(passed=False, description="it is not")

    here = Settings(environment="test", state=tmp_path, language="en")
    defs = dg.Definitions(assets=[model], asset_checks=[is_good])
    graph, during = defs.resolve_asset_graph(), []
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_implicit_global_asset_job_def()
        job.execute_in_process(instance=instance)
        job.execute_in_process(instance=instance)
        comes_to_it[0] = False
        job.execute_in_process(instance=instance, raise_on_error=False)
        after = alerting.problems(instance, graph, here)
    assert [[p.key for p in red] for red in during] == [[], ["model: is_good"]]
    assert [(p.key, p.reason) for p in after] == [
        ("model: failed", "RuntimeError: out of memory"),
        ("model: is_good", "it is not"),
    ]


def test_a_step_that_failed_or_was_cut_off_is_told_until_it_succeeds(tmp_path):
    broken = {"first": True}

    @dg.asset(check_specs=[dg.AssetCheckSpec("is_whole", asset="data", blocking=True)])
    def data():
        yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=not broken)])

    @dg.asset
    def tables() -> None:
        if broken:
            raise OSError("no space left on device")

    here = Settings(environment="test", state=tmp_path)
    defs = dg.Definitions(assets=[data, tables])
    graph, job = defs.resolve_asset_graph(), defs.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, raise_on_error=False)
        red = {p.key: p for p in alerting.problems(instance, graph, here)}
        assert set(red) == {"tables: failed", "data: is_whole"}, "a red check is told as one"
        assert "no space left" in red["tables: failed"].reason
        assert "/runs/" in red["tables: failed"].link
        broken.clear()
        killed = instance.create_run_for_job(job)
        instance.report_dagster_event(
            dg.DagsterEvent(
                event_type_value="STEP_START", job_name=job.name, step_key="tables", message=""
            ),
            run_id=killed.run_id,
        )
        assert len(alerting.problems(instance, graph, here)) == 2, "it still runs"
        instance.report_run_failed(killed)
        (cut_off,) = [p for p in alerting.problems(instance, graph, here) if "tables" in p.key]
        assert "process" in cut_off.reason
        nights = dg.define_asset_job("nights", "data").resolve(asset_graph=graph)
        for _ in range(40):  # a week of nights that have nothing to do with it
            instance.report_run_failed(instance.create_run_for_job(nights))
        assert [p.key for p in alerting.problems(instance, graph, here)] == [
            "tables: failed", "data: is_whole",
        ], "nobody has mended it"  # fmt: skip
        job.execute_in_process(instance=instance)
        assert alerting.problems(instance, graph, here) == []


def test_only_a_retrain_that_is_due_is_told_as_one(settings):
    defs = build(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        for name in ("interval_coverage", "retrain_due"):
            instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(
                    asset_key=dg.AssetKey("demand_model"), check_name=name, passed=False
                )
            )
        red = alerting.problems(instance, defs.resolve_asset_graph(), settings)
    steps = {problem.key.split(": ")[1]: problem.next_step for problem in red}
    assert "whether a retrain is due" in steps["interval_coverage"]
    assert "trains it once" in steps["retrain_due"]


def test_the_switch_is_off_and_its_tick_says_what_it_did(settings):
    defs = build(settings)
    sensor = defs.resolve_sensor_def("alerts")
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(
            instance=instance, repository_def=defs.get_repository_def()
        )
        (skipped,) = [sensor(context)]
    assert skipped.skip_message == "0 red; 0 messages delivered, 0 waiting for 0 channels"


def _secret(text: str):
    from pydantic import SecretStr

    return SecretStr(text)
