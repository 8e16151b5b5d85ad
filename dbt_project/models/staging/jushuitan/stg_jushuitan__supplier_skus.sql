with current_terms as (
    {{ current_rows('jushuitan', 'supplier_sku', ['platform', 'shop_id', 'supplier_id', 'sku_id']) }}
)

-- numbers come as text, at times with their unit behind them
select
    platform,
    shop_id,
    supplier_id,
    sku_id as sku_code,
    try_cast(regexp_extract(delivery_day, '^(\d+(\.\d+)?)', 1) as double) as lead_time_days,
    nullif(try_cast(regexp_extract(pack_qty, '^(\d+(\.\d+)?)', 1) as double), 0) as pack_size,
    try_cast(
        regexp_extract(replace(cost_price, ',', ''), '^[¥￥]?\s*(\d+(\.\d+)?)', 1) as decimal(18, 2)
    ) as unit_cost_amount,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from current_terms
