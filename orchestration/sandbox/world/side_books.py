"""The books beside the orders: members, contacts, talks, live sessions, notes, purchases."""

import numpy as np
import polars as pl

from orchestration.sandbox.world import names
from orchestration.sandbox.world.catalogue import SUPPLIERS
from orchestration.sandbox.world.media import DOUYIN, XHS
from orchestration.sandbox.world.people import BIRTHDAY_KINDS, SOURCES
from orchestration.sandbox.world.shelf import WAREHOUSES

_STAGES = (
    (0, "etSTAGE_PREG"),
    (183, "etSTAGE_0_6M"),
    (365, "etSTAGE_6_12M"),
    (1096, "etSTAGE_12_36M"),
)


def pick(words, index: np.ndarray) -> pl.Series:
    """words[index]; null where the index is below zero."""
    series = pl.Series(words, dtype=pl.String)
    where = pl.Series(index)
    return series.gather(where.set(where < 0, None))


class SideBooks:
    """Builders of truth tables from columns of numbers; `moments` and `days` come with Ledger."""

    def _members(self, c: dict) -> dict:
        who = c["household"]
        birthday, due = self.days(c["birthday"]), self.days(c["due"])
        nobody = pl.Series([None] * len(who), dtype=pl.Date)
        return {
            "member_no": who + 1,
            "household": who,
            "union_id": names.union_ids(who, c["has_union"]),
            "tb_buyer_id": names.either(
                pl.Series(c["has_taobao"]), names.buyer_ids(who * 16 + c["home_shop"] * 2), None
            ),
            "phone": names.phones(who),
            "name": names.mothers(who),
            "level": "V" + pl.Series(c["level"]).cast(pl.String),
            "joined_at": self.moments(c["joined_at"]),
            "baby_no": c["baby_no"],
            "birthday": birthday.zip_with(pl.Series(c["has_birthday"]), nobody),
            "due_date": due.zip_with(pl.Series(c["has_due"]), nobody),
            "gender": c["gender"],
            "source": pick(SOURCES, c["source"]),
            "consent": c["consent"],
            "recorded_at": self.moments(c["recorded_at"]),
            "birthday_kind": pick(BIRTHDAY_KINDS, c["kind"]),
        }

    def _contacts(self, c: dict) -> dict:
        who, age = c["household"], c["age"]
        stage = np.select([age < days for days, _ in _STAGES], range(len(_STAGES)), len(_STAGES))
        months = pl.Series(np.maximum(age // 30, 0)).cast(pl.String)
        words = [word for _, word in _STAGES] + ["etSTAGE_36M"]
        return {
            "contact_no": c["contact_no"],
            "household": who,
            "external_userid": names.external_ids(who),
            "union_id": names.union_ids(who, c["has_union"]),
            "name": names.mothers(who),
            "remark": names.mothers(who) + months + "M",
            "staff_id": names.staff_ids(c["staff"]),
            "added_at": self.moments(c["added_at"]),
            "add_way": c["add_way"],
            "state": pick(("parcel_card", "live_room", "store_qr"), who % 3),
            "tag_ids": pick(words, stage) + pick((",etSRC_PARCEL", ",etSRC_LIVE", ""), who % 3),
        }

    def _interactions(self, c: dict) -> dict:
        return {
            "ds": self.days(c["day"]),
            "staff_id": names.staff_ids(c["staff"]),
            "external_userid": names.external_ids(c["household"]),
            "chats": c["chats"],
            "messages": c["messages"],
        }

    def _group_members(self, c: dict) -> dict:
        who = c["household"]
        return {
            "group_no": c["group"] + 1,
            "external_userid": names.external_ids(who),
            "union_id": names.union_ids(who, np.ones(len(who), dtype=bool)),
            "joined_at": self.moments(c["joined_at"]),
            "left_at": self.if_any(c["left_at"]),
            "join_scene": c["join_scene"],
        }

    def _live_sessions(self, c: dict) -> dict:
        shop = np.full(len(c["session_no"]), DOUYIN)
        kept = ("visitors", "views", "impressions", "paid_orders", "paid_cents", "clicks")
        return {
            "session_no": c["session_no"] + 1,
            "shop_no": shop + 1,
            "room_no": names.room_nos(c["session_no"]),
            "kol_id": names.kol_ids(shop, c["kol"]),
            "started_at": self.moments(c["starts"]),
            "ended_at": self.moments(c["ends"]),
            **{name: c[name] for name in (*kept, "new_followers", "spend_cents")},
        }

    def _notes_daily(self, c: dict) -> dict:
        shop = np.full(len(c["note"]), XHS)
        kept = ("impressions", "reads", "likes", "comments", "favourites", "shares")
        return {
            "shop_no": shop + 1,
            "note_id": "6650" + pl.Series(names.mixed(c["note"])).cast(pl.String).str.zfill(15),
            "title": pl.Series(c["title"], dtype=pl.String),
            "published_at": self.moments(c["published"]),
            "kol_id": names.kol_ids(shop, c["kol"]),
            "ds": self.days(c["day"]),
            **{name: c[name] for name in (*kept, "new_followers")},
        }

    def _purchase_orders(self, c: dict) -> dict:
        return {
            "po_no": c["po_no"],
            "line_no": c["line_no"],
            "sku_code": pick(self.goods.code, c["sku"]),
            "supplier_id": pick([row[0] for row in SUPPLIERS], self.goods.supplier[c["sku"]]),
            "warehouse": pick(WAREHOUSES, c["warehouse"]),
            "ordered_at": self.moments(c["ordered"]),
            "confirmed_at": self.moments(c["confirmed"]),
            "expected_at": self.moments(c["expected"]),
            "qty": c["qty"],
            "price_cents": self.goods.cost_cents[c["sku"]],
        }

    def _receipts(self, c: dict) -> dict:
        return {
            "receipt_no": c["receipt_no"],
            "po_no": c["po_no"],
            "line_no": c["line_no"],
            "qty": c["qty"],
            "received_at": self.moments(c["received"]),
            "expires_on": self.days(c["expires"]),
        }
