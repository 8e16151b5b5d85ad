"""How sandbox tables become landed files: history by the month, the last four weeks by the day."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl

DAILY_DAYS = 28


def land(shop: Path, dataset: str, frame: pl.DataFrame, *, first: date, last_day: date) -> int:
    """Write one CSV per landing day below `shop` and return how many.

    `visible_on` (not written) is the day a row can first be extracted; rows visible after
    `last_day` are not written, rows from before `first` land with the first month.
    """
    daily_from = last_day - timedelta(days=DAILY_DAYS - 1)
    day = pl.max_horizontal("visible_on", pl.lit(first))
    landed = (
        pl.when(day >= daily_from)
        .then(day)
        .otherwise(pl.min_horizontal(day.dt.month_end(), pl.lit(daily_from - timedelta(days=1))))
    )
    frame = frame.with_columns(landed_on=landed).filter(pl.col("landed_on") <= last_day)
    parts = frame.partition_by("landed_on", as_dict=True, maintain_order=True)
    for (day_landed,), part in parts.items():
        folder = shop / dataset / f"{day_landed:%Y-%m-%d}"
        folder.mkdir(parents=True, exist_ok=True)
        part.drop("landed_on", "visible_on").write_csv(folder / f"{dataset}.csv")
    return len(parts)
