"""One night, one as-of day: what lands or loads while it goes on does not move it."""

import os
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
from order_lines import land

from orchestration.assets.warehouse import warehouse
from orchestration.builds import Build, keep_build, read_build
from orchestration.landing.lake import load_range, newest_loaded_day
from orchestration.resources import resources
from orchestration.settings import Settings

DAY = date(2026, 6, 28)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def settings(tmp_path):
    settings = Settings(environment="test", state=tmp_path)
    land(settings.landing_folder, "one", DAY)
    return settings


def load(settings, last):
    load_range(
        settings.landing_folder,
        Path(settings.folder("lake")),
        platform="generic",
        dataset="order_lines",
        first=date.min,
        last=last,
        key=settings.key(),
    )


def test_the_tables_are_built_for_the_day_that_was_loaded_not_for_one_that_lands_meanwhile(
    settings,
):
    lake = resources(settings)["lake"]
    assert newest_loaded_day(Path(lake.folder)) is None
    assert lake.day_to_build() == DAY, "before the first load"
    load(settings, DAY)
    land(settings.landing_folder, "one", NEXT)
    assert lake.newest_landed_day() == NEXT
    assert lake.day_to_build() == DAY, (
        "of the next day nothing is in the lake: it would sell nothing"
    )
    load(settings, NEXT)
    assert lake.day_to_build() == NEXT


def test_dbt_is_told_the_day_that_was_loaded_and_the_note_keeps_it(settings):
    told = []

    class Dbt:
        def cli(self, *_, **__):
            told.append(os.environ["STORK_AS_OF"])
            return SimpleNamespace(stream=lambda: iter(()))

    load(settings, DAY)
    land(settings.landing_folder, "one", NEXT)
    tables, _, _ = warehouse(settings)
    given = {"dbt": Dbt(), "lake": resources(settings)["lake"]}
    assert dg.materialize([tables], resources=given).success
    assert told == [DAY.isoformat()]
    assert read_build(settings.last_build_file).as_of == DAY.isoformat()


def test_what_is_made_of_the_tables_keeps_their_day_until_they_are_built_again(settings):
    lake = resources(settings)["lake"]
    load(settings, DAY)
    assert lake.last_visible_day() == DAY, "before the first build"
    keep_build(settings.last_build_file, Build.of_today(Path(lake.folder), lake.day_to_build()))
    land(settings.landing_folder, "one", NEXT)
    load(settings, NEXT)
    assert lake.last_visible_day() == DAY
    keep_build(settings.last_build_file, Build.of_today(Path(lake.folder), lake.day_to_build()))
    assert lake.last_visible_day() == NEXT
    settings.last_build_file.write_text("{")
    assert lake.last_visible_day() == NEXT, "a damaged note: what would be built"


def test_a_day_that_is_asked_for_is_the_day(settings):
    load(settings, DAY)
    asked = settings.model_copy(update={"as_of": DAY - timedelta(days=7)})
    lake = resources(asked)["lake"]
    days = {lake.last_visible_day(), lake.day_to_build(), lake.newest_landed_day()}
    assert days == {DAY - timedelta(days=7)}
