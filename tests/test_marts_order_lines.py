"""The canonical order line: of what is told, one row a component."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from canonical_lake import empty_lake, land, stub_project
from warehouse_run import build

AS_OF = date(2026, 6, 28)
NOON = datetime.fromisoformat("2026-06-10 12:00:00+08:00")
SELECT = [
    "+fct_order_lines",
    "+fct_refunds",
    "+fct_deposits",
    "+mart_unmapped_skus",
    "+mart_data_issues",
]


def line(order, number, **fields):
    """A line of a Taobao order that was paid a minute after it was made."""
    platform, shop = fields.get("platform", "taobao"), fields.get("shop_id", "s1")
    order_id = f"{platform}:{shop}:{order}"
    return {
        "order_id": order_id,
        "order_line_id": f"{order_id}:{number}",
        "platform": platform,
        "shop_id": shop,
        "platform_order_id": order,
        "line_no": number,
        "platform_item_id": f"i{number}",
        "platform_sku_id": f"p{number}",
        "merchant_code": "MILK",
        "qty": 1,
        "gross_amount": 100,
        "paid_amount": 90,
        "created_at": NOON,
        "paid_at": NOON + timedelta(minutes=1),
        "lifecycle": "paid",
        "is_forfeited": False,
        "is_gift": False,
        "order_kind": "sale",
        "buyer_key": "c_ann",
        "warehouse_code": "east",
    } | fields


def refund(order, name, **fields):
    """A refund of a Taobao order that succeeded a day after the payment."""
    platform, shop = fields.get("platform", "taobao"), fields.get("shop_id", "s1")
    feed = fields.get("feed", "r")
    return {
        "refund_id": f"{platform}:{shop}:{feed}:{order}-{name}",
        "order_id": f"{platform}:{shop}:{order}",
        "platform": platform,
        "shop_id": shop,
        "type": "refund_only",
        "phase": "aftersale",
        "status": "success",
        "created_at": NOON + timedelta(days=1),
        "success_at": NOON + timedelta(days=1),
        "is_goods_back": False,
        "feed": feed,
    } | fields


def sku(code, **fields):
    return {
        "shop_id": "erp",
        "sku_code": code,
        "is_bundle": False,
        "list_price_amount": 100,
    } | fields


def outbound(number, order, code, warehouse, shop="1"):
    return {
        "outbound_id": f"jushuitan:erp:{number}",
        "outbound_line_id": f"jushuitan:erp:{number}:1",
        "shop_id": "erp",
        "erp_shop_id": shop,
        "so_id": order,
        "sku_code": code,
        "qty": 1,
        "warehouse_code": warehouse,
        "shipped_at": NOON,
    }


def erp_line(number, order, **fields):
    return (
        line(order, number, platform="jushuitan", shop_id="erp")
        | {
            "order_id": f"jushuitan:erp:1:{order}",
            "order_line_id": f"jushuitan:erp:{number}:1",
            "erp_order_id": f"jushuitan:erp:{number}",
            "erp_shop_id": "1",
            "so_id": order,
            "warehouse_code": None,
            "status_raw": "Sent",
            "is_erp_gift": False,
        }
        | fields
    )


@pytest.fixture(scope="module")
def marts(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("order_lines")
    lake = empty_lake(tmp / "lake")

    def put(platform, dataset, rows):
        land(lake, platform, dataset, rows, landed_on=AS_OF, load_no=1)

    put(
        "jushuitan",
        "skus",
        [
            sku("MILK", barcode="6901"),
            sku("WIPE", barcode="6902", list_price_amount=20),
            sku("CUP", barcode="6903"),
            sku("MUG", barcode="6903"),
            sku("BOX", is_bundle=True),
            sku("CRATE", is_bundle=True),
            sku("PALLET", is_bundle=True),
            sku("LOOP", is_bundle=True),
            sku("KNOT", is_bundle=True),
        ],
    )
    put(
        "jushuitan",
        "bundle",
        [
            {"shop_id": "erp", "bundle_code": bundle, "component_sku_code": code, "qty": qty}
            | {"share_amount": share, "valid_from": since, "valid_to": until}
            for bundle, code, qty, share, since, until in [
                ("BOX", "MILK", 2, 200, "2000-01-01 00:00:00+08", "2026-06-01 00:00:00+08"),
                ("BOX", "MILK", 1, 100, "2026-06-01 00:00:00+08", None),
                ("BOX", "WIPE", 3, 50, "2026-06-01 00:00:00+08", None),
                ("CRATE", "BOX", 2, 200, "2000-01-01 00:00:00+08", None),
                ("CRATE", "MILK", 1, 70, "2000-01-01 00:00:00+08", None),
                ("PALLET", "CRATE", 2, 5, "2000-01-01 00:00:00+08", None),
                ("LOOP", "KNOT", 1, 9, "2000-01-01 00:00:00+08", None),
                ("LOOP", "CUP", 1, 1, "2000-01-01 00:00:00+08", None),
                ("KNOT", "LOOP", 1, 10, "2000-01-01 00:00:00+08", None),
            ]
        ],
    )
    put(
        "jushuitan",
        "skumap",
        [
            {"shop_id": "erp", "erp_shop_id": "1", "platform_sku_id": listing, "sku_code": code}
            | {"is_enabled": True, "valid_from": since, "valid_to": until}
            for listing, code, since, until in [
                ("moved", "MILK", "2000-01-01 00:00:00+08", "2026-06-05 00:00:00+08"),
                ("moved", "WIPE", "2026-06-05 00:00:00+08", None),
                ("twofold", "MILK", "2000-01-01 00:00:00+08", None),
                ("twofold", "WIPE", "2026-06-01 00:00:00+08", None),
            ]
        ],
    )
    put(
        "registry",
        "shops",
        [
            {"platform": p, "shop_id": "s1", "erp_shop_id": number, "has_order_feed": p != "pdd"}
            | {"default_warehouse_id": "west"}
            for number, p in enumerate(["none", "taobao", "jd", "xiaohongshu", "pdd"])
        ],
    )
    put(
        "xiaohongshu",
        "items",
        [
            {"shop_id": "s1", "platform_item_id": "i", "platform_sku_id": "pack", "barcode": "6902"}
            | {"units_per_pack": 5},
        ],
    )
    jd = {"platform": "jd", "paid_amount": None}
    shared = jd | {"order_goods_amount": "331.00"}
    parts = (
        '[{"code":"MILK","qty":"1","amount":"60.00"},{"code":"WIPE","qty":"2","amount":"30.00"}]'
    )
    presale = {"order_kind": "presale", "deposit_paid_at": NOON, "deposit_amount": 20}
    grandchild = {"parent_order_id": "jd:s1:first child", "root_order_id": "jd:s1:root"}
    closed = {"lifecycle": "closed", "closed_at": NOON + timedelta(days=2)}
    late = NOON + timedelta(days=30)
    put(
        "jd",
        "orders",
        [
            line("share", 1, **shared, allocation_base=258),
            line("share", 2, **shared, allocation_base=119),
            line("share", 3, **shared, allocation_base=0, is_gift=True),
            line("parent", 1, platform="jd", freight_amount=6),
            line("child", 1, platform="jd", parent_order_id="jd:s1:parent"),
            line("root", 1, platform="jd"),
            line("second child", 1, platform="jd", parent_order_id="jd:s1:root", paid_amount=30),
            # children of one that was never told
            line("third child", 1, platform="jd", paid_amount=20, **grandchild),
            line("fourth child", 1, platform="jd", paid_amount=40, **grandchild),
            line("twice", 1, platform="jd", paid_amount=60),
            line("twice", 2, platform="jd", paid_amount=40, merchant_code="WIPE"),
            line("whole", 1, platform="jd", paid_amount=60),
            line("whole", 2, platform="jd", paid_amount=40, merchant_code="WIPE"),
            line("whole", 3, platform="jd", paid_amount=0, is_gift=True),
        ],
    )
    put(
        "taobao",
        "orders",
        [
            line("plain", 1, warehouse_code=None, freight_amount=8, is_gift=True, paid_amount=0),
            line("plain", 2, warehouse_code=None, freight_amount=8),
            line("plain", 3, warehouse_code=None, freight_amount=8, merchant_code="WIPE"),
            line("box", 1, merchant_code="BOX", qty=2, paid_amount="100.00", gross_amount="120.01"),
            line("old box", 1, merchant_code="BOX", created_at=NOON - timedelta(days=30)),
            line("crate", 1, merchant_code="CRATE"),
            line("old crate", 1, merchant_code="CRATE", created_at=NOON - timedelta(days=30)),
            line("pallet", 1, merchant_code="PALLET"),
            line("loop", 1, merchant_code="LOOP"),
            line("told box", 1, merchant_code="BOX", components=parts),
            line("strange box", 1, merchant_code="BOX", components=parts.replace("MILK", "?")),
            line("moved before", 1, merchant_code=None, platform_sku_id="moved")
            | {"created_at": NOON - timedelta(days=9)},
            line("moved after", 1, merchant_code="unknown", platform_sku_id="moved"),
            line("twofold", 1, merchant_code=None, platform_sku_id="twofold"),
            line("barcode", 1, merchant_code=None, barcode="6902"),
            line("two of one barcode", 1, merchant_code=None, barcode="6903"),
            line("nothing", 1, merchant_code="nobody knows"),
            line("closed paid", 1, **closed),
            line("closed unpaid", 1, **closed | {"paid_at": None}),
            line("forfeited", 1, **closed | presale | {"paid_at": None, "is_forfeited": True}),
            line("deposit", 1, **presale | {"paid_at": None, "lifecycle": "deposit_paid"}),
            line("given back", 1, **closed | presale | {"paid_at": None}),
            line("overtaken", 1, paid_at=None, lifecycle="created"),
            line("below zero", 1, paid_amount=-5, shop_id="s2"),
            line("astray", 1, paid_amount=80, shop_id="s3"),
            line("astray", 1, paid_amount=80, shop_id="s4"),
            line("balance", 1, **presale | {"balance_amount": 70}),
            line("paid later", 1, paid_at=late, shipped_at=late, lifecycle="shipped"),
            line("shipped later", 1, shipped_at=late, lifecycle="shipped"),
            line("made later", 1, created_at=late, paid_at=late),
            line("part", 1, lifecycle="completed", shipped_at=NOON),
            line("all", 1, lifecycle="completed", shipped_at=NOON + timedelta(hours=1)),
            line("all", 2, lifecycle="completed", is_gift=True, paid_amount=0, gross_amount=0),
            line("asked", 1),
            line("unshipped", 1, qty=3),
            line("kindness", 1),
            line("swapped", 1, shipped_at=NOON),
            line("to come", 1),
            line("sample", 1, order_kind="sample"),
        ],
    )
    put(
        "xiaohongshu",
        "orders",
        [
            line(
                "pack", 1, platform="xiaohongshu", merchant_code=None, platform_sku_id="pack", qty=2
            )
        ],
    )
    put(
        "taobao",
        "refunds",
        [
            refund("part", 1, order_line_id="taobao:s1:part:1", success_amount=30, qty=1)
            | {"is_goods_back": True, "type": "return_refund"},
            refund("part", 2, order_line_id="taobao:s1:part:1", success_amount=20),
            refund("all", 1, order_line_id="taobao:s1:all:1", success_amount=95, qty=1)
            | {"is_goods_back": True, "type": "return_refund"},
            refund("asked", 1, order_line_id="taobao:s1:asked:1", requested_amount=90)
            | {"status": "requested", "success_at": None},
            refund("unshipped", 1, order_line_id="taobao:s1:unshipped:1", success_amount=60, qty=2)
            | {"type": "cancel_before_ship"},
            refund("kindness", 1, order_line_id="taobao:s1:kindness:1", success_amount=5, qty=1),
            refund("given back", 1, success_amount=20),
            refund("overtaken", 1, success_amount=90),
            refund("swapped", 1, order_line_id="taobao:s1:swapped:1", qty=1, type="exchange")
            | {"is_goods_back": True},
            refund("swapped", 2, order_line_id="taobao:s1:swapped:1", success_amount=4, qty=1)
            | {"type": "price_protect"},
            refund("swapped", 3, order_line_id="taobao:s1:swapped:1", qty=1, type="reship"),
            refund("swapped", 4, order_line_id="taobao:s1:swapped:1", qty=1, type="repair"),
            refund("kindness", 2, order_line_id="taobao:s1:kindness:1", success_amount=5, qty=1),
            refund("to come", 1, order_line_id="taobao:s1:to come:1", success_amount=90)
            | {"success_at": late},
            refund("box", 1, order_line_id="taobao:s1:box:1", success_amount="10.01", qty=1),
            refund("lost", 1, order_line_id="taobao:s1:lost:1", success_amount=7),
        ],
    )
    both = {"platform": "jd", "success_amount": 50, "type": "cancel_before_ship"}
    put(
        "jd",
        "refunds",
        [
            refund("twice", 1, **both, feed="c"),
            refund("twice", 2, **both, feed="a", platform_sku_id="p1"),
            refund("whole", 1, **both | {"success_amount": "33.34"}, feed="c"),
            refund("parent", 3, **both | {"success_amount": 9}, feed="c"),
            refund("root", 1, **both | {"success_amount": 9}, feed="c"),
            refund("first child", 1, **both | {"success_amount": 6}, feed="c"),
        ],
    )
    put(
        "jushuitan",
        "orders",
        [
            erp_line(1, "plain", is_gift=True, is_erp_gift=True, paid_amount=0, gross_amount=0)
            | {"merchant_code": "CUP"},
            erp_line(2, "plain", order_kind="sale", merchant_code="MILK"),
            erp_line(3, "plain", order_kind="reissue", merchant_code="MILK"),
            erp_line(4, "elsewhere", erp_shop_id="4", merchant_code="MILK")
            | {"order_id": "jushuitan:erp:4:elsewhere"},
            erp_line(5, "called off", erp_shop_id="4", **closed)
            | {"order_id": "jushuitan:erp:4:called off", "status_raw": "Cancelled"},
            erp_line(6, "part", order_kind="reissue", **closed)
            | {"order_id": "jushuitan:erp:1:part", "status_raw": "Cancelled"},
            erp_line(7, "closed paid", is_gift=True, is_erp_gift=True, **closed)
            | {"paid_amount": 0, "merchant_code": "CUP", "status_raw": "Cancelled"},
        ],
    )
    put(
        "jushuitan",
        "outbound",
        [
            outbound(1, "plain", "MILK", "north"),
            outbound(2, "plain", "WIPE", "south"),
        ],
    )
    connection = build(
        lake, tmp / "built", as_of=AS_OF, select=SELECT, project=stub_project(tmp / "project")
    )
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def of(marts):
    """Rows of fct_order_lines of one order, by line and component: a list of chosen columns."""

    def rows(order, *columns, platform="taobao"):
        wanted = ", ".join(columns)
        found = marts.execute(
            f"select {wanted} from fct_order_lines where order_id = ? "
            "order by order_line_id, component_no",
            [f"{platform}:s1:{order}" if ":" not in order else order],
        ).fetchall()
        return [row[0] if len(columns) == 1 else row for row in found]

    return rows


def yuan(*texts):
    return [Decimal(text) for text in texts]


def test_what_is_paid_for_an_order_is_shared_by_base_and_the_last_line_takes_the_remainder(of):
    assert of("share", "paid_amount", platform="jd") == yuan("226.52", "104.48", "0.00")


def test_a_parent_goes_when_its_children_come_and_its_refund_lies_on_them(of):
    assert of("parent", "order_line_id", platform="jd") == []
    assert of("child", "paid_amount", "refund_amount", platform="jd") == [tuple(yuan("90", "9"))]


def test_an_order_that_was_split_twice_is_counted_once_though_the_one_between_was_never_told(of):
    assert of("root", "order_line_id", platform="jd") == []
    assert [
        of(f"{number} child", "paid_amount", "refund_amount", platform="jd")
        for number in ("second", "third", "fourth")
    ] == [[tuple(yuan(*amounts))] for amounts in (("30", "3"), ("20", "4"), ("40", "8"))]


def test_a_bundle_becomes_its_components_of_the_day_of_the_order(of):
    assert of("box", "component_no", "sku_id", "qty") == [(1, "MILK", 2), (2, "WIPE", 6)]
    assert of("old box", "sku_id", "qty") == [("MILK", 2)]


def test_the_money_of_a_bundle_is_shared_to_the_cent(of):
    assert of("box", "paid_amount") == yuan("66.67", "33.33")
    assert of("box", "gross_amount") == yuan("80.01", "40.00")
    assert of("box", "refund_amount") == yuan("6.67", "3.34")
    assert of("box", "bundle_code") == ["BOX", "BOX"]


def test_a_bundle_in_a_bundle_is_opened_as_it_was_and_shares_the_part_it_is(of):
    # of 270 the two boxes have 200, of that the milk 100 of 150
    assert of("crate", "sku_id", "qty", "paid_amount") == [
        ("MILK", 3, Decimal("67.78")),
        ("WIPE", 6, Decimal("22.22")),
    ]
    assert of("old crate", "sku_id", "qty") == [("MILK", 5)]
    assert of("pallet", "sku_id", "qty", "paid_amount") == [
        ("MILK", 6, Decimal("67.78")),
        ("WIPE", 12, Decimal("22.22")),
    ]


def test_a_bundle_that_holds_itself_is_left_as_told_and_said(of, marts):
    assert of("loop", "sku_id", "qty", "paid_amount") == [("CUP", 1, 9), ("KNOT", 1, 81)]
    assert marts.execute(
        "select record_count from mart_data_issues where issue = 'bundle_in_itself'"
    ).fetchall() == [(2,)]


def test_what_the_platform_says_is_in_a_bundle_goes_before_the_erp(of):
    assert of("told box", "sku_id", "qty", "paid_amount") == [
        ("MILK", 1, Decimal(60)),
        ("WIPE", 2, Decimal(30)),
    ]


def test_a_platforms_bundle_with_an_unknown_code_is_left_to_the_erp(of):
    assert of("strange box", "sku_id", "qty") == [("MILK", 1), ("WIPE", 3)]


def test_a_link_counts_as_it_was_when_the_order_was_made(of):
    assert of("moved before", "sku_id", "sku_mapping_step") == [("MILK", "sku_link")]
    assert of("moved after", "sku_id", "sku_mapping_step") == [("WIPE", "sku_link")]


def test_what_may_be_several_things_is_never_picked(of):
    assert of("twofold", "sku_id", "sku_mapping_step") == [("taobao:twofold", "ambiguous")]
    assert of("two of one barcode", "sku_id", "sku_mapping_step") == [("taobao:p1", "ambiguous")]


def test_a_barcode_of_one_sku_only_is_as_good_as_a_code(of):
    assert of("barcode", "sku_id", "sku_mapping_step") == [("WIPE", "barcode")]


def test_a_pack_holds_as_many_units_as_its_listing_says(of):
    assert of("pack", "sku_id", "qty", platform="xiaohongshu") == [("WIPE", 10)]


def test_what_nobody_knows_is_kept_and_listed_by_its_worth(marts, of):
    assert of("nothing", "sku_id", "sku_mapping_step") == [("taobao:p1", "unmapped")]
    listed = marts.execute(
        "select sku_id, line_count, is_ambiguous from mart_unmapped_skus order by 1, 2, 3"
    ).fetchall()
    assert listed == [("taobao:p1", 2, True), ("taobao:twofold", 1, True)]


def test_closed_and_paid_is_refunded_and_closed_unpaid_is_cancelled(of):
    assert of("closed paid", "lifecycle", "is_demand")[1:] == [("refunded", True)]
    assert of("closed unpaid", "lifecycle", "is_demand") == [("cancelled", False)]
    assert of("closed unpaid", "paid_amount") == yuan("0")


def test_a_cancelled_order_of_the_erp_is_no_demand_and_keeps_no_money_though_it_was_paid(of):
    columns = ("lifecycle", "is_demand", "paid_at", "net_amount", "net_qty")
    for order in ("jushuitan:erp:4:called off", "jushuitan:erp:1:part"):
        assert of(order, *columns) == [("cancelled", False, None, Decimal(0), 0)]


def test_a_gift_of_the_erp_follows_the_platforms_word_on_the_order_it_goes_to(of):
    assert of("closed paid", "sku_id", "lifecycle", "is_demand") == [
        ("CUP", "refunded", True),
        ("MILK", "refunded", True),
    ]


def test_a_forfeited_deposit_is_revenue_without_units(marts, of):
    assert of("forfeited", "lifecycle", "is_demand", "paid_amount", "net_qty") == [
        ("cancelled", False, Decimal(20), 0)
    ]
    assert marts.execute(
        "select split_part(order_id, ':', 3), state, forfeited_amount, deposit_on "
        "from fct_deposits order by 1"
    ).fetchall() == [
        ("balance", "converted", Decimal(0), NOON.date()),
        ("deposit", "open", Decimal(0), NOON.date()),
        ("forfeited", "forfeited", Decimal(20), NOON.date()),
        ("given back", "cancelled", Decimal(0), NOON.date()),
    ]


def test_what_never_counted_as_paid_is_not_given_back(marts, of):
    nothing = [("cancelled", Decimal(0), Decimal(0), Decimal(0), None)]
    columns = ("lifecycle", "paid_amount", "refund_amount", "net_amount", "refund_status")
    assert of("given back", *columns) == nothing
    assert of("overtaken", *columns) == [("created", *nothing[0][1:])]
    # a refund that the order does not explain is said, a deposit that was paid back is none of them
    told = marts.execute(
        "select split_part(order_id, ':', 3) from fct_refunds "
        "where success_amount > refund_amount and order_line_id is not null"
    ).fetchall()
    assert {("given back",), ("overtaken",)} <= set(told)
    assert marts.execute(
        "select sum(record_count) from mart_data_issues where issue = 'refund_above_payment'"
    ).fetchall() == [(len(told) - 1,)]


def test_a_payment_below_zero_is_a_price_that_cannot_be(marts):
    assert marts.execute(
        "select issue, record_count, amount from mart_data_issues where shop_id = 's2'"
    ).fetchall() == [("price_out_of_band", 1, Decimal(-5))]


def test_an_order_number_in_two_shops_is_said_with_what_counts_twice(marts):
    assert marts.execute(
        "select platform, record_count, amount from mart_data_issues "
        "where issue = 'order_in_two_shops'"
    ).fetchall() == [("taobao", 1, Decimal(80))]


def test_a_deposit_alone_is_no_demand_yet(of):
    assert of("deposit", "lifecycle", "is_demand", "paid_amount") == [
        ("deposit_paid", False, Decimal(0))
    ]


def test_what_happens_after_as_of_has_not_happened(of):
    assert of("made later", "order_line_id") == []
    assert of("paid later", "lifecycle", "paid_at", "paid_amount", "is_demand") == [
        ("created", None, Decimal(0), False)
    ]
    assert of("shipped later", "lifecycle", "shipped_at") == [("paid", None)]
    assert of("to come", "refund_amount", "lifecycle", "refund_status") == [
        (Decimal(0), "paid", "open")
    ]


def test_several_refunds_of_a_line_add_up_and_change_its_lifecycle_only_when_all_is_back(of):
    assert of("part", "refund_amount", "lifecycle", "refund_status", "net_qty") == [
        (Decimal(50), "completed", "partial", 0)
    ]


def test_no_line_gives_back_more_than_was_paid_and_its_gift_follows_it(of):
    assert of("all", "refund_amount", "lifecycle", "net_qty") == [
        (Decimal(90), "refunded", 0),
        (Decimal(0), "refunded", 0),
    ]


def test_what_was_asked_for_moves_no_money(of):
    assert of("asked", "refund_amount", "refund_status", "lifecycle") == [
        (Decimal(0), "open", "paid")
    ]


def test_units_are_back_when_they_never_left_and_their_money_is_returned(of):
    assert of("unshipped", "net_qty", "refund_qty") == [(1, 2)]
    assert of("kindness", "net_qty", "refund_amount", "refund_qty") == [(1, Decimal(10), 1)]


def test_an_exchange_takes_no_units_back(of):
    assert of("swapped", "net_qty", "refund_qty", "refund_amount", "lifecycle") == [
        (1, 0, Decimal(4), "paid")
    ]


def test_a_refund_told_by_two_feeds_counts_once_where_it_is_told_best(of):
    assert of("twice", "refund_amount", platform="jd") == yuan("50", "0")


def test_a_refund_of_a_whole_order_lies_on_its_lines_by_payment(of):
    assert of("whole", "refund_amount", platform="jd") == yuan("20.00", "13.34", "0")


def test_a_refund_without_its_order_is_kept_and_moves_nothing(marts):
    assert marts.execute(
        "select order_line_id, success_amount, refund_amount from fct_refunds "
        "where order_id = 'taobao:s1:lost'"
    ).fetchall() == [(None, Decimal(7), Decimal(0))]


def test_freight_stays_with_the_first_line_that_is_no_gift(of):
    assert of("plain", "order_line_id", "freight_amount") == [
        ("jushuitan:erp:1:1", None),
        ("taobao:s1:plain:1", None),
        ("taobao:s1:plain:2", Decimal(8)),
        ("taobao:s1:plain:3", None),
    ]


def test_a_parcel_leaves_from_where_the_order_says_else_from_where_the_erp_sent_it(of):
    assert of("plain", "sku_id", "warehouse_id")[1:] == [
        ("MILK", "north"),
        ("MILK", "north"),
        ("WIPE", "south"),
    ]
    assert of("box", "warehouse_id") == ["east", "east"]
    assert of("jushuitan:erp:4:elsewhere", "warehouse_id") == ["west"]


def test_the_erp_adds_gifts_to_the_platforms_order_but_not_its_own_copy_of_the_lines(of):
    assert of("plain", "order_line_id", "sku_id", "is_gift")[0] == (
        "jushuitan:erp:1:1",
        "CUP",
        True,
    )
    assert len(of("plain", "order_line_id")) == 4


def test_a_reissue_leaves_the_shelf_and_is_no_demand(of):
    assert of("jushuitan:erp:1:plain", "order_kind", "is_demand", "qty") == [("reissue", False, 1)]
    assert of("sample", "is_demand") == [False]


def test_a_shop_without_an_order_feed_is_known_from_the_erp(of):
    assert of("jushuitan:erp:4:elsewhere", "platform", "shop_id", "is_demand") == [
        ("pdd", "s1", True)
    ]
