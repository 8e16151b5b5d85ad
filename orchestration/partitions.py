"""One partition is one landed business day in Beijing."""

import dagster as dg

from orchestration.settings import Settings

TIMEZONE = "Asia/Shanghai"


def daily(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Days since the first landed one. The key is the landing folder's date."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.first_day.isoformat(), timezone=TIMEZONE, end_offset=1
    )
