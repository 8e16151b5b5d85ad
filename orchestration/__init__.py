"""Wiring: the only package that knows Dagster exists.

Importing it settles the process environment before any library reads it: no package may phone
home, and OpenMP threads sleep instead of spinning when cores are shared (a 0.8 s fit took up to
31 s otherwise).
"""

import os
import warnings

_ENVIRONMENT = {
    "DO_NOT_TRACK": "true",  # mlflow takes the word, not "1"
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "ITERATIVE_DO_NOT_TRACK": "1",  # evidently's logger
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "OMP_WAIT_POLICY": "PASSIVE",
    "OMP_NUM_THREADS": str(min(4, len(os.sched_getaffinity(0)))),
    "MPLBACKEND": "Agg",
}

for _name, _value in _ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)

# single-run backfills are marked beta since Dagster 1.5; one warning per asset buries the rest
warnings.filterwarnings("ignore", message=".*is currently in beta.*")
