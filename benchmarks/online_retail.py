"""UCI Online Retail II: weekly units of each product of a giftware wholesaler."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.frames import Frames

FILE = "invoices_to_2011-09-30.parquet"
CHOSEN_WEEKS = 60  # products are chosen by the first weeks alone
WEEKS_SOLD = 20


def read(folder: Path) -> Frames:
    """Panel of weekly units, no attributes. How lines become demand, in this order:

    lines with a price of at most 0, a code that does not begin with five digits (postage, fees,
    samples) or a bad-debt invoice are left out; each cancelled line ("C" invoice) takes away the
    latest earlier sale of the same customer, product and quantity, and what is left of
    cancellations is dropped, for it is no demand of its week; whole weeks Monday to Sunday; a
    product starts with its first sale, and a week without a line after that is 0. Kept are
    products sold in at least 20 of the first 60 weeks.
    """
    lines = pd.read_parquet(folder / FILE)
    goods = (lines["UnitPrice"] > 0) & lines["StockCode"].str.match(r"\d{5}")
    lines = lines[goods & lines["InvoiceNo"].str.match(r"C?\d")]
    sold = _without_cancelled(lines)
    sold = sold.assign(ds=sold["InvoiceDate"].dt.to_period("W-SUN").dt.start_time)
    # the first and last weeks of the file are cut off
    whole = (sold["ds"] > sold["ds"].min()) & (
        sold["ds"] + pd.Timedelta(days=6) <= lines["InvoiceDate"].max().normalize()
    )
    weekly = sold[whole].groupby(["StockCode", "ds"])["Quantity"].sum().astype(float)
    wide = weekly.unstack("ds")
    wide = wide.reindex(columns=pd.date_range(wide.columns.min(), wide.columns.max(), freq="W-MON"))
    chosen = wide.iloc[:, :CHOSEN_WEEKS].notna().sum(axis=1) >= WEEKS_SOLD
    wide = wide[chosen]
    begun = wide.notna().cummax(axis=1).to_numpy()
    row, column = np.nonzero(begun)
    return Frames(
        pd.DataFrame(
            {
                "unique_id": wide.index.to_numpy(object)[row],
                "ds": wide.columns[column],
                "y": wide.fillna(0.0).to_numpy()[row, column],
            }
        )
    )


def _without_cancelled(lines: pd.DataFrame) -> pd.DataFrame:
    """Sales that no later line cancelled, matched one to one, the latest sale first."""
    cancelled = lines["InvoiceNo"].str.startswith("C")
    keys = ["CustomerID", "StockCode", "Quantity"]
    sales = lines[~cancelled & (lines["Quantity"] > 0)].sort_values("InvoiceDate")
    back = lines[cancelled & (lines["Quantity"] < 0) & lines["CustomerID"].notna()]
    back = back.assign(Quantity=-back["Quantity"]).sort_values("InvoiceDate")
    back = back[[*keys, "InvoiceDate"]].assign(place=np.arange(len(back)))
    named = sales[sales["CustomerID"].notna()].assign(sale=lambda frame: frame.index)
    found = pd.merge_asof(
        back,
        named[[*keys, "InvoiceDate", "sale"]],
        on="InvoiceDate",
        by=keys,
        direction="backward",
    )
    return sales.drop(index=found["sale"].dropna().astype(int).unique())
