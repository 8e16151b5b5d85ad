"""All verdicts on matured forecasts at once: what the nightly monitor of demand asks."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from monitoring.demand_shift import demand_shift
from monitoring.error_slices import error_size
from monitoring.forecast_archive import mature, trusted
from monitoring.forecast_error import bias_cusum, forecast_error
from monitoring.interval_coverage import interval_coverage
from monitoring.verdict import Verdict

MATURED_WEEKS = 8
CHART_WEEKS = 26  # a chart's level needs to know where demand came from
TRIGGERS = ("demand_shift", "error_size", "bias_cusum")


@dataclass(frozen=True)
class Judged:
    """`verdicts` on the champion's forecasts, the first on their accuracy; the tables behind them;
    `matured`: its rows of the last MATURED_WEEKS weeks."""

    verdicts: list[Verdict]
    by_slice: pd.DataFrame
    by_group: pd.DataFrame
    matured: pd.DataFrame


def judge_forecasts(
    archive: pd.DataFrame,
    backtest: pd.DataFrame,
    demand: pd.DataFrame,
    static: pd.DataFrame,
    known_future: pd.DataFrame,
    *,
    champion: int,
    red_days: Iterable[pd.Timestamp] = (),
) -> Judged:
    """Verdicts "forecast_error", "demand_shift", "error_size", "bias_cusum", "interval_coverage".

    `archive`: all forecasts made (of `forecast_archive.mature`, with model_version); `backtest`:
    the champion's; `demand`, `static`, `known_future`: the feature tables. What was forecast
    from, or measured in, a week with one of `red_days` is left out. A new champion is not blamed
    for what its predecessor forecast, but for the level of a chart, see `demand_shift`.
    """
    events = _events(known_future)
    past = _with_events(backtest, events)
    everything = trusted(mature(archive, demand, last_weeks=CHART_WEEKS), red_days)
    everything = _with_events(everything, events)
    own = everything[everything["model_version"] == champion]
    if len(own):
        own = own[own["ds"] > own["ds"].max() - pd.Timedelta(weeks=MATURED_WEEKS)]
    shift, by_group = demand_shift(everything, past, static)
    size, by_slice = error_size(own, past)
    verdicts = [
        forecast_error(own, past),
        shift,
        size,
        bias_cusum(own, past),
        interval_coverage(own, past),
    ]
    return Judged(verdicts, by_slice, by_group, own)


def _events(known_future: pd.DataFrame) -> pd.Series:
    """Whether a festival touches a series' week, by unique_id and ds: between its peaks people
    wait, or use up what they bought."""
    in_festival = known_future["festival_share"] > 0
    return known_future.assign(is_event=in_festival).set_index(["unique_id", "ds"])["is_event"]


def _with_events(frame: pd.DataFrame, events: pd.Series) -> pd.DataFrame:
    keys = pd.MultiIndex.from_frame(frame[["unique_id", "ds"]])
    return frame.assign(is_event=events.reindex(keys).eq(True).to_numpy())
