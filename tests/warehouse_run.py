"""Runs dbt on a lake as the nightly build does, in a process and a folder of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

import dbt_project

PROJECT = Path(dbt_project.__file__).parent
DBT = Path(sys.executable).with_name("dbt")
_TARGETS: dict[Path, tempfile.TemporaryDirectory] = {}


def build(
    lake: Path,
    tmp: Path,
    *,
    as_of: date | str,
    select: str | Sequence[str] | None = None,
    since: Mapping[str, object] | None = None,
    full_refresh: bool = True,
    command: str = "run",
    unit_tests: bool = True,
    project: Path = PROJECT,
) -> duckdb.DuckDBPyConnection:
    """Build the selected tables of `lake` in the warehouse below `tmp`; returns it, read-only.

    `select` is dbt's own selection, None for everything. `since` is what the last build had seen,
    {"as_of": "2026-06-27", "loads": {"taobao.orders": 12}}, and then only that is read anew, into
    the warehouse that is there. Seeds are built when the warehouse has none. `command` may be
    "build" or "test" too. Close the connection before the next call. A failure of dbt raises
    AssertionError with its last words.
    """
    (tmp / "exports").mkdir(parents=True, exist_ok=True)
    warehouse, place = tmp / "warehouse.duckdb", tmp / "lake"
    if place.resolve() != lake.resolve():
        place.unlink(missing_ok=True)
        place.symlink_to(lake.absolute())
    arguments = []
    if full_refresh and since is None and command != "test":
        arguments.append("--full-refresh")
    if select is not None:
        arguments += ["--select", *([select] if isinstance(select, str) else select)]
    if not unit_tests:
        arguments += ["--exclude-resource-type", "unit_test"]
    if command == "run":
        command, arguments = _with_seeds(warehouse, arguments, selected=select is not None)
    folders = ["--project-dir", project, "--profiles-dir", project]
    done = subprocess.run(
        [
            *(DBT, "--no-use-colors", command, *folders),
            *("--target-path", _target(project), "--log-path", tmp / "logs", *arguments),
        ],
        cwd=tmp,
        env=os.environ
        | {
            "STORK_AS_OF": str(as_of),
            "STORK_SINCE": json.dumps(dict(since)) if since else "",
            # relative, and so the same for every build of a project: dbt parses it once
            "STORK_LAKE": place.name,
            "STORK_EXPORTS": "exports",
            "STORK_WAREHOUSE": warehouse.name,
            "DO_NOT_TRACK": "true",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stdout[-6000:] + done.stderr[-1000:])
    connection = duckdb.connect(str(warehouse), read_only=True)
    connection.execute("set TimeZone = 'Asia/Shanghai'")
    return connection


def _target(project: Path) -> str:
    """Where dbt keeps what it parsed of a project, as long as this process lives."""
    if project not in _TARGETS:
        _TARGETS[project] = tempfile.TemporaryDirectory(prefix="stork-dbt-")
    return _TARGETS[project].name


def _with_seeds(warehouse: Path, arguments: list[str], *, selected: bool) -> tuple[str, list[str]]:
    """`dbt run` leaves seeds out: the first build of a warehouse takes them along."""
    if warehouse.exists():
        return "run", arguments
    without_tests = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    if selected:
        position = arguments.index("--select") + 1
        arguments = [*arguments[:position], "resource_type:seed", *arguments[position:]]
    return "build", [*arguments, *without_tests]
