"""A few orders written by hand as the sandbox's truth: every case that a dialect must tell."""

from collections.abc import Iterable
from datetime import datetime

import polars as pl

from orchestration.sandbox.truth import TABLES


def table(name: str, rows: Iterable[dict]) -> pl.DataFrame:
    """A table of the truth from what matters of each row; the rest is null."""
    schema = TABLES[name]
    return pl.DataFrame([{c: row.get(c) for c in schema} for row in rows], schema=schema)


def at(text: str) -> datetime:
    """A moment in Beijing, "06-01 12:00" or with seconds, of 2026."""
    kind = "%Y-%m-%d %H:%M:%S" if text.count(":") == 2 else "%Y-%m-%d %H:%M"
    return datetime.strptime(f"2026-{text}", kind)  # noqa: DTZ007


def moments(**texts: str) -> dict[str, datetime]:
    """Columns *_at from their names without it."""
    return {f"{name}_at": at(text) for name, text in texts.items()}


class Shop:
    """Collects the orders of one shop."""

    def __init__(self, platform: str, shop_id: str) -> None:
        self.platform, self.shop_id = platform, shop_id
        self.rows: dict[str, list[dict]] = {name: [] for name in TABLES}
        self.rows["shops"].append(
            {
                "shop_no": 1,
                "platform": platform,
                "shop_id": shop_id,
                "shop_name": shop_id,
                "opened_on": at("01-01 00:00").date(),
            }
        )

    def listing(self, number: int, code: str, cents: int, **more) -> None:
        """Something on sale; its ids follow from its number."""
        self.rows["listings"].append(
            {
                "listing_no": number,
                "platform": self.platform,
                "shop_no": 1,
                "platform_item_id": f"6123456789{number:02d}",
                "platform_sku_id": f"45678901234{number:02d}",
                "merchant_code": code,
                "erp_code": code,
                "list_cents": cents,
                "valid_from": at("01-01 00:00").date(),
                "title": f"某商品,{code}",
                "is_gift": False,
            }
            | more
        )

    def order(self, number: int, lines: Iterable[dict], **more) -> None:
        """An order and its lines; a line needs listing_no, qty and paid_cents."""
        order_id = f"27685432109876{number:05d}"
        self.rows["orders"].append(
            {
                "order_no": number,
                "platform": self.platform,
                "shop_no": 1,
                "platform_order_id": order_id,
                "household": number,
                "buyer_id": f"PIIbuyer{number:04d}",
                "address_token": f"PIIaddress{number:04d}",
                "warehouse": "hangzhou",
                "order_kind": "sale",
                "is_full_presale": False,
                "deposit_cents": 0,
                "freight_cents": 0,
                "erp_only": False,
            }
            | more
        )
        prices = {row["listing_no"]: row["list_cents"] for row in self.rows["listings"]}
        for line_no, line in enumerate(lines, start=1):
            gross = prices[line["listing_no"]] * line["qty"]
            gift = line.get("is_gift", False)
            self.rows["order_lines"].append(
                {
                    "order_no": number,
                    "line_no": line_no,
                    "platform_line_id": None
                    if self.platform == "jd"
                    else f"2768543210{number:07d}{line_no:02d}",
                    "list_cents": prices[line["listing_no"]],
                    "gross_cents": gross,
                    "line_promo_cents": gross if gift else 0,
                    "seller_discount_cents": line.get("line_promo_cents", gross if gift else 0),
                    "platform_discount_cents": 0,
                    "channel_discount_cents": 0,
                    "is_gift": gift,
                }
                | line
            )

    def refund(self, number: int, order_no: int, line_no: int, **more) -> None:
        """A refund of one line."""
        self.rows["refunds"].append(
            {
                "refund_no": number,
                "order_no": order_no,
                "line_no": line_no,
                "refund_ref": f"149876543210{number:04d}",
                "phase": "onsale",
                "is_goods_back": False,
                "qty": 1,
                "success_cents": 0,
            }
            | more
        )

    def add(self, name: str, **row) -> None:
        """Any other row."""
        self.rows[name].append(row)

    def truth(self) -> dict[str, pl.DataFrame]:
        """All tables."""
        return {name: table(name, rows) for name, rows in self.rows.items()}


def taobao() -> Shop:
    """A Tmall shop: steps, gifts, a set, freight, subsidies and every kind of refund."""
    shop = Shop("taobao", "某某母婴旗舰店")
    shop.listing(1, "NF-A2-800", 29_900)
    shop.listing(2, "NF-A2-800x2", 59_800)
    shop.listing(3, "WIPE-80", 1_990)
    shop.listing(4, "GIFT-WIPE-80", 1_990, is_gift=True)
    shop.add("bundles", bundle_code="NF-A2-800x2", component_sku_code="NF-A2-800", qty=2)
    shop.order(
        1,
        [
            {
                "listing_no": 1,
                "qty": 2,
                "line_promo_cents": 3_000,
                "seller_discount_cents": 5_000,
                "platform_discount_cents": 2_000,
                "paid_cents": 52_800,
                "promo_id": "P618",
            }
        ],
        freight_cents=600,
        **moments(
            created="05-03 12:00", paid="05-03 12:01", shipped="05-04 10:00", finished="05-12 09:00"
        ),
    )
    shop.order(
        2,
        [
            {
                "listing_no": 2,
                "qty": 1,
                "line_promo_cents": 3_000,
                "seller_discount_cents": 6_000,
                "paid_cents": 53_800,
            },
            {"listing_no": 4, "qty": 1, "is_gift": True, "main_line_no": 1, "paid_cents": 0},
        ],
        order_kind="presale",
        deposit_cents=10_000,
        **moments(created="05-15 20:03:11", deposit="05-15 20:03:40", paid="06-20 20:01:45"),
    )
    shop.add(
        "order_components",
        order_no=2,
        line_no=1,
        component_no=1,
        sku_code="NF-A2-800",
        qty=2,
        warehouse="hangzhou",
        share_cents=59_800,
    )
    shop.order(
        3,
        [{"listing_no": 2, "qty": 1, "paid_cents": 59_800}],
        order_kind="presale",
        deposit_cents=10_000,
        **moments(created="06-01 20:00", deposit="06-01 20:01", closed="06-22 00:00"),
    )
    shop.order(
        4,
        [{"listing_no": 3, "qty": 3, "paid_cents": 5_970}],
        freight_cents=600,
        **moments(created="06-10 08:00", paid="06-10 08:01", closed="06-10 10:30"),
    )
    shop.refund(
        1,
        4,
        1,
        type="cancel_before_ship",
        status="success",
        requested_cents=5_970,
        success_cents=5_970,
        qty=3,
        **moments(created="06-10 09:00", approved="06-10 10:00", success="06-10 10:30"),
    )
    shop.order(
        5,
        [{"listing_no": 3, "qty": 1, "paid_cents": 1_990}],
        **moments(created="06-11 08:00", closed="06-12 08:00"),
    )
    shop.order(
        6,
        [
            {"listing_no": 1, "qty": 1, "paid_cents": 29_900},
            {"listing_no": 3, "qty": 2, "paid_cents": 3_980},
        ],
        **moments(
            created="06-12 23:59:59",
            paid="06-13 00:00:00",
            shipped="06-14 10:00",
            finished="06-20 09:00",
        ),
    )
    shop.refund(
        2,
        6,
        1,
        type="refund_only",
        status="success",
        requested_cents=10_000,
        success_cents=6_000,
        qty=1,
        phase="aftersale",
        **moments(created="06-22 09:00", approved="06-22 10:00", success="06-23 10:00"),
    )
    shop.refund(
        3,
        6,
        1,
        type="price_protect",
        status="success",
        requested_cents=500,
        success_cents=500,
        qty=0,
        **moments(created="06-15 09:00", approved="06-15 10:00", success="06-15 11:00"),
    )
    shop.refund(
        4,
        6,
        2,
        type="return_refund",
        status="refused",
        requested_cents=3_980,
        qty=2,
        phase="aftersale",
        **moments(created="06-24 09:00", closed="06-25 09:00"),
    )
    shop.refund(
        5,
        6,
        2,
        type="return_refund",
        status="success",
        requested_cents=1_990,
        success_cents=1_990,
        qty=1,
        phase="aftersale",
        is_goods_back=True,
        **moments(created="06-25 10:00", approved="06-26 10:00", success="07-03 10:00"),
    )
    shop.order(
        7,
        [
            {"listing_no": 1, "qty": 1, "paid_cents": 29_900},
            {"listing_no": 4, "qty": 2, "is_gift": True, "main_line_no": 1, "paid_cents": 0},
        ],
        is_full_presale=True,
        order_kind="presale",
        **moments(created="06-25 10:00", paid="06-25 10:00:30", ship_due="07-15 23:59:59"),
    )
    shop.order(
        8,
        [{"listing_no": 1, "qty": 1, "paid_cents": 0}],
        order_kind="reissue",
        erp_only=True,
        **moments(created="06-25 10:00", paid="06-25 10:00:30"),
    )
    shop.add(
        "item_daily",
        ds=at("06-29 00:00").date(),
        listing_no=1,
        visitors=12_480,
        views=31_022,
        add_to_cart_buyers=1_873,
        add_to_cart_qty=2_115,
        favourites=7,
        paid_buyers=1_402,
        paid_qty=1_655,
        paid_cents=88_909_050,
        refund_cents=0,
    )
    shop.add(
        "item_daily",
        ds=at("06-30 00:00").date(),
        listing_no=3,
        visitors=5,
        views=9,
        add_to_cart_buyers=1,
        add_to_cart_qty=1,
        favourites=0,
        paid_buyers=1,
        paid_qty=1,
        paid_cents=1_990,
        refund_cents=1_990,
    )
    shop.add(
        "reviews",
        review_no=1,
        order_no=1,
        line_no=1,
        rating=5,
        text_kind="default",
        created_at=at("05-20 10:00"),
    )
    shop.add(
        "reviews",
        review_no=2,
        order_no=6,
        line_no=2,
        rating=2,
        text_kind="own",
        created_at=at("06-21 10:00"),
    )
    return shop


def jd() -> Shop:
    """A POP shop: coupons of every bearer, a split order, both refund feeds, a reissue."""
    shop = Shop("jd", "10284531")
    shop.listing(1, "DP-NB-84", 13_900)
    shop.listing(2, "WIPE-80x5", 11_900)
    shop.listing(3, "GIFT-WIPE-80", 1_990, is_gift=True)
    nappies = {
        "listing_no": 1,
        "qty": 2,
        "line_promo_cents": 2_000,
        "paid_cents": 22_652,
        "seller_discount_cents": 2_000 + 1_369,
        "platform_discount_cents": 1_779,
    }
    wipes = {
        "listing_no": 2,
        "qty": 1,
        "line_promo_cents": 0,
        "paid_cents": 10_448,
        "seller_discount_cents": 631,
        "platform_discount_cents": 821,
    }
    gift = {"listing_no": 3, "qty": 1, "is_gift": True, "main_line_no": 1, "paid_cents": 0}
    shop.order(
        1,
        [nappies, wipes, gift],
        **moments(
            created="05-11 00:00:09",
            paid="05-11 00:00:31",
            shipped="05-12 10:00",
            finished="05-20 09:00",
        ),
    )
    plain = {"listing_no": 2, "qty": 1, "paid_cents": 11_900}
    cheaper = {
        "listing_no": 1,
        "qty": 2,
        "line_promo_cents": 2_000,
        "seller_discount_cents": 2_000,
        "paid_cents": 25_800,
    }
    for number, parent, lines in ((2, None, [cheaper, plain]), (3, 2, [cheaper]), (4, 2, [plain])):
        done = {} if parent is None else moments(shipped="06-02 10:00")
        shop.order(
            number,
            lines,
            parent_order_no=parent,
            **done,
            **moments(created="06-01 12:00", paid="06-01 12:01"),
        )
    shop.order(
        5,
        [nappies, wipes],
        freight_cents=600,
        **moments(created="06-10 12:00", paid="06-10 12:01", closed="06-11 12:00"),
    )
    for number, line_no, cents in ((1, 1, 22_652), (2, 2, 10_448)):
        shop.refund(
            number,
            5,
            line_no,
            type="cancel_before_ship",
            status="success",
            requested_cents=cents,
            success_cents=cents,
            qty=3 - line_no,
            **moments(created="06-10 18:00", approved="06-11 10:00", success="06-11 12:00"),
        )
    shop.order(
        6,
        [cheaper, plain],
        **moments(created="06-20 12:00", paid="06-20 12:01", shipped="06-22 12:00"),
    )
    shop.refund(
        3,
        6,
        2,
        type="cancel_before_ship",
        status="success",
        requested_cents=11_900,
        success_cents=11_900,
        qty=1,
        **moments(created="06-20 18:00", approved="06-20 20:00", success="06-20 21:00"),
    )
    shop.refund(
        4,
        1,
        1,
        type="return_refund",
        status="success",
        requested_cents=11_326,
        success_cents=11_326,
        qty=1,
        phase="aftersale",
        is_goods_back=True,
        **moments(created="06-01 18:00", approved="06-02 20:00", success="06-09 21:00"),
    )
    shop.refund(
        5,
        1,
        2,
        type="refund_only",
        status="success",
        requested_cents=5_000,
        success_cents=3_000,
        qty=1,
        phase="aftersale",
        **moments(created="06-21 18:00", approved="06-22 20:00", success="06-22 21:00"),
    )
    shop.refund(
        6,
        1,
        2,
        type="exchange",
        status="closed",
        requested_cents=0,
        qty=1,
        phase="aftersale",
        **moments(created="06-23 18:00", closed="06-24 21:00"),
    )
    shop.refund(
        7,
        6,
        1,
        type="price_protect",
        status="success",
        requested_cents=500,
        success_cents=500,
        qty=0,
        **moments(created="06-23 18:00", approved="06-23 19:00", success="07-02 21:00"),
    )
    shop.order(
        7,
        [{"listing_no": 1, "qty": 1, "line_promo_cents": 13_900, "paid_cents": 0}],
        order_kind="reissue",
        **moments(created="06-24 12:00", paid="06-24 12:00:10"),
    )
    shop.order(
        11,
        [plain],
        **moments(
            created="06-25 12:00", paid="06-25 12:01", shipped="06-26 12:00", finished="06-29 12:00"
        ),
    )
    shop.order(12, [plain], **moments(created="06-30 23:59:50"))
    shop.add(
        "item_daily",
        ds=at("06-30 00:00").date(),
        listing_no=1,
        visitors=2_610,
        views=5_003,
        add_to_cart_buyers=201,
        add_to_cart_qty=220,
        favourites=3,
        paid_buyers=88,
        paid_qty=104,
        paid_cents=2_212_600,
        refund_cents=60_400,
    )
    shop.add(
        "item_daily",
        ds=at("06-30 00:00").date(),
        listing_no=2,
        visitors=2_600,
        views=4_900,
        add_to_cart_buyers=201,
        add_to_cart_qty=220,
        favourites=3,
        paid_buyers=83,
        paid_qty=108,
        paid_cents=2_299_400,
        refund_cents=60_400,
    )
    shop.add(
        "reviews",
        review_no=1,
        order_no=1,
        line_no=1,
        rating=4,
        text_kind="own",
        created_at=at("05-25 10:00"),
    )
    return shop
