"""A handful of orders of every kind as the sandbox's truth, and what staging must make of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
from staged import sql

from orchestration.sandbox.buckets import buckets_of
from orchestration.sandbox.defects import Defects
from orchestration.sandbox.dialects import Extract
from orchestration.sandbox.landing_writer import write_landing
from orchestration.sandbox.truth import TABLES

FIRST, LAST = date(2025, 9, 1), date(2025, 11, 30)
BUCKETS = buckets_of(FIRST, LAST, daily_days=20)
SHOP_IDS = {"douyin": "77977001", "xiaohongshu": "63f0a1b2c3"}
_CAN, _CUP, _PACK, _PAIR, _SET = 1, 2, 3, 4, 6


def frame(table: str, rows: list[dict]) -> pl.DataFrame:
    """Rows as a table of the truth, null where a row says nothing."""
    return pl.DataFrame(rows, schema=TABLES[table], orient="row")


def _at(day: str, time: str = "10:00:00") -> datetime:
    return datetime.fromisoformat(f"2025-{day} {time}")


def _listing(no: int, platform: str, code: str, cents: int, **more) -> dict:
    item = {"douyin": "36000000000000000{:02d}", "xiaohongshu": "66aa{:02d}"}[platform]
    sku = {"douyin": "17000000000000{:02d}", "xiaohongshu": "66ab{:02d}"}[platform]
    return {
        "listing_no": no,
        "platform": platform,
        "shop_no": 1,
        "platform_item_id": item.format(no),
        "platform_sku_id": sku.format(no),
        "merchant_code": code,
        "erp_code": code,
        "list_cents": cents,
        "units_per_pack": 1,
        "valid_from": date(2025, 1, 1),
        "title": f"好货 {no}",
        "mapped_by": "merchant_code",
        "is_gift": False,
    } | more


def _line(listing: int, qty: int, cents: int, *, seller=0, platform=0, channel=0, **more) -> dict:
    gross = cents * qty
    return {
        "listing_no": listing,
        "qty": qty,
        "list_cents": cents,
        "gross_cents": gross,
        "line_promo_cents": 0,
        "seller_discount_cents": seller,
        "platform_discount_cents": platform,
        "channel_discount_cents": channel,
        "paid_cents": gross - seller - platform - channel,
        "is_gift": False,
    } | more


GIFT = _line(_CUP, 1, 3900, seller=3900, is_gift=True, main_line_no=1)


def _order(created: datetime, *lines: dict, paid: int | None = 45, **more) -> dict:
    """`paid` and the days of what follows count from the order and from the payment."""
    paid_at = None if paid is None else created + timedelta(seconds=paid)
    known = {"created_at": created, "paid_at": paid_at, "order_kind": "sale", "lines": lines}
    for name, days in {"shipped_at": 1, "finished_at": 5}.items():
        known[name] = None if paid_at is None else paid_at + timedelta(days=days)
    known["ship_due_at"] = None if paid_at is None else paid_at + timedelta(days=2)
    return known | {"deposit_cents": 0, "is_full_presale": False, "freight_cents": 0} | more


def _refund(line_no: int, kind: str, requested: int, success: int, **more) -> dict:
    return {
        "line_no": line_no,
        "type": kind,
        "phase": "aftersale",
        "status": "success",
        "requested_cents": requested,
        "success_cents": success,
        "platform_returned_cents": 0,
        "qty": 1,
        "is_goods_back": kind in ("return_refund", "exchange"),
        "created_at": _at("10-12"),
        "approved_at": _at("10-13"),
        "success_at": _at("10-15", "08:00:00"),
    } | more


def _orders(platform: str) -> list[dict]:
    is_douyin = platform == "douyin"  # Xiaohongshu tells what the channel gave for the order only
    last_second = _order(_at("09-30", "23:59:14"), _line(_CAN, 1, 34800))
    first_second = _order(_at("09-30", "23:59:15"), _line(_CAN, 1, 34800))
    basket = _order(
        _at("10-02", "20:10:00"),
        _line(_CAN, 2, 34800, seller=3001, platform=2000, channel=333 * is_douyin),
        _line(_PACK, 3, 1999, seller=7, platform=5, channel=2 * is_douyin),
        GIFT,
        channel="live",
        kol_id="99887766" if is_douyin else "k99887766",
        room_no="7560000000000000001",
        freight_cents=800,
        seller_flag=5,
    )
    deposit = {
        "deposit_cents": 5000,
        "order_kind": "presale",
        "deposit_at": _at("10-15", "20:03:20"),
    }
    two_steps = _order(
        _at("10-15", "20:03:11"),
        _line(_CAN, 1, 34800, seller=5000, channel=1000),
        GIFT,
        paid=5 * 86400,
        **deposit,
    )
    waits = _order(_at("11-29", "20:03:11"), _line(_CAN, 1, 34800), paid=None, **deposit)
    waits["deposit_at"] = _at("11-29", "20:03:20")
    forfeited = _order(
        _at("10-15", "20:03:11"),
        _line(_CAN, 1, 34800),
        paid=None,
        closed_at=_at("10-24"),
        **deposit,
    )
    unpaid = _order(
        _at("10-05"), _line(_PACK, 1, 1999), paid=None, closed_at=_at("10-05", "10:30:00")
    )
    later = _order(
        _at("10-06"),
        _line(_CAN, 1, 34800),
        order_kind="presale",
        is_full_presale=True,
        ship_due_at=_at("11-05"),
        shipped_at=_at("11-01"),
        finished_at=_at("11-06"),
    )
    sample = _order(_at("10-07"), _line(_CAN, 1, 34800, seller=34800), order_kind="sample")
    brush = _order(_at("10-07"), _line(_CAN, 1, 34800), order_kind="brush")
    sets = _order(
        _at("10-08"), _line(_PAIR, 2, 66000, seller=1001), _line(_SET, 1, 36000, seller=77)
    )
    cancelled = _order(
        _at("10-11"),
        _line(_CAN, 1, 34800),
        shipped_at=None,
        finished_at=None,
        closed_at=_at("10-15", "08:00:00"),
        refunds=[_refund(1, "cancel_before_ship", 34800, 34800, phase="onsale")],
    )
    one_back = _order(
        _at("10-03"),
        _line(_CAN, 1, 34800),
        _line(_PACK, 2, 1999),
        refunds=[_refund(2, "return_refund", 3998, 3998, qty=2, platform_returned_cents=100)],
    )
    part_back = _order(
        _at("10-03"),
        _line(_CAN, 1, 34800),
        refunds=[
            _refund(
                1,
                "refund_only",
                10000,
                0,
                status="refused",
                success_at=None,
                closed_at=_at("10-14"),
                approved_at=None,
            ),
            _refund(
                1,
                "refund_only",
                10000,
                6000,
                created_at=_at("11-20"),
                approved_at=_at("11-21"),
                success_at=_at("11-22", "23:59:59"),
            ),
        ],
    )
    protected = _order(
        _at("10-04"), _line(_CAN, 1, 34800), refunds=[_refund(1, "price_protect", 500, 500, qty=0)]
    )
    swapped = _order(_at("10-04"), _line(_CAN, 1, 34800), refunds=[_refund(1, "exchange", 0, 0)])
    asked = _order(
        _at("11-20"),
        _line(_CAN, 1, 34800),
        refunds=[
            _refund(
                1,
                "return_refund",
                34800,
                34800,
                created_at=_at("11-28"),
                approved_at=_at("11-29"),
                success_at=_at("12-05"),
            )
        ],
    )
    unshipped = _order(_at("11-30", "21:00:00"), _line(_PACK, 1, 1999))
    return [
        last_second,
        first_second,
        basket,
        two_steps,
        waits,
        forfeited,
        unpaid,
        later,
        sample,
        brush,
        sets,
        cancelled,
        one_back,
        part_back,
        protected,
        swapped,
        asked,
        unshipped,
    ]


def truth(platform: str) -> dict[str, pl.DataFrame]:
    """The tables of the truth that the platform's dialect reads."""
    orders, lines, parts, refunds = [], [], [], []
    for number, order in enumerate(_orders(platform), start=1):
        order_id = f"69370000000000{number:03d}17"
        order_id = f"P{order_id}" if platform == "xiaohongshu" else order_id
        own_lines, own_refunds = order.pop("lines"), order.pop("refunds", [])
        orders.append(
            {
                "order_no": number,
                "platform": platform,
                "shop_no": 1,
                "platform_order_id": order_id,
                "household": number,
                "buyer_id": f"1@#raw-open-id-{number}",
                "address_token": f"PII-A{number}",
                "warehouse": "WH-EAST",
                "channel": "card",
                "erp_only": False,
            }
            | order
        )
        for line_no, line in enumerate(own_lines, start=1):
            line_id = f"{order_id[:-2]}{line_no}1" if platform == "douyin" else None
            lines.append(
                {"order_no": number, "line_no": line_no, "platform_line_id": line_id} | line
            )
            parts += _parts(number, line_no, line)
        for refund in own_refunds:
            ref = f"71000000000000{len(refunds) + 1:03d}7"
            ref = f"R{ref}" if platform == "xiaohongshu" else ref
            refunds.append(
                {"refund_no": len(refunds) + 1, "order_no": number, "refund_ref": ref} | refund
            )
    listings = [
        _listing(_CAN, platform, "NF-A3-800", 34800),
        _listing(_CUP, platform, "GIFT-CUP", 3900, is_gift=True),
        _listing(_PACK, platform, "WP-80", 1999, barcode="6900000000017"),
        _listing(_PAIR, platform, "NF-A3-800x2", 66000),
        _listing(_SET, platform, "NF-A3-800-SET", 36000),
    ]
    shop = {"shop_no": 1, "platform": platform, "shop_id": SHOP_IDS[platform], "shop_name": "店"}
    return {
        "shops": frame("shops", [shop | {"opened_on": date(2025, 1, 1)}]),
        "listings": frame("listings", listings),
        "bundles": frame("bundles", _BUNDLES),
        "orders": frame("orders", orders),
        "order_lines": frame("order_lines", lines),
        "order_components": frame("order_components", parts),
        "refunds": frame("refunds", refunds),
        **_traffic(platform),
    }


_BUNDLES = [
    {"bundle_code": code, "component_sku_code": sku, "qty": qty, "share_cents": share}
    for code, sku, qty, share in (
        ("NF-A3-800x2", "NF-A3-800", 2, 66000),
        ("NF-A3-800-SET", "NF-A3-800", 1, 33000),
        ("NF-A3-800-SET", "WP-80", 1, 3000),
    )
]


def _parts(number: int, line_no: int, line: Mapping) -> list[dict]:
    bundle = {_PAIR: _BUNDLES[:1], _SET: _BUNDLES[1:]}.get(line["listing_no"], [])
    return [
        {
            "order_no": number,
            "line_no": line_no,
            "component_no": n,
            "sku_code": part["component_sku_code"],
            "qty": part["qty"] * line["qty"],
            "share_cents": part["share_cents"],
        }
        for n, part in enumerate(bundle, start=1)
    ]


def _traffic(platform: str) -> dict[str, pl.DataFrame]:
    days = [LAST - timedelta(days=n) for n in range(5)]
    seen = {"visitors": 171, "views": 480, "add_to_cart_buyers": 20, "add_to_cart_qty": 25}
    sold = {"favourites": 9, "paid_buyers": 4, "paid_qty": 5, "paid_cents": 174012}
    item_days = [
        {"ds": day, "listing_no": no, "refund_cents": 0} | seen | sold
        for day in days
        for no in (_CAN, _PACK)
    ]
    session = {
        "session_no": 1,
        "shop_no": 1,
        "room_no": "7560000000000000001",
        "kol_id": "99887766",
        "started_at": _at("10-02", "20:00:00"),
        "ended_at": _at("10-03", "01:12:33"),
        "visitors": 380,
        "views": 500,
        "impressions": 8000,
        "paid_orders": 9,
        "paid_cents": 200000,
        "clicks": 70,
        "new_followers": 5,
        "spend_cents": 9900,
    }
    later = session | {"started_at": _at("11-28", "20:00:00"), "ended_at": _at("11-28", "23:00:00")}
    sessions = [session, later | {"session_no": 2, "room_no": "7560000000000000002"}]
    counts = {"comments": 1, "favourites": 2, "shares": 3, "new_followers": 4}
    note = {
        "shop_no": 1,
        "note_id": "n1",
        "title": "囤货清单 1",
        "published_at": _at("11-27", "03:04:05"),
        "kol_id": "k1",
    }
    notes = [
        note | counts | {"ds": day, "impressions": 1000 + 100 * n, "reads": 50 * n, "likes": 10 - n}
        for n, day in enumerate(sorted(days)[1:], start=1)
    ]
    reviews = [
        {"review_no": n, "order_no": 1, "line_no": 1, "rating": rating, "text_kind": kind}
        | {"created_at": _at("11-30")}
        for n, (rating, kind) in enumerate([(5, "default"), (3, "own")], start=1)
    ]
    made = {"item_daily": item_days, "reviews": reviews}
    made |= {"live_sessions": sessions} if platform == "douyin" else {"notes_daily": notes}
    return {name: frame(name, rows) for name, rows in made.items()}


def true_lines(tables: Mapping[str, pl.DataFrame]) -> list[tuple]:
    """What staging must say of every line: ids, units, money, lifecycle, moments, kind."""
    return _query(
        tables,
        """
        select o.platform_order_id, l.line_no, i.platform_sku_id, i.merchant_code, l.qty,
            l.gross_cents, l.seller_discount_cents, l.platform_discount_cents,
            l.channel_discount_cents, l.paid_cents, o.freight_cents,
            case
                when o.closed_at is not null then 'closed'
                when o.finished_at <= $end then 'completed'
                when o.shipped_at <= $end then 'shipped'
                when o.paid_at <= $end then 'paid'
                when o.deposit_at <= $end then 'deposit_paid'
                else 'created'
            end as lifecycle,
            epoch(o.created_at) - 28800, epoch(o.paid_at) - 28800,
            if(o.shipped_at <= $end, epoch(o.shipped_at) - 28800, null),
            if(o.order_kind = 'brush', 'sale', o.order_kind),
            l.is_gift,
            if(l.is_gift or o.deposit_at is null, null, o.deposit_cents) as deposit_cents,
            o.closed_at is not null and o.paid_at is null and o.deposit_at is not null
        from orders o
        join order_lines l using (order_no)
        join listings i using (listing_no)
        order by all
        """,
    )


def staged_lines(lake: Path, platform: str) -> list[tuple]:
    """The same from staging, at the end of LAST."""
    return _staged(
        f"""
        select platform_order_id, line_no, platform_sku_id, merchant_code, cast(qty as bigint),
            {_cents("gross")}, {_cents("seller_discount")}, {_cents("platform_discount")},
            {_cents("channel_discount")}, {_cents("paid")}, {_cents("freight")}, lifecycle,
            epoch(created_at), epoch(paid_at), epoch(shipped_at), order_kind, is_gift,
            {_cents("deposit")}, is_forfeited
        from ({sql(lake, f"stg_{platform}__order_lines", str(LAST))})
        order by all
        """,
    )


def _cents(name: str) -> str:
    return f"cast({name}_amount * 100 as bigint)"


def true_refunds(tables: Mapping[str, pl.DataFrame], platform: str) -> list[tuple]:
    """What staging must say of every refund: type, state, money, moments."""
    return _query(
        tables,
        f"""
        select '{platform}:{SHOP_IDS[platform]}:' || o.platform_order_id, i.platform_sku_id, r.type,
            if(r.success_at > $end, 'approved', r.status), r.requested_cents,
            if(r.success_at <= $end, r.success_cents, null),
            if(r.success_at <= $end, epoch(r.success_at) - 28800, null), r.qty, r.is_goods_back
        from refunds r
        join orders o using (order_no)
        join order_lines l using (order_no, line_no)
        join listings i using (listing_no)
        order by all
        """,
    )


def staged_refunds(lake: Path, platform: str) -> list[tuple]:
    """The same from staging; the SKU of the line stands for the line."""
    return _staged(
        f"""
        select r.order_id, l.platform_sku_id, r.type, r.status,
            cast(r.requested_amount * 100 as bigint), cast(r.success_amount * 100 as bigint),
            epoch(r.success_at), cast(r.qty as bigint), r.is_goods_back
        from ({sql(lake, f"stg_{platform}__refunds", str(LAST))}) r
        left join ({sql(lake, f"stg_{platform}__order_lines", str(LAST))}) l using (order_line_id)
        order by all
        """,
    )


def _staged(query: str) -> list[tuple]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'Asia/Shanghai'")
        return connection.execute(query).fetchall()


def _query(tables: Mapping[str, pl.DataFrame], query: str) -> list[tuple]:
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table.to_arrow())
        end = datetime.combine(LAST, datetime.max.time())
        wanted = {"end": end} if "$end" in query else {}
        return connection.execute(query, wanted).fetchall()


def land(folder: Path, tables: Mapping[str, pl.DataFrame], extracts: Sequence[Extract]) -> None:
    """The extracts of the truth as files below `folder`, without any defect."""
    write_landing(
        folder,
        tables,
        extracts=extracts,
        buckets=BUCKETS,
        seed=1,
        defects=Defects.none(),
        damage_file=folder.parent / "defects.parquet",
    )
