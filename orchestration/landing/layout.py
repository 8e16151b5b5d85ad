"""Where files land: landing/<tenant>/<platform>/<shop_id>/<dataset>/<yyyy-mm-dd>/<file>."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.landing import SOURCES

_ASIDE = (".", "_")
_NAMED = 3  # files or folders of a message
LAYOUT = "landing/<tenant>/<platform>/<shop_id>/<dataset>/<yyyy-mm-dd>/<file>"


class LayoutError(ValueError):
    """The landing folder does not have the layout the loader reads."""


@dataclass(frozen=True)
class LandedFile:
    """One landed file and what its path says about it; `source_file` is its path below landing."""

    path: Path
    source_file: str
    tenant: str
    platform: str
    shop_id: str
    dataset: str
    landed_on: date
    size: int
    mtime_ns: int


def check_layout(landing: Path, *, tenant: str | None = None) -> tuple[str, ...]:
    """Return one message per folder of which something is passed over: by its name, or by where
    it lies.

    Raises LayoutError, naming the expected layout, if `landing` does not exist, if nothing in it
    fits (then with what was passed over first), or if it holds several tenants and none is chosen.
    """
    _chosen_tenant(landing, tenant)
    passed_over = tuple(_passed_over(landing, tenant))
    if next(iter(_day_folders(landing, tenant=tenant)), None) is None:
        why = "".join(f"\n- {told}" for told in passed_over[:_NAMED])
        raise LayoutError(f"{landing}: nothing here fits the layout {LAYOUT}{why}")
    return passed_over


def landed_days(landing: Path, *, tenant: str | None = None) -> tuple[date, date]:
    """The first and the last day any known dataset landed; raises LayoutError if there is none."""
    check_layout(landing, tenant=tenant)
    days = [day for _, day in _day_folders(landing, tenant=tenant)]
    return min(days), max(days)


def landed_shops(landing: Path, last: date, *, tenant: str | None = None) -> set[str]:
    """ "<platform>/<shop_id>" of every shop of which something landed up to `last`."""
    return {
        f"{folder.parent.parent.parent.name}/{folder.parent.parent.name}"
        for folder, day in _day_folders(landing, tenant=tenant)
        if day <= last
    }


def landed_files(
    landing: Path,
    *,
    platform: str,
    dataset: str,
    first: date,
    last: date,
    tenant: str | None = None,
) -> list[LandedFile]:
    """The dataset's files of all shops landed from `first` to `last`, oldest day first.

    Names that begin with a dot or an underscore are side files and left alone.
    """
    _chosen_tenant(landing, tenant)
    files = []
    for folder, day in _day_folders(landing, tenant=tenant, platform=platform, dataset=dataset):
        if not first <= day <= last:
            continue
        where = folder.relative_to(landing)
        for entry in os.scandir(folder):
            if entry.name.startswith(_ASIDE) or not entry.is_file():
                continue
            found = entry.stat()
            files.append(
                LandedFile(
                    path=folder / entry.name,
                    source_file=f"{where.as_posix()}/{entry.name}",
                    tenant=where.parts[0],
                    platform=platform,
                    shop_id=where.parts[2],
                    dataset=dataset,
                    landed_on=day,
                    size=found.st_size,
                    mtime_ns=found.st_mtime_ns,
                )
            )
    return sorted(files, key=lambda file: (file.landed_on, file.source_file))


def _chosen_tenant(landing: Path, tenant: str | None) -> None:
    if not landing.is_dir():
        raise LayoutError(f"{landing}: there is no such folder; expected {LAYOUT}")
    tenants = sorted(path.name for path in _folders(landing))
    if tenant is None and len(tenants) > 1:
        raise LayoutError(
            f"{landing}: holds several tenants ({', '.join(tenants)}): choose one; their data "
            "are never mixed"
        )
    if tenant is not None and tenant not in tenants:
        raise LayoutError(
            f"{landing}: has no tenant '{tenant}' (found: {', '.join(tenants) or 'none'}); "
            f"expected {LAYOUT}"
        )


def _day_folders(
    landing: Path,
    *,
    tenant: str | None = None,
    platform: str | None = None,
    dataset: str | None = None,
) -> Iterator[tuple[Path, date]]:
    for shop in landing.glob(f"{_literal(tenant)}/{_literal(platform)}/*/"):
        datasets = SOURCES.get(shop.parent.name, {})
        for folder in _folders(shop):
            if folder.name not in datasets or (dataset and folder.name != dataset):
                continue
            for day_folder in _folders(folder):
                day = _day(day_folder.name)
                if day is not None:
                    yield day_folder, day


def _passed_over(landing: Path, tenant: str | None) -> Iterator[str]:
    known = ", ".join(SOURCES)
    for folder in sorted(landing.glob(f"{_literal(tenant)}/")):
        yield from _stray_files(folder, landing)
    for platform in sorted(landing.glob(f"{_literal(tenant)}/*/")):
        where = platform.relative_to(landing).as_posix()
        if _is_aside(platform):
            continue
        if platform.name not in SOURCES:
            yield f"{where}: passed over, '{platform.name}' is no known platform ({known})"
            continue
        datasets = SOURCES[platform.name]
        for folder in (platform, *sorted(_folders(platform))):
            yield from _stray_files(folder, landing)
        for folder in sorted(path for shop in _folders(platform) for path in _folders(shop)):
            where = folder.relative_to(landing).as_posix()
            if folder.name not in datasets:
                yield (
                    f"{where}: passed over, '{folder.name}' is no dataset of {platform.name} "
                    f"({', '.join(datasets)})"
                )
                continue
            yield from _stray_files(folder, landing)
            for day in sorted(_folders(folder)):
                if _day(day.name) is None:
                    yield f"{where}/{day.name}: passed over, the folder's name is no yyyy-mm-dd"
                    continue
                for below in sorted(_folders(day)):
                    if any(path.is_file() for path in below.rglob("*")):
                        yield (
                            f"{where}/{day.name}/{below.name}: passed over, only what lies in "
                            "the folder of the day itself is read"
                        )


def _stray_files(folder: Path, landing: Path) -> Iterator[str]:
    """Files that lie too high, of one folder together."""
    names = sorted(e.name for e in os.scandir(folder) if e.is_file() and not _is_aside(e))
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield (
            f"{folder.relative_to(landing).as_posix()}: {', '.join(names[:_NAMED])}{more} passed "
            f"over, files are read from {LAYOUT}"
        )


def _literal(name: str | None) -> str:
    return "*" if name is None else re.sub(r"([\[*?])", r"[\1]", name)


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir() and not _is_aside(path)]


def _is_aside(path: Path | os.DirEntry) -> bool:
    return path.name.startswith(_ASIDE)


def _day(name: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", name):
        return None
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None
