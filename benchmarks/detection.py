"""Brush orders, baby stages and stock-outs against the sandbox's truth: what is told rightly."""

from pathlib import Path

import duckdb

from ml import brush

_TRUTH = """
create or replace temp table true_orders as
select
    orders.platform || ':' || shops.shop_id || ':' || orders.platform_order_id as order_id,
    orders.platform,
    orders.household,
    brush.order_no is not null as is_brush
from read_parquet('{truth}/orders/*.parquet') as orders
inner join read_parquet('{truth}/shops/*.parquet') as shops using (shop_no)
left join read_parquet('{truth}/brush/*.parquet') as brush using (order_no)
"""

_BRUSH = """
select
    true_orders.platform,
    count(*) filter (where is_brush) as brush,
    count(*) filter (where coalesce(is_suspected, false)) as suspected,
    count(*) filter (where is_brush and coalesce(is_suspected, false)) as hits
from (select distinct order_id from fct_order_lines where paid_at is not null)
inner join true_orders using (order_id)
left join {scores} using (order_id)
group by all
order by all
"""

# A crew that is careful with one kind of trace: what is left of the detection without it.
_CAREFUL = {
    "address": {"address_buyers": 1},
    "review": {"hours_to_review": float("nan")},
    "speed": {"hours_to_ship": float("nan"), "hours_to_finish": float("nan")},
    "flag": {"seller_flag": None},
}

# A customer stands for the household behind most of its orders.
_BABIES = """
create or replace temp table true_babies as
with customers as (
    select lines.customer_id, true_orders.household
    from (select distinct customer_id, order_id from fct_order_lines) as lines
    inner join true_orders using (order_id)
    where lines.customer_id is not null and true_orders.household is not null
    group by lines.customer_id, true_orders.household
    qualify row_number() over (
        partition by lines.customer_id order by count(*) desc, true_orders.household
    ) = 1
)

select
    customers.customer_id,
    customers.household,
    households.born_on,
    households.born_on_2,
    customers.customer_id in (select customer_id from dim_baby where is_known) as is_known
from customers
inner join read_parquet('{truth}/households/*.parquet') as households using (household)
where households.born_on is not null
"""

_STAGES = """
with guesses as (
    select
        babies.customer_id,
        babies.source,
        babies.confidence,
        true_babies.is_known,
        least(
            abs(datediff('month', coalesce(babies.born_on, babies.due_on), true_babies.born_on)),
            abs(datediff('month', coalesce(babies.born_on, babies.due_on), true_babies.born_on_2))
        ) as months_off
    from dim_baby as babies
    inner join true_babies using (customer_id)
)

select
    count(*) as babies,
    count(distinct customer_id) as customers,
    median(months_off) as median_months_off,
    avg(cast(months_off <= 3 as integer)) as within_3_months,
    avg(confidence) as mean_confidence
from guesses
where {which}
"""

_SECOND = """
with counted as (
    select
        true_babies.customer_id,
        coalesce(
            true_babies.born_on_2 < (select max(ds) from fct_order_lines) - 182, false
        ) as has_two,
        true_babies.born_on_2 is null as has_one,
        count(babies.customer_id) >= 2 as shows_two
    from true_babies
    left join dim_baby as babies using (customer_id)
    where not true_babies.is_known
    group by all
)

select
    count(*) filter (where has_two) as two_babies,
    count(*) filter (where shows_two) as shown,
    count(*) filter (where has_one and shows_two) as invented
from counted
"""

# What buyers wanted and did not get there and then: lost, bought as something else, or later.
_STOCKOUTS = """
with truth as (
    select
        sku_code || '@' || warehouse as unique_id,
        cast(ds as date) as ds,
        wanted_qty,
        lost_qty + substituted_qty + postponed_qty as missed_qty
    from read_parquet('{truth}/demand/*.parquet')
),

days as (
    select
        daily.unique_id,
        daily.ds,
        daily.demand_qty,
        daily.is_stockout,
        coalesce(truth.wanted_qty, 0) as wanted_qty,
        coalesce(truth.missed_qty, 0) as missed_qty
    from fct_demand_daily as daily
    left join truth using (unique_id, ds)
),

weeks as (
    select
        features.is_stockout,
        sum(days.demand_qty) as demand_qty,
        sum(days.wanted_qty) as wanted_qty
    from days
    inner join feat_demand as features
        on days.unique_id = features.unique_id
        and days.ds between features.ds and features.ds + 6
    group by all
)

select
    sum(missed_qty) as missed,
    sum(missed_qty) filter (where is_stockout) / sum(missed_qty) as missed_on_marked_days,
    sum(wanted_qty) filter (where is_stockout and missed_qty = 0) / sum(wanted_qty)
        as wanted_on_days_marked_for_nothing,
    (select sum(demand_qty) / sum(wanted_qty) from weeks) as seen_in_all_weeks,
    (select sum(demand_qty) / sum(wanted_qty) from weeks where not is_stockout)
        as seen_in_stock_weeks
from days
"""


def report(connection: duckdb.DuckDBPyConnection, truth_dir: Path | str) -> dict:
    """Print and return how well brush orders and stages are told, against the truth.

    `connection` is a warehouse after a build; `truth_dir` holds the sandbox's tables. Per
    platform: paid brush orders, how many orders are suspected, precision and recall; and for all
    together if one kind of trace, or all four, could not be seen. For customers whose baby the CRM
    does not tell: share with an inferred birth (coverage), median error in months, share within
    three months, mean confidence; the same for what the CRM tells. Of the units that buyers missed,
    the share on days marked as stock-outs, and how much of what was wanted the tables see.
    """
    connection.execute(_TRUTH.format(truth=truth_dir))
    connection.execute(_BABIES.format(truth=truth_dir))
    found = {
        "brush": _found(connection, "int_brush_orders"),
        "brush_without": _without(connection),
        "stage": _stage(connection),
        "stockouts": stockouts(connection, truth_dir),
    }
    _show(found["brush"] | found["brush_without"], found["stage"])
    _show_stockouts(found["stockouts"])
    return found


def _found(connection: duckdb.DuckDBPyConnection, scores: str) -> dict[str, dict]:
    rows = connection.execute(_BRUSH.format(scores=scores)).fetchall()
    total = ("all", *(sum(row[i] for row in rows) for i in (1, 2, 3)))
    return {
        platform: {
            "brush": true,
            "suspected": suspected,
            "precision": hits / suspected if suspected else None,
            "recall": hits / true if true else None,
        }
        for platform, true, suspected, hits in (*rows, total)
    }


def _without(connection: duckdb.DuckDBPyConnection) -> dict[str, dict]:
    """What would be found if a kind of trace were nowhere to be seen, and then none of the four."""
    features = connection.execute("from int_brush_features").df()
    unseen = _CAREFUL | {"all four": {k: v for cut in _CAREFUL.values() for k, v in cut.items()}}
    found = {}
    for trace, cut in unseen.items():
        scores = brush.score(features.assign(**cut))
        connection.register("scores_without", scores)
        found[f"without {trace}"] = _found(connection, "scores_without")["all"]
    return found


def _stage(connection: duckdb.DuckDBPyConnection) -> dict[str, float | None]:
    names = ("babies", "customers", "median_months_off", "within_3_months", "mean_confidence")
    found = {}
    for source, which in (
        ("inferred", "source = 'inferred' and not is_known"),
        ("crm", "source = 'crm'"),
    ):
        row = connection.execute(_STAGES.format(which=which)).fetchall()[0]
        found |= {f"{source}_{name}": value for name, value in zip(names, row, strict=True)}
    hidden = connection.execute("select count(*) from true_babies where not is_known").fetchall()[
        0
    ][0]
    second = connection.execute(_SECOND).fetchall()[0]
    found["hidden_customers"] = hidden
    found["coverage"] = found["inferred_customers"] / hidden if hidden else None
    found |= zip(("two_babies", "two_shown", "two_invented"), second, strict=True)
    return found


def stockouts(connection: duckdb.DuckDBPyConnection, truth_dir: Path | str) -> dict[str, float]:
    """Of the units buyers missed the share on days marked, and what the tables see of demand.

    `connection` has the tables fct_demand_daily and feat_demand, `truth_dir` the sandbox's demand.
    """
    return connection.execute(_STOCKOUTS.format(truth=truth_dir)).df().iloc[0].to_dict()


def _show(orders: dict[str, dict], stage: dict[str, float | None]) -> None:
    print(f"{'brush orders':<18}{'true':>8}{'suspected':>11}{'precision':>11}{'recall':>8}")
    for name, row in orders.items():
        print(
            f"{name:<18}{row['brush']:>8}{row['suspected']:>11}"
            f"{_share(row['precision']):>11}{_share(row['recall']):>8}"
        )
    print(
        f"baby stage, birthday not in the CRM: {stage['hidden_customers']} customers, "
        f"{_share(stage['coverage'])} with an inferred birth; months off: "
        f"{stage['inferred_median_months_off']} in the median, "
        f"{_share(stage['inferred_within_3_months'])} within 3 "
        f"(said {_share(stage['inferred_mean_confidence'])})"
    )
    print(
        f"second babies, half a year old or more, of {stage['two_babies']} of these customers: "
        f"shown for {stage['two_shown']}, {stage['two_invented']} of them with only one"
    )


def _show_stockouts(found: dict[str, float]) -> None:
    print(
        f"stock-outs: of {found['missed']:,.0f} units missed, "
        f"{_share(found['missed_on_marked_days'])} on days marked; days marked for nothing hold "
        f"{_share(found['wanted_on_days_marked_for_nothing'])} of what was wanted; seen of it: "
        f"{_share(found['seen_in_all_weeks'])} in all weeks, "
        f"{_share(found['seen_in_stock_weeks'])} in weeks in stock"
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
