"""Baby stages: at what age a product is used, and what a household's baskets say of its baby."""

import random
from datetime import date
from math import exp, prod

import duckdb
import pytest
import sql_model

AS_OF = date(2026, 6, 28)
NOW = 2026 * 12 + 5  # June 2026, counted from year 0

AGES = {  # months from, months to, edge
    "formula 1": (0, 6, 1),
    "formula 2": (6, 12, 1),
    "formula 3": (12, 36, 2),
    "nappy NB": (0, 2, 1),
    "nappy M": (4, 11, 2),
    "nappy L": (8, 20, 2),
    "nappy XL": (15, 30, 3),
}


def told(category: str | None, stage: str | None, name: str) -> tuple | None:
    """What int_consumption_stages says of a SKU: stage and ages, None if it tells no age."""
    with sql_model.warehouse() as connection:
        sql_model.seed(connection, "stage_products")
        connection.execute(
            "create table int_skus as select 'A' as sku_id, ?::varchar as category, "
            "?::varchar as baby_stage, ?::varchar as sku_name",
            [category, stage, name],
        )
        rows = connection.execute(sql_model.rendered("int_consumption_stages", as_of=AS_OF))
        found = rows.fetchall()
    return found[0][1:4] if found else None


@pytest.mark.parametrize(
    ("category", "stage", "name", "expected"),
    [
        ("奶粉", "1段", "禾苗优护 奶粉 1段 800g", ("formula 1", 0, 6)),
        ("奶粉", None, "A2奶粉３段800g", ("formula 3", 12, 36)),
        ("婴幼儿奶粉", "二段", "有机", ("formula 2", 6, 12)),
        ("奶粉", None, "婴幼儿配方奶粉 1段", ("formula 1", 0, 6)),
        ("奶粉", None, "幼儿配方奶粉", ("formula 3", 12, 36)),
        ("奶粉", "孕妇", "孕妇奶粉", ("pregnancy", -7, 1)),
        ("纸尿裤", "NB", "云朵宝 纸尿裤 NB码", ("nappy NB", 0, 2)),
        ("纸尿裤", None, "纸尿裤 S号(4-8kg)", ("nappy S", 1, 5)),
        ("纸尿裤", None, "拉拉裤XL36", ("nappy XL", 15, 30)),
        ("纸尿裤", None, "纸尿裤 3XL", ("nappy XXXL", 36, 60)),
        ("纸尿裤", "L", "拉拉裤 L码", ("nappy L", 8, 20)),
        ("辅食", "6个月以上", "高铁米粉", ("first food cereal", 6, 14)),
        ("辅食", None, "溶豆 8月+", ("first food finger food", 8, 34)),
        ("辅食", None, "星星面 12-36个月", ("written age", 12, 36)),
        ("洗护", None, "护臀膏 1-3岁", ("written age", 12, 36)),
        ("奶粉", "0-6M", "奶粉 400g", ("written age", 0, 6)),
        ("湿巾", None, "手口湿巾 80抽", None),
        ("洗护", None, "润肤霜 100-200ml", None),
        (None, None, "礼品杯", None),
    ],
)
def test_the_age_of_use_is_read_from_the_words_of_the_master(category, stage, name, expected):
    assert told(category, stage, name) == expected


def bought(customer: str, stage: str, first: int, last: int | None = None) -> list[tuple]:
    """Purchases of a stage in every month from `first` to `last`, counted from NOW."""
    months = range(first, (first if last is None else last) + 1)
    return [(customer, NOW + month, stage, *AGES[stage]) for month in months]


def babies(
    purchases: list[tuple],
    members: list[tuple] = (),
    *,
    linked_by: str = "tb_key",
    as_of: date = AS_OF,
) -> dict[tuple[str, int], dict]:
    """dim_baby of these purchases and CRM rows (customer, born_on, due_on), by (customer, no)."""
    customers = sorted({row[0] for row in [*purchases, *members]})
    keys = {"tb_key": "account of {}", "union_key": "union of {}"}
    with sql_model.warehouse() as connection:
        _fill(
            connection,
            "int_baby_purchases",
            "customer_id varchar, month bigint, product_stage varchar, months_from integer, "
            "months_to integer, edge_months integer",
            purchases,
        )
        _fill(
            connection,
            "stg_crm__members",
            "tb_key varchar, union_key varchar, born_on date, due_on date",
            [
                (*(keys[key].format(who) if key == linked_by else None for key in keys), *told)
                for who, *told in members
            ],
        )
        _fill(
            connection,
            "int_customer_ids",
            "platform varchar, buyer_key varchar, customer_id varchar",
            [("taobao", f"account of {who}", who) for who in customers],
        )
        _fill(
            connection,
            "int_accounts",
            "account_id varchar, union_keys varchar[]",
            [(who, [f"union of {who}"]) for who in customers],
        )
        _fill(connection, "int_identities", "node varchar, customer_id varchar", [])
        sql_model.create(connection, "int_told_births", as_of=as_of)
        sql_model.create(connection, "int_baby_stage", as_of=as_of)
        sql_model.create(connection, "dim_baby", as_of=as_of)
        rows = connection.execute("from dim_baby").df().to_dict("records")
    return {(row["customer_id"], row["baby_no"]): row for row in rows}


def _fill(
    connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[tuple]
) -> None:
    connection.execute(f"create table {name} ({columns})")
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"insert into {name} values ({marks})", rows)


def test_a_change_of_formula_tells_the_month_of_birth():
    # first stage until January, second from February to June: six months old at the turn of them
    found = babies(bought("c", "formula 1", -9, -5) + bought("c", "formula 2", -4, 0))

    baby = found["c", 1]
    assert abs(baby["age_months"] - 10) <= 1
    assert baby["stage"] == "6-12m"
    assert baby["next_stage"] == "12-36m"
    assert not baby["is_known"]
    assert baby["source"] == "inferred"
    assert baby["confidence"] > 0.9


def test_one_purchase_of_a_wide_stage_is_an_estimate_with_little_confidence():
    (baby,) = babies(bought("c", "formula 3", 0)).values()

    assert 18 <= baby["age_months"] <= 30
    assert baby["confidence"] < 0.4


def test_more_agreeing_evidence_never_lowers_the_confidence():
    one = babies(bought("c", "formula 1", -9))
    two = babies(bought("c", "formula 1", -9) + bought("c", "formula 2", -3))
    three = babies(
        bought("c", "formula 1", -9) + bought("c", "formula 2", -3) + bought("c", "formula 3", 0)
    )

    levels = [found["c", 1]["confidence"] for found in (one, two, three)]
    assert levels == sorted(levels)


def test_a_present_for_another_child_moves_nothing():
    own = bought("c", "formula 1", -9, -5) + bought("c", "formula 2", -4, 0)
    with_present = babies(own + bought("c", "nappy XL", -8))

    assert len(with_present) == 1
    assert with_present["c", 1]["age_months"] == babies(own)["c", 1]["age_months"]
    assert with_present["c", 1]["confidence"] < babies(own)["c", 1]["confidence"]


def test_two_ages_far_apart_are_two_babies():
    older = bought("c", "formula 3", -20, -12) + bought("c", "nappy XL", -14, -10)
    younger = bought("c", "formula 1", -6, -2) + bought("c", "formula 2", -1, 0)

    found = babies(older + younger)

    assert [baby["stage"] for baby in found.values()] == ["36m+", "6-12m"]
    assert found["c", 1]["born_on"] < found["c", 2]["born_on"]


def test_ages_that_no_baby_has_at_once_but_no_two_siblings_either_are_one_baby():
    found = babies(bought("c", "nappy NB", -3, 0) + bought("c", "nappy L", -3, 0))

    assert len(found) == 1
    assert found["c", 1]["confidence"] < 0.6


def test_two_stages_a_few_months_apart_are_one_baby():
    found = babies(bought("c", "nappy L", -3, 0) + bought("c", "formula 3", -3, 0))

    assert len(found) == 1


@pytest.mark.parametrize("key", ["tb_key", "union_key"])
def test_what_the_crm_tells_goes_before_what_is_bought(key):
    crm = [("c", date(2025, 10, 17), None)]
    found = babies(bought("c", "formula 2", -3, 0), crm, linked_by=key)

    (baby,) = found.values()
    assert baby["is_known"]
    assert baby["source"] == "crm"
    assert baby["confidence"] == 1
    assert baby["born_on"].date() == date(2025, 10, 1)
    assert baby["age_months"] == 8


def test_purchases_for_another_child_than_the_crms_are_a_second_baby():
    crm = [("c", date(2022, 3, 2), None)]
    one_off = babies(bought("c", "formula 1", -2, -1), crm)
    steady = babies(bought("c", "formula 1", -5, -1) + bought("c", "formula 2", 0), crm)

    assert [baby["source"] for baby in one_off.values()] == ["crm"]
    assert [baby["source"] for baby in steady.values()] == ["crm", "inferred"]


def test_a_due_date_ahead_is_a_pregnancy_and_one_gone_by_a_birth():
    crm = [("ahead", None, date(2026, 12, 20)), ("gone", None, date(2026, 1, 9))]
    found = babies([], crm)

    ahead, gone = found["ahead", 1], found["gone", 1]
    assert ahead["stage"] == "pregnancy"
    assert ahead["due_on"].date() == ahead["stage_exits_on"].date() == date(2026, 12, 1)
    assert str(ahead["born_on"]) == "NaT"
    assert ahead["next_stage"] == "0-6m"
    assert gone["born_on"].date() == date(2026, 1, 1)
    assert gone["stage"] == "0-6m"
    assert gone["confidence"] < 1


def test_a_birthday_goes_before_a_due_date_on_the_same_card_however_far_apart():
    found = babies([], [("c", date(2024, 3, 2), date(2026, 1, 5))])

    assert [baby["born_on"].date() for baby in found.values()] == [date(2024, 3, 1)]


def test_one_baby_told_by_two_cards_is_one_and_the_birthday_goes_before_the_due_date():
    crm = [
        ("c", date(2025, 3, 30), None),
        ("c", None, date(2025, 4, 12)),
        ("c", date(2025, 3, 30), None),
    ]
    found = babies([], crm)

    assert [baby["born_on"].date() for baby in found.values()] == [date(2025, 3, 1)]


@pytest.mark.parametrize(
    ("born_on", "stage", "exits_on"),
    [
        (date(2026, 6, 28), "0-6m", date(2026, 12, 1)),
        (date(2026, 1, 31), "0-6m", date(2026, 7, 1)),
        (date(2025, 12, 31), "6-12m", date(2026, 12, 1)),
        (date(2025, 7, 15), "6-12m", date(2026, 7, 1)),
        (date(2025, 6, 1), "12-36m", date(2028, 6, 1)),
        (date(2023, 7, 1), "12-36m", date(2026, 7, 1)),
        (date(2023, 6, 30), "36m+", None),
    ],
)
def test_a_stage_ends_in_the_month_it_is_outgrown(born_on, stage, exits_on):
    (baby,) = babies([], [("c", born_on, None)]).values()

    assert baby["stage"] == stage
    found = baby["stage_exits_on"]
    assert (None if str(found) == "NaT" else found.date()) == exits_on


def test_the_staircases_add_up_to_what_a_grid_of_months_gives():
    chance = random.Random(11)
    purchases = {
        f"c{n}": [
            row
            for stage in chance.sample(sorted(AGES), 3)
            for row in bought(f"c{n}", stage, -chance.randint(0, 18))
        ]
        for n in range(30)
    }
    with sql_model.warehouse() as connection:
        _fill(
            connection,
            "purchases",
            "customer_id varchar, month bigint, product_stage varchar, months_from integer, "
            "months_to integer, edge_months integer",
            [row for rows in purchases.values() for row in rows],
        )
        connection.execute("alter table purchases add column baby_no integer default 1")
        sql = sql_model.expanded("{{ birth_months('purchases') }}")
        found = {row[0]: row[3:] for row in connection.execute(sql).fetchall()}

    for customer, rows in purchases.items():
        months = range(NOW - 200, NOW + 100)
        # outside of all staircases nothing is known, and nothing is likely
        spoken_of = [
            month
            for month in months
            if any(_likelihood(row, month) > _likelihood(row, 0) for row in rows)
        ]
        inside = range(spoken_of[0], spoken_of[-1] + 1)
        mass = {month: prod(_likelihood(row, month) for row in rows) for month in inside}
        total, so_far = sum(mass.values()), 0.0
        for month in inside:
            so_far += mass[month]
            if so_far >= total / 2:
                break
        near = sum(mass.get(month + shift, 0) for shift in range(-3, 4))
        assert found[customer][0] == month, customer
        assert found[customer][1] == pytest.approx(near / total, abs=0.001)


def _likelihood(purchase: tuple, birth_month: int) -> float:
    _, month, _, months_from, months_to, edge = purchase
    age = month - birth_month
    outside = max(0, months_from - age, age - months_to)
    if outside == 0:
        return 1
    return exp(-0.7 if outside <= edge else -1.6 if outside <= 2 * edge else -3)


def test_neither_the_order_of_the_rows_nor_other_customers_move_an_estimate():
    chance = random.Random(3)
    rows = [
        row
        for n in range(40)
        for stage in chance.sample(sorted(AGES), 2)
        for row in bought(f"c{n}", stage, -chance.randint(4, 20), -chance.randint(0, 3))
    ]
    shuffled = chance.sample(rows, len(rows))

    assert babies(rows) == babies(shuffled)
    alone = babies([row for row in rows if row[0] == "c7"])
    assert alone == {key: baby for key, baby in babies(rows).items() if key[0] == "c7"}
