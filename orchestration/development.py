"""`stork dev` and `stork monitor`: Dagster's UI, the reports, Evidently's UI; all on loopback."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from filelock import Timeout

from orchestration.assets.warehouse import project
from orchestration.resources import resources
from orchestration.runner import close_killed_runs, instance, lock, settle
from orchestration.settings import Settings

LOOPBACK = "127.0.0.1"


def serve(settings: Settings, port: int) -> int:
    """Run until interrupted; returns the exit code of `dagster dev`.

    Raises FileNotFoundError when the state has no landing folder yet, OSError when a port is taken.
    """
    if not settings.landing_folder.exists():
        raise FileNotFoundError(
            f"{settings.landing_folder}: nothing has landed there; run `make demo` first, or give "
            "--state, --landing and --out of a `stork run` (its state: <out>/state)"
        )
    settled = settle(settings)
    instance(settled).dispose()  # writes dagster.yaml
    with suppress(Timeout), lock(settled), instance(settled) as home:
        close_killed_runs(home)
    project(settled)  # the manifest, once, not in every process
    reports = _reports(settled)
    workspace = Path(__file__).parent.parent / "workspace.yaml"
    command = [sys.executable, "-m", "dagster", "dev", "-h", LOOPBACK, "-p", str(port)]
    child = subprocess.Popen(
        [*command, "-w", str(workspace)], env=environment(settled), start_new_session=True
    )
    try:
        return until_stopped(child)
    finally:
        reports.shutdown()


def serve_monitors(settings: Settings, port: int) -> int:
    """Run Evidently's UI on the monitors' workspace until interrupted; returns its exit code.

    Raises FileNotFoundError when no monitor has drawn a page yet.
    """
    workspace = resources(settings)["results"].workspace()
    if not workspace.exists():
        raise FileNotFoundError(
            f"{workspace}: no monitor has drawn a page yet; run `make demo` first, or point "
            "--state at the state of a `stork run`"
        )
    evidently = Path(sys.executable).with_name("evidently")
    command = [evidently, "ui", "--host", LOOPBACK, "--port", str(port), "--workspace", workspace]
    return until_stopped(subprocess.Popen(list(map(str, command)), start_new_session=True))


def until_stopped(child: subprocess.Popen) -> int:
    """Wait for a server and hand on to it that it is to stop: it must not outlive its command and
    keep the port. Returns its exit code."""

    def stop(*_: object) -> None:
        child.send_signal(signal.SIGINT)  # dagster dev then ends its own children

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return child.wait()


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment plus what makes its children work on the same state."""
    given = {
        "DAGSTER_HOME": str(settings.folder("dagster")),
        "STORK_STATE": str(settings.state.absolute()),
        "STORK_LANDING": str(settings.landing_folder),
        "STORK_OUT": str(settings.out_folder),
        "STORK_DBT_TARGET": str(settings.dbt_target.absolute()),
        "STORK_FIRST_DAY": settings.first_day.isoformat(),
    }
    return os.environ | given


def _reports(settings: Settings) -> ThreadingHTTPServer:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Page views are nobody's business."""

    address = (LOOPBACK, urlsplit(settings.reports_url).port or 3001)
    handler = partial(Quiet, directory=str(settings.folder("reports")))
    try:
        server = ThreadingHTTPServer(address, handler)
    except OSError as taken:
        raise OSError(
            f"port {address[1]} of {LOOPBACK}, for the reports, cannot be had ({taken.strerror}): "
            "end the other `stork dev`, or name another in STORK_REPORTS_URL"
        ) from taken
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
