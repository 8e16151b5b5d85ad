{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='outbound_id'
) }}
with landed as (
    {{ current_records(
        'jushuitan', 'outbound', "concat_ws(':', platform, shop_id, io_id)", 'outbound_id'
    ) }}
),

told as (
    select
        *,
        coalesce(status, 'Confirmed') in ('Confirmed', 'Archive', 'Sent') as has_left
    from landed
)

select
    concat_ws(':', platform, shop_id, io_id) as outbound_id,
    concat_ws(':', platform, shop_id, io_id, line_no) as outbound_line_id,
    platform,
    shop_id,
    erp_shop_id,
    concat_ws(':', platform, shop_id, o_id) as erp_order_id,
    coalesce(raw_so_id, so_id) as so_id,
    outer_oi_id,
    sku_id as sku_code,
    combine_sku_id as bundle_code,
    -- a document that is not confirmed, or was called off, moved nothing
    coalesce(if(has_left, qty, 0), 0) as qty,
    sale_amount,
    nullif(wms_co_id, '0') as warehouse_code,
    case when has_left then shipped_at end as shipped_at,
    coalesce(is_gift, false) as is_gift,
    status as status_raw,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from told
