-- After buying this category, half of all returning customers are back within these days, as far
-- as known at the slice. Fewer than 30 returns are too few to say: then all categories together,
-- and 45 days while those are too few as well. The row without category is "all of them".
with gaps as (
    select slices.as_of, days.previous_category as category, days.gap_days
    from {{ ref('int_slices') }} as slices
    inner join {{ ref('int_customer_days') }} as days
        on days.ds <= slices.as_of
    where days.gap_days is not null
)

select
    slices.as_of,
    cast(null as varchar) as category,
    case when count(gaps.gap_days) >= 30 then median(gaps.gap_days) else 45 end as gap_days
from {{ ref('int_slices') }} as slices
left join gaps using (as_of)
group by slices.as_of

union all

select as_of, category, median(gap_days) as gap_days
from gaps
where category is not null
group by as_of, category
having count(*) >= 30
