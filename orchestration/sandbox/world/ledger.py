"""The world's books: what happened is collected by the day and handed out as truth tables."""

from datetime import date

import numpy as np
import polars as pl

from orchestration.sandbox.truth import MOMENT, TABLES
from orchestration.sandbox.world import names
from orchestration.sandbox.world.aftersales import STATUSES, TYPES
from orchestration.sandbox.world.catalogue import Catalogue
from orchestration.sandbox.world.listings import PLATFORMS, Listings
from orchestration.sandbox.world.orders import CHANNELS, EXCHANGE, KINDS, NONE, REISSUE
from orchestration.sandbox.world.shelf import WAREHOUSES
from orchestration.sandbox.world.side_books import SideBooks, pick

_NOT_ON_PLATFORM = np.array([p in ("taobao", "douyin") for p in PLATFORMS])


def nullable(number: np.ndarray) -> pl.Series:
    """Numbers of which those below zero mean none."""
    return pl.Series(number).set(pl.Series(number < 0), None)


class Ledger(SideBooks):
    """Collects columns of numbers; `drain` turns them into frames and forgets them."""

    def __init__(self, first: date, goods: Catalogue, offers: Listings, promo_ids: list[str]):
        self.first, self.goods, self.offers, self.promo_ids = first, goods, offers, promo_ids
        self._books: dict[str, list[dict[str, np.ndarray]]] = {}

    def add(self, table: str, **columns) -> None:
        """Book rows; one entry per row in each column."""
        self._books.setdefault(table, []).append(columns)

    def drain(self, *, whole: bool = False) -> dict[str, pl.DataFrame]:
        """All booked rows as truth tables; with `whole` also tables without any."""
        books, self._books = self._books, {}
        frames = {}
        for table in TABLES:
            parts = books.get(table, [])
            if not parts and not whole:
                continue
            if not parts:
                frames[table] = pl.DataFrame(schema=TABLES[table])
                continue
            columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
            build = getattr(self, f"_{table}", None)
            frame = build(columns) if build else columns
            frames[table] = conform(table, frame)
        return frames

    def take(self, *tables: str) -> dict[str, dict[str, np.ndarray]]:
        """Booked rows of some tables as plain columns; everything that was booked is forgotten."""
        books, self._books = self._books, {}
        return {
            table: {
                name: np.concatenate([part[name] for part in books[table]])
                for name in books[table][0]
            }
            for table in tables
            if table in books
        }

    def moments(self, seconds: np.ndarray) -> pl.Series:
        """Seconds from the first midnight as moments."""
        start = np.datetime64(self.first, "us")
        return pl.Series(start + seconds.astype("timedelta64[s]"), dtype=MOMENT)

    def if_any(self, seconds: np.ndarray) -> pl.Series:
        """Seconds as moments, null for what does not happen."""
        return self.moments(seconds).set(pl.Series(seconds == NONE), None)

    def days(self, index: np.ndarray) -> pl.Series:
        """Day indices as dates."""
        return pl.Series(np.datetime64(self.first, "D") + index.astype("timedelta64[D]"))

    def _orders(self, c: dict) -> dict:
        shop = c["shop"]
        kind = c["kind"]
        again = np.isin(kind, (REISSUE, EXCHANGE))
        erp_only = again & _NOT_ON_PLATFORM[shop]
        own = names.order_ids(shop, c["number"])
        origin = names.order_ids(shop, np.maximum(c["origin"], 0)) + "-B"
        suffix = pl.Series(c["number"]).cast(pl.String)
        return {
            "order_no": c["number"],
            "platform": pick(PLATFORMS, shop),
            "shop_no": shop + 1,
            "platform_order_id": names.either(pl.Series(erp_only), origin + suffix, own),
            "household": nullable(c["household"]),
            "buyer_id": names.buyer_ids(c["buyer"]),
            "union_id": pl.Series([None] * len(shop), dtype=pl.String),
            "address_token": names.address_tokens(c["address"]),
            "warehouse": pick(WAREHOUSES, c["warehouse"]),
            "created_at": self.moments(c["created"]),
            "deposit_at": self.if_any(c["deposit_at"]),
            "paid_at": self.if_any(c["paid"]),
            "shipped_at": self.if_any(c["shipped"]),
            "finished_at": self.if_any(c["finished"]),
            "closed_at": self.if_any(c["closed"]),
            "ship_due_at": self.if_any(c["due"]),
            "order_kind": pick(KINDS, kind),
            "is_full_presale": c["full_presale"],
            "deposit_cents": c["deposit_cents"],
            "freight_cents": c["freight"],
            "channel": pick(CHANNELS, c["channel"]),
            "kol_id": names.kol_ids(shop, c["kol"]),
            "room_no": names.room_nos(c["room"]),
            "seller_flag": c["flag"],
            "parent_order_no": nullable(c["parent"]),
            "promo_id": pick(self.promo_ids, c["promo"]),
            "erp_only": erp_only,
            "origin_order_no": nullable(c["origin"]),
        }

    def _order_lines(self, c: dict) -> dict:
        variant = c["variant"]
        return {
            "order_no": c["number"],
            "line_no": c["line_no"],
            "platform_line_id": names.line_ids(
                self.offers.shop[variant], c["number"], c["line_no"], c["lines_of_order"]
            ),
            "listing_no": self.offers.number[variant],
            "qty": c["qty"],
            "list_cents": self.offers.list_cents[variant],
            "gross_cents": c["gross"],
            "line_promo_cents": c["line_promo"],
            "seller_discount_cents": c["seller"],
            "platform_discount_cents": c["platform"],
            "channel_discount_cents": c["channel"],
            "paid_cents": c["paid"],
            "is_gift": c["is_gift"],
            "main_line_no": nullable(c["main_line"]),
            "promo_id": pick(self.promo_ids, c["promo"]),
        }

    def _order_components(self, c: dict) -> dict:
        return {
            "order_no": c["number"],
            "line_no": c["line_no"],
            "component_no": c["component_no"],
            "sku_code": pick(self.goods.code, c["sku"]),
            "qty": c["qty"],
            "warehouse": pick(WAREHOUSES, c["warehouse"]),
            "share_cents": c["share"],
            "shipped_at": self.if_any(c["shipped"]),
        }

    def _refunds(self, c: dict) -> dict:
        return {
            "refund_no": c["refund_no"],
            "order_no": c["number"],
            "line_no": c["line_no"],
            "type": pick(TYPES, c["type"]),
            "phase": pick(("onsale", "aftersale"), c["after_end"].astype(np.int64)),
            "status": pick(STATUSES, c["status"]),
            "requested_cents": c["requested"],
            "success_cents": c["success"],
            "platform_returned_cents": c["platform_returned"],
            "qty": c["qty"],
            "is_goods_back": c["goods_back"],
            "created_at": self.moments(c["created"]),
            "approved_at": self.if_any(c["approved"]),
            "success_at": self.if_any(c["success_at"]),
            "closed_at": self.if_any(c["closed_at"]),
            "refund_ref": names.refund_refs(c["shop"], c["refund_no"]),
        }

    def _reviews(self, c: dict) -> dict:
        return {
            "review_no": c["review_no"],
            "order_no": c["number"],
            "line_no": c["line_no"],
            "rating": c["rating"],
            "created_at": self.moments(c["created"]),
            "text_kind": pick(("default", "own"), c["own_text"].astype(np.int64)),
        }

    def _by_sku(self, c: dict) -> dict:
        """Columns [day, SKU, warehouse]-wise: `day`, `sku`, `warehouse` and plain numbers."""
        rest = {k: v for k, v in c.items() if k not in ("day", "sku", "warehouse")}
        return {
            "ds": self.days(c["day"]),
            "sku_code": pick(self.goods.code, c["sku"]),
            "warehouse": pick(WAREHOUSES, c["warehouse"]),
            **rest,
        }

    _stock = _by_sku
    _demand = _by_sku

    def _item_daily(self, c: dict) -> dict:
        return {"ds": self.days(c.pop("day")), **c}

    def _duplicates(self, c: dict) -> dict:
        return {
            "household": c["household"],
            "shop_no": c["code"] % 16 // 2 + 1,
            "buyer_id": names.buyer_ids(c["code"]),
            "other_shop_no": c["other"] % 16 // 2 + 1,
            "other_buyer_id": names.buyer_ids(c["other"]),
        }


def conform(table: str, columns: dict | pl.DataFrame) -> pl.DataFrame:
    """The columns of a truth table in its order and types; raises on any other set of columns."""
    frame = pl.DataFrame(columns)
    schema = TABLES[table]
    if set(frame.columns) != set(schema):
        raise ValueError(f"{table}: {sorted(set(frame.columns) ^ set(schema))} do not match")
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
