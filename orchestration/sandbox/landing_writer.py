"""The sandbox's truth becomes landed files: extract by extract, a month of pulls at a time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from multiprocessing import get_context
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.landing import SOURCES
from orchestration.landing.schema import Dataset
from orchestration.sandbox.buckets import Bucket, groups_of
from orchestration.sandbox.damage import DamageLog, keep_damage
from orchestration.sandbox.defects import Defects, Fates
from orchestration.sandbox.dialects import Extract
from orchestration.sandbox.landed_file import FileFolder, Pull, write_pull
from orchestration.sandbox.truth_views import Truth, open_truth, see_group

RECORDS_OF_A_FILE = 10_000
ORDERS_OF_A_GROUP = 80_000
PROCESSES = 2


@dataclass(frozen=True)
class WriteReport:
    """What was written. `records` counts a record once per file; `damaged` are records that a
    file holds unreadably, `lost` those of them that no other file brings as new or newer."""

    files: int
    records: int
    bytes: int
    damaged: int
    lost: int


def write_landing(
    landing: Path,
    truth: Truth,
    *,
    extracts: Sequence[Extract],
    buckets: Sequence[Bucket],
    seed: int,
    defects: Defects,
    damage_file: Path,
    tenant: str = "sandbox",
    progress: Callable[[str, int, int], object] | None = None,
) -> WriteReport:
    """Write what every bucket's pull brings of every extract; what was damaged to `damage_file`.

    `truth` is a folder with a folder of Parquet files per table, or frames by table name. Memory
    is bounded by what one bucket brings, a month of history at most. The same truth, seed and
    defects give the same bytes.
    """
    write = partial(
        _write_share,
        landing,
        truth,
        buckets=buckets,
        fates=Fates(defects, seed),
        tenant=tenant,
    )
    # frames are small: not worth another process
    processes = PROCESSES if isinstance(truth, Path) else 1
    own, *others = (extracts[k::processes] for k in range(processes))
    with ProcessPoolExecutor(max(1, len(others)), mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(write, share) for share in others]
        parts = [write(own, progress=progress), *(job.result() for job in jobs)]
    folders = [folder for folder, _ in parts]
    damaged, lost = keep_damage([damage for _, damage in parts], damage_file)
    return WriteReport(
        sum(folder.files for folder in folders),
        sum(folder.records for folder in folders),
        sum(folder.bytes for folder in folders),
        damaged,
        lost,
    )


def _write_share(
    landing: Path,
    truth: Truth,
    extracts: Sequence[Extract],
    *,
    buckets: Sequence[Bucket],
    fates: Fates,
    tenant: str,
    progress: Callable[[str, int, int], object] | None = None,
) -> tuple[FileFolder, pa.Table]:
    """Write some of the extracts; return what was counted and what was damaged."""
    damage, folder = DamageLog(), FileFolder(landing)
    with open_truth(truth) as connection:
        groups = groups_of(buckets, days=_days_of_a_group(connection, buckets))
        writers = [
            _Writer(connection, extract, tuple(buckets), fates, folder, tenant)
            for extract in extracts
        ]
        done, total = 0, len(groups) * len(writers)
        for group in groups:
            see_group(connection, group)
            for writer in writers:
                if progress is not None:
                    progress(f"{writer.name} {group[0].first_day:%Y-%m}", done, total)
                writer.write(group, damage)
                done += 1
    if progress is not None:
        progress("written", total, total)
    return folder, damage.table()


def _days_of_a_group(connection: duckdb.DuckDBPyConnection, buckets: Sequence[Bucket]) -> int:
    """So many days that about ORDERS_OF_A_GROUP orders are placed in them."""
    (orders,) = connection.execute("select count(*) from whole.orders").fetchall()[0]
    span = (buckets[-1].last_day - buckets[0].first_day).days + 1
    return max(1, span * ORDERS_OF_A_GROUP // max(orders, 1))


@dataclass
class _Writer:
    """Writes one extract group by group, keeping what the next group's pulls bring again."""

    connection: duckdb.DuckDBPyConnection
    extract: Extract
    buckets: tuple[Bucket, ...]
    fates: Fates
    folder: FileFolder
    tenant: str
    carried: pa.Table | None = None

    @property
    def name(self) -> str:
        return f"{self.extract.platform}.{self.extract.dataset}"

    @cached_property
    def declared(self) -> Dataset | None:
        return SOURCES.get(self.extract.platform, {}).get(self.extract.dataset)

    def write(self, group: Sequence[Bucket], damage: DamageLog) -> None:
        """Write what each bucket's pull of each shop brings."""
        self._table("fresh", f"select * from ({self.extract.query})")
        shops = self._shops()
        if not shops:
            return
        self._plan(shops, group)
        pulled = self._pulled(group)
        self._carry(group)
        footers, hits = self._footers(), []
        for shop_id, no, rows in _slices(pulled):
            starts = range(rows.start, rows.stop, RECORDS_OF_A_FILE)
            for part, first in enumerate(starts, start=1):
                rows_of_file = range(first, min(first + RECORDS_OF_A_FILE, rows.stop))
                is_last = rows_of_file.stop == rows.stop
                pull = Pull(
                    extract=self.extract,
                    declared=self.declared,
                    tenant=self.tenant,
                    shop_id=shop_id,
                    other_shop=_other(shop_id, shops),
                    part=part,
                    records=pulled["record"][rows_of_file.start : rows_of_file.stop].to_pylist(),
                    footers=footers.get((shop_id, no), ()) if is_last else (),
                    later=self.buckets[no : no + 6],
                )
                hit = write_pull(self.folder, pull, self.fates)
                if hit is not None:
                    hits.append((np.array(hit.lost, dtype=np.int64) + first, hit.said))
        scope = {"platform": self.extract.platform, "dataset": self.extract.dataset}
        damage.note(pulled, hits, **scope)

    def _table(self, name: str, query: str) -> None:
        self.connection.execute(f"create or replace temp table {name} as {query}")

    def _shops(self) -> list[str]:
        rows = self.connection.execute("select distinct shop_id from fresh").fetchall()
        carried = [] if self.carried is None else self.carried["shop_id"].unique().to_pylist()
        return sorted({*carried, *(shop for (shop,) in rows)})

    def _plan(self, shops: Sequence[str], group: Sequence[Bucket]) -> None:
        """Per shop and bucket: the pull that brings it and, where that bucket's own pull begins
        early, the bucket before and the moment since which it brings that one's records again."""
        hours = timedelta(hours=self.fates.defects.overlap_hours)
        rows = []
        for shop_id in shops:
            for bucket in group:
                again = since = None
                pull_no = self._pull_of(shop_id, bucket)
                if pull_no == bucket.no and self._begins_early(shop_id, bucket):
                    again, since = bucket.no - 1, self.buckets[bucket.no - 1].end - hours
                rows.append((shop_id, bucket.no, pull_no, again, since))
        names = ("shop_id", "bucket_no", "pull_no", "again", "since")
        kinds = (pa.string(), pa.int32(), pa.int32(), pa.int32(), pa.timestamp("us"))
        columns = zip(zip(*rows, strict=True), kinds, strict=True)
        arrays = [pa.array(column, kind) for column, kind in columns]
        self.connection.register("plan", pa.table(arrays, names=names))

    def _begins_early(self, shop_id: str, bucket: Bucket) -> bool:
        is_early = self.fates.is_overlapping(self._name_of(shop_id, bucket))
        return is_early and bucket.no > 0 and not self.extract.is_full

    def _pull_of(self, shop_id: str, bucket: Bucket) -> int:
        """Its own pull or the next that ran; the last one did, and so did those of whole months."""
        for later in self.buckets[bucket.no : -1]:
            may_miss = later.is_daily and not self.extract.is_full
            if not (may_miss and self.fates.is_missing(self._name_of(shop_id, later))):
                return later.no
        return self.buckets[-1].no

    def _name_of(self, shop_id: str, bucket: Bucket) -> str:
        return f"{self.name}/{shop_id}/{bucket.landed_on}"

    def _pulled(self, group: Sequence[Bucket]) -> pa.Table:
        """Every pull's records in the order of their changes, each once in its newest state."""
        if self.carried is None:
            carried = "select * from fresh where false"
        else:
            self.connection.register("carried", self.carried)
            carried = "select * from carried"
        self._table(
            "placed",
            f"select * from fresh join plan using (shop_id, bucket_no) union all by name {carried}",
        )
        newest = """
            qualify row_number() over (
                partition by shop_id, pull_no, record_key order by bucket_no desc
            ) = 1
        """
        columns = "shop_id, pull_no, record_key, modified_at, record"
        return self.connection.sql(
            f"""
            with own as (
                select {columns} from placed where pull_no between ? and ?
                {newest if self._is_any_late() else ""}
            ), again as (
                select p.shop_id, plan.bucket_no as pull_no, p.record_key, p.modified_at, p.record
                from placed p join plan on p.shop_id = plan.shop_id and p.bucket_no = plan.again
                where p.modified_at >= plan.since and p.pull_no = p.bucket_no
            )
            select * from own
            union all
            select * from again anti join own using (shop_id, pull_no, record_key)
            order by shop_id, pull_no, modified_at, record_key
            """,
            params=[group[0].no, group[-1].no],
        ).to_arrow_table()

    def _is_any_late(self) -> bool:
        query = "select count(*) from placed where pull_no <> bucket_no"
        return self.connection.execute(query).fetchall()[0][0] > 0

    def _carry(self, group: Sequence[Bucket]) -> None:
        """Keep what a later group's pull brings: late buckets, and the last bucket's last hours."""
        last = group[-1]
        since = last.end - timedelta(hours=self.fates.defects.overlap_hours)
        self.carried = self.connection.sql(
            "select * from placed where pull_no > ? or bucket_no = ? and modified_at >= ?",
            params=[last.no, last.no, since],
        ).to_arrow_table()

    def _footers(self) -> dict[tuple[str, int], list[str]]:
        if not self.extract.footer_query:
            return {}
        rows = self.connection.execute(
            f"select * from ({self.extract.footer_query}) order by all"
        ).fetchall()
        footers: dict[tuple[str, int], list[str]] = {}
        for shop_id, bucket_no, line in rows:
            footers.setdefault((shop_id, bucket_no), []).append(line)
        return footers


def _slices(pulled: pa.Table) -> Iterator[tuple[str, int, range]]:
    """Each shop's pulls and their rows in the sorted table."""
    if not pulled.num_rows:
        return
    keys = pulled.select(["shop_id", "pull_no"]).combine_chunks()
    shops = keys["shop_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    pulls = keys["pull_no"].to_numpy()
    starts = np.flatnonzero(np.diff(shops, prepend=-1) | np.diff(pulls, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], pulled.num_rows], strict=True):
        yield keys["shop_id"][start].as_py(), int(pulls[start]), range(int(start), int(stop))


def _other(shop_id: str, shops: Sequence[str]) -> str | None:
    """Another shop of the platform, whose folder a file may end up in."""
    if len(shops) < 2:
        return None
    return shops[(shops.index(shop_id) + 1) % len(shops)]
