with terms as (
    select
        supplier_id,
        max(supplier_name) as supplier_name,
        count(*) as sku_count,
        median(lead_time_days) as lead_time_days,
        min(lead_time_source) as lead_time_source
    from {{ ref('int_sku_supplier') }}
    where supplier_id is not null
    group by supplier_id
),

declared as (
    select supplier_id, median(lead_time_days) as lead_time_days
    from {{ ref('stg_jushuitan__supplier_skus') }}
    group by supplier_id
)

select
    coalesce(terms.supplier_id, measured.supplier_id, declared.supplier_id) as supplier_id,
    terms.supplier_name,
    coalesce(terms.sku_count, 0) as sku_count,
    coalesce(terms.lead_time_days, measured.median_days, declared.lead_time_days)
        as lead_time_days,
    terms.lead_time_source,
    declared.lead_time_days as declared_lead_time_days,
    measured.median_days as measured_lead_time_days,
    measured.p90_days as measured_p90_days,
    measured.sd_days as measured_sd_days,
    coalesce(measured.receipt_count, 0) as receipt_count
from terms
full join {{ ref('int_supplier_lead_times') }} as measured
    on measured.supplier_id = terms.supplier_id
full join declared
    on declared.supplier_id = coalesce(terms.supplier_id, measured.supplier_id)
