"""Is what landed today what usually lands? The verdicts on one extract."""

from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd

from monitoring.extract_contents import (
    amounts_in_unit,
    as_usual,
    columns_filled,
    landed_on_time,
    shops_present,
)
from monitoring.extract_volume import landed_volume
from monitoring.verdict import Verdict
from orchestration.landing.layout import landed_shops
from orchestration.landing.profile import landed_profile
from orchestration.settings import DBT_PROJECT_DIR


def health(lake: Path, landing: Path, platform: str, dataset: str, day: date) -> list[Verdict]:
    """ "as_usual" (volume, filled columns, freshness, and for the registry that every shop is
    there) and "amounts_in_unit", which is kept apart because it stops what derives from it."""
    profile = landed_profile(lake, platform, dataset, day)
    found = [
        landed_volume(profile.rows, pd.Timestamp(day), peaks=peak_days(platform))[0],
        columns_filled(*profile.filled),
        landed_on_time(profile.days, day),
    ]
    if (platform, dataset) == ("registry", "shops"):
        found.append(shops_present(registered_shops(lake, day), landed_shops(landing, day)))
    return [as_usual(found), amounts_in_unit(*profile.money)]


def registered_shops(lake: Path, day: date) -> set[str]:
    """ "<platform>/<shop_id>" of the shops whose own orders should land and that are open."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"""
            select lower(shop_platform) || '/' || shop_code
            from read_parquet('{lake}/registry/shops/load_no=*/*.parquet', union_by_name = true)
            where landed_on <= date '{day}'
            qualify row_number() over (
                partition by lower(shop_platform), shop_code
                order by updated_at desc, landed_on desc
            ) = 1
            and coalesce(has_order_feed, true)
            and coalesce(opened_on <= date '{day}', true)
            and coalesce(closed_on > date '{day}', true)
            """
        ).fetchall()
    return {name for (name,) in rows}


@cache
def peak_days(platform: str) -> pd.Series:
    """True for each day in a festival's peak phase on the platform, by day."""
    table = pd.read_csv(DBT_PROJECT_DIR / "seeds" / "festivals.csv")
    mine = table[(table["phase"] == "peak") & table["platform"].isin(["all", platform])]
    days = {day for row in mine.itertuples() for day in pd.date_range(row.starts_on, row.ends_on)}
    return pd.Series(True, index=pd.DatetimeIndex(sorted(days)), dtype=bool)
