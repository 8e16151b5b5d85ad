"""Order lines in the warehouse against the sandbox's truth, line by line, to the cent."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from orchestration.sandbox import truth

ORDER_FEEDS = ("orders", "refunds", "cancellations")
EXAMPLES = 3


@dataclass(frozen=True)
class PlatformResult:
    """One platform's order lines. `equal` of `compared` agree in everything; `held` lines belong
    to the `held_orders` of which quarantine holds a record that no other file brings; `kinds`
    counts lines by what is wrong with them; `examples` are the first of them. `erp_gifts` are
    gifts that only the ERP adds to an order: no truth knows them, so they are counted only."""

    platform: str
    orders: int
    compared: int
    equal: int
    held: int
    held_orders: int
    erp_gifts: int
    kinds: dict[str, int]
    examples: tuple[str, ...]

    @property
    def mismatches(self) -> int:
        """Lines that differ from the truth without being held in quarantine."""
        return self.compared - self.equal


def reconcile(
    truth_folder: Path, damage_file: Path, lake: Path, warehouse: Path, as_of: date
) -> tuple[PlatformResult, ...]:
    """Compare `fct_order_lines` of a warehouse with the truth at the end of `as_of`.

    Compared are units, paid amount, refunds, lifecycle and business date of every order line of
    a shop whose orders land, reissues and exchanges that only its ERP tells of among them. An
    order is left out only if the damage file says that a record of it is lost for good and the
    lake's quarantine holds the file that record was in.
    """
    tables = truth.read(truth_folder)
    expected = truth.order_lines_as_of(tables, as_of)
    from_erp = truth.order_lines_as_of(_as_the_erp_tells(tables), as_of)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'Asia/Shanghai'")
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        connection.register("shown_lines", expected.to_arrow())
        connection.register("erp_lines", from_erp.to_arrow())
        connection.register("shown", _shown(truth_folder).to_arrow())
        connection.execute(_EXPECTED)
        connection.execute(_FOUND)
        connection.execute(_held(truth_folder, damage_file, lake))
        connection.execute(_PAIRS)
        return tuple(_result(connection, platform) for platform in _platforms(connection))


def _shown(truth_folder: Path) -> pl.DataFrame:
    """The platforms and shops whose own orders land."""
    shops = truth.read(truth_folder)["shops"]
    return shops.filter("has_order_feed").select("platform", "shop_id").collect()


def _as_the_erp_tells(tables: dict[str, pl.LazyFrame]) -> dict[str, pl.LazyFrame]:
    """Only the orders that no platform shows, as if one did; the ERP knows every SKU of its own."""
    return tables | {
        "orders": tables["orders"].filter("erp_only").with_columns(erp_only=pl.lit(False)),
        "listings": tables["listings"].with_columns(mapped_by=pl.lit("erp")),
    }


# the ERP hears of the parcel and not of its arrival
_EXPECTED = """
create table expected as
select platform, shop_id, platform_order_id as order_id, coalesce(sku_code, '?') as sku, is_gift,
    units::double as units,
    cast(if(is_paid or is_forfeited, paid_cents, 0) as decimal(18, 2)) / 100 as paid,
    cast(refund_cents as decimal(18, 2)) / 100 as refund, lifecycle, biz_date
from (
    select * from shown_lines
    union all by name
    select * replace (if(lifecycle = 'completed', 'shipped', lifecycle) as lifecycle) from erp_lines
) semi join shown using (platform, shop_id)
"""
_FOUND = """
create table found as
select f.platform, f.shop_id, f.platform_order_id as order_id,
    case when sku_mapping_step in ('unmapped', 'ambiguous') then '?' else sku_id end as sku,
    is_gift, qty as units, paid_amount as paid, refund_amount as refund, lifecycle,
    cast(timezone('Asia/Shanghai', paid_at) as date) as biz_date,
    order_line_id like 'jushuitan:%' and is_gift and paid_amount = 0 and s.order_id is not null
        as is_erp_gift
from warehouse.main.fct_order_lines f
semi join shown using (platform, shop_id)
left join (
    select distinct platform, shop_id, platform_order_id as order_id from shown_lines
) s on s.platform = f.platform and s.shop_id = f.shop_id and s.order_id = f.platform_order_id
"""
_PAIRS = """
create table pairs as
with e as (
    select *, row_number() over (
        partition by platform, shop_id, order_id, sku, is_gift order by units, paid, refund
    ) as n
    from expected
), f as (
    select *, row_number() over (
        partition by platform, shop_id, order_id, sku, is_gift order by units, paid, refund
    ) as n
    from found where not is_erp_gift
), pairs as (
    select coalesce(e.platform, f.platform) as platform,
        coalesce(e.shop_id, f.shop_id) as shop_id, coalesce(e.order_id, f.order_id) as order_id,
        coalesce(e.sku, f.sku) as sku,
        case
            when f.order_id is null then 'missing'
            when e.order_id is null then 'not in the truth'
            when e.units is distinct from f.units then 'units'
            when e.paid is distinct from f.paid then 'paid amount'
            when e.refund is distinct from f.refund then 'refunds'
            when e.lifecycle is distinct from f.lifecycle then 'lifecycle'
            when e.biz_date is distinct from f.biz_date then 'business date'
        end as kind,
        concat_ws(' ', e.units, e.paid, e.refund, e.lifecycle, e.biz_date) as said_by_truth,
        concat_ws(' ', f.units, f.paid, f.refund, f.lifecycle, f.biz_date) as found
    from e full join f
        on e.platform = f.platform and e.shop_id = f.shop_id and e.order_id = f.order_id
        and e.sku = f.sku and e.is_gift = f.is_gift and e.n = f.n
)
select pairs.*, held.order_id is not null as is_held
from pairs left join held using (platform, shop_id, order_id)
"""


def _held(truth_folder: Path, damage_file: Path, lake: Path) -> str:
    """Table `held`: orders with a record that is lost for good and that quarantine names."""
    feeds = ", ".join(f"'{feed}'" for feed in ORDER_FEEDS)
    return f"""
    create table held as
    with lost as (
        select distinct platform, dataset, shop_id, source_file, record_key
        from read_parquet('{damage_file}')
        where not is_recovered and dataset in ({feeds})
    ), quarantined as (
        select source_file, record_id from read_parquet('{lake}/quarantine/**/*.parquet',
            union_by_name = true, hive_partitioning = false)
    ), named as (
        select * from lost where exists (
            select 1 from quarantined q where q.source_file = lost.source_file
                and coalesce(q.record_id, lost.record_key) = lost.record_key
        )
    ), orders as (
        select o.order_no, o.platform, s.shop_id, o.platform_order_id as order_id, o.erp_only
        from read_parquet('{truth_folder}/orders/*.parquet') o
        join read_parquet('{truth_folder}/shops/*.parquet') s using (shop_no)
    )
    select platform, shop_id, record_key as order_id from named where dataset = 'orders'
    union
    select orders.platform, orders.shop_id, orders.order_id
    from named
    -- one refund may be told by a list and by its details, as 71/list and 71/detail
    join read_parquet('{truth_folder}/refunds/*.parquet') r
        on r.refund_ref = split_part(named.record_key, '/', 1)
    join orders on orders.order_no = r.order_no and orders.platform = named.platform
        and orders.shop_id = named.shop_id
    where dataset <> 'orders'
    union
    -- an ERP document is numbered ten times the order, plus its part
    select orders.platform, orders.shop_id, orders.order_id
    from named join orders on orders.order_no = try_cast(record_key as bigint) // 10
    where named.platform = 'jushuitan' and dataset = 'orders' and orders.erp_only
    """


def _platforms(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("select distinct platform from shown order by platform").fetchall()
    return [platform for (platform,) in rows]


def _result(connection: duckdb.DuckDBPyConnection, platform: str) -> PlatformResult:
    orders, compared, equal, held, held_orders = connection.execute(
        """
        select count(distinct (shop_id, order_id)), count(*) filter (not is_held),
            count(*) filter (not is_held and kind is null), count(*) filter (is_held),
            count(distinct (shop_id, order_id)) filter (is_held)
        from pairs where platform = ?
        """,
        [platform],
    ).fetchall()[0]
    (erp_gifts,) = connection.execute(
        "select count(*) from found where platform = ? and is_erp_gift", [platform]
    ).fetchall()[0]
    kinds = connection.execute(
        "select kind, count(*) from pairs where platform = ? and not is_held and kind is not null "
        "group by kind order by count(*) desc, kind",
        [platform],
    ).fetchall()
    examples = connection.execute(
        """
        select concat_ws(' ', shop_id, order_id, sku) || ': ' || kind || '; truth: '
            || coalesce(nullif(said_by_truth, ''), 'none') || '; found: '
            || coalesce(nullif(found, ''), 'none')
        from pairs where platform = ? and not is_held and kind is not null
        qualify row_number() over (partition by kind order by shop_id, order_id, sku) <= ?
        order by kind, shop_id, order_id
        """,
        [platform, EXAMPLES],
    ).fetchall()
    return PlatformResult(
        platform=platform,
        orders=orders,
        compared=compared,
        equal=equal,
        held=held,
        held_orders=held_orders,
        erp_gifts=erp_gifts,
        kinds=dict(kinds),
        examples=tuple(text for (text,) in examples),
    )
