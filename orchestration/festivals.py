"""Festivals that shops sell for, day by day as the dbt seed has them: what plans build up for."""

from importlib.resources import files

import pandas as pd

# warmup sells little, tail and pause sell less: neither is built up for
PHASES = ("deposit", "spot", "peak")


def festivals(as_of: pd.Timestamp) -> pd.DataFrame:
    """`ml.replenishment.prebuild.FESTIVAL_COLUMNS` of all platforms' festivals not over by as_of.

    One row per festival and year, from its first to its last selling day.
    """
    with (files("dbt_project") / "seeds" / "festivals.csv").open(encoding="utf-8") as seed:
        table = pd.read_csv(seed, parse_dates=["starts_on", "ends_on"])
    table = table[(table["platform"] == "all") & table["phase"].isin(PHASES)]
    found = table.groupby(["event", "year"], as_index=False).agg(
        starts_on=("starts_on", "min"), ends_on=("ends_on", "max")
    )
    found = found[found["ends_on"] > pd.Timestamp(as_of)].rename(columns={"event": "festival"})
    return found.sort_values("starts_on", ignore_index=True)[["festival", "starts_on", "ends_on"]]
