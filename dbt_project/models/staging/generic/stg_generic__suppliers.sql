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
from {{ source('generic', 'suppliers') }}
where landed_on <= {{ as_of() }}
{{ latest_version(['supplier_id', 'sku_id']) }}
