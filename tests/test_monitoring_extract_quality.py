"""When an extract is too broken to derive a plan from."""

import pytest

from monitoring.extract_quality import broken_share

SOUND = {
    "rows": 100_000,
    "broken": 3,
    "newest_rows": 400,
    "newest_broken": 3,
    "files": 50,
    "files_unreadable": 0,
    "limit": 0.2,
}


def test_a_few_broken_rows_and_one_unreadable_file_stop_nothing():
    assert broken_share(**SOUND).passed
    assert broken_share(**SOUND | {"files_unreadable": 1}).passed
    few = {"rows": 5, "broken": 3, "newest_rows": 5, "newest_broken": 3}
    assert broken_share(**SOUND | few).passed


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"newest_broken": 90}, "90 of 400 rows of the newest day"),
        ({"broken": 30_000}, "30,000 of 100,000 rows in all"),
        ({"files": 4, "files_unreadable": 4}, "none of the 4 files"),
    ],
)
def test_a_changed_format_is_told_with_its_numbers(what, said):
    verdict = broken_share(**SOUND | what)
    assert not verdict.passed
    assert said in verdict.reason


def test_a_share_of_exactly_the_limit_still_passes():
    at_limit = {"newest_rows": 400, "newest_broken": 80}
    assert broken_share(**SOUND | at_limit).passed
    assert not broken_share(**SOUND | at_limit | {"newest_broken": 81}).passed


def test_a_day_without_rows_is_no_broken_day():
    nothing = {"rows": 0, "broken": 0, "newest_rows": 0, "newest_broken": 0, "files": 0}
    assert broken_share(**SOUND | nothing).passed
