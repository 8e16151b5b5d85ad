{{ config(materialized='view') }}

select
    lines.order_line_id,
    lines.component_no,
    lines.order_id,
    lines.parent_order_id,
    lines.platform,
    lines.shop_id,
    lines.platform_order_id,
    lines.platform_item_id,
    lines.platform_sku_id,
    lines.merchant_code,
    lines.sku_id,
    lines.sku_mapping_step,
    lines.bundle_code,
    lines.warehouse_id,
    customers.customer_id,
    lines.buyer_key,
    lines.buyer_key_type,
    lines.qty,
    lines.gross_amount,
    lines.seller_discount_amount,
    lines.platform_discount_amount,
    lines.channel_discount_amount,
    lines.paid_amount,
    lines.receivable_amount,
    lines.freight_amount,
    lines.deposit_amount,
    lines.balance_amount,
    lines.created_at,
    lines.deposit_paid_at,
    lines.paid_at,
    lines.shipped_at,
    lines.finished_at,
    lines.closed_at,
    lines.ship_due_at,
    lines.source_modified_at,
    lines.ds,
    {{ beijing_date('lines.deposit_paid_at') }} as deposit_date,
    lines.status_raw,
    lines.lifecycle,
    lines.is_gift,
    lines.main_line_id,
    lines.order_kind,
    lines.channel,
    lines.kol_id,
    lines.room_id,
    lines.promo_id,
    case
        when lines.refund_amount > 0 and lines.refund_amount >= lines.paid_amount then 'full'
        when lines.refund_amount > 0 then 'partial'
        when lines.is_refund_open then 'open'
    end as refund_status,
    lines.refund_qty,
    lines.refund_amount,
    lines.refunded_at,
    cast(lines.paid_amount - lines.refund_amount as decimal(18, 2)) as net_amount,
    case when lines.ds is null then 0 else lines.qty - lines.returned_qty end as net_qty,
    lines.is_forfeited,
    lines.is_brush_suspected,
    lines.is_demand,
    lines.landed_on,
    lines.row_hash
from {{ ref('int_visible_lines') }} as lines
left join {{ ref('int_customer_ids') }} as customers
    on customers.platform = lines.platform
    and customers.shop_id = lines.shop_id
    and customers.buyer_key = lines.buyer_key
