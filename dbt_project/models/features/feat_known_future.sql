with days as (
    select
        *,
        festival in ('{{ var("big_festivals") | join("', '") }}') as is_big
    from {{ ref('dim_date') }}
),

weeks as (
    select
        week_start as ds,
        count(*) filter (where festival_phase in ('deposit', 'spot', 'peak')) / 7
            as festival_share,
        count(*) filter (where festival_phase = 'peak') / 7 as peak_share,
        count(*) filter (where festival_phase = 'deposit') / 7 as deposit_share,
        count(*) filter (where festival_phase in ('deposit', 'spot', 'peak') and is_big) / 7
            as big_festival_share,
        count(*) filter (where festival_phase = 'peak' and is_big) / 7 as big_peak_share,
        max(days_to_spring_festival) filter (where day_of_week = 1) as days_to_spring_festival
    from days
    group by all
    having count(*) = 7
),

promotions as (
    select
        sku_id,
        cast(date_trunc('week', ds) as date) as ds,
        count(*) / 7 as promo_share,
        cast(sum(cast(discount_rate as decimal(9, 6))) as double) / 7 as discount_rate
    from {{ ref('int_promotion_days') }}
    group by all
)

select
    series.unique_id,
    weeks.ds,
    coalesce(promotions.promo_share, 0) as promo_share,
    coalesce(promotions.discount_rate, 0) as discount_rate,
    weeks.festival_share,
    weeks.peak_share,
    weeks.deposit_share,
    weeks.big_festival_share,
    weeks.big_peak_share,
    cast(greatest(-60, least(60, weeks.days_to_spring_festival)) as double)
        as days_to_spring_festival
from {{ ref('int_series') }} as series
inner join weeks
    on weeks.ds between date_trunc('week', series.first_sold_on)
        and {{ as_of() }} + {{ 7 * var('future_weeks') }}
left join promotions
    on promotions.sku_id = series.sku_id
    and promotions.ds = weeks.ds
