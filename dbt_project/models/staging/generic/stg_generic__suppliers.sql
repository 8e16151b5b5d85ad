with current_terms as (
    {{ current_rows('generic', 'suppliers', ['supplier_id', 'sku_id']) }}
)

select
    supplier_id,
    sku_id,
    supplier_name,
    lead_time_days,
    lead_time_sd_days,
    review_period_days,
    moq,
    pack_size,
    unit_cost_amount,
    landed_on
from current_terms
