"""How a platform writes the sandbox's truth: one Extract per dataset, as SQL over the truth."""

import importlib
import pkgutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Extract:
    """What one platform lands of one dataset.

    `query` runs over the truth tables and `buckets` (bucket_no, first_day, last_day, landed_on)
    and yields shop_id, bucket_no, record_key, modified_at and record: one API record as JSON
    text, or one CSV line. A record is in a bucket when something happened to it inside, in the
    state at the bucket's end. `envelope` is the text before and after a page's comma-joined
    records; None for CSV, whose preamble and header lines are `header`. `footer_query` yields
    shop_id, bucket_no and a line of totals. `is_full` says that every pull holds all there is,
    which its `_manifest.json` then states.
    """

    platform: str
    dataset: str
    query: str
    envelope: tuple[str, str] | None = None
    header: str = ""
    footer_query: str = ""
    page_size: int = 100
    encoding: str = "utf-8"
    extension: str = "jsonl.gz"
    is_full: bool = False


def all_extracts() -> tuple[Extract, ...]:
    """Every Extract of the modules beside this one, by platform; a module may have none."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    found = [extract for module in modules for extract in getattr(module, "EXTRACTS", ())]
    return tuple({(extract.platform, extract.dataset): extract for extract in found}.values())
