"""Files in, records out: SOURCES declares every platform's datasets, all else derives."""

from orchestration.landing import (
    crm,
    douyin,
    generic,
    jd,
    jushuitan,
    registry,
    taobao,
    wecom,
    xiaohongshu,
)
from orchestration.landing.schema import Dataset

SOURCES: dict[str, dict[str, Dataset]] = {
    "taobao": {dataset.name: dataset for dataset in taobao.DATASETS},
    "jd": {dataset.name: dataset for dataset in jd.DATASETS},
    "douyin": {dataset.name: dataset for dataset in douyin.DATASETS},
    "xiaohongshu": {dataset.name: dataset for dataset in xiaohongshu.DATASETS},
    "jushuitan": {dataset.name: dataset for dataset in jushuitan.DATASETS},
    "wecom": {dataset.name: dataset for dataset in wecom.DATASETS},
    "crm": {dataset.name: dataset for dataset in crm.DATASETS},
    "registry": {dataset.name: dataset for dataset in registry.DATASETS},
    "generic": {dataset.name: dataset for dataset in generic.DATASETS},
}
