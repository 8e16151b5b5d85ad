-- One row per SKU and promoted day; where plans overlap, the deepest discount is the day's.
select
    promotions.sku_id,
    days.ds,
    max(promotions.discount_rate) as discount_rate
from {{ ref('stg_generic__promotions') }} as promotions
inner join {{ ref('cn_calendar') }} as days
    on days.ds between promotions.starts_on and promotions.ends_on
group by all
