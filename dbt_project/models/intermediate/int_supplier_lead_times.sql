-- How long a supplier really takes, from what arrived.
with measured as (
    select supplier_id, lead_time_days
    from {{ ref('int_receipts') }}
    union all
    select supplier_id, received_on - ordered_on as lead_time_days
    from {{ ref('stg_generic__purchase_orders') }}
    where received_on is not null
)

select
    supplier_id,
    count(*) as receipt_count,
    median(lead_time_days) as median_days,
    quantile_cont(lead_time_days, 0.9) as p90_days,
    -- from whole sums, so that the order of the rows decides no digit
    case
        when count(*) > 1
            then sqrt(greatest(
                0,
                sum(lead_time_days * lead_time_days)
                - cast(sum(lead_time_days) as double) * sum(lead_time_days) / count(*)
            ) / (count(*) - 1))
    end as sd_days
from measured
where supplier_id is not null and lead_time_days >= 0
group by supplier_id
