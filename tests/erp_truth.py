"""A sandbox truth small enough to be written by hand: eleven orders in four shops."""

from datetime import date, datetime, timedelta

import polars as pl

from orchestration.sandbox.truth import TABLES

FIRST = date(2026, 6, 1)
START = datetime(2026, 6, 1)  # noqa: DTZ001  Beijing time without a zone, as the truth has it


def at(day: int, hour: int = 10) -> datetime:
    """A moment on a day counted from FIRST."""
    return START + timedelta(days=day, hours=hour)


def _frame(table: str, *rows: dict) -> pl.DataFrame:
    known = TABLES[table]
    strange = {name for row in rows for name in row} - set(known)
    assert not strange, f"{table} has no {strange}"
    return pl.DataFrame([{name: row.get(name) for name in known} for row in rows], schema=known)


def _order(order_no: int, shop_no: int, created: int, **more) -> dict:
    platform = {1: "jd", 2: "taobao", 3: "douyin", 4: "generic"}[shop_no]
    known = {
        "platform": platform,
        "platform_order_id": f"{platform}-{order_no}",
        "household": order_no,
        "buyer_id": f"open-{order_no}",
        "address_token": f"PII-A{order_no}",
        "warehouse": "10001",
        "created_at": at(created),
        "paid_at": at(created, 11),
        "shipped_at": at(created + 1),
        "order_kind": "sale",
        "deposit_cents": 0,
        "freight_cents": 0,
        "seller_flag": 1,
        "erp_only": False,
    }
    return {"order_no": order_no, "shop_no": shop_no} | known | more


def _line(order_no: int, line_no: int, listing_no: int, **more) -> dict:
    known = {"qty": 1, "gross_cents": 10000, "paid_cents": 9000, "is_gift": False}
    known |= {"platform_discount_cents": 500, "platform_line_id": f"{order_no}0{line_no}"}
    return {"order_no": order_no, "line_no": line_no, "listing_no": listing_no} | known | more


def _part(order_no: int, line_no: int, sku_code: str, day: int | None, **more) -> dict:
    shipped = None if day is None else at(day)
    known = {"component_no": 1, "qty": 1, "warehouse": "10001", "share_cents": 9000}
    known |= {"sku_code": sku_code, "shipped_at": shipped}
    return {"order_no": order_no, "line_no": line_no} | known | more


def _listing(listing_no: int, shop_no: int, erp_code: str, **more) -> dict:
    known = {"merchant_code": erp_code, "erp_code": erp_code, "mapped_by": "merchant_code"}
    known |= {"platform_sku_id": f"sku-{listing_no}", "title": erp_code, "units_per_pack": 1}
    known |= {"valid_from": date(2020, 1, 1), "list_cents": 10000}
    return {"listing_no": listing_no, "shop_no": shop_no} | known | more


def orders() -> dict[str, pl.DataFrame]:
    """One jd order as it is, one split, one cancelled, one with a gift of the ERP's; two of one
    douyin buyer merged, one with a swapped item; one reissue and one plain order of taobao; one
    of a shop without a puller, refunded in part."""
    return {
        "shops": _frame(
            "shops",
            *(
                {
                    "shop_no": no,
                    "platform": platform,
                    "shop_id": f"s{no}",
                    "shop_name": f"店{no}",
                    "erp_shop_id": None if platform == "generic" else f"{10 + no}",
                    "default_warehouse": "10001",
                    "opened_on": date(2020, 1, 1),
                    "has_order_feed": True,
                }
                for no, platform in enumerate(("jd", "taobao", "douyin", "generic"), start=1)
            ),
        ),
        "skus": _frame(
            "skus",
            *(
                {
                    "sku_code": code,
                    "sku_name": f"禾苗 奶粉{n}段 800g",
                    "barcode": f"690000000000{n}",
                    "brand_id": "hemiao",
                    "category": "奶粉",
                    "stage": f"{n}段",
                    "list_cents": 10000,
                    "cost_cents": 5000,
                    "supplier_id": "1201",
                    "shelf_life_days": 540,
                    "launched_on": date(2025, 1, 1),
                    "discontinued_on": date(2026, 6, 4) if code == "C" else None,
                    "is_sampler": code == "GIFT",
                }
                for n, code in enumerate(("A", "B", "C", "GIFT"), start=1)
            ),
        ),
        "bundles": _frame(
            "bundles",
            *(
                {
                    "bundle_code": "SET",
                    "component_sku_code": code,
                    "qty": qty,
                    "share_cents": 5000,
                    "valid_from": since,
                    "valid_to": until,
                }
                for code, qty, since, until in (
                    ("A", 1, date(2020, 1, 1), date(2026, 6, 3)),
                    ("B", 1, date(2020, 1, 1), date(2026, 6, 3)),
                    ("A", 1, date(2026, 6, 3), None),
                    ("C", 2, date(2026, 6, 3), None),
                )
            ),
        ),
        "listings": _frame(
            "listings",
            _listing(1, 1, "A"),
            _listing(2, 1, "B"),
            _listing(3, 3, "A", merchant_code="A-旧", mapped_by="skumap"),
            _listing(4, 3, "SET"),
            _listing(5, 2, "A", merchant_code=None, mapped_by="barcode"),
            _listing(8, 4, "A", units_per_pack=2),
            _listing(6, 3, "B", platform_sku_id="sku-6", valid_to=date(2026, 6, 3)),
            _listing(7, 3, "C", platform_sku_id="sku-6", valid_from=date(2026, 6, 3)),
        ),
        "orders": _frame(
            "orders",
            _order(1, 1, 0, freight_cents=600),
            _order(2, 3, 0, buyer_id="open-x", address_token="PII-Ax"),
            _order(3, 3, 0, buyer_id="open-x", address_token="PII-Ax"),
            _order(4, 1, 0),
            _order(5, 3, 0),
            _order(7, 1, 0),
            _order(8, 2, 1, order_kind="reissue", erp_only=True, paid_at=at(1)),
            _order(9, 2, 0),
            _order(10, 1, 0, shipped_at=None, closed_at=at(2)),
            _order(12, 4, 0),
            _order(
                11,
                3,
                0,
                paid_at=at(3),
                shipped_at=at(4),
                deposit_at=at(0, 12),
                deposit_cents=1000,
                order_kind="presale",
            ),
        ),  # fmt: skip
        "order_lines": _frame(
            "order_lines",
            _line(1, 1, 1, qty=2, gross_cents=20000, paid_cents=18000, platform_line_id=None),
            _line(2, 1, 4),
            _line(3, 1, 6),
            _line(4, 1, 1, platform_line_id=None),
            _line(4, 2, 2, platform_line_id=None),
            _line(5, 1, 3),
            _line(7, 1, 1, platform_line_id=None),
            _line(8, 1, 5, paid_cents=0, gross_cents=10000),
            _line(9, 1, 5),
            _line(10, 1, 1, platform_line_id=None),
            _line(11, 1, 3),
            _line(12, 1, 8),
        ),
        "order_components": _frame(
            "order_components",
            _part(1, 1, "A", 1, qty=2),
            _part(2, 1, "A", 1),
            _part(2, 1, "B", 1, component_no=2),
            _part(3, 1, "B", 1),
            _part(4, 1, "A", 1),
            _part(4, 2, "B", 1, warehouse="10002"),
            _part(5, 1, "A", 1),
            _part(7, 1, "A", 1),
            _part(8, 1, "A", 2),
            _part(9, 1, "A", 1),
            _part(10, 1, "A", None),
            _part(11, 1, "A", 4),
            _part(12, 1, "A", 1, qty=2),
        ),
        "refunds": _frame(
            "refunds",
            {
                "refund_no": 1,
                "order_no": 12,
                "line_no": 1,
                "status": "success",
                "success_cents": 3000,
                "created_at": at(2),
                "success_at": at(3),
            },
        ),
        "reviews": _frame("reviews"),
    }


def supply() -> dict[str, pl.DataFrame]:
    """Five nights of stock in two warehouses and one purchase order that arrives in two parts."""
    po = {"po_no": 88, "sku_code": "A", "supplier_id": "1201", "warehouse": "10001"}
    po |= {
        "ordered_at": at(0),
        "confirmed_at": at(0, 15),
        "expected_at": at(3),
        "price_cents": 5000,
    }
    return {
        "stock": _frame(
            "stock",
            *(
                {
                    "ds": FIRST + timedelta(days=day),
                    "sku_code": "A",
                    "warehouse": warehouse,
                    "on_hand": on_hand - day,
                    "reserved": 1,
                    "in_transit": 5,
                    "defective": 0,
                }
                for day in range(5)
                for warehouse, on_hand in (("10001", 60), ("10002", 40))
            ),
        ),
        "purchase_orders": _frame(
            "purchase_orders", po | {"line_no": 1, "qty": 24}, po | {"line_no": 2, "qty": 6}
        ),
        "receipts": _frame(
            "receipts",
            *(
                {
                    "receipt_no": no,
                    "po_no": 88,
                    "line_no": line_no,
                    "qty": qty,
                    "received_at": at(day),
                    "expires_on": date(2027, 12, 1),
                }
                for no, line_no, qty, day in ((1, 1, 20, 2), (2, 1, 4, 3), (2, 2, 6, 3))
            ),
        ),
        "supplier_skus": _frame(
            "supplier_skus",
            {
                "supplier_id": "1201",
                "sku_code": "A",
                "lead_time_days": 21,
                "pack_size": 6,
                "moq": 12,
                "cost_cents": 5000,
            },
        ),
        "suppliers": _frame(
            "suppliers",
            {
                "supplier_id": "1201",
                "name": "禾苗乳业",
                "lead_time_days": 21,
                "lead_time_sd_days": 4,
                "review_period_days": 7,
            },
        ),
        "promotions": _frame(
            "promotions",
            {
                "promo_id": "618-2026",
                "promo_name": "618",
                "sku_code": "A",
                "starts_on": date(2026, 6, 3),
                "ends_on": date(2026, 6, 20),
                "discount_rate": 0.2,
            },
        ),
    }


def people() -> dict[str, pl.DataFrame]:
    """Three members with four babies, two contacts one of whom is handed over, a group, a talk."""
    return {
        "members": _frame(
            "members",
            *(
                {
                    "member_no": no,
                    "household": no,
                    "union_id": f"oz{no}",
                    "tb_buyer_id": f"AAH{no}",
                    "phone": f"199000000{no:02d}",
                    "name": f"PII-{no}妈妈",
                    "level": "V2",
                    "joined_at": at(0, 9),
                    "baby_no": baby,
                    "birthday": birthday,
                    "due_date": due,
                    "gender": 1,
                    "source": "form",
                    "consent": 1,
                    "recorded_at": at(day, 9),
                    "birthday_kind": kind,
                }
                for no, baby, birthday, due, day, kind in (
                    (1, 1, date(2024, 3, 18), date(2024, 3, 25), 0, "right"),
                    (1, 2, None, date(2026, 12, 20), 2, "hidden"),
                    (2, 1, date(1900, 1, 1), None, 0, "wrong"),
                    (3, 1, date(2026, 9, 1), None, 1, "due_date_typed"),
                )
            ),
        ),
        "contacts": _frame(
            "contacts",
            *(
                {
                    "contact_no": no,
                    "household": household,
                    "external_userid": f"wm{household}",
                    "union_id": f"oz{household}",
                    "name": f"PII-{household}妈妈",
                    "remark": "PII-备注",
                    "staff_id": staff,
                    "added_at": at(day),
                    "add_way": way,
                    "state": "parcel_card",
                    "tag_ids": tags,
                }
                for no, household, staff, day, way, tags in (
                    (1, 1, "guide_01", 0, 1, "etSTAGE_6_12M,etSRC_PARCEL"),
                    (2, 2, "guide_01", 0, 3, None),
                    (3, 1, "guide_02", 3, 201, "etSTAGE_6_12M"),
                )
            ),
        ),
        "interactions": _frame(
            "interactions",
            {
                "ds": date(2026, 6, 2),
                "staff_id": "guide_01",
                "external_userid": "wm1",
                "chats": 2,
                "messages": 9,
            },
        ),  # fmt: skip
        "groups": _frame(
            "groups",
            {
                "group_no": 1,
                "chat_id": "wr1",
                "name": "PII-群",
                "owner": "guide_01",
                "created_at": at(0),
            },
        ),  # fmt: skip
        "group_members": _frame(
            "group_members",
            {
                "group_no": 1,
                "external_userid": "wm1",
                "union_id": "oz1",
                "joined_at": at(0, 12),
                "join_scene": 3,
            },
            {
                "group_no": 1,
                "external_userid": "wm2",
                "joined_at": at(0, 12),
                "left_at": at(2),
                "join_scene": 2,
            },
        ),  # fmt: skip
    }
