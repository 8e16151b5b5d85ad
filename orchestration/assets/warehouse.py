"""Warehouse: the dbt project as assets; dbt alone opens the DuckDB file."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from packaging import version

from orchestration import dbt_process
from orchestration.automation import BUILT, SEEDED
from orchestration.builds import (
    PROJECT_FILES,
    Build,
    keep_build,
    project_fingerprint,
    read_build,
)
from orchestration.files import write_atomically
from orchestration.resources import Lake
from orchestration.settings import DBT_PROJECT_DIR, Settings

POOL = "duckdb_writer"
DBT = Path(sys.executable).with_name("dbt")
# the rows of an extract and its quarantine are two sources of one asset
SETTINGS = DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)


class FastDbt(DbtCliResource):
    """dbt without the `dbt --version` call that costs 2 s a process and asks the package index."""

    @cached_property
    def _cli_version(self) -> version.Version:
        return version.parse(importlib.metadata.version("dbt-core"))


class Translator(DagsterDbtTranslator):
    """dagster-dbt's own names; models are built together and their folder is their group."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        folder = dbt_resource_props["fqn"][1] if len(dbt_resource_props["fqn"]) > 2 else "seeds"
        return {"seed": "seeds"}.get(dbt_resource_props["resource_type"], folder)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return list(super().get_owners(dbt_resource_props) or ["team:data"])

    def get_automation_condition(
        self,
        dbt_resource_props: Mapping[str, Any],
    ) -> dg.AutomationCondition | None:
        return BUILT if dbt_resource_props.get("depends_on", {}).get("nodes") else SEEDED


def project(settings: Settings) -> DbtProject:
    """The dbt project with its manifest, parsed only when a project file is newer than it."""
    found = DbtProject(project_dir=DBT_PROJECT_DIR, target_path=settings.dbt_target.absolute())
    manifest = Path(found.manifest_path)
    written = manifest.stat().st_mtime if manifest.exists() else 0.0
    sources = (p for p in DBT_PROJECT_DIR.rglob("*") if p.suffix in PROJECT_FILES | {".md"})
    if any(path.stat().st_mtime > written for path in sources):
        parse(settings)
    return found


def parse(settings: Settings) -> None:
    """Write the dbt manifest; about 4 s, once per change of the dbt project.

    Raises RuntimeError with dbt's own words when the project does not parse.
    """
    target = settings.dbt_target.absolute()
    folders = ["--project-dir", DBT_PROJECT_DIR, "--profiles-dir", DBT_PROJECT_DIR]
    done = subprocess.run(
        [DBT, "parse", *folders, "--target-path", target, "--log-path", target],
        env=os.environ | settings.dbt_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the dbt project does not parse:\n{done.stdout}{done.stderr}")


def _dbt() -> FastDbt:
    return FastDbt(
        project_dir=str(DBT_PROJECT_DIR),
        profiles_dir=str(DBT_PROJECT_DIR),
        # -P: the project's folder, where dbt runs, is none to import from
        dbt_executable=sys.executable,
        global_config_flags=["-P", "-m", dbt_process.__name__],
    )


def warehouse(
    settings: Settings,
) -> tuple[dg.AssetsDefinition, dg.AssetChecksDefinition, FastDbt]:
    """All models, seeds and data tests as one step, the unit tests as another, and dbt itself."""
    dbt_project = project(settings)

    @dbt_assets(
        manifest=dbt_project.manifest_path,
        project=dbt_project,
        dagster_dbt_translator=Translator(settings=SETTINGS),
        pool=POOL,
        name="warehouse",
    )
    def tables(context: dg.AssetExecutionContext, dbt: FastDbt, lake: Lake) -> Iterator[Any]:
        log = settings.last_build_file
        last = read_build(log) if settings.warehouse_file.exists() else None
        # a part is built for the day of the tables beside it
        day = lake.last_visible_day() if context.is_subset else lake.day_to_build()
        build = Build.of_today(Path(lake.folder), day)
        since = build.since(last)
        context.log.info("everything anew" if since is None else f"what changed since {since}")
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        with _target(settings, context.run.run_id) as target:
            with _told(day, since):
                run = dbt.cli(arguments, context=context, target_path=target)
            yield from run.stream()
        if not context.is_subset:
            keep_build(log, build)

    manifest = json.loads(Path(dbt_project.manifest_path).read_text(encoding="utf-8"))
    return tables, _unit_tests(settings, list(manifest["unit_tests"].values())), _dbt()


def _unit_tests(settings: Settings, unit_tests: list[dict[str, Any]]) -> dg.AssetChecksDefinition:
    """dbt's unit tests as checks on the models they test; dagster-dbt shows data tests only."""

    @dg.multi_asset_check(
        name="dbt_unit_tests",
        description="Does the SQL do what its rules say, on hand-written rows?",
        specs=[
            dg.AssetCheckSpec(
                test["name"], asset=test["model"], description=test["description"] or None
            )
            for test in unit_tests
        ],
        pool=POOL,
    )
    def checks(
        context: dg.AssetCheckExecutionContext, dbt: FastDbt, lake: Lake
    ) -> Iterator[dg.AssetCheckResult]:
        found = _unit_results(settings, dbt, lake, f"{context.run.run_id}-unit")
        for test in unit_tests:
            result = found[test["unique_id"]]
            yield dg.AssetCheckResult(
                check_name=test["name"],
                asset_key=test["model"],
                passed=result["status"] == "pass",
                description=result["message"],
            )

    return checks


def _unit_results(
    settings: Settings, dbt: FastDbt, lake: Lake, name: str
) -> dict[str, dict[str, Any]]:
    """Test id -> its result. The rows of a unit test are in the project, so a project that passed
    once is not tested again."""
    kept = settings.unit_tests_file
    project = project_fingerprint()
    if (known := _known_results(kept, project)) is not None:
        return known
    arguments = ["test", "--select", "test_type:unit"]
    with _target(settings, name) as target:
        with _told(lake.last_visible_day()):
            run = dbt.cli(arguments, target_path=target, raise_on_error=False)
        done = run.wait()
        if done.process.returncode not in (0, 1):  # 1: a test failed, which is an answer
            raise dg.Failure(f"dbt could not run its unit tests, see {target / 'dbt.log'}")
        found = {
            result["unique_id"]: {"status": result["status"], "message": result["message"]}
            for result in done.get_artifact("run_results.json")["results"]
        }
    if all(result["status"] == "pass" for result in found.values()):
        text = json.dumps({"project": project, "results": found})
        write_atomically(kept, lambda fresh: fresh.write_text(text))
    return found


def _known_results(kept: Path, project: str) -> dict[str, dict[str, Any]] | None:
    """What the tests of this very project found; None where they did not run or it is damaged."""
    try:
        known = json.loads(kept.read_text())
        return known["results"] if known["project"] == project else None
    except (FileNotFoundError, ValueError, KeyError):
        return None


@contextmanager
def _told(as_of: date, since: dict[str, object] | None = None) -> Iterator[None]:
    """What dbt's macro `told` reads, and whom dbt ends with: the environment a call of dbt starts
    with. As variables they would make dbt parse the project anew every night."""
    told = {
        dbt_process.STARTED_BY: str(os.getpid()),
        "STORK_AS_OF": as_of.isoformat(),
        "STORK_SINCE": json.dumps(since) if since else "",
    }
    # STORK_AS_OF is a setting of Stork's too: what a person set is there again afterwards
    before = {name: os.environ[name] for name in told if name in os.environ}
    os.environ.update(told)
    try:
        yield
    finally:
        for name in told:
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _target(settings: Settings, name: str) -> Iterator[Path]:
    """A folder for one dbt call (1.3 MB), seeded with the parsed project; kept if dbt fails."""
    target = settings.folder("dbt", name)
    parsed = settings.dbt_target.absolute() / "partial_parse.msgpack"
    if parsed.exists():
        shutil.copy(parsed, target)
    yield target
    shutil.rmtree(target)
