"""The one `defs` that Dagster loads: the graph of the installation the environment describes."""

from orchestration.graph import build
from orchestration.settings import Settings

defs = build(Settings())
