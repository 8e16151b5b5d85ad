"""The sandbox's truth: its tables, how they are stored, and the order lines they imply."""

import shutil
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import polars as pl

MOMENT = pl.Datetime("us")  # Beijing time without a zone
_TEXT, _DAY, _WHOLE, _FLAG, _SHARE = pl.String, pl.Date, pl.Int64, pl.Boolean, pl.Float64


def _schema(spec: str) -> dict[str, pl.DataType]:
    """Columns from text such as "id:t qty:i".

    t is text, i a whole number, f a flag, d a day, m a moment, s a share.
    """
    kinds = {"t": _TEXT, "i": _WHOLE, "f": _FLAG, "d": _DAY, "m": MOMENT, "s": _SHARE}
    pairs = (field.split(":") for field in spec.split())
    return {name: kinds[kind] for name, kind in pairs}


# Money is in cents (fen), moments are Beijing time. `household` is null where nobody's need is
# behind an order (brush orders, creators' samples).
TABLES: dict[str, dict[str, pl.DataType]] = {
    "shops": _schema(
        "shop_no:i platform:t shop_id:t shop_name:t brand_id:t erp_shop_id:t default_warehouse:t"
        " opened_on:d has_order_feed:f"
    ),
    "warehouses": _schema("warehouse:t warehouse_name:t city:t"),
    "brands": _schema("brand_id:t brand_name:t"),
    "skus": _schema(
        "sku_code:t item_code:t sku_name:t brand_id:t category:t stage:t months_from:i months_to:i"
        " list_cents:i cost_cents:i supplier_id:t barcode:t shelf_life_days:i launched_on:d"
        " discontinued_on:d is_sampler:f"
    ),
    # share_cents: the component's part of the bundle's price, over all its units
    "bundles": _schema(
        "bundle_code:t component_sku_code:t qty:i share_cents:i valid_from:d valid_to:d"
    ),
    # one row per version: a re-pointed code is a new listing_no with the same platform ids.
    # valid_to is the first day the version no longer holds. mapped_by tells which rung of the
    # ladder leads to erp_code: merchant_code, skumap, barcode, or none
    "listings": _schema(
        "listing_no:i platform:t shop_no:i platform_item_id:t platform_sku_id:t merchant_code:t"
        " barcode:t erp_code:t list_cents:i units_per_pack:i valid_from:d valid_to:d title:t"
        " mapped_by:t is_gift:f"
    ),
    # erp_only: the platform never shows it (reissues and exchanges of taobao and douyin).
    # origin_order_no: the order a reissue or exchange repairs. ship_due_at: promised shipping
    "orders": _schema(
        "order_no:i platform:t shop_no:i platform_order_id:t household:i buyer_id:t union_id:t"
        " address_token:t warehouse:t created_at:m deposit_at:m paid_at:m shipped_at:m"
        " finished_at:m closed_at:m ship_due_at:m order_kind:t is_full_presale:f deposit_cents:i"
        " freight_cents:i channel:t kol_id:t room_no:t seller_flag:i parent_order_no:i promo_id:t"
        " erp_only:f origin_order_no:i"
    ),
    # line_promo_cents: the line's own promotion, part of seller_discount_cents
    "order_lines": _schema(
        "order_no:i line_no:i platform_line_id:t listing_no:i qty:i list_cents:i gross_cents:i"
        " line_promo_cents:i seller_discount_cents:i platform_discount_cents:i"
        " channel_discount_cents:i paid_cents:i is_gift:f main_line_no:i promo_id:t"
    ),
    # share_cents weighs the parts of a line; shipped_at is null where nothing left the shelf
    # (cancelled, refunded before shipping, brush parcels)
    "order_components": _schema(
        "order_no:i line_no:i component_no:i sku_code:t qty:i warehouse:t share_cents:i"
        " shipped_at:m"
    ),
    "refunds": _schema(
        "refund_no:i order_no:i line_no:i type:t phase:t status:t requested_cents:i"
        " success_cents:i platform_returned_cents:i qty:i is_goods_back:f created_at:m"
        " approved_at:m success_at:m closed_at:m refund_ref:t"
    ),
    "stock": _schema("ds:d sku_code:t warehouse:t on_hand:i reserved:i in_transit:i defective:i"),
    "purchase_orders": _schema(
        "po_no:i line_no:i sku_code:t supplier_id:t warehouse:t ordered_at:m confirmed_at:m"
        " expected_at:m qty:i price_cents:i"
    ),
    "receipts": _schema("receipt_no:i po_no:i line_no:i qty:i received_at:m expires_on:d"),
    "supplier_skus": _schema(
        "supplier_id:t sku_code:t lead_time_days:i pack_size:i moq:i cost_cents:i"
    ),
    "suppliers": _schema(
        "supplier_id:t name:t lead_time_days:i lead_time_sd_days:i review_period_days:i"
    ),
    "item_daily": _schema(
        "ds:d listing_no:i visitors:i views:i add_to_cart_buyers:i add_to_cart_qty:i favourites:i"
        " paid_buyers:i paid_qty:i paid_cents:i refund_cents:i"
    ),
    "live_sessions": _schema(
        "session_no:i shop_no:i room_no:t kol_id:t started_at:m ended_at:m visitors:i views:i"
        " impressions:i paid_orders:i paid_cents:i clicks:i new_followers:i spend_cents:i"
    ),
    # counters are lifetime to date, as seen at the end of ds
    "notes_daily": _schema(
        "shop_no:i note_id:t title:t published_at:m kol_id:t ds:d impressions:i reads:i likes:i"
        " comments:i favourites:i shares:i new_followers:i"
    ),
    "reviews": _schema("review_no:i order_no:i line_no:i rating:i created_at:m text_kind:t"),
    "households": _schema(
        "household:i born_on:d born_on_2:d joined_on:d lapsed_on:d graduated_on:d city:t"
        " warehouse:t home_platform:t name:t phone:t address:t"
    ),
    # one row per member and baby; recorded_at is when the row appears
    "members": _schema(
        "member_no:i household:i union_id:t tb_buyer_id:t phone:t name:t level:t joined_at:m"
        " baby_no:i birthday:d due_date:d gender:i source:t consent:i recorded_at:m"
        " birthday_kind:t"
    ),
    "contacts": _schema(
        "contact_no:i household:i external_userid:t union_id:t name:t remark:t staff_id:t"
        " added_at:m add_way:i state:t tag_ids:t"
    ),
    "interactions": _schema("ds:d staff_id:t external_userid:t chats:i messages:i"),
    "groups": _schema("group_no:i chat_id:t name:t owner:t created_at:m"),
    "group_members": _schema(
        "group_no:i external_userid:t union_id:t joined_at:m left_at:m join_scene:i"
    ),
    # first wish of each purchase: wanted = sold - substituted_in + substituted + lost + postponed
    "demand": _schema(
        "ds:d sku_code:t warehouse:t wanted_qty:i sold_qty:i lost_qty:i substituted_qty:i"
        " substituted_in_qty:i postponed_qty:i"
    ),
    "promotions": _schema(
        "promo_id:t promo_name:t sku_code:t starts_on:d ends_on:d discount_rate:s"
    ),
    "brush": _schema("order_no:i"),
    # buyer_id and other_buyer_id are one household
    "duplicates": _schema("household:i shop_no:i buyer_id:t other_shop_no:i other_buyer_id:t"),
}


class Chunk(Protocol):
    """Some days' tables; `name` tells chunks apart and sorts them."""

    name: str
    tables: Mapping[str, pl.DataFrame]


def clear(folder: Path) -> None:
    """Remove the truth tables that `folder` holds, nothing else."""
    for table in TABLES:
        if (folder / table).is_dir():
            shutil.rmtree(folder / table)


def write(folder: Path, chunk: Chunk) -> None:
    """Store a chunk as `folder`/<table>/<chunk>.parquet; writing it again replaces it.

    Households are told anew at the end of each run: the latest replace all before them.
    """
    for table, frame in chunk.tables.items():
        (folder / table).mkdir(parents=True, exist_ok=True)
        name = "latest" if table == "households" else chunk.name
        frame.write_parquet(folder / table / f"{name}.parquet")


def read(folder: Path) -> dict[str, pl.LazyFrame]:
    """All tables of a written truth."""
    return {
        table: pl.scan_parquet(folder / table / "*.parquet")
        for table in TABLES
        if (folder / table).is_dir()
    }


def order_lines_as_of(
    tables: Mapping[str, pl.DataFrame | pl.LazyFrame], as_of: date
) -> pl.DataFrame:
    """The order lines that canonical tables must show after `as_of`, from the truth alone.

    One row per component that a platform line sells, sorted by its key (platform, shop_id,
    platform_order_id, line_no, sku_code). Left out are orders that only the ERP knows and JD
    parents that were split. `paid_cents` and `gross_cents` are a line's amounts divided by the
    components' shares, what is agreed where nothing is paid yet (`is_paid`), of a forfeited order
    the deposit that the shop keeps; `refund_cents` are refunds that succeeded by `as_of`. A line
    is refunded once all that was paid for it is back; one that cost nothing, with its order.
    `sku_code` is null where nothing tells which SKU a listing sells.
    """
    frames = {name: frame.lazy() for name, frame in tables.items()}
    end = datetime.combine(as_of + timedelta(days=1), datetime.min.time())
    orders = _orders_as_of(frames, end)
    listings = frames["listings"].select("listing_no", "platform_sku_id", "mapped_by")
    refunds = (
        frames["refunds"]
        .filter(pl.col("success_at") < end)
        .group_by("order_no", "line_no")
        .agg(refunded=pl.col("success_cents").sum())
    )
    lines = (
        orders.join(frames["order_lines"], on="order_no")
        .join(listings, on="listing_no")
        .join(refunds, on=("order_no", "line_no"), how="left")
        .with_columns(pl.col("refunded").fill_null(0))
        .with_columns(lifecycle=_line_lifecycle())
        .sort("order_no", "line_no")
        .with_columns(
            paid_cents=pl.when("is_forfeited")
            .then(_part("deposit_cents", "paid_cents", ("order_no",)))
            .otherwise("paid_cents")
        )
    )
    parts = frames["order_components"].select(
        "order_no", "line_no", "component_no", "sku_code", "share_cents", "warehouse", units="qty"
    )
    line = ("order_no", "line_no")
    return (
        lines.join(parts, on=line)
        .sort("order_no", "line_no", "sku_code")
        .with_columns(
            paid_cents=_part("paid_cents", "share_cents", line),
            gross_cents=_part("gross_cents", "share_cents", line),
            refund_cents=_part("refunded", "share_cents", line),
            sku_code=pl.when(pl.col("mapped_by") != "none").then("sku_code"),
        )
        .select(
            *("platform", "shop_id", "platform_order_id", "line_no", "platform_line_id"),
            *("platform_sku_id", "sku_code", "component_no", "warehouse", "units", "gross_cents"),
            *("paid_cents", "refund_cents", "is_paid", "lifecycle", "biz_date", "is_gift"),
            *("order_kind", "is_forfeited", "household", "order_no"),
        )
        .sort("platform", "shop_id", "platform_order_id", "line_no", "component_no")
        .collect()
    )


def _line_lifecycle() -> pl.Expr:
    """The order's lifecycle, or refunded where all the money of the line came back."""
    paid, refunded = pl.col("paid_cents"), pl.col("refunded")
    is_back = (paid > 0) & (refunded >= paid)
    order_is_back = (paid.sum() > 0) & (refunded.sum() >= paid.sum())
    is_back |= (paid == 0) & order_is_back.over("order_no")
    return pl.when(pl.col("is_paid") & is_back).then(pl.lit("refunded")).otherwise("lifecycle")


def _orders_as_of(frames: Mapping[str, pl.LazyFrame], end: datetime) -> pl.LazyFrame:
    """Orders that platforms show, with their state right before `end`."""
    happened = {
        name: pl.col(f"{name}_at").is_not_null() & (pl.col(f"{name}_at") < end)
        for name in ("deposit", "paid", "shipped", "finished", "closed")
    }
    known = frames["orders"].filter(pl.col("created_at") < end)
    parents = known.select(order_no="parent_order_no").drop_nulls().unique()
    shops = frames["shops"].select("shop_no", "shop_id")
    return (
        known.filter(~pl.col("erp_only"))
        .join(parents, on="order_no", how="anti")
        .join(shops, on="shop_no")
        .select(
            *("order_no", "platform", "shop_id", "platform_order_id", "order_kind", "household"),
            "deposit_cents",
            is_paid=happened["paid"],
            is_forfeited=happened["deposit"] & ~happened["paid"] & happened["closed"],
            biz_date=pl.when(happened["paid"]).then(pl.col("paid_at").dt.date()),
            lifecycle=pl.when(happened["closed"] & happened["paid"])
            .then(pl.lit("refunded"))
            .when(happened["closed"])
            .then(pl.lit("cancelled"))
            .when(happened["finished"])
            .then(pl.lit("completed"))
            .when(happened["shipped"])
            .then(pl.lit("shipped"))
            .when(happened["paid"])
            .then(pl.lit("paid"))
            .when(happened["deposit"])
            .then(pl.lit("deposit_paid"))
            .otherwise(pl.lit("created")),
        )
    )


def _part(total: str, weight: str, group: tuple[str, ...]) -> pl.Expr:
    """A group's total divided by weight in whole cents, the last part takes what rounding left.

    Parts are rounded half up; the rows of a group lie in their order; a lone row takes all.
    """
    whole = pl.col(weight).sum().over(group)
    rounded = (2 * pl.col(total) * pl.col(weight) + whole) // (2 * whole)
    is_last = pl.int_range(pl.len()).over(group) == pl.len().over(group) - 1
    rest = pl.col(total) - rounded.sum().over(group)
    return (
        pl.when(pl.len().over(group) == 1)
        .then(pl.col(total))
        .otherwise(rounded + pl.when(is_last).then(rest).otherwise(0))
    )
