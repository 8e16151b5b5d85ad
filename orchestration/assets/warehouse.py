"""Warehouse: the dbt project as assets; dbt alone opens the DuckDB file."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from packaging import version

from orchestration.automation import GATED
from orchestration.resources import Lake
from orchestration.settings import DBT_PROJECT_DIR, Settings

DBT = Path(sys.executable).with_name("dbt")


class FastDbt(DbtCliResource):
    """dbt without the `dbt --version` call that costs 2 s a process and asks the package index."""

    @cached_property
    def _cli_version(self) -> version.Version:
        return version.parse(importlib.metadata.version("dbt-core"))


class Translator(DagsterDbtTranslator):
    """dagster-dbt's own names; every model is gated and its folder is its group."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        folder = dbt_resource_props["fqn"][1] if len(dbt_resource_props["fqn"]) > 2 else "seeds"
        return {"seed": "seeds"}.get(dbt_resource_props["resource_type"], folder)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return list(super().get_owners(dbt_resource_props) or ["team:data"])

    def get_automation_condition(
        self,
        dbt_resource_props: Mapping[str, Any],
    ) -> dg.AutomationCondition | None:
        return None if dbt_resource_props["resource_type"] == "seed" else GATED


def project(settings: Settings) -> DbtProject:
    """The dbt project with its manifest, parsed only when a project file is newer than it."""
    found = DbtProject(project_dir=DBT_PROJECT_DIR, target_path=settings.dbt_target.absolute())
    manifest = Path(found.manifest_path)
    written = manifest.stat().st_mtime if manifest.exists() else 0.0
    sources = (p for p in DBT_PROJECT_DIR.rglob("*") if p.suffix in {".sql", ".yml", ".csv", ".md"})
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
        dbt_executable=str(DBT),
    )


def warehouse(settings: Settings) -> tuple[dg.AssetsDefinition, FastDbt]:
    """All dbt models, seeds and tests as one step, and the resource that runs them."""
    dbt_project = project(settings)

    @dbt_assets(
        manifest=dbt_project.manifest_path,
        project=dbt_project,
        dagster_dbt_translator=Translator(),
        pool="duckdb_writer",
        name="warehouse",
    )
    def tables(context: dg.AssetExecutionContext, dbt: FastDbt, lake: Lake) -> Iterator[Any]:
        variables = json.dumps({"as_of": lake.last_visible_day().isoformat()})
        target = settings.folder("dbt", context.run.run_id[:8])
        parsed = settings.dbt_target.absolute() / "partial_parse.msgpack"
        if parsed.exists():
            shutil.copy(parsed, target)
        yield from dbt.cli(
            ["build", "--vars", variables], context=context, target_path=target
        ).stream()
        shutil.rmtree(target)  # kept, with its log, when dbt fails

    return tables, _dbt()
