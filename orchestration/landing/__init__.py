"""Files in, records out: SOURCES declares every platform's datasets, all else derives."""

from orchestration.landing import generic
from orchestration.landing.schema import Dataset

SOURCES: dict[str, dict[str, Dataset]] = {
    "generic": {dataset.name: dataset for dataset in generic.DATASETS},
}
