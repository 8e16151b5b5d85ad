"""The whole graph as a person runs it, on the sandbox's extracts in every platform's dialect.

Twice the same, with broken rows, with a spoiled future.

Every process runs with `tests/no_network` on its path, so a socket beyond loopback fails it.
"""

import json
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml
from personal_data import scan

from orchestration.sandbox.generate import generate
from orchestration.settings import DBT_PROJECT_DIR, Settings

pytestmark = pytest.mark.story

AS_OF = date(2026, 6, 28)
WORLD = {"scale": "tiny", "days": 420, "daily_days": 14}
LIGHT = {
    "STORK_DEMAND_TRIALS": "1",
    "STORK_CHURN_TRIALS": "1",
    "STORK_N_WINDOWS": "1",
    "STORK_HORIZON": "6",
    "STORK_THREADS": "1",  # the tests beside it want the other core
    "STORK_ENVIRONMENT": "test",
    "STORK_PSEUDONYM_KEY": "a key that only tests use",
}


def stork(*arguments: str | Path) -> subprocess.CompletedProcess:
    blocked = Path(__file__).parent / "no_network"
    path = os.pathsep.join([str(blocked), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *map(str, arguments)],
        env=os.environ | LIGHT | {"PYTHONPATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def run(landing: Path, out: Path, like: Path | None = None) -> subprocess.CompletedProcess:
    """The whole graph; `like`: where the project's unit tests have passed, not to repeat them."""
    if like is not None:
        kept = Settings(environment="test", state=like / "state").unit_tests_file
        here = Settings(environment="test", state=out / "state").unit_tests_file
        shutil.copy(kept, here)
    done = stork("run", "--landing", landing, "--out", out, "--as-of", AS_OF)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NETWORK CALL REFUSED" not in done.stdout + done.stderr
    return done


def plan_bytes(out: Path) -> bytes:
    return (out / AS_OF.isoformat() / "replenishment_plan.csv").read_bytes()


def break_a_file(landing: Path) -> Path:
    """One file with two good and three broken rows."""
    folder = landing / "sandbox" / "generic" / "planning" / "order_lines" / AS_OF.isoformat()
    folder.mkdir(parents=True)
    file = folder / "broken.csv"
    file.write_text(
        "order_id,line_id,customer_id,sku_id,paid_at,qty,paid_amount\n"
        f"good-1,1,someone,{some_sku(landing)},2026-06-28 10:00:00,1,10.00\n"
        f"bad-qty,1,someone,{some_sku(landing)},2026-06-28 10:00:00,-3,10.00\n"
        f"bad-date,1,someone,{some_sku(landing)},28th of June,1,10.00\n"
        f"good-2,1,someone,{some_sku(landing)},2026-06-28 11:00:00,1,10.00\n"
        "too,few\n"
    )
    return file


def some_sku(landing: Path) -> str:
    files = sorted(landing.glob("*/generic/*/suppliers/*/*.csv"))
    terms = pd.concat(pd.read_csv(f, dtype=str, encoding="utf-8-sig") for f in files)
    return str(terms["sku_id"].dropna().iloc[0])


def spoil_the_future(landing: Path) -> None:
    """Absurd sales and stock after the as-of day: in a visible folder, and in tomorrow's."""
    for kind, day, header, row in (
        (
            "order_lines",
            AS_OF,
            "order_id,line_id,customer_id,sku_id,paid_at,qty,paid_amount",
            "future-{i},1,c{i},{sku},2026-07-{d:02d} 10:00:00,1000000,1",
        ),
        (
            "order_lines",
            AS_OF + timedelta(days=1),
            "order_id,line_id,customer_id,sku_id,paid_at,qty,paid_amount",
            "late-{i},1,c{i},{sku},2026-06-{d:02d} 10:00:00,1000000,1",
        ),
        (
            "stock",
            AS_OF,
            "snapshot_date,sku_id,warehouse_id,on_hand",
            "2026-07-{d:02d},{sku},spoiled,1000000",
        ),
    ):
        folder = landing / "sandbox" / "generic" / "planning" / kind / day.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        rows = [row.format(i=i, d=i, sku=some_sku(landing)) for i in range(1, 29)]
        (folder / "spoiled.csv").write_text("\n".join([header, *rows]) + "\n")


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    generate(folder / "landing", folder / "truth", **WORLD)
    return folder / "landing"


@pytest.fixture(scope="module")
def first(shop, tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess]:
    break_a_file(shop)
    out = tmp_path_factory.mktemp("first")
    return out, run(shop, out)


def test_one_command_goes_from_landing_files_to_plan_and_churn_list(first):
    out, done = first
    day = out / AS_OF.isoformat()
    plan = pd.read_csv(day / "replenishment_plan.csv")
    wanted = {
        "sku_id",
        "warehouse_id",
        "supplier_id",
        "order_qty",
        "order_by_date",
        "expected_on",
        "reason",
    }
    assert wanted <= set(plan.columns)
    assert plan["reason"].notna().all()
    assert (plan["order_qty"] > 0).any()
    assert (day / "replenishment_plan.xlsx").stat().st_size > 5_000
    assert len(pd.read_csv(day / "churn_list.csv")) > 50
    for printed in ("replenishment_plan.csv", "wape", "seasonal_naive", "roc_auc", "recency"):
        assert printed in done.stdout


def test_every_series_that_sold_is_in_the_plan(first):
    out, _ = first
    plan = pd.read_csv(out / AS_OF.isoformat() / "replenishment_plan.csv", dtype=str)
    sold = pd.read_parquet(out / "state" / "exports" / "feat_demand.parquet")["unique_id"].unique()
    assert set(sold) <= set(plan["sku_id"] + "@" + plan["warehouse_id"])


def test_the_rules_of_the_project_hold_on_their_hand_written_rows(first):
    out, done = first
    kept = Settings(environment="test", state=out / "state").unit_tests_file
    assert kept.exists(), done.stdout  # only where all of them passed
    found = json.loads(kept.read_text())["results"]
    files = (DBT_PROJECT_DIR / "models").rglob("*__unit_tests.yml")
    written = sum(len(yaml.safe_load(f.read_text("utf-8"))["unit_tests"]) for f in files)
    assert written > 15
    assert [result["status"] for result in found.values()] == ["pass"] * written


def test_broken_rows_are_in_quarantine_with_reasons_and_the_good_ones_around_them_load(first):
    out, done = first
    lake = out / "state" / "lake"
    kept = pd.concat(
        pd.read_parquet(p) for p in (lake / "quarantine/generic/order_lines").rglob("*.parquet")
    )
    broken = kept[kept["source_file"].str.endswith("broken.csv")]
    assert sorted(broken["source_row"]) == [3, 4, 6]
    assert broken["reason"].str.len().min() > 10
    ledger = pd.read_parquet(lake / "ledger" / "generic" / "order_lines.parquet")
    (entry,) = ledger[ledger["source_file"].str.endswith("broken.csv")].itertuples()
    assert (entry.rows_in, entry.rows_loaded, entry.rows_quarantined) == (5, 2, 3)
    assert "generic/order_lines: quarantine" in done.stdout


def test_a_second_run_on_the_same_state_gives_the_identical_plan(shop, first):
    out, _ = first
    before = plan_bytes(out)
    run(shop, out)
    assert plan_bytes(out) == before


def test_nothing_after_the_as_of_day_moves_features_forecasts_or_plan(
    shop, first, tmp_path_factory
):
    spoiled = tmp_path_factory.mktemp("spoiled") / "landing"
    shutil.copytree(shop, spoiled)
    spoil_the_future(spoiled)
    out = tmp_path_factory.mktemp("second")
    run(spoiled, out, like=first[0])
    assert plan_bytes(out) == plan_bytes(first[0])
    for table in ("feat_demand", "feat_customer", "feat_customer_events", "feat_customer_births"):
        tables = [
            pd.read_parquet(o / "state" / "exports" / f"{table}.parquet") for o in (out, first[0])
        ]
        pd.testing.assert_frame_equal(*tables)
    forecasts = [
        pd.read_parquet(o / "state" / "results" / AS_OF.isoformat() / "demand_forecast.parquet")
        for o in (out, first[0])
    ]
    pd.testing.assert_frame_equal(*forecasts)


def test_no_name_phone_address_or_raw_id_is_in_anything_a_run_leaves(shop, first):
    out, _ = first
    truth = shop.parent / "truth"
    raw_ids = pd.read_parquet(truth / "orders", columns=["buyer_id", "address_token"])
    people = pd.read_parquet(truth / "members", columns=["phone", "union_id", "tb_buyer_id"])
    planted = [
        value
        for table in (raw_ids, people)
        for value in table.sample(60, random_state=7).melt()["value"].dropna().unique()
    ]
    assert len(planted) > 100
    assert not scan(out, ["PII-", *planted])


def test_the_reports_can_be_opened(first):
    out, _ = first
    reports = Settings(environment="test", state=out / "state").folder("reports")
    found = {p.stem for p in reports.rglob("*.html")}
    assert {"demand_drift", "customer_drift", "forecast_error", "churn_performance"} == found


def test_three_weeks_of_bare_order_lines_still_give_a_plan_with_its_doubts(first, tmp_path):
    folder = tmp_path / "landing" / "acme" / "generic" / "shop1" / "order_lines" / "2026-06-24"
    folder.mkdir(parents=True)
    rows = [
        f"o{i},1,SKU{i % 3},2026-06-{2 + i % 23:02d} 12:00:00,{1 + i % 4},{10 + i}.50"
        for i in range(60)
    ]
    header = "order_id,line_id,sku_id,paid_at,qty,paid_amount"
    (folder / "orders.csv").write_text("\n".join([header, *rows]))
    (folder.parent.parent / "stocks").mkdir()  # a dataset by the wrong name
    done = run(tmp_path / "landing", tmp_path / "out", like=first[0])
    assert "acme/generic/shop1/stocks: passed over" in done.stdout.replace("\n", "")
    plan = pd.read_csv(tmp_path / "out" / AS_OF.isoformat() / "replenishment_plan.csv")
    assert sorted(plan["sku_id"]) == ["SKU0", "SKU1", "SKU2"]
    assert (plan["order_qty"] > 0).all()
    assert plan["doubts"].notna().all()
    assert "seasonal naive takes charge" in done.stdout
    assert "No churn list: no paid order line carries a customer_id" in done.stdout


def test_mostly_broken_extracts_stop_the_run_and_no_plan_is_derived_from_the_rest(tmp_path):
    folder = tmp_path / "landing" / "acme" / "generic" / "shop1" / "order_lines" / "2026-06-24"
    folder.mkdir(parents=True)
    header = "order_id,line_id,sku_id,paid_at,qty,paid_amount"
    rows = [f"o{i},1,SKU1,2026-06-20 12:00:00,{'many' if i % 2 else 1},9.90" for i in range(200)]
    (folder / "orders.csv").write_text("\n".join([header, *rows]))
    done = stork(
        "run", "--landing", tmp_path / "landing", "--out", tmp_path / "out", "--as-of", AS_OF
    )
    again = stork(
        "run", "--landing", tmp_path / "landing", "--out", tmp_path / "out", "--as-of", AS_OF
    )
    for run_of_it in (done, again):
        assert run_of_it.returncode == 1, "asking again makes nothing better"
        assert "broken_share_below_limit: 100 of 200 rows in all are broken" in run_of_it.stdout
    assert not list((tmp_path / "out").rglob("replenishment_plan.csv"))


def test_a_landing_folder_of_the_wrong_shape_is_explained_in_one_line(tmp_path):
    (tmp_path / "landing" / "orders").mkdir(parents=True)
    done = stork("run", "--landing", tmp_path / "landing", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "<yyyy-mm-dd>" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "call", ["getaddrinfo('example.org', 80)", "create_connection(('10.9.8.7', 80))"]
)
def test_the_block_that_the_story_runs_under_refuses_the_network_to_children_too(call):
    blocked = os.environ | {"PYTHONPATH": str(Path(__file__).parent / "no_network")}
    child = f"import socket; socket.{call}"
    parent = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {child!r}]))"
    done = subprocess.run(
        [sys.executable, "-c", parent], env=blocked, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "the tests allow no network" in done.stderr
