-- After buying this category, half of all returning customers are back within these days, as far
-- as known at the slice. Fewer than 30 returns are too few to say: then all categories together,
-- and 45 days while those are too few as well. The row without category is "all of them".
-- Returns are counted by their days first: a median over all of them would keep them in memory.
with counted as (
    select ds, previous_category as category, gap_days, count(*) as returns
    from {{ ref('int_customer_days') }}
    where gap_days is not null
    group by all
),

of_slices as (
    select
        slices.as_of,
        counted.category,
        grouping(counted.category) = 1 as is_all,
        counted.gap_days,
        sum(counted.returns) as returns
    from {{ ref('int_slices') }} as slices
    inner join counted
        on counted.ds <= slices.as_of
    group by grouping sets (
        (slices.as_of, counted.category, counted.gap_days), (slices.as_of, counted.gap_days)
    )
),

summed as (
    select
        *,
        sum(returns) over (
            partition by as_of, is_all, category
            order by gap_days
            rows between unbounded preceding and current row
        ) as returns_so_far,
        sum(returns) over (partition by as_of, is_all, category) as all_returns
    from of_slices
),

-- the middle return, or the mean of the middle two
medians as (
    select
        as_of,
        is_all,
        category,
        max(all_returns) as returns,
        (
            min(gap_days) filter (where returns_so_far >= (all_returns + 1) // 2)
            + min(gap_days) filter (where returns_so_far >= all_returns // 2 + 1)
        ) / 2 as gap_days
    from summed
    group by all
)

select
    slices.as_of,
    cast(null as varchar) as category,
    case when medians.returns >= 30 then medians.gap_days else 45 end as gap_days
from {{ ref('int_slices') }} as slices
left join medians
    on medians.as_of = slices.as_of
    and medians.is_all

union all

select as_of, category, gap_days
from medians
where not is_all and category is not null and returns >= 30
