"""Loading once, twice or in any order gives the same lake, and every row is accounted for."""

import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.landing import SOURCES
from orchestration.landing.lake import ensure_lake, load_day, load_range
from orchestration.landing.layout import LayoutError, check_layout, landed_days
from orchestration.landing.schema import LINEAGE_TYPES

KEY = b"a key of at least sixteen bytes"
FIRST = date(2026, 6, 25)
DAYS = [FIRST + timedelta(days=n) for n in range(3)]
HEADER = "po_id,line_id,sku_id,warehouse_id,supplier_id,ordered_on,ordered_qty,updated_at"
DOCS = Path(__file__).parent.parent / "docs" / "generic-source.md"


@pytest.fixture(autouse=True)
def _one_platform(monkeypatch):
    for platform in set(SOURCES) - {"generic"}:
        monkeypatch.delitem(SOURCES, platform)


def line(po: int, qty: int, updated: str) -> str:
    return f"po{po},1,A,main,S1,2026-06-01,{qty},{updated}"


# few keys, quantities (some broken) and versions, so that repeats and contradictions are common
lines = st.builds(
    line, st.integers(0, 2), st.integers(-1, 2), st.sampled_from(["", "2026-06-02", "2026-06-03"])
)
files = st.tuples(st.sampled_from(DAYS), st.lists(lines, max_size=4)).map(
    lambda f: (f[0], "\n".join([HEADER, *f[1]]) + "\n")
)


def land(landing: Path, number: int, day: date, text: str, shop: str = "s1") -> None:
    folder = landing / "acme/generic" / shop / "purchase_orders" / str(day)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{number}.csv").write_text(text, encoding="utf-8")


def state(lake: Path) -> set:
    """Every record with the first day it landed, and every broken record."""
    rows = duckdb.sql(
        "select row_hash, po_id, ordered_qty, source_version, min(landed_on) "
        f"from read_parquet('{lake}/generic/purchase_orders/**/*.parquet') group by all"
    ).fetchall()
    kept = duckdb.sql(
        "select distinct landed_on, field, value, reason, raw "
        f"from read_parquet('{lake}/quarantine/generic/purchase_orders/**/*.parquet')"
    ).fetchall()
    return {*rows, *kept}


def load(landing: Path, lake: Path, first: date, last: date):
    return load_range(
        landing,
        lake,
        platform="generic",
        dataset="purchase_orders",
        first=first,
        last=last,
        key=KEY,
    )


@given(st.lists(files, min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order_and_any_repetition_of_files_gives_the_same_lake(landed, random):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number, (day, text) in enumerate(landed):
            land(root / "at_once", number, day, text)
        at_once = load(root / "at_once", root / "lake", DAYS[0], DAYS[-1])
        shuffled = [*landed, random.choice(landed)]
        random.shuffle(shuffled)
        reports = [at_once]
        for number, (day, text) in enumerate(shuffled):
            land(root / "one_by_one", number, day, text)
            reports.append(load(root / "one_by_one", root / "other", day, day))
        again = load(root / "one_by_one", root / "other", DAYS[0], DAYS[-1])
        assert state(root / "lake") == state(root / "other")
        for report in [*reports, again]:
            assert report.rows_in == (
                report.rows_loaded + report.rows_quarantined + report.rows_known
            )
        assert again.rows_known == again.rows_in
        assert at_once.rows_in == sum(text.count("\n") - 1 for _, text in landed)


def test_the_same_content_is_loaded_once_under_any_name(tmp_path):
    text = f"{HEADER}\n{line(1, 5, '2026-06-02')}\n"
    land(tmp_path / "landing", 1, FIRST, text)
    assert load(tmp_path / "landing", tmp_path / "lake", FIRST, FIRST).rows_loaded == 1
    land(tmp_path / "landing", 2, FIRST, text)
    report = load(tmp_path / "landing", tmp_path / "lake", FIRST, FIRST)
    assert (report.files, report.rows_in, report.rows_loaded, report.rows_known) == (2, 2, 0, 2)


def test_a_record_pulled_again_on_a_later_day_is_known_and_not_written_again(tmp_path):
    text = f"{HEADER}\n{line(1, 5, '2026-06-02')}\n"
    land(tmp_path / "landing", 1, DAYS[0], text)
    land(tmp_path / "landing", 2, DAYS[1], text + line(2, 5, "2026-06-02") + "\n")
    report = load(tmp_path / "landing", tmp_path / "lake", DAYS[0], DAYS[-1])
    assert (report.rows_in, report.rows_loaded, report.rows_known) == (3, 2, 1)


def test_a_record_keeps_its_earliest_landing_day_even_if_that_day_is_loaded_last(tmp_path):
    text = f"{HEADER}\n{line(1, 5, '2026-06-02')}\n"
    for number, day in enumerate(DAYS[:2]):
        land(tmp_path / "landing", number, day, text + f"{line(number + 5, 1, '')}\n")
    for day in reversed(DAYS[:2]):
        load(tmp_path / "landing", tmp_path / "lake", day, day)
    rows = pl.read_parquet(tmp_path / "lake/generic/purchase_orders/**/*.parquet")
    assert rows.filter(pl.col("po_id") == "po1")["landed_on"].min() == DAYS[0]


def test_two_shops_may_land_equal_files(tmp_path):
    text = f"{HEADER}\n{line(1, 5, '2026-06-02')}\n"
    for shop in ("s1", "s2"):
        land(tmp_path / "landing", 1, FIRST, text, shop)
    assert load(tmp_path / "landing", tmp_path / "lake", FIRST, FIRST).rows_loaded == 2


def test_a_landing_without_the_dataset_is_no_rows_and_the_glob_still_matches(tmp_path):
    land(tmp_path / "landing", 1, FIRST, f"{HEADER}\n")
    report = load_day(
        tmp_path / "landing",
        tmp_path / "lake",
        platform="generic",
        dataset="suppliers",
        day=FIRST,
        key=KEY,
    )
    assert (report.files, report.rows_in) == (0, 0)
    assert pl.read_parquet(tmp_path / "lake/generic/suppliers/**/*.parquet").is_empty()


@pytest.mark.parametrize("dataset", SOURCES["generic"].values(), ids=lambda d: d.name)
def test_the_lake_has_exactly_the_declared_columns_and_types(tmp_path, dataset):
    ensure_lake(tmp_path)
    described = duckdb.sql(
        f"describe from read_parquet('{tmp_path}/generic/{dataset.name}/**/*.parquet', "
        "hive_partitioning = false)"
    ).fetchall()
    types = {
        name: kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
        for name, kind, *_ in described
    }
    assert types == dataset.lake_types
    assert list(types)[-len(LINEAGE_TYPES) :] == list(LINEAGE_TYPES)
    assert set(dataset.key) <= set(dataset.column_names)


@pytest.mark.parametrize("dataset", SOURCES["generic"].values(), ids=lambda d: d.name)
def test_the_documentation_lists_every_column_as_declared(dataset):
    section = DOCS.read_text(encoding="utf-8").split(f"\n### {dataset.name}\n")[1]
    section = section.split("\n#")[0]
    documented = [row for row in section.splitlines() if row.startswith("| `")]
    assert documented == [
        f"| `{c.name}` | {c.kind} | {'yes' if c.required else 'no'} | {c.meaning} | {c.unit} "
        f"| {c.example} |"
        for c in dataset.columns
    ]


def test_names_that_say_nothing_known_are_reported_and_passed_over(tmp_path):
    land(tmp_path, 1, FIRST, f"{HEADER}\n")
    for folder in (
        "acme/shopify/s1/orders/2026-06-25",
        "acme/generic/s1/returns/2026-06-25",
        "acme/generic/s1/skus/25-06-2026",
    ):
        (tmp_path / folder).mkdir(parents=True)
    messages = check_layout(tmp_path)
    assert ["shopify" in m or "returns" in m or "25-06-2026" in m for m in messages] == [True] * 3
    assert landed_days(tmp_path) == (FIRST, FIRST)


def test_files_in_a_wrong_depth_are_reported_and_passed_over(tmp_path):
    land(tmp_path, 1, FIRST, f"{HEADER}\n")
    dataset = tmp_path / "acme/generic/s1/skus"
    for place in (dataset / "2026-06-25/part1/deep", dataset.parent, dataset / "2026-06-25/empty"):
        place.mkdir(parents=True, exist_ok=True)
    for path in (
        dataset / "2026-06-25/part1/deep/a.csv",
        dataset / "2026-06-25/_done/a.csv",
        dataset / "_note.txt",
        *(dataset / f"{name}.csv" for name in "bcdef"),
        dataset.parent / "g.csv",
        dataset.parent.parent / "h.csv",
        tmp_path / "acme/i.csv",
    ):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x", encoding="utf-8")
    told = [message.partition(" passed over")[0] for message in check_layout(tmp_path)]
    assert sorted(told) == [
        "acme/generic/s1/skus/2026-06-25/part1:",
        "acme/generic/s1/skus: b.csv, c.csv, d.csv and 2 more",
        "acme/generic/s1: g.csv",
        "acme/generic: h.csv",
        "acme: i.csv",
    ]


def test_a_wrong_layout_is_refused_with_the_right_one(tmp_path):
    with pytest.raises(LayoutError, match="no such folder"):
        check_layout(tmp_path / "nowhere")
    (tmp_path / "orders.csv").write_text("x", encoding="utf-8")
    with pytest.raises(LayoutError, match="<tenant>/<platform>/<shop_id>/<dataset>"):
        check_layout(tmp_path)


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("acme/generic/s1/orders/2026-06-25", "'orders' is no dataset of generic .order_lines, "),
        ("acme/Generic/s1/order_lines/2026-06-25", "'Generic' is no known platform .*generic"),
        ("acme/generic/s1/order_lines/20260625", "20260625: passed over, .* is no yyyy-mm-dd"),
    ],
)
def test_a_layout_of_which_nothing_fits_is_refused_with_why(folder, words, tmp_path):
    (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(LayoutError, match=words):
        landed_days(tmp_path)


def test_several_tenants_need_a_choice_and_are_never_mixed(tmp_path):
    land(tmp_path / "landing", 1, FIRST, f"{HEADER}\n{line(1, 5, '')}\n")
    other = tmp_path / "landing/rival/generic/s1/purchase_orders" / str(DAYS[1])
    other.mkdir(parents=True)
    (other / "a.csv").write_text(f"{HEADER}\n{line(2, 5, '')}\n", encoding="utf-8")
    with pytest.raises(LayoutError, match="several tenants"):
        load(tmp_path / "landing", tmp_path / "lake", DAYS[0], DAYS[-1])
    with pytest.raises(LayoutError, match="no tenant 'typo'"):
        check_layout(tmp_path / "landing", tenant="typo")
    assert landed_days(tmp_path / "landing", tenant="rival") == (DAYS[1], DAYS[1])
    report = load_range(
        tmp_path / "landing",
        tmp_path / "lake",
        platform="generic",
        dataset="purchase_orders",
        first=DAYS[0],
        last=DAYS[-1],
        key=KEY,
        tenant="rival",
    )
    assert report.rows_loaded == 1
    loaded = pl.read_parquet(tmp_path / "lake/generic/purchase_orders/**/*.parquet")
    assert loaded["po_id"].to_list() == ["po2"]
