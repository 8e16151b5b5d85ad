"""A day of bare order lines of one shop, as usual or broken in one way."""

from datetime import date
from pathlib import Path

import numpy as np

HEADER = "order_id,line_id,customer_id,sku_id,paid_at,qty,paid_amount"


def land(
    landing: Path,
    shop: str,
    day: date,
    *,
    rows: int = 60,
    factor: float = 1.0,
    with_customer: bool = True,
) -> None:
    """Write them; `factor` times the usual amounts, customers left out unless `with_customer`."""
    rng = np.random.default_rng(day.toordinal())
    folder = landing / "acme" / "generic" / shop / "order_lines" / day.isoformat()
    folder.mkdir(parents=True)
    lines = [
        f"{shop}-{day:%m%d}-{i},1,{f'c{i}' if with_customer else ''},SKU{i % 5},{day} 12:00:00,"
        f"{1 + i % 3},{factor * rng.uniform(80, 160):.2f}"
        for i in range(int(rows * rng.uniform(0.9, 1.1)))
    ]
    (folder / "lines.csv").write_text("\n".join([HEADER, *lines]))
