"""Landed files of the ERP, WeCom, CRM and registry tests: written, loaded, and staged once."""

import json
import shutil
from datetime import date
from pathlib import Path

from warehouse_run import PROJECT

from orchestration.landing import SOURCES
from orchestration.landing.lake import LoadReport, ensure_lake, load_range

FIXTURES = Path(__file__).parent / "fixtures" / "platforms"
KEY = b"a key of at least sixteen bytes"


class Shelf:
    """A landing folder and its lake below one folder."""

    def __init__(self, root: Path, platforms: tuple[str, ...]) -> None:
        self.landing, self.lake, self._platforms = root / "landing", root / "lake", platforms

    def land(
        self, place: str, day: str, content: str | bytes | dict, *, is_full: bool = False
    ) -> None:
        """Write one file to `place`, platform/shop/dataset, as landed on `day`."""
        folder = self.landing / "acme" / place / day
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{len(list(folder.iterdir()))}.txt"  # content decides, not the name
        if isinstance(content, dict):
            content = json.dumps(content, ensure_ascii=False)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        if is_full:
            (folder / "_manifest.json").write_text('{"full": true}', encoding="utf-8")

    def sample(self, place: str, day: str, name: str) -> None:
        """Land a file of the fixtures."""
        platform = place.split("/")[0]
        self.land(place, day, (FIXTURES / platform / name).read_bytes())

    def load(self, tenant: str = "acme") -> dict[str, LoadReport]:
        """Load everything of the tenant; a report per platform.dataset."""
        ensure_lake(self.lake)
        return {
            f"{platform}.{dataset}": load_range(
                self.landing,
                self.lake,
                platform=platform,
                dataset=dataset,
                first=date(2020, 1, 1),
                last=date(2030, 1, 1),
                key=KEY,
                tenant=tenant,
            )
            for platform in self._platforms
            for dataset in SOURCES[platform]
        }


def erp_page(records: str, *rows: dict) -> dict:
    """A page of 聚水潭's answers."""
    return {"code": 0, "msg": "", "data": {"has_next": False, records: list(rows)}}


def staging_project(folder: Path, *platforms: str) -> Path:
    """A dbt project with nothing but the staging of some platforms: dbt reads it in a second.

    Of the others it has the sources, which a check of the registry asks.
    """
    models, target = PROJECT / "models", folder / "project"
    for part in ("macros", "tests"):
        shutil.copytree(PROJECT / part, target / part)
    for platform in platforms:
        shutil.copytree(models / "staging" / platform, target / "models/staging" / platform)
    files = [PROJECT / "dbt_project.yml", PROJECT / "profiles.yml"]
    files += [models / "_groups.yml", models / "_vocabulary.md"]
    files += models.glob("staging/*/_*sources.yml")
    for file in files:
        copy = target / file.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    (target / "seeds").mkdir()
    return target
