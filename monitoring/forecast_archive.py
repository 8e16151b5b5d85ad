"""Joins archived forecasts to what then happened."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

_KEYS = ["unique_id", "ds", "step"]
MATURED_STEPS = 4
"""Weeks ahead that monitors look at: of the others an archive need not be read."""


def mature(
    archive: pd.DataFrame,
    actuals: pd.DataFrame,
    *,
    max_step: int = MATURED_STEPS,
    last_weeks: int | None = None,
) -> pd.DataFrame:
    """The forecasts whose week is over, with y and is_stockout of that week.

    `archive`: forecast rows (unique_id, ds, cutoff, step, y_hat, p05 ...) and, when one cutoff
    was forecast on several days, `forecasted_as_of`: the last of these counts, but never one
    made after its week had ended. `actuals`: unique_id, ds, y, is_stockout (weeks that are not
    in it have not matured). Grain of the result: unique_id, ds, step, for steps 1..`max_step`
    and, with `last_weeks`, only the newest weeks. Empty when nothing has matured.
    """
    rows = archive[archive["step"].between(1, max_step) & (archive["cutoff"] < archive["ds"])]
    if "forecasted_as_of" in rows:
        made = pd.to_datetime(rows["forecasted_as_of"])
        rows = rows[made < rows["ds"] + pd.Timedelta(weeks=1)]
        rows = rows.sort_values([*_KEYS, "forecasted_as_of"], kind="stable")
    else:
        rows = rows.sort_values(_KEYS, kind="stable")
    rows = rows.drop_duplicates(_KEYS, keep="last")
    rows = rows.drop(columns=[c for c in ("y", "is_stockout") if c in rows])
    truth = actuals[["unique_id", "ds", "y", "is_stockout"]]
    joined = rows.merge(truth, on=["unique_id", "ds"], how="inner", validate="many_to_one")
    joined = joined[joined["y"].notna()]
    if last_weeks is not None and len(joined):
        newest = joined["ds"].max()
        joined = joined[joined["ds"] > newest - pd.Timedelta(weeks=last_weeks)]
    return joined.sort_values(_KEYS, ignore_index=True)


def trusted(matured: pd.DataFrame, red_days: Iterable[pd.Timestamp]) -> pd.DataFrame:
    """The rows neither made from nor measured in a week with a day on which the data was red.

    `red_days`: days on which an extract's verdict was red, whatever was mended later: what was
    forecast then had seen the gap.
    """
    weeks = {pd.Timestamp(day) - pd.Timedelta(days=pd.Timestamp(day).weekday()) for day in red_days}
    bad = np.array(sorted(weeks), dtype="datetime64[ns]")
    return matured[~matured["cutoff"].isin(bad) & ~matured["ds"].isin(bad)]
