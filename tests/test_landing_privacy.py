"""No buyer's id, name or phone ever reaches the lake."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.landing.lake import load_day
from orchestration.landing.privacy import Pseudonymiser

KEY = b"a key of at least sixteen bytes"
SCOPE = {"tenant": "acme", "platform": "generic", "shop_id": "shop1"}


@given(st.lists(st.text(min_size=1), max_size=20))
def test_equal_buyers_share_a_pseudonym_and_different_buyers_do_not(raw):
    names = Pseudonymiser(KEY, **SCOPE).mapping(raw)
    assert len(set(names.values())) == len(set(raw))
    assert names == Pseudonymiser(KEY, **SCOPE).mapping(reversed(raw))


def test_a_pseudonym_is_c_and_twenty_hexadecimal_digits():
    name = Pseudonymiser(KEY, **SCOPE).pseudonym("13800000000")
    assert name.startswith("c_")
    assert len(name) == 22
    int(name[2:], 16)


@pytest.mark.parametrize("part", ["tenant", "platform", "shop_id"])
def test_no_buyer_can_be_followed_across_scopes(part):
    here = Pseudonymiser(KEY, **SCOPE).pseudonym("u1")
    there = Pseudonymiser(KEY, **SCOPE | {part: "other"}).pseudonym("u1")
    assert here != there


def test_the_scope_cannot_be_shifted_between_its_parts():
    one = Pseudonymiser(KEY, tenant="a", platform="bc", shop_id="d").pseudonym("u1")
    assert one != Pseudonymiser(KEY, tenant="ab", platform="c", shop_id="d").pseudonym("u1")


def test_another_key_gives_other_names():
    other = Pseudonymiser(b"another key of sixteen bytes", **SCOPE)
    assert Pseudonymiser(KEY, **SCOPE).pseudonym("u1") != other.pseudonym("u1")


def test_a_short_key_is_refused_with_advice():
    with pytest.raises(ValueError, match="at least 16"):
        Pseudonymiser(b"short", **SCOPE)


def test_nothing_below_the_lake_contains_what_identifies_a_person(tmp_path):
    folder = tmp_path / "landing/acme/generic/shop1/order_lines/2026-06-28"
    folder.mkdir(parents=True)
    header = "order_id,line_id,customer_id,sku_id,paid_at,qty,paid_amount,buyer_name,phone"
    personal = "secretbuyer7", "张三丰", "13912345678"
    rows = [
        f"o1,1,{personal[0]},A,2026-06-28,1,1,{personal[1]},{personal[2]}",  # sound
        f"o2,1,{personal[0]},A,2026-06-28,0,1,{personal[1]},{personal[2]}",  # out of domain
        f"o3,1,{personal[0]},A,{personal[1]},{personal[2]}",  # too few fields
        f"o4,{personal[0]},A,2026-06-28,1,1,{personal[1]},{personal[2]},x,y,z",  # too many
        f"o5,1,{personal[0]},A,2026-06-28,1,2,{personal[1]},{personal[2]}",
        f"o5,1,{personal[0]},A,2026-06-28,1,3,{personal[1]},{personal[2]}",  # contradiction
    ]
    (folder / "a.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    (folder / "no_header.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    report = load_day(
        tmp_path / "landing",
        tmp_path / "lake",
        platform="generic",
        dataset="order_lines",
        day=date(2026, 6, 28),
        key=KEY,
    )
    assert (report.rows_loaded, report.rows_quarantined, report.files_unreadable) == (2, 4, 1)
    assert report.columns_ignored == ("buyer_name", "phone")
    files = [path for path in (tmp_path / "lake").rglob("*") if path.is_file()]
    texts = [repr(report)]
    for path in files:
        if path.suffix == ".parquet":
            texts.append(repr(pl.read_parquet(path).rows()))
        else:
            texts.append(path.read_bytes().decode(errors="replace"))
    for text in texts:
        assert not any(word in text for word in personal)
    loaded = pl.read_parquet(tmp_path / "lake/generic/order_lines/**/*.parquet")
    expected = Pseudonymiser(KEY, **SCOPE).pseudonym(personal[0])
    assert loaded["customer_id"].to_list() == [expected] * 2
