"""API answers of every shape: what is read from them, exactly, and what each refusal says."""

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product

import polars as pl
import pytest
from landing_shop import DAY, ODD, Shop, line, order, page, text

from orchestration.landing import SOURCES, json_reader


@pytest.fixture
def shop(tmp_path, monkeypatch):
    for platform in set(SOURCES) - {"jd"}:
        monkeypatch.delitem(SOURCES, platform)
    monkeypatch.setitem(SOURCES, "odd", ODD)
    return Shop(tmp_path)


PAGE = page(order(1, orders={"order": [line(11), line(12, sku="奶粉")]}), order(2))
BARE = [order(1, orders={"order": [line(11), line(12, sku="奶粉")]}), order(2)]


@pytest.mark.parametrize(
    "content",
    [
        text(PAGE),
        json.dumps(PAGE, ensure_ascii=False, indent=2),
        json.dumps(PAGE),
        text(page(BARE[0]), page(BARE[1])),
        text(page(BARE[0]), page(), "", page(BARE[1])).replace('""\n', "\n"),
        text({"detail_response": {"trade": BARE[0]}}, {"detail_response": {"trade": BARE[1]}}),
        text(*BARE),
        json.dumps(BARE, indent=1),
        text(PAGE).encode("gbk"),
        text(PAGE).encode("utf-16"),
        b"\xef\xbb\xbf" + text(PAGE).encode(),
        gzip.compress(text(PAGE).encode()),
        gzip.compress(text(page(BARE[0])).encode()) + gzip.compress(text(page(BARE[1])).encode()),
        text(PAGE).replace("\n", "\r\n"),
    ],
    ids=[
        *("page", "laid out", "escaped", "pages by line", "blank line", "details", "records"),
        *("list of records", "gbk", "utf-16", "bom", "gz", "gz of two", "crlf"),
    ],
)
def test_every_shape_of_an_answer_gives_the_same_rows(shop, content):
    shop.land(content, "misleading.xls")
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.files_unreadable) == (2, 2, 0)
    rows = shop.rows()
    assert rows["order_id"].to_list() == ["1", "1", "2"]
    assert rows["line_id"].to_list() == ["11", "12", "11"]
    assert rows["sku_id"].to_list() == ["A", "奶粉", "A"]
    assert rows["source_row"].to_list() == [1, 1, 2]
    assert rows["line_no"].to_list() == [1, 2, 1]
    assert rows["row_hash"].n_unique() == 2
    assert rows["load_no"].to_list() == [1, 1, 1]


ENVELOPE = '{"code": 0, "list_response": {"trades": {"trade": ['
SHAPES = [(ENVELOPE + "\n", "\n]}}}\n"), (ENVELOPE, "]}}}"), ("[\n", "\n]\n"), ("[\n", "]")]


def test_records_one_a_line_in_one_envelope_are_one_document(shop):
    commas, counts = (",\n", "\n,", "\n,\n"), (1, 2, 3)
    for number, (shape, comma, count) in enumerate(product(SHAPES, commas, counts)):
        records = [json.dumps(order(10 * number + n, status="[{")) for n in range(count)]
        shop.land(shape[0] + comma.join(records) + shape[1], f"{number}.json")
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.messages) == (72, 72, ())


@pytest.mark.parametrize("at", [0, 1])
def test_pages_one_a_line_are_pages_though_one_of_them_is_cut_off(shop, at):
    pages = text(page(order(1)), page(order(2))).splitlines()
    pages[at] = pages[at][:-30]
    shop.land("\n".join(pages))
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (2, 1, 1)
    assert f"line {at + 1} is not valid JSON" in shop.quarantine()["reason"][0]


def test_ids_of_any_length_keep_every_digit(shop):
    ids = [2768543210987654321, 18446744073709551615, 123456789012345678901234567890]
    shop.land(page(*(order(one, orders={"order": [line(one)]}) for one in ids)))
    shop.load()
    assert shop.rows()["order_id"].to_list() == [str(one) for one in ids]
    assert shop.rows()["line_id"].to_list() == [str(one) for one in ids]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("118.00", "118.00"),
        ("0.1", "0.10"),
        ("2.675", "2.68"),
        ('"1,234.50"', "1234.50"),
        ("9999999999999.99", "9999999999999.99"),
        ("-5", "-5.00"),
        ('"-"', None),
        ("null", None),
    ],
)
def test_yuan_of_a_json_number_or_text_are_exact(shop, written, amount):
    shop.land(text(page(order())).replace('"10.50"', written))
    shop.load()
    assert shop.rows()["paid_amount"].to_list() == [amount and Decimal(amount)]


@pytest.mark.parametrize(
    ("fen", "yuan"), [("28801", "288.01"), ('"5"', "0.05"), ("-1", "-0.01"), ("7.0", "0.07")]
)
def test_fen_become_yuan_without_floating_point(shop, fen, yuan):
    shop.land(text(page(order())).replace('"coupon": 500', f'"coupon": {fen}'))
    shop.load()
    assert shop.rows()["coupon_amount"].to_list() == [Decimal(yuan)]


@pytest.mark.parametrize(
    ("change", "field", "advice"),
    [
        ({"coupon": 12.5}, "coupon_amount", "whole number of fen"),
        ({"coupon": "288.00元"}, "coupon_amount", "whole number of fen"),
        ({"pay": {"amount": 90071992547409.93}}, "paid_amount", "amount"),
        ({"paid_s": 1782648105000}, "paid_at", "milliseconds where seconds since 1970 belong"),
        ({"paid_s": 1782648}, "paid_at", "not a time in seconds since 1970"),
        ({"paid_s": 946656000 - 1}, "paid_at", "not a time in seconds since 1970"),
        ({"paid_s": 86400}, "paid_at", "not a time in seconds since 1970"),
        ({"done_ms": 1782648105}, "done_at", "seconds where milliseconds since 1970 belong"),
        ({"done_ms": "1782648105"}, "done_at", "multiply it by 1000"),
        ({"done_ms": 1782648105000000}, "done_at", "not a time in milliseconds since 1970"),
        ({"paid_s": "2026-06-28 20:01:45"}, "paid_at", "seconds since 1970"),
        ({"created": "yesterday"}, "created_at", "not a time"),
        ({"tid": None}, "order_id", "required and empty"),
        ({"tid": 6.937e18}, "order_id", "floating point"),
        ({"status": ["a", "b"]}, "status", "a list or an object"),
        ({"seller": "shop2"}, "shop_name", "belongs to shop shop2, not to shop1"),
        ({"modified": "2026-06-30 00:00:00"}, "changed_at", "from the future"),
        ({"orders": {"order": []}}, "orders.order", "has no lines: pull the detail"),
        ({"orders": None}, "orders.order", "has no lines: pull the detail"),
        ({"orders": {"order": [line(), line(12, num=0)]}}, "qty", "above 0"),
        ({"orders": {"order": [line(), line(None)]}}, "line_id", "required and empty"),
    ],
    ids=str,
)
def test_a_broken_order_is_kept_whole_with_what_to_do(shop, change, field, advice):
    shop.land(text(page(order(7), order(8) | change, order(9))))
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (3, 2, 1)
    assert shop.rows()["order_id"].to_list() == ["7", "9"]
    kept = shop.quarantine().row(0, named=True)
    assert (kept["source_row"], kept["field"]) == (2, field)
    assert advice in kept["reason"]
    assert kept["record_id"] == ("8" if field != "order_id" else kept["record_id"])
    assert "undeclared" not in kept["raw"]
    assert f"row 2: {kept['reason']}" in report.messages[0]


def test_the_last_moment_of_the_day_after_landing_is_not_the_future(shop):
    shop.land(page(order(modified="2026-06-29 23:59:59")))
    assert shop.load().rows_loaded == 1


@pytest.mark.parametrize(
    "nothing", [0, "0", "", None, "0001-01-01 00:00:00", "1970-01-01 08:00:00"]
)
def test_what_platforms_write_for_not_yet_is_no_time(shop, nothing):
    epoch = 0 if nothing == "0001-01-01 00:00:00" else nothing
    epoch = -28_800 if nothing == "1970-01-01 08:00:00" else epoch
    shop.land(page(order(created=nothing, paid_s=epoch, done_ms=epoch, due=nothing)))
    assert shop.load().rows_loaded == 1
    row = shop.rows().row(0, named=True)
    assert [row[name] for name in ("created_at", "paid_at", "done_at", "due_on")] == [None] * 4


def test_an_absent_key_is_no_value_and_no_fault(shop):
    shop.land(page({"tid": 1, "orders": {"order": [{"oid": 1, "num": 1}]}}))
    assert shop.load().rows_loaded == 1
    row = shop.rows().row(0, named=True)
    assert row["paid_amount"] is row["is_gift"] is row["coupons"] is row["buyer_id"] is None
    assert row["source_version"] == datetime(2026, 6, 27, 16, tzinfo=UTC)


def test_epochs_and_beijing_text_are_the_same_moment(shop):
    shop.land(page(order(done_ms=1782648105000)))
    shop.load()
    row = shop.rows().row(0, named=True)
    moment = datetime(2026, 6, 28, 12, 1, 45, tzinfo=UTC)
    assert row["created_at"] == row["paid_at"] == row["done_at"] == moment


def test_a_day_is_cut_in_beijing(shop):
    shop.land(page(order(1, due="2026-06-29 00:00:00"), order(2, due="2026-06-28 23:59:59")))
    shop.load()
    assert shop.rows()["due_on"].to_list() == [date(2026, 6, 29), date(2026, 6, 28)]


def test_of_several_places_the_first_that_holds_something_is_read(shop):
    shop.land(
        page(
            order(1, tid_str="999", due="", due_again="2026-06-29"),
            order(2, tid_str="", due="1970-01-01 08:00:00", due_again="2026-06-30"),
            order(3, orders={"order": [{"oid": 1, "num": 1, "item": {"sku": "B"}}]}),
        )
    )
    shop.load()
    rows = shop.rows()
    assert rows["order_id"].to_list() == ["999", "2", "3"]
    assert rows["due_on"].to_list() == [date(2026, 6, 29), date(2026, 6, 30), None]
    assert rows["sku_id"].to_list() == ["A", "A", "B"]


def test_a_nested_list_keeps_its_declared_fields_only_as_text(shop):
    coupons = [{"type": 30, "info": {"price": 20.5}, "phone": "19900000001"}, {"type": "41"}]
    shop.land(page(order(1, coupon_list=coupons), order(2, coupon_list=[])))
    shop.load()
    first, second = shop.rows()["coupons"].to_list()
    assert json.loads(first) == [{"type": "30", "price": "20.5"}, {"type": "41", "price": None}]
    assert second is None


def test_records_that_come_one_by_one_are_all_there_however_few_fit_in_memory(shop, monkeypatch):
    monkeypatch.setattr(json_reader, "_AT_ONCE", 400)  # about one record
    shop.land(text(*(order(k, orders={"order": [line(k)]}) for k in range(1, 40))))
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.files_unreadable) == (39, 39, 0)
    assert sorted(shop.rows()["order_id"].cast(int).to_list()) == list(range(1, 40))


def test_a_list_may_stand_by_itself_or_in_an_object(shop):
    parts = [{"code": "A", "n": 2}]
    lines = [line(1, parts=parts), line(2, parts={"part": parts}), line(3, parts=None)]
    shop.land(page(order(1, orders={"order": lines})))
    shop.load()
    found = [one and json.loads(one) for one in shop.rows()["parts"].to_list()]
    assert found == [[{"code": "A", "n": "2"}]] * 2 + [None]


@pytest.mark.parametrize(
    "content",
    [
        lambda one, other: text(page(one, other)),
        lambda one, other: text(one, other),
        lambda one, other: text({"detail_response": {"trade": one}}, page(other)),
    ],
    ids=["page", "records", "detail"],
)
def test_a_line_that_stands_by_itself_is_a_list_of_one(shop, content):
    """As converters from XML write it: what is there once is no list."""
    single = order(2768543210987654321, orders={"order": line(3111111111111111111, num=3.0)})
    shop.land(content(single, order(7)))
    report = shop.load()
    assert (report.rows_loaded, report.messages) == (2, ())
    columns = ["order_id", "paid_amount", "line_id", "qty", "line_no"]
    assert shop.rows().select(columns).sort("order_id").rows() == [
        ("2768543210987654321", Decimal("10.50"), "3111111111111111111", 3.0, 1),
        ("7", Decimal("10.50"), "11", 2.0, 1),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        page(),
        {"code": 0, "list_response": {"trades": None, "total": 0}},
        {"code": 0, "list_response": {"total_results": 0, "request_id": "r1"}},
    ],
    ids=["empty list", "null", "no list"],
)
def test_an_answer_without_records_is_no_row_and_no_fault(shop, answer):
    shop.land(answer)
    report = shop.load()
    assert (report.files, report.rows_in, report.files_unreadable) == (1, 0, 0)
    assert shop.load().files_unreadable == 0


BROKEN = {
    "cut off": (text(PAGE)[:-30], "is not valid JSON, cut off or damaged: pull the page again"),
    "empty": ("", "the file is empty: extract it again"),
    "blank": (" \n\n", "the file is empty: extract it again"),
    "no text": (b'{"tid": 1, "title": "\xff\xff\xff\x80"}', "neither UTF-8 nor GBK"),
    "zeros": (b'{"tid": 1}\x00\x00', "neither UTF-8 nor GBK"),
    "page of a log-in": ("<!doctype html><html>sign in</html>", "web page (HTML)"),
    "XML": ("<?xml version='1.0'?><trades><trade>1</trade></trades>", "ask the API for JSON"),
    "JSON in XML": (
        '<?xml version="1.0"?>\n<string xmlns="urn:a">{"code": 0}</string>',
        "this is JSON inside <string>: let the puller write the JSON alone",
    ),
    "JSON in CDATA": ("<a><b><![CDATA[[{}]]]></b></a>", "this is JSON inside <b>"),
    "JSON in a call": ('jsonp_1({"code": 0});', "this is JSON inside jsonp_1(…)"),
    "call failed": (
        {"code": 50002, "msg": "system busy"},
        "call that failed (code 50002, message 'system busy')",
    ),
    "call failed with records": (
        page(order(), code=1, message="token expired"),
        "call that failed (code 1, message 'token expired')",
    ),
    "error": (
        {"error_response": {"code": 7, "msg": "App Call Limited", "sub_msg": "ban"}},
        "call that failed (code 7, message 'App Call Limited')",
    ),
    "unknown": (
        {"shop_orders": [{"a": 1}], "13900000000": 1},
        "is no answer known for 'orders': its top-level keys are shop_orders, (withheld); "
        "expected list_response.trades.trade, detail_response.trade, a record itself",
    ),
    "of another dataset": (
        {"code": 0, "data": {"items": [{"id": 5, "price": "1.00"}]}},
        "it looks like odd/items: move it to that folder",
    ),
    "of another platform": (
        {
            "jingdong_pop_order_enSearch_responce": {
                "searchorderinfo_result": {
                    "orderInfoList": [{"orderId": "1", "itemInfoList": [{"skuId": "1"}]}]
                }
            }
        },
        "it looks like jd/orders: move it to that folder",
    ),
    "other records": (
        page({"id": 5, "price": "1.00"}, {"id": 6}),
        "holds 2 records without tid_str|tid, so they are no orders",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_answer_nobody_can_read_stops_alone_and_says_what_to_do(shop, kind):
    content, advice = BROKEN[kind]
    shop.land(content, "broken.json")
    shop.land(page(order()), "sound.json")
    report = shop.load()
    assert (report.files, report.files_unreadable, report.rows_loaded) == (2, 1, 1)
    assert advice in report.messages[0]
    assert report.messages[0].startswith("acme/odd/shop1/orders/2026-06-28/broken.json: ")
    assert advice in shop.quarantine()["reason"][0]
    # it is still broken the next time, and says so
    assert shop.load().messages == report.messages


WHOLE_FILES = ("empty", "blank", "zeros", "XML", "JSON in XML", "JSON in CDATA", "JSON in a call")


@pytest.mark.parametrize("kind", [kind for kind in BROKEN if kind not in WHOLE_FILES])
def test_a_broken_page_among_good_ones_stops_that_page_only(shop, kind):
    content, _ = BROKEN[kind]
    content = text(content) if isinstance(content, dict) else content
    content = content.encode() if isinstance(content, str) else content
    good = [text(page(order(n))).encode() for n in (1, 2, 3)]
    shop.land(b"".join([*good[:2], content.rstrip(b"\n") + b"\n", good[2]]))
    report = shop.load()
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (4, 3, 1)
    kept = shop.quarantine().row(0, named=True)
    assert kept["source_row"] == 3
    assert kept["reason"].startswith("line 3 ")
    # records are numbered as they are read
    assert shop.rows()["source_row"].to_list() == [1, 2, 3]


def test_a_cut_off_archive_is_refused_with_all_that_stands_before_the_cut(shop):
    many = text(*(page(order(n)) for n in range(500))).encode()
    shop.land(gzip.compress(many)[:-200], "broken.jsonl")
    shop.land(gzip.compress(many)[:50] + b"garbage" + gzip.compress(many)[57:], "bits.jsonl")
    report = shop.load()
    assert (report.files_unreadable, report.rows_in) == (2, 0)
    assert all("cut off or damaged" in message for message in report.messages)


def test_an_answer_without_its_envelope_is_not_taken_for_an_empty_one(shop):
    shop.land({"total": 0}, dataset="items")
    report = shop.load("items")
    assert "is no answer known for 'items': its top-level keys are total" in report.messages[0]
    shop.land({"code": 0, "total": 0}, "b.json")  # here the answer says that all went well
    assert shop.load().files_unreadable == 0


def test_json_for_a_dataset_that_comes_as_an_export_is_refused(shop):
    shop.land(page(order()), dataset="item_daily")
    report = shop.load("item_daily")
    assert "land it as CSV, xlsx or Parquet" in report.messages[0]


def test_a_record_that_may_have_no_lines_is_one_row(shop):
    items = [{"id": 1, "price": "5", "skus": [{"id": 11}, {"id": 12}]}, {"id": 2, "skus": []}]
    shop.land({"data": {"items": items}}, dataset="items")
    assert shop.load("items").rows_loaded == 2
    rows = shop.rows("items")
    assert rows["sku_id"].to_list() == ["11", "12", None]
    assert rows["line_no"].to_list() == [1, 2, 0]


def test_ids_that_a_script_read_as_floating_point_are_refused_throughout(shop):
    rounded = [2768543210987650000 + 100 * n for n in range(6)]
    shop.land(page(*(order(one) for one in rounded)), "rounded.json")
    shop.land(page(*(order(one + 1) for one in rounded), order(rounded[0])), "sound.json")
    report = shop.load()
    assert (report.rows_loaded, report.rows_quarantined) == (7, 6)
    assert "floating point loses digits" in shop.quarantine()["reason"][0]


@pytest.mark.parametrize(
    ("sound", "is_told"), [(0, True), (1, True), (15, True), (16, False), (60, False)]
)
def test_sound_ids_among_rounded_ones_do_not_hide_them(shop, sound, is_told):
    rounded = [2768543210987650000 + 1000 * n for n in range(60)]
    others = [3768543210987650301 + 7 * n for n in range(sound)]
    shop.land(page(*(order(one) for one in rounded + others)))
    report = shop.load()
    assert (report.rows_loaded, report.rows_quarantined) == (
        (sound, 60) if is_told else (60 + sound, 0)
    )


@pytest.mark.parametrize("kind", ["four of four", "four of six", "by chance", "short"])
def test_ids_that_end_in_zeros_without_being_rounded_are_read(shop, kind):
    rounded = [2768543210987650000 + 1000 * n for n in range(4)]
    ids = {
        "four of four": rounded,
        "four of six": [*rounded, 2768543210987650007, 2768543210987650008],
        # every hundredth id ends so
        "by chance": range(2768543210987654301, 2768543210987654701),
        "short": [1234567890123000 + 100 * n for n in range(40)] + [1234567890123457],
    }[kind]
    shop.land(page(*(order(one) for one in ids)))
    assert shop.load().rows_loaded == len(ids)


def test_contradicting_records_of_a_file_keep_one_whatever_their_order(shop, tmp_path):
    twins = [order(1, status="A"), order(1, status="B")]
    hashes = []
    for number, records in enumerate((twins, twins[::-1])):
        shop = Shop(tmp_path / str(number), shop.platform)
        shop.land(page(*records))
        report = shop.load()
        assert (report.rows_loaded, report.rows_quarantined) == (1, 1)
        assert "contradicts" in shop.quarantine()["reason"][0]
        hashes.append(shop.rows()["row_hash"][0])
    assert hashes[0] == hashes[1]


def test_who_tells_less_contradicts_nobody_and_has_the_smaller_hash(shop):
    for number in range(6):
        full = order(number, orders={"order": [line(1), line(2)]})
        fewer = {key: value for key, value in full.items() if key != "buyer"}
        shop.land(page(*[full, fewer][:: 1 if number % 2 else -1]), f"{number}.json")
        shop.land(page(full | {"orders": {"order": [line(1)]}}), f"fewer lines {number}.json")
    report = shop.load()
    assert (report.rows_loaded, report.rows_quarantined) == (18, 0)
    fullest = shop.rows().filter(pl.col("row_hash") == pl.col("row_hash").max().over("order_id"))
    assert fullest["line_id"].to_list() == ["1", "2"] * 6
    assert fullest["buyer_id"].null_count() == 0


def test_a_record_of_a_lake_written_before_hashes_said_how_much_they_tell_is_known(shop):
    shop.land(page(order(1)))
    shop.load()
    (part,) = (shop.lake / "odd/orders/load_no=1").glob("*.parquet")
    digest = pl.col("row_hash").str.tail(32)
    pl.read_parquet(part, hive_partitioning=False).with_columns(digest).write_parquet(part)
    shop.land(page(order(1)), "again.json", day=date(2026, 6, 29))
    shop.land(page(order(1, status="DONE")), "other.json", day=date(2026, 6, 29))
    report = shop.load()
    assert (report.rows_known, report.rows_loaded) == (2, 1), "a.json is known again"


def test_the_loser_of_a_contradiction_loads_where_it_contradicts_nobody(shop):
    twins = [order(1, status="A"), order(1, status="B")]
    for number, record in enumerate(twins):
        shop.land(page(record), f"{number}.json")
    shop.land(page(*twins), "both.json", day=date(2026, 6, 27))
    shop.load()
    assert shop.rows()["status"].unique().sort().to_list() == ["A", "B"]


def test_one_number_of_one_line_makes_another_record(shop):
    for number in range(5):
        lines = [line(1, sku=str(number)), line(2, num=5)]
        shop.land(page(order(1, orders={"order": lines})), f"{number}.json")
    shop.land(page(order(1, orders={"order": [line(1, sku="1")]})), "fewer.json")
    assert shop.load().rows_loaded == 6
    assert shop.rows()["row_hash"].n_unique() == 6


def test_the_same_order_with_its_lines_turned_round_is_known(shop):
    lines = [line(1), line(2, num=5)]
    shop.land(page(order(1, orders={"order": lines})), "a.json")
    shop.land(page(order(1, orders={"order": lines[::-1]})), "b.json")
    report = shop.load()
    assert (report.rows_loaded, report.rows_known) == (1, 1)


def test_a_line_that_changes_makes_another_version_of_the_whole_record(shop):
    shop.land(page(order(1, orders={"order": [line(1), line(2)]})), "a.json")
    later = order(1, modified="2026-06-28 21:00:00", orders={"order": [line(1), line(2, num=9)]})
    shop.land(page(later), "b.json")
    assert shop.load().rows_loaded == 2
    assert shop.rows().height == 4
    assert shop.rows()["source_version"].n_unique() == 2


def test_what_a_manifest_promises_is_compared_and_full_extracts_are_marked(shop):
    shop.land(page(order(1), order(2)), "a.json")
    shop.land(page(order(3)), "b.json")
    shop.land(page(order(4)), "c.json", day=date(2026, 6, 29))
    folder = shop.landing / "acme/odd/shop1/orders" / str(DAY)
    manifest = {"a.json": {"rows": 3, "full": True}, "b.json": {"rows": 1}}
    (folder / "_manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    whole_day = '{"rows": 1, "full": true, "window": "1 day"}'
    (folder.parent / "2026-06-29/_manifest.json").write_text(whole_day, encoding="utf-8")
    report = shop.load()
    assert report.manifest_mismatches == 1
    assert "has 2 records where its manifest says 3" in report.messages[0]
    full = dict(shop.rows().select("order_id", "is_full_extract").iter_rows())
    assert full == {"1": True, "2": True, "3": False, "4": True}


def test_a_broken_manifest_is_told_and_its_files_load_as_parts(shop):
    path = shop.land(page(order(1)), "a.json")
    (path.parent / "_manifest.json").write_text('{"rows": 1', encoding="utf-8")
    report = shop.load()
    assert report.rows_loaded == 1
    assert "_manifest.json: is no JSON" in report.messages[0]


def test_a_page_of_utf_8_among_pages_of_gbk_is_refused_alone(shop):
    pages = [text(page(order(n, title="奶粉"))) for n in range(3)]
    shop.land(pages[0].encode("gbk") + pages[1].encode() + pages[2].encode("gbk"))
    report = shop.load()
    assert (report.rows_loaded, report.rows_quarantined, report.files_unreadable) == (2, 1, 0)
    kept = shop.quarantine()
    assert kept["source_row"].to_list() == [2]
    assert "write the page as UTF-8" in kept["reason"][0]
