-- Who delivers a SKU: the master's word, else the supplier of its latest order, else the first
-- supplier that quotes it. Terms: what is agreed for the SKU, field by field, else the supplier's
-- terms for everything, else what the ERP declares. Where nobody agreed on a lead time, how long the
-- supplier really took goes before what the ERP declares.
with last_ordered as (
    select sku_id, supplier_id
    from {{ ref('int_purchase_lines') }}
    where supplier_id is not null
    qualify row_number() over (
        partition by sku_id
        order by ordered_on desc, po_line_id desc
    ) = 1
),

declared as (
    select supplier_id, sku_code as sku_id, lead_time_days, pack_size, unit_cost_amount
    from {{ ref('stg_jushuitan__supplier_skus') }}
    qualify row_number() over (partition by supplier_id, sku_code order by shop_id) = 1
),

quoted as (
    select sku_id, min(supplier_id) as supplier_id
    from (
        select sku_id, supplier_id from {{ ref('stg_generic__suppliers') }} where sku_id is not null
        union all
        select sku_id, supplier_id from declared
    )
    group by all
),

sku_ids as (
    select sku_id from {{ ref('int_skus') }} where not is_bundle
    union
    select sku_id from last_ordered
    union
    select sku_id from quoted
),

chosen as (
    select
        sku_ids.sku_id,
        coalesce(skus.supplier_id, last_ordered.supplier_id, quoted.supplier_id) as supplier_id
    from sku_ids
    left join {{ ref('int_skus') }} as skus using (sku_id)
    left join last_ordered using (sku_id)
    left join quoted using (sku_id)
)

select
    chosen.sku_id,
    chosen.supplier_id,
    coalesce(agreed.supplier_name, usual.supplier_name) as supplier_name,
    coalesce(
        agreed.lead_time_days, usual.lead_time_days, measured.median_days, declared.lead_time_days
    ) as lead_time_days,
    case
        when coalesce(agreed.lead_time_days, usual.lead_time_days) is not null then 'agreed'
        when measured.median_days is not null then 'measured'
        when declared.lead_time_days is not null then 'declared'
    end as lead_time_source,
    coalesce(agreed.lead_time_sd_days, usual.lead_time_sd_days, measured.sd_days)
        as lead_time_sd_days,
    coalesce(agreed.review_period_days, usual.review_period_days) as review_period_days,
    coalesce(agreed.moq, usual.moq) as moq,
    coalesce(agreed.pack_size, usual.pack_size, declared.pack_size) as pack_size,
    coalesce(agreed.unit_cost_amount, usual.unit_cost_amount, declared.unit_cost_amount)
        as unit_cost_amount
from chosen
left join {{ ref('stg_generic__suppliers') }} as agreed
    on agreed.supplier_id = chosen.supplier_id
    and agreed.sku_id = chosen.sku_id
left join {{ ref('stg_generic__suppliers') }} as usual
    on usual.supplier_id = chosen.supplier_id
    and usual.sku_id is null
left join declared
    on declared.supplier_id = chosen.supplier_id
    and declared.sku_id = chosen.sku_id
left join {{ ref('int_supplier_lead_times') }} as measured
    on measured.supplier_id = chosen.supplier_id
    and measured.receipt_count >= 5
