{{ config(materialized='view') }}

-- The one refund that a line of a plain file can tell of, as the platforms' refunds are told.
select
    order_line_id || ':r' as refund_id,
    order_id,
    order_line_id,
    platform_sku_id,
    merchant_code,
    platform,
    shop_id,
    'refund_only' as type,
    'aftersale' as phase,
    lifecycle as status_raw,
    'success' as status,
    case when refund_amount >= paid_amount then qty end as qty,
    refund_amount as requested_amount,
    refund_amount as success_amount,
    cast(null as decimal(18, 2)) as freight_amount,
    cast(null as decimal(18, 2)) as platform_returned_amount,
    refunded_at as created_at,
    refunded_at as success_at,
    source_modified_at as modified_at,
    false as is_goods_back,
    'r' as feed,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from {{ ref('stg_generic__order_lines') }}
where refund_amount is not null
