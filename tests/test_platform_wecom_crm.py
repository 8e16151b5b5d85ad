"""企业微信, CRM and the reviews of all platforms: samples, people across shops, and the sandbox."""

from datetime import UTC, date, datetime, timedelta

import duckdb
import erp_truth
import polars as pl
import pytest
from personal_data import scan
from platform_files import Shelf, erp_page, staging_project
from staged import Shop
from warehouse_run import build

from orchestration.landing import reviews
from orchestration.sandbox.buckets import buckets_of
from orchestration.sandbox.defects import Defects
from orchestration.sandbox.dialects import crm, wecom
from orchestration.sandbox.landing_writer import write_landing

AS_OF = "2026-06-28"
REVIEWS = (
    "评价时间,评分,商品id,skuid,订单号,评价内容,昵称\n"
    "2026-06-02 21:04:00,5,612,4567,2768,PII-小满喜欢，电话19900001234,PII-糯米\n"
    "2026-06-03 09:00:00,差评,612,4567,2769,此用户没有填写评价。,PII-糯米\n"
    "2026-06-03 10:00:00,中评,612,4567,2770,,PII-糯米\n"
    "2026-06-03 11:00:00,很好,612,4567,2771,PII-坏行19900001234,PII-糯米\n"
)


def beijing(text: str) -> datetime:
    """A moment of Beijing's clock."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    shelf = Shelf(tmp_path_factory.mktemp("people"), ("wecom", "crm", "jd", "jushuitan", "taobao"))
    for name in ("contacts_of_staff.json", "contact.json"):
        shelf.sample("wecom/sample/contacts", "2025-11-11", name)
    shelf.sample("wecom/sample/groups", "2025-11-11", "group.json")
    shelf.sample("wecom/sample/tags", "2025-11-11", "tags.json")
    for name in ("behavior.json", "interactions.csv"):
        shelf.sample("wecom/sample/interactions", "2025-11-12", name)
    shelf.sample("crm/sample/members", "2026-05-01", "members.csv")
    shelf.land("jd/s1/reviews", "2026-06-04", REVIEWS)
    land_one_buyer_everywhere(shelf)
    write_landing(
        shelf.landing,
        erp_truth.orders() | erp_truth.people(),
        extracts=[*wecom.EXTRACTS, *crm.EXTRACTS],
        buckets=buckets_of(erp_truth.FIRST, erp_truth.FIRST + timedelta(days=5), daily_days=4),
        seed=1,
        defects=Defects.none(),
        damage_file=shelf.lake.parent / "defects.parquet",
        tenant="acme",
    )
    shelf.load()
    return shelf


def land_one_buyer_everywhere(shelf: Shelf) -> None:
    """The same raw ids in Taobao, in two ERP accounts and in the CRM sample."""
    trade = {"tid_str": "1", "status": "TRADE_FINISHED", "buyer_open_uid": "AAHdemo"}
    trade |= {"seller_nick": "t1", "created": "2026-06-01 10:00:00", "payment": "90.00"}
    trade |= {"modified": "2026-06-01 10:00:00", "pay_time": "2026-06-01 10:00:00"}
    trade |= {"orders": {"order": [{"oid_str": "1", "num_iid": 9, "num": 1, "price": "90.00"}]}}
    answer = {"trades": {"trade": [trade]}, "has_next": False}
    shelf.land("taobao/t1/orders", "2026-06-02", {"trades_sold_increment_get_response": answer})
    order = {"o_id": 1, "shop_id": 12, "status": "Sent", "modified": "2026-06-01 10:00:00"}
    order |= {"open_id": "AAHdemo", "items": [{"oi_id": 1, "sku_id": "A", "qty": 1}]}
    for account in ("erp one", "erp two"):
        shelf.land(f"jushuitan/{account}/orders", "2026-06-02", erp_page("orders", order))


@pytest.fixture(scope="module")
def warehouse(shelf, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dbt")
    project = staging_project(folder, "wecom", "crm", "jd")
    select = ["staging.wecom", "staging.crm", "stg_jd__reviews"]
    build(shelf.lake, folder, as_of=AS_OF, select=select, project=project).close()
    connection = duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True)
    connection.execute("set TimeZone = 'Asia/Shanghai'")
    return connection


def rows(warehouse, query: str) -> list[tuple]:
    return warehouse.sql(query).fetchall()


def lake(shelf: Shelf, place: str) -> pl.DataFrame:
    return pl.read_parquet(shelf.lake / place / "load_no=[1-9]*" / "*.parquet")


def test_the_sample_of_a_contact_is_staged_as_documented(warehouse):
    assert rows(
        warehouse,
        "select added_at, first_added_at, add_way, state, tag_ids, is_handover, "
        "contact_key like 'c\\_%' escape '\\', union_key like 'c\\_%' escape '\\', "
        "staff_key like 'c\\_%' escape '\\' from stg_wecom__contacts "
        "where shop_id = 'sample' and source_file like '%/0.txt'",
    ) == [
        (
            *[beijing("2024-06-10 14:13:20")] * 2,
            *("1", "parcel_card_618", '["etSTAGE_6_12M","etSRC_PARCEL"]', False),
            *[True] * 3,
        )
    ]


def test_a_customer_with_two_followers_is_two_contacts_of_one_first_touch(warehouse):
    found = rows(
        warehouse,
        "select added_at, first_added_at, add_way, tag_ids, is_handover from stg_wecom__contacts "
        "where shop_id = 'sample' and source_file like '%/1.txt' order by added_at",
    )
    first = beijing("2024-06-10 14:13:20")
    assert found == [
        (first, first, "1", '["etSTAGE_6_12M"]', False),
        (beijing("2024-07-03 17:46:40"), first, "201", None, True),
    ]


def test_a_guide_is_the_same_person_in_contacts_groups_and_talks(warehouse):
    guides = rows(
        warehouse,
        """
        select distinct staff_key from stg_wecom__contacts
            where shop_id = 'sample' and source_file like '%/0.txt'
        union all select distinct staff_key from stg_wecom__groups where shop_id = 'sample'
        union all select contact_key from stg_wecom__groups where shop_id = 'sample' and is_staff
        union all select distinct staff_key from stg_wecom__interactions where shop_id = 'sample'
        """,
    )
    assert len(guides) == 4
    assert len(set(guides)) == 1


def test_talks_come_per_customer_from_a_tool_and_per_guide_from_the_api(warehouse):
    assert rows(
        warehouse,
        "select ds, contact_key is null, chats, messages, last_chat_at "
        "from stg_wecom__interactions where shop_id = 'sample' order by chats",
    ) == [
        (date(2025, 11, 11), False, 2.0, 9.0, beijing("2025-11-11 21:04:00")),
        (date(2025, 11, 11), True, 31.0, 120.0, None),
    ]


def test_tags_have_names_and_groups_have_members(warehouse):
    query = "select tag_id, tag_name, group_name from stg_wecom__tags where shop_id = 'sample'"
    assert sorted(rows(warehouse, query)) == [
        ("etSTAGE_12_36M", "12-36M", "宝宝阶段"),
        ("etSTAGE_6_12M", "6-12M", "宝宝阶段"),
    ]
    assert rows(
        warehouse,
        "select chat_id, is_staff, joined_at, left_on, union_key is not null "
        "from stg_wecom__groups where shop_id = 'sample' order by joined_at",
    ) == [
        ("wrDEMO01", True, beijing("2024-06-10 14:13:20"), None, False),
        ("wrDEMO01", False, beijing("2024-06-10 14:23:20"), None, True),
    ]


def test_the_sample_of_a_member_has_a_baby_born_and_one_expected(warehouse):
    assert rows(
        warehouse,
        "select baby_no, level, joined_at, born_on, born_precision, due_on, "
        "is_birthday_plausible, consent_marketing, source from stg_crm__members "
        "where shop_id = 'sample' order by baby_no",
    ) == [
        (
            *(float(baby), "V2", beijing("2024-05-06 10:00:00"), born),
            *(born and "day", due, True if born else None, True, source),
        )
        for baby, born, due, source in (
            (1, date(2024, 3, 18), date(2024, 3, 25), "parcel_card"),
            (2, None, date(2026, 12, 20), "form"),
        )
    ]


HEADER = "member_id,level,baby_no,baby_birthday,due_date"
FIRST, SECOND = "M1,V2,1,2024-03-18,", "M1,V2,2,,2025-12-20"


@pytest.mark.parametrize(
    ("files", "babies"),
    [
        ([(FIRST,), (SECOND,)], [1, 2]),
        ([(FIRST, SECOND), (SECOND,)], [1, 2]),
        ([("M1,V2,,2024-03-18,",), ("M1,V2,,,2025-12-20",)], [None, None]),
    ],
)
def test_the_babies_of_a_member_may_come_in_several_files_of_a_day(tmp_path, files, babies):
    for name, order in (("a", files), ("b", files[::-1])):
        crm = Shop(tmp_path / name, "crm", "brand")
        crm.put("members", "before.csv", "\n".join([HEADER, "M1,V1,3,2023-01-01,"]), "2025-11-11")
        for number, lines in enumerate(order):
            crm.put("members", f"{number}.csv", "\n".join([HEADER, *lines]), "2025-11-12")
        crm.load("members")
        found = crm.staged("members", "baby_no", "born_on", "due_on", "level")
        assert [tuple(baby.values()) for baby in found] == [
            (babies[0], date(2024, 3, 18), None, "V2"),
            (babies[1], None, date(2025, 12, 20), "V2"),
        ]


def test_a_crm_that_dates_its_members_tells_them_whole(tmp_path):
    crm = Shop(tmp_path, "crm", "brand")
    header = f"{HEADER},updated_at"
    rows = [f"{FIRST},2025-11-11 10:00:00", f"{SECOND},2025-11-11 10:00:00"]
    crm.put("members", "a.csv", "\n".join([header, *rows]), "2025-11-12")
    crm.put("members", "b.csv", "\n".join([header, f"{FIRST},2025-11-12 10:00:00"]), "2025-11-13")
    crm.load("members")
    assert [baby["baby_no"] for baby in crm.staged("members")] == [1.0]


def test_trap_30_only_unionid_and_bound_accounts_cross_shops(shelf, warehouse):
    """A Taobao buyer bound in the CRM is one person; the same text elsewhere is another."""
    member = rows(
        warehouse,
        "select distinct tb_key, union_key from stg_crm__members where shop_id = 'sample'",
    )[0]
    contact = rows(
        warehouse,
        "select union_key from stg_wecom__contacts "
        "where shop_id = 'sample' and source_file like '%/0.txt'",
    )[0]
    assert member[1] == contact[0]
    taobao = lake(shelf, "taobao/orders")["buyer_id"].to_list()
    assert taobao == [member[0]]
    erp = lake(shelf, "jushuitan/orders")["buyer_id"].to_list()
    assert len({*erp, *taobao}) == 3


def test_of_a_review_its_stars_and_length_are_kept_and_nothing_else(shelf, warehouse):
    assert rows(
        warehouse,
        "select order_id, platform_sku_id, rating, content_length, created_at "
        "from stg_jd__reviews order by created_at",
    ) == [
        ("jd:s1:2768", "4567", 5.0, 22.0, beijing("2026-06-02 21:04:00")),
        ("jd:s1:2769", "4567", 1.0, 0.0, beijing("2026-06-03 09:00:00")),
        ("jd:s1:2770", "4567", 3.0, None, beijing("2026-06-03 10:00:00")),
    ]
    wrong = lake(shelf, "quarantine/jd/reviews")
    assert wrong["field"].to_list() == ["rating"]
    assert '"content_length":"17"' in wrong["raw"][0].replace(" ", "")


def test_every_platform_can_say_where_its_api_keeps_a_review():
    declared = reviews.dataset(
        api={"rating": "result", "created_at": "created"},
        envelopes=("answer.rates",),
        created_unit="epoch_ms",
        headers={"platform_sku_id": ("商品编号",)},
    )
    columns = {column.name: column for column in declared.columns}
    assert columns["rating"].api == "result"
    assert columns["created_at"].api_unit == "epoch_ms"
    assert columns["platform_sku_id"].headers == ("商品编号",)
    assert declared.has_personal_data, "a text that is not kept may still be shown nowhere"


def test_the_sandbox_hands_contacts_over_and_lets_them_leave_groups(warehouse):
    corp = wecom.CORP
    assert rows(
        warehouse,
        "select added_at, first_added_at, add_way, is_handover, tag_ids from stg_wecom__contacts "
        f"where shop_id = '{corp}' order by add_way, added_at",
    ) == [
        (at, first, way, handed, tags)
        for at, first, way, handed, tags in (
            (*[beijing("2026-06-01 10:00:00")] * 2, "1", False, '["etSTAGE_6_12M","etSRC_PARCEL"]'),
            (
                *(beijing(f"2026-06-0{d} 10:00:00") for d in (4, 1)),
                "201",
                True,
                '["etSTAGE_6_12M"]',
            ),
            (*[beijing("2026-06-01 10:00:00")] * 2, "3", False, None),
        )
    ]
    assert rows(
        warehouse,
        f"select is_staff, left_on from stg_wecom__groups where shop_id = '{corp}' "
        "order by is_staff desc, left_on nulls first",
    ) == [(True, None), (False, None), (False, date(2026, 6, 3))]
    assert rows(
        warehouse,
        f"select ds, chats, messages from stg_wecom__interactions where shop_id = '{corp}'",
    ) == [(date(2026, 6, 2), 2.0, 9.0)]
    assert rows(
        warehouse, f"select tag_id from stg_wecom__tags where shop_id = '{corp}' order by all"
    ) == [("etSRC_PARCEL",), ("etSTAGE_6_12M",)]


def test_the_sandbox_types_birthdays_as_people_do(warehouse):
    assert rows(
        warehouse,
        "select baby_no, born_on, due_on, is_birthday_plausible, consent_marketing "
        "from stg_crm__members where shop_id = 'brand-crm' order by all",
    ) == [
        (1.0, date(2024, 3, 18), date(2024, 3, 25), True, True),
        (1.0, None, date(2026, 9, 1), False, True),
        (1.0, None, None, False, True),
        (2.0, None, date(2026, 12, 20), None, True),
    ]


def test_no_name_phone_or_raw_id_of_a_person_comes_in(shelf, warehouse, tmp_path):
    raw = ["PII-", "1990000", "小满", "糯米", "wmDEMO", "guide_0", "ozDEMO", "AAHdemo", "M0001"]
    for platform in ("wecom", "crm", "jd", "quarantine"):
        assert scan(shelf.lake / platform, raw) == []
    for (table,) in rows(warehouse, "select table_name from duckdb_tables()"):
        warehouse.sql(f"from {table}").write_parquet(str(tmp_path / f"{table}.parquet"))
    assert scan(tmp_path, raw) == []
