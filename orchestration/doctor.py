"""`stork doctor`: is this machine fit to run Stork, and if not, what mends it?"""

import importlib.metadata
import os
import platform
import shutil
from dataclasses import dataclass

from filelock import Timeout
from packaging.requirements import Requirement

from orchestration.runner import lock
from orchestration.settings import DBT_PROJECT_DIR, Settings

FREE_GIB = 2.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found and, if unhealthy, what to do."""

    name: str
    healthy: bool
    found: str
    mend: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at Python, packages, folders, the state's lock, disk and settings."""
    state, *others = _folders(settings)
    return [
        _python(),
        _packages(),
        state,
        *others,
        *([_lock(settings), _disk(settings)] if state.healthy else []),
        _telemetry(),
        _dbt_project(),
    ]


def _python() -> Finding:
    version = platform.python_version()
    fit = ("3", "11") <= tuple(version.split(".")[:2]) < ("3", "14")
    return Finding("python", fit, version, "install Python 3.11, 3.12 or 3.13; run `make setup`")


def _packages() -> Finding:
    wrong = []
    for line in importlib.metadata.requires("stork") or []:
        wanted = Requirement(line)
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(installed, prereleases=True):
            wrong.append(f"{wanted.name} {installed} is not {wanted.specifier}")
    found = "; ".join(wrong) or "all as pyproject.toml wants them"
    return Finding("packages", not wrong, found, "run `make setup` again, or `pip install -e .`")


def _folders(settings: Settings) -> list[Finding]:
    found = []
    for name, path in (("state", settings.state.absolute()), ("out", settings.out_folder)):
        existing = next(p for p in (path, *path.parents) if p.exists())
        found.append(
            Finding(
                f"write access to {name}",
                existing.is_dir() and os.access(existing, os.W_OK),
                str(path),
                f"make {existing} a folder that you may write to, or choose another one",
            )
        )
    landing = settings.landing_folder
    found.append(
        Finding(
            "landing folder",
            not landing.exists() or os.access(landing, os.R_OK),
            f"{landing}{'' if landing.exists() else ' (nothing landed yet)'}",
            f"give yourself the right to read {landing}",
        )
    )
    return found


def _lock(settings: Settings) -> Finding:
    held = lock(settings)
    try:
        held.acquire()
    except Timeout:
        return Finding(
            "lock",
            False,
            f"{held.lock_file} is held by a running `stork run`",
            "wait for that run to end; the lock goes when its process ends",
        )
    held.release()
    return Finding("lock", True, "free")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.folder()).free / 2**30
    return Finding(
        "free disk",
        free >= FREE_GIB,
        f"{free:.1f} GiB free at {settings.folder()}",
        f"free at least {FREE_GIB:.0f} GiB, or put the state elsewhere with --state",
    )


def _telemetry() -> Finding:
    off = os.environ.get("DO_NOT_TRACK") == "true"
    return Finding(
        "telemetry", off, "off" if off else "DO_NOT_TRACK is not 'true'", "unset DO_NOT_TRACK"
    )


def _dbt_project() -> Finding:
    there = (DBT_PROJECT_DIR / "dbt_project.yml").exists()
    return Finding("dbt project", there, str(DBT_PROJECT_DIR), "install Stork again")
