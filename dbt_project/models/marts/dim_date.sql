with festival_days as (
    select
        days.ds,
        festivals.event,
        festivals.phase
    from {{ ref('cn_calendar') }} as days
    inner join {{ ref('festivals') }} as festivals
        on days.ds between festivals.starts_on and festivals.ends_on
    where festivals.platform = 'all'
    -- where festivals overlap, the stronger phase names the day, then the shorter one
    qualify row_number() over (
        partition by days.ds
        order by
            array_position(['peak', 'pause', 'spot', 'deposit', 'warmup', 'tail'], festivals.phase),
            festivals.ends_on - festivals.starts_on,
            festivals.event
    ) = 1
),

spring as (
    select
        days.ds,
        cast(spring_festivals.spring_festival_on - days.ds as integer) as days_to_spring_festival
    from {{ ref('cn_calendar') }} as days
    cross join {{ ref('spring_festivals') }} as spring_festivals
    qualify row_number() over (
        partition by days.ds
        order by abs(days_to_spring_festival), days_to_spring_festival desc
    ) = 1
)

select
    days.ds,
    cast(date_trunc('week', days.ds) as date) as week_start,
    cast(isoyear(days.ds) || '-W' || lpad(cast(week(days.ds) as varchar), 2, '0') as varchar)
        as iso_week,
    cast(isodow(days.ds) as integer) as day_of_week,
    days.is_workday,
    days.holiday_name is not null as is_holiday,
    days.holiday_name,
    festival_days.event as festival,
    festival_days.phase as festival_phase,
    spring.days_to_spring_festival,
    days.status = 'estimated' as is_estimated
from {{ ref('cn_calendar') }} as days
inner join spring using (ds)
left join festival_days using (ds)
