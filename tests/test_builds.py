"""What a dbt build may leave as it is, and when everything must be built anew."""

import os
from dataclasses import replace
from datetime import date

import pytest

from orchestration.assets.warehouse import _told
from orchestration.builds import Build, keep_build, read_build

LAST = Build("2026-06-27", {"taobao.orders": 3, "jd.orders": 2}, "p1")
TODAY = Build("2026-06-28", {"taobao.orders": 4, "jd.orders": 2, "wecom.tags": 1}, "p1")


def test_the_next_day_builds_only_what_came_since_the_last_build():
    assert TODAY.since(LAST) == {"as_of": "2026-06-27", "loads": LAST.loads}


@pytest.mark.parametrize(
    "last",
    [
        None,
        replace(LAST, project="p0"),
        replace(LAST, as_of="2026-06-29"),
        replace(LAST, loads={"taobao.orders": 5}),
        replace(LAST, loads={"taobao.orders": 3, "douyin.orders": 1}),
    ],
    ids=["first build", "changed project", "as-of went back", "lake is younger", "dataset gone"],
)
def test_everything_is_built_anew_when_old_tables_cannot_be_trusted(last):
    assert TODAY.since(last) is None


def test_a_build_is_remembered_across_processes(tmp_path):
    path = tmp_path / "warehouse" / "stork.build.json"
    assert read_build(path) is None
    keep_build(path, TODAY)
    assert read_build(path) == TODAY


def test_what_dbt_is_told_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("STORK_AS_OF", "2026-06-01")
    monkeypatch.delenv("STORK_SINCE", raising=False)

    def start():
        with _told(date(2026, 6, 28), {"as_of": "2026-06-27", "loads": {}}):
            assert os.environ["STORK_AS_OF"] == "2026-06-28"
            assert "2026-06-27" in os.environ["STORK_SINCE"]
            raise RuntimeError("dbt did not start")

    with pytest.raises(RuntimeError, match="did not start"):
        start()

    assert os.environ["STORK_AS_OF"] == "2026-06-01"
    assert not {"STORK_SINCE", "STORK_STARTED_BY"} & set(os.environ)
