"""The shadow period: did a challenger that passed the gate earn the champion's place at night?

Both forecast every night from the same data; only the champion's forecast is planned by. What they
said of weeks that are over by now is compared pair by pair, as the gate does with backtests.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.promotion import Promotion, Rules, aligned, relative_difference, scaled_pinball_rows

RESULT_COLUMNS = ("ds", "rows", "champion_wape", "shadow_wape", "champion_loss", "shadow_loss")


@dataclass(frozen=True)
class ShadowTrial:
    """`promotion`: None while the shadow has to go on, with `reason` why; else the answer.
    `table`: RESULT_COLUMNS, one row per week that is over; losses are scaled pinball."""

    promotion: Promotion | None
    reason: str
    table: pd.DataFrame


def judge_shadow(
    shadow: pd.DataFrame,
    champion: pd.DataFrame,
    *,
    nights: int,
    wanted_nights: int,
    rules: Rules | None = None,
) -> ShadowTrial:
    """Whether the shadow takes over after `nights` of `wanted_nights` nights.

    `shadow`, `champion`: matured forecasts of the same nights (unique_id, ds, cutoff, step, y,
    y_hat, quantiles [, is_stockout]); rows that only one of them has are left out, stock-out weeks
    too. The shadow goes on until the nights are over and `rules.min_clusters` series have a week
    that is over. It earns the place unless its scaled pinball loss is worse by more than
    `rules.slice_margin`, or its whole paired bootstrap interval is above zero.
    """
    rules = rules or Rules()
    keys = ["unique_id", "ds", "cutoff"]
    both = shadow[keys].merge(champion[keys], on=keys)
    frames = {"challenger": shadow.merge(both, on=keys), "champion": champion.merge(both, on=keys)}
    frames = aligned(frames)
    truth = frames["challenger"]
    losses = scaled_pinball_rows(frames)
    table = _by_week(frames, losses)
    series = truth["unique_id"].nunique()
    if nights < wanted_nights:
        return ShadowTrial(None, f"night {nights} of {wanted_nights}", table)
    if series < rules.min_clusters:
        told = f"{series} series with a week that is over, {rules.min_clusters} needed"
        return ShadowTrial(None, f"{nights} nights, going on: {told}", table)
    clusters = truth["unique_id"].to_numpy()
    difference = relative_difference(
        losses["challenger"], losses["champion"], clusters, rules=rules
    )
    numbers = {
        "nights": float(nights),
        "n_series": float(series),
        "n_weeks": float(truth["ds"].nunique()),
        "shadow_difference": difference.mean,
        "shadow_difference_lower": difference.lower,
        "shadow_difference_upper": difference.upper,
    }
    told = (
        f"{nights} nights beside the champion, {truth['ds'].nunique()} weeks over: scaled pinball "
        f"loss {difference}"
    )
    if difference.mean > rules.slice_margin or difference.lower > 0:
        reason = f"did not earn it in the shadow: {told}, limit {rules.slice_margin:+.1%}"
        return ShadowTrial(Promotion(False, reason, "champion", numbers), reason, table)
    reason = f"earned it in the shadow: {told}"
    return ShadowTrial(Promotion(True, reason, "challenger", numbers), reason, table)


def _by_week(frames: dict[str, pd.DataFrame], losses: dict[str, np.ndarray]) -> pd.DataFrame:
    truth = frames["challenger"]
    cells = pd.DataFrame({"ds": truth["ds"], "rows": 1, "y": truth["y"].to_numpy(float)})
    for name, label in (("champion", "champion"), ("challenger", "shadow")):
        cells[f"{label}_wape"] = np.abs(frames[name]["y_hat"].to_numpy(float) - cells["y"])
        cells[f"{label}_loss"] = losses[name]
    weeks = cells.groupby("ds", as_index=False).sum()
    for label in ("champion", "shadow"):
        weeks[f"{label}_wape"] /= np.maximum(weeks["y"], 1e-9)
        weeks[f"{label}_loss"] /= weeks["rows"]
    return weeks[list(RESULT_COLUMNS)]
