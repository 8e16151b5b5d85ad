"""Every churn protocol whose order file is there, one table after the other.

python -m benchmarks.protocols --orders DIR --out DIR
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from benchmarks.churn import OURS, Protocol, make_task, read_orders, results, show

WELL_CALIBRATED = 0.03
# purchases expected against purchases made, Pearson: what Pareto/NBD is known to reach
CORRELATIONS = {"cdnow_39_weeks": 0.630}
# the number to beat: a ROC AUC known for this cut and population
PROTOCOLS: dict[str, tuple[str, Protocol, float | None]] = {
    "complete_journey_4_weeks": (
        "complete_journey_baby",
        Protocol(pd.Timestamp("2017-10-30"), 28, active_days=182),
        0.840,
    ),
    "complete_journey_8_weeks": (
        "complete_journey_baby",
        Protocol(pd.Timestamp("2017-10-30"), 56, active_days=182),
        0.827,
    ),
    "cdnow_39_weeks": ("cdnow_sample", Protocol(pd.Timestamp("1997-10-01"), 273), 0.779),
    "cdnow_30_days_active": (
        "cdnow_full",
        Protocol(pd.Timestamp("1998-06-01"), 30, active_days=30),
        0.720,
    ),
    "cdnow_90_days_repeat": (
        "cdnow_full",
        Protocol(pd.Timestamp("1998-04-02"), 90, min_orders=2, slice_days=30),
        0.770,
    ),
    "online_retail_90_days": (
        "online_retail",
        Protocol(pd.Timestamp("2011-06-01"), 90, slice_days=30),
        None,
    ),
}


def main() -> int:
    """Run all protocols found; one JSON file each; return 1 when no order file was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=Path, required=True, help="what benchmarks.orders wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=PROTOCOLS, default=list(PROTOCOLS))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    found = 0
    for name in options.only:
        file, protocol, to_beat = PROTOCOLS[name]
        path = options.orders / f"{file}.parquet"
        if not path.exists():
            print(f"{name}: {path.name} not found, left out")
            continue
        told = results(make_task(read_orders(path), protocol))
        show(told, f"{name}: will buy within {protocol.outcome_days} days of {protocol.cut:%F}")
        (options.out / f"{name}.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
        print(verdict(told["rows"], to_beat, CORRELATIONS.get(name)), flush=True)
        found += 1
    return 0 if found else 1


def verdict(rows: list[dict], to_beat: float | None, correlation: float | None = None) -> str:
    """Our AUC, calibration and, where one is known, correlation against the numbers to beat."""
    (ours,) = (row for row in rows if row["model"] == OURS)
    auc = {row["model"]: row["roc_auc"] for row in rows}
    best = max((name for name in auc if name != OURS), key=auc.get)
    said = f"ROC AUC {auc[OURS]:.4f}, best opponent {best} {auc[best]:.4f}"
    if to_beat is not None:
        said += f", to beat {to_beat:.3f}: {_beaten(auc[OURS] > to_beat)}"
    if correlation is not None:
        said += f"\ncorrelation {ours['correlation']:.3f}, to beat {correlation:.3f}: "
        said += _beaten(ours["correlation"] > correlation)
    is_met = ours["ece"] <= WELL_CALIBRATED
    said += f"\nECE {ours['ece']:.3f} ({ours['ece_low']:.3f} to {ours['ece_high']:.3f}; "
    said += f"{ours['ece_by_chance']:.3f} by chance alone), at most {WELL_CALIBRATED}: "
    return said + ("kept" if is_met else "NOT kept")


def _beaten(is_met: bool) -> str:
    return "beaten" if is_met else "NOT beaten"


if __name__ == "__main__":
    raise SystemExit(main())
