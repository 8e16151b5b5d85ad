"""A platform that goes dark, yuan that turn into fen, a field that vanishes: seen at the door."""

from datetime import date, timedelta

import numpy as np
import pytest
from order_lines import land

from orchestration.assets.extract_health import health, peak_days, registered_shops
from orchestration.landing.lake import load_range
from orchestration.landing.layout import landed_shops
from orchestration.resources import Results
from orchestration.verdicts import keep, of_data

DAY = date(2026, 5, 10)  # a Sunday outside every peak
DAYS = 30


def verdicts(tmp_path, *, last=None, **today):
    """The health of the last day; `today` maps a shop to how that day lands, None: it does not."""
    landing, lake = tmp_path / "landing", tmp_path / "lake"
    for back in range(DAYS, -1, -1):
        for shop in ("one", "two"):
            how = today.get(shop, {}) if back == 0 else {}
            if how is not None:
                land(landing, shop, DAY - timedelta(days=back), **how)
    load_range(
        *(landing, lake),
        platform="generic",
        dataset="order_lines",
        first=date.min,
        last=date.max,
        key=b"a key of at least sixteen bytes",
    )
    found = health(lake, landing, "generic", "order_lines", last or DAY)
    return {verdict.name: verdict for verdict in found}


def test_an_ordinary_day_is_as_usual(tmp_path):
    found = verdicts(tmp_path)
    assert found["as_usual"].passed, found["as_usual"].reason
    assert found["as_usual"].numbers["landed_volume.n_shops"] == 2
    assert found["amounts_in_unit"].passed
    assert found["amounts_in_unit"].numbers["n_columns"] >= 2


def test_a_shop_that_goes_dark_is_named(tmp_path):
    found = verdicts(tmp_path, two=None)
    assert not found["as_usual"].passed
    assert "generic/two: 0 rows" in found["as_usual"].reason
    assert found["amounts_in_unit"].passed


def test_yuan_that_turn_into_fen_are_named_and_kept_apart(tmp_path):
    found = verdicts(tmp_path, one={"factor": 100.0})
    assert found["as_usual"].passed
    assert not found["amounts_in_unit"].passed
    assert "generic/one: paid_amount" in found["amounts_in_unit"].reason


def test_a_field_that_vanishes_is_named(tmp_path):
    gone = {"with_customer": False}
    found = verdicts(tmp_path, one=gone, two=gone)
    assert not found["as_usual"].passed
    assert "customer_id: 100% of" in found["as_usual"].reason


def test_what_lands_later_is_not_seen(tmp_path):
    early = verdicts(tmp_path, one={"factor": 100.0}, two=None, last=DAY - timedelta(days=1))
    assert all(verdict.passed for verdict in early.values())


def test_a_registered_shop_of_which_nothing_landed_is_missed(tmp_path):
    landing, lake = tmp_path / "landing", tmp_path / "lake"
    land(landing, "one", DAY)
    folder = landing / "acme" / "registry" / "all" / "shops" / DAY.isoformat()
    folder.mkdir(parents=True)
    (folder / "shops.csv").write_text(
        "platform,shop_id,has_order_feed,closed_on\n"
        "generic,one,true,\ngeneric,two,true,\ngeneric,erp_only,false,\n"
        "generic,closed,true,2025-01-01\n"
    )
    load_range(
        *(landing, lake),
        platform="registry",
        dataset="shops",
        first=date.min,
        last=DAY,
        key=b"a key of at least sixteen bytes",
    )
    assert registered_shops(lake, DAY) == {"generic/one", "generic/two"}
    assert landed_shops(landing, DAY) >= {"generic/one"}
    usual, _ = health(lake, landing, "registry", "shops", DAY)
    assert not usual.passed
    assert "nothing ever landed: generic/two" in usual.reason


@pytest.mark.parametrize(
    ("platform", "day", "is_peak"),
    [("jd", "2026-06-18", True), ("jd", "2026-06-10", False), ("taobao", "2026-11-11", True)],
)
def test_peaks_are_those_of_the_calendar(platform, day, is_peak):
    assert bool(peak_days(platform).get(np.datetime64(day), False)) is is_peak


def test_verdicts_are_kept_by_day_with_the_extracts_name(tmp_path):
    results = Results(folder=str(tmp_path), out="o", reports="r", reports_url="u")
    found = verdicts(tmp_path, two=None)
    keep(results, DAY, "generic/order_lines", found.values())
    (red,) = [verdict for verdict in of_data(results, DAY) if not verdict.passed]
    assert red.reason.startswith("generic/order_lines: landed_volume: generic/two")
    assert of_data(results, DAY - timedelta(days=1)) == []
