"""How a platform writes the sandbox's truth: one Extract per dataset, as SQL over the truth."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extract:
    """What one platform lands of one dataset.

    `query` runs over the truth tables and `buckets` (bucket_no, first_day, last_day, landed_on)
    and yields shop_id, bucket_no, record_key, modified_at and record: one API record as JSON
    text, or one CSV line. A record is in a bucket when something happened to it inside, in the
    state at the bucket's end. `envelope` is the text before and after a page's comma-joined
    records; None for CSV, whose preamble and header lines are `header`. `footer_query` yields
    shop_id, bucket_no and a line of totals.
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
